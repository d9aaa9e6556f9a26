"""Verification: one answer for every failure, counters that are exact and survive, a lock staff can undo."""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, insert, select
from support.environs import HASH_KEY_BYTES

from ivr.base.keys import KeyedHash
from ivr.members.facts import house_number
from ivr.members.locks import unlock
from ivr.members.verification import KeyedFacts, verify
from ivr.members.withdrawal import withdraw
from ivr.storage.engine import NO_LIMITS, make_engine
from ivr.storage.tables import Member, VerificationCounter

NOW = datetime(2026, 12, 18, 15, 15, tzinfo=UTC)
HEALTH = "demo.health_and_dental"


class CountingHash(KeyedHash):
    """The real hash, which also notes what it was asked for."""

    def __init__(self):
        super().__init__(HASH_KEY_BYTES)
        self.purposes = []

    def digest(self, purpose, *parts):
        self.purposes.append(purpose)
        return super().digest(purpose, *parts)


@contextmanager
def statement_log(engine):
    log = []

    def note(_connection, _cursor, statement, parameters, *_):
        log.append((statement, re.sub(r"datetime\([^)]*\)", "t", str(sorted(parameters)))))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield log
    finally:
        event.remove(engine, "before_cursor_execute", note)


def attempt(engine, hashes, member, *, now=NOW, **changed):
    facts = {
        "keyed_id": member.member_id,
        "ssn_last4": member.ssn_last4,
        "date_of_birth": member.date_of_birth_keyed,
    }
    with engine.begin() as db:
        return verify(db, hashes, now, KeyedFacts(**{**facts, **changed})).member


def without_ssn(member, **changed):
    """Facts as a caller without an SSN keys them."""
    account = next(iter(member.billing_accounts.values()))
    return {"ssn_last4": "", "billing_account": account, "zip_code": "02108", **changed}


def fail(engine, hashes, member, times, *, now=NOW, keyed_id=None):
    for _ in range(times):
        keyed = keyed_id or member.member_id
        assert attempt(engine, hashes, member, now=now, keyed_id=keyed, ssn_last4="0000") is None


def counter(engine, hashes, keyed_id):
    with engine.connect() as db:
        return db.execute(
            select(VerificationCounter.failures_since_success, VerificationCounter.recent_failures_at).where(
                VerificationCounter.counted_on.in_([keyed_id, hashes.digest("keyed_id", keyed_id).hex()])
            )
        ).one_or_none()


def test_right_facts_give_the_member_by_id_billing_account_or_telephone(engine, hashes, samples):
    member = samples[HEALTH]
    for keyed_id in (member.member_id, *member.billing_accounts.values(), "6175550101", "16175550101"):
        verified = attempt(engine, hashes, member, keyed_id=keyed_id)
        assert verified.member_id == member.member_id
        assert verified.member_id_last4 == member.member_id[-4:]
        assert verified.billing_accounts == member.billing_accounts
        assert (verified.language, verified.extra_time) == ("en-US", False)
        assert (verified.phone, verified.sms_ok, verified.email) == (member.phone, True, member.email)


def test_what_a_member_wishes_comes_along(engine, hashes, samples):
    assert attempt(engine, hashes, samples["demo.spanish"]).language == "es-US"
    assert attempt(engine, hashes, samples["demo.extra_time"]).extra_time


def test_neither_phone_nor_email_is_in_its_repr(engine, hashes, samples):
    member = samples[HEALTH]
    shown = repr(attempt(engine, hashes, member))
    assert member.phone not in shown
    assert member.email not in shown


KINDS = {
    "right": {},
    "wrong ssn": {"ssn_last4": "0001"},
    "wrong date": {"date_of_birth": "01311999"},
    "both wrong": {"ssn_last4": "0001", "date_of_birth": "01311999"},
    "no such member": {"keyed_id": "999999999999"},
    "no such billing account": {"keyed_id": "799999999"},
    "by billing account": {"keyed_id": "740000101"},
    "by telephone": {"keyed_id": "6175550101"},
    "a guest": {"ssn_last4": "", "zip_code": "02108", "house_number": "101"},
    "no such telephone": {"keyed_id": "6175550999"},
    "empty ssn": {"ssn_last4": ""},
    "bill where an ssn is on file": {
        "ssn_last4": "",
        "billing_account": "740000101",
        "zip_code": "02108",
    },
    "somebody's bill": {"ssn_last4": "", "billing_account": "740000108", "zip_code": "02108"},
    "a guest, another house": {"ssn_last4": "", "zip_code": "02108", "house_number": "102"},
    "a guest, another town": {"ssn_last4": "", "zip_code": "02109", "house_number": "101"},
    "a guest, no house": {"ssn_last4": "", "zip_code": "02108", "house_number": "000"},
    "a guest, another day": {
        "ssn_last4": "",
        "zip_code": "02108",
        "house_number": "101",
        "date_of_birth": "01311999",
    },
}
FOUND = {"right", "by billing account", "by telephone", "a guest"}


