"""Every duty of a single debit that was authorized by telephone: what has to be, who asks it, how it shows.

The rules are those of the Nacha Operating Rules for consumer debits (TEL, and PPD where a code signs), the
Federal Reserve's calendar, 45 CFR, and our own promises to members where no rule binds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import and_, any_, bindparam, case, cast, exists, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased
from sqlalchemy.types import Date, Text

from ivr.ach.banking_days import SETTLEMENT_ZONE, is_banking_day, last_reversal_date
from ivr.ach.return_codes import RETRIES_AT_MOST, RETRY_WITHIN_DAYS, RETURN_RULES
from ivr.ach.routing_numbers import routing_number_fault
from ivr.audit.checks import IN_PERIOD, MET, PAYMENT, Check, Scope
from ivr.languages.answers import YES
from ivr.languages.registry import SPOKEN
from ivr.payments.authorization_notices import EVERY_NOTICE
from ivr.payments.credits import REVERSAL_REASONS
from ivr.payments.fraud import FRAUD_TASK
from ivr.payments.life import DEBIT_KINDS
from ivr.payments.rates import SENT
from ivr.payments.retries import RETRY_CODES
from ivr.storage.tables import (
    AchEntry,
    Authorization,
    Call,
    EvidenceSeal,
    FlowVersion,
    LedgerEntry,
    Notice,
    Payment,
    StaffTask,
    Turn,
)

_QUIET: Final = tuple(code for code, rule in RETURN_RULES.items() if rule.quiet)
_SEALED_WITHIN_DAYS: Final = 2  # the night after the day is the rule; a worker may be down for one
_TOLD_WITHIN: Final = timedelta(days=2)
_DECIDED_WITHIN: Final = timedelta(days=3)
_NONCE_AND_TAG_BYTES: Final = 28  # of AES-GCM, around what is sealed


@dataclass(frozen=True, slots=True)
class Duty:
    """One duty: a word for it, what has to be true, and the source of the rule.

    `check` counts it. Where the rows of the line cannot show it there is none, and `shown_by` says what does.
    """

    word: str
    rule: str
    source: str
    check: Check | None = None
    shown_by: str = ""


def _day(instant: Any) -> Any:
    """Return the date of an instant by the Federal Reserve's clock."""
    return cast(func.timezone(SETTLEMENT_ZONE.key, instant), Date)


def _of_payments(*columns: Any) -> Any:
    return select(Payment.id.label(PAYMENT), *columns).where(IN_PERIOD)


def _consents(*columns: Any) -> Any:
    return _of_payments(*columns).join(Authorization, Authorization.id == Payment.authorization_id)


def _entries(kinds: tuple[str, ...], *columns: Any) -> Any:
    return (
        _of_payments(*columns)
        .join(AchEntry, AchEntry.payment_id == Payment.id)
        .where(AchEntry.kind.in_(kinds), AchEntry.state.in_(SENT))
    )


def _told(kind: str, *when: Any) -> Any:
    """Return whether a notice of this kind about the entry went out; one withdrawn was not true any more."""
    sent = Notice.state.in_(("sent", "replaced", "withdrawn"))
    return exists().where(
        Notice.about == "entry", Notice.about_id == AchEntry.id, Notice.kind == kind, sent, *when
    )


def _is_yes(_scope: Scope, said: Any) -> bool:
    """Return whether words that were heard are a yes on the closed list of their language."""
    language = SPOKEN.get(said.language)
    heard = said.words_heard.strip()
    return bool(heard and said.after and language and language.answers.means(heard, said.pace) == YES)


def _on_banking_day(scope: Scope, debit: Any) -> bool:
    return is_banking_day(debit.effective_entry_date, scope.closings)


def _reversed_in_time(scope: Scope, reversal: Any) -> bool:
    return reversal.settled_at is not None and reversal.effective_entry_date <= last_reversal_date(
        reversal.settled_at, scope.closings
    )


