"""Cancelling: until a file holds the payment, never after, never together with a debit."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError
from support.money import (
    FRIDAY,
    FRIDAYS_CUTOFF,
    KEYS,
    SETTINGS,
    entries,
    owed_cents,
    pay,
    payment_row,
    wait_until_somebody_waits,
)

from ivr.base.errors import OperatorError
from ivr.base.randomness import SecretRandomness, SeededRandomness
from ivr.billing.ledger import balances
from ivr.payments.cancel import TooLateError, cancel
from ivr.payments.confirmation_numbers import (
    draw_cancellation_number,
    draw_confirmation_number,
    is_cancellation_number,
    is_valid,
)
from ivr.payments.history import payments_to_tell
from ivr.payments.origination import run_cutoff
from ivr.storage.tables import AuditEvent, LedgerEntry, Notice, StaffTask

SOON = FRIDAY + timedelta(minutes=5)
LATER = FRIDAYS_CUTOFF + timedelta(minutes=1)


def take_back(engine, paid, now=SOON, *, randomness=None):
    with engine.begin() as db:
        return cancel(
            db,
            randomness or SecretRandomness(),
            confirmation_number=paid.confirmation_number,
            actor="pat",
            now=now,
        )


def cut(engine, cutoff=FRIDAYS_CUTOFF):
    with engine.begin() as db:
        return run_cutoff(db, KEYS, SETTINGS, cutoff=cutoff, now=cutoff + timedelta(minutes=1))


@pytest.mark.usefixtures("samples")
class TestCancelling:
    def test_the_money_is_owed_again_and_the_caller_hears_nothing_of_it(self, engine):
        paid = pay(engine, cents=10000, notice="pending")
        assert owed_cents(engine, "740000101") == 21015
        done = take_back(engine, paid)
        assert (done.amount_cents, done.plan, done.cancelled_at) == (10000, "health", SOON)
        payment = payment_row(engine, paid)
        assert (payment.state, payment.cancelled_at) == ("cancelled", SOON)
        assert payment.cancellation_number == done.cancellation_number
        with engine.connect() as db:
            health, _ = balances(db, "400000000101", FRIDAY.date())
            assert (health.balance_cents, health.pending_cents) == (31015, 0)
            since = FRIDAY - timedelta(hours=24)
            told = payments_to_tell(
                db, "400000000101", recent_since=since, returned_since=since, dropped_since=since
            )
            assert (told.recent, told.returned) == ((), ())
            its = select(Notice.state).where(Notice.kind == "authorized")
            assert db.scalars(its).one() == "withdrawn"
            row = db.execute(select(LedgerEntry.__table__).where(LedgerEntry.kind == "cancellation")).one()
            assert (row.payment_id, row.amount_cents, row.posted_at) == (paid.payment_id, 10000, SOON)
            audit = db.execute(select(AuditEvent.__table__)).one()
        assert (audit.actor, audit.action, audit.subject) == ("pat", "payments.cancel", str(paid.payment_id))
        assert audit.details == {"cancellation_number": done.cancellation_number, "from": "authorized"}

    def test_a_cancelled_payment_is_in_no_file(self, engine):
        paid = pay(engine)
        take_back(engine, paid)
        assert cut(engine).file is None
        assert payment_row(engine, paid).state == "cancelled"

    def test_until_a_file_holds_it_whatever_the_clock_says(self, engine):
        """No worker ran: its cutoff has passed for days, and nothing has left the house."""
        paid = pay(engine, cents=100)
        take_back(engine, paid, FRIDAYS_CUTOFF + timedelta(days=3))
        assert payment_row(engine, paid).state == "cancelled"
        assert owed_cents(engine, "740000101") == 31015
        late = pay(engine, cents=200)
        cut(engine)
        with pytest.raises(
            OperatorError, match=r"Its debit is in a file for the bank\. If the money must come"
        ):
            take_back(engine, late, FRIDAYS_CUTOFF - timedelta(hours=1))

    def test_a_notice_that_went_out_stays_sent(self, engine):
        take_back(engine, pay(engine))
        with engine.connect() as db:
            its = select(Notice.state).where(Notice.kind == "authorized")
            assert db.scalars(its).one() == "sent"

    def test_what_its_cutoff_left_behind_can_be_cancelled(self, engine):
        paid, other = pay(engine, cents=100, notice="pending"), pay(engine, cents=200, notice="pending")
        cut(engine)
        take_back(engine, paid, LATER)
        assert payment_row(engine, paid).hold_reason is None
        with engine.connect() as db:
            closed = db.scalars(select(StaffTask.closed_by).order_by(StaffTask.payment_id)).all()
        assert closed == ["pat", None]
        take_back(engine, other, FRIDAYS_CUTOFF + timedelta(days=3))

    @pytest.mark.parametrize(
        ("state", "instead"),
        [
            (
                "batched",
                "Its debit is in a file for the bank. If the money must come back, it can be refunded",
            ),
            ("sent", "Its debit is with the bank."),
            ("settled", "It has been debited."),
            ("returned", "The bank sent it back"),
            ("final", "It has been debited."),
        ],
    )
    def test_too_late_is_a_sentence_that_says_what_can_be_done(self, engine, state, instead):
        paid = pay(engine)
        with engine.begin() as db:
            db.execute(text("UPDATE payments SET state = :state"), {"state": state})
        with pytest.raises(OperatorError, match=f"cannot be cancelled any more. {instead}"):
            take_back(engine, paid)

    def test_a_second_time_tells_the_first_number(self, engine):
        paid = pay(engine)
        first = take_back(engine, paid)
        with pytest.raises(OperatorError, match=first.cancellation_number):
            take_back(engine, paid)
        assert owed_cents(engine, "740000101") == 31015

    def test_an_unknown_number_is_told_and_a_cancellation_number_known(self, engine):
        paid = pay(engine)
        done = take_back(engine, paid)
        with engine.begin() as db:
            for number, told in (
                ("12345678978", "No payment has the confirmation number 12345678978: check it.$"),
                (done.cancellation_number, "That is a cancellation number"),
            ):
                with pytest.raises(OperatorError, match=told):
                    cancel(db, SecretRandomness(), confirmation_number=number, actor="pat", now=SOON)

    def test_a_number_that_is_taken_is_drawn_again(self, engine):
        class Draws:
            def __init__(self, *draws):
                self.draws = list(draws)

            def below(self, limit):
                return self.draws.pop(0)

        one, two, three = (pay(engine, cents=cents) for cents in (100, 200, 300))
        first = take_back(engine, one, randomness=Draws(7))
        second = take_back(engine, two, randomness=Draws(7, 7, 8))
        assert first.cancellation_number[:9] == "100000007"
        assert second.cancellation_number[:9] == "100000008"
        with pytest.raises(RuntimeError, match="5 cancellation numbers"):
            take_back(engine, three, randomness=Draws(7, 8, 7, 8, 7))

    def test_a_cutoff_that_is_at_it_wins(self, engine):
        """The cutoff holds the row; the cancellation waits, and finds the payment gone."""
        paid = pay(engine)
        failed = []

        def too_late():
            try:
                take_back(engine, paid)
            except OperatorError as error:
                failed.append(str(error))

        with engine.begin() as db:
            run_cutoff(db, KEYS, SETTINGS, cutoff=FRIDAYS_CUTOFF, now=LATER)
            waiting = threading.Thread(target=too_late)
            waiting.start()
            wait_until_somebody_waits(engine)
        waiting.join()
        assert "Its debit is in a file" in failed[0]
        assert (payment_row(engine, paid).state, len(entries(engine))) == ("batched", 1)
        assert owed_cents(engine, "740000101") == 0

    def test_a_cutoff_that_takes_longer_than_may_be_waited_wins_too(self, engine):
        """Nobody waits longer for a row than a lock may take: the caller hears that it is too late."""
        paid = pay(engine)
        with engine.begin() as db, engine.begin() as turn:
            run_cutoff(db, KEYS, SETTINGS, cutoff=FRIDAYS_CUTOFF, now=LATER)
            turn.execute(text("SET LOCAL lock_timeout = 10"))
            with pytest.raises(TooLateError, match="being written into a file") as told:
                cancel(
                    turn,
                    SecretRandomness(),
                    confirmation_number=paid.confirmation_number,
                    actor="pat",
                    now=SOON,
                )
            assert turn.scalar(text("SELECT 1")) == 1  # the turn goes on
        assert told.value.state == payment_row(engine, paid).state == "batched"

    def test_any_other_trouble_of_the_database_is_none_of_that(self, engine):
        paid = pay(engine)
        with engine.begin() as db:
            run_cutoff(db, KEYS, SETTINGS, cutoff=FRIDAYS_CUTOFF, now=LATER)
            with engine.connect() as turn:
                turn.execute(text("SET LOCAL statement_timeout = 10"))
                with pytest.raises(OperationalError, match="statement timeout"):
                    cancel(
                        turn,
                        SecretRandomness(),
                        confirmation_number=paid.confirmation_number,
                        actor="pat",
                        now=SOON,
                    )

    @pytest.mark.parametrize("races", [24, pytest.param(5000, marks=pytest.mark.soak)])
    def test_raced_against_the_cutoff_there_is_one_winner_and_one_true_sentence(self, engine, races):
        """Callers cancel one payment each, in any order, while the cutoff takes them all."""
        payments = [pay(engine, cents=1) for _ in range(races)]
        order = random.Random(20261218).sample(payments, races)

        def told(paid):
            try:
                take_back(engine, paid)
            except TooLateError as error:
                return error.state
            return "cancelled"

        with ThreadPoolExecutor(6) as threads:
            first = [threads.submit(told, paid) for paid in order[: races // 3]]
            file = threads.submit(cut, engine)
            later = [threads.submit(told, paid) for paid in order[races // 3 :]]
        heard = [each.result() for each in (*first, *later)]
        assert set(heard) <= {"cancelled", "batched"}
        assert heard == [payment_row(engine, paid).state for paid in order]
        assert {row.payment_id for row in entries(engine)} == {
            paid.payment_id for paid, state in zip(order, heard, strict=True) if state == "batched"
        }
        taken = heard.count("batched")
        assert (file.result().file.entries if taken else 0) == taken
        assert owed_cents(engine, "740000101") == 31015 - taken

    def test_a_cancellation_that_is_at_it_wins(self, engine):
        """The cancellation holds the row; the cutoff waits, and takes the others."""
        paid, other = pay(engine, cents=100), pay(engine, cents=200)
        done = []
        with engine.begin() as db:
            cancel(
                db,
                SecretRandomness(),
                confirmation_number=paid.confirmation_number,
                actor="pat",
                now=SOON,
            )
            waiting = threading.Thread(target=lambda: done.append(cut(engine)))
            waiting.start()
            wait_until_somebody_waits(engine)
        waiting.join()
        assert done[0].file.entries == 1
        assert payment_row(engine, paid).state == "cancelled"
        assert [row.payment_id for row in entries(engine)] == [other.payment_id]


@given(st.integers(0, 2**32).map(SeededRandomness))
def test_no_number_is_both_kinds(randomness):
    confirmation, cancellation = draw_confirmation_number(randomness), draw_cancellation_number(randomness)
    assert is_cancellation_number(cancellation)
    assert not is_valid(cancellation)
    assert is_valid(confirmation)
    assert not is_cancellation_number(confirmation)
    assert len(cancellation) == 11
    wrong = str((int(cancellation[5]) + 1) % 10)
    assert not is_cancellation_number(cancellation[:5] + wrong + cancellation[6:])


@pytest.mark.parametrize("number", ["", "1", "0123456789", "1234567897x"])
def test_other_texts_are_no_cancellation_numbers(number):
    assert not is_cancellation_number(number)
