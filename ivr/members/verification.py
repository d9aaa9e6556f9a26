"""Verification: what is known of a member, one answer, and a lock that nobody can hear.

Whatever is keyed (a member that does not exist, wrong facts, right facts behind a lock, an SSN on file that
was said not to be) the same two statements run with the same shapes and the same three hashes are made, so
that neither words nor time tell the cases apart. One person is one budget, by whatever name they are keyed
and whatever they prove it with: counters hang on the member found, and on a keyed hash of what was keyed
where there is none, or where a telephone number fits several. They are exact under parallel calls because the
first statement makes and locks the counter's row.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    Boolean,
    ScalarSelect,
    bindparam,
    case,
    func,
    literal,
    literal_column,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql

from ivr.base.words import last4
from ivr.members.facts import ZIP_DIGITS, house_number, phone_on_file
from ivr.storage.prepared import PreparedStatement
from ivr.storage.tables import BillingAccount, Member, VerificationCounter

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ivr.base.keys import KeyedHash

RECENT: Final = timedelta(hours=24)
RECENT_FAILURES: Final = 5
FAILURES_WITHOUT_SUCCESS: Final = 10
# The whole line: from this many failures within an hour on, staff are told and every verification is slowed.
LINE_HOUR: Final = timedelta(hours=1)
LINE_FAILURES: Final = 100

_NO_HASH: Final = bytes(32)  # what is compared when there is nothing to compare with; no HMAC is all zeros


@dataclass(frozen=True, slots=True)
class VerifiedMember:
    """Who is calling, and what the rest of the call needs of them without another look.

    `billing_accounts` maps plan (`health`, `dental`) to the nine digits; `member_id_last4` is what may be
    spoken. `phone`, `sms_ok`, `email` and `email_ok` decide the channel of the written notice.
    """

    member_id: str
    language: str
    extra_time: bool
    billing_accounts: Mapping[str, str]
    phone: str | None = field(repr=False)
    sms_ok: bool
    email_ok: bool | None
    email: str | None = field(repr=False)

    @property
    def member_id_last4(self) -> str:
        """The last four digits of the member ID."""
        return last4(self.member_id)


_COUNTED: Final = (
    VerificationCounter.counted_on,
    VerificationCounter.failures_since_success,
    VerificationCounter.recent_failures_at,
    VerificationCounter.last_failure_at,
    VerificationCounter.locked_at,
)


@dataclass(frozen=True, slots=True)
class VerificationAnswer:
    """What verification says: the member, or None for every kind of failure.

    `slowed`: so much fails on the whole line just now that every answer, this one too, must be given slowly.
    """

    member: VerifiedMember | None
    slowed: bool


def _line_failures() -> ScalarSelect[int]:
    """Count failures of the whole line since an instant, the newest five of each counter, up to the limit."""
    failed = (
        select(VerificationCounter.recent_failures_at)
        .where(VerificationCounter.last_failure_at > bindparam("line_since"))
        .limit(LINE_FAILURES)  # each has one failure at least, so more rows say nothing more
        .subquery("failed")
    )
    each = func.unnest(failed.c.recent_failures_at).table_valued("failed_at", name="each").render_derived()
    return (
        select(func.count())
        .select_from(failed)
        .join(each, true())
        .where(each.c.failed_at > bindparam("line_since"))
        .scalar_subquery()
    )


def _count_and_find() -> PreparedStatement:
    """Build the statement that finds the member, if there is one, and makes and locks the counter's row.

    It also reads what was counted on the keyed number itself: all there is where it is nobody's; before the
    member was known by it, where it is somebody's.
    """
    owner = (
        select(BillingAccount.member_id)
        .where(BillingAccount.billing_account == bindparam("keyed_id"))
        .scalar_subquery()
    )
    # One that fits two members fits nobody: which of them is calling would be a second guess.
    by_phone = (
        select(func.min(Member.member_id))
        .where(Member.phone == bindparam("keyed_phone"), Member.withdrawn_at.is_(None))
        .having(func.count() == 1)
        .scalar_subquery()
    )
    numbers = (
        select(func.json_object_agg(BillingAccount.plan, BillingAccount.billing_account))
        .where(BillingAccount.member_id == Member.member_id)
        .scalar_subquery()
    )
    found = (
        select(
            Member.member_id,
            Member.language,
            Member.extra_time,
            Member.phone,
            Member.sms_ok,
            Member.email_ok,
            Member.email,
            Member.ssn_last4_hash,
            Member.date_of_birth_hash,
            Member.postal_code,
            Member.address,
            numbers.label("billing_accounts"),
        )
        .where(
            Member.member_id == func.coalesce(owner, by_phone, bindparam("keyed_id")),
            Member.withdrawn_at.is_(None),
        )
        .cte("found")
    )
    counted_on = func.coalesce(select(found.c.member_id).scalar_subquery(), bindparam("keyed_id_hash"))
    made = postgresql.insert(VerificationCounter).from_select(
        ["counted_on", "failures_since_success", "recent_failures_at"],
        select(counted_on, literal(0), literal_column("'{}'")),
    )
    counter = (
        made.on_conflict_do_update(
            index_elements=[VerificationCounter.counted_on],
            set_={"failures_since_success": VerificationCounter.failures_since_success},
        )
        .returning(*_COUNTED)
        .cte("counter")
    )
    earlier = select(*(column.label(f"earlier_{column.name}") for column in _COUNTED)).subquery("earlier")
    before_known = (earlier.c.earlier_counted_on == bindparam("keyed_id_hash")) & (
        earlier.c.earlier_counted_on != counter.c.counted_on
    )
    return PreparedStatement(
        select(counter, found, earlier, _line_failures().label("line_failures")).select_from(
            counter.outerjoin(found, true()).outerjoin(earlier, before_known)
        )
    )


_COUNT_AND_FIND: Final = _count_and_find()

_OF_THE_COUNTER: Final = VerificationCounter.counted_on == bindparam("new_counted_on")
# Beside the counter, a success also ends what was counted before the member was known by the keyed number.
_STORE_COUNTER: Final = PreparedStatement(
    update(VerificationCounter)
    .where(
        _OF_THE_COUNTER | (VerificationCounter.counted_on == bindparam("keyed_id_hash")),
    )
    .values(
        failures_since_success=case(
            (_OF_THE_COUNTER | bindparam("success", type_=Boolean), bindparam("new_failures_since_success")),
            else_=VerificationCounter.failures_since_success,
        ),
        **{
            name: case((_OF_THE_COUNTER, bindparam(f"new_{name}", type_=column.type)), else_=column)
            for name, column in (
                ("recent_failures_at", VerificationCounter.recent_failures_at),
                ("last_failure_at", VerificationCounter.last_failure_at),
                ("locked_at", VerificationCounter.locked_at),
            )
        },
    )
)


@dataclass(frozen=True, slots=True)
class KeyedFacts:
    """What a caller keyed of themselves, digits as they were keyed.

    `keyed_id` is a member ID (12 digits), a billing account (9 digits beginning with 7) or the telephone
    number on file (10 digits); `date_of_birth` MMDDYYYY. `ssn_last4` empty: the caller has no SSN, and keyed
    a `billing_account` of theirs and the five digits of their `zip_code` instead. Who pays for the member
    keys the ZIP code and the `house_number` (or the box) of the member's address.
    """

    keyed_id: str = field(repr=False)
    date_of_birth: str = field(repr=False)
    ssn_last4: str = field(default="", repr=False)
    billing_account: str = field(default="", repr=False)
    zip_code: str = field(default="", repr=False)
    house_number: str = field(default="", repr=False)

    @property
    def is_of_a_guest(self) -> bool:
        """Whether these tell only whose bill is to be paid."""
        return self.house_number != ""


def verify(db: Connection, hashes: KeyedHash, now: datetime, keyed: KeyedFacts) -> VerificationAnswer:
    """Check what was keyed once, within the caller's transaction, and count the outcome.

    `now` is aware UTC. Answers the member, or None for every kind of failure: unknown, wrong, no SSN where
    one was keyed and one where none was, a telephone number of two members, locked. Locked are five failures
    of one person within 24 hours by whatever names and ways, or ten since their last success; right facts
    behind a lock count neither as a failure nor as a success; nor are a guest's a success, for they are known
    to more people. Who was withdrawn is unknown.
    """
    keyed_phone = phone_on_file(keyed.keyed_id)
    keyed_hash = keyed_id_hash(hashes, keyed_phone or keyed.keyed_id)
    (row,) = _COUNT_AND_FIND.rows(
        db,
        {
            "keyed_id": keyed.keyed_id,
            "keyed_phone": keyed_phone,
            "keyed_id_hash": keyed_hash,
            "line_since": now - LINE_HOUR,
        },
    )
    right = _facts_match(hashes, row, keyed)
    locked, slowed = _is_locked(row, now), row.line_failures >= LINE_FAILURES
    failures, recent = row.failures_since_success, row.recent_failures_at
    last_failure_at = row.last_failure_at
    if not right:
        failures += 1
        last_failure_at = now
        recent = [*recent, now][-RECENT_FAILURES:]  # the newest five decide; older ones say nothing more
    elif not locked and not keyed.is_of_a_guest:
        failures = 0
    _STORE_COUNTER.send(
        db,
        {
            "new_counted_on": row.counted_on,
            "keyed_id_hash": keyed_hash,
            "success": right and not locked and not keyed.is_of_a_guest,
            "new_failures_since_success": failures,
            "new_recent_failures_at": recent,
            "new_last_failure_at": last_failure_at,
            "new_locked_at": _locked_at(row, failures, recent, now) if not locked else row.locked_at or now,
        },
    )
    if not right or locked:
        return VerificationAnswer(None, slowed)
    member = VerifiedMember(
        member_id=row.member_id,
        language=row.language,
        extra_time=row.extra_time,
        billing_accounts=row.billing_accounts or {},
        phone=row.phone,
        sms_ok=row.sms_ok,
        email_ok=row.email_ok,
        email=row.email,
    )
    return VerificationAnswer(member, slowed)


def _is_locked(row: Any, now: datetime) -> bool:
    return _locks(row, row.failures_since_success, row.recent_failures_at, now)


def _locked_at(row: Any, failures: int, recent: list[datetime], now: datetime) -> datetime | None:
    """Return when the lock begins that these counts make: now, or not at all."""
    return now if _locks(row, failures, recent, now) else None


def _locks(row: Any, failures: int, recent: list[datetime], now: datetime) -> bool:
    """Return whether these counts lock, with what was counted before the member was known by this number."""
    total: int = failures + (row.earlier_failures_since_success or 0)
    return are_locking(total, [*recent, *(row.earlier_recent_failures_at or ())], now)


def are_locking(failures: int, recent: Sequence[datetime], now: datetime) -> bool:
    """Return whether `failures` since the last success, the newest of them at `recent`, lock at `now`."""
    of_the_day = [at for at in recent if now - at < RECENT]
    return len(of_the_day) >= RECENT_FAILURES or failures >= FAILURES_WITHOUT_SUCCESS


def keyed_id_hash(hashes: KeyedHash, keyed_id: str) -> str:
    """Return what failures with a number that is nobody's are counted on."""
    return hashes.digest("keyed_id", keyed_id).hex()