_retry = aliased(AchEntry)
_before = aliased(AchEntry)
_BEFORE_RETRY: Final = (_before.payment_id == AchEntry.payment_id) & (_before.id < AchEntry.id)
_RETRIES_SO_FAR: Final = (
    select(func.count())
    .where(
        _retry.payment_id == AchEntry.payment_id,
        _retry.kind == "retry",
        _retry.state.in_(SENT),
        _retry.id <= AchEntry.id,
    )
    .correlate(AchEntry)
    .scalar_subquery()
)
_CODE_BEFORE: Final = (
    select(_before.return_code)
    .where(_BEFORE_RETRY, _before.kind.in_(DEBIT_KINDS), _before.state == "returned")
    .order_by(_before.id.desc())
    .limit(1)
    .correlate(AchEntry)
    .scalar_subquery()
)
_FIRST_DEBITED: Final = (
    select(func.min(_before.effective_entry_date))
    .where(_BEFORE_RETRY, _before.kind == "debit")
    .correlate(AchEntry)
    .scalar_subquery()
)
# A letter is told on the day on which it is mailed, however early it lay in the outbox.
_TOLD_DATE: Final = case((Notice.channel == "letter", Notice.mailed_date), else_=_day(Notice.sent_at))
_FIRST_TOLD: Final = (
    select(func.min(_TOLD_DATE))
    .where(EVERY_NOTICE, Notice.state.in_(("sent", "replaced")))
    .correlate(Payment)
    .scalar_subquery()
)
_SEALED: Final = exists().where(EvidenceSeal.payment_id == Payment.id)
_ALTERED: Final = Payment.confirmation_number == any_(bindparam("altered", type_=ARRAY(Text)))
_HAS_TERMS: Final = cast(Authorization.prompts, Text).contains('"authorization-terms')
_KEPT_FLOW: Final = exists().where(FlowVersion.version == Authorization.flow_version)
_SEALED_BYTES: Final = (
    1 + func.get_byte(func.nullif(Payment.account_number, b""), 0) + _NONCE_AND_TAG_BYTES  # see base.keys
)

