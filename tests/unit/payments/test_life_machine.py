"""A payment's whole life, in any order, with a crash between any two steps: the money stays true.

The bank is played by what lies in its folder: it knows the files byte by byte, and nothing of our tables. After every
rule, and after every crash, the tables are held against the bank's book, the ledger and the table of a life.
"""

from __future__ import annotations

import io
import itertools
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select
from support.bank import Back, file_of
from support.crashes import Crashes, DyingFolder
from support.money import FRIDAY, KEYS, pay, settings_with, tell_notice
from support.nacha import check_balance, entries_of, lines_of

from ivr.base.errors import OperatorError
from ivr.base.randomness import SecretRandomness
from ivr.billing.receipts import import_receipts
from ivr.jobs.ach_returns import request_due_retries
from ivr.jobs.bank import roll_forward, run_due_cutoffs
from ivr.jobs.retention import seal_days_before
from ivr.notices.mailing import note_mailed
from ivr.payments.cancel import cancel
from ivr.payments.credits import refund, reverse
from ivr.payments.cutoffs import cutoff_rule, due_cutoffs
from ivr.payments.delivery import (
    Folder,
    LateFileError,
    PerhapsDeliveredError,
    deliver_file,
    hold_delivery,
    undelivered_files,
)
from ivr.payments.evidence import verify_evidence
from ivr.payments.files import allow_again, note_arrived, reject_file
from ivr.payments.guests import GuestPayer
from ivr.payments.late import LEAVES_AT, STAFF_HOLDS, release_late, waiting_for_staff
from ivr.payments.life import LIFE
from ivr.payments.origination import file_context
from ivr.payments.retention import kept_since
from ivr.payments.returns import import_returns
from ivr.storage.tables import (
    AchEntry,
    AchFile,
    Authorization,
    EvidenceSeal,
    LedgerEntry,
    Notice,
    NoticeAttempt,
    Payment,
)

BOSTON = ZoneInfo("America/New_York")
BILLS = ((1, "health"), (1, "dental"), (2, "health"), (3, "health"))  # sample member, plan
ACCOUNT_OF = {("health", 1): "740000101", ("dental", 1): "750000101"} | {
    ("health", member): f"74000010{member}" for member in (2, 3)
}
CODES = ("R01", "R01", "R09", "R02", "R07", "R99")
CLOSES_THE_ACCOUNT = {"R02", "R07"}
LIVE = {"requested", "batched", "sent", "settled", "final"}
DEBIT_IN = {  # a payment's state -> the states of its one live debit or retry
    "batched": {"requested", "batched"},
    "sent": {"sent"},
    "settled": {"settled"},
    "final": {"final"},
}
HOLIDAYS = {  # of the Federal Reserve, written down from its own table
    *(date(2026, 12, 25), date(2027, 1, 1), date(2027, 1, 18), date(2027, 2, 15), date(2027, 5, 31)),
    *(date(2027, 7, 5), date(2027, 9, 6), date(2027, 10, 11), date(2027, 11, 11), date(2027, 11, 25)),
    *(date(2028, 1, 17), date(2028, 2, 21), date(2028, 5, 29), date(2028, 6, 19), date(2028, 7, 4)),
}
LAST_DAY = datetime(2028, 1, 10, tzinfo=UTC)
CRASHES = st.none() | st.tuples(
    st.integers(0, 6) | st.integers(0, 50), st.booleans()
)  # after how many steps; whether only the connection goes
PICKS = st.integers(0, 30)

# A process that dies in the middle of reading leaves its cursor to the server.
UNCLOSED = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

_calls = itertools.count(1)


def next_banking_day(day: date) -> date:
    day += timedelta(days=1)
    while day.weekday() > 4 or day in HOLIDAYS:
        day += timedelta(days=1)
    return day


@dataclass
class BankEntry:
    """One entry as the bank read it in a file it was given."""

    file: str
    trace: str
    number: str
    cents: int
    is_debit: bool
    settles_at: datetime
    returned: str = ""


