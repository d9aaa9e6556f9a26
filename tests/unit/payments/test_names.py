"""A receiver's name that staff correct: used for what is still to be written, never in place of the evidence."""

import csv
import io
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select, update
from support.money import FRIDAY, FRIDAYS_CUTOFF, KEYS, SETTINGS, files, pay, payment_row, states

from ivr.base.errors import OperatorError
from ivr.billing.samples import demo_members, members_csv
from ivr.members.imports import import_members
from ivr.payments.evidence import evidence_json, evidence_text, seal_evidence, verify_evidence
from ivr.payments.life import move
from ivr.payments.names import correct_name, correct_names
from ivr.payments.origination import file_context, run_cutoff
from ivr.payments.report import list_json, payment_json, payment_listing
from ivr.storage.tables import AuditEvent, Member, Payment, StaffTask

MONDAYS_CUTOFF = FRIDAYS_CUTOFF + timedelta(days=3)
LATER = FRIDAYS_CUTOFF + timedelta(hours=1)

pytestmark = pytest.mark.usefixtures("samples")


def cut(engine, cutoff=FRIDAYS_CUTOFF):
    with engine.begin() as db:
        return run_cutoff(db, KEYS, SETTINGS, cutoff=cutoff, now=cutoff + timedelta(minutes=1))


def pay_as(engine, first, last, **paying):
    """Pay as a member who is called so."""
    with engine.begin() as db:
        db.execute(
            update(Member).where(Member.member_id == "400000000101").values(first_name=first, last_name=last)
        )
    return pay(engine, **paying)


def correct(engine, paid, name="Ada Right", reason="as on the check"):
    with engine.begin() as db:
        return correct_name(db, paid.confirmation_number, name, reason=reason, actor="pat", now=LATER)


def import_as(engine, first, last, now=LATER, **changes):
    """Import the members file of a day on which the first sample member is called so."""
    rows = list(csv.DictReader(io.StringIO(members_csv(demo_members(FRIDAY.date())))))
    rows[0] |= {"first_name": first, "last_name": last, **changes}
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    with engine.begin() as db:
        renamed = partial(correct_names, db, reason="members file m.csv", actor="pat", now=now)
        stream = io.BytesIO(out.getvalue().encode())
        done = import_members(db, SETTINGS.hashes, now, stream, file_name="m.csv", renamed=renamed)
    assert done.errors == []


def tasks(engine):
    with engine.connect() as db:
        return db.execute(select(StaffTask.__table__).order_by(StaffTask.id)).all()


def events(engine):
    with engine.connect() as db:
        return [
            (event.actor, event.action, event.details) for event in db.execute(select(AuditEvent.__table__))
        ]


def names_in(file):
    lines = KEYS.open(file.content, file_context(file.name)).decode("ascii").splitlines()
    return [line[54:76].rstrip() for line in lines if line.startswith("6")]


@pytest.mark.parametrize("way", ["the members file", "the command"])
def test_a_payment_held_for_its_name_goes_with_the_corrected_one(engine, way):
    paid = pay_as(engine, ".", ".")
    (held,) = cut(engine).held
    assert (held.reason, held.fields) == ("record", "individual_name")
    assert held.why.startswith("the name (U+002E U+002E) has no letter that the bank's file can hold")
    cut(engine, FRIDAYS_CUTOFF + timedelta(seconds=1))
    (task,) = tasks(engine)
    assert task.details == {"reason": "record", "fields": "individual_name", "why": held.why}
    if way == "the command":
        assert correct(engine, paid, " Jos\u200be\u0301  Right ") == "José Right"
    else:
        import_as(engine, "Jose\u0301", "Right")
    payment = payment_row(engine, paid)
    assert (payment.state, payment.hold_reason, payment.receiver_name) == ("authorized", None, ". .")
    assert [task.closed_by for task in tasks(engine)] == ["pat"]
    cut(engine, MONDAYS_CUTOFF)
    assert payment_row(engine, paid).state == "batched"
    assert names_in(files(engine)[-1]) == ["JOSE RIGHT"]
    reason = "as on the check" if way == "the command" else "members file m.csv"
    change = {"from": ". .", "to": "José Right", "reason": reason}
    assert events(engine) == [("pat", "payments.correct_name", change)]


def test_another_payers_name_is_whose_account_is_debited(engine):
    paid = pay(engine, receiver_name="Bo Payer")
    import_as(engine, "Newly", "Named")
    cut(engine)
    assert names_in(files(engine)[-1]) == ["BO PAYER"]
    with engine.connect() as db:
        assert payment_json(db, paid.confirmation_number)["receiver_name"] == "Bo Payer"


