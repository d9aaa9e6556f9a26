"""Every outcome of every action, on real members, bills and payments; slots exactly as declared."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest
from sqlalchemy import insert, select, update

from ivr.dialog.engine import Outcome, step
from ivr.dialog.state import Said, State
from ivr.payments.blocks import block_for
from ivr.payments.history import Stands
from ivr.payments.staff_queue import open_tasks
from ivr.storage.tables import (
    AuditEvent,
    Authorization,
    Bank,
    Bill,
    BillingAccount,
    Call,
    LedgerEntry,
    Notice,
    NoticeAttempt,
    Payment,
    StaffTask,
)
from ivr.topics.earlier_payments.words import STANDS
from ivr.topics.registry import VOCABULARY

BANK = {
    "account_type": "checking",
    "account_last4": "2345",
    "routing_number": "021000021",
    "account_number": "00123456789012345",
}
VERIFIED = {
    "member_id": "400000000101",
    "member_last4": "0101",
    "health_account": "740000101",
    "dental_account": "750000101",
    "channel": "sms",
}


PAST = date(2026, 11, 23)
TODAY = date(2026, 12, 18)
COMING = date(2026, 12, 23)


# A person.

INSTANTS = [
    ("2026-12-18T15:15+00:00", "+18005550199", "open"),
    ("2026-12-18T11:59+00:00", "+18005550199", "closed"),
    ("2026-12-18T12:00+00:00", "+18005550199", "open"),
    ("2026-12-19T00:00+00:00", "+18005550199", "closed"),
    ("2026-12-20T15:15+00:00", "+18005550199", "closed"),
    ("2026-12-18T15:15+00:00", "", "closed"),
]


@pytest.mark.parametrize(("instant", "phone", "expected"), INSTANTS)
def test_reach_person(asked, instant, phone, expected):
    call = asked(agent_phone=phone)
    call.now = datetime.fromisoformat(instant)
    slots = {"told_closed": "yes"} if expected == "closed" else {}
    assert call.ask("reach_person") == Outcome(expected, slots)


def test_who_was_told_that_nobody_is_there_and_asks_again_wants_to_be_called(asked):
    call = asked(agent_phone="")
    call.know(**call.ask("reach_person").slots)
    assert call.ask("reach_person") == Outcome("callback")


def test_the_number_that_a_call_shows(asked):
    call = asked()
    assert call.ask("caller_number") == Outcome("withheld")
    call.caller_number = "+16175550157"
    assert call.ask("caller_number") == Outcome("shown", {"callback_phone": "+16175550157"})


def test_a_call_back_is_one_row_for_staff_a_caller_and_day(asked):
    call = asked("demo.letter", agent_phone="")
    call.now = datetime(2026, 12, 19, 22, tzinfo=UTC)  # a Saturday, 5 p.m.
    for part in ("morning", "afternoon"):
        call.know(callback_phone="+16175550157", callback_part=part)
        assert call.ask("book_callback") == Outcome("booked", {"callback_date": "2026-12-21"})
    (task,) = open_tasks(call.db)
    assert (task["kind"], task["details"]) == (
        "call_back",
        {
            "phone": "+16175550157",
            "day": "2026-12-21",
            "part": "afternoon",
            "language": "en-US",
            "member": "400000000111",
        },
    )
    call.db.execute(update(StaffTask).values(closed_at=call.now, closed_by="pat"))
    call.know(callback_phone="+16175550157").ask("book_callback")
    assert open_tasks(call.db) == []
    call.know(callback_phone="+16175550158").ask("book_callback")
    assert len(open_tasks(call.db)) == 1


# Other help.


@pytest.mark.parametrize(
    ("place", "day", "expected"),
    [
        ("mail", 31, ("Health Connector", "P O Box 412612", "Boston, Massachusetts 02241-2612")),
        ("center_1", 31, ("Boston", "133 Portland Street, first floor", "")),
        ("center_3", 31, None),  # to be read again by March 31
    ],
)
def test_a_place_is_told_up_to_its_date(asked, place, day, expected):
    call = asked()
    call.now = datetime(2027, 5, day, 23, tzinfo=UTC)
    slots = dict(zip(("place_name", "place_street", "place_city"), expected or (), strict=False))
    assert call.ask("tell_place", place=place) == Outcome("known" if expected else "call", slots)
    call.now = datetime(2027, 6, 1, 12, tzinfo=UTC)
    assert call.ask("tell_place", place=place) == Outcome("call")


def test_only_a_verified_member_hears_a_billing_account_number(asked, samples):
    assert asked().ask("is_verified") == Outcome("no")
    assert asked().ask("tell_account", account_plan="health") == Outcome("none")
    call = asked("demo.letter")
    number = samples["demo.letter"].billing_accounts["health"]
    assert call.ask("is_verified") == Outcome("yes")
    assert call.ask("tell_account", account_plan="health") == Outcome(
        "known", {"account_plan": "health", "told_account": number}
    )
    assert call.ask("tell_account", account_plan="dental") == Outcome("none")


# Who is calling.


BY_BILL = {"ssn_last4": "", "keyed_account": "740000108", "keyed_zip": "02108"}


def facts_of(member, **changed):
    right = {
        "keyed_id": member.member_id,
        "ssn_last4": member.ssn_last4,
        "date_of_birth": member.date_of_birth_keyed,
    }
    return right | changed


@pytest.mark.parametrize(
    ("name", "changed", "expected"),
    [
        ("demo.health_and_dental", {}, Outcome("verified", VERIFIED)),
        ("demo.health_and_dental", {"keyed_id": "750000101"}, Outcome("verified", VERIFIED)),
        ("demo.health_and_dental", {"keyed_id": "499999999999"}, Outcome("rejected")),
        ("demo.health_and_dental", {"ssn_last4": "0000"}, Outcome("rejected")),
        ("demo.health_and_dental", {"date_of_birth": "01021965"}, Outcome("rejected")),
        ("demo.health_and_dental", {"keyed_id": "6175550101"}, Outcome("verified", VERIFIED)),
        ("demo.no_ssn", {"ssn_last4": ""}, Outcome("rejected")),
        ("demo.no_ssn", BY_BILL | {"keyed_zip": "02109"}, Outcome("rejected")),
        ("demo.health_and_dental", BY_BILL | {"keyed_account": "740000101"}, Outcome("rejected")),
    ],
)
def test_verify_member(asked, samples, name, changed, expected):
    assert asked().know(**facts_of(samples[name], **changed)).ask("verify_member") == expected


def test_verify_a_member_without_an_ssn(asked, samples):
    verified = asked().know(**facts_of(samples["demo.no_ssn"], **BY_BILL)).ask("verify_member")
    assert (verified.name, verified.slots["health_account"]) == ("verified", "740000108")


def test_nine_digits_of_an_ssn_are_counted_by_the_call_itself(asked):
    assert asked().ask("keyed_whole_ssn") == Outcome("again")


def test_verify_a_member_who_wants_more_time(asked, samples):
    member = samples["demo.extra_time"]
    verified = asked().know(**facts_of(member)).ask("verify_member")
    assert verified.name == "verified_more_time"
    assert (verified.slots["dental_account"], verified.slots["channel"]) == ("", "letter")


# What is owed.


def test_a_balance(asked):
    call = asked("demo.health_and_dental")
    assert call.ask("balance_as_of") == Outcome("bills", {"as_of": "2026-12-18T10:15:00-05:00"})
    assert call.ask("bill_balance", plan="dental") == Outcome(
        "current", {"plan": "dental", "total": 4230, "due_date": "2026-12-23", "due_when": "later"}
    )
    assert call.ask("choose_bill") == Outcome("health_and_dental")


def test_the_older_of_two_instants_is_true_of_both_bills(asked):
    call = asked("demo.health_and_dental")
    call.db.execute(
        update(Bill)
        .where(Bill.billing_account == "750000101")
        .values(as_of_at=datetime(2026, 12, 17, 3, tzinfo=UTC))
    )
    assert call.ask("balance_as_of").slots == {"as_of": "2026-12-16T22:00:00-05:00"}


@pytest.mark.parametrize(
    ("owed", "expected"),
    [
        ([], Outcome("none")),
        ([(COMING, 0)], Outcome("paid", {"plan": "health"})),
        (
            [(COMING, 100)],
            Outcome(
                "current", {"plan": "health", "total": 100, "due_date": "2026-12-23", "due_when": "later"}
            ),
        ),
        (
            [(PAST, 100)],
            Outcome("past_due", {"plan": "health", "past_due": 100, "past_due_date": "2026-11-23"}),
        ),
        (
            [(PAST, 100), (COMING, 250)],
            Outcome(
                "past_due_and_current",
                {
                    "plan": "health",
                    "total": 350,
                    "past_due": 100,
                    "current": 250,
                    "due_date": "2026-12-23",
                    "due_when": "later",
                },
            ),
        ),
    ],
)
def test_bill_balance(owing, owed, expected):
    call = owing(*(("health", *each) for each in owed))
    assert call.ask("bill_balance", plan="health") == expected
    assert call.ask("bill_balance", plan="dental") == Outcome("none")


def test_a_bill_that_is_paid(asked):
    call = asked("demo.paid")
    assert call.ask("bill_balance", plan="health") == Outcome("paid", {"plan": "health"})
    assert call.ask("choose_bill") == Outcome("nothing")
    assert call.know(plan="health").ask("select_bill") == Outcome("nothing")


def test_no_bill_at_all(owing):
    call = owing()
    assert call.ask("balance_as_of") == Outcome("nothing")
    assert call.ask("choose_bill") == Outcome("nothing")


@pytest.mark.parametrize(
    ("health", "dental", "expected"),
    [(100, 100, "health_and_dental"), (100, 0, "health"), (0, 100, "dental"), (0, 0, "nothing")],
)
def test_which_bills_owe_something(owing, health, dental, expected):
    call = owing(("health", COMING, health), ("dental", COMING, dental))
    assert call.ask("choose_bill") == Outcome(expected)
    call.services = replace(call.services, takes_payments=False)
    assert call.ask("choose_bill") == Outcome("nothing" if expected == "nothing" else "off")


# How much.


ACCOUNT = {"billing_account": "740000999", "pay_by": COMING.isoformat(), "pay_day": "", "is_first": "no"}


@pytest.mark.parametrize(
    ("owed", "first_payment", "expected"),
    [
        ([(COMING, 31015)], False, Outcome("one_amount", ACCOUNT | {"total": 31015})),
        (
            [(PAST, 5000)],
            False,
            Outcome("one_amount", ACCOUNT | {"total": 5000, "pay_by": ""}),
        ),
        (
            [(PAST, 100), (COMING, 5000)],
            False,
            Outcome("two_amounts", ACCOUNT | {"total": 5100, "past_due": 100}),
        ),
        # less than a dollar may not be paid by itself
        ([(PAST, 99), (COMING, 5000)], False, Outcome("one_amount", ACCOUNT | {"total": 5099})),
        ([(COMING, 5000)], True, Outcome("first_payment", ACCOUNT | {"total": 5000, "is_first": "yes"})),
        (
            [(PAST, 100), (COMING, 5000)],
            True,
            Outcome("first_payment", ACCOUNT | {"total": 5100, "is_first": "yes"}),
        ),
        ([(COMING, 0)], False, Outcome("nothing")),
        ([], False, Outcome("nothing")),
    ],
)
def test_select_bill(owing, owed, first_payment, expected):
    call = owing(*(("health", *each) for each in owed), first_payment=first_payment)
    assert call.know(plan="health").ask("select_bill") == expected


@pytest.mark.parametrize(
    ("on_time", "facts", "expected"),
    [
        ("unset", {}, "nothing"),
        ("settled", {}, "in_time"),
        ("settled", {"effective_date": "2026-12-24"}, "late"),
        ("authorized", {"effective_date": "2026-12-24"}, "in_time"),
        ("authorized", {"pay_by": "2026-12-17"}, "late"),
        ("settled", {"pay_by": ""}, "nothing"),
        ("settled", {"amount": 100, "past_due": 100}, "nothing"),  # of it nothing is due by then
        ("settled", {"amount": 5000, "past_due": 5000}, "in_time"),
    ],
)
def test_what_is_said_of_the_due_date(asked, on_time, facts, expected):
    call = asked("demo.letter", on_time=on_time)
    known = {"amount": 5000, "total": 5000, "pay_by": "2026-12-23", "effective_date": "2026-12-23"}
    assert call.know(**known | facts).ask("tell_on_time") == Outcome(expected)


def test_whether_a_payment_was_made_in_this_call(asked):
    call = asked("demo.letter")
    assert call.ask("payment_made") == Outcome("none")
    assert call.know(confirmation_number="90210042197").ask("payment_made") == Outcome("made")


def test_select_a_bill_of_a_plan_the_member_has_not(asked):
    assert asked("demo.letter").know(plan="dental").ask("select_bill") == Outcome("nothing")


@pytest.mark.parametrize(("which", "cents"), [("full", 35100), ("past_due", 5000)])
def test_set_amount(asked, which, cents):
    call = asked("demo.letter").know(total=35100, past_due=5000)
    assert call.ask("set_amount", amount=which) == Outcome("ok", {"amount": cents})


@pytest.mark.parametrize(
    ("keyed", "total", "expected"),
    [
        (5000, 5000, Outcome("ok", {"amount": 5000})),
        (100, 5000, Outcome("ok", {"amount": 100})),
        (99, 5000, Outcome("below_minimum")),
        (75, 75, Outcome("ok", {"amount": 75})),
        (74, 75, Outcome("below_minimum")),
        (5001, 5000, Outcome("above_balance")),
        (76, 75, Outcome("above_balance")),
    ],
)
def test_check_amount(asked, keyed, total, expected):
    assert asked("demo.letter").know(keyed_amount=keyed, total=total).ask("check_amount") == expected


def test_the_bill_after_this_one(asked):
    call = asked("demo.letter")
    assert call.ask("next_bill") == Outcome("none")
    assert call.know(next_plan="none").ask("next_bill") == Outcome("none")
    assert call.ask("paying_both") == Outcome("one")
    told = call.know(next_plan="dental").ask("next_bill")
    assert told == Outcome("bill", {"plan": "dental", "next_plan": "last"})
    assert call.ask("paying_both") == Outcome("one")  # it is only to come
    call.know(**told.slots)
    assert (call.ask("next_bill"), call.ask("paying_both")) == (Outcome("none"), Outcome("both"))


LEFT = {"plan": "health", "billing_account": "740000101", "amount": 4050, "pay_day": "2026-12-21"}


@pytest.mark.parametrize(
    ("minutes", "end", "left", "is_offered"),
    [
        (14, "hangup", LEFT, True),
        (14, "fallback", LEFT | {"pay_day": ""}, True),
        (14, "hangup", LEFT | {"plan": "dental", "billing_account": "750000101", "amount": 4230}, True),
        (16, "hangup", LEFT, False),
        (1, "goodbye", LEFT, False),
        (1, "agent", LEFT, False),
        (1, "hangup", {"plan": "health", "billing_account": "740000101"}, False),  # no amount was chosen
        (1, "hangup", LEFT | {"amount": 31016}, False),  # more than is owed by now
        (1, "hangup", LEFT | {"billing_account": "740000109"}, False),
    ],
)
def test_a_call_that_dropped_is_gone_on_with(asked, minutes, end, left, is_offered):
    call = asked("demo.health_and_dental")
    at = call.now - timedelta(minutes=minutes)
    before = {
        "call_sid": "CA0",
        "caller_kind": "withheld",
        "started_at": at,
        "answered_at": at,
        "ended_at": at,
    }
    before |= {"seq": 9, "node": "", "status": "closed", "end": end, "flow_version": "1", "purged": False}
    before |= {"language": "en-US", "pace": "voice"}
    of_member = before | {"member_id": VERIFIED["member_id"], "state": json.dumps({"slots": left})}
    call.db.execute(insert(Call).values(of_member))
    call.db.execute(insert(Call).values(before | {"call_sid": "CA1", "state": "{}", "ended_at": call.now}))
    told = call.ask("last_call")
    assert told.name == ("dropped" if is_offered else "none")
    if is_offered:
        total = {"health": 31015, "dental": 4230}[left["plan"]]
        owed = {"next_plan": "none", "total": total, "pay_by": "2026-12-23", "is_first": "no"}
        assert told.slots == left | owed
        call.db.execute(
            insert(Call).values(of_member | {"call_sid": "CA2", "end": "goodbye", "ended_at": call.now})
        )
        assert call.ask("last_call") == Outcome("none")  # the member has called since


# From which account.


def test_bank_known(asked):
    call = asked("demo.letter")
    assert call.ask("bank_known") == Outcome("unknown")
    call.know(**BANK)
    assert call.ask("bank_known") == Outcome("known", BANK)
    del call.state.secrets["account_number"]
    assert call.ask("bank_known") == Outcome("unknown")


@pytest.mark.parametrize(
    ("again", "expected"),
    [
        ("00123456789012345", Outcome("same", {"account_last4": "2345"})),
        ("123456789012345", Outcome("different")),
    ],
)
def test_compare_account(asked, again, expected):
    call = asked("demo.letter").know(**KEYED | {"account_number_again": again})
    assert call.ask("compare_account") == expected


KEYED = {
    "routing_number": "021000021",
    "account_number": "00123456789012345",
    "account_number_again": "00123456789012345",
}


@pytest.mark.parametrize("code", ["R02", "R12"])
def test_an_account_or_a_bank_that_a_return_closed_is_refused(asked, code):
    call = ready(asked("demo.health_and_dental"))
    call.ask("authorize_payment")
    bring_back(call, code)
    other_account = {"account_number": "99887766", "account_number_again": "99887766"}
    assert call.know(**KEYED).ask("compare_account") == Outcome("blocked")
    refused = code == "R12"  # the whole bank
    assert call.know(**KEYED | other_account).ask("compare_account").name == (
        "blocked" if refused else "same"
    )
    assert call.know(**KEYED | {"account_number_again": "1"}).ask("compare_account") == Outcome("different")
    assert call.know(**KEYED | {"routing_number": "011000015"}).ask("compare_account").name == "same"


def test_the_name_of_a_bank_is_read_back_and_one_that_the_directory_does_not_know_is_no_bank(asked):
    call = asked("demo.letter").know(routing_number="011000015")
    assert call.ask("name_bank") == Outcome("unnamed")  # no directory: as any
    call.db.execute(insert(Bank).values(routing_number="011000015", name="ANY BANK", imported_at=call.now))
    assert call.ask("name_bank") == Outcome("named", {"bank_name": "ANY BANK"})
    assert call.know(routing_number="021000021").ask("name_bank") == Outcome("unknown")


def bring_back(call, *codes):
    """Let the newest payments come back, one with each code."""
    newest = call.db.execute(select(Payment.__table__).order_by(Payment.id.desc())).all()
    for payment, code in zip(newest, codes, strict=False):
        returned = {"state": "returned", "return_code": code, "returned_at": call.now}
        call.db.execute(update(Payment).where(Payment.id == payment.id).values(returned))
        call.db.execute(
            insert(LedgerEntry).values(
                billing_account=payment.billing_account,
                kind="return",
                amount_cents=payment.amount_cents,
                payment_id=payment.id,
                posted_at=call.now,
            )
        )
        block_for(
            call.db,
            code,
            payment_id=payment.id,
            account_fingerprint=payment.account_fingerprint,
            routing_number=payment.rdfi_routing_number,
            now=call.now,
        )


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("R01", "insufficient_funds"),
        ("R09", "insufficient_funds"),
        ("R02", "account_closed"),
        ("R03", "no_such_account"),
        ("R20", "account_not_usable"),
        ("R10", "not_authorized"),
        ("R08", "stopped"),
        ("R17", "other"),
        ("R98", "other"),
    ],
)
def test_a_payment_that_came_back_is_told_with_its_reason_once(asked, code, reason):
    call = ready(asked("demo.health_and_dental"), amount=31015)
    assert call.ask("next_returned_payment") == Outcome("none")
    call.ask("authorize_payment")
    bring_back(call, code)
    told = call.ask("next_returned_payment")
    assert told == Outcome(
        "returned",
        {
            "returned_shown": 1,
            "returned_amount": 31015,
            "returned_plan": "health",
            "returned_date": "2026-12-18",
            "returned_reason": reason,
        },
    )
    assert call.know(**told.slots).ask("next_returned_payment") == Outcome("none")
    assert call.ask("next_recent_payment") == Outcome("none")


def test_several_that_came_back_are_told_newest_first(asked):
    call = ready(asked("demo.health_and_dental"), amount=100)
    for _ in range(5):
        call.ask("authorize_payment")
    bring_back(call, *["R01"] * 5)
    told = []
    while (outcome := call.ask("next_returned_payment")).name == "returned":
        call.know(**outcome.slots)
        told.append(outcome.slots["returned_shown"])
    assert told == [1, 2, 3, 4]


@pytest.mark.parametrize("code", ["R14", "R15", "R16", "R90"])
def test_of_a_death_or_a_frozen_account_only_a_person_speaks(asked, code):
    call = ready(asked("demo.health_and_dental"), amount=100)
    call.ask("authorize_payment")
    call.ask("authorize_payment")
    bring_back(call, "R01", code)
    told = call.ask("next_returned_payment")
    assert told == Outcome("call_us", {"returned_shown": 2})
    assert call.know(**told.slots).ask("next_returned_payment") == Outcome("none")


def test_it_is_told_for_sixty_days_or_until_its_bill_is_paid(asked):
    call = ready(asked("demo.health_and_dental"), amount=31015)
    call.ask("authorize_payment")
    bring_back(call, "R01")
    returned_at = call.now
    call.now = returned_at + timedelta(days=60)
    assert call.ask("next_returned_payment").name == "returned"
    call.now += timedelta(seconds=1)
    assert call.ask("next_returned_payment") == Outcome("none")
    call.now = returned_at + timedelta(days=3)
    call.ask("authorize_payment")
    assert call.ask("next_returned_payment") == Outcome("none")


def test_a_newer_bill_does_not_make_a_paid_one_owed_again(asked):
    call = ready(asked("demo.health_and_dental"), amount=31015)
    call.ask("authorize_payment")
    bring_back(call, "R01")
    call.ask("authorize_payment")
    later = {"billing_account": "740000101", "posted_at": call.now + timedelta(days=9)}
    call.db.execute(
        insert(LedgerEntry).values(kind="bill", amount_cents=31015, coverage_month="2027-02", **later)
    )
    assert call.ask("next_returned_payment") == Outcome("none")


# The authorization.


@pytest.mark.parametrize("consent", ["spoken", "bill_code"])
@pytest.mark.parametrize(
    ("instant", "terms"),
    [
        (
            "2026-12-18T20:59:59+00:00",
            {"today": "2026-12-18", "debit_date": "2026-12-21", "cutoff": "2026-12-18T17:00:00-05:00"},
        ),
        # The letter is fetched on Monday: Monday's debits are ahead of it.
        (
            "2026-12-18T21:00:00+00:00",
            {"today": "2026-12-18", "debit_date": "2026-12-22", "cutoff": "2026-12-21T17:00:00-05:00"},
        ),
        (
            "2026-12-18T22:00:00+00:00",
            {"today": "2026-12-18", "debit_date": "2026-12-22", "cutoff": "2026-12-21T17:00:00-05:00"},
        ),
        (
            "2026-12-19T03:00:00+00:00",
            {"today": "2026-12-18", "debit_date": "2026-12-22", "cutoff": "2026-12-21T17:00:00-05:00"},
        ),
    ],
)
def test_prepare_authorization(asked, consent, instant, terms):
    call = asked("demo.letter", consent=consent)
    call.now = datetime.fromisoformat(instant)
    assert call.ask("prepare_authorization") == Outcome(consent, terms)


def test_a_text_message_is_called_sent_when_a_carrier_has_it_and_so_are_two(asked):
    call = ready(asked("demo.letter"), amount=10000)
    call.know(channel="sms", total=17715)
    told = []
    for state in (None, "sending", "unknown", "accepted"):
        if state is None:
            call.ask("authorize_payment")
            notice_id = call.db.scalars(select(Notice.id)).one()
        else:
            attempt = {"notice_id": notice_id, "channel": "sms", "started_at": call.now}
            call.db.execute(insert(NoticeAttempt).values(state=state, **attempt))
        told.append(call.ask("tell_receipt").name)
    assert told == ["nothing", "nothing", "nothing", "texted"]
    call.seq += 1
    ready(call, amount=7715)
    assert call.ask("authorize_payment").name == "authorized"
    assert call.ask("tell_receipt").name == "nothing", "not of both"


def test_a_text_message_needs_no_mail(asked):
    call = asked("demo.sms")
    call.know(channel="sms")
    call.now = datetime.fromisoformat("2026-12-18T21:59:59+00:00")
    assert call.ask("prepare_authorization").slots["debit_date"] == "2026-12-21"


def test_the_letter_that_misses_its_pick_up_between_terms_and_yes_is_not_overtaken(asked):
    call = asked("demo.letter")
    call.now = datetime.fromisoformat("2026-12-18T20:59:59+00:00")
    ready(call)
    call.now += timedelta(seconds=1)
    done = call.ask("authorize_payment")
    assert (call.state.slots["debit_date"], done.slots["effective_date"]) == ("2026-12-21", "2026-12-22")


def ready(call, amount=17715):
    """Give a call everything that an authorization needs, the terms said and the question asked."""
    account = call.state.slots["health_account"]
    call.know(**BANK, plan="health", billing_account=account, amount=amount, total=amount)
    call.know(words_heard="Yes, I do.", confidence="0.910", member_last4="0111")
    terms = call.ask("prepare_authorization").slots
    call.know(**terms)
    for prompt in ("authorization-terms", "authorization-ask"):
        values = {slot: call.state.slots[slot] for slot in call.line.flow.variables[prompt]}
        call.state.evidence[prompt] = Said(prompt, values=values, pace=call.state.pace)
    return call


def test_authorize_payment(asked):
    call = ready(asked("demo.letter"))
    done = call.ask("authorize_payment")
    assert done.name == "authorized"
    assert done.slots["effective_date"] == "2026-12-21"
    payment = call.db.execute(select(Payment.__table__)).one()
    assert payment.confirmation_number == done.slots["confirmation_number"]
    assert (payment.amount_cents, payment.billing_account, payment.account_last4) == (
        17715,
        "740000111",
        "2345",
    )
    consent = call.db.execute(select(Authorization.__table__)).one()
    assert (consent.how, consent.spoken_by, consent.words_heard, consent.confidence) == (
        "spoken",
        "caller",
        "Yes, I do.",
        pytest.approx(0.91),
    )
    assert (consent.asked_at, consent.answered_at) == (call.now, call.now)
    assert "It is 177 dollars and 15 cents, one time only" in consent.text
    assert consent.text.splitlines()[-2:] == ["Do you authorize this payment?", "Say yes or no."]
    sha256 = call.line.catalog.sha256
    assert consent.prompts == [
        {"id": name, "language": "en-US", "sha256": sha256(name, None, "en-US", "voice")}
        for name in ("authorization-terms", "authorization-ask")
    ]
    assert call.db.execute(select(Notice.channel, Notice.state)).one() == ("letter", "pending")


def test_a_yes_by_an_operator_without_a_confidence(asked):
    call = asked("demo.letter")
    call.state.pace = "relay"
    ready(call).know(words_heard="I authorize", confidence="")
    assert call.ask("authorize_payment").name == "authorized"
    consent = call.db.execute(select(Authorization.__table__)).one()
    assert (consent.spoken_by, consent.confidence) == ("relay", None)
    assert "The debit is 177 dollars and 15 cents." in consent.text.splitlines()
    assert "Say: I authorize." in consent.text.splitlines()


def test_evidence_is_in_the_pace_in_which_each_part_was_heard(asked):
    call = ready(asked("demo.letter"))
    call.state.pace = "relay"
    call.state.evidence["authorization-ask"] = call.state.evidence["authorization-ask"]._replace(pace="relay")
    assert call.ask("authorize_payment").name == "authorized"
    consent = call.db.execute(select(Authorization.__table__)).one()
    assert "It is 177 dollars" in consent.text
    assert "Say: I authorize." in consent.text
    assert consent.prompts[1]["sha256"] == call.line.catalog.sha256(
        "authorization-ask", None, "en-US", "relay"
    )


def test_what_is_owed_has_changed(asked):
    call = ready(asked("demo.letter"), amount=17716)
    assert call.ask("authorize_payment") == Outcome("changed")
    assert call.db.execute(select(Payment.id)).first() is None


def test_a_debit_is_never_before_the_date_spoken(asked):
    call = ready(asked("demo.letter")).know(debit_date="2026-12-24")
    assert call.ask("authorize_payment").slots["effective_date"] == "2026-12-24"


@pytest.mark.parametrize(
    ("code", "amount", "expected"),
    [("408215", 19999, "authorized"), ("408216", 19999, "wrong_code"), ("408215", 20000, "changed")],
)
def test_authorize_with_code(asked, code, amount, expected):
    call = ready(asked("demo.bill_code", consent="bill_code"), amount=amount)
    assert call.know(authorization_code=code).ask("authorize_with_code").name == expected
    consents = call.db.execute(
        select(Authorization.how, Authorization.words_heard, Authorization.confidence)
    ).all()
    assert consents == ([("bill_code", "", None)] if expected == "authorized" else [])


@pytest.mark.parametrize(("member", "expected"), [("demo.bill_code", "either"), ("demo.letter", "spoken")])
def test_a_code_is_offered_only_where_one_is_printed(asked, member, expected):
    call = ready(asked(member, consent="either")).know(pay_day="")
    assert call.ask("prepare_authorization").name == expected


def test_terms_that_were_said_before_are_no_evidence_of_others(line):
    said = Said("authorization-terms")
    state = State("amount/full", "en-US", frames=["main/amount"], evidence={said.prompt: said})
    assert step(line.flow, state, Outcome("ok", {"amount": 100})).state.evidence == {}


def test_the_code_of_another_bill_signs_nothing(asked):
    call = ready(asked("demo.letter", consent="bill_code"))
    assert call.know(authorization_code="408215").ask("authorize_with_code") == Outcome("wrong_code")


# Coverage.

COVERAGE = [
    ("unset", [], {}, None),
    ("unset", [(COMING, 0)], {}, None),
    ("authorized", [(COMING, 100)], {}, None),
    ("unset", [(TODAY, 100)], {}, None),
    ("authorized", [(TODAY, 100)], {}, {"coverage": "counts_today"}),
    ("settled", [(TODAY, 100)], {}, {"coverage": "late_today"}),
    (
        "unset",
        [(PAST, 100), (COMING, 250)],
        {},
        {
            "coverage": "keep",
            "keep_cents": 100,
            "keep_by": "2026-12-23",
            "keep_last": "2026-12-23",
            "plan_ends": "2026-11-30",
        },
    ),
    (
        "unset",
        [(PAST, 100), (COMING, 250)],
        {"assistance": "connectorcare"},
        {
            "coverage": "keep_longer",
            "keep_cents": 350,
            "keep_by": "2026-12-23",
            "keep_last": "2027-02-23",
            "plan_ends": "2026-12-31",
        },
    ),
    ("unset", [(date(2026, 10, 23), 100)], {}, {"coverage": "ended"}),
    (
        "unset",
        [(date(2026, 10, 23), 100)],
        {"reinstate_by_date": date(2026, 12, 19), "reinstate_cents": 62030},
        {"coverage": "reinstate", "reinstate_cents": 62030, "reinstate_by": "2026-12-19"},
    ),
    (
        "unset",
        [(date(2026, 10, 23), 100)],
        {"reinstate_by_date": date(2026, 12, 17), "reinstate_cents": 62030},
        {"coverage": "ended"},
    ),
]


@pytest.mark.parametrize(("on_time", "owed", "account", "expected"), COVERAGE)
def test_bill_coverage(owing, on_time, owed, account, expected):
    call = owing(*(("health", *each) for each in owed))
    call.services = replace(call.services, on_time=on_time)
    if account:
        call.db.execute(
            update(BillingAccount).where(BillingAccount.billing_account == "740000999").values(**account)
        )
    said = call.ask("bill_coverage", plan="health")
    told = {slot: value for slot, value in said.slots.items() if value not in (TODAY.isoformat(), 0)}
    assert (said.name, told) == (("said", expected) if expected else ("nothing", {}))


def test_what_a_first_payment_starts(owing):
    call = owing(("health", COMING, 100), first_payment=True)
    said = call.ask("bill_coverage", plan="health").slots
    assert (said["coverage"], said["plan_starts"]) == ("first", "2027-01-01")
    selected = call.know(plan="health").ask("select_bill")
    assert call.know(**selected.slots).ask("tell_first_payment") == Outcome("first")
    assert call.know(is_first="no").ask("tell_first_payment") == Outcome("other")


def test_on_the_due_date_it_is_today(owing):
    call = owing(("health", TODAY, 100))
    assert call.ask("bill_balance", plan="health").slots["due_when"] == "today"


# The day.

DAYS = [
    ("2026-12-23", Outcome("ok", {"pay_day": "2026-12-23"})),
    ("2026-12-21", Outcome("ok", {"pay_day": "2026-12-21"})),
    ("2026-12-18", Outcome("moved", {"pay_day": "2026-12-21", "moved_why": "too_soon"})),
    ("2026-12-19", Outcome("moved", {"pay_day": "2026-12-21", "moved_why": "closed"})),
    ("2026-12-24", Outcome("late", {"pay_day": "2026-12-24"})),
    ("2026-12-25", Outcome("moved_and_late", {"pay_day": "2026-12-28", "moved_why": "closed"})),
    ("2027-01-22", Outcome("late", {"pay_day": "2027-01-22"})),
    ("2027-01-23", Outcome("out_of_range", {"first_day": "2026-12-21", "last_day": "2027-01-23"})),
    ("2027-12-17", Outcome("out_of_range", {"first_day": "2026-12-21", "last_day": "2027-01-23"})),
]


@pytest.mark.parametrize(("keyed", "expected"), DAYS, ids=[day for day, _ in DAYS])
def test_check_payment_day(asked, keyed, expected):
    """Saturday, January 23 is the last day of coverage: banks would take the money after it."""
    call = asked("demo.sms").know(plan="health", pay_by="2026-12-23", keyed_day=keyed, channel="sms")
    assert call.ask("check_payment_day") == expected


def test_no_day_is_ahead_of_a_letter(asked):
    call = asked("demo.letter").know(plan="health", pay_by="2026-12-23", keyed_day="2026-12-21")
    call.now = datetime.fromisoformat("2026-12-18T21:30:00+00:00")  # after Friday's pick-up
    assert call.ask("check_payment_day").slots["pay_day"] == "2026-12-22"


def test_no_day_is_left_for_what_is_long_past_due(owing):
    call = owing(("health", date(2026, 10, 23), 31015)).know(plan="health", pay_by="", keyed_day="2026-12-23")
    assert call.ask("check_payment_day") == Outcome("none")


def test_a_member_without_a_bill_may_name_any_day(owing):
    call = owing(("dental", COMING, 100)).know(plan="health", pay_by="", keyed_day="2027-03-01")
    assert call.ask("check_payment_day") == Outcome("ok", {"pay_day": "2027-03-01"})


def test_a_payment_of_a_day_goes_out_with_that_days_cutoff(asked):
    """Not before, whatever cutoff comes; it counts as on its way, and as paid late where it is."""
    call = ready(asked("demo.sms", on_time="authorized"), amount=16610).know(
        pay_day="2026-12-28", pay_by="2026-12-23", channel="sms"
    )
    terms = call.ask("prepare_authorization").slots
    assert (terms["debit_date"], terms["cutoff"]) == ("2026-12-28", "2026-12-24T17:00:00-05:00")
    written = call.know(**terms).ask("authorize_payment")
    payment = call.db.execute(select(Payment.__table__)).one()
    assert (payment.state, str(payment.not_before_date)) == ("authorized", "2026-12-28")
    assert payment.cutoff_at == datetime(2026, 12, 24, 22, tzinfo=UTC)
    assert call.know(**written.slots).ask("tell_on_time") == Outcome("late")
    assert call.ask("bill_balance", plan="health").name == "on_its_way"


# What was paid.


def test_recent_payments_are_told_one_by_one(asked):
    call = asked("demo.health_and_dental")
    assert call.ask("next_recent_payment") == Outcome("none")
    health = ready(call, amount=31015).ask("authorize_payment").slots["confirmation_number"]
    call.now += timedelta(minutes=5)
    call.know(billing_account="750000101", plan="dental", amount=4230, total=4230)
    dental = call.ask("authorize_payment").slots["confirmation_number"]
    told = []
    while (outcome := call.ask("next_recent_payment")).name == "payment":
        call.know(**outcome.slots)
        told.append(tuple(outcome.slots.values()))
    assert told == [
        (1, 4230, "dental", "2026-12-18T10:20:00-05:00", dental),
        (2, 31015, "health", "2026-12-18T10:15:00-05:00", health),
    ]


@pytest.mark.parametrize("reason", ["missed_cutoff", "notice_late", "notice", "blocked", "account", "record"])
def test_a_payment_that_is_held_is_told_as_that_however_old(asked, reason):
    """It is not debited when its member was told, and its bill is not called paid."""
    call = ready(asked("demo.health_and_dental"), amount=31015)
    assert call.ask("next_waiting_payment") == Outcome("none")
    number = call.ask("authorize_payment").slots["confirmation_number"]
    assert call.ask("bill_balance", plan="health").name == "on_its_way"
    call.db.execute(update(Payment).values(state="held", hold_reason=reason))
    call.now += timedelta(days=4)
    told = call.ask("next_waiting_payment")
    assert told == Outcome(
        "payment",
        {
            "waiting_shown": 1,
            "waiting_amount": 31015,
            "waiting_plan": "health",
            "waiting_date": "2026-12-18",
            "waiting_confirmation": number,
        },
    )
    assert call.know(**told.slots).ask("next_waiting_payment") == Outcome("none")
    assert call.ask("next_recent_payment") == Outcome("none")
    assert call.ask("bill_balance", plan="health") == Outcome("waiting", {"plan": "health"})
    assert call.ask("bill_balance", plan="dental").name == "current"


def test_one_that_waits_only_for_the_day_that_was_spoken_is_as_promised(asked):
    call = ready(asked("demo.letter"))
    call.ask("authorize_payment")
    call.db.execute(update(Payment).values(state="held", hold_reason="date"))
    assert call.ask("next_waiting_payment") == Outcome("none")
    assert call.ask("next_recent_payment").name == "payment"
    assert call.ask("bill_balance", plan="health").name == "on_its_way"


def test_a_bill_is_paid_when_its_bank_has_paid_it(asked):
    call = ready(asked("demo.health_and_dental"), amount=31015)
    call.ask("authorize_payment")
    for state in ("authorized", "batched", "sent"):
        call.db.execute(update(Payment).values(state=state))
        assert call.ask("bill_balance", plan="health") == Outcome("on_its_way", {"plan": "health"})
    call.db.execute(update(Payment).values(state="settled"))
    assert call.ask("bill_balance", plan="health") == Outcome("paid", {"plan": "health"})


@pytest.mark.parametrize(
    ("changed", "outcome", "stands"),
    [
        ({}, "waits", "planned"),
        ({"state": "held", "hold_reason": "date"}, "waits", "planned"),
        ({"state": "held", "hold_reason": "notice"}, "waits", "on_hold"),
        ({"state": "batched"}, "done", "at_bank"),
        ({"state": "sent"}, "done", "at_bank"),
        ({"state": "settled"}, "done", "went_through"),
        ({"state": "final"}, "done", "went_through"),
        ({"state": "returned", "return_code": "R01"}, "came_back", "came_back"),
        ({"state": "cancelled"}, "done", "cancelled"),
    ],
)
def test_how_a_payment_made_stands(asked, changed, outcome, stands):
    call = ready(asked("demo.health_and_dental"), amount=31015)
    assert call.ask("list_payments_made") == Outcome("none")
    number = call.ask("authorize_payment").slots["confirmation_number"]
    if changed:
        call.db.execute(update(Payment).values(**changed))
    call.now += timedelta(days=364)
    call.know(**call.ask("list_payments_made").slots)
    told = call.ask("next_payment_made")
    why = {"made_reason": "insufficient_funds"} if outcome == "came_back" else {}
    assert told == Outcome(
        outcome,
        {
            "made_shown": 1,
            "made_amount": 31015,
            "made_plan": "health",
            "made_stands": stands,
            "made_date": "2026-12-18",
            "made_debit_date": "2026-12-21",
            "made_number": number,
        }
        | why,
    )
    assert call.know(**told.slots).ask("next_payment_made") == Outcome("no_more")
    call.now += timedelta(days=2)
    assert call.ask("list_payments_made") == Outcome("none")


def test_of_what_came_back_for_a_death_only_an_agent_speaks(asked):
    call = ready(asked("demo.health_and_dental"), amount=31015)
    call.ask("authorize_payment")
    call.db.execute(update(Payment).values(state="returned", return_code="R14"))
    assert call.know(made_shown=0).ask("next_payment_made") == Outcome("call_us", {"made_shown": 1})


def test_a_payment_is_cancelled_by_its_caller_and_owed_again(asked):
    """A second time it is cancelled already; once a file holds it, it is too late."""
    call = ready(asked("demo.health_and_dental"), amount=31015)
    number = call.ask("authorize_payment").slots["confirmation_number"]
    call.know(made_number=number)
    assert call.ask("cancel_payment") == Outcome("cancelled")
    assert call.ask("bill_balance", plan="health").name == "current"
    assert call.ask("cancel_payment") == Outcome("cancelled")
    actors = select(AuditEvent.actor).where(AuditEvent.action == "payments.cancel")
    assert call.db.scalars(actors).all() == ["caller"]
    kinds = call.db.scalars(select(Notice.kind).order_by(Notice.id)).all()
    assert kinds == ["authorized", "cancelled"]
    call.db.execute(update(Payment).values(state="batched"))
    assert call.ask("cancel_payment") == Outcome("too_late")


def test_every_way_a_payment_can_stand_has_words():
    assert get_args(Stands) == STANDS


def test_after_a_day_a_payment_is_not_recent(asked):
    call = ready(asked("demo.letter"))
    call.ask("authorize_payment")
    call.now += timedelta(hours=24)
    assert call.ask("next_recent_payment").name == "payment"
    call.now += timedelta(seconds=1)
    assert call.ask("next_recent_payment") == Outcome("none")


def test_the_same_payment_on_one_day_of_the_bank(asked):
    call = ready(asked("demo.letter"), amount=5000)
    assert call.ask("check_same_today") == Outcome("ok")
    call.ask("authorize_payment")
    assert call.ask("check_same_today") == Outcome("same_today")
    assert call.know(amount=5001).ask("check_same_today") == Outcome("ok")
    call.know(amount=5000).now = datetime(2026, 12, 19, 4, 59, 59, tzinfo=UTC)
    assert call.ask("check_same_today") == Outcome("same_today")
    call.now = datetime(2026, 12, 19, 5, tzinfo=UTC)
    assert call.ask("check_same_today") == Outcome("ok")


def test_a_day_takes_six_payments_of_a_member(asked):
    """Asked before the bank details, and again when the payment is written."""
    call = ready(asked("demo.health_and_dental"), amount=100)
    for _ in range(6):
        assert call.ask("check_day_limit") == Outcome("ok")
        assert call.ask("authorize_payment").name == "authorized"
    assert call.ask("check_day_limit") == Outcome("limit_reached")
    assert call.ask("authorize_payment") == Outcome("limit_reached")
    call.now = datetime(2026, 12, 19, 5, tzinfo=UTC)
    assert call.ask("check_day_limit") == Outcome("ok")


def test_one_turn_reads_the_bills_once_and_again_after_a_payment(asked, line):
    from ivr.dialog.engine import Ask
    from ivr.topics.perform import perform
    from ivr.topics.services import TurnServices

    call = ready(asked("demo.letter"))
    turn = TurnServices(
        call.services, line.flow, line.catalog, call.db, call.now, "CA" + "1" * 32, 9, call.now
    )
    assert perform(turn, Ask("choose_bill", {}), call.state) == Outcome("health")
    assert perform(turn, Ask("bill_balance", {"plan": "health"}), call.state).name == "current"
    assert perform(turn, Ask("next_recent_payment", {}), call.state) == Outcome("none")
    assert perform(turn, Ask("next_recent_payment", {}), call.state) == Outcome("none")
    assert perform(turn, Ask("authorize_payment", {}), call.state).name == "authorized"
    assert perform(turn, Ask("choose_bill", {}), call.state) == Outcome("nothing")


# Paying for somebody else.


def guests(asked, member, **changed):
    """A call whose caller keyed what stands on a member's bill."""
    facts = {
        "keyed_id": member.member_id,
        "member_birth": member.date_of_birth_keyed,
        "keyed_zip": "02108",
        "keyed_house": member.house_number,
    }
    return asked().know(**{**facts, **changed})


