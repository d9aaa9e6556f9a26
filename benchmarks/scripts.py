"""The calls that are played: every request written out and signed before anything is measured."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator

from ivr.base.settings import Settings
from ivr.billing.samples import SampleMember, generate

# What Twilio sends with every turn of a call from Boston to a toll-free number.
_PLACES = {
    f"{side}{what}": value
    for side, values in (("From", ("BOSTON", "MA", "02110", "US")), ("To", ("", "MA", "", "US")))
    for what, value in zip(("City", "State", "Zip", "Country"), values, strict=True)
}
_FIXED = {
    **_PLACES,
    **{name.replace("From", "Caller").replace("To", "Called"): value for name, value in _PLACES.items()},
    "ApiVersion": "2010-04-01",
    "From": "+16175550123",
    "To": "+18005550100",
    "Caller": "+16175550123",
    "Called": "+18005550100",
    "Direction": "inbound",
    "CallStatus": "in-progress",
    "StirVerstat": "TN-Validation-Passed-A",
    "msg": "Gather End",
}
MENU = "main/main_menu"
HELP = "help/menu"
REJECTED = "verify/member_id"
KINDS = ("unknown id", "wrong SSN", "wrong date", "no SSN on file", "locked")


@dataclass(frozen=True, slots=True)
class Request:
    """One signed POST, as bytes, and the node that its answer must come from."""

    payload: bytes
    target: str
    form: Mapping[str, str]
    signature: str
    node: str


Script = Sequence[Request]


class Scripts:
    """Writes calls for one account at one public address; each call has a CallSid of its own."""

    def __init__(self, settings: Settings, seed: int) -> None:
        self._settings = settings
        self._validator = RequestValidator(settings.twilio_auth_token)
        self._random = random.Random(seed)

    def paying(self, member: SampleMember) -> list[Request]:
        """Write the whole call of a member who pays one bill in full: 13 turns, to the confirmation."""
        return self._call(
            [
                ({}, "main/language"),
                (_keys("1"), MENU),
                *_identifying(member.member_id, member.ssn_last4),
                (_keys(member.date_of_birth_keyed), "amount/one"),
                (_keys("1"), "bank/ready"),
                (_keys("1"), "bank/routing_number"),
                (_keys("021000021"), "bank/routing_read_back"),
                (_keys("1"), "bank/account_number"),
                (_keys("1234567890", ended=True), "bank/account_again"),
                (_keys("1234567890", ended=True), "authorize/ask"),
                ({"SpeechResult": "yes", "Confidence": "0.93"}, "main/finish_menu"),
            ]
        )

    def menu(self, turns: int) -> list[Request]:
        """Write a call that asks what AutoPay is `turns` times, after the three turns that lead there."""
        asked = [(_keys("2"), HELP), *[(_keys("3"), HELP)] * turns]
        return self._call([({}, "main/language"), (_keys("1"), MENU), *asked])

    def rejected(self, facts: tuple[str, str, str]) -> list[Request]:
        """Write a call whose verification fails in its last request; `facts` are ID, SSN digits, date."""
        return self._call(
            [
                ({}, "main/language"),
                (_keys("1"), MENU),
                *_identifying(facts[0], facts[1]),
                (_keys(facts[2]), REJECTED),
            ]
        )

    def _call(self, turns: Sequence[tuple[dict[str, str], str]]) -> list[Request]:
        call_sid = f"CA{self._random.getrandbits(128):032x}"
        common = {**_FIXED, "AccountSid": self._settings.twilio_account_sid, "CallSid": call_sid}
        return [
            self._request("/voice/answer" if seq == 0 else f"/voice/turn/{seq}", {**common, **heard}, node)
            for seq, (heard, node) in enumerate(turns)
        ]

    def _request(self, target: str, form: dict[str, str], node: str) -> Request:
        body = urlencode(form).encode()
        signature = self._validator.compute_signature(self._settings.public_url + target, form)
        head = (
            f"POST {target} HTTP/1.1\r\nHost: line.example\r\nUser-Agent: TwilioProxy/1.1\r\n"
            "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\nAccept: */*\r\n"
            f"Connection: close\r\nX-Twilio-Signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return Request(head.encode() + body, target, form, signature, node)


def _keys(digits: str, *, ended: bool = False) -> dict[str, str]:
    return {"Digits": digits, "FinishedOnKey": "#" if ended else ""}


def _identifying(keyed_id: str, ssn_last4: str) -> list[tuple[dict[str, str], str]]:
    return [
        (_keys("1"), "verify/member_id"),
        (_keys(keyed_id), "verify/ssn_last4"),
        (_keys(ssn_last4), "verify/date_of_birth"),
    ]


def payers(count: int, today: date) -> list[SampleMember]:
    """Return sample members whose calls all run alike: one health bill, no extra time."""
    alike = (
        member for member in generate(count * 2, today) if len(member.bills) == 1 and not member.extra_time
    )
    return [next(alike) for _ in range(count)]


@dataclass(frozen=True, slots=True)
class Strangers:
    """Who fails verification: members for each kind of failure, one a call."""

    rounds: int
    members: Mapping[str, Sequence[SampleMember]]

    def facts(self, kind: str, number: int) -> tuple[str, str, str]:
        """Return what is keyed in the call `number` of a kind."""
        member = self.members[kind][number]
        digits, day = member.ssn_last4, member.date_of_birth_keyed
        if kind == "unknown id":
            return f"{900_000_000_000 + number}", digits, day
        if kind == "wrong SSN":
            return member.member_id, f"{int(digits) % 9998 + 1:04d}", day
        if kind == "wrong date":
            return member.member_id, digits, f"{day[:4]}{int(day[4:]) + 1}"
        if kind == "no SSN on file":
            return member.member_id, "1234", day
        return member.member_id, digits, day

    def loaded(self) -> Iterator[SampleMember]:
        """Yield everybody who must be in the database."""
        for members in self.members.values():
            yield from members


def strangers(rounds: int, members: Sequence[SampleMember]) -> Strangers:
    """Share out `members` among the kinds of failure, `rounds` for each."""
    shares = {kind: list(members[index * rounds : (index + 1) * rounds]) for index, kind in enumerate(KINDS)}
    shares["no SSN on file"] = [replace(member, ssn_last4="") for member in shares["no SSN on file"]]
    return Strangers(rounds, shares)
