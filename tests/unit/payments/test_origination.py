"""One cutoff: what was authorized goes into one file, once; what may not go stays, with a reason."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event, func, select, text, update
from support.money import (
    ACCOUNT_NUMBER,
    FRIDAY,
    FRIDAYS_CUTOFF,
    KEYS,
    MONDAY,
    SETTINGS,
    entries,
    files,
    pay,
    payment_row,
    settings_with,
    states,
    tell_notice,
    waiting_jobs,
)

from ivr.ach.records import transaction_code
from ivr.base.errors import OperatorError
from ivr.base.keys import KeyRing
from ivr.payments.cutoffs import cutoff_rule, due_cutoffs, last_finished
from ivr.payments.life import move
from ivr.payments.origination import file_context, run_cutoff
from ivr.storage.tables import (
    AchCutoff,
    AchEntry,
    BlockedAccount,
    BlockedRoutingNumber,
    LedgerEntry,
    Payment,
    StaffTask,
)

LATER = FRIDAYS_CUTOFF + timedelta(minutes=1)
MONDAYS_CUTOFF = datetime(2026, 12, 21, 22, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("samples")


def cut(engine, cutoff=FRIDAYS_CUTOFF, *, now=None, settings=SETTINGS, keys=KEYS, progress=None):
    with engine.begin() as db:
        return run_cutoff(
            db, keys, settings, cutoff=cutoff, now=now or cutoff + timedelta(minutes=1), progress=progress
        )


def lines_of(file):
    return KEYS.open(file.content, file_context(file.name)).decode("ascii").splitlines()


def tasks(engine):
    with engine.connect() as db:
        return db.execute(select(StaffTask.__table__).order_by(StaffTask.id)).all()


def test_a_payment_goes_into_a_file_as_a_tel_debit(engine):
    paid = pay(engine)
    done = cut(engine)
    (file,) = files(engine)
    assert (done.file.file_id, done.file.name, done.held) == (file.id, "ivr-20261218-A.ach", ())
    assert (file.entries, file.batches, file.debit_cents, file.credit_cents) == (1, 1, 31015, 0)
    assert (file.state, file.effective_entry_date) == ("written", MONDAY)
    header, batch, entry, batch_control, control, *fill = lines_of(file)
    assert (
        header
        == (
            "101 01100001510412345672612181701A094101FEDERAL RESERVE BANK   MA HLTH CONNECT                "[
                :94
            ]
        )
    )
    assert batch[:16] == "5225MA HLTH CONN"
    assert (batch[50:53], batch[53:63], batch[69:75]) == ("TEL", "HLTH PREM ", "261221")
    (row,) = entries(engine)
    assert row.trace_number.startswith("01100001")
    assert len(row.trace_number) == 15
    assert entry == (
        f"627021000021{ACCOUNT_NUMBER}0000031015{paid.confirmation_number:<15}{'AMBER SAMPLE':<22}S 0"
        f"{row.trace_number}"
    )
    assert (batch_control[:4], control[0], fill) == ("8225", "9", ["9" * 94] * 5)
    assert (row.kind, row.sec_code, row.transaction_code, row.state) == ("debit", "TEL", "27", "batched")
    payment = payment_row(engine, paid)
    assert (payment.state, payment.trace_number) == ("batched", row.trace_number)
    assert payment.effective_entry_date == MONDAY
    assert waiting_jobs(engine) == [("deliver_file", {"file_id": file.id})]


def test_health_and_dental_spoken_and_keyed_are_batches_of_their_own(engine):
    pay(engine, plan="dental", cents=4230, account_type="savings")
    pay(engine, member=4, cents=100)
    pay(engine, member=12, cents=200, how="bill_code")
    pay(engine, cents=300)
    cut(engine)
    (file,) = files(engine)
    lines = lines_of(file)
    headers = [(line[50:53], line[53:63].strip()) for line in lines if line[0] == "5"]
    assert headers == [("TEL", "HLTH PREM"), ("TEL", "DNTL PREM"), ("PPD", "HLTH PREM")]
    assert [(line[1:3], int(line[29:39]), line[76:78]) for line in lines if line[0] == "6"] == [
        ("27", 100, "S "),
        ("27", 300, "S "),
        ("37", 4230, "S "),
        ("27", 200, "  "),
    ]
    traces = [line[79:94] for line in lines if line[0] == "6"]
    assert traces == sorted(traces)
    assert len(set(traces)) == 4


def test_nothing_to_send_is_no_file_but_the_cutoff_is_done(engine):
    done = cut(engine)
    assert (done.file, done.held) == (None, ())
    assert (files(engine), waiting_jobs(engine)) == ([], [])
    assert cut(engine) is None
    with engine.connect() as db:
        assert last_finished(db) == FRIDAYS_CUTOFF


def test_a_second_run_does_nothing(engine):
    pay(engine)
    cut(engine)
    assert cut(engine) is None
    assert (len(files(engine)), len(entries(engine))) == (1, 1)


def test_what_was_authorized_after_the_cutoff_waits_for_the_next(engine):
    before = pay(engine, FRIDAYS_CUTOFF - timedelta(seconds=1), cents=100)
    after = pay(engine, FRIDAYS_CUTOFF, cents=200)
    cut(engine)
    assert [payment_row(engine, paid).state for paid in (before, after)] == ["batched", "authorized"]
    cut(engine, MONDAYS_CUTOFF)
    assert payment_row(engine, after).effective_entry_date == date(2026, 12, 22)
    first, second = files(engine)
    assert (first.file_id_modifier, second.file_id_modifier) == ("A", "A")
    numbers = [row.trace_number for row in entries(engine)]
    assert len(set(numbers)) == 2


def test_a_late_run_takes_only_what_was_due_and_what_it_debits_on_the_day_that_was_told(engine):
    due = pay(engine, cents=100)
    later = pay(engine, FRIDAYS_CUTOFF + timedelta(hours=1), cents=200)
    sunday = datetime(2026, 12, 20, 12, tzinfo=UTC)
    assert not cut(engine, now=sunday).missed
    assert payment_row(engine, due).effective_entry_date == date(2026, 12, 21)
    tuesday = datetime(2026, 12, 22, 18, tzinfo=UTC)
    done = cut(engine, MONDAYS_CUTOFF, now=tuesday)
    assert (done.missed, done.file) == (True, None)
    assert (payment_row(engine, later).state, payment_row(engine, later).hold_reason) == (
        "held",
        "missed_cutoff",
    )


def test_an_extra_closing_is_no_banking_day(engine):
    settings = settings_with(IVR_CLOSINGS="2026-12-21")
    paid = pay(engine)
    cut(engine, settings=settings)
    assert payment_row(engine, paid).effective_entry_date == date(2026, 12, 22)


def test_the_next_file_of_a_day_has_the_next_letter(engine):
    pay(engine, cents=100)
    noon = datetime(2026, 12, 18, 17, tzinfo=UTC)
    early = settings_with(IVR_CUTOFF="12:00")
    pay(engine, cents=200, settings=early)
    cut(engine, noon, settings=early)
    cut(engine)
    assert [file.name for file in files(engine)] == ["ivr-20261218-A.ach", "ivr-20261218-B.ach"]


def test_a_day_has_no_more_letters_than_36(engine):
    pay(engine, cents=100)
    with engine.begin() as db:
        db.execute(
            text(
                "INSERT INTO ach_cutoffs SELECT :at - make_interval(secs => n) FROM generate_series(1, 36) n;"
            ),
            {"at": FRIDAYS_CUTOFF},
        )
        db.execute(
            text(
                "INSERT INTO ach_files (cutoff_at, name, file_id_modifier, created_at, effective_entry_date,"
                " batches, entries, debit_cents, credit_cents, state)"
                " SELECT cutoff_at, cutoff_at::text, 'A', cutoff_at, '2026-12-21', 1, 1, 1, 0, 'sent'"
                " FROM ach_cutoffs"
            )
        )
    with pytest.raises(OperatorError, match="36 files were made today"):
        cut(engine)
    assert states(engine) == ["authorized"]


@pytest.mark.parametrize("notice", ["pending", "failed"])
def test_without_a_sent_notice_a_payment_is_held_and_staff_are_told_once(engine, notice):
    paid = pay(engine, notice=notice)
    done = cut(engine)
    assert done.file is None
    assert [(held.confirmation_number, held.reason) for held in done.held] == [
        (paid.confirmation_number, "notice")
    ]
    payment = payment_row(engine, paid)
    assert (payment.state, payment.hold_reason) == ("held", "notice")
    (task,) = tasks(engine)
    assert (task.kind, task.payment_id, task.details) == (
        "payment_held",
        paid.payment_id,
        {"reason": "notice", "fields": "", "why": done.held[0].why},
    )
    cut(engine, MONDAYS_CUTOFF)
    assert len(tasks(engine)) == 1
    with engine.begin() as db:
        tell_notice(db, paid.payment_id, "sent", LATER)
    tuesdays = MONDAYS_CUTOFF + timedelta(days=1)
    cut(engine, tuesdays)
    payment = payment_row(engine, paid)
    assert (payment.state, payment.hold_reason) == ("batched", None)
    (task,) = tasks(engine)
    assert (task.closed_at, task.closed_by) == (tuesdays + timedelta(minutes=1), "ivr")


def test_a_payment_is_never_debited_before_the_date_spoken(engine):
    paid = pay(engine)
    with engine.begin() as db:
        db.execute(update(Payment).values(not_before_date=date(2026, 12, 23)))
    assert [held.reason for held in cut(engine).held] == ["date"]
    assert payment_row(engine, paid).state == "held"
    assert cut(engine, MONDAYS_CUTOFF).file is None
    assert tasks(engine) == []
    cut(engine, MONDAYS_CUTOFF + timedelta(days=1))
    assert payment_row(engine, paid).effective_entry_date == date(2026, 12, 23)


def test_the_reason_to_hold_follows_what_is_true_now(engine):
    paid = pay(engine, notice="pending")
    cut(engine)
    with engine.begin() as db:
        tell_notice(db, paid.payment_id, "sent", LATER)
        db.execute(update(Payment).values(not_before_date=date(2027, 1, 5)))
    cut(engine, MONDAYS_CUTOFF)
    assert payment_row(engine, paid).hold_reason == "date"


def test_a_blocked_account_or_bank_is_not_debited(engine):
    one = pay(engine, cents=100)
    two = pay(engine, cents=200, routing_number="011401533", account_number="98765")
    free = pay(engine, cents=300, account_number="55555")
    with engine.begin() as db:
        db.execute(
            BlockedAccount.__table__.insert().values(
                account_fingerprint=payment_row(engine, one).account_fingerprint,
                return_code="R02",
                payment_id=one.payment_id,
                blocked_at=FRIDAY,
            )
        )
        db.execute(
            BlockedRoutingNumber.__table__.insert().values(
                routing_number="011401533", return_code="R13", blocked_at=FRIDAY
            )
        )
    assert [held.reason for held in cut(engine).held] == ["blocked", "blocked"]
    assert states(engine) == ["held", "held", "batched"]
    assert payment_row(engine, free).state == "batched"
    with engine.begin() as db:
        db.execute(update(BlockedAccount).values(released_at=LATER))
        db.execute(update(BlockedRoutingNumber).values(released_at=LATER))
    cut(engine, MONDAYS_CUTOFF)
    assert states(engine) == ["batched"] * 3
    assert two.payment_id in {row.payment_id for row in entries(engine)}


def test_what_no_record_can_carry_is_held_and_the_others_go(engine):
    strange = pay(engine, cents=100)
    fine = pay(engine, cents=200)
    with engine.begin() as db:
        db.execute(
            update(Payment)
            .where(Payment.id == strange.payment_id)
            .values(receiver_name="\u2603", rdfi_routing_number="021000022")
        )
    (held,) = cut(engine).held
    assert (held.confirmation_number, held.reason) == (strange.confirmation_number, "record")
    assert held.fields == "receiving_routing, individual_name"
    assert payment_row(engine, fine).state == "batched"
    assert tasks(engine)[0].details == {"reason": "record", "fields": held.fields, "why": held.why}
    assert "(U+2603) has no letter" in held.why


def test_an_account_number_that_is_gone_or_damaged_holds_its_payment_alone(engine):
    gone, damaged, fine = (pay(engine, cents=cents) for cents in (100, 200, 300))
    with engine.begin() as db:
        sealed = payment_row(engine, fine).account_number
        for paid, value in ((gone, None), (damaged, sealed)):
            db.execute(update(Payment).where(Payment.id == paid.payment_id).values(account_number=value))
    assert [held.reason for held in cut(engine).held] == ["account", "account"]
    assert states(engine) == ["held", "held", "batched"]


def test_a_missing_key_stops_the_cutoff_instead_of_holding_everybody(engine):
    pay(engine)
    with pytest.raises(OperatorError, match="IVR_KEYS"):
        cut(engine, keys=KeyRing({"k2": b"x" * 32}))
    assert states(engine) == ["authorized"]
    assert cut(engine).file.entries == 1


def test_a_setting_that_no_file_can_hold_stops_the_cutoff(engine):
    pay(engine)
    wrong = SETTINGS.model_copy(update={"ivr_odfi_origin": "TOO SHORT"})
    with pytest.raises(OperatorError, match="origin"):
        cut(engine, settings=wrong)
    assert (states(engine), files(engine)) == (["authorized"], [])


def test_line_ends_and_the_file_name_are_the_banks_choice(engine):
    settings = settings_with(
        IVR_ODFI_LINE_END="crlf", IVR_ODFI_FINAL_NEWLINE="no", IVR_ACH_NAME="MAHC.{modifier}.{date}.txt"
    )
    pay(engine)
    done = cut(engine, settings=settings)
    assert done.file.name == "MAHC.A.20261218.txt"
    (file,) = files(engine)
    content = KEYS.open(file.content, file_context(file.name))
    assert content.count(b"\r\n") == 9
    assert content.endswith(b"9")


def request(engine, paid, kind, sec_code="TEL"):
    with engine.begin() as db:
        payment = db.execute(select(Payment.__table__).where(Payment.id == paid.payment_id)).one()
        entry_id = db.scalar(
            AchEntry.__table__.insert()
            .values(
                payment_id=paid.payment_id,
                kind=kind,
                sec_code=sec_code,
                transaction_code=transaction_code(
                    payment.account_type, "debit" if kind == "retry" else "credit"
                ),
                amount_cents=payment.amount_cents,
                state="requested",
                created_at=LATER,
            )
            .returning(AchEntry.id)
        )
        if kind == "retry":
            move(db, paid.payment_id, "returned", "retry")
        return entry_id


def settle_and_return(engine, paid):
    with engine.begin() as db:
        for state, event in (("batched", "send"), ("sent", "settle"), ("settled", "return")):
            move(db, paid.payment_id, state, event)
        db.execute(update(AchEntry).values(state="returned"))


@pytest.mark.parametrize(
    ("kind", "sec_code", "header", "code"),
    [
        ("retry", "TEL", "5225MA HLTH CONNECT                     1041234567TELRETRY PYMT", "27"),
        ("reversal", "TEL", "5220MA HLTH CONNECT                     1041234567TELREVERSAL  ", "22"),
        ("refund", "PPD", "5220MA HLTH CONNECT                     1041234567PPDREFUND    ", "22"),
    ],
)
def test_what_was_requested_goes_in_a_batch_of_its_own(engine, kind, sec_code, header, code):
    paid = pay(engine)
    cut(engine)
    settle_and_return(engine, paid)
    entry_id = request(engine, paid, kind, sec_code)
    pay(engine, FRIDAYS_CUTOFF, member=4, cents=100)
    done = cut(engine, MONDAYS_CUTOFF)
    assert done.file.entries == 2
    lines = lines_of(files(engine)[-1])
    assert [line[:63] for line in lines if line[0] == "5"][1] == header
    entry = [line for line in lines if line[0] == "6"][1]
    assert (entry[1:3], int(entry[29:39])) == (code, 31015)
    row = next(row for row in entries(engine) if row.id == entry_id)
    assert (row.state, row.trace_number, row.file_id) == ("batched", entry[79:94], done.file.file_id)
    payment = payment_row(engine, paid)
    if kind == "retry":
        assert (payment.state, payment.trace_number) == ("batched", row.trace_number)
        assert payment.effective_entry_date == date(2026, 12, 22)
    else:
        assert (payment.state, payment.effective_entry_date) == ("returned", MONDAY)


def test_a_request_that_cannot_be_written_stays_requested(engine):
    paid = pay(engine)
    cut(engine)
    settle_and_return(engine, paid)
    entry_id = request(engine, paid, "refund", "PPD")
    with engine.begin() as db:
        db.execute(update(Payment).values(account_number=None))
    done = cut(engine, MONDAYS_CUTOFF)
    assert (done.file, [held.reason for held in done.held]) == (None, ["account"])
    assert next(row for row in entries(engine) if row.id == entry_id).state == "requested"
    assert payment_row(engine, paid).state == "returned"
    assert [task.kind for task in tasks(engine)] == ["payment_held"]


def test_numbers_ascend_where_the_sequence_starts_again(engine):
    with engine.begin() as db:
        db.execute(text("SELECT setval('ach_trace_number', 9999998)"))
    for cents in (100, 200, 300):
        pay(engine, cents=cents)
    cut(engine)
    traces = [line[79:94] for line in lines_of(files(engine)[0]) if line[0] == "6"]
    assert [trace[8:] for trace in traces] == ["0000001", "0000002", "9999999"]


def test_progress_is_told(engine):
    for cents in (100, 200):
        pay(engine, cents=cents)
    pay(engine, cents=300, notice="pending")
    heard = []
    cut(engine, progress=lambda taken, expected: heard.append((taken, expected)))
    assert heard == [(1, 3), (2, 3), (3, 3)]


def test_what_becomes_due_while_it_counts_goes_too(engine):
    """A turn that began before the cutoff commits between two statements of the run."""
    pay(engine, cents=100)
    arrived = []

    def arrive(_connection, _cursor, statement, *_):
        if statement.startswith("SELECT (SELECT count(*)"):
            arrived.append(pay(engine, cents=200))

    with engine.begin() as db:
        event.listen(db, "after_cursor_execute", arrive)
        done = run_cutoff(db, KEYS, SETTINGS, cutoff=FRIDAYS_CUTOFF, now=LATER)
    assert (done.file.entries, len(arrived), states(engine)) == (2, 1, ["batched"] * 2)
    traces = [line[79:94] for line in lines_of(files(engine)[0]) if line[0] == "6"]
    assert traces == sorted(set(traces))


def test_no_ledger_row_is_posted_by_a_cutoff(engine):
    pay(engine)

    def count():
        with engine.connect() as db:
            return db.scalar(select(func.count()).select_from(LedgerEntry))

    before = count()
    cut(engine)
    assert count() == before


def test_missed_cutoffs_come_in_order(engine):
    rule = cutoff_rule(SETTINGS)

    def due(now):
        with engine.connect() as db:
            return due_cutoffs(db, rule, now)

    assert due(LATER) == ()
    pay(engine)
    assert due(FRIDAYS_CUTOFF - timedelta(seconds=1)) == ()
    assert due(FRIDAYS_CUTOFF) == (FRIDAYS_CUTOFF,)
    tuesday = datetime(2026, 12, 22, 22, 30, tzinfo=UTC)
    tuesdays = MONDAYS_CUTOFF + timedelta(days=1)
    assert due(tuesday) == (FRIDAYS_CUTOFF, MONDAYS_CUTOFF, tuesdays)
    cut(engine)
    assert due(tuesday) == (MONDAYS_CUTOFF, tuesdays)
    with engine.begin() as db:
        db.execute(update(AchCutoff).values(finished_at=None))
        assert due_cutoffs(db, rule, LATER) == ()  # nothing waits any more