def test_a_guest_finds_a_member_by_what_is_on_the_bill_and_hears_no_more_of_them(asked, samples):
    member = samples["demo.letter"]
    found = {
        "guest_member_id": member.member_id,
        "guest_last4": member.member_id[-4:],
        "guest_told": "nothing",
    }
    assert guests(asked, member).ask("find_member") == Outcome("found", found)
    for wrong in ({"keyed_zip": "02109"}, {"keyed_house": "1"}, {"member_birth": "01021901"}):
        assert guests(asked, member, **wrong).ask("find_member") == Outcome("rejected")
    assert guests(asked, member).ask("find_member").name == "found"


def test_without_text_messages_no_guest_pays(asked):
    assert asked().ask("texts_go_out") == Outcome("yes")
    assert asked(notice_channels=("email", "letter")).ask("texts_go_out") == Outcome("no")


def test_a_guest_hears_the_bills_that_owe_something_one_after_another(owing, samples, asked):
    owing(("health", PAST, 4000), ("health", COMING, 31015), ("dental", COMING, 2500))
    call = asked().know(guest_member_id="499999999990", guest_told="nothing")
    first = call.ask("next_guest_bill")
    assert first == Outcome(
        "bill",
        {
            "guest_told": "health",
            "plan": "health",
            "total": 35015,
            "guest_due": PAST.isoformat(),
            "guest_account": "740000999",
        },
    )
    second = call.know(**first.slots).ask("next_guest_bill")
    assert (second.name, second.slots["plan"], second.slots["total"]) == ("bill", "dental", 2500)
    assert call.know(**second.slots).ask("next_guest_bill") == Outcome("no_more")


