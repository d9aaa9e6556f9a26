"""The audit trail: who saw and did what, when, from where; and whether its chain is whole."""

from __future__ import annotations

from typing import Any

from flask import render_template as render
from sqlalchemy import Row, func, select

from ivr.base.times import WrittenTimeError, span
from ivr.console.paging import ROWS, after_id, in_time, paged, stop_of
from ivr.console.visit import Answer, Pages, StaffVisit
from ivr.storage.tables import AuditEvent, EvidenceSeal, Payment

trail = Pages("trail", "Audit", "trail.see")


@trail.page("/")
def index(visit: StaffVisit) -> Answer:
    """List what was seen and done, newest first; looking here is written down as well."""
    asked = visit.asked("who", "action", "subject", "on")
    problems = []
    statement = select(AuditEvent.__table__).order_by(AuditEvent.id.desc()).limit(ROWS + 1)
    if asked["who"]:
        statement = statement.where(AuditEvent.actor == asked["who"])
    if asked["action"]:
        statement = statement.where(AuditEvent.action.startswith(asked["action"], autoescape=True))
    if asked["subject"]:
        statement = statement.where(AuditEvent.subject == asked["subject"])
    try:
        begins, ends = span(visit.console.settings.ivr_timezone, visit.now, on=asked["on"] or None)
    except WrittenTimeError as error:
        problems.append(str(error))
    else:
        if begins is not None and ends is not None:
            statement = statement.where(in_time(AuditEvent.id, AuditEvent.at, begins, ends))
    after, stop = after_id(), None
    if (asked["who"] or asked["action"]) and not (asked["subject"] or asked["on"]):  # these have an index
        stop = stop_of(visit, AuditEvent.id, AuditEvent.at, after)
        statement = statement if stop is None else statement.where(AuditEvent.id >= stop.key)
    rows = visit.db.execute(statement if after is None else statement.where(AuditEvent.id < after)).all()
    numbers = _confirmation_numbers(visit, [event.subject for event in rows if _is_of_payment(event)])
    sealed = select(func.max(EvidenceSeal.audit_event_id), func.max(EvidenceSeal.sealed_at))
    last, sealed_at = visit.db.execute(sealed.where(EvidenceSeal.audit_event_id.is_not(None))).one()
    visit.record("console.see_trail", ", ".join(f"{name} {text}" for name, text in asked.items() if text))
    return render(
        "trail.html",
        asked=asked,
        problems=problems,
        page=paged([] if problems else rows, lambda event: str(event.id), stop),
        last=last,
        sealed_at=sealed_at,
        numbers=numbers,
    )


def _is_of_payment(event: Row[Any]) -> bool:
    """Return whether an event names a payment by the number of its row, which says nothing to people."""
    return bool(event.action.startswith("payments.") and event.subject.isdecimal())


def _confirmation_numbers(visit: StaffVisit, ids: list[str]) -> dict[str, str]:
    rows = select(Payment.id, Payment.confirmation_number).where(Payment.id.in_(map(int, ids)))
    return {str(row.id): row.confirmation_number for row in visit.db.execute(rows)}
