"""The tables. Plain PostgreSQL 15: no extension, no collation a person would notice.

Two column types say what a byte search may find: `Sealed` holds ciphertext (`base.keys.KeyRing`), `Keyed`
holds keyed hashes (`base.keys.KeyedHash`). No other column ever holds an SSN digit, a date of birth or a
bank account number.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    Computed,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Sequence,
    Text,
    UniqueConstraint,
    case,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from ivr.base.plans import PLANS


class Sealed(LargeBinary):
    """Ciphertext."""


class SealedForBank(Sealed):
    """Ciphertext under the bank's key, not under one of `KeyRing`."""


class SealedForStaff(Sealed):
    """Ciphertext under the console's key, not under one of `IVR_KEYS`."""


class Keyed(LargeBinary):
    """A keyed hash, 32 bytes."""


class Base(DeclarativeBase):
    """What every table derives from."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy's own declaration)
        str: Text(),
        datetime: DateTime(timezone=True),
        date: Date(),
        int: BigInteger(),
        dict[str, Any]: JSONB(),
        list[str]: ARRAY(Text()),
    }


class Canary(Base):
    """A known word hashed, or sealed, under a key of the settings (`canaries.py`)."""

    __tablename__ = "canaries"

    name: Mapped[str] = mapped_column(primary_key=True)  # hash, or sealed: and the key's id
    value: Mapped[bytes]
    made_at: Mapped[datetime]


class Member(Base):
    """Who owes. Names, address and wishes come from the members file."""

    __tablename__ = "members"
    __table_args__ = (Index("ix_members_phone", "phone", postgresql_where=text("phone IS NOT NULL")),)

    member_id: Mapped[str] = mapped_column(primary_key=True)
    first_name: Mapped[str]
    last_name: Mapped[str]
    date_of_birth_hash: Mapped[bytes] = mapped_column(Keyed)
    ssn_last4_hash: Mapped[bytes | None] = mapped_column(Keyed)
    phone: Mapped[str | None]
    address: Mapped[str]
    city: Mapped[str]
    state: Mapped[str]
    postal_code: Mapped[str]
    email: Mapped[str | None]
    language: Mapped[str]
    extra_time: Mapped[bool]
    sms_ok: Mapped[bool]
    updated_at: Mapped[datetime]
    email_ok: Mapped[bool | None]  # None where no file ever said: as yes, for a single debit
    withdrawn_at: Mapped[datetime | None]  # then nobody to the line, until a file has them again


Index(
    "ix_members_last_name",
    func.lower(Member.last_name).label("lowered"),
    postgresql_ops={"lowered": "text_pattern_ops"},
)


class BillingAccount(Base):
    """One member's one plan: nine digits beginning with 7. None is ever removed (a trigger refuses it)."""

    __tablename__ = "billing_accounts"
    __table_args__ = (
        UniqueConstraint("member_id", "plan"),
        CheckConstraint("assistance in ('none', 'tax_credit', 'connectorcare')", name="assistance"),
    )

    billing_account: Mapped[str] = mapped_column(primary_key=True)
    member_id: Mapped[str] = mapped_column(ForeignKey("members.member_id"))
    plan: Mapped[str]
    # From the accounts file; None until it names the account.
    assistance: Mapped[str | None]
    paid_through_month: Mapped[str | None]  # YYYY-MM
    reinstate_by_date: Mapped[date | None]
    reinstate_cents: Mapped[int | None]


def in_order_of_plans(plan: Any) -> ColumnElement[int]:
    """Return what sorts a column of plans in the order in which they are told."""
    return case({key: number for number, key in enumerate(PLANS)}, value=plan)


class Bill(Base):
    """One month's bill as last imported; what is owed is the ledger's sum, not this row.

    A trigger looks up the billing accounts of all rows of an INSERT at once.
    """

    __tablename__ = "bills"

    billing_account: Mapped[str] = mapped_column(primary_key=True)
    coverage_month: Mapped[str] = mapped_column(primary_key=True)  # YYYY-MM
    amount_cents: Mapped[int]
    due_date: Mapped[date]
    first_payment: Mapped[bool]
    authorization_code_hash: Mapped[bytes | None] = mapped_column(Keyed)
    as_of_at: Mapped[datetime]


