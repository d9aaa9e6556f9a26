"""Members: who they are, what they owe, how they were told, whether they may try again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from flask import render_template as render
from flask import request
from sqlalchemy import and_, func, or_, select, tuple_
from sqlalchemy.orm import aliased

from ivr.base.errors import NotFoundError
from ivr.billing.ledger import balances
from ivr.calls.histories import calls_before
from ivr.console.paging import ROWS, after_id, paged
from ivr.console.visit import Answer, Pages, StaffVisit
from ivr.console.written import member_of_number, plain_number, telephone
from ivr.members.locks import lock_of, unlock
from ivr.payments.report import page_json
from ivr.storage.tables import BillingAccount, LedgerEntry, Member, Notice, Payment, VerificationCounter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement, Row, Select

_KEY = (Member.last_name, Member.first_name, Member.member_id)  # in this order they are listed
_NEWEST = 25
# By what it is called in an address: the table, its rows with the payment each is of, and whose they are.
_LISTED: Final[dict[str, tuple[Any, Select[Any], Any]]] = {
    "ledger": (
        LedgerEntry,
        select(*LedgerEntry.__table__.c, Payment.confirmation_number)
        .join(BillingAccount, BillingAccount.billing_account == LedgerEntry.billing_account)
        .outerjoin(Payment, Payment.id == LedgerEntry.payment_id),
        BillingAccount.member_id,
    ),
    "notices": (
        Notice,
        select(*Notice.__table__.c, Payment.confirmation_number).join(
            Payment, Payment.id == Notice.payment_id
        ),
        Payment.member_id,
    ),
}
_ESCAPED = re.compile(r"[\\%_]")
members = Pages("members", "Members", "members.see")


@members.page("/")
def index(visit: StaffVisit) -> Answer:
    """Find members by a number or name of theirs; nobody is listed unasked."""
    asked = {"q": visit.asked("q")["q"].strip(" ,")}  # or else a comma alone would list everybody
    found = _find(visit, asked["q"]) if asked["q"] else []
    return render("members.html", asked=asked, page=paged(found, lambda member: str(member.member_id)))


def _find(visit: StaffVisit, text: str) -> list[Row[Any]]:
    visit.record("console.find_members", text)
    if plain_number(text).strip("()+").isdecimal():
        which = or_(
            Member.member_id == member_of_number(visit.db, text), Member.phone == (telephone(text) or "")
        )
    else:
        which = _called(text)
    statement = select(*_KEY, Member.city).where(which).order_by(*_KEY).limit(ROWS + 1)
    if after := request.args.get("after"):
        last = aliased(Member)
        key = select(last.last_name, last.first_name, last.member_id).where(last.member_id == after)
        statement = statement.where(tuple_(*_KEY) > key.scalar_subquery())
    return [*visit.db.execute(statement)]


def _called(text: str) -> ColumnElement[bool]:
    """Return whether a member is called so: the beginning of a last name, `First Last` or `Last, First`."""
    last, comma, first = text.partition(",")
    names = [(last, first)]
    if not comma and " " in text:
        first, _, last = text.rpartition(" ")
        names.append((last, first))
    return or_(
        *(and_(_begins(Member.last_name, last), _begins(Member.first_name, first)) for last, first in names)
    )


def _begins(column: Any, text: str) -> ColumnElement[bool]:
    """Return whether a name begins so, in whatever case.

    A pattern that is written out is looked up by the index, one that the database puts together is not.
    """
    return func.lower(column).like(_ESCAPED.sub(r"\\\g<0>", text.strip().lower()) + "%")


@members.page("/<member_id>")
def show(visit: StaffVisit, member_id: str) -> Answer:
    """Show a member: accounts, ledger, payments, notices, calls, and whether they are locked."""
    db = visit.db
    columns = [column for column in Member.__table__.c if not column.name.endswith("_hash")]
    has_ssn = Member.ssn_last4_hash.is_not(None).label("has_ssn")
    member = db.execute(select(*columns, has_ssn).where(Member.member_id == member_id)).one_or_none()
    if member is None:
        raise NotFoundError(f"No member has the ID {member_id}.")
    visit.record("console.see_member", member_id)
    today = visit.now.astimezone(visit.console.settings.ivr_timezone).date()
    return render(
        "member.html",
        member=member,
        balances=balances(db, member_id, today),
        lock=lock_of(db, member_id, visit.now),
        failed=_failed(visit, member_id),
        ledger=_newest(visit, "ledger", member_id, _NEWEST),
        payments=page_json(db, None, _NEWEST, Payment.member_id == member_id),
        notices=_newest(visit, "notices", member_id, _NEWEST),
        calls=calls_before(db, None, _NEWEST, member_id=member_id),
    )


def _newest(
    visit: StaffVisit, what: str, member_id: str, count: int, before: int | None = None
) -> Sequence[Row[Any]]:
    """Return up to `count` rows of `_LISTED` of a member, newest first, from before the row `before` on."""
    table, statement, of = _LISTED[what]
    newest = statement.where(of == member_id).order_by(table.id.desc()).limit(count)
    return visit.db.execute(newest if before is None else newest.where(table.id < before)).all()


@members.page("/<member_id>/<what>")
def all_of(visit: StaffVisit, member_id: str, what: str) -> Answer:
    """List all that was posted to a member's accounts, or all that the member was told in writing."""
    name = select(Member.first_name, Member.last_name).where(Member.member_id == member_id)
    member = visit.db.execute(name).one_or_none()
    if member is None or what not in _LISTED:
        raise NotFoundError(f"No member has the ID {member_id}, or nothing of them is called {what}.")
    visit.record("console.see_member", member_id)
    page = paged(_newest(visit, what, member_id, ROWS + 1, after_id()), lambda row: str(row.id))
    return render("all_of_member.html", member_id=member_id, member=member, what=what, page=page)


def _failed(visit: StaffVisit, member_id: str) -> Mapping[str, Any] | None:
    """Return what was tried in vain since the member was last verified, and which calls to look at."""
    counted = select(VerificationCounter.failures_since_success, VerificationCounter.last_failure_at)
    tries = visit.db.execute(counted.where(VerificationCounter.counted_on == member_id)).one_or_none()
    if tries is None or not tries.failures_since_success:
        return None
    last = tries.last_failure_at.astimezone(visit.console.settings.ivr_timezone)
    return {"count": tries.failures_since_success, "last": last, "on": last.date(), "around": f"{last:%H:%M}"}


@members.page("/<member_id>/unlock", right="members.unlock", methods=("POST",))
def let_in(visit: StaffVisit, member_id: str) -> Answer:
    """Forget the failures of a member, so that they may try again at once."""
    if unlock(visit.db, visit.console.hashes, member_id, visit.staff.name, visit.now) is None:
        raise NotFoundError(f"No member has the ID {member_id}.")
    return visit.back("members.show", "unlocked", member_id=member_id)
