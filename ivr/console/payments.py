"""Payments: found, their life as a line with times, and what staff may do about each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, get_args

from flask import Response, request
from flask import render_template as render
from sqlalchemy import and_, false, or_, select

from ivr.ach.return_codes import return_rule
from ivr.base.errors import OperatorError
from ivr.base.money import format_amount, parse_amount
from ivr.base.times import WrittenTimeError, span
from ivr.console.paging import ROWS, Stop, after_id, csv_file, in_time, paged, stop_of
from ivr.console.visit import Answer, Pages, StaffVisit
from ivr.console.written import member_of_number, plain_number
from ivr.notices.channels import send_soon_of
from ivr.notices.report import show_notice
from ivr.payments.approvals import Wanted, ask_approval, decide, wanted_of
from ivr.payments.cancel import cancel as cancel_payment
from ivr.payments.credits import REVERSAL_REASONS, refund, reverse
from ivr.payments.cutoffs import cutoff_rule
from ivr.payments.evidence import evidence_json
from ivr.payments.find import unknown_payment
from ivr.payments.fraud import hold_payment
from ivr.payments.late import STAFF_HOLDS, release_late
from ivr.payments.life import PaymentState
from ivr.payments.report import page_json, payment_json, plain
from ivr.payments.retries import reason_against_retry
from ivr.payments.retries_by_hand import retry, withdraw
from ivr.storage.tables import PENDING_STATES, AuditEvent, Notice, Payment

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

EXPORTED_MAX: Final = 5_000
_BY_INDEX: Final = ("number", "member", "on", "last4", "notice")
_ASKED: Final = (*_BY_INDEX, "state")
NOT_SENT: Final = "not sent"
NOT_MAILED: Final = "not mailed"
_NOTICES: Final = {
    NOT_SENT: Notice.state.in_(("pending", "failed")),
    NOT_MAILED: and_(Notice.channel == "letter", Notice.state == "sent", Notice.mailed_date.is_(None)),
}
_EXPORTED: Final = (
    *(
        "confirmation_number",
        "state",
        "amount_cents",
        "plan",
        "billing_account",
        "member_id",
        "authorized_at",
    ),
    *("effective_entry_date", "settled_at", "return_code", "returned_at", "cancellation_number"),
)
_DEBITED: Final = ("settled", "final")
payments = Pages("payments", "Payments", "payments.see")


@payments.page("/")
def index(visit: StaffVisit) -> Answer:
    """List the payments that fit what is asked, newest first."""
    asked = visit.asked(*_ASKED)
    problems: list[str] = []
    rows: list[dict[str, Any]] = []
    stop: Stop | None = None
    try:
        which = [*_which(visit, asked)]
    except WrittenTimeError as error:
        problems.append(str(error))
    else:
        if asked["state"] not in ("", *PENDING_STATES) and not any(asked[name] for name in _BY_INDEX):
            stop = stop_of(visit, Payment.id, Payment.authorized_at, after_id())
            which += [Payment.id >= stop.key] if stop else []
        rows = page_json(visit.db, after_id(), ROWS + 1, *which)
    return render(
        "payments.html",
        asked=asked,
        problems=problems,
        page=paged(rows, lambda payment: str(payment["id"]), stop),
        states=get_args(PaymentState),
        notices=_NOTICES,
    )


@payments.page("/payments.csv")
def download(visit: StaffVisit) -> Answer:
    """Send the payments that fit what is asked as CSV, newest first, `EXPORTED_MAX` at most."""
    asked = visit.asked(*_ASKED)
    columns = [Payment.__table__.c[name] for name in _EXPORTED]
    statement = select(*columns).order_by(Payment.id.desc()).limit(EXPORTED_MAX + 1)
    try:
        rows = visit.db.execute(statement.where(*_which(visit, asked))).all()
    except WrittenTimeError as error:
        raise OperatorError(str(error)) from None
    if len(rows) > EXPORTED_MAX:
        raise OperatorError(f"More than {EXPORTED_MAX} payments fit: ask for a day, or for a state of a day.")
    visit.record(
        "console.export_payments", ", ".join(f"{name} {text}" for name, text in asked.items() if text)
    )
    return csv_file("payments", [_EXPORTED, *([plain(value) for value in row] for row in rows)])


def _which(visit: StaffVisit, asked: Mapping[str, str]) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions that are asked for. Raises `WrittenTimeError`."""
    if asked["number"]:
        number = plain_number(asked["number"])
        yield or_(Payment.confirmation_number == number, Payment.cancellation_number == number)
    if asked["member"]:
        yield Payment.member_id == member_of_number(visit.db, asked["member"])
    if asked["state"]:
        of_state = Payment.state == asked["state"]
        # The pending ones have an index.
        yield and_(Payment.is_pending, of_state) if asked["state"] in PENDING_STATES else of_state
    if asked["last4"]:
        yield Payment.account_last4 == asked["last4"]
    if asked["notice"]:
        yield Payment.id.in_(select(Notice.payment_id).where(_NOTICES.get(asked["notice"], false())))
    if asked["on"]:
        begins, ends = span(visit.console.settings.ivr_timezone, visit.now, on=asked["on"])
        if begins is not None and ends is not None:  # a day has both
            yield in_time(Payment.id, Payment.authorized_at, begins, ends)


