"""The baseline: Flask and the twilio library answer a webhook, with neither signature nor storage nor engine.

It reads the fields of the form that a turn reads and answers with the same kind of Gather and Say. gunicorn's
own sync worker runs it.
"""

from __future__ import annotations

from flask import Flask, Response, request
from twilio.twiml.voice_response import Gather, VoiceResponse

VOICE = "Polly.Joanna-Neural"
PROMPT = (
    "To hear what you owe or to pay, press 1. For other ways to pay, press 2. To hear this again, press 9."
    " For a person, press 0."
)

app = Flask("bare", static_folder=None)


@app.post("/voice/answer")
def answer() -> Response:
    """Answer a call."""
    return _reply(0)


@app.post("/voice/turn/<int:seq>")
def turn(seq: int) -> Response:
    """Answer a turn."""
    return _reply(seq)


def _reply(seq: int) -> Response:
    form = request.form
    heard = form.get("SpeechResult") or form.get("Digits", "")
    known = (form.get(name, "") for name in ("CallSid", "AccountSid", "From", "FinishedOnKey", "Confidence"))
    if not all((heard or seq == 0, *tuple(known)[:3])):
        return Response(status=400)
    response = VoiceResponse()
    gather = Gather(
        input="dtmf",
        action=f"/voice/turn/{seq + 1}",
        method="POST",
        timeout=7,
        num_digits=1,
        finish_on_key="#",
        action_on_empty_result=True,
    )
    gather.say(PROMPT, voice=VOICE, language="en-US")
    response.append(gather)
    return Response(str(response), 200, {"Content-Type": "text/xml; charset=utf-8", "Ivr-Node": "bare"})
