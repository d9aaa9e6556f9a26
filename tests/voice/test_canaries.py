"""Hundreds of callers key secrets that would be known again anywhere; nothing that is readable has one of them."""

from __future__ import annotations

import dataclasses
import json
import random
import re
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import BigInteger, inspect, select

from ivr.ach.banking_days import CutoffRule
from ivr.billing.samples import SampleBill, SampleMember
from ivr.calls.histories import load_recipes
from ivr.dialog.events import DigitsKeyed
from ivr.replay.call_report import call_json
from ivr.replay.call_report import call_text as told
from ivr.replay.export import CannotMaskError, call_text
from ivr.storage.tables import Base, Keyed, Payment, Sealed, StaffTask, Turn

MEMBERS, ACTIONS_MAX = 250, 24
NOT_MADE_UP = re.compile(
    "leave it out|so in ivr/topics|no file can say so"
)  # calls of which no export is made
ROUTING = "021000021"
MADE_UP_DIGITS = "4081573926" * 2
ZONE = ZoneInfo("America/New_York")
BANK = CutoffRule(time(17), ZONE)
_RUNS = re.compile(r"[0-9]{6,}|(?<![0-9])[0-9](?:(?:[ -]|, |\.\n)[0-9](?![0-9])){5,}")  # also one by one
# What a turn took is written with a fraction or as "3456 ms)": a slow one is no canary.
_FOURS = re.compile(r"(?<![0-9A-Za-z.])[0-9]{4}(?![0-9A-Za-z]|\.[0-9]| ms\))")
_MICROSECONDS = re.compile(r"(datetime\.datetime\((?:[0-9]+, ){6})[0-9]+")  # may come to any four digits
_ROUTING = re.compile(r'"routing_number":"([0-9]{9})"')
_DATES = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclasses.dataclass(frozen=True)
class Canaries:
    """The secrets of one member, the wrong ones that are keyed in their place among them."""

    fours: tuple[str, ...]  # last four digits of an SSN
    born: tuple[date, ...]
    accounts: tuple[str, ...]
    codes: tuple[str, ...]


class Aviary:
    """Members, and canaries that nobody else has."""

    def __init__(self, seed):
        draw = random.Random(seed)
        # Amounts, also made-up ones, are multiples of 25 cents, account numbers end below 3000, made-up
        # numbers are windows of one row of digits: none of them is taken for a canary.
        fours = iter(
            draw.sample(
                [
                    f"{number:04d}"
                    for number in range(3000, 10_000)
                    if number % 25 and str(number) not in MADE_UP_DIGITS
                ],
                2 * MEMBERS,
            )
        )
        days = iter(draw.sample(range(25_000), 2 * MEMBERS))
        self.members, self.canaries = [], {}
        for number in range(MEMBERS):
            own = Canaries(
                (next(fours), next(fours)),
                tuple(date(1930, 1, 1) + timedelta(next(days)) for _ in range(2)),
                tuple(f"8{draw.randrange(10**8, 10**9)}2{draw.randrange(1000):03d}" for _ in range(2)),
                tuple(f"9{draw.randrange(10**10, 10**11)}" for _ in range(2)),
            )
            member = self._member(number, own, draw)
            self.members.append(member)
            self.canaries[member.name] = own

    @staticmethod
    def _member(number, own, draw):
        plans = {"health": f"{760_000_000 + number}", "dental": f"{770_000_000 + number}"}
        if number % 3:
            del plans["dental"]
        return SampleMember(
            name=f"canary.{number}",
            member_id=f"{510_000_000_000 + number}",
            first_name="Wren",
            last_name="Aviary",
            date_of_birth=own.born[0],
            ssn_last4=own.fours[0],
            billing_accounts=plans,
            bills=[
                SampleBill(
                    plan,
                    "2026-12" if late else "2027-01",
                    25 * draw.randrange(4, 3_000),
                    day,
                    authorization_code=own.codes[0],
                )
                for plan in plans
                for late, day in ((0, date(2026, 12, 23)), (1, date(2026, 11, 23)))[: 1 + number % 2]
            ],
            phone="",
            email="",
            extra_time=number % 11 == 0,
        )

    def found_in(self, corpus):
        """Return every canary that can be read in a text: as digits, spoken, spaced, or as a date."""
        runs = "\n".join({re.sub(r"[^0-9]", "", run) for run in _RUNS.findall(corpus)})
        fours, dates = set(_FOURS.findall(corpus)), set(_DATES.findall(corpus))
        found = set()
        for own in self.canaries.values():
            found |= fours.intersection(own.fours)
            found |= dates.intersection(day.isoformat() for day in own.born)
            digits = [*own.codes, *own.accounts, *(account[:-4] for account in own.accounts)]
            digits += [day.strftime(form) for day in own.born for form in ("%m%d%Y", "%Y%m%d", "%d%m%Y")]
            found.update(each for each in digits if each in runs)
        return found