@payments.page("/<number>")
def show(visit: StaffVisit, number: str) -> Answer:
    """Show a payment: its life, its consent, what its member was told, what may be done."""
    payment = payment_json(visit.db, number)
    if payment is None:
        raise unknown_payment(number)
    visit.record("console.see_payment", number)
    payment_id = visit.db.execute(
        select(Payment.id).where(Payment.confirmation_number == number)
    ).scalar_one()
    notice = show_notice(visit.db, number)
    return render(
        "payment.html",
        payment=payment,
        life=_life(visit, payment, payment_id),
        notice=notice,
        wanted=wanted_of(visit.db, payment_id),
        may=_may(payment),
        no_retry=_no_retry(visit, payment, payment_id),
        after_return=_AFTER_RETURN.get(return_rule(payment["return_code"] or "").reason, _PAY_ANOTHER_WAY),
        reasons=REVERSAL_REASONS,
    )


@payments.page("/<number>/evidence.pdf")
def evidence(visit: StaffVisit, number: str) -> Answer:
    """Send everything that proves a payment's authorization, for a bank that asks for it."""
    from ivr.audit.consent_pack import make_consent_pack  # noqa: PLC0415 (half a second; few need it)

    found = evidence_json(visit.db, visit.console.hashes, number)
    if found is None:
        raise unknown_payment(number)
    visit.record("console.send_evidence", number)
    pdf = make_consent_pack(found, visit.now, visit.console.settings.ivr_timezone)
    headers = {"Content-Disposition": f'attachment; filename="authorization-{number}.pdf"'}
    return Response(pdf, mimetype="application/pdf", headers=headers)


_PAY_ANOTHER_WAY: Final = "The member pays from another account, or another way."
# What is done about a payment that came back, by why it did.
_AFTER_RETURN: Final = {
    "insufficient_funds": "The member pays again; or once there is money, it is presented once more.",
    "not_authorized": (
        "Read the member the yes below. If it was theirs, they tell their bank so, and pay another way; if it"
        " was not, note it in the task."
    ),
}


def _no_retry(visit: StaffVisit, payment: Mapping[str, Any], payment_id: int) -> str | None:
    """Return why a payment may not be presented again; "" if it may, None where it did not come back."""
    if payment["state"] != "returned":
        return None
    return reason_against_retry(visit.db, cutoff_rule(visit.console.settings), payment_id, visit.now)


def _may(payment: Mapping[str, Any]) -> Mapping[str, bool]:
    """Return what may be done about a payment in its state, whoever asks."""
    newest = payment["movements"][-1] if payment["movements"] else {}
    is_waiting = payment["state"] in ("authorized", "held")
    return {
        "cancel": is_waiting,
        "hold": is_waiting and payment["hold_reason"] not in STAFF_HOLDS,
        "release": payment["state"] == "held" and payment["hold_reason"] in STAFF_HOLDS,
        "give_back": payment["state"] in _DEBITED,
        "withdraw": (newest.get("kind"), newest.get("state")) == ("retry", "requested"),
    }


def _life(visit: StaffVisit, payment: Mapping[str, Any], payment_id: int) -> list[tuple[datetime, str]]:
    """Return what happened to a payment, and who of staff did it, in the order of time."""
    found = [(payment[name], words) for name, words in _MOMENTS.items() if payment[name]]
    if payment["cancelled_at"]:  # no cutoff comes for it after that
        found = [moment for moment in found if moment[0] <= payment["cancelled_at"]]
    if payment["notice"] and payment["notice"]["sent_at"]:
        found.append((payment["notice"]["sent_at"], f"Notice sent by {payment['notice']['channel']}"))
    for each in payment["movements"]:
        what = each["kind"].replace("_", " ")
        of = f" of the {each['of']}" if each["of"] else ""
        now = "" if each["of"] else f", now {each['state']}"
        code = f" ({each['return_code']})" if each["return_code"] else ""
        trace = f", trace {each['trace_number']}" if each["trace_number"] else ""
        amount = format_amount(each["amount_cents"])
        found.append((each["at"], f"{what.capitalize()}{of} of ${amount}{code}{now}{trace}"))
    told = [each for each in payment["told_later"] if each["sent_at"]]
    found += [(each["sent_at"], f"Told that it is {each['kind']}") for each in told]
    life = [(datetime.fromisoformat(at), words) for at, words in found]
    done = select(AuditEvent.at, AuditEvent.actor, AuditEvent.action, AuditEvent.details).where(
        AuditEvent.subject == str(payment_id), AuditEvent.action.startswith("payments.")
    )
    for at, actor, action, details in visit.db.execute(done):
        asked = f" to {details['action']} it" if action == "payments.ask" else ""
        life.append((at, f"{actor} {_DONE_BY_STAFF.get(action, action)}{asked}"))
    return sorted(life)


