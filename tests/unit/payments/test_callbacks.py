"""Calls back: one row for staff a caller and day, also when two calls ask at one instant."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

from support.samples import NOW

from ivr.payments.callbacks import ask_for_callback
from ivr.payments.staff_queue import open_tasks


def test_eight_at_one_instant_are_one_row(engine):
    def ask(number):
        with engine.begin() as db:
            ask_for_callback(
                db,
                NOW,
                phone="+16175550157",
                day=date(2026, 12, 21),
                part="morning",
                language="en-US",
                member_id="400000000101" if number % 2 else "",
            )

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(ask, range(8)))
    with engine.connect() as db:
        (task,) = open_tasks(db)
    assert task["details"]["member"] == "400000000101"