class Caller:
    """Somebody who mostly gives the answer that leads on, and else does anything that comes to mind."""

    def __init__(self, house, number, member, canaries, draw):
        self.line, self.member, self.own, self.draw = house.line, member, canaries, draw
        self.care = draw.choice((0.6, 0.85, 0.97, 1.0))
        self.phone = house.phone(
            number,
            from_number=self.shown(),
            type_ahead=draw.choice(("lost",) * 9 + ("buffer",)),
            # Digits come with every request in which a Gather has none to tell: while a person is called, too.
            more_parameters={
                name: self.secret() for name in ("Digits", "CallerName", "ErrorCode", "RecordingUrl")
            },
        )

    def shown(self):
        """Return what the line is shown as the caller's number."""
        hidden = (
            "anonymous",
            "+266696687",
            "",
            f"sip:{self.secret()}@example.com",
            f"client:{self.secret()}",
        )
        return "+16175550123" if self.draw.random() < 0.8 else self.draw.choice(hidden)

    def secret(self, *, amounts=True):
        """Return something to keep; without `amounts` nothing that would pass for one."""
        own = self.own
        digits = (*own.accounts, *own.codes, *(day.strftime("%m%d%Y") for day in own.born))
        return self.draw.choice((*own.fours, *digits) if amounts else digits)

    def call(self):
        self.talk()
        if self.draw.random() < 0.15:
            self.afterwards()

    def afterwards(self):
        """Send the last turn once more with other keys and words, then one that comes too late."""
        turns = [each for each in self.line.exchanges if "/voice/turn/" in each.url]
        if turns and self.phone.ended is not None:
            path, _, seq = turns[-1].url.rpartition("/")
            late = dataclasses.replace(turns[-1], url=f"{path}/{int(seq) + 1}")
            for exchange in (turns[-1], late):
                self.line.again(
                    exchange, Digits=self.secret(), SpeechResult=self.draw.choice(("", self.secret()))
                )

    def talk(self):
        heard = self.phone.dial()
        for _ in range(self.draw.randrange(4, ACTIONS_MAX)):
            if self.phone.ended is not None:
                return
            heard = self.action(heard.waiting_for)
        if self.phone.ended is None and self.draw.random() < 0.9:
            self.phone.hang_up()

    def action(self, gather):
        node = self.phone.turns[-1].node
        self.phone.callee = self.draw.choice(("completed", "completed", "busy", "no-answer"))
        if self.draw.random() > self.care:
            # An amount is no secret: what passes for one is spoken again, and kept until the call is purged.
            return self.anything(gather, self.secret(amounts=node != "amount/other"))
        if node == "authorize/ask" and gather.speech:
            return self.phone.say(
                self.draw.choice(("yes", "I authorize", "no", f"my number is {self.own.accounts[0]}"))
            )
        right = {
            "verify/member_id": self.member.member_id,
            "verify/ssn_last4": self.own.fours[0],
            "verify/date_of_birth": self.own.born[0].strftime("%m%d%Y"),
            "bank/routing_number": ROUTING,
            "bank/account_number": self.own.accounts[0] + "#",
            "bank/account_again": self.own.accounts[0] + "#",
            "authorize/code": self.own.codes[0] + "#",
            "amount/other": f"{self.draw.choice((150, 4325, 99_975))}#",
        }
        return self.phone.press(right.get(node) or self.draw.choice("1111123"))

    def anything(self, gather, secret):
        if gather.speech and self.draw.random() < 0.5:
            return self.phone.say(f"it is {' '.join(secret)}", confidence=self.draw.choice((None, 0.2, 0.9)))
        return self.draw.choice(
            (
                self.phone.stay_silent,
                lambda: self.phone.press(self.draw.choice("079#*5")),
                lambda: self.phone.press(secret),
                lambda: self.phone.press(secret + "#"),
                lambda: self.phone.press(secret * 30 + "#"),
                lambda: self.phone.press(secret[:3] + "*" + secret[3:] + "#"),
                lambda: self.phone.press("#" + secret + "*#" + secret),
            )
        )()


def _numbers_rows(column):
    """Return whether a column only counts rows, which may come to any four digits."""
    return isinstance(column["type"], BigInteger) and (
        column["name"] == "id" or column["name"].endswith("_id")
    )


def readable(engine):
    """Return everything in the database but ciphertext and keyed hashes: text of all rows."""
    parts = []
    with engine.connect() as db:
        for name in inspect(engine).get_table_names():
            table = Base.metadata.tables.get(name)
            hidden = (
                set() if table is None else {c.name for c in table.c if isinstance(c.type, Sealed | Keyed)}
            )
            columns = [
                c["name"]
                for c in inspect(engine).get_columns(name)
                if c["name"] not in hidden and not _numbers_rows(c)
            ]
            listed = ", ".join(f'"{column}"' for column in columns)
            with db.connection.driver_connection.cursor().copy(
                f'COPY (SELECT {listed} FROM "{name}") TO STDOUT'
            ) as copy:
                parts += [bytes(block) for block in copy]
    return b"".join(parts).decode()


