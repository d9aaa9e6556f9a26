"""Headers that make up a member: read, and refused with line and cure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from ivr.callfile.circumstances import Circumstances, MadeUpAccount, MadeUpBill, PaidBefore
from ivr.callfile.grammar import CallFileError, SourceLine, WaitsLine, load_call, parse_call

HEAD = "now 2026-12-18T10:15-05:00\nmember made_up\n"
BILL = "bill health 310.15 due 2026-12-23"


def test_everything():
    text = (
        f"{HEAD}{BILL} first_payment code 408215\nbill dental 42.30 due 2026-11-23\n"
        "paid health 12.00 at 2026-12-18T09:00-05:00\nnotices sms\nextra_time\nsupport closed\nconsent bill_code\n"
        "returned health 310.15 R01 account 40812345 at 2026-12-14T09:00-05:00\n"
        "held dental 42.30 at 2026-12-15T09:00-05:00\n"
        "account health tax_credit\naccount dental none reinstate 84.60 by 2026-12-30\n"
        "paid health 13.00 at 2026-12-16T09:00-05:00 went_through\n"
    )
    assert parse_call(text, "x.call").circumstances == Circumstances(
        bills=(
            MadeUpBill(3, "health", 31015, date(2026, 12, 23), first_payment=True, code="408215"),
            MadeUpBill(4, "dental", 4230, date(2026, 11, 23)),
        ),
        accounts=(
            MadeUpAccount("health", "tax_credit"),
            MadeUpAccount("dental", "none", 8460, date(2026, 12, 30)),
        ),
        paid=(
            PaidBefore(5, "health", 1200, datetime(2026, 12, 18, 14, tzinfo=UTC)),
            PaidBefore(10, "health", 31015, datetime(2026, 12, 14, 14, tzinfo=UTC), "R01", "40812345"),
            PaidBefore(11, "dental", 4230, datetime(2026, 12, 15, 14, tzinfo=UTC), is_held=True),
            PaidBefore(14, "health", 1300, datetime(2026, 12, 16, 14, tzinfo=UTC), became="went_through"),
        ),
        notices="sms",
        extra_time=True,
        support="closed",
        consent="bill_code",
    )


FAULTS = [
    ("account health some", "3: 'health some' is no account: write account", "call.header-value"),
    (
        "account health none reinstate 84.6 by 2026-12-30",
        "3: 'health none reinstate 84.6 by 2026-12-30' is no account: write account",
        "call.header-value",
    ),
    (
        "bill health 310.15",
        "3: 'health 310.15' is no bill: write bill health 310.15 due 2026-12-23, then",
        "call.header-value",
    ),
    (
        "bill vision 310.15 due 2026-12-23",
        "3: 'vision 310.15 due 2026-12-23' is no bill: ",
        "call.header-value",
    ),
    (
        "bill health 310.1 due 2026-12-23",
        "3: 'health 310.1 due 2026-12-23' is no bill: ",
        "call.header-value",
    ),
    (
        "bill health 310.15 due 2026-12-32",
        "3: 'health 310.15 due 2026-12-32' is no bill: ",
        "call.header-value",
    ),
    (f"{BILL}\n{BILL}", "4: line 3 is the same plan's bill of that day: make them one", "call.bill-twice"),
    (
        "paid health 1.00",
        "3: 'health 1.00' is no payment: write paid health 12.00 at 2026-12-18T09:00-05:00",
        "call.header-value",
    ),
    (
        "paid health 1.0 at 2026-12-18T09:00-05:00",
        "3: 'health 1.0 at 2026-12-18T09:00-05:00' is no payment: ",
        "call.header-value",
    ),
    (
        f"{BILL}\npaid health 1.00 at 2026-12-18T09:00",
        "4: 'health 1.00 at 2026-12-18T09:00' is no payment: write paid health 12.00 at 2026-12-18T09:00-05:00, then perhaps",
        "call.header-value",
    ),
    (
        "held health 1.00",
        "3: 'health 1.00' is no payment: write held health 12.00 at 2026-12-17T09:00-05:00",
        "call.header-value",
    ),
    (f"{BILL}\npaid health 0.00 at 2026-12-18T09:00-05:00", "4: 'health 0.00 at ", "call.header-value"),
    (
        f"{BILL}\npaid health 310.16 at 2026-12-18T09:00-05:00",
        "4: more is paid than the health bills are (310.15): make them larger",
        "call.paid-too-much",
    ),
    (
        f"{BILL}\npaid health 1.00 at 2026-12-18T11:00-05:00",
        "4: this is after the call: write an instant before `now`",
        "call.paid-later",
    ),
    (
        "returned health 1.00 R1 at 2026-12-14T09:00-05:00",
        "3: 'health 1.00 R1 at 2026-12-14T09:00-05:00' is no",
        "call.header-value",
    ),
    ("returned health 1.0 R01 at 2026-12-14T09:00-05:00", "3: 'health 1.0 R01 at ", "call.header-value"),
    (
        f"{BILL}\nreturned health 1.00 R01 at 2026-12-14T09:00",
        "4: 'health 1.00 R01 at 2026-12-14T09:00' is no payment that came back: write returned health 12.00 R01 ",
        "call.header-value",
    ),
    (
        f"{BILL}\npaid health 0.01 at 2026-12-13T09:00-05:00\nreturned health 310.15 R01 at 2026-12-14T09:00-05:00",
        "5: more is paid than the health bills are (310.15): make them larger",
        "call.paid-too-much",
    ),
    (
        "notices pigeon",
        "3: there is no notices 'pigeon': write notices sms, email or letter",
        "call.header-value",
    ),
    ("support maybe", "3: there is no support 'maybe': write support open or closed", "call.header-value"),
    (
        "consent nod",
        "3: there is no consent 'nod': write consent spoken, bill_code or either",
        "call.header-value",
    ),
    ("cutoff noon", "3: 'noon' is no time of day: write cutoff 16:00", "call.header-value"),
    (
        "closings Monday",
        "3: 'Monday' are no days: write closings 2026-12-24, 2026-12-31",
        "call.header-value",
    ),
    ("timezone Boston", "3: 'Boston' is no time zone: write timezone America/Denver", "call.header-value"),
    ("speaks English", "3: 'English' are no languages: write speaks en-US, es-US", "call.header-value"),
    ("extra_time please", "3: extra_time stands alone: take the rest of the line out", "call.stands-alone"),
    (
        "notices sms\nnotices sms",
        "4: notices stands here twice: keep one (the first is line 3)",
        "call.header-twice",
    ),
    (
        "start\nsupport open",
        "4: support is a header: put it above the first line of the call",
        "call.header-late",
    ),
    (
        "caller waits 3\ncaller silence",
        "3: after waiting a caller keys or speaks: write what, in the next line",
        "call.wait-alone",
    ),
    (
        "caller waits 3",
        "3: after waiting a caller keys or speaks: write what, in the next line",
        "call.wait-alone",
    ),
]


@pytest.mark.parametrize(("text", "problem", "rule"), FAULTS)
def test_fault(text, problem, rule):
    with pytest.raises(CallFileError) as error:
        parse_call(HEAD + text, "x.call")
    [told] = error.value.problems
    assert told.startswith(f"x.call:{problem}")
    assert told.endswith(f" [{rule}]")


@pytest.mark.parametrize(
    "line", [BILL, "paid health 1.00 at 2026-12-18T09:00-05:00", "notices sms", "extra_time"]
)
def test_only_a_made_up_member_is_made_up(line):
    word = line.split()[0]
    with pytest.raises(
        CallFileError, match=f"x.call:3: {word} is for a member who is made up: write member made_up"
    ):
        parse_call(f"{HEAD}{line}".replace("made_up", "demo.sms"), "x.call")
    assert parse_call("member demo.sms\nsupport closed\n", "x.call").circumstances.support == "closed"


def test_a_file_that_comes_after_another_has_its_member_and_its_own_world(tmp_path):
    (tmp_path / "first.call").write_text(f"{HEAD}{BILL}\nsupport open\nstart\n")
    (tmp_path / "second.call").write_text("after first.call\nsupport closed\ncaller 1\n")
    (tmp_path / "third.call").write_text("after first.call\nmember made_up\nnotices sms\ncaller 1\n")
    second, third = (load_call(tmp_path / f"{name}.call").circumstances for name in ("second", "third"))
    assert (len(second.bills), second.support) == (1, "closed")
    assert (third.bills, third.notices, third.support) == ((), "sms", "open")


def test_how_the_line_is_set_counts_in_what_comes_after_as_well(tmp_path):
    own = "cutoff 16:00\nclosings 2026-12-24, 2026-12-31\ntimezone America/Denver\nspeaks es-US\n"
    (tmp_path / "first.call").write_text(f"now 2026-12-18T10:15-05:00\n{own}start\n")
    (tmp_path / "second.call").write_text("after first.call\ncutoff 00:00\ncaller 1\n")
    second = load_call(tmp_path / "second.call")
    assert second.circumstances == Circumstances(
        cutoff=time(0),
        closings=(date(2026, 12, 24), date(2026, 12, 31)),
        timezone=ZoneInfo("America/Denver"),
        speaks=("es-US",),
    )
    assert second.runs(["en-US", "es-US"]) == [("es-US", "voice"), ("es-US", "relay")]


def test_a_caller_waits():
    call = parse_call("now 2026-12-18T10:15-05:00\ncaller waits 2.5\ncaller 1\n", "x.call")
    assert call.steps[0] == WaitsLine(SourceLine("x.call", 2), 2.5)
