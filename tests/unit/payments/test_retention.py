"""A bank account is gone 180 days after settlement, evidence is there for years; each run proves both."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, select, update
from support.authorized import KEYS, NOW, authorized

from ivr.payments.retention import apply_retention, kept_since
from ivr.storage.tables import AchCutoff, AchEntry, AchFile, Authorization, BankItem, Notice, Payment

DAY = timedelta(days=1)


def settled(engine, hashes, **options):
    paid = authorized(engine, hashes, **options)
    with engine.begin() as db:
        db.execute(
            update(Payment)
            .where(Payment.id == paid.payment_id)
            .values(state="final", settled_at=NOW + 3 * DAY)
        )
    return paid


def in_a_file(engine, paid, *, state="sent", effective=NOW, number=1):
    with engine.begin() as db:
        db.execute(insert(AchCutoff).values(cutoff_at=NOW + number * DAY))
        file_id = db.execute(
            insert(AchFile).values(
                cutoff_at=NOW + number * DAY, name=f"file-{number}", file_id_modifier="A", created_at=NOW,
                effective_entry_date=effective.date(), batches=1, entries=1, debit_cents=10000, credit_cents=0,
                content=KEYS.seal(b"101 ...", "file"), state=state,
                rejected_at=NOW if state == "rejected" else None,
            ).returning(AchFile.id)
        ).scalar_one()  # fmt: skip
        return db.execute(
            insert(AchEntry).values(
                payment_id=paid.payment_id, file_id=file_id, kind="debit", sec_code="TEL", transaction_code="27",
                amount_cents=10000, trace_number=f"0110000100000{number:02d}", effective_entry_date=effective.date(),
                state=state, created_at=NOW,
            ).returning(AchEntry.id)
        ).scalar_one()  # fmt: skip


def accounts(engine):
    with engine.connect() as db:
        return db.scalars(select(Payment.account_number)).all()


def test_an_account_number_is_gone_180_days_after_settlement_and_not_before(engine, hashes, samples):
    settled(engine, hashes)
    due = NOW + 183 * DAY
    early = apply_retention(engine, due - timedelta(seconds=1))
    assert (early.account_numbers_forgotten, early.proven) == (0, True)
    assert accounts(engine) != [None]
    done = apply_retention(engine, due)
    assert (done.account_numbers_forgotten, done.account_numbers_overdue, done.proven) == (1, 0, True)
    assert accounts(engine) == [None]
    assert apply_retention(engine, due).account_numbers_forgotten == 0


@pytest.mark.parametrize("state", ["authorized", "held", "batched", "sent"])
def test_an_account_number_that_is_still_needed_stays(engine, hashes, samples, state):
    authorized(engine, hashes)
    with engine.begin() as db:
        db.execute(update(Payment).values(state=state, returned_at=NOW))
    assert apply_retention(engine, NOW + 400 * DAY).account_numbers_forgotten == 0


def test_a_returned_payment_with_a_retry_on_its_way_keeps_its_account(engine, hashes, samples):
    paid = authorized(engine, hashes)
    with engine.begin() as db:
        db.execute(update(Payment).values(state="returned", returned_at=NOW))
        db.execute(
            insert(AchEntry).values(
                payment_id=paid.payment_id, kind="retry", sec_code="TEL", transaction_code="27", amount_cents=1,
                state="requested", created_at=NOW,
            )
        )  # fmt: skip
    assert apply_retention(engine, NOW + 400 * DAY).account_numbers_forgotten == 0


def test_files_lose_their_bytes_and_corrections_their_numbers(engine, hashes, samples):
    paid = settled(engine, hashes)
    entry_id = in_a_file(engine, paid)
    in_a_file(engine, settled(engine, hashes, seq=2), state="rejected", effective=NOW + 500 * DAY, number=2)
    in_a_file(engine, settled(engine, hashes, seq=3), effective=NOW + 300 * DAY, number=3)
    with engine.begin() as db:
        db.execute(update(AchEntry).values(state="final"))
        db.execute(
            insert(BankItem).values(
                kind="change", code="C01", digest=b"d", original_trace_number="1", trace_number="2", amount_cents=0,
                individual_id="3", entry_id=entry_id, state="applied", corrected=b"sealed", imported_at=NOW,
                file_name="noc", line=1,
            )
        )  # fmt: skip
    done = apply_retention(engine, NOW + 200 * DAY)
    assert (done.files_emptied, done.account_numbers_forgotten, done.proven) == (2, 3, True)
    with engine.connect() as db:
        contents = db.execute(select(AchFile.name, AchFile.content.is_(None)).order_by(AchFile.name)).all()
        assert [tuple(each) for each in contents] == [("file-1", True), ("file-2", True), ("file-3", False)]
        assert db.scalars(select(BankItem.corrected)).all() == [None]


def test_many_are_forgotten_a_batch_at_a_time(engine, hashes, samples, monkeypatch):
    monkeypatch.setattr("ivr.payments.retention._ROWS_AT_ONCE", 2)
    for seq in range(5):
        settled(engine, hashes, seq=seq + 1, amount_cents=100)
    assert apply_retention(engine, NOW + 400 * DAY).account_numbers_forgotten == 5


def test_evidence_goes_when_its_years_are_over_and_the_payment_stays(engine, hashes, samples):
    settled(engine, hashes)
    assert apply_retention(engine, NOW + 365 * 10 * DAY).evidence_removed == 0
    done = apply_retention(engine, NOW + 3660 * DAY)
    assert (done.evidence_removed, done.evidence_missing, done.proven) == (1, 0, True)
    with engine.connect() as db:
        assert db.execute(select(Authorization.id)).all() == []
        assert db.execute(select(Notice.payment_id)).all() == []
        assert len(db.execute(select(Payment.id)).all()) == 1


def test_an_open_payment_keeps_its_evidence_however_old(engine, hashes, samples):
    authorized(engine, hashes)
    assert apply_retention(engine, NOW + 5000 * DAY, 2).evidence_removed == 0


def test_evidence_that_is_missing_too_early_is_told(engine, hashes, samples):
    settled(engine, hashes)
    with engine.begin() as db:
        db.execute(delete(Authorization))
    found = apply_retention(engine, NOW + DAY)
    assert (found.evidence_missing, found.proven) == (1, False)


def test_less_than_two_years_is_refused():
    with pytest.raises(ValueError, match="2 years at least"):
        kept_since(NOW, 1)
    assert kept_since(NOW, 2) < NOW - 730 * DAY