def test_every_kind_of_outcome_runs_the_same_statements_and_hashes(engine, samples):
    outcomes = {}
    for kind, facts in KINDS.items():
        hashes = CountingHash()
        with statement_log(engine) as log:
            verified = attempt(engine, hashes, samples[HEALTH], **facts)
        outcomes[kind] = (log, hashes.purposes)
        assert (verified is not None) == (kind in FOUND), kind
    for kind, name in (
        ("no ssn on file", "demo.no_ssn"),
        ("locked, wrong", "demo.sms"),
        ("locked, right", "demo.sms"),
    ):
        if kind == "locked, wrong":
            fail(engine, CountingHash(), samples[name], 5)
        hashes = CountingHash()
        with statement_log(engine) as log:
            wrong = {} if kind == "locked, right" else {"ssn_last4": "0001"}
            assert attempt(engine, hashes, samples[name], **wrong) is None
        outcomes[kind] = (log, hashes.purposes)
    first = outcomes["right"]
    assert len(first[0]) == 2
    assert len(first[1]) == 3
    assert {kind for kind, outcome in outcomes.items() if outcome != first} == set()


@pytest.mark.parametrize("ssn_last4", ["", "0000", "1234"])
def test_nothing_matches_a_missing_ssn(engine, hashes, samples, ssn_last4):
    assert attempt(engine, hashes, samples["demo.no_ssn"], ssn_last4=ssn_last4) is None


def test_an_empty_ssn_matches_nothing_even_where_one_was_stored(engine, hashes, samples):
    member = samples[HEALTH]
    with engine.begin() as db:
        empty = hashes.digest("ssn_last4", member.member_id, "")
        db.execute(Member.__table__.update().values(ssn_last4_hash=empty))
    assert attempt(engine, hashes, member, ssn_last4="") is None


def test_facts_of_one_member_do_not_open_another(engine, hashes, samples):
    amber, iris = samples[HEALTH], samples["demo.email"]
    assert attempt(engine, hashes, amber, keyed_id=iris.member_id) is None


@pytest.mark.parametrize("failures", [4, 5])
def test_the_fifth_failure_locks_for_24_hours(engine, hashes, samples, failures):
    member = samples[HEALTH]
    fail(engine, hashes, member, failures)
    locked = attempt(engine, hashes, member) is None
    assert locked == (failures == 5)
    almost = NOW + timedelta(hours=24) - timedelta(seconds=1)
    assert (attempt(engine, hashes, member, now=almost) is None) == locked
    assert attempt(engine, hashes, member, now=NOW + timedelta(hours=24)) is not None


def test_failures_older_than_24_hours_do_not_add_up_to_five(engine, hashes, samples):
    member = samples[HEALTH]
    fail(engine, hashes, member, 4)
    later = NOW + timedelta(hours=25)
    fail(engine, hashes, member, 4, now=later)
    assert attempt(engine, hashes, member, now=later) is not None


def test_the_newest_five_failures_decide(engine, hashes, samples):
    member = samples[HEALTH]
    fail(engine, hashes, member, 1)
    fail(engine, hashes, member, 5, now=NOW + timedelta(hours=23))
    assert attempt(engine, hashes, member, now=NOW + timedelta(hours=25)) is None
    assert attempt(engine, hashes, member, now=NOW + timedelta(hours=47)) is not None


def test_a_success_does_not_forget_the_failures_of_the_day(engine, hashes, samples):
    member = samples[HEALTH]
    fail(engine, hashes, member, 4)
    assert attempt(engine, hashes, member) is not None
    fail(engine, hashes, member, 1)
    assert attempt(engine, hashes, member) is None


