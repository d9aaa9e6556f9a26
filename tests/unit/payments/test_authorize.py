"""Authorizing: one payment with everything that belongs to it, or none."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.exc import IntegrityError
from support.authorized import ACCOUNT_NUMBER, CUTOFF, KEYS, NOW, ZONE
from support.authorized import REQUEST as A_REQUEST

from ivr.base.keys import UnsealError
from ivr.base.randomness import SeededRandomness
from ivr.billing.ledger import balances
from ivr.notices.channels import promise
from ivr.payments.authorize import (
    Authorized,
    Refused,
    account_fingerprint,
    account_number_context,
    authorize,
)
from ivr.payments.confirmation_numbers import is_valid
from ivr.payments.history import payments_of_call, payments_to_tell, same_payment_today
from ivr.payments.report import list_json, payment_json, payment_listing, payment_text
from ivr.storage.engine import NO_LIMITS, make_engine
from ivr.storage.tables import Authorization, LedgerEntry, Notice, Payment

TODAY = date(2026, 12, 18)
MONDAY = date(2026, 12, 21)
REQUEST = replace(A_REQUEST, amount_cents=31015)
CONSENT = REQUEST.consent


def run(engine, hashes, request=REQUEST, *, now=NOW, seed=1, randomness=None):
    with engine.begin() as db:
        chance = randomness or SeededRandomness(seed)
        return authorize(db, KEYS, hashes, chance, now=now, cutoff=CUTOFF, request=request)


def count(engine, table):
    with engine.connect() as db:
        return db.execute(select(func.count()).select_from(table)).scalar_one()


def payments_only(engine):
    with engine.connect() as db:
        return db.execute(select(Payment.__table__)).all()


def nothing_is_written(engine):
    with engine.connect() as db:
        entries = db.execute(
            select(func.count()).select_from(LedgerEntry).where(LedgerEntry.kind == "payment")
        ).scalar_one()
    return (count(engine, Payment), count(engine, Authorization), entries) == (0, 0, 0)


def test_payment_consent_and_ledger_are_written_in_two_statements(engine, hashes, samples):
    log = []
    with engine.begin() as db:
        event.listen(db, "before_cursor_execute", lambda *arguments: log.append(arguments[2]))
        answer = authorize(db, KEYS, hashes, SeededRandomness(1), now=NOW, cutoff=CUTOFF, request=REQUEST)
        assert len(log) == 2
        promise(db, answer, "sms", "en-US", NOW)
        assert len(log) == 3
    assert isinstance(answer, Authorized)
    assert is_valid(answer.confirmation_number)
    assert (answer.plan, answer.amount_cents) == ("health", 31015)
    assert answer.cutoff_at == datetime(2026, 12, 18, 22, tzinfo=UTC)
    assert answer.effective_entry_date == MONDAY
    with engine.connect() as db:
        assert db.execute(select(Authorization.id)).scalar_one() == answer.authorization_id
        notice = db.execute(select(Notice.__table__)).one()
        about = (answer.payment_id, "authorization", answer.authorization_id, "authorized")
        assert tuple(notice)[1:] == (*about, "sms", "en-US", "pending", NOW, None, None, None)
        entry = db.execute(select(LedgerEntry.__table__).where(LedgerEntry.kind == "payment")).one()
        assert (entry.amount_cents, entry.billing_account) == (-31015, "740000101")
        assert (entry.payment_id, entry.posted_at, entry.coverage_month) == (answer.payment_id, NOW, None)
        health, dental = balances(db, "400000000101", TODAY)
    assert (health.balance_cents, health.pending_cents) == (0, 31015)
    assert (dental.balance_cents, dental.pending_cents) == (4230, 0)


def test_the_account_number_is_sealed_for_its_payment_and_known_again(engine, hashes, samples):
    first = run(engine, hashes)
    dental = replace(REQUEST, seq=20, billing_account="750000101", amount_cents=4230)
    second = run(engine, hashes, dental, seed=2)
    rows = {row.confirmation_number: row for row in payments_only(engine)}
    one, two = rows[first.confirmation_number], rows[second.confirmation_number]
    context = account_number_context(first.confirmation_number)
    assert KEYS.open(one.account_number, context) == ACCOUNT_NUMBER.encode()
    with pytest.raises(UnsealError):
        KEYS.open(two.account_number, context)
    assert one.account_fingerprint == two.account_fingerprint
    assert one.account_fingerprint == account_fingerprint(hashes, "021000021", ACCOUNT_NUMBER)
    assert one.account_fingerprint != account_fingerprint(hashes, "021000021", ACCOUNT_NUMBER[1:])
    assert one.account_last4 == "2345"
    assert ACCOUNT_NUMBER not in repr(rows) + repr(REQUEST)


def test_the_json_is_as_programs_expect_it(engine, hashes, samples):
    answer = run(engine, hashes)
    with engine.begin() as db:
        promise(db, answer, "email", "en-US", NOW)
    with engine.connect() as db:
        payment = payment_json(db, answer.confirmation_number)
        listed = list_json(db)
    expected = {
        "confirmation_number": answer.confirmation_number,
        "state": "authorized",
        "amount_cents": 31015,
        "plan": "health",
        "billing_account": "740000101",
        "member_id": "400000000101",
        "authorized_at": "2026-12-18T15:15:00Z",
        "cutoff_at": "2026-12-18T22:00:00Z",
        "not_before_date": "2026-12-21",
        "effective_entry_date": "2026-12-21",
        "sec_code": "TEL",
        "account_type": "checking",
        "rdfi_routing_number": "021000021",
        "account_last4": "2345",
        "receiver_name": "Amber Sample",
        "language": "en-US",
        "pace": "voice",
        "call_sid": "CA" + "1" * 32,
        "trace_number": None,
        "return_code": None,
        "settled_at": None,
        "returned_at": None,
        "hold_reason": None,
        "cancelled_at": None,
        "cancellation_number": None,
        "corrected_name": None,
        "moved_to_cutoff_at": None,
        "held_because": None,
        "notice": {"channel": "email", "state": "pending", "sent_at": None, "mailed_date": None},
        "movements": [],
    }
    consent = {
        "how": "spoken",
        "spoken_by": "caller",
        "words_heard": "yes I do",
        "confidence": 0.875,
        "asked_at": "2026-12-18T15:14:40Z",
        "answered_at": "2026-12-18T15:15:00Z",
        "text": CONSENT.text,
        "flow_version": "abc123",
        "prompts": [{"id": "authorization-terms", "language": "en-US", "sha256": "0" * 64}],
        "recording": None,
    }
    assert payment == {**expected, "told_later": [], "consent": consent}
    assert list(payment) == [*expected, "told_later", "consent"]
    assert listed == {"payments": [expected]}


def test_a_payment_without_a_notice_says_so(engine, hashes, samples):
    answer = run(engine, hashes)
    with engine.connect() as db:
        assert payment_json(db, answer.confirmation_number)["notice"] is None


def test_people_read_the_same_in_lines(engine, hashes, samples):
    answer = run(engine, hashes)
    with engine.begin() as db:
        promise(db, answer, "letter", "en-US", NOW)
        text = payment_text(payment_json(db, answer.confirmation_number), ZONE)
        [listed] = payment_listing(list_json(db), ZONE).lines
    lines = {
        name.strip(): value.strip() for name, _, value in (line.partition("  ") for line in text.splitlines())
    }
    assert lines["amount"] == "$310.15"
    assert lines["confirmation number"] == answer.confirmation_number
    assert lines["trace number"] == "-"
    assert lines["notice channel"] == "letter"
    assert lines["consent words heard"] == "yes I do"
    assert lines["consent prompt"] == "authorization-terms (en-US)"
    assert listed.split()[0] == answer.confirmation_number
    assert "$310.15" in listed
    assert lines["authorized at"] == "2026-12-18 10:15 EST"
    assert listed[11:33] == "  2026-12-18 10:15 EST"


def test_an_unknown_number_is_none_and_an_empty_list_says_so(engine, samples):
    with engine.connect() as db:
        assert payment_json(db, "12345678978") is None
        assert list_json(db) == {"payments": []}
        assert payment_listing(list_json(db), ZONE).lines == ()


def test_filters_narrow_the_list(engine, hashes, samples):
    first = run(engine, hashes)
    other = replace(REQUEST, call_sid="CA" + "2" * 32, billing_account="750000101", amount_cents=4230)
    second = run(engine, hashes, other, now=NOW + timedelta(minutes=1), seed=2)
    numbers = [first.confirmation_number, second.confirmation_number]

    def found(**filters):
        with engine.connect() as db:
            return [each["confirmation_number"] for each in list_json(db, **filters)["payments"]]

    assert found() == numbers
    assert found(call="CA" + "2" * 32) == numbers[1:]
    assert found(billing_account="740000101") == numbers[:1]
    assert found(state="authorized", call="CA" + "1" * 32) == numbers[:1]
    assert found(state="settled") == []


@pytest.mark.parametrize(
    ("change", "sec_code"),
    [
        ({"how": "spoken", "spoken_by": "relay", "confidence": None}, "TEL"),
        ({"how": "bill_code", "words_heard": "", "confidence": None}, "PPD"),
    ],
)
def test_the_entry_class_follows_how_consent_was_given(engine, hashes, samples, change, sec_code):
    run(engine, hashes, replace(REQUEST, consent=replace(CONSENT, **change)))
    assert payments_only(engine)[0].sec_code == sec_code


def test_less_owed_than_was_told_is_refused_though_the_amount_is_owed(engine, hashes, samples):
    told = replace(REQUEST, amount_cents=10000, balance_told_cents=31015)
    assert isinstance(run(engine, hashes, told), Authorized)
    before = count(engine, Payment), count(engine, Authorization), count(engine, LedgerEntry)
    assert run(engine, hashes, replace(told, seq=20), seed=2) == Refused("less_owed", 21015)
    assert (count(engine, Payment), count(engine, Authorization), count(engine, LedgerEntry)) == before
    assert isinstance(
        run(engine, hashes, replace(told, seq=21, balance_told_cents=21015), seed=3), Authorized
    )


@pytest.mark.parametrize(("paid_cents", "again_cents"), [(31015, 1), (30000, 1016), (0, 31016)])
def test_more_than_is_still_owed_is_refused_and_writes_nothing(
    engine, hashes, samples, paid_cents, again_cents
):
    if paid_cents:
        run(engine, hashes, replace(REQUEST, amount_cents=paid_cents))
    before = count(engine, Payment), count(engine, Authorization), count(engine, LedgerEntry)
    answer = run(engine, hashes, replace(REQUEST, seq=20, amount_cents=again_cents), seed=2)
    assert answer == Refused("less_owed", 31015 - paid_cents)
    assert (count(engine, Payment), count(engine, Authorization), count(engine, LedgerEntry)) == before


def test_what_is_left_can_be_paid_to_the_cent(engine, hashes, samples):
    run(engine, hashes, replace(REQUEST, amount_cents=30000))
    assert isinstance(run(engine, hashes, replace(REQUEST, seq=20, amount_cents=1015), seed=2), Authorized)


def test_a_turn_authorizes_once(engine, hashes, samples):
    run(engine, hashes, replace(REQUEST, amount_cents=100))
    with pytest.raises(IntegrityError, match="call_sid"):
        run(engine, hashes, replace(REQUEST, amount_cents=200), seed=2)
    assert [row.amount_cents for row in payments_only(engine)] == [100]


def test_another_members_bill_cannot_be_paid(engine, hashes, samples):
    with pytest.raises(LookupError):
        run(engine, hashes, replace(REQUEST, billing_account="740000102"))
    assert nothing_is_written(engine)


def test_what_does_not_commit_was_never_there(engine, hashes, samples):
    with engine.connect() as db:
        authorize(db, KEYS, hashes, SeededRandomness(1), now=NOW, cutoff=CUTOFF, request=REQUEST)
        db.rollback()
    assert nothing_is_written(engine)


class Draws:
    """Draws what it is told to, in turn."""

    def __init__(self, *draws):
        self._draws = list(draws)

    def below(self, limit):
        return self._draws.pop(0)


def test_a_taken_number_is_drawn_again(engine, hashes, samples):
    first = run(engine, hashes, replace(REQUEST, amount_cents=100), randomness=Draws(7))
    second = run(engine, hashes, replace(REQUEST, seq=20, amount_cents=200), randomness=Draws(7, 7, 8))
    assert first.confirmation_number[:9] == "100000007"
    assert second.confirmation_number[:9] == "100000008"
    sealed = next(row for row in payments_only(engine) if row.amount_cents == 200).account_number
    assert KEYS.open(sealed, account_number_context(second.confirmation_number)) == ACCOUNT_NUMBER.encode()
    assert count(engine, Authorization) == 2


def test_broken_randomness_does_not_go_on_for_ever(engine, hashes, samples):
    run(engine, hashes, replace(REQUEST, amount_cents=100), randomness=Draws(7))
    with pytest.raises(RuntimeError, match="confirmation numbers"):
        run(engine, hashes, replace(REQUEST, seq=20, amount_cents=200), randomness=Draws(*[7] * 5, 8))
    assert count(engine, Payment) == 1


def test_two_calls_cannot_pay_one_bill_twice(database_url, hashes, samples):
    crowd = make_engine(database_url, limits=NO_LIMITS, pool_size=8)

    def pay(number):
        return run(crowd, hashes, replace(REQUEST, call_sid=f"CA{number:032}"), seed=number)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(pay, range(8)))
    assert sorted(type(answer).__name__ for answer in answers) == ["Authorized", *["Refused"] * 7]
    assert {answer for answer in answers if isinstance(answer, Refused)} == {Refused("less_owed", 0)}
    assert count(crowd, Payment) == count(crowd, Authorization) == 1
    crowd.dispose()


def test_an_import_that_is_under_way_makes_nobody_wait(engine, hashes, samples):
    import io

    from ivr.billing.imports import import_bills

    text = (
        "billing_account,member_id,plan,coverage_month,amount,due_date,first_payment\n"
        "740000101,400000000101,health,2027-02,310.15,2027-01-23,no\n"
    )
    with engine.connect() as db:
        result = import_bills(db, hashes, NOW, io.BytesIO(text.encode()), as_of_at=NOW, file_name="b.csv")
        assert result.added == 1
        assert isinstance(run(engine, hashes), Authorized)
        db.commit()
    with engine.connect() as db:
        assert balances(db, "400000000101", TODAY)[0].balance_cents == 31015


@pytest.mark.parametrize(
    ("now", "told", "cutoff", "effective"),
    [
        ("2026-12-18T21:59:59+00:00", "2026-12-21", "2026-12-18", "2026-12-21"),
        (
            "2026-12-18T22:00:00+00:00",
            "2026-12-21",
            "2026-12-21",
            "2026-12-22",
        ),  # the cutoff passed meanwhile
        ("2026-12-18T15:15:00+00:00", "2026-12-23", "2026-12-22", "2026-12-23"),
    ],
)
def test_the_debit_follows_the_cutoff_and_is_never_before_the_date_told(
    *, engine, hashes, samples, now, told, cutoff, effective
):
    request = replace(REQUEST, not_before_date=date.fromisoformat(told))
    run(engine, hashes, request, now=datetime.fromisoformat(now))
    row = payments_only(engine)[0]
    assert row.cutoff_at == datetime.fromisoformat(f"{cutoff}T22:00:00+00:00")
    assert (row.not_before_date.isoformat(), row.effective_entry_date.isoformat()) == (told, effective)
    assert row.authorized_at == datetime.fromisoformat(now)


def recent_payments(db, member_id, since):
    return payments_to_tell(
        db, member_id, recent_since=since, returned_since=since, dropped_since=since
    ).recent


def test_recent_payments_are_newest_first_and_few(engine, hashes, samples):
    for index in range(7):
        at = NOW + timedelta(minutes=index)
        run(engine, hashes, replace(REQUEST, seq=index, amount_cents=100 + index), now=at, seed=index)
    with engine.connect() as db:
        found = recent_payments(db, "400000000101", NOW)
        assert [each.amount_cents for each in found] == [106, 105, 104, 103, 102]
        later = recent_payments(db, "400000000101", NOW + timedelta(minutes=6))
        assert [each.amount_cents for each in later] == [106]
        assert recent_payments(db, "400000000101", NOW + timedelta(minutes=7)) == ()
        assert recent_payments(db, "400000000102", NOW) == ()
        of_call = payments_of_call(db, REQUEST.call_sid)
        assert [each.amount_cents for each in of_call] == [100 + index for index in range(7)]
        assert payments_of_call(db, "CA" + "9" * 32) == ()
    assert (found[0].plan, found[0].account_last4) == ("health", "2345")
    assert (found[0].authorized_at, found[0].effective_entry_date) == (NOW + timedelta(minutes=6), MONDAY)


def test_the_same_payment_on_one_day_is_noticed(engine, hashes, samples):
    run(engine, hashes, replace(REQUEST, amount_cents=100))
    day_start = datetime(2026, 12, 18, 5, tzinfo=UTC)
    with engine.connect() as db:
        assert same_payment_today(db, "740000101", 100, day_start)
        assert same_payment_today(db, "740000101", 100, NOW)
        assert not same_payment_today(db, "740000101", 101, day_start)
        assert not same_payment_today(db, "750000101", 100, day_start)
        assert not same_payment_today(db, "740000101", 100, day_start + timedelta(days=1))


@pytest.mark.parametrize("state", ["cancelled", "returned"])
def test_what_was_undone_is_neither_recent_nor_the_same(engine, hashes, samples, state):
    run(engine, hashes, replace(REQUEST, amount_cents=100))
    with engine.begin() as db:
        db.execute(Payment.__table__.update().values(state=state))
        assert recent_payments(db, "400000000101", NOW) == ()
        assert not same_payment_today(db, "740000101", 100, NOW)
        assert len(payments_of_call(db, REQUEST.call_sid)) == 1