def test_what_staff_wrote_for_a_payment_stays_when_the_member_is_renamed(engine):
    paid = pay(engine)
    correct(engine, paid, "Bo Payer", reason="the account is his")
    import_as(engine, "Newly", "Named")
    cut(engine)
    assert names_in(files(engine)[-1]) == ["BO PAYER"]


def test_what_was_authorized_stays_and_its_seal_holds(engine):
    paid = pay_as(engine, ".", ".")
    with engine.begin() as db:
        assert seal_evidence(db, SETTINGS.hashes, LATER, LATER) == 1
    correct(engine, paid)
    with engine.connect() as db:
        assert verify_evidence(db, SETTINGS.hashes, kept_since=FRIDAY).broken == ()
        evidence = evidence_json(db, SETTINGS.hashes, paid.confirmation_number)
        shown = payment_json(db, paid.confirmation_number)
    assert evidence["payment"]["receiver_name"] == ". ."
    assert evidence["corrections"] == [
        {
            "at": "2026-12-18T23:00:00Z",
            "by": "pat",
            "from": ". .",
            "to": "Ada Right",
            "reason": "as on the check",
        }
    ]
    assert "CORRECTIONS\n  at 2026-12-18T23:00:00Z, by pat, from . ., to Ada Right, reason" in evidence_text(
        evidence
    )
    assert (shown["receiver_name"], shown["corrected_name"]) == (". .", "Ada Right")


def test_without_a_correction_the_evidence_has_no_such_part(engine):
    paid = pay(engine)
    with engine.connect() as db:
        evidence = evidence_json(db, SETTINGS.hashes, paid.confirmation_number)
    assert evidence["corrections"] == []
    assert "CORRECTIONS" not in evidence_text(evidence)


def test_why_it_is_held_stands_in_the_list_and_the_payment(engine):
    paid = pay_as(engine, ".", ".")
    with engine.connect() as db:
        assert payment_json(db, paid.confirmation_number)["held_because"] is None
    cut(engine)
    with engine.connect() as db:
        shown = payment_json(db, paid.confirmation_number)
        (listed,) = payment_listing(list_json(db), SETTINGS.ivr_timezone).lines
    assert shown["held_because"].startswith("the name (U+002E U+002E) has no letter")
    assert shown["held_because"] in listed


def test_a_name_in_a_file_of_members_corrects_only_what_is_still_to_be_written(engine):
    gone = pay_as(engine, "Ada", "Sample", cents=100)
    cut(engine)
    waits = pay(engine, LATER, cents=200)
    cancelled, other = pay(engine, LATER, cents=300), pay(engine, LATER, member=2, cents=1)
    with engine.begin() as db:
        move(db, cancelled.payment_id, "authorized", "cancel")
    import_as(engine, "Ada", "Married")
    named = {each: payment_row(engine, each).corrected_name for each in (gone, waits, cancelled, other)}
    assert named == {gone: None, waits: "Ada Married", cancelled: None, other: None}
    import_as(engine, "Ada", "Married", phone="")
    assert len(events(engine)) == 1, "the same name again is no correction"
    import_as(engine, "Ada", "Sample")
    assert payment_row(engine, waits).corrected_name == "Ada Sample"


def test_a_file_without_a_name_does_not_undo_what_staff_corrected(engine):
    paid = pay_as(engine, ".", ".")
    correct(engine, paid)
    import_as(engine, "-", "-")
    assert payment_row(engine, paid).corrected_name == "Ada Right"


def test_a_reason_that_the_name_does_not_mend_stays(engine):
    paid = pay(engine, notice="failed")
    cut(engine)
    correct(engine, paid)
    payment = payment_row(engine, paid)
    assert (payment.state, payment.hold_reason, payment.corrected_name) == ("held", "notice", "Ada Right")
    assert [task.closed_at for task in tasks(engine)] == [None]


@pytest.mark.parametrize(
    ("name", "words"),
    [(". 1", "needs a letter"), ("", "needs a letter"), ("\u200b\U0001f600", "needs a letter")],
)
def test_a_name_that_no_record_can_hold_corrects_nothing(engine, name, words):
    paid = pay(engine)
    with pytest.raises(OperatorError, match=words):
        correct(engine, paid, name)
    assert (payment_row(engine, paid).corrected_name, events(engine)) == (None, [])


def test_an_unknown_or_cancelled_payment_has_nothing_to_correct(engine):
    paid = pay(engine)
    with engine.begin() as db:
        move(db, paid.payment_id, "authorized", "cancel")
    with pytest.raises(OperatorError, match="is cancelled"):
        correct(engine, paid)
    with engine.begin() as db, pytest.raises(OperatorError, match="No payment has"):
        correct_name(db, "12345678901", "Ada", reason="x", actor="pat", now=LATER)
    assert states(engine) == ["cancelled"]
    with engine.connect() as db:
        assert db.scalars(select(Payment.corrected_name)).all() == [None]
