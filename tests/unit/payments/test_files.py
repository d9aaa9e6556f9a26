"""A file after it is made: delivered once, settled in time, or refused and everything in it sent again."""

import stat
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pyrage import decrypt, x25519
from sqlalchemy import select, text, update
from support.crashes import Crashes
from support.money import (
    ACCOUNT_NUMBER,
    FRIDAYS_CUTOFF,
    KEYS,
    MONDAY,
    SETTINGS,
    entries,
    files,
    owed_cents,
    pay,
    payment_row,
    states,
    tell_notice,
)

from ivr.ach.records import transaction_code
from ivr.base.errors import OperatorError
from ivr.base.keys import KeyRing
from ivr.payments.delivery import (
    Folder,
    LateFileError,
    NameTakenError,
    NotDeliveredError,
    PerhapsDeliveredError,
    deliver_file,
    hold_delivery,
    undelivered_files,
)
from ivr.payments.files import allow_again, find_file, list_files, note_arrived, reject_file
from ivr.payments.life import move
from ivr.payments.origination import file_context, run_cutoff
from ivr.payments.settlement import final_at, finish, release, settle, settlement_at
from ivr.storage.tables import AchEntry, AchFile, AuditEvent, StaffTask

LATER = FRIDAYS_CUTOFF + timedelta(minutes=1)
MONDAYS_CUTOFF = datetime(2026, 12, 21, 22, tzinfo=UTC)
NAME = "ivr-20261218-A.ach"
SETTLED = datetime(2026, 12, 21, 13, 30, tzinfo=UTC)  # 8:30 in New York
NONE = frozenset()

pytestmark = pytest.mark.usefixtures("samples")


def cut(engine, cutoff=FRIDAYS_CUTOFF):
    with engine.begin() as db:
        return run_cutoff(db, KEYS, SETTINGS, cutoff=cutoff, now=cutoff + timedelta(minutes=1))


def inode_and_change(path):
    """What another file or another write would change, and reading does not."""
    found = path.stat()
    return found.st_ino, found.st_ctime_ns


def deliver(engine, folder, now=LATER):
    return deliver_file(engine, KEYS, Folder(folder), files(engine)[-1].id, now)


def open_tasks(engine):
    with engine.connect() as db:
        return db.execute(select(StaffTask.__table__).where(StaffTask.closed_at.is_(None))).all()


def reject(engine, which=NAME, now=LATER):
    with engine.begin() as db:
        return reject_file(db, which, reason="bad hash", actor="pat", now=now)