def test_ten_failures_without_a_success_lock_for_good(engine, hashes, samples):
    member = samples[HEALTH]
    now = NOW
    for _ in range(3):
        fail(engine, hashes, member, 3, now=now)
        now += timedelta(days=2)
    assert counter(engine, hashes, member.member_id).failures_since_success == 9
    fail(engine, hashes, member, 1, now=now)
    assert attempt(engine, hashes, member, now=now + timedelta(days=400)) is None


def test_a_success_starts_the_count_of_ten_anew(engine, hashes, samples):
    member = samples[HEALTH]
    now = NOW
    for _ in range(4):
        fail(engine, hashes, member, 4, now=now)
        now += timedelta(days=2)
        assert attempt(engine, hashes, member, now=now) is not None
    assert counter(engine, hashes, member.member_id).failures_since_success == 0


def test_what_a_guest_knows_does_not_start_the_count_of_ten_anew(engine, hashes, samples):
    """More people know where a member lives: guesses at the rest must not be let go on by that."""
    member, guest = samples[HEALTH], KINDS["a guest"]
    now = NOW
    for _ in range(3):
        fail(engine, hashes, member, 3, now=now)
        assert attempt(engine, hashes, member, now=now, **guest) is not None
        now += timedelta(days=2)
    fail(engine, hashes, member, 1, now=now)
    for facts in ({}, guest):
        assert attempt(engine, hashes, member, now=now + timedelta(days=400), **facts) is None


@pytest.mark.parametrize(
    "written", ["7 Elm Street", "Apartment 07", "P.O. Box 7", "7-9 Elm Street", "7A Elm St"]
)
def test_the_first_number_of_an_address_is_the_houses(written):
    assert house_number(written) == "7"


def test_an_address_without_a_number_fits_no_guest(engine, hashes, samples):
    assert house_number("General Delivery") == ""
    with engine.begin() as db:
        db.execute(Member.__table__.update().values(address="General Delivery"))
    for keyed in ("0", "00", "101"):
        guest = {**KINDS["a guest"], "house_number": keyed}
        assert attempt(engine, hashes, samples[HEALTH], **guest) is None


def test_right_facts_behind_a_lock_count_as_nothing(engine, hashes, samples):
    member = samples[HEALTH]
    fail(engine, hashes, member, 6)
    before = counter(engine, hashes, member.member_id)
    assert attempt(engine, hashes, member) is None
    assert counter(engine, hashes, member.member_id) == before
    assert before.failures_since_success == 6


@pytest.mark.parametrize("locked_by", ["member", "health", "dental", "all in turn"])
def test_three_names_of_one_person_are_one_lock(engine, hashes, samples, locked_by):
    member = samples[HEALTH]
    names = {"member": member.member_id, **member.billing_accounts}
    keyed = [*names.values(), *names.values()][:5] if locked_by == "all in turn" else [names[locked_by]] * 5
    for keyed_id in keyed:
        fail(engine, hashes, member, 1, keyed_id=keyed_id)
    for keyed_id in names.values():
        assert attempt(engine, hashes, member, keyed_id=keyed_id) is None
    assert attempt(engine, hashes, samples["demo.sms"]) is not None


def test_ten_failures_over_three_names_lock_for_good(engine, hashes, samples):
    member = samples[HEALTH]
    now = NOW
    for keyed_id in (member.member_id, *member.billing_accounts.values(), member.member_id):
        fail(engine, hashes, member, 3, now=now, keyed_id=keyed_id)
        now += timedelta(days=2)
    assert attempt(engine, hashes, member, now=now + timedelta(days=400)) is None


def test_guesses_at_one_instant_by_three_names_are_counted_exactly(database_url, hashes, samples):
    crowd = make_engine(database_url, limits=NO_LIMITS, pool_size=18)
    member = samples[HEALTH]
    names = (member.member_id, *member.billing_accounts.values()) * 6
    ways = ({"ssn_last4": "0001"}, KINDS["a guest, another house"])
    with ThreadPoolExecutor(18) as threads:
        answers = list(
            threads.map(lambda n: attempt(crowd, hashes, member, **ways[n % 2], keyed_id=names[n]), range(18))
        )
    assert answers == [None] * 18
    with crowd.connect() as db:
        (counted,) = db.execute(select(VerificationCounter.__table__)).all()
    crowd.dispose()
    assert (counted.counted_on, counted.failures_since_success) == (member.member_id, 18)


