// The durable rival: what somebody would write instead. Express, twilio's own check of the signature and TwiML,
// better-sqlite3 with a write-ahead log and full synchronization: one transaction a turn moves the call on and
// stores the reply, and a turn that comes again gets what was stored.
const Database = require("better-sqlite3");
const express = require("express");
const twilio = require("twilio");

const { PORT, AUTH_TOKEN, PUBLIC_URL, DATABASE } = process.env;
const PROMPT =
  "To hear what you owe or to pay, press 1. For other ways to pay, press 2. To hear this again, press 9." +
  " For a person, press 0.";

const db = new Database(DATABASE);
db.pragma("journal_mode = WAL");
db.pragma("synchronous = FULL");
db.exec(`
  CREATE TABLE calls (call_sid TEXT PRIMARY KEY, seq INTEGER NOT NULL, state TEXT NOT NULL);
  CREATE TABLE turns (call_sid TEXT, seq INTEGER, at TEXT, reply TEXT NOT NULL, PRIMARY KEY (call_sid, seq));
`);
const open = db.prepare("INSERT OR IGNORE INTO calls VALUES (?, -1, '{}')");
const stored = db.prepare("SELECT reply FROM turns WHERE call_sid = ? AND seq = ?");
const read = db.prepare("SELECT seq, state FROM calls WHERE call_sid = ?");
const move = db.prepare("UPDATE calls SET seq = ?, state = ? WHERE call_sid = ?");
const store = db.prepare("INSERT INTO turns VALUES (?, ?, ?, ?)");

const take = db.transaction((callSid, seq, digits) => {
  if (seq === 0) open.run(callSid);
  const before = stored.get(callSid, seq);
  if (before) return before.reply;
  const state = JSON.parse(read.get(callSid).state);
  state.heard = digits.length;
  const response = new twilio.twiml.VoiceResponse();
  const gather = response.gather({
    input: "dtmf",
    action: `/voice/turn/${seq + 1}`,
    method: "POST",
    timeout: 7,
    numDigits: 1,
    finishOnKey: "#",
    actionOnEmptyResult: true,
  });
  gather.say({ voice: "Polly.Joanna-Neural", language: "en-US" }, PROMPT);
  const reply = response.toString();
  move.run(seq, JSON.stringify(state), callSid);
  store.run(callSid, seq, new Date().toISOString(), reply);
  return reply;
});

const app = express();
app.use(express.urlencoded({ extended: false }));
app.use((request, response, next) => {
  const signature = request.get("X-Twilio-Signature") ?? "";
  const signed = twilio.validateRequest(AUTH_TOKEN, signature, PUBLIC_URL + request.originalUrl, request.body);
  if (signed) next();
  else response.sendStatus(403);
});
const answer = (request, response) => {
  const reply = take.immediate(request.body.CallSid, Number(request.params.seq ?? 0), request.body.Digits ?? "");
  response.set("Ivr-Node", "express").type("text/xml").send(reply);
};
app.post("/voice/answer", answer);
app.post("/voice/turn/:seq", answer);
app.listen(Number(PORT), "127.0.0.1");