def recorded(engine, line):
    """Return every recipe, every call as it is shown, every export, and how many were refused."""
    parts, refused = [], []
    with engine.connect() as db:
        recipes = list(load_recipes(db))
    for recipe in recipes:
        parts += [
            _MICROSECONDS.sub(r"\1", repr(recipe)),
            json.dumps(call_json(recipe, line)),
            told(recipe, line, ZONE),
        ]
        try:
            parts.append(call_text(recipe, line, BANK))
        except CannotMaskError as error:
            refused += error.problems
    return "\n".join(parts), refused


@pytest.mark.long
@pytest.mark.whole
@pytest.mark.parametrize("calls", [60, pytest.param(1000, marks=pytest.mark.soak)])
def test_no_canary_is_found_anywhere(make_house, engine, compiled_line, logs, calls):
    aviary, draw = Aviary(7), random.Random(11)
    spoken = make_house(IVR_AGENT_PHONE="+16175550188")
    coded = make_house(IVR_CONSENT="bill_code")
    spoken.load(aviary.members)
    for number in range(1, calls + 1):
        house = coded if number % 5 == 0 else spoken
        member = draw.choice(aviary.members)
        Caller(house, number, member, aviary.canaries[member.name], draw).call()
        house.line.exchanges.clear()
    shown, refused = recorded(engine, compiled_line)
    database = readable(engine)
    with engine.connect() as db:
        turns, payments = len(db.execute(select(Turn.seq)).all()), len(db.execute(select(Payment.id)).all())
    assert turns > 8 * calls
    assert payments > calls / 20
    assert aviary.members[3].member_id in database
    assert [each for each in refused if not NOT_MADE_UP.search(each)] == []
    # What was said in answer to the terms, and meant yes, is kept by intention; a number is no yes.
    # Staff must be able to call the number that was keyed for that, whatever was keyed; a routing number is a bank's,
    # also one that is a birth date and a digit more.
    with engine.connect() as db:
        callbacks = db.execute(select(StaffTask.details).where(StaffTask.kind == "call_back")).all()
        routing = db.execute(select(Payment.rdfi_routing_number)).all()
        no_secret = str([callbacks, routing, _ROUTING.findall(database)])
    assert {each for each in aviary.found_in(database) if each not in no_secret} == set()
    assert aviary.found_in(logs.getvalue()) == set()
    assert aviary.found_in(shown) == set()


AVIARY = Aviary(7)
OWN = AVIARY.canaries["canary.5"]
PLANTED = [
    (OWN.fours[0], "event ssn={}"),
    (OWN.fours[1], '{{"heard":"digits:{}"}}'),
    (OWN.born[0].strftime("%m%d%Y"), "slots {}"),
    (OWN.born[1].isoformat(), "born {} in Boston"),
    (OWN.accounts[0], "account {}#"),
    (OWN.accounts[1][:-4], "{}****"),
    (OWN.codes[0], "code {}"),
    (", ".join(OWN.accounts[0]), "You keyed {}."),
    (" ".join(OWN.codes[1]), "it is {}"),
]


@pytest.mark.parametrize(("canary", "sentence"), PLANTED)
def test_a_planted_canary_is_seen(canary, sentence):
    assert AVIARY.found_in(f"2026-12-18 10:15\t{sentence.format(canary)}\n")


def test_a_slow_turn_is_no_canary():
    (four, *_) = OWN.fours
    assert AVIARY.found_in(f'"milliseconds": {four}.7, node ({four} ms)') == set()
    assert AVIARY.found_in(f"It took {four}. It was {four} milliseconds.") == {four}


@pytest.mark.parametrize("place", ["events", "log"])
def test_a_canary_planted_in_the_line_is_seen(make_house, engine, logs, place, monkeypatch):
    from ivr.voice import turns

    house = make_house()
    member = AVIARY.members[5]
    house.load([member])
    if place == "events":
        monkeypatch.setattr(
            "ivr.dialog.engine._Interpreter._masked", lambda *args: DigitsKeyed(args[2].digits)
        )
    else:
        monkeypatch.setattr(turns, "read_input", _telling(turns.read_input))
        monkeypatch.setattr("ivr.base.logs._masked", lambda value: value)  # the last guard
    phone = house.phone()
    phone.dial()
    for keys in ("1", "1", member.member_id, OWN.fours[0]):
        phone.press(keys)
    where = readable(engine) if place == "events" else logs.getvalue()
    assert OWN.fours[0] in AVIARY.found_in(where)


def _telling(read_input):
    from ivr.voice.turns import _log

    def told_to_all(form, **options):
        _log.info("heard", digits=form.get("Digits", ""))
        return read_input(form, **options)

    return told_to_all