def counted_before(engine, hashes, keyed_id, failures, *, at=NOW):
    """Count as it was done before counters hung on members: on the keyed hash of what was keyed."""
    with engine.begin() as db:
        db.execute(
            insert(VerificationCounter).values(
                counted_on=hashes.digest("keyed_id", keyed_id).hex(),
                failures_since_success=failures,
                recent_failures_at=[at] * min(failures, 5),
                last_failure_at=at,
            )
        )


@pytest.mark.parametrize("failures", [4, 5])
def test_what_was_counted_before_a_member_was_known_still_counts(engine, hashes, samples, failures):
    member = samples[HEALTH]
    counted_before(engine, hashes, member.member_id, failures)
    assert (attempt(engine, hashes, member) is None) == (failures == 5)
    fail(engine, hashes, member, 1)
    assert attempt(engine, hashes, member) is None
    with engine.begin() as db:
        assert unlock(db, hashes, member.member_id, "pat", NOW)
    assert attempt(engine, hashes, member) is not None


def test_a_success_ends_what_was_counted_before_too(engine, hashes, samples):
    member = samples[HEALTH]
    counted_before(engine, hashes, member.member_id, 9)
    later = NOW + timedelta(days=2)
    assert attempt(engine, hashes, member, now=later) is not None
    fail(engine, hashes, member, 1, now=later)
    assert attempt(engine, hashes, member, now=later) is not None


def test_an_id_that_does_not_exist_is_counted_and_not_stored_readably(engine, hashes, samples):
    fail(engine, hashes, samples[HEALTH], 3, keyed_id="123123123123")
    assert counter(engine, hashes, "123123123123").failures_since_success == 3
    with engine.connect() as db:
        stored = db.scalars(select(VerificationCounter.counted_on)).all()
    assert all("123123123123" not in each and len(each) == 64 for each in stored)


def test_twenty_failures_at_once_are_twenty(database_url, hashes, samples):
    crowd = make_engine(database_url, limits=NO_LIMITS, pool_size=20)
    member = samples[HEALTH]
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda _: attempt(crowd, hashes, member, ssn_last4="0001"), range(20)))
    assert answers == [None] * 20
    found = counter(crowd, hashes, member.member_id)
    crowd.dispose()
    assert found.failures_since_success == 20
    assert len(found.recent_failures_at) == 5


def test_an_attempt_rolled_back_is_not_counted(engine, hashes, samples):
    member = samples[HEALTH]
    with engine.connect() as db:
        verify(db, hashes, NOW, KeyedFacts(member.member_id, "01311999", "0001"))
        db.rollback()
    assert counter(engine, hashes, member.member_id) is None


def test_counters_outlive_the_process_that_made_them(engine, database_url, hashes, samples):
    fail(engine, hashes, samples[HEALTH], 5)
    another = make_engine(database_url)
    assert attempt(another, hashes, samples[HEALTH]) is None
    another.dispose()


@pytest.mark.parametrize("date_of_birth", ["", "1", "99999999", "x" * 8])
def test_odd_digits_are_only_wrong(engine, hashes, samples, date_of_birth):
    member = samples[HEALTH]
    with engine.begin() as db:
        answer = verify(db, hashes, NOW, KeyedFacts(member.member_id, date_of_birth, member.ssn_last4))
    assert answer.member is None


# Without an SSN.


def test_the_bill_and_the_zip_code_stand_for_an_ssn_that_is_not_on_file(engine, hashes, samples):
    heather = samples["demo.no_ssn"]
    for keyed_id in (heather.member_id, *heather.billing_accounts.values()):
        assert attempt(engine, hashes, heather, keyed_id=keyed_id, **without_ssn(heather)) is not None


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        (HEALTH, {}),  # an SSN is on file: nobody says it is not
        ("demo.no_ssn", {"ssn_last4": "1234"}),
        ("demo.no_ssn", {"billing_account": "740000101"}),
        ("demo.no_ssn", {"billing_account": ""}),
        ("demo.no_ssn", {"zip_code": "02109"}),
        ("demo.no_ssn", {"zip_code": ""}),
        ("demo.no_ssn", {"date_of_birth": "01311999"}),
        ("demo.no_ssn", {"keyed_id": "999999999999"}),
    ],
)
def test_without_an_ssn_everything_else_must_be_right(engine, hashes, samples, name, changed):
    member = samples[name]
    assert attempt(engine, hashes, member, **without_ssn(member, **changed)) is None