DUTIES: Final[tuple[Duty, ...]] = (
    Duty(
        "spoken-yes",
        "A debit by telephone (TEL) is authorized by the payer's own spoken yes, after the terms.",
        "Nacha Operating Rules, TEL entries: oral authorization; a key press is none",
        Check(
            _consents(
                Authorization.language,
                Payment.pace,
                Authorization.words_heard,
                (Authorization.answered_at >= Authorization.asked_at).label("after"),
            ).where(Authorization.how == "spoken"),
            _is_yes,
        ),
    ),
    Duty(
        "keyed-code",
        "Where a code printed on the bill is the signature, the turn in which it was keyed is on record.",
        "Nacha Operating Guidelines, PPD entries: similarly authenticated authorization",
        Check(
            _consents(
                and_(
                    Authorization.answered_at >= Authorization.asked_at,
                    exists().where(Turn.call_sid == Payment.call_sid, Turn.seq == Payment.seq),
                ).label(MET)
            ).where(Authorization.how == "bill_code")
        ),
    ),
    Duty(
        "terms-kept",
        (
            "The terms are kept word for word as they were spoken, with the version of the dialog that spoke"
            " them."
        ),
        "Nacha Operating Rules: minimum contents of every consumer debit's authorization; copy on request",
        Check(
            _consents(and_(Authorization.text != "", _HAS_TERMS, _KEPT_FLOW).label(MET)),
        ),
    ),
    Duty(
        "identity",
        (
            "The caller was verified as the member whose bill is paid, in the call that said yes; a guest,"
            " who pays for a member, said their own name and confirmed it."
        ),
        "Nacha Operating Rules, TEL warranties: commercially reasonable method to verify identity",
        Check(
            _of_payments(
                or_(Call.member_id == Payment.member_id, Payment.payer_name_hash.is_not(None)).label(MET)
            ).outerjoin(Call, Call.call_sid == Payment.call_sid)
        ),
    ),
    Duty(
        "routing-number",
        "The routing number is one that a bank can have: nine digits, check digit and prefix.",
        "Nacha Operating Rules, TEL warranties: commercially reasonable method to verify the routing number",
        Check(
            _of_payments(Payment.rdfi_routing_number),
            lambda _scope, bank: routing_number_fault(bank.rdfi_routing_number) is None,
        ),
    ),
    Duty(
        "notice-before-settlement",
        (
            "The written notice of the authorization went out (a letter: was mailed) before the day on which"
            " its debit settles."
        ),
        (
            "Nacha Operating Rules, TEL entries: recording or written notice before settlement (nothing is"
            " recorded)"
        ),
        Check(_entries(("debit",), (AchEntry.effective_entry_date > _FIRST_TOLD).label(MET))),
    ),
    Duty(
        "evidence-kept",
        "The authorization and its notice are kept for as long as evidence has to be.",
        "Nacha Operating Rules: two years from the authorization; 45 CFR 155.1210: ten",
        Check(
            _of_payments(and_(Payment.authorization_id.is_not(None), exists().where(EVERY_NOTICE)).label(MET))
        ),
    ),
    Duty(
        "sec-code",
        (
            "A spoken yes is debited as TEL, a keyed code as PPD; a reversal under the debit's code, a refund"
            " as PPD."
        ),
        "Nacha Operating Rules: standard entry class codes",
        Check(
            _consents(
                and_(
                    Payment.sec_code == case((Authorization.how == "spoken", "TEL"), else_="PPD"),
                    func.coalesce(AchEntry.sec_code, Payment.sec_code)
                    == case((AchEntry.kind == "refund", "PPD"), else_=Payment.sec_code),
                ).label(MET)
            ).outerjoin(AchEntry, AchEntry.payment_id == Payment.id)
        ),
    ),
    Duty(
        "amount-once",
        "The account is debited for exactly the amount authorized, once.",
        "Nacha Operating Rules: a single entry as authorized",
        Check(
            _entries(
                DEBIT_KINDS,
                and_(
                    func.bool_and(AchEntry.amount_cents == Payment.amount_cents),
                    func.count().filter(AchEntry.kind == "debit") <= 1,
                ).label(MET),
            ).group_by(Payment.id)
        ),
    ),
    Duty(
        "not-early",
        "No debit takes effect before the date that was spoken in the terms.",
        "Nacha Operating Rules: date on or after which the account is debited",
        Check(_entries(DEBIT_KINDS, (AchEntry.effective_entry_date >= Payment.not_before_date).label(MET))),
    ),
    Duty(
        "banking-day",
        "Every debit takes effect on a banking day of the Federal Reserve.",
        "Nacha Operating Rules: effective entry date; Federal Reserve Bank holiday schedule",
        Check(_entries(DEBIT_KINDS, AchEntry.effective_entry_date), _on_banking_day),
    ),
    Duty(
        "cancelled-stays",
        "A payment that was cancelled in time is never debited.",
        "Nacha Operating Rules: revocation, as the terms told it",
        Check(
            _of_payments(
                (
                    ~exists().where(
                        AchEntry.payment_id == Payment.id,
                        AchEntry.kind.in_(DEBIT_KINDS),
                        AchEntry.state.in_(SENT),
                    )
                ).label(MET)
            ).where(Payment.state == "cancelled")
        ),
    ),
    Duty(
        "return-undone",
        "A debit that came back is owed again: the ledger says so.",
        "Nacha Operating Rules: returns; the member's account has to be true",
        Check(
            _entries(
                DEBIT_KINDS,
                exists().where(LedgerEntry.entry_id == AchEntry.id, LedgerEntry.kind == "return").label(MET),
            ).where(AchEntry.state == "returned")
        ),
    ),
    Duty(
        "return-told",
        "A member whose debit came back is told in writing.",
        "Promise of the line (no Nacha duty): a member who does not know loses coverage",
        Check(
            _entries(DEBIT_KINDS, _told("returned").label(MET)).where(
                AchEntry.state == "returned",
                AchEntry.return_code.not_in(_QUIET),
                AchEntry.returned_at < bindparam("now") - _TOLD_WITHIN,
            )
        ),
    ),
    Duty(
        "quiet-return",
        f"Of a death, a frozen account or sanctions ({', '.join(_QUIET)}) no machine writes: a person does.",
        "Promise of the line; sanctions: 31 CFR part 501",
        Check(
            _entries(DEBIT_KINDS, (~_told("returned", Notice.sent_at.is_not(None))).label(MET)).where(
                AchEntry.state == "returned", AchEntry.return_code.in_(_QUIET)
            )
        ),
    ),
    Duty(
        "retry",
        "Only what came back for insufficient funds is presented again: twice at most, within 180 days, the"
        " same amount.",
        "Nacha Operating Rules: reinitiation",
        Check(
            _entries(
                ("retry",),
                and_(
                    _RETRIES_SO_FAR <= RETRIES_AT_MOST,
                    _CODE_BEFORE.in_(RETRY_CODES),
                    AchEntry.effective_entry_date <= _FIRST_DEBITED + RETRY_WITHIN_DAYS,
                    AchEntry.amount_cents == Payment.amount_cents,
                ).label(MET),
            )
        ),
    ),
    Duty(
        "reversal-in-time",
        "A reversal takes effect within five banking days of the debit's settlement.",
        "Nacha Operating Rules: reversing entries",
        Check(_entries(("reversal",), Payment.settled_at, AchEntry.effective_entry_date), _reversed_in_time),
    ),
    Duty(
        "reversal-reason",
        "A reversal is of the whole debit, and only for a duplicate or a wrong amount, receiver or date.",
        "Nacha Operating Rules: reversing entries",
        Check(
            _entries(
                ("reversal",),
                and_(
                    AchEntry.amount_cents == Payment.amount_cents, AchEntry.reason.in_(REVERSAL_REASONS)
                ).label(MET),
            )
        ),
    ),
    Duty(
        "reversal-told",
        "The receiver is told of a reversal, and why, by the day on which it settles.",
        "Nacha Operating Rules: reversing entries, notice to the receiver",
        Check(
            _entries(
                ("reversal",),
                _told("reversed", AchEntry.effective_entry_date >= _TOLD_DATE).label(MET),
            )
        ),
    ),
    Duty(
        "fraud-monitoring",
        "A payment that looks like fraud is a task at once, and a person decides on it within three days.",
        "Nacha Operating Rules: fraud monitoring by originators, in force since 22 June 2026",
        Check(
            _of_payments(
                or_(
                    StaffTask.closed_at.is_not(None), StaffTask.opened_at > bindparam("now") - _DECIDED_WITHIN
                ).label(MET)
            )
            .join(StaffTask, StaffTask.payment_id == Payment.id)
            .where(StaffTask.kind == FRAUD_TASK)
        ),
    ),
    Duty(
        "unreadable-at-rest",
        "No account number is stored so that it can be read.",
        "Nacha Operating Rules: data security (above two million entries a year; kept at any volume)",
        Check(
            _of_payments((func.octet_length(Payment.account_number) >= _SEALED_BYTES).label(MET)).where(
                Payment.account_number.is_not(None)
            )
        ),
    ),
    Duty(
        "evidence-unchanged",
        "What proves the authorization is sealed within two days of its notice, and unchanged since.",
        "Nacha Operating Rules: proof on request of the bank; the line's own chain of seals",
        Check(
            _of_payments(and_(_SEALED, ~_ALTERED).label(MET)).where(
                or_(_SEALED, _day(bindparam("now")) - _SEALED_WITHIN_DAYS > _FIRST_TOLD)
            )
        ),
    ),
    Duty(
        "proof-on-request",
        "Proof of an authorization reaches the bank within ten banking days of its request.",
        "Nacha Operating Rules: retention and copies of authorizations",
        shown_by="`ivr payments show NUMBER --evidence` prints it at once; the date of the answer is in"
        " your files.",
    ),
    Duty(
        "corrections-used",
        "What a bank's notification of change corrects is used from the next entry to that account on.",
        (
            "Nacha Operating Rules: notifications of change (a single entry has no next one but a retry or a"
            " refund)"
        ),
        shown_by="Account numbers are sealed, so no count reads them; the program takes the corrected one,"
        " by test.",
    ),
    Duty(
        "entry-description",
        (
            "The company name is one members know; the description is none of the words reserved for other"
            " entries."
        ),
        "Nacha Operating Rules: company entry descriptions, with PAYROLL and PURCHASE since 20 March 2026",
        shown_by="The settings refuse reserved words at the start; `ivr ach status` names each file.",
    ),
    Duty(
        "recurring",
        "Recurring debits, standing authorizations and debits agreed online have duties of their own.",
        "Regulation E (12 CFR 1005.10); M.G.L. c. 167B; Nacha Operating Rules, WEB entries",
        shown_by="None is offered: the database holds single authorizations by telephone and nothing else.",
    ),
    Duty(
        "originator",
        "Who runs the line for the program is registered with the bank and audits its own rules once a year.",
        "Nacha Operating Rules: third-party senders and service providers",
        shown_by="The contract with the bank, and this report, once a year.",
    ),
)
