"""Staff tasks: the same thing lies there once."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from support.money import FRIDAY, pay

from ivr.payments.tasks import close_tasks, follow_task, open_task
from ivr.storage.tables import StaffTask

LATER = FRIDAY + timedelta(hours=1)


@pytest.mark.usefixtures("samples")
def test_the_same_task_is_opened_once_and_again_after_it_was_closed(engine):
    paid = pay(engine)

    def rows():
        with engine.connect() as db:
            return db.execute(select(StaffTask.__table__).order_by(StaffTask.id)).all()

    with engine.begin() as db:
        for _ in range(2):
            open_task(db, "look", FRIDAY, payment_id=paid.payment_id, code="R10")
        open_task(db, "look", FRIDAY, payment_id=paid.payment_id, code="R07")
        open_task(db, "look", FRIDAY, code="R10")
        open_task(db, "other", FRIDAY, payment_id=paid.payment_id, code="R10")
    assert [(task.kind, task.payment_id, task.details) for task in rows()] == [
        ("look", paid.payment_id, {"code": "R10"}),
        ("look", paid.payment_id, {"code": "R07"}),
        ("look", None, {"code": "R10"}),
        ("other", paid.payment_id, {"code": "R10"}),
    ]
    with engine.begin() as db:
        mine = StaffTask.payment_id == paid.payment_id
        assert close_tasks(db, ("look",), LATER, mine, by="pat") == 2
        assert close_tasks(db, ("look",), LATER, mine) == 0
        open_task(db, "look", LATER, payment_id=paid.payment_id, code="R10")
    assert [task.closed_by for task in rows()] == ["pat", "pat", None, None, None]


@pytest.mark.usefixtures("samples")
def test_a_task_that_is_followed_says_the_newest_and_is_one(engine):
    paid, other = pay(engine), pay(engine, member=2, cents=100)
    with engine.begin() as db:
        for tried in (1, 2):
            follow_task(db, "look", FRIDAY, payment_id=paid.payment_id, tried=tried)
        follow_task(db, "look", FRIDAY, payment_id=other.payment_id, tried=1)
        close_tasks(db, ("look",), LATER, StaffTask.payment_id == paid.payment_id)
        follow_task(db, "look", LATER, payment_id=paid.payment_id, tried=3)
        rows = db.execute(select(StaffTask.__table__).order_by(StaffTask.id)).all()
    assert [(row.payment_id == paid.payment_id, row.details["tried"], row.closed_at) for row in rows] == [
        (True, 2, LATER),
        (False, 1, None),
        (True, 3, None),
    ]