class TestDelivery:
    def test_the_file_lies_there_whole_and_everything_is_sent(self, engine, tmp_path):
        paid = pay(engine)
        cut(engine)
        with engine.connect() as db:
            assert undelivered_files(db) == [files(engine)[0].id]
        assert deliver(engine, tmp_path / "out" / "ach")
        (path,) = (tmp_path / "out" / "ach").iterdir()
        (file,) = files(engine)
        assert (path.name, stat.S_IMODE(path.stat().st_mode)) == (NAME, 0o600)
        assert KEYS.open(file.content, file_context(NAME)) == path.read_bytes()
        assert (file.state, file.sent_at) == ("sent", LATER)
        assert (payment_row(engine, paid).state, entries(engine)[0].state) == ("sent", "sent")
        assert not deliver(engine, tmp_path)
        with engine.connect() as db:
            assert undelivered_files(db) == []

    def test_what_lies_there_already_is_enough(self, engine, tmp_path):
        """The process died after the file was in place and before that was written down."""
        pay(engine)
        cut(engine)
        deliver(engine, tmp_path)
        with engine.begin() as db:
            for table, state in (
                ("ach_files", "written"),
                ("ach_entries", "batched"),
                ("payments", "batched"),
            ):
                db.execute(text(f"UPDATE {table} SET state = '{state}'"))
        before = (tmp_path / NAME).stat()
        assert deliver(engine, tmp_path)
        assert (tmp_path / NAME).stat().st_ino == before.st_ino
        assert states(engine) == ["sent"]

    def test_half_a_temporary_file_is_written_anew(self, engine, tmp_path):
        pay(engine)
        cut(engine)
        (tmp_path / f"{NAME}.part").write_bytes(b"101 0110")
        assert deliver(engine, tmp_path)
        (path,) = tmp_path.iterdir()
        assert path.stat().st_size == 10 * 95

    def test_another_file_of_that_name_is_left_alone_and_staff_are_told_once(self, engine, tmp_path):
        pay(engine)
        cut(engine)
        (tmp_path / NAME).write_text("something else")
        for _ in range(2):
            with pytest.raises(NameTakenError, match="Another file lies at"):
                deliver(engine, tmp_path)
        assert (tmp_path / NAME).read_text() == "something else"
        assert [path.name for path in tmp_path.iterdir()] == [NAME]
        (task,) = open_tasks(engine)
        assert (task.kind, task.details["file_id"]) == ("file_not_delivered", files(engine)[0].id)
        assert states(engine) == ["batched"]
        (tmp_path / NAME).unlink()
        assert deliver(engine, tmp_path)
        assert open_tasks(engine) == []

    def test_a_folder_that_cannot_be_written_is_a_sentence(self, engine, tmp_path):
        pay(engine)
        cut(engine)
        (tmp_path / "file").write_text("")
        with pytest.raises(NotDeliveredError, match="IVR_ACH_OUT"):
            deliver(engine, tmp_path / "file")
        assert states(engine) == ["batched"]

    def test_a_key_that_is_gone_is_told(self, engine, tmp_path):
        pay(engine)
        cut(engine)
        other = KeyRing({"k2": b"x" * 32})
        with pytest.raises(NotDeliveredError, match="put it back into IVR_KEYS"):
            deliver_file(engine, other, Folder(tmp_path), files(engine)[0].id, LATER)
        assert (list(tmp_path.iterdir()), len(open_tasks(engine))) == ([], 1)

    def test_two_workers_deliver_it_once(self, engine):
        """The second finds the row taken and has nothing to do."""
        pay(engine)
        cut(engine)
        file_id = files(engine)[0].id
        at_it, let_go = threading.Event(), threading.Event()
        delivered = []

        class Slow:
            def place(self, name):
                return name

            def deliver(self, name, content, before_naming):
                at_it.set()
                assert let_go.wait(30)
                delivered.append(name)

        worker = threading.Thread(target=deliver_file, args=(engine, KEYS, Slow(), file_id, LATER))
        worker.start()
        assert at_it.wait(30)
        assert not deliver_file(engine, KEYS, Slow(), file_id, LATER)
        let_go.set()
        worker.join()
        assert (delivered, states(engine)) == ([NAME], ["sent"])

    def test_a_delivery_that_was_broken_off_is_asked_about_and_never_repeated(self, engine, tmp_path):
        """The folder is empty: somebody took the file to the bank, or it never lay there."""
        pay(engine)
        cut(engine)
        with engine.begin() as db:
            db.execute(update(AchFile).values(naming_at=LATER))
        for _ in range(2):
            with pytest.raises(
                PerhapsDeliveredError, match=f"`ivr ach sent {NAME}`; if not, `ivr ach resend {NAME}`"
            ):
                deliver(engine, tmp_path)
        assert (list(tmp_path.iterdir()), states(engine)) == ([], ["batched"])
        (task,) = open_tasks(engine)
        assert (task.kind, task.details["file_id"]) == ("file_perhaps_delivered", files(engine)[0].id)

    def test_one_that_lies_there_whole_is_noted_and_not_written_again(self, engine, tmp_path):
        """It died after the new name was given, before that was noted."""
        paid = pay(engine)
        cut(engine)
        with engine.begin() as db:
            content = KEYS.open(db.scalars(select(AchFile.content)).one(), file_context(NAME))
            db.execute(update(AchFile).values(naming_at=LATER))
        (tmp_path / NAME).write_bytes(content)
        written = inode_and_change(tmp_path / NAME)
        assert deliver(engine, tmp_path)
        assert (payment_row(engine, paid).state, open_tasks(engine)) == ("sent", [])
        assert [each.name for each in tmp_path.iterdir()] == [NAME]
        assert inode_and_change(tmp_path / NAME) == written

    def test_one_that_lies_there_only_half_named_is_known_to_have_arrived(self, engine, tmp_path):
        """It died between the new name and the end of the old one; the bank has moved the new one away."""
        pay(engine)
        cut(engine)
        deliver(engine, tmp_path)
        (tmp_path / f"{NAME}.part").hardlink_to(tmp_path / NAME)
        (tmp_path / NAME).rename(tmp_path / "at the bank")
        with engine.connect() as db:
            content = KEYS.open(db.scalars(select(AchFile.content)).one(), file_context(NAME))
        assert Folder(tmp_path).look(NAME, content) == "there"

    def test_staff_say_that_it_arrived(self, engine, tmp_path):
        paid = pay(engine)
        cut(engine)
        with engine.begin() as db:
            db.execute(update(AchFile).values(naming_at=LATER))
        with pytest.raises(PerhapsDeliveredError):
            deliver(engine, tmp_path)
        with engine.begin() as db:
            assert note_arrived(db, NAME, actor="pat", now=LATER) == NAME
        assert (payment_row(engine, paid).state, entries(engine)[0].state) == ("sent", "sent")
        (file,) = files(engine)
        assert (file.state, file.sent_at, file.naming_at) == ("sent", LATER, None)
        assert (open_tasks(engine), deliver(engine, tmp_path), list(tmp_path.iterdir())) == ([], False, [])
        with engine.connect() as db:
            assert db.execute(select(AuditEvent.actor, AuditEvent.action, AuditEvent.subject)).all() == [
                ("pat", "ach.sent", NAME)
            ]
            for again in (note_arrived, allow_again):
                with pytest.raises(OperatorError, match=f"{NAME} was sent. .+`ivr ach reject {NAME}`"):
                    again(db, NAME, actor="pat", now=LATER)

    def test_staff_say_that_it_did_not(self, engine, tmp_path):
        pay(engine)
        cut(engine)
        with engine.begin() as db:
            db.execute(update(AchFile).values(naming_at=LATER))
            assert allow_again(db, NAME, actor="pat", now=LATER) == files(engine)[0].id
        assert deliver(engine, tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == [NAME]
        reject(engine)
        with engine.connect() as db, pytest.raises(OperatorError, match="was rejected"):
            allow_again(db, NAME, actor="pat", now=LATER)

    @pytest.mark.parametrize(("found", "sent"), [("there", True), ("not_there", False), ("unknown", False)])
    def test_a_connection_that_ends_with_the_name_is_asked_about_at_once(self, engine, found, sent):
        pay(engine)
        cut(engine)

        class Breaking(Folder):
            def deliver(self, name, content, before_naming):
                before_naming()
                raise PerhapsDeliveredError("the connection ended")

            def look(self, name, content):
                return found

        if sent:
            assert deliver_file(engine, KEYS, Breaking(Path()), files(engine)[0].id, LATER)
        else:
            with pytest.raises(
                NotDeliveredError, match="sent again" if found == "not_there" else "Ask the bank"
            ):
                deliver_file(engine, KEYS, Breaking(Path()), files(engine)[0].id, LATER)
        assert (files(engine)[0].naming_at is None) == (found != "unknown")

    @pytest.mark.parametrize("cut_off", [False, True])
    def test_whoever_dies_leaves_the_file_to_others(self, worker_database, engine, tmp_path, cut_off):
        """At any statement or commit, with its process or only its connection: the lock is never left behind."""
        pay(engine)
        cut(engine)
        file_id = files(engine)[0].id
        crashes = Crashes(engine, worker_database.holder)
        for steps in range(40):
            with crashes.after(steps, cut=cut_off):
                deliver(engine, tmp_path)
            with engine.begin() as db:
                hold_delivery(db, file_id)
                db.execute(update(AchFile).values(naming_at=None))
        assert files(engine)[0].state == "sent"

    def test_a_file_whose_day_has_come_waits_for_staff(self, engine, tmp_path):
        """The folder could not be written for days. Until the evening before, minutes late are on time."""
        pay(engine)
        cut(engine)
        monday = datetime(2026, 12, 21, 5, tzinfo=UTC)  # midnight in New York
        with pytest.raises(
            LateFileError, match=f"before 2026-12-21, .+`ivr ach resend {NAME}`.+`ivr ach reject"
        ):
            deliver(engine, tmp_path, monday)
        assert (list(tmp_path.iterdir()), [task.kind for task in open_tasks(engine)]) == ([], ["file_late"])
        file_id = files(engine)[0].id
        assert deliver_file(engine, KEYS, Folder(tmp_path), file_id, monday, although_late=True)
        assert (states(engine), open_tasks(engine)) == (["sent"], [])

    def test_what_came_back_before_the_file_was_delivered_stays_returned(self, engine, tmp_path):
        paid = pay(engine)
        cut(engine)
        with engine.begin() as db:
            move(db, paid.payment_id, "batched", "return")
            db.execute(update(AchEntry).values(state="returned"))
        deliver(engine, tmp_path)
        assert (states(engine), entries(engine)[0].state) == (["returned"], "returned")


class TestRejecting:
    @pytest.mark.parametrize("delivered", [False, True])
    def test_everything_goes_into_the_next_file_under_the_same_numbers(self, engine, tmp_path, delivered):
        one, two = pay(engine, cents=100), pay(engine, plan="dental", cents=200)
        cut(engine)
        if delivered:
            deliver(engine, tmp_path)
        first = {row.payment_id: row.trace_number for row in entries(engine)}
        done = reject(engine)
        assert (done.name, done.debits, done.requests) == (NAME, 2, 0)
        assert states(engine) == ["authorized"] * 2
        assert payment_row(engine, one).trace_number is None
        assert [row.state for row in entries(engine)] == ["rejected"] * 2
        (file,) = files(engine)
        assert (file.state, file.rejected_at, file.reject_reason) == ("rejected", LATER, "bad hash")
        assert not deliver(engine, tmp_path)
        assert cut(engine, MONDAYS_CUTOFF).file.entries == 2
        again = {row.payment_id: row for row in entries(engine) if row.state == "batched"}
        assert set(again) == {one.payment_id, two.payment_id}
        assert not {row.trace_number for row in again.values()} & set(first.values())
        assert payment_row(engine, one).confirmation_number == one.confirmation_number
        assert payment_row(engine, one).effective_entry_date == date(2026, 12, 22)
        with engine.connect() as db:
            audit = db.execute(select(AuditEvent.__table__)).one()
        assert (audit.actor, audit.action, audit.subject) == ("pat", "ach.reject", NAME)
        assert audit.details == {"reason": "bad hash", "debits": 2, "requests": 0}

    def test_no_ledger_row_is_posted(self, engine):
        pay(engine, cents=100)
        cut(engine)
        before = owed_cents(engine, "740000101")
        reject(engine)
        assert owed_cents(engine, "740000101") == before

    @pytest.mark.parametrize(("kind", "sec_code"), [("retry", "TEL"), ("reversal", "TEL"), ("refund", "PPD")])
    def test_what_was_requested_is_requested_again(self, engine, tmp_path, kind, sec_code):
        paid = pay(engine)
        cut(engine)
        deliver(engine, tmp_path)
        with engine.begin() as db:
            move(db, paid.payment_id, "sent", "return")
            db.execute(update(AchEntry).values(state="returned"))
            if kind == "retry":
                move(db, paid.payment_id, "returned", "retry")
            db.execute(
                AchEntry.__table__.insert().values(
                    payment_id=paid.payment_id,
                    kind=kind,
                    sec_code=sec_code,
                    transaction_code=transaction_code("checking", "debit" if kind == "retry" else "credit"),
                    amount_cents=31015,
                    state="requested",
                    created_at=LATER,
                )
            )
        name = cut(engine, MONDAYS_CUTOFF).file.name
        deliver(engine, tmp_path)
        before = payment_row(engine, paid).state
        assert before == ("sent" if kind == "retry" else "returned")
        done = reject(engine, name)
        assert (done.debits, done.requests) == (0, 1)
        assert payment_row(engine, paid).state == ("batched" if kind == "retry" else "returned")
        assert sorted(row.state for row in entries(engine)) == ["rejected", "requested", "returned"]
        cut(engine, MONDAYS_CUTOFF + timedelta(days=1))
        (again,) = [row for row in entries(engine) if row.state == "batched"]
        assert (again.kind, again.sec_code, again.amount_cents) == (kind, sec_code, 31015)
        assert sum(row.kind == "debit" for row in entries(engine)) == 1

    @pytest.mark.parametrize("state", ["settled", "returned", "final"])
    def test_a_file_that_the_bank_took_cannot_be_rejected(self, engine, state):
        pay(engine)
        cut(engine)
        with engine.begin() as db:
            db.execute(update(AchEntry).values(state=state))
        with pytest.raises(OperatorError, match="the bank took the file"):
            reject(engine)
        assert states(engine) == ["batched"]

    def test_twice_changes_nothing(self, engine):
        pay(engine)
        cut(engine)
        reject(engine)
        with pytest.raises(OperatorError, match="was rejected before"):
            reject(engine)
        assert states(engine) == ["authorized"]

    def test_a_file_is_known_by_its_number_or_its_name(self, engine):
        pay(engine)
        cut(engine)
        (file,) = files(engine)
        with engine.connect() as db:
            assert find_file(db, str(file.id)) == find_file(db, NAME)
            for unknown in ("0", "99999999999999999999", "other.ach", "²"):
                with pytest.raises(OperatorError, match="There is no file"):
                    find_file(db, unknown)

    def test_files_are_listed_with_their_state(self, engine):
        pay(engine)
        cut(engine)
        with engine.connect() as db:
            (listed,) = list_files(db)
            assert list_files(db, state="sent") == []
            assert list_files(db, state="written") == [listed]
        assert listed == {
            "file_id": files(engine)[0].id,
            "name": NAME,
            "state": "written",
            "cutoff_at": "2026-12-18T22:00:00Z",
            "created_at": "2026-12-18T22:01:00Z",
            "effective_entry_date": "2026-12-21",
            "batches": 1,
            "entries": 1,
            "debit_cents": 31015,
            "credit_cents": 0,
            "sent_at": None,
            "rejected_at": None,
            "reject_reason": None,
        }


def roll(engine, step, now, closings=NONE):
    with engine.begin() as db:
        return step(db, closings, now)


class TestSettling:
    def test_a_debit_settles_at_half_past_eight_in_new_york_on_its_day(self, engine, tmp_path):
        paid = pay(engine)
        cut(engine)
        assert roll(engine, settle, SETTLED) == 0
        deliver(engine, tmp_path)
        assert roll(engine, settle, SETTLED - timedelta(seconds=1)) == 0
        assert payment_row(engine, paid).state == "sent"
        assert roll(engine, settle, SETTLED + timedelta(days=3)) == 1
        payment = payment_row(engine, paid)
        assert (payment.state, payment.settled_at, entries(engine)[0].state) == (
            "settled",
            SETTLED,
            "settled",
        )
        assert roll(engine, settle, SETTLED + timedelta(days=3)) == 0

    def test_nobody_may_return_it_any_more_sixty_days_and_three_banking_days_later(self, engine, tmp_path):
        paid = pay(engine)
        cut(engine)
        deliver(engine, tmp_path)
        roll(engine, settle, SETTLED)
        # 60 days after December 21 is Friday, February 19; three banking days on is Wednesday the 24th.
        closed = datetime(2027, 2, 24, 5, tzinfo=UTC)
        assert final_at(SETTLED, NONE) == closed
        assert roll(engine, finish, closed - timedelta(seconds=1)) == 0
        assert payment_row(engine, paid).state == "settled"
        assert roll(engine, finish, closed) == 1
        assert (payment_row(engine, paid).state, entries(engine)[0].state) == ("final", "final")
        assert roll(engine, finish, closed) == 0

    def test_a_returned_debit_neither_settles_nor_finishes(self, engine, tmp_path):
        paid = pay(engine)
        cut(engine)
        deliver(engine, tmp_path)
        with engine.begin() as db:
            move(db, paid.payment_id, "sent", "return")
            db.execute(update(AchEntry).values(state="returned"))
        assert roll(engine, settle, SETTLED) == 0
        assert roll(engine, finish, SETTLED + timedelta(days=100)) == 0
        assert states(engine) == ["returned"]

    def test_a_refund_settles_without_moving_its_payment(self, engine, tmp_path):
        paid = pay(engine)
        cut(engine)
        deliver(engine, tmp_path)
        with engine.begin() as db:
            move(db, paid.payment_id, "sent", "return")
            db.execute(update(AchEntry).values(state="sent", kind="refund"))
        assert roll(engine, settle, SETTLED) == 1
        assert states(engine) == ["returned"]

    def test_what_left_too_late_settles_a_banking_day_after_it_left(self):
        sent = datetime(2026, 12, 23, 3, tzinfo=UTC)  # the evening of the 22nd in New York
        assert settlement_at(MONDAY, sent, NONE) == datetime(2026, 12, 23, 13, 30, tzinfo=UTC)
        assert settlement_at(MONDAY, LATER, NONE) == SETTLED
        assert settlement_at(MONDAY, LATER, {MONDAY}) == SETTLED + timedelta(days=1)

    def test_settlement_is_half_past_eight_in_summer_too(self):
        sent = datetime(2026, 7, 1, 21, tzinfo=UTC)
        assert settlement_at(date(2026, 7, 2), sent, NONE) == datetime(2026, 7, 2, 12, 30, tzinfo=UTC)

    def test_a_notice_that_went_out_lets_its_payment_go(self, engine):
        paid, other = pay(engine, notice="pending", cents=100), pay(engine, notice="pending", cents=200)
        cut(engine)
        assert len(open_tasks(engine)) == 2
        with engine.begin() as db:
            tell_notice(db, paid.payment_id, "sent", LATER)
            assert release(db, LATER) == 1
            assert release(db, LATER) == 0
        payment = payment_row(engine, paid)
        assert (payment.state, payment.hold_reason) == ("authorized", None)
        assert payment_row(engine, other).state == "held"
        assert [task.payment_id for task in open_tasks(engine)] == [other.payment_id]

    def test_what_a_cutoff_is_at_is_left_to_it(self, engine):
        paid = pay(engine, notice="pending")
        cut(engine)
        with engine.begin() as db:
            tell_notice(db, paid.payment_id, "sent", LATER)
        with engine.begin() as at_work:
            run_cutoff(at_work, KEYS, SETTINGS, cutoff=MONDAYS_CUTOFF, now=MONDAYS_CUTOFF)
            with engine.begin() as db:
                assert release(db, MONDAYS_CUTOFF) == 0
        assert states(engine) == ["batched"]


class TestEncrypted:
    """What goes out can be read by the bank alone."""

    BANK = x25519.Identity.generate()
    TO = (str(BANK.to_public()),)

    def deliver(self, engine, destination, to=TO, now=LATER):
        return deliver_file(engine, KEYS, destination, files(engine)[-1].id, now, recipients=to)

    def test_nothing_readable_stays(self, engine, tmp_path):
        pay(engine)
        cut(engine)
        assert self.deliver(engine, Folder(tmp_path))
        (path,) = tmp_path.iterdir()
        (file,) = files(engine)
        sent = path.read_bytes()
        assert (path.name, file.state, file.encrypted) == (f"{NAME}.age", "sent", sent)
        assert ACCOUNT_NUMBER.encode() not in sent
        assert decrypt(sent, [self.BANK]) == KEYS.open(file.content, file_context(NAME))
        with engine.connect() as db:
            assert find_file(db, path.name)["name"] == NAME

    def test_what_may_be_there_already_is_not_encrypted_anew(self, engine, tmp_path):
        pay(engine)
        cut(engine)
        self.deliver(engine, Folder(tmp_path))
        (path,) = tmp_path.iterdir()
        sent = path.read_bytes()
        with engine.begin() as db:
            db.execute(text("UPDATE ach_files SET state = 'written', naming_at = created_at"))
            db.execute(text("UPDATE ach_entries SET state = 'batched'"))
            db.execute(text("UPDATE payments SET state = 'batched'"))
        assert self.deliver(engine, Folder(tmp_path), to=())
        assert [each.read_bytes() for each in tmp_path.iterdir()] == [sent]

    def test_one_that_is_certainly_not_there_goes_to_the_key_of_today(self, engine, tmp_path):
        pay(engine)
        cut(engine)
        (tmp_path / "out").write_text("no folder")
        with pytest.raises(NotDeliveredError):
            self.deliver(engine, Folder(tmp_path / "out"))
        other = x25519.Identity.generate()
        assert self.deliver(engine, Folder(tmp_path / "in"), to=(str(other.to_public()),))
        (path,) = (tmp_path / "in").iterdir()
        assert ACCOUNT_NUMBER.encode() in decrypt(path.read_bytes(), [other])