def _facts_match(hashes: KeyedHash, row: Any, keyed: KeyedFacts) -> bool:
    """Compare every fact, with two hashes, always all, also where there is no member to compare with."""
    member_id = row.member_id or keyed.keyed_id
    born = keyed.date_of_birth
    iso_date = f"{born[4:]}-{born[:2]}-{born[2:4]}"
    ssn_matches = hmac.compare_digest(
        hashes.digest("ssn_last4", member_id, keyed.ssn_last4), row.ssn_last4_hash or _NO_HASH
    ) & bool(keyed.ssn_last4)
    date_matches = hmac.compare_digest(
        hashes.digest("date_of_birth", member_id, iso_date), row.date_of_birth_hash or _NO_HASH
    )
    of_bill = f"{keyed.billing_account} {keyed.zip_code}"
    bill_matches = any(
        hmac.compare_digest(of_bill, f"{each} {row.postal_code[:ZIP_DIGITS]}")
        for each in (row.billing_accounts or {}).values()
    )
    guest_matches = hmac.compare_digest(
        f"{keyed.zip_code} {keyed.house_number.lstrip('0')}",
        f"{(row.postal_code or '')[:ZIP_DIGITS]} {house_number(row.address or '')}",
    ) & bool(keyed.house_number.strip("0"))
    without_ssn = bill_matches & (row.ssn_last4_hash is None) & (not keyed.ssn_last4)
    return date_matches & (guest_matches if keyed.is_of_a_guest else ssn_matches | without_ssn)