def test_a_zip_code_of_nine_digits_on_file_is_keyed_as_five(engine, hashes, samples):
    heather = samples["demo.no_ssn"]
    with engine.begin() as db:
        db.execute(Member.__table__.update().values(postal_code="02108-1234"))
    assert attempt(engine, hashes, heather, **without_ssn(heather)) is not None


# The telephone number on file.


def test_a_telephone_of_two_members_is_nobodys_and_counts_as_keyed(engine, hashes, samples):
    amber, iris = samples[HEALTH], samples["demo.email"]
    with engine.begin() as db:
        db.execute(
            Member.__table__.update().where(Member.member_id == iris.member_id).values(phone=amber.phone)
        )
    for member in (amber, iris):
        assert attempt(engine, hashes, member, keyed_id="6175550101") is None
        assert attempt(engine, hashes, member) is not None
    assert counter(engine, hashes, amber.phone).failures_since_success == 2


def test_a_lock_on_a_telephone_ends_with_the_members_own(engine, hashes, samples):
    member = samples[HEALTH]
    counted_before(engine, hashes, member.phone, 5)
    assert attempt(engine, hashes, member, keyed_id="6175550101") is None
    with engine.begin() as db:
        assert unlock(db, hashes, member.member_id, "pat", NOW)
    assert attempt(engine, hashes, member, keyed_id="6175550101") is not None


WAYS = ("member_id", "health", "dental", "phone", "bill", "guest")


def guess(member, way, number):
    """What somebody keys who knows all but one thing, and guesses that."""
    keyed_id = {"health": "740000101", "dental": "750000101", "phone": "6175550101"}.get(
        way, member.member_id
    )
    if way == "bill":
        return {"keyed_id": keyed_id, **without_ssn(member, zip_code=f"{number:05d}")}
    if way == "guest":
        return {"keyed_id": keyed_id, **KINDS["a guest"], "house_number": f"{number + 102}"}
    return {"keyed_id": keyed_id, "ssn_last4": f"{number:04d}"}


def test_a_hundred_guesses_at_once_by_every_way_stay_within_one_budget(database_url, hashes, samples):
    crowd = make_engine(database_url, limits=NO_LIMITS, pool_size=25)
    member = samples[HEALTH]
    right = {"keyed_id": member.member_id, "ssn_last4": member.ssn_last4}
    tries = [guess(member, WAYS[number % len(WAYS)], number) for number in range(95)]
    with ThreadPoolExecutor(25) as threads:
        answers = list(
            threads.map(lambda facts: attempt(crowd, hashes, member, **facts), [*tries, *([right] * 5)])
        )
        known = sum(each is not None for each in answers)
        with crowd.connect() as db:
            (counted,) = db.execute(select(VerificationCounter.__table__)).all()
        for days in (1, 400):
            later = NOW + timedelta(days=days)
            again = [
                *tries,
                KINDS["a guest"],
                *(dict(guess(member, way, 0), ssn_last4=member.ssn_last4) for way in WAYS),
            ]
            assert not any(
                threads.map(lambda facts, at=later: attempt(crowd, hashes, member, now=at, **facts), again)
            )
    crowd.dispose()
    # The right facts pass before five failures or never; each of the other ninety-five was counted, once.
    assert answers[:95] == [None] * 95
    assert counted.counted_on == member.member_id
    assert counted.failures_since_success == 95 if not known else counted.failures_since_success >= 90


def test_who_is_withdrawn_is_nobody_by_any_name(engine, hashes, samples):
    member = samples[HEALTH]
    with engine.begin() as db:
        assert withdraw(db, member.member_id, actor="Pat", now=NOW) is True
        assert withdraw(db, member.member_id, actor="Pat", now=NOW) is False
        assert withdraw(db, "499999999999", actor="Pat", now=NOW) is None
    assert attempt(engine, hashes, member, keyed_id="6175550101") is None
    for keyed_id in (member.member_id, *member.billing_accounts.values()):
        assert attempt(engine, hashes, member, keyed_id=keyed_id) is None
        assert counter(engine, hashes, keyed_id)[0] == 1  # on what was keyed, as with anybody unknown