_DONE_BY_STAFF: Final = {
    "payments.ask": "asked",
    "payments.approve": "approved it",
    "payments.refuse": "refused it",
    "payments.hold": "held it",
    "payments.release": "released it",
    "payments.cancel": "cancelled it",
    "payments.refund": "had it refunded",
    "payments.reverse": "had it reversed",
    "payments.retry": "had it presented again",
    "payments.withdraw": "took that back",
}
_MOMENTS: Final = {
    "authorized_at": "Authorized in the call",
    "cutoff_at": "Cutoff",
    "moved_to_cutoff_at": "The later cutoff that takes it",
    "settled_at": "Settled: the money is there",
    "returned_at": "Came back",
    "cancelled_at": "Cancelled",
}


@payments.page("/<number>/cancel", right="payments.cancel", methods=("POST",))
def cancel(visit: StaffVisit, number: str) -> Answer:
    """Cancel a payment that no file holds yet."""
    cancel_payment(
        visit.db,
        visit.console.randomness,
        confirmation_number=number,
        actor=visit.staff.name,
        now=visit.now,
    )
    return visit.back("payments.show", "cancelled", number=number)


@payments.page("/<number>/hold", right="payments.hold", methods=("POST",))
def hold(visit: StaffVisit, number: str) -> Answer:
    """Keep a payment from the bank until staff let it go."""
    hold_payment(
        visit.db,
        confirmation_number=number,
        reason=visit.given("reason", "The reason"),
        actor=visit.staff.name,
        now=visit.now,
    )
    return visit.back("payments.show", "held", number=number)


@payments.page("/<number>/withdraw", right="payments.hold", methods=("POST",))
def take_back(visit: StaffVisit, number: str) -> Answer:
    """Take back a retry that no file holds yet."""
    withdraw(visit.db, confirmation_number=number, actor=visit.staff.name, now=visit.now)
    return visit.back("payments.show", "withdrawn", number=number)


@payments.page("/<number>/ask", right="payments.send", methods=("POST",))
def ask(visit: StaffVisit, number: str) -> Answer:
    """Ask for what moves money, once it is seen that it can be done."""
    action = visit.given("action", "What to do")
    details: dict[str, Any] = {}
    if action == "refund" and request.form.get("amount", "").strip():
        try:
            details["amount_cents"] = parse_amount(request.form["amount"].strip().removeprefix("$"))
        except ValueError as error:
            raise OperatorError(f"The amount is wrong: {error}") from None
    if action == "reverse":
        details["reason"] = visit.given("reason", "The reason")
        if details["reason"] not in REVERSAL_REASONS:
            raise OperatorError(f"A reversal has one of these reasons: {', '.join(REVERSAL_REASONS)}.")
    tried = visit.db.begin_nested()
    _do(visit, number, action, details)
    tried.rollback()
    ask_approval(
        visit.db,
        confirmation_number=number,
        action=action,
        actor=visit.staff.name,
        now=visit.now,
        **details,
    )
    return visit.back("payments.show", "asked", number=number)


def _do(visit: StaffVisit, number: str, action: str, details: Mapping[str, Any]) -> None:
    """Do what moves money. Raises `OperatorError` that says why it cannot be done."""
    rule = cutoff_rule(visit.console.settings)
    common: dict[str, Any] = {"confirmation_number": number, "actor": visit.staff.name, "now": visit.now}
    if action == "release":
        send_soon_of(visit.db, release_late(visit.db, rule, **common).payment_id)
    elif action == "refund":
        refund(visit.db, rule, amount_cents=details.get("amount_cents"), **common)
    elif action == "reverse":
        reverse(visit.db, rule, reason=details["reason"], **common)
    elif action == "retry":
        retry(visit.db, rule, **common)
    else:
        raise OperatorError(f"{action} is nothing that can be asked for.")


@payments.page("/<number>/decide", right="payments.send", methods=("POST",))
def approve(visit: StaffVisit, number: str) -> Answer:
    """Approve and do what somebody else asked for, or refuse it."""
    approves = request.form.get("word") == "approve"
    wanted: Wanted = decide(
        visit.db,
        number,
        task_id=request.form.get("asked", 0, type=int),
        approves=approves,
        actor=visit.staff.name,
        now=visit.now,
    )
    if approves:
        _do(visit, number, wanted.action, wanted.details)
    return visit.back("payments.show", "approved" if approves else "refused", number=number)
