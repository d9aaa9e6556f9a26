"""`ivr keys`: an old key is done with, and what was sealed under it still opens."""

import base64

import pytest
from sqlalchemy import insert, select, text
from support import environs
from support.money import ACCOUNT_NUMBER, FRIDAY, FRIDAYS_CUTOFF, KEYS, SETTINGS, pay

from ivr.base.keys import KeyRing
from ivr.base.randomness import SecretRandomness
from ivr.jobs.bank import run_due_cutoffs
from ivr.jobs.resealing import reseal
from ivr.payments.authorize import account_number_context
from ivr.payments.corrections import correction_context
from ivr.payments.origination import file_context
from ivr.staff.people import StaffKeys, add_staff, totp_context
from ivr.storage.canaries import check_keys, keys_in_use
from ivr.storage.tables import AchFile, BankItem, Payment, StaffMember

NEW = b"another key, as long as the old!"
DIGEST = bytes(32)


@pytest.fixture
def sealed(ivr, engine, samples, monkeypatch):
    """A payment, its file and corrected data under k1; the settings have k2 too, and first.

    Beside them is a log-in, whose second factor is sealed under the console's own key.
    """
    pay(engine)
    run_due_cutoffs(engine, SETTINGS, FRIDAYS_CUTOFF)
    item = {
        "kind": "change",
        "code": "C01",
        "digest": DIGEST,
        "original_trace_number": "",
        "trace_number": "",
    }
    item |= {"amount_cents": 0, "individual_id": "", "state": "applied", "imported_at": FRIDAY}
    with engine.begin() as db:
        corrected = KEYS.seal(b"{}", correction_context(DIGEST))
        db.execute(insert(BankItem).values(**item, file_name="", line=1, corrected=corrected))
        secrets = {"name": "ada", "password": "a long password", "roles": ["ops"]}
        add_staff(db, StaffKeys(NEW), SecretRandomness(), **secrets, actor="admin", now=FRIDAY)
    both = f"k2:{base64.b64encode(NEW).decode()},k1:{environs.KEY}"
    monkeypatch.setenv("IVR_KEYS", both)
    monkeypatch.setenv("IVR_HASH_KEY", environs.HASH_KEY)
    return ivr


def test_a_key_is_kept_until_nothing_is_sealed_under_it(sealed, engine):
    newest = "k2: the newest, seals what comes; "
    before = sealed("keys", "status")
    in_use = "1 in ach_files, 1 in bank_items, 1 in payments"
    assert before.out == f"{newest}nothing is sealed under it\nk1: {in_use}; keep it\n"
    assert sealed("keys", "rotate").out == "3 values sealed under k2. See `ivr keys status`.\n"
    after = f"{newest}{in_use}\nk1: nothing is sealed under it; it may leave IVR_KEYS\n"
    assert sealed("keys", "status").out == after
    assert sealed("keys", "rotate").out.startswith("0 values")
    new = KeyRing({"k2": NEW})
    with engine.connect() as db:
        assert {key_id for key_id, _ in keys_in_use(db)} == {"k2"}
        (paid,) = db.execute(select(Payment.account_number, Payment.confirmation_number)).all()
        assert new.open(paid[0], account_number_context(paid[1])) == ACCOUNT_NUMBER.encode()
        (file,) = db.execute(select(AchFile.content, AchFile.name)).all()
        assert new.open(file[0], file_context(file[1])).startswith(b"101")
        (corrected,) = db.scalars(select(BankItem.corrected)).all()
        assert new.open(corrected, correction_context(DIGEST)) == b"{}"
        factor = db.scalars(select(StaffMember.totp_secret)).one()
        assert len(StaffKeys(NEW).ring.open(factor, totp_context("ada"))) == 32
    check_keys(engine, SETTINGS.hashes, KeyRing({"k1": base64.b64decode(environs.KEY), "k2": NEW}), FRIDAY)
    check_keys(engine, SETTINGS.hashes, new, FRIDAY)  # a start without the old one


def test_what_is_under_a_key_that_is_gone_is_told_and_nothing_of_its_batch_changes(
    sealed, engine, monkeypatch
):
    with engine.begin() as db:
        db.execute(text("UPDATE payments SET confirmation_number = '1'"))  # another row's context
    ran = sealed("keys", "rotate")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err == (
        "Something sealed cannot be opened: a sealed value was changed, or belongs to another row.\n"
    )
    with engine.connect() as db:
        assert {key_id for key_id, _ in keys_in_use(db)} == {"k1"}
    with pytest.raises(Exception, match="no key 'k1'"):
        reseal(engine, KeyRing({"k2": NEW}))