@dataclass
class Bank:
    """The other side: what was brought to its folder, what it refused, and what came back."""

    folder: Folder
    files: dict[str, bytes] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    book: list[BankEntry] = field(default_factory=list)

    def look(self, now: datetime) -> None:
        """Take in what is new in the folder. A file never changes, and a trace number never comes twice."""
        if not self.folder.folder.is_dir():
            return
        for path in sorted(self.folder.folder.glob("*.ach")):
            content = path.read_bytes()
            assert self.files.setdefault(path.name, content) == content
            if not any(entry.file == path.name for entry in self.book):
                self.book += self._entries(path.name, content, now)
        traces = Counter(entry.trace for entry in self.book)
        assert set(traces.values()) <= {1}

    def _entries(self, name: str, content: bytes, now: datetime) -> list[BankEntry]:
        check_balance(content)
        days = {line[69:75] for line in lines_of(content) if line[0] == "5"}
        (effective,) = (datetime.strptime(day, "%y%m%d").date() for day in days)  # noqa: DTZ007
        brought = now.astimezone(BOSTON).date()
        day = effective if brought < effective else next_banking_day(brought)
        assert next_banking_day(day - timedelta(days=1)) == day
        return [
            BankEntry(
                name,
                entry["trace"],
                entry["id"].strip(),
                int(entry["amount"]),
                entry["code"][1] == "7",
                datetime.combine(day, time(8, 30), BOSTON).astimezone(UTC),
            )
            for entry in entries_of(content)
        ]

    def taken(self) -> list[BankEntry]:
        return [entry for entry in self.book if entry.file not in self.refused]