def test_a_guest_pays_a_first_bill_in_full(owing, asked):
    owing(("health", COMING, 31015), first_payment=True)
    call = asked().know(guest_member_id="499999999990", guest_told="nothing")
    assert call.ask("next_guest_bill").name == "first_payment"


GUEST = {
    **BANK,
    "guest_member_id": "499999999990",
    "guest_account": "740000999",
    "plan": "health",
    "total": 31015,
    "amount": 31015,
    "words_heard": "yes",
    "confidence": "0.9",
    "payer_name": "JOANNA QUILLFEATHER",
    "payer_mobile": "+16175559753",
}


def test_a_guests_yes_is_a_payment_of_which_a_text_message_goes_out(owing, asked):
    """Said an hour and a half before the cutoff: the text message would be late for that one."""
    owing(("health", COMING, 31015))
    call = asked().know(**GUEST)
    call.now = datetime(2026, 12, 18, 20, 30, tzinfo=UTC)
    dates = call.ask("prepare_guest")
    assert (dates.name, dates.slots["debit_date"]) == ("ready", "2026-12-22")
    paid = call.know(**dates.slots).ask("authorize_guest")
    assert (paid.name, paid.slots["effective_date"]) == ("authorized", "2026-12-22")
    row = call.db.execute(select(Payment.receiver_name, Payment.sec_code, Payment.member_id)).one()
    assert row == (None, "TEL", "499999999990")
    assert call.db.execute(select(Notice.channel, Notice.state)).one() == ("sms", "pending")
    assert call.know(**dates.slots).ask("authorize_guest") == Outcome("changed")