class LedgerEntry(Base):
    """Append-only (a trigger refuses UPDATE and DELETE); owed is positive, paid negative, a balance a sum.

    A trigger looks up the billing accounts, as for bills.
    """

    __tablename__ = "ledger_entries"
    __table_args__ = (
        CheckConstraint(
            "kind in ('bill', 'correction', 'payment', 'receipt', 'cancellation', 'return', 'retry',"
            " 'reversal', 'refund')",
            name="kind",
        ),
        Index(None, "billing_account"),
        Index(
            "ux_ledger_entries_of_payment",
            "payment_id",
            "kind",
            "entry_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("payment_id is not null"),
        ),
        Index(
            "ux_ledger_entries_of_receipt",
            "receipt_reference",
            unique=True,
            postgresql_where=text("receipt_reference is not null"),
        ),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    billing_account: Mapped[str]
    kind: Mapped[str]
    amount_cents: Mapped[int]
    coverage_month: Mapped[str | None]
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payments.id"))
    posted_at: Mapped[datetime]
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("ach_entries.id"))
    receipt_reference: Mapped[str | None] = mapped_column(ForeignKey("receipts.reference"))


class Receipt(Base):
    """Money that came another way: by mail, at a counter, from a bank's bill pay, online."""

    __tablename__ = "receipts"
    __table_args__ = (
        CheckConstraint("channel in ('mail', 'counter', 'bank_bill_pay', 'online')", name="channel"),
        CheckConstraint("amount_cents > 0", name="amount"),
    )

    reference: Mapped[str] = mapped_column(primary_key=True)
    billing_account: Mapped[str] = mapped_column(ForeignKey("billing_accounts.billing_account"))
    amount_cents: Mapped[int]
    received_date: Mapped[date]
    channel: Mapped[str]
    imported_at: Mapped[datetime]