class AnyLife(RuleBasedStateMachine):
    """Payments of three members. The class attributes are set by the test below."""

    engine = None
    holder = None
    folders = None
    tally = None

    @initialize()
    def begin(self) -> None:
        self.now = FRIDAY
        self.settings = settings_with(IVR_RETRIES="2", IVR_ACH_OUT=str(next(self.folders)))
        self.rule = cutoff_rule(self.settings)
        self.bank = Bank(Folder(self.settings.ach_out))
        self.crashes = Crashes(self.engine, self.holder)
        self.destination = DyingFolder(self.bank.folder, self.crashes)
        self.told: dict[int, datetime] = {}
        self.closed: set[tuple[str, datetime]] = set()  # account numbers that a return has closed, and when
        self.seen: dict[int, str] = {}
        self.debited: set[int] = set()  # entries that were held against their letter
        self.mailed_late: set[int] = set()  # payments whose letter lay in the outbox at their cutoff
        self.told_date: dict[int, date] = {}  # of the debit, as it was spoken or written last
        self.ready = True
        with self.engine.connect() as db:
            self.billed = self.ledger(db)
        for bill in BILLS[:2]:
            self.authorize(bill, 4230, False, "sent", None)

    # What happens. Each is tried with a crash, then done to the end.

    @rule(
        bill=st.sampled_from(BILLS),
        cents=st.sampled_from([100, 4230, 10000]),
        later=st.booleans(),
        notice=st.sampled_from(["sent", "sent", "in_outbox", "pending", "failed"]),
        crash=CRASHES,
        payer=st.sampled_from([None, None, GuestPayer("JOANNA QUILLFEATHER", "+16175559753")]),
    )
    def authorize(self, bill, cents, later, notice, crash, *, payer=None) -> None:
        member, plan = bill
        with self.engine.connect() as db:
            owed = self.ledger(db)[ACCOUNT_OF[plan, member]]
        if owed < cents:
            return
        call_sid = f"CA{next(_calls):032x}"

        def say_yes() -> None:
            with self.engine.connect() as db:
                if db.scalars(select(Payment.id).where(Payment.call_sid == call_sid)).all():
                    return  # the turn finds its answer stored
            pay(
                self.engine,
                self.now,
                notice=notice,
                settings=self.settings,
                member=member,
                plan=plan,
                cents=cents,
                account_number=f"00123456789{member}",
                not_before_date=self.now.date() + timedelta(days=5) if later else None,
                call_sid=call_sid,
                payer=payer,
            )

        self.happens(say_yes, crash, set())
        self.tally["guests"] += payer is not None

    @precondition(lambda self: self.waiting())
    @rule(pick=PICKS, state=st.sampled_from(["sent", "sent", "in_outbox", "failed"]), crash=CRASHES)
    def notice(self, pick, state, crash) -> None:
        waiting = self.waiting()
        payment_id = waiting[pick % len(waiting)]

        def tell() -> None:
            with self.engine.begin() as db:
                tell_notice(db, payment_id, state, self.now)

        self.happens(tell, crash, set())

    @precondition(lambda self: self.in_outbox())
    @rule(days_ago=st.sampled_from([0, 0, 1]), crash=CRASHES)
    def mail_house(self, days_ago, crash) -> None:
        """The mail house says of all that lies in the outbox on which day it was mailed."""
        manifest = "".join(
            f"{row.provider_reference},{row.document_sha256.hex()},1,en-US,{row.payment_id}\n"
            for row in self.in_outbox()
        )
        day = self.now.date() - timedelta(days=days_ago)

        def confirm_mailing() -> None:
            stream = io.BytesIO(f"file,sha256,pages,language,confirmation_number\n{manifest}".encode())
            who = {"file_name": "mailed.csv", "mailed_date": day, "actor": "staff", "now": self.now}
            with self.engine.begin() as db:
                assert note_mailed(db, stream, **who).errors == []

        self.mailed_late |= {row.payment_id for row in self.in_outbox() if row.is_late}
        self.happens(confirm_mailing, crash, {"release"})

    @precondition(lambda self: self.any_in("authorized", "held"))
    @rule(pick=PICKS, crash=CRASHES)
    def cancel(self, pick, crash) -> None:
        number = self.some_number(pick)

        def call_it_off() -> None:
            with self.engine.begin() as db:
                random = SecretRandomness()
                cancel(db, random, confirmation_number=number, actor="staff", now=self.now)

        self.happens(call_it_off, crash, {"cancel"}, may_refuse=True)

    @precondition(lambda self: self.waiting_for_staff())
    @rule(pick=PICKS, crash=CRASHES)
    def release(self, pick, crash) -> None:
        """Staff let go what a missed cutoff left behind; its member must be told anew."""
        numbers = self.waiting_for_staff()
        number = numbers[pick % len(numbers)]

        def let_go() -> None:
            with self.engine.begin() as db:
                done = release_late(db, self.rule, confirmation_number=number, actor="staff", now=self.now)
            self.told.pop(done.payment_id, None)

        self.happens(let_go, crash, {"release"}, may_refuse="does not wait for a release")

    @rule(hours=st.sampled_from([1, 5, 24, 24, 72, 24 * 65]))
    def time_passes(self, hours) -> None:
        self.now = min(self.now + timedelta(hours=hours), LAST_DAY)

    @rule(
        job=st.sampled_from(["cutoff", "cutoff", "deliver", "deliver", "roll_forward", "retries", "seal"]),
        crash=CRASHES,
    )
    def worker(self, job, crash) -> None:
        getattr(self, job)(crash)

    def cutoff(self, crash) -> None:
        with self.engine.connect() as db:
            due = due_cutoffs(db, self.rule, self.now)

        def cut() -> None:
            run_due_cutoffs(self.engine, self.settings, self.now)

        self.happens(cut, crash, {"hold", "batch", "withdraw"})
        if due:
            self.nothing_forgotten(due[-1])

    def deliver(self, crash) -> None:
        def bring() -> None:
            with self.engine.connect() as db:
                waiting = undelivered_files(db)
            for file_id in waiting:
                self.bring(file_id)

        self.happens(bring, crash, {"send"})
        with self.engine.connect() as db:
            written = db.scalars(select(AchFile.name).where(AchFile.state != "rejected")).all()
        assert set(written) == set(self.bank.files) - self.bank.refused

    def bring(self, file_id) -> None:
        """Deliver a file. Where nobody can tell if it arrived, the bank is asked; a late one it still takes."""

        with self.engine.begin() as db:
            hold_delivery(db, file_id)  # the server may not have noticed yet who died,
            if file_id not in undelivered_files(db):  # nor have done yet what it had been sent to commit
                return

        def once_more(**how) -> None:
            assert deliver_file(self.engine, KEYS, self.destination, file_id, self.now, **how)

        try:
            once_more()
        except LateFileError:
            once_more(although_late=True)
        except PerhapsDeliveredError:
            self.tally["asked"] += 1
            with self.engine.begin() as db:
                name = db.scalars(select(AchFile.name).where(AchFile.id == file_id)).one()
                arrived = name in self.bank.files
                (note_arrived if arrived else allow_again)(db, name, actor="staff", now=self.now)
            if not arrived:
                once_more(although_late=True)

    def roll_forward(self, crash) -> None:
        def forward() -> None:
            roll_forward(self.engine, self.settings, self.now)

        self.happens(forward, crash, {"settle", "finish", "release"})
        self.agrees_with_the_bank()

    @precondition(lambda self: self.refusable())
    @rule(pick=PICKS, crash=CRASHES)
    def bank_refuses(self, pick, crash) -> None:
        files = self.refusable()
        name = files[pick % len(files)]
        self.bank.refused.add(name)

        def reject() -> None:
            with self.engine.begin() as db:
                reject_file(db, name, reason="no", actor="staff", now=self.now)

        self.happens(reject, crash, {"reject", "batch"}, may_refuse="rejected before")

    @precondition(lambda self: self.returnable())
    @rule(picks=st.lists(PICKS, min_size=1, max_size=2), code=st.sampled_from(CODES), crash=CRASHES)
    def bank_returns(self, picks, code, crash) -> None:
        entries = self.returnable()
        chosen = {entry.trace: entry for entry in (entries[pick % len(entries)] for pick in picks)}
        backs = [
            Back(code, each.trace, each.number, each.cents, credit=not each.is_debit)
            for each in chosen.values()
        ]
        imported = []

        def bring_back() -> None:
            with self.engine.begin() as db:
                imported.append(
                    import_returns(
                        db,
                        KEYS,
                        self.settings.hashes,
                        file_of(*backs),
                        odfi_routing=self.settings.ivr_odfi_routing,
                        file_name="back.ach",
                        actor="staff",
                        now=self.now,
                    )
                )

        for each in chosen.values():
            each.returned = code
            if code in CLOSES_THE_ACCOUNT and each.is_debit:
                self.closed.add((self.account_of(each.number), self.now))
        self.ready = False  # between the bank's word and the import the books may differ
        self.happens(bring_back, crash, {"return"})
        self.ready = True
        assert imported[-1].returns + imported[-1].already_known == len(backs)
        bring_back()
        assert imported[-1].already_known == len(backs)

    @precondition(lambda self: self.seen)
    @rule(code=st.none() | st.sampled_from(CODES), refused=st.sampled_from([False, False, True]))
    def a_day_at_the_bank(self, code, refused) -> None:
        """Everybody is told, the next cutoff comes, the file reaches the bank, something comes back."""
        self.authorize(BILLS[0], 100, False, "sent", None)
        self.everybody_is_told()
        self.next_cutoff()
        self.cutoff(crash=None)
        self.deliver(crash=None)
        self.roll_forward(crash=None)  # too early: nothing settles before its day
        if refused and self.refusable():
            self.bank_refuses(len(self.refusable()) - 1, None)
        self.next_cutoff()
        self.seal(crash=None)
        self.roll_forward(crash=None)
        if code and self.returnable():
            self.bank_returns([len(self.returnable()) - 1], code, None)
            self.now += timedelta(days=1)
        self.retries(crash=None)

    @rule(days=st.sampled_from([3, 5]), bill=st.sampled_from(BILLS), told=st.booleans(), kept=st.booleans())
    def nobody_was_at_work(self, days, bill, told, kept) -> None:
        """No worker for days; then it is back, and staff let go or call off what waits for them."""
        self.authorize(bill, 100, False, "sent" if told else "pending", None)
        self.now = min(self.now + timedelta(days=days), LAST_DAY)
        self.cutoff(crash=None)
        if self.waiting_for_staff():
            (self.release if kept else self.cancel)(len(self.seen) - 1, None)
        self.everybody_is_told()
        self.next_cutoff()
        self.cutoff(crash=None)

    @rule(bill=st.sampled_from(BILLS), crash=CRASHES)
    def the_mail_house_is_late(self, bill, crash) -> None:
        """A cutoff comes while a letter lies in the outbox; once it is mailed, its payment goes."""
        self.authorize(bill, 100, False, "in_outbox", None)
        self.next_cutoff()
        self.cutoff(crash=None)
        if self.in_outbox():
            self.mail_house(0, crash)
        self.next_cutoff()
        self.cutoff(crash=None)

    def everybody_is_told(self) -> None:
        def tell() -> None:
            with self.engine.begin() as db:
                for payment_id in self.waiting():
                    tell_notice(db, payment_id, "sent", self.now)

        self.happens(tell, None, set())

    def retries(self, crash) -> None:
        self.happens(lambda: request_due_retries(self.engine, self.settings, self.now), crash, {"retry"})

    @precondition(lambda self: self.any_in("settled", "final"))
    @rule(pick=PICKS, whole=st.booleans(), is_reversal=st.booleans(), crash=CRASHES)
    def give_back(self, pick, whole, is_reversal, crash) -> None:
        number = self.some_number(pick)
        before = self.credits()

        def give() -> None:
            if self.credits() != before:
                return  # staff see it in the list
            who = {"confirmation_number": number, "actor": "staff", "now": self.now}
            with self.engine.begin() as db:
                if is_reversal:
                    reverse(db, self.rule, reason="duplicate", **who)
                else:
                    refund(db, self.rule, amount_cents=None if whole else 50, **who)

        self.happens(give, crash, set(), may_refuse=True)

    @rule(bill=st.sampled_from(BILLS), cents=st.sampled_from(["1.00", "80.00"]), crash=CRASHES)
    def receipt(self, bill, cents, crash) -> None:
        account = ACCOUNT_OF[bill[1], bill[0]]
        day = self.now.astimezone(BOSTON).date()
        rows = (
            "billing_account,amount,received_date,channel,reference\n"
            f"{account},{cents},{day},mail,check {next(_calls)}\n"
        )
        self.billed[account] -= int(cents.replace(".", ""))

        def book() -> None:
            with self.engine.begin() as db:
                done = import_receipts(db, self.now, io.BytesIO(rows.encode()), file_name="r.csv")
                assert done.errors == []

        self.ready = False
        self.happens(book, crash, set())
        self.ready = True

    def seal(self, crash) -> None:
        self.happens(lambda: seal_days_before(self.engine, self.settings, self.now), crash, set())

    # How it happens.

    def happens(self, action, crash, events, *, may_refuse=False) -> None:
        """Do it, perhaps crash in the middle, then do it again; only `events` may move a payment."""
        self.tally[getattr(action, "__name__", "")] += 1
        for attempt in (crash, None) if crash else (None,):
            self.events = events
            if attempt is None:
                self.refusing(action, may_refuse)
            else:
                steps, cut = attempt
                with self.crashes.after(steps, cut=cut):
                    self.refusing(action, may_refuse)
                self.tally["crashes"] += self.crashes.died
            self.bank.look(self.now)
            self.money_is_true()

    def refusing(self, action, may_refuse) -> None:
        try:
            action()
        except OperatorError as error:
            if may_refuse is not True and not (may_refuse and may_refuse in str(error)):
                raise
            self.tally["refused"] += 1

    # What holds after everything.

    def money_is_true(self) -> None:
        with self.engine.connect() as db:
            payments = db.execute(select(Payment.__table__).order_by(Payment.id)).all()
            entries = db.execute(select(AchEntry.__table__).order_by(AchEntry.id)).all()
            files = db.execute(select(AchFile.__table__).order_by(AchFile.id)).all()
            notices = {row.payment_id: row for row in db.execute(HOLDING)}
            ledger = self.ledger(db)
            yes = select(Payment.id).join(Authorization, Authorization.id == Payment.authorization_id)
            said_yes = set(db.scalars(yes))
            seals = db.scalars(select(EvidenceSeal.head).order_by(EvidenceSeal.id.desc()).limit(1)).all()
            since = kept_since(self.now, 10)
            verified = verify_evidence(
                db, self.settings.hashes, kept_since=since, known_head=seals[0] if seals else None
            )
        self.states_follow_the_table(payments)
        self.each_has_one_debit(payments, entries)
        self.files_are_their_rows(files, entries, {payment.id: payment for payment in payments})
        self.nobody_untold(notices, entries, files)
        self.no_debit_before_its_letter(notices, entries)
        self.no_later_than_told(payments, entries)
        self.no_closed_account(payments, entries, files)
        assert verified.broken == ()
        assert verified.head_found
        assert said_yes == set(notices) == {payment.id for payment in payments}
        if self.ready:
            self.ledger_is_the_sum(ledger, payments, entries)

    def states_follow_the_table(self, payments) -> None:
        for payment in payments:
            reached = {self.seen.get(payment.id, "authorized")}
            for _ in range(len(LIFE)):
                reached |= {
                    new for (old, event), new in LIFE.items() if old in reached and event in self.events
                }
            assert payment.state in reached
            if payment.state != self.seen.get(payment.id):
                self.tally[payment.state] += 1
        self.seen = {payment.id: payment.state for payment in payments}

    def each_has_one_debit(self, payments, entries) -> None:
        for payment in payments:
            debits = [
                each for each in entries if each.payment_id == payment.id and each.kind in ("debit", "retry")
            ]
            live = [each for each in debits if each.state in LIVE]
            assert [each.state in DEBIT_IN.get(payment.state, ()) for each in live] == [True] * (
                payment.state in DEBIT_IN
            )
            assert {each.amount_cents for each in debits} <= {payment.amount_cents}
            stands = [each.state for each in debits if each.state not in ("rejected", "withdrawn")]
            assert (payment.state == "returned") <= (stands[-1:] == ["returned"])
            assert (payment.hold_reason is not None) == (payment.state == "held")
            if live and live[0].trace_number:
                assert (payment.trace_number, payment.effective_entry_date) == (
                    live[0].trace_number,
                    live[0].effective_entry_date,
                )

    def files_are_their_rows(self, files, entries, payments) -> None:
        names = {file.id: file.name for file in files}
        assert len(set(names.values())) == len(files)
        for file in files:
            content = KEYS.open(file.content, file_context(file.name))
            assert self.bank.files.get(file.name, content) == content
            totals = check_balance(content)
            assert (file.batches, file.entries) == (totals["batches"], totals["entries"])
            assert (file.debit_cents, file.credit_cents) == (totals["debits"], totals["credits"])
            rows = [
                (
                    each.trace_number,
                    payments[each.payment_id].confirmation_number,
                    each.amount_cents,
                    each.transaction_code,
                )
                for each in entries
                if each.file_id == file.id
            ]
            written = [
                (each["trace"], each["id"].strip(), int(each["amount"]), each["code"])
                for each in entries_of(content)
            ]
            assert sorted(rows) == sorted(written)
        for each in entries:
            assert (each.file_id is None) == (each.state in ("requested", "withdrawn"))
        assert set(self.bank.files) <= set(names.values())

    def nobody_untold(self, notices, entries, files) -> None:
        """A debit is only ever in a file made after its notice was sent."""
        self.told |= {
            payment_id: self.now
            for payment_id, notice in notices.items()
            if notice.state == "sent" and payment_id not in self.told
        }
        made = {file.id: file.created_at for file in files}
        for each in entries:
            if each.file_id is not None and each.state != "rejected":
                assert each.payment_id in self.told
                assert self.told[each.payment_id] <= made[each.file_id]

    def no_debit_before_its_letter(self, notices, entries) -> None:
        """A letter is mailed before the day on which its debit takes effect."""
        for each in entries:
            if each.kind == "debit" and each.file_id is not None and each.id not in self.debited:
                self.debited.add(each.id)
                assert notices[each.payment_id].mailed_date < each.effective_entry_date

    def no_later_than_told(self, payments, entries) -> None:
        """A debit takes effect on the day its member was told.

        But for what went in a file the bank refused, and what waited for the mail house: "on or after", the
        letter says.
        """
        self.told_date |= {
            payment.id: max(payment.effective_entry_date, payment.not_before_date)
            for payment in payments
            if payment.state in ("authorized", "held")
        }
        refused = {each.payment_id for each in entries if each.state == "rejected"}
        for each in entries:
            if each.kind == "debit" and each.payment_id not in refused | self.mailed_late:
                assert each.effective_entry_date == self.told_date[each.payment_id]

    def no_closed_account(self, payments, entries, files) -> None:
        """No file made after a return closed an account debits it."""
        made = {file.id: file.created_at for file in files}
        account = {payment.id: f"740 {payment.member_id}" for payment in payments}
        for each in entries:
            if each.file_id is not None and each.kind in ("debit", "retry"):
                closed_at = [at for number, at in self.closed if number == account[each.payment_id]]
                assert made[each.file_id] <= min(closed_at, default=LAST_DAY)

    def ledger_is_the_sum(self, ledger, payments, entries) -> None:
        expected = dict(self.billed)
        for payment in payments:
            if payment.state not in ("cancelled", "returned"):
                expected[payment.billing_account] -= payment.amount_cents
        account = {payment.id: payment.billing_account for payment in payments}
        for each in entries:
            if each.kind in ("reversal", "refund") and each.state in LIVE:
                expected[account[each.payment_id]] += each.amount_cents
        assert ledger == expected

    def nothing_forgotten(self, cutoff) -> None:
        """What a cutoff should have taken is in a file, or held for a reason that is true."""
        with self.engine.connect() as db:
            rows = db.execute(
                select(Payment.__table__).where(
                    cutoff >= LEAVES_AT, Payment.state.in_(("authorized", "held"))
                )
            ).all()
            notices = {row.payment_id: row for row in db.execute(HOLDING)}
            waiting = db.execute(select(AchEntry.id).where(AchEntry.state == "requested")).all()
        assert waiting == []  # a retry whose account is closed is withdrawn
        local = max(cutoff.astimezone(BOSTON).date(), self.now.astimezone(BOSTON).date())
        effective = next_banking_day(local)
        for row in rows:
            closed = any(number == f"740 {row.member_id}" for number, _ in self.closed)
            if row.hold_reason in STAFF_HOLDS:
                assert self.told_date[row.id] < effective
                self.tally[row.hold_reason] += 1
                continue
            notice = notices[row.id]
            if notice.state != "sent":
                why = "notice"
            elif notice.mailed_date is None or notice.mailed_date >= effective:
                why = "not_mailed"
            elif row.not_before_date > effective:
                why = "date"
            else:
                why = "blocked"
                assert closed
            self.tally[why] += 1
            assert (row.state, row.hold_reason) == ("held", why)

    def agrees_with_the_bank(self) -> None:
        """Debits less returns are what is settled: every entry is where the bank has it."""
        with self.engine.connect() as db:
            ours = {
                row.trace_number: row
                for row in db.execute(
                    select(AchEntry.__table__, AchFile.state.label("file_state"))
                    .join_from(AchEntry, AchFile, AchFile.id == AchEntry.file_id)
                    .where(AchFile.state == "sent")
                )
            }
            settled = sum(
                db.scalars(select(Payment.amount_cents).where(Payment.state.in_(("settled", "final"))))
            )
        theirs = [each for each in self.bank.taken() if each.trace in ours]
        assert len(theirs) == len(ours)
        for each in theirs:
            if each.returned:
                states = {"returned"}
            elif each.settles_at <= self.now:
                states = {"settled", "final"}
            else:
                states = {"sent"}
            assert ours[each.trace].state in states
        debits = [each for each in theirs if each.is_debit and each.settles_at <= self.now]
        returned = [each for each in debits if each.returned]
        assert settled == sum(each.cents for each in debits) - sum(each.cents for each in returned)

    # What there is to choose from.

    def ledger(self, db) -> dict[str, int]:
        owed = dict.fromkeys(ACCOUNT_OF.values(), 0)
        rows = select(LedgerEntry.billing_account, LedgerEntry.amount_cents)
        for account, cents in db.execute(rows.where(LedgerEntry.billing_account.in_(owed))):
            owed[account] += cents
        return owed

    def waiting_for_staff(self) -> list[str]:
        with self.engine.connect() as db:
            return waiting_for_staff(db)

    def waiting(self) -> list[int]:
        with self.engine.connect() as db:
            which = Notice.state.in_(("pending", "failed"))
            return list(db.scalars(select(Notice.payment_id).where(which).order_by(Notice.payment_id)))

    def in_outbox(self) -> list:
        with self.engine.connect() as db:
            return list(db.execute(IN_OUTBOX.add_columns((self.now >= LEAVES_AT).label("is_late"))))

    def next_cutoff(self) -> None:
        self.now = min(self.rule.next_cutoff(self.now) + timedelta(minutes=1), LAST_DAY)

    def any_in(self, *states) -> bool:
        return any(state in states for state in self.seen.values())

    def some_number(self, pick) -> str:
        payment_id = sorted(self.seen)[pick % len(self.seen)]
        with self.engine.connect() as db:
            return db.execute(
                select(Payment.confirmation_number).where(Payment.id == payment_id)
            ).scalar_one()

    def account_of(self, number) -> str:
        with self.engine.connect() as db:
            member = select(Payment.member_id).where(Payment.confirmation_number == number)
            return f"740 {db.execute(member).scalar_one()}"

    def credits(self) -> int:
        with self.engine.connect() as db:
            kinds = AchEntry.kind.in_(("reversal", "refund"))
            return len(db.execute(select(AchEntry.id).where(kinds)).all())

    def refusable(self) -> list[str]:
        names = {entry.file for entry in self.bank.taken()}
        done = {entry.file for entry in self.bank.book if entry.returned or entry.settles_at <= self.now}
        return sorted(names - done)

    def returnable(self) -> list[BankEntry]:
        return [entry for entry in self.bank.taken() if not entry.returned]