def test_a_guest_cancels_with_both_numbers_until_the_bank_has_it(owing, asked):
    owing(("health", COMING, 31015))
    call = asked().know(**GUEST)
    paid = call.know(**call.ask("prepare_guest").slots).ask("authorize_guest")
    number = {"cancel_number": paid.slots["confirmation_number"]}
    wrong = call.know(**number, payer_mobile="+16175559754").ask("cancel_guest_payment")
    assert wrong == Outcome("rejected")
    call.know(**number, payer_mobile=GUEST["payer_mobile"])
    call.db.execute(update(Payment).values(state="batched"))
    assert call.ask("cancel_guest_payment") == Outcome("too_late")
    call.db.execute(update(Payment).values(state="authorized"))
    for _ in range(2):
        assert call.ask("cancel_guest_payment") == Outcome("cancelled")
    assert call.db.scalars(select(Notice.kind).where(Notice.state == "pending")).all() == ["cancelled"]


def test_a_name_is_said_again_and_two_mobile_numbers_are_compared(asked):
    assert asked().ask("name_again") == Outcome("again")
    call = asked().know(payer_mobile="+16175559753", payer_mobile_again="+16175559753")
    assert call.ask("compare_mobile") == Outcome("same")
    assert call.know(payer_mobile_again="+16175559754").ask("compare_mobile") == Outcome("different")