class Authorization(Base):
    """A yes to being debited: who said it, what was asked and what was answered, word for word.

    The payer says yes, and it is the payer's account; whose bill is paid is the payment's `member_id`. A
    guest is no member, and is named in the payment.
    """

    __tablename__ = "authorizations"
    __table_args__ = (
        CheckConstraint("kind in ('single')", name="kind"),
        CheckConstraint("how in ('spoken', 'bill_code')", name="how"),
        CheckConstraint("spoken_by in ('caller', 'relay')", name="spoken_by"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    kind: Mapped[str]
    payer_member_id: Mapped[str | None] = mapped_column(ForeignKey("members.member_id"))
    how: Mapped[str]
    spoken_by: Mapped[str]
    words_heard: Mapped[str]
    confidence: Mapped[float | None] = mapped_column(Numeric(4, 3, asdecimal=False))
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime]
    text: Mapped[str]
    language: Mapped[str]
    flow_version: Mapped[str]
    prompts: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    recording: Mapped[str | None]


# Not settled yet, nor cancelled or returned.
PENDING_STATES = ("authorized", "held", "batched", "sent")


class Payment(Base):
    """One account to be debited once for one bill. `(call_sid, seq)` is the turn that said yes: one, ever.

    Without a receiver's name it is a guest's: then `payer` seals the name and the mobile number
    (`ivr.payments.guests`), for as long as evidence is kept.
    """

    __tablename__ = "payments"
    __table_args__ = (
        UniqueConstraint("call_sid", "seq"),
        CheckConstraint("amount_cents > 0", name="amount"),
        CheckConstraint(
            "state in ('authorized', 'held', 'cancelled', 'batched', 'sent', 'settled', 'returned', 'final')",
            name="state",
        ),
        CheckConstraint("account_type in ('checking', 'savings')", name="account_type"),
        CheckConstraint(
            "num_nonnulls(payer, payer_name_hash, payer_mobile_hash) in (0, 3)"
            " and num_nonnulls(receiver_name, payer) <= 1",
            name="payer",
        ),
        Index(None, "member_id", "authorized_at"),
        Index(None, "authorized_at", postgresql_using="brin"),
        Index(None, "billing_account"),
        Index(None, "account_last4"),
        Index("ix_payments_due", "cutoff_at", postgresql_where=text("is_pending")),
        {"postgresql_with": {"fillfactor": "50"}},  # room to change the state of all of a page at once
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    confirmation_number: Mapped[str] = mapped_column(unique=True)
    call_sid: Mapped[str]
    seq: Mapped[int] = mapped_column(Integer)
    state: Mapped[str]
    amount_cents: Mapped[int]
    plan: Mapped[str]
    billing_account: Mapped[str] = mapped_column(ForeignKey("billing_accounts.billing_account"))
    member_id: Mapped[str] = mapped_column(ForeignKey("members.member_id"))
    authorized_at: Mapped[datetime]
    cutoff_at: Mapped[datetime]
    not_before_date: Mapped[date]
    effective_entry_date: Mapped[date]
    sec_code: Mapped[str]
    account_type: Mapped[str]
    rdfi_routing_number: Mapped[str]
    account_number: Mapped[bytes | None] = mapped_column(Sealed)
    account_fingerprint: Mapped[bytes] = mapped_column(Keyed)
    account_last4: Mapped[str]
    receiver_name: Mapped[str | None]
    language: Mapped[str]
    pace: Mapped[str]
    trace_number: Mapped[str | None]  # of its newest entry, as the next two
    return_code: Mapped[str | None]
    returned_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    hold_reason: Mapped[str | None]
    cancelled_at: Mapped[datetime | None]
    cancellation_number: Mapped[str | None] = mapped_column(unique=True)
    corrected_name: Mapped[str | None]  # what is written instead of the name as authorized
    moved_to_cutoff_at: Mapped[datetime | None]  # the later one that takes it, where the spoken one did not
    authorization_id: Mapped[int | None] = mapped_column(  # None once it need not be kept any more
        ForeignKey("authorizations.id", ondelete="SET NULL"), index=True
    )
    payer: Mapped[bytes | None] = mapped_column(Sealed)
    payer_name_hash: Mapped[bytes | None] = mapped_column(Keyed)
    payer_mobile_hash: Mapped[bytes | None] = mapped_column(Keyed)
    # An index may ask for it, and not for the state: then what is batched and sent stays where it is, and is
    # written into no index again.
    is_pending: Mapped[bool] = mapped_column(
        Computed(f"state = ANY (ARRAY[{', '.join(map(repr, PENDING_STATES))}])", persisted=True)
    )


# The last seven digits of a trace number: one in ten million entries ago had the same.
TRACE_NUMBERS = Sequence(
    "ach_trace_number", minvalue=1, maxvalue=9_999_999, cycle=True, metadata=Base.metadata
)


class AchCutoff(Base):
    """One cutoff of the bank's. The row is the lock where two runs meet."""

    __tablename__ = "ach_cutoffs"

    cutoff_at: Mapped[datetime] = mapped_column(primary_key=True)
    finished_at: Mapped[datetime | None]


class AchFile(Base):
    """One file to the bank: its bytes are made once, sealed, and sent as they are, however often."""

    __tablename__ = "ach_files"
    __table_args__ = (
        CheckConstraint("state in ('written', 'sent', 'rejected')", name="state"),
        CheckConstraint("entries > 0", name="entries"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    cutoff_at: Mapped[datetime] = mapped_column(ForeignKey("ach_cutoffs.cutoff_at"), unique=True)
    name: Mapped[str] = mapped_column(unique=True)
    file_id_modifier: Mapped[str]
    created_at: Mapped[datetime]
    effective_entry_date: Mapped[date]
    batches: Mapped[int]
    entries: Mapped[int]
    debit_cents: Mapped[int]
    credit_cents: Mapped[int]
    content: Mapped[bytes | None] = mapped_column(Sealed)
    state: Mapped[str]
    sent_at: Mapped[datetime | None]
    rejected_at: Mapped[datetime | None]
    reject_reason: Mapped[str | None]
    naming_at: Mapped[datetime | None]  # when a try began to give it its name; how that ended is not known
    encrypted: Mapped[bytes | None] = mapped_column(
        SealedForBank
    )  # what goes out, where it is not the content


class AchEntry(Base):
    """One attempt to move a payment's money: the debit, a retry, a reversal, a refund."""

    __tablename__ = "ach_entries"
    __table_args__ = (
        CheckConstraint("kind in ('debit', 'retry', 'reversal', 'refund')", name="kind"),
        CheckConstraint(
            "state in ('requested', 'batched', 'sent', 'settled', 'returned', 'final', 'rejected',"
            " 'withdrawn')",
            name="state",
        ),
        CheckConstraint("amount_cents > 0", name="amount"),
        CheckConstraint(
            "state in ('requested', 'withdrawn') or (file_id is not null and trace_number is not null"
            " and effective_entry_date is not null)",
            name="in_a_file",
        ),
        UniqueConstraint("file_id", "trace_number"),
        Index(None, "payment_id"),
        Index(None, "trace_number"),
        Index("ix_ach_entries_moving", "effective_entry_date", postgresql_where=text("is_moving")),
        Index("ux_ach_entries_live_debit", "payment_id", unique=True, postgresql_where=text("is_live_debit")),
        {"postgresql_with": {"fillfactor": "50"}},
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"))
    file_id: Mapped[int | None] = mapped_column(ForeignKey("ach_files.id"))  # None while only requested
    kind: Mapped[str]
    sec_code: Mapped[str]
    transaction_code: Mapped[str]
    amount_cents: Mapped[int]
    trace_number: Mapped[str | None]
    effective_entry_date: Mapped[date | None]
    state: Mapped[str]
    return_code: Mapped[str | None]
    returned_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    reason: Mapped[str | None]  # of a reversal
    # For indexes, as `Payment.is_pending`.
    is_moving: Mapped[bool] = mapped_column(
        Computed("state = ANY (ARRAY['batched', 'sent', 'settled'])", persisted=True)
    )
    is_live_debit: Mapped[bool] = mapped_column(
        Computed(
            "kind = ANY (ARRAY['debit', 'retry'])"
            " AND state = ANY (ARRAY['requested', 'batched', 'sent', 'settled', 'final'])",
            persisted=True,
        )
    )


class BankItem(Base):
    """A return or a notification of change that the bank sent, whether it matched an entry or not."""

    __tablename__ = "bank_items"
    __table_args__ = (
        CheckConstraint("kind in ('return', 'change')", name="kind"),
        CheckConstraint("state in ('applied', 'unmatched', 'handed_over', 'closed')", name="state"),
        Index(None, "entry_id"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    kind: Mapped[str]
    code: Mapped[str]
    digest: Mapped[bytes] = mapped_column(Keyed, unique=True)  # of the records: the same item twice is one
    original_trace_number: Mapped[str]
    trace_number: Mapped[str]
    amount_cents: Mapped[int]
    individual_id: Mapped[str]
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("ach_entries.id"))
    state: Mapped[str]
    information: Mapped[str | None]
    corrected: Mapped[bytes | None] = mapped_column(Sealed)
    imported_at: Mapped[datetime]
    file_name: Mapped[str]  # empty: booked by hand, and the bank's file has not come yet
    line: Mapped[int] = mapped_column(Integer)
    settlement_date: Mapped[date | None]  # of the return itself, as the bank said


class BlockedAccount(Base):
    """A bank account that must not be debited again, known by its keyed hash."""

    __tablename__ = "blocked_accounts"

    account_fingerprint: Mapped[bytes] = mapped_column(Keyed, primary_key=True)
    return_code: Mapped[str]
    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"))
    blocked_at: Mapped[datetime]
    released_at: Mapped[datetime | None]


class BlockedRoutingNumber(Base):
    """A routing number that the network says takes no entries (R13)."""

    __tablename__ = "blocked_routing_numbers"

    routing_number: Mapped[str] = mapped_column(primary_key=True)
    return_code: Mapped[str]
    blocked_at: Mapped[datetime]
    released_at: Mapped[datetime | None]


class Bank(Base):
    """A bank that takes entries, as the Federal Reserve's directory has it; all rows are of one import."""

    __tablename__ = "banks"

    routing_number: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    imported_at: Mapped[datetime]


class StaffTask(Base):
    """Something that staff must look at; closed by staff."""

    __tablename__ = "staff_tasks"
    __table_args__ = (Index("ix_staff_tasks_open", "opened_at", postgresql_where=text("closed_at is null")),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    kind: Mapped[str]
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payments.id"))
    bank_item_id: Mapped[int | None] = mapped_column(ForeignKey("bank_items.id"))
    details: Mapped[dict[str, Any]]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None]
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("notices.id", ondelete="SET NULL"), index=True)
    taken_by: Mapped[str | None]
    notes: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))


class EvidenceSeal(Base):
    """One link of the chain over all evidence: `head` is the keyed hash of the head before and `digest`.

    A link is of a payment or of an event of the audit trail. Append-only (a trigger, as the ledger's).
    """

    __tablename__ = "evidence_seals"
    __table_args__ = (CheckConstraint("num_nonnulls(payment_id, audit_event_id) = 1", name="of_one"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payments.id"), unique=True)
    sealed_at: Mapped[datetime]
    digest: Mapped[bytes] = mapped_column(Keyed)
    head: Mapped[bytes] = mapped_column(Keyed)
    audit_event_id: Mapped[int | None] = mapped_column(unique=True)


class Notice(Base):
    """What is told in writing: `about` is the word for a table, `about_id` a row of it, `kind` what is told.

    Promised in the transaction of what it is about, sent by a job. One that was sent and is no longer true is
    `replaced`, and another of its kind follows it.
    """

    __tablename__ = "notices"
    __table_args__ = (
        CheckConstraint("about in ('authorization', 'payment', 'entry')", name="about"),
        CheckConstraint(
            "kind in ('authorized', 'cancelled', 'returned', 'reversed', 'refunded', 'not_debited',"
            " 'retried')",
            name="kind",
        ),
        CheckConstraint("channel in ('sms', 'email', 'letter')", name="channel"),
        CheckConstraint("state in ('pending', 'sent', 'failed', 'withdrawn', 'replaced')", name="state"),
        Index(None, "payment_id"),
        Index("ix_notices_unsent", "id", postgresql_where=text("state in ('pending', 'failed')")),
        Index(
            "ix_notices_unmailed",
            "id",
            postgresql_where=text("channel = 'letter' and state = 'sent' and mailed_date is null"),
        ),
        Index(
            "ux_notices_about",
            "about",
            "about_id",
            "kind",
            unique=True,
            postgresql_where=text("state <> 'replaced'"),
        ),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"))
    about: Mapped[str]
    about_id: Mapped[int]
    kind: Mapped[str]
    channel: Mapped[str]
    language: Mapped[str]
    state: Mapped[str]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    body: Mapped[str | None]  # as sent, word for word
    mailed_date: Mapped[date | None]  # of a letter; one that is sent lies in the outbox until then


class NoticeAttempt(Base):
    """One try to send a notice by one channel, and what became of it."""

    __tablename__ = "notice_attempts"
    __table_args__ = (
        CheckConstraint("channel in ('sms', 'email', 'letter')", name="channel"),
        CheckConstraint(
            "state in ('sending', 'accepted', 'delivered', 'undelivered', 'failed', 'later', 'unknown')",
            name="state",
        ),
        Index(None, "notice_id"),
        Index(None, "provider_reference"),
        Index(
            "ix_notice_attempts_undelivered",
            "notice_id",
            postgresql_where=text("state = 'undelivered'"),
        ),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id"))
    channel: Mapped[str]
    state: Mapped[str]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    provider_reference: Mapped[str | None]
    detail: Mapped[str | None]
    document_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)


class VerificationCounter(Base):
    """Failures per person, whatever name was keyed; where there is none, per what was keyed.

    `counted_on` is a member's ID, or in hex the keyed hash of a number that no member had when it was keyed.
    """

    __tablename__ = "verification_counters"

    counted_on: Mapped[str] = mapped_column(primary_key=True)
    failures_since_success: Mapped[int] = mapped_column(Integer)
    recent_failures_at: Mapped[list[datetime]] = mapped_column(ARRAY(DateTime(timezone=True)))
    last_failure_at: Mapped[datetime | None] = mapped_column(index=True)
    locked_at: Mapped[datetime | None]  # of the lock that holds, or that held last


class LiftedLimit(Base):
    """When staff last let a member's payments of a day be counted anew."""

    __tablename__ = "lifted_limits"

    member_id: Mapped[str] = mapped_column(ForeignKey("members.member_id"), primary_key=True)
    lifted_at: Mapped[datetime]


class AuditEvent(Base):
    """What staff changed, and when. Only `storage.audit` writes it, and a trigger keeps it append-only."""

    __tablename__ = "audit_events"
    __table_args__ = (Index(None, "subject"), Index(None, "at", postgresql_using="brin"))

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    details: Mapped[dict[str, Any]]


class StaffMember(Base):
    """Who may log in to the console, as what (`ivr.staff.rights`), and how they prove who they are."""

    __tablename__ = "staff_members"

    name: Mapped[str] = mapped_column(primary_key=True)
    roles: Mapped[list[str]]
    password_hash: Mapped[str]  # argon2id, with its parameters
    totp_secret: Mapped[bytes] = mapped_column(SealedForStaff)
    totp_step: Mapped[int]  # of the newest code that was taken: none is taken twice
    added_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class StaffLogin(Base):
    """One log-in, known by the keyed hash of what the browser keeps."""

    __tablename__ = "staff_logins"

    token_hash: Mapped[bytes] = mapped_column(Keyed, primary_key=True)
    name: Mapped[str] = mapped_column(ForeignKey("staff_members.name"))
    started_at: Mapped[datetime] = mapped_column(index=True)
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    address: Mapped[str] = mapped_column(server_default="")


class StaffLoginTry(Base):
    """A log-in that was tried and did not succeed, for whatever name and wherever from."""

    __tablename__ = "staff_login_tries"
    __table_args__ = (Index(None, "at"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    name: Mapped[str]
    address: Mapped[str]
    at: Mapped[datetime]


class Heartbeat(Base):
    """When a process of the line last said that it is at work."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime]


class FlowVersion(Base):
    """The text of every flow version that ever answered a call, so that a call finishes on its own."""

    __tablename__ = "flow_versions"

    version: Mapped[str] = mapped_column(primary_key=True)
    files: Mapped[dict[str, Any]]
    first_seen_at: Mapped[datetime]


class LineRun(Base):
    """A run of the proof, or of the written calls, that staff asked for.

    `results` has the `output` that is kept, a line each, and of written calls by file what differed ("").
    """

    __tablename__ = "line_runs"
    __table_args__ = (CheckConstraint("kind in ('proof', 'calls')", name="kind"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    kind: Mapped[str]
    flow_version: Mapped[str]
    asked_by: Mapped[str]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]  # None while it runs, or when whoever watched it is gone
    passed: Mapped[bool | None]
    played: Mapped[int]
    failed: Mapped[int]
    results: Mapped[dict[str, Any]]


class ReportDay(Base):
    """What came of the calls of a day that is over: the rows of one count (`ivr.calls.days`)."""

    __tablename__ = "report_days"

    counted: Mapped[str] = mapped_column(primary_key=True)  # a digest of what was counted, and how
    day: Mapped[date] = mapped_column(primary_key=True)
    rows: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    counted_at: Mapped[datetime]


class Call(Base):
    """One call. The row is the lock: a turn takes it first, alone, then reads."""

    __tablename__ = "calls"
    __table_args__ = (
        CheckConstraint("status in ('open', 'closed')", name="status"),
        Index(None, "started_at"),
        Index(
            "ix_calls_unpurged",
            "started_at",
            postgresql_where=text("not purged"),
        ),
        Index(None, "caller_hash", postgresql_where=text("caller_hash is not null")),
        Index(None, "member_id", postgresql_where=text("member_id is not null")),
        {"postgresql_with": {"fillfactor": "70"}},
    )

    call_sid: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[str]
    end: Mapped[str | None]  # goodbye, agent, hangup, fallback
    caller_kind: Mapped[str]  # number, withheld, other
    caller_hash: Mapped[bytes | None] = mapped_column(Keyed)
    started_at: Mapped[datetime]
    answered_at: Mapped[datetime]  # of the newest turn
    ended_at: Mapped[datetime | None]
    flow_version: Mapped[str]
    language: Mapped[str]
    pace: Mapped[str]
    seq: Mapped[int] = mapped_column(Integer)
    node: Mapped[str]
    member_id: Mapped[str | None]
    state: Mapped[str]  # the dialog's state as JSON text; nothing secret is in it
    secrets: Mapped[bytes | None] = mapped_column(Sealed)  # keyed digits, until the field is used
    purged: Mapped[bool]


class Turn(Base):
    """One webhook and its answer; the reply is kept, sealed, until 24 hours after the call."""

    __tablename__ = "turns"

    call_sid: Mapped[str] = mapped_column(ForeignKey("calls.call_sid"), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[datetime]
    node: Mapped[str]
    prompts: Mapped[str]  # ids, comma-separated, as the Ivr-Prompts header carries them
    events: Mapped[str]  # masked, JSON text
    reply: Mapped[bytes | None] = mapped_column(Sealed)
