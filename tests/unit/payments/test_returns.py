"""What the bank sends back: each code undoes, once, exactly its own attempt; what matches nothing waits."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from support.bank import file_of, once_more
from support.banking import (
    RULE,
    TUESDAY,
    TUESDAYS_CUTOFF,
    account_blocked,
    bring,
    came_back,
    cut,
    routing_number_blocked,
    rows,
    settle_by,
)
from support.money import (
    ACCOUNT_NUMBER,
    FRIDAY,
    FRIDAYS_CUTOFF,
    KEYS,
    ROUTING_NUMBER,
    SETTINGS,
    entries,
    owed_cents,
    pay,
    payment_row,
    states,
)

from ivr.ach.reader import NachaReadError
from ivr.ach.return_codes import RETURN_RULES
from ivr.base.errors import OperatorError
from ivr.payments.blocks import (
    block_account,
    either_blocked,
    release,
)
from ivr.payments.corrections import corrections_of
from ivr.payments.credits import refund, reverse
from ivr.payments.retries import request_retry
from ivr.payments.returns import import_returns
from ivr.payments.settlement import finish
from ivr.storage.tables import AuditEvent, BankItem, BlockedAccount, LedgerEntry, Payment, StaffTask

GOLDEN = Path(__file__).resolve().parents[2] / "ach" / "golden"
HEALTH = "740000101"
OWED = 31015

pytestmark = pytest.mark.usefixtures("samples")


def sent(engine, **paying):
    """One payment that is with the bank, and its return as R01."""
    paid = pay(engine, **paying)
    cut(engine)
    return paid, came_back(engine, paid)


def counts(done):
    return (done.returns, done.changes, done.unmatched, done.handed_over, done.already_known)


def open_tasks(engine):
    return [(task.kind, task.details.get("code")) for task in rows(engine, StaffTask)]


def moves(engine, kind):
    return rows(engine, LedgerEntry, LedgerEntry.kind == kind)


def test_a_return_undoes_its_payment_and_the_debt_is_back(engine):
    paid, back = sent(engine)
    assert owed_cents(engine, HEALTH) == OWED - 31015
    done = bring(engine, back)
    assert (counts(done), done.errors) == ((1, 0, 0, 0, 0), [])
    payment = payment_row(engine, paid)
    assert (payment.state, payment.return_code, payment.returned_at) == ("returned", "R01", TUESDAY)
    (entry,) = entries(engine)
    assert (entry.state, entry.return_code, entry.returned_at) == ("returned", "R01", TUESDAY)
    (row,) = moves(engine, "return")
    assert (row.amount_cents, row.payment_id, row.entry_id) == (31015, paid.payment_id, entry.id)
    assert (row.billing_account, row.posted_at) == (HEALTH, TUESDAY)
    assert owed_cents(engine, HEALTH) == OWED
    (item,) = rows(engine, BankItem)
    assert (item.kind, item.code, item.state, item.entry_id) == ("return", "R01", "applied", entry.id)
    assert (item.file_name, item.line, item.amount_cents) == ("back.ach", 4, 31015)
    assert open_tasks(engine) == []
    (event,) = rows(engine, AuditEvent)
    assert (event.action, event.actor, event.subject) == ("ach.import", "staff", "back.ach")
    assert event.details == {"returns": 1, "changes": 0, "unmatched": 0, "handed_over": 0}


@pytest.mark.parametrize("code", [*RETURN_RULES, "R98"])
def test_every_code_undoes_and_does_what_its_row_says(engine, code):
    paid, back = sent(engine)
    done = bring(engine, once_more(back, code=code))
    assert (counts(done), states(engine)) == ((1, 0, 0, 0, 0), ["returned"])
    assert owed_cents(engine, HEALTH) == OWED
    rule = RETURN_RULES.get(code)
    blocks, to_staff = (rule.block, rule.to_staff) if rule else (None, True)
    fingerprint = payment_row(engine, paid).account_fingerprint
    with engine.connect() as db:
        assert account_blocked(db, fingerprint) == (blocks == "account")
        assert routing_number_blocked(db, ROUTING_NUMBER) == (blocks == "routing")
        assert either_blocked(db, ROUTING_NUMBER, fingerprint) == (blocks is not None)
        assert not either_blocked(db, "011000015", b"x" * 32)
    assert open_tasks(engine) == ([("return_to_look_at", code)] if to_staff else [])


def test_codes_whose_action_is_written_out(engine):
    """The table of codes is not checked against itself alone."""
    for place, (code, blocked, person) in enumerate(
        [("R01", False, False), ("R02", True, False), ("R10", True, True), ("R15", True, True)], 1
    ):
        paid = pay(engine, plan="health", cents=100 + place, account_number=f"5550000{place}")
        cutoff = FRIDAYS_CUTOFF + timedelta(days=7 * place)
        cut(engine, cutoff)
        before = len(open_tasks(engine))
        bring(engine, came_back(engine, paid, code), now=cutoff + timedelta(days=4))
        with engine.connect() as db:
            found = account_blocked(db, payment_row(engine, paid).account_fingerprint)
        assert (code, found, len(open_tasks(engine)) - before) == (code, blocked, int(person))


def test_the_same_file_again_changes_nothing_whatever_it_is_called(engine):
    paid, back = sent(engine)
    change = once_more(back, code="C05", data="37")
    bring(engine, change, back)
    before = (owed_cents(engine, HEALTH), payment_row(engine, paid), rows(engine, BankItem))
    again = bring(engine, change, back, file_name="copy.ach", now=TUESDAY + timedelta(hours=1))
    assert (counts(again), again.errors) == ((0, 0, 0, 0, 2), [])
    assert (owed_cents(engine, HEALTH), payment_row(engine, paid), rows(engine, BankItem)) == before
    assert len(rows(engine, AuditEvent)) == 1


def test_the_same_return_twice_in_one_file_counts_once_and_is_told(engine):
    _, back = sent(engine)
    back = once_more(back, trace="021000020000777")
    done = bring(engine, back, back)
    assert counts(done) == (1, 0, 0, 0, 1)
    (problem,) = done.errors
    assert (problem.line, problem.field) == (6, "original trace number")
    assert "line 4" in problem.message
    assert problem.rule == "nacha.item-twice"
    assert owed_cents(engine, HEALTH) == OWED


@pytest.mark.parametrize("in_one_file", [True, False])
def test_a_second_return_of_one_entry_goes_to_a_person_and_moves_nothing(engine, in_one_file):
    _, back = sent(engine)
    second = once_more(back, code="R10", trace="021000020000999")
    if in_one_file:
        done = bring(engine, back, second)
        assert counts(done) == (1, 0, 0, 1, 0)
    else:
        bring(engine, back)
        done = bring(engine, second)
        assert counts(done) == (0, 0, 0, 1, 0)
    assert "came back before" in done.errors[0].message
    assert done.errors[0].rule == "nacha.for-a-person"
    assert owed_cents(engine, HEALTH) == OWED
    assert len(moves(engine, "return")) == 1
    assert open_tasks(engine) == [("bank_item_to_look_at", "R10")]
    assert rows(engine, BankItem)[1].state == "handed_over"


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"original_trace": "011000019999999"}, "no entry of ours"),
        ({"cents": 31016}, "another amount or individual ID"),
        ({"individual_id": "12345678901"}, "another amount or individual ID"),
    ],
)
def test_what_matches_nothing_waits_for_a_person_and_the_rest_is_applied(engine, wrong, why):
    pay(engine, member=4, cents=100)
    other, back = sent(engine)
    done = bring(engine, once_more(back, **wrong), once_more(back, code="R02", trace="021000020000555"))
    assert counts(done) == (1, 0, 1, 0, 0)
    (problem,) = done.errors
    assert (problem.line, problem.field) == (4, "original trace number")
    assert why in problem.message
    assert problem.rule == "nacha.unmatched"
    assert states(engine) == ["sent", "returned"]
    assert payment_row(engine, other).return_code == "R02"
    unmatched, applied = rows(engine, BankItem)
    assert (unmatched.state, unmatched.entry_id, applied.state) == ("unmatched", None, "applied")
    assert open_tasks(engine) == [("bank_item_unmatched", "R01")]


def test_where_trace_numbers_recur_amount_and_id_tell_the_attempts_apart(engine):
    old, new = pay(engine, cents=100), pay(engine, FRIDAYS_CUTOFF, cents=200)
    cut(engine)
    cut(engine, FRIDAYS_CUTOFF + timedelta(days=3))
    trace = payment_row(engine, old).trace_number
    with engine.begin() as db:
        for table in ("payments", "ach_entries"):
            db.exec_driver_sql(f"UPDATE {table} SET trace_number = %(trace)s", {"trace": trace})
    bring(engine, came_back(engine, old))
    assert (payment_row(engine, old).state, payment_row(engine, new).state) == ("returned", "sent")
    bring(engine, came_back(engine, new))
    assert payment_row(engine, new).state == "returned"


@pytest.mark.parametrize("stage", ["settled", "final"])
def test_a_late_dispute_undoes_what_had_settled_or_was_final(engine, stage):
    paid, back = sent(engine)
    settle_by(engine, TUESDAY)
    if stage == "final":
        with engine.begin() as db:
            finish(db, SETTINGS.ivr_closings, TUESDAY + timedelta(days=90))
    assert states(engine) == [stage]
    assert counts(bring(engine, once_more(back, code="R10"))) == (1, 0, 0, 0, 0)
    assert (states(engine), owed_cents(engine, HEALTH)) == (["returned"], OWED)
    assert payment_row(engine, paid).return_code == "R10"


def test_a_return_after_a_retry_matches_the_attempt_that_it_names(engine):
    paid, first = sent(engine)
    bring(engine, first)
    with engine.begin() as db:
        assert request_retry(db, RULE, paid.payment_id, TUESDAY)
    assert owed_cents(engine, HEALTH) == 0
    done = bring(engine, once_more(first, code="R09", trace="021000020000888"))
    assert counts(done) == (0, 0, 0, 1, 0)  # the first attempt came back already
    assert states(engine) == ["batched"]
    cut(engine, TUESDAYS_CUTOFF)
    again = came_back(engine, paid)
    assert again.original_trace != first.original_trace
    assert counts(bring(engine, again)) == (1, 0, 0, 0, 0)
    assert (states(engine), owed_cents(engine, HEALTH)) == (["returned"], OWED)
    assert [entry.state for entry in entries(engine)] == ["returned", "returned"]
    assert [row.amount_cents for row in moves(engine, "return")] == [31015, 31015]


@pytest.mark.parametrize("kind", ["reversal", "refund"])
def test_a_credit_that_comes_back_is_with_us_again(engine, kind):
    paid, back = sent(engine)
    settle_by(engine, TUESDAY)
    ask(engine, paid, kind)
    assert owed_cents(engine, HEALTH) == 31015
    cut(engine, TUESDAYS_CUTOFF)
    credit = next(entry for entry in entries(engine) if entry.kind == kind)
    done = bring(engine, once_more(back, code="R23", original_trace=credit.trace_number, credit=True))
    assert counts(done) == (1, 0, 0, 0, 0)
    assert (states(engine), owed_cents(engine, HEALTH)) == (["settled"], 0)
    assert next(entry for entry in entries(engine) if entry.id == credit.id).state == "returned"
    assert open_tasks(engine) == [("credit_returned", "R23")]


def ask(engine, paid, kind):
    number = paid.confirmation_number
    with engine.begin() as db:
        if kind == "reversal":
            reverse(db, RULE, confirmation_number=number, reason="duplicate", actor="s", now=TUESDAY)
        else:
            refund(db, RULE, confirmation_number=number, amount_cents=None, actor="s", now=TUESDAY)


def test_a_debit_that_comes_back_takes_its_waiting_refund_with_it(engine):
    paid, back = sent(engine)
    settle_by(engine, TUESDAY)
    ask(engine, paid, "refund")
    bring(engine, back)
    assert owed_cents(engine, HEALTH) == OWED
    assert sorted(entry.state for entry in entries(engine)) == ["returned", "withdrawn"]
    (row,) = moves(engine, "cancellation")
    assert row.amount_cents == -31015
    assert open_tasks(engine) == []
    pay(engine, FRIDAYS_CUTOFF, member=4, cents=100)
    cut(engine, TUESDAYS_CUTOFF)
    assert sorted(entry.state for entry in entries(engine)) == ["returned", "sent", "withdrawn"]


def test_a_debit_that_comes_back_after_its_refund_left_goes_to_a_person(engine):
    paid, back = sent(engine)
    settle_by(engine, TUESDAY)
    ask(engine, paid, "refund")
    cut(engine, TUESDAYS_CUTOFF)
    bring(engine, back)
    assert owed_cents(engine, HEALTH) == OWED + 31015
    assert open_tasks(engine) == [("returned_after_credit", "R01")]


def test_a_released_account_closes_again_at_the_next_return(engine):
    paid, back = sent(engine)
    fingerprint = payment_row(engine, paid).account_fingerprint
    with engine.begin() as db:
        block_account(db, fingerprint, return_code="R20", payment_id=paid.payment_id, now=FRIDAY)
        db.execute(update(BlockedAccount).values(released_at=FRIDAY))
        assert not account_blocked(db, fingerprint)
    bring(engine, once_more(back, code="R03"))
    (row,) = rows(engine, BlockedAccount)
    assert (row.return_code, row.blocked_at, row.released_at) == ("R03", TUESDAY, None)


@pytest.mark.parametrize(("code", "what"), [("R03", "account"), ("R12", "routing number")])
def test_staff_open_what_a_return_closed(engine, code, what):
    paid, back = sent(engine)
    number = paid.confirmation_number
    with engine.begin() as db, pytest.raises(OperatorError, match=f"Nothing of payment {number} is blocked"):
        release(db, number, note="x", actor="staff", now=TUESDAY)
    bring(engine, once_more(back, code=code))
    fingerprint = payment_row(engine, paid).account_fingerprint
    with engine.begin() as db:
        assert either_blocked(db, ROUTING_NUMBER, fingerprint)
        release(db, number, note="open again", actor="staff", now=TUESDAY)
        assert not either_blocked(db, ROUTING_NUMBER, fingerprint)
        with pytest.raises(OperatorError, match="check it"):
            release(db, "12345678978", note="x", actor="staff", now=TUESDAY)
    event = rows(engine, AuditEvent)[-1]
    assert (event.action, event.details) == ("ach.unblock", {"released": [what], "note": "open again"})


def test_changes_are_kept_sealed_and_the_newest_of_an_account_counts(engine):
    paid, back = sent(engine)
    other = pay(engine, FRIDAYS_CUTOFF, member=4, cents=100)  # from the same account
    account = "00998877665544"
    old = once_more(back, code="C01", data="11112222", trace="021000020000301")
    first = once_more(back, code="C01", data=account, trace="021000020000302")
    second = once_more(back, code="C02", data="211391825", trace="021000020000303")
    third = once_more(back, code="C05", data="37", trace="021000020000304")
    done = bring(engine, old, first, second, third)
    assert (counts(done), done.errors) == ((0, 4, 0, 0, 0), [])
    assert (states(engine), owed_cents(engine, HEALTH)) == (["sent", "authorized"], 0)
    with engine.connect() as db:
        for payment in (paid, other):
            corrected = corrections_of(db, KEYS, payment.payment_id)
            assert (corrected.routing_number, corrected.account_number) == ("211391825", account)
            assert (corrected.account_type, corrected.individual_id) == ("savings", None)
    for item in rows(engine, BankItem):
        assert (item.kind, item.state) == ("change", "applied")
        assert account.encode() not in item.corrected
    assert open_tasks(engine) == []


@pytest.mark.parametrize(("code", "data"), [("C04", "CONAN O BRIEN"), ("C09", "700000080")])
def test_a_corrected_name_or_id_is_for_a_person(engine, code, data):
    _, back = sent(engine)
    bring(engine, once_more(back, code=code, data=data))
    assert open_tasks(engine) == [("bank_item_to_look_at", code)]


def test_a_change_that_matches_nothing_waits(engine):
    _, back = sent(engine)
    done = bring(engine, once_more(back, code="C05", data="37", individual_id="99999999999"))
    assert counts(done) == (0, 0, 1, 0, 0)
    (item,) = rows(engine, BankItem)
    assert (item.kind, item.state, item.corrected) == ("change", "unmatched", None)


def test_a_correction_is_not_kept_longer_than_the_account_number(engine):
    """Retention forgets both together; what comes later is not kept at all."""
    _, back = sent(engine)
    with engine.begin() as db:
        db.execute(update(Payment).values(account_number=None))
    assert counts(bring(engine, once_more(back, code="C01", data="11112222"))) == (0, 1, 0, 0, 0)
    (item,) = rows(engine, BankItem)
    assert (item.state, item.corrected) == ("applied", None)


@pytest.mark.parametrize(
    ("code", "kind", "waits"),
    [
        ("R68", "return", "dishonored return"),
        ("R71", "return", "contested return"),
        ("C61", "change", "refused"),
    ],
)
def test_disputes_about_returns_go_to_a_person(engine, code, kind, waits):
    _, back = sent(engine)
    done = bring(engine, once_more(back, code=code))
    assert counts(done) == (0, 0, 0, 1, 0)
    assert waits in done.errors[0].message
    (item,) = rows(engine, BankItem)
    assert (item.kind, item.code, item.state) == (kind, code, "handed_over")
    assert (states(engine), open_tasks(engine)) == (["sent"], [("bank_item_to_look_at", code)])


def test_addenda_without_a_code_that_anybody_knows_wait_for_a_person(engine):
    _, back = sent(engine)
    done = bring(engine, once_more(back, code="X01"))
    assert counts(done) == (0, 0, 1, 0, 0)
    (item,) = rows(engine, BankItem)
    assert (item.code, item.original_trace_number, item.state) == ("", "", "unmatched")


@pytest.mark.parametrize(
    ("golden", "line", "field"),
    [
        ("wrong_totals.ach", None, None),
        ("cut_short.ach", None, None),
        ("another_banks_returns.ach", None, "receiving routing number"),
        ("three_debits.ach", 3, "transaction code"),
    ],
)
def test_a_file_that_cannot_be_trusted_changes_nothing(engine, golden, line, field):
    paid, _ = sent(engine)
    before = payment_row(engine, paid)
    with pytest.raises(NachaReadError) as caught:
        bring(engine, data=(GOLDEN / golden).read_bytes())
    first = caught.value.found[0]
    assert line is None or first.line == line
    assert field is None or first.field == field
    assert golden != "three_debits.ach" or first.rule == "nacha.went-out"
    assert (payment_row(engine, paid), rows(engine, BankItem), open_tasks(engine)) == (before, [], [])


def addenda(back):
    """The addenda record of a lone entry, as `file_of` writes it."""
    return file_of(back).splitlines()[3]


# One entry of a file that cannot be used: what is wrong with it (by its addenda record), and what is told.
ONE_ODD_ENTRY = {
    "check digit": (lambda r: r[:35] + b"211391824" + r[44:], "C02", "corrected routing number (C02)", "*****1824"),
    "one blank for three": (lambda r: r[:35] + b"021000021 12345" + r[50:], "C03", "corrected data (C03)", "******** *2345"),
    "missing": (lambda r: r[:35] + b" " * 29 + r[64:], "C01", "corrected account number (C01)", "blank"),
    "in two pieces": (lambda r: r[:35] + b"12345678901234  5678      37" + r[63:], "C06", "corrected data (C06)", "**78      37"),
    "moved on by one": (lambda r: r[:21] + r[22:35] + b"211391825" + r[44:], "C02", "corrected data (C02)", None),
    "no original trace": (lambda r: r[:6] + b"UNKNOWN        " + r[21:], "R02", "original trace number", "***NOWN"),
    "a blank too many": (lambda r: r[:6] + b" " + r[6:], "R02", "original trace number", None),
}  # fmt: skip


@pytest.mark.parametrize("odd", ONE_ODD_ENTRY)
def test_one_entry_that_cannot_be_used_waits_with_what_was_read_and_the_rest_is_applied(engine, odd):
    change, code, field, read = ONE_ODD_ENTRY[odd]
    paid, back = sent(engine)
    bad = once_more(back, code=code, trace="021000020000777")
    good = addenda(bad)
    data = file_of(back, bad).replace(good, change(good))
    done = bring(engine, data=data)
    assert (states(engine), owed_cents(engine, HEALTH)) == (["returned"], OWED)
    assert (done.returns, done.unmatched + done.handed_over) == (1, 1)
    (problem,) = done.errors
    assert problem.field == field
    (task,) = rows(engine, StaffTask)
    assert task.payment_id == paid.payment_id
    assert (task.details["code"], task.details["line"]) == (code, 6 if code == "R02" else 8)
    assert f"{field}: " in task.details["problem"]
    assert task.details["next"].startswith("Ask the bank")
    assert read is None or task.details["read"].endswith(read)
    assert counts(bring(engine, data=data)) == (0, 0, 0, 0, 2)


def test_corrected_data_that_come_right_later_are_not_the_same_item(engine):
    _, back = sent(engine)
    bad = once_more(back, code="C02", data="211391824", trace="021000020000777")
    bring(engine, bad)
    assert counts(bring(engine, once_more(bad, data="211391834"))) == (0, 0, 0, 1, 0)
    assert counts(bring(engine, once_more(bad, data="211391825"))) == (0, 1, 0, 0, 0)


def test_corrected_data_that_are_shifted_count_where_they_are_sure_and_are_told(engine):
    paid, back = sent(engine)
    shifted = once_more(back, code="C06", data="123456789 111            22")
    done = bring(engine, back, shifted)
    assert counts(done) == (1, 1, 0, 0, 0)
    assert done.allowances == ("line 8: the corrected data (C06) are shifted: read by their form",)
    with engine.connect() as db:
        assert corrections_of(db, KEYS, paid.payment_id).account_number == "123456789111"
    (event,) = rows(engine, AuditEvent)
    assert event.details["allowances"] == list(done.allowances)


def test_entries_that_did_not_come_back_wait_when_others_did(engine):
    _, back = sent(engine)
    done = bring(engine, data=file_of(back) + (GOLDEN / "three_debits.ach").read_bytes())
    assert counts(done) == (1, 0, 3, 0, 0)
    assert done.allowances == ("line 1: 2 files stand in one",)
    assert {task.details["next"] for task in rows(engine, StaffTask)} == {
        "Ask the bank why it stands there: it was sent, and did not come back."
    }


def test_no_account_number_is_told_or_kept_open(engine):
    _, back = sent(engine)
    words = f"ACCOUNT {ACCOUNT_NUMBER} OR 1234-5678 SHUT"
    stranger = once_more(back, cents=1, trace="021000020000444", data=words)
    done = bring(engine, stranger, once_more(back, code="R02", data=words))
    told = " ".join(str(problem) for problem in done.errors)
    assert done.errors
    assert ACCOUNT_NUMBER not in told
    for item in rows(engine, BankItem):
        assert item.information == "ACCOUNT (a number) OR (a number) SHUT"
    with engine.connect() as db:
        for table in ("bank_items", "staff_tasks", "audit_events"):
            text = db.exec_driver_sql(f"SELECT string_agg(t::text, ' ') FROM {table} t").scalar()
            assert ACCOUNT_NUMBER not in text
    for golden in GOLDEN.glob("*.ach"):
        try:
            done = bring(engine, data=golden.read_bytes())
            told = " ".join(map(str, done.errors))
        except NachaReadError as error:
            told = str(error)
        for account in accounts_in(golden.read_text()):
            assert account not in told, golden.name


def accounts_in(text):
    lines = text.splitlines()
    found = {line[12:29].strip() for line in lines if line.startswith("6")}
    found |= {line[35:64].strip() for line in lines if line.startswith("798")}
    return {account for account in found if len(account) > 5}


def test_the_whole_golden_file_of_returns_waits_when_nothing_of_it_is_ours(engine):
    done = bring(engine, data=(GOLDEN / "returns.ach").read_bytes())
    assert counts(done) == (0, 0, 7, 0, 0)
    assert counts(bring(engine, data=(GOLDEN / "returns.ach").read_bytes())) == (0, 0, 0, 0, 7)
    with engine.connect() as db:
        assert db.scalar(select(func.count()).select_from(StaffTask)) == 7


def test_two_imports_at_once_wait_for_each_other(engine):
    _, back = sent(engine)
    with engine.connect() as first:
        first.exec_driver_sql("LOCK TABLE bank_items IN SHARE ROW EXCLUSIVE MODE")
        with engine.connect() as second, second.begin():
            second.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")
            with pytest.raises(Exception, match="lock timeout"):
                import_returns(
                    second,
                    KEYS,
                    SETTINGS.hashes,
                    file_of(back),
                    odfi_routing="01100001",
                    file_name="b",
                    actor="s",
                    now=TUESDAY,
                )
        first.rollback()
    assert states(engine) == ["sent"]