def test_a_member_hears_that_a_payment_was_made_for_them_and_no_number(owing, asked):
    owing(("health", COMING, 31015))
    call = asked().know(**GUEST)
    call.know(**call.ask("prepare_guest").slots).ask("authorize_guest")
    call.know(member_id="499999999990", made_shown=0)
    made = call.ask("next_payment_made")
    assert (made.name, made.slots["made_amount"], made.slots["made_stands"]) == ("for_you", 31015, "planned")
    assert call.ask("next_recent_payment") == Outcome("none")
    back = {"state": "returned", "return_code": "R14", "returned_at": call.now}
    call.db.execute(update(Payment).values(**back))
    call.db.execute(LedgerEntry.__table__.insert().values(**came_back(call.db, 31015, call.now)))
    told = call.ask("next_returned_payment")
    assert (told.name, told.slots["returned_reason"]) == ("returned", "for_you")


def came_back(db, cents, at):
    """The ledger's row of a payment that came back."""
    payment = db.execute(select(Payment.id, Payment.billing_account)).one()
    return {
        "billing_account": payment.billing_account,
        "kind": "return",
        "amount_cents": cents,
        "payment_id": payment.id,
        "posted_at": at,
    }


def test_every_action_is_tried_here():
    source = Path(__file__).read_text()
    assert [name for name in VOCABULARY.actions if f'ask("{name}"' not in source] == []