HOLDING = select(Notice.payment_id, Notice.state, Notice.mailed_date).where(Notice.state != "replaced")
IN_OUTBOX = (
    select(
        NoticeAttempt.provider_reference,
        NoticeAttempt.document_sha256,
        Notice.payment_id,
    )
    .join(Notice, Notice.id == NoticeAttempt.notice_id)
    .join(Payment, Payment.id == Notice.payment_id)
    .where(Notice.state == "sent", Notice.mailed_date.is_(None))
    .order_by(NoticeAttempt.id)
)
CHANGED = (
    *(
        "ach_entries",
        "ach_files",
        "ach_cutoffs",
        "bank_items",
        "blocked_accounts",
        "staff_tasks",
        "audit_events",
    ),
    *(
        "evidence_seals",
        "authorizations",
        "notice_attempts",
        "notices",
        "payments",
        "receipts",
        "procrastinate_jobs",
    ),
    "procrastinate_events",
)


def machine(worker_database, tmp_path, tally):
    """The machine on this worker's database, emptied of payments before each life."""
    count = itertools.count(1)

    class Life(AnyLife):
        def begin(self) -> None:
            worker_database.holder.execute(
                "; ".join(
                    [
                        *(f"DELETE FROM {name}" for name in CHANGED),
                        "DELETE FROM ledger_entries WHERE kind <> 'bill'",
                    ]
                )
            )
            super().begin()

        begin = initialize()(begin)

    Life.engine = worker_database.engine
    Life.holder = worker_database.holder
    Life.folders = (tmp_path / f"out{number}" for number in count)
    Life.tally = tally
    return Life


def run(worker_database, tmp_path, *, lives, steps):
    tally = Counter()
    run_state_machine_as_test(
        machine(worker_database, tmp_path, tally),
        settings=settings(
            max_examples=lives,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            derandomize=lives < 100,
            suppress_health_check=list(HealthCheck),
        ),
    )
    return tally


@UNCLOSED
@pytest.mark.long
@pytest.mark.whole
@pytest.mark.usefixtures("samples")
def test_the_money_stays_true_whatever_happens_and_crashes(worker_database, tmp_path):
    tally = run(worker_database, tmp_path, lives=6, steps=25)
    assert tally["crashes"] > 6
    assert min(tally["missed_cutoff"], tally["let_go"], tally["guests"]) > 1
    assert min(tally["not_mailed"], tally["confirm_mailing"]) > 0


@UNCLOSED
@pytest.mark.soak
@pytest.mark.usefixtures("samples")
def test_the_money_stays_true_for_long(worker_database, tmp_path):
    run(worker_database, tmp_path, lives=400, steps=60)
