"""What waits for a person, and closing it."""

import pytest
from support.bank import once_more
from support.banking import TUESDAY, bring, came_back, cut, rows
from support.money import pay

from ivr.base.errors import OperatorError
from ivr.payments.staff_queue import close_task, open_tasks
from ivr.storage.tables import AuditEvent, BankItem, StaffTask

pytestmark = pytest.mark.usefixtures("samples")


def listed(engine):
    with engine.connect() as db:
        return open_tasks(db)


def close(engine, task_id, note="called the bank"):
    with engine.begin() as db:
        close_task(db, task_id, note=note, actor="staff", now=TUESDAY)


def test_a_task_is_listed_until_it_is_closed_with_a_note(engine):
    paid = pay(engine)
    cut(engine)
    back = came_back(engine, paid, "R10")
    bring(engine, back, once_more(back, cents=5, trace="021000020000333"))
    disputed, unmatched = listed(engine)
    assert disputed["confirmation_number"] == paid.confirmation_number
    assert (disputed["kind"], disputed["opened_at"]) == ("return_to_look_at", "2026-12-22T14:00:00Z")
    assert disputed["details"] == {
        "code": "R10",
        "file_name": "back.ach",
        "line": 4,
        "meaning": "originator unknown, or not authorized",
    }
    assert (unmatched["kind"], unmatched["confirmation_number"]) == (
        "bank_item_unmatched",
        paid.confirmation_number,
    )
    close(engine, unmatched["task_id"])
    close(engine, disputed["task_id"], "wrote to the member")
    assert listed(engine) == []
    assert [item.state for item in rows(engine, BankItem)] == ["applied", "closed"]
    assert [(task.closed_at, task.closed_by) for task in rows(engine, StaffTask)] == [(TUESDAY, "staff")] * 2
    events = [event for event in rows(engine, AuditEvent) if event.action == "ach.queue.close"]
    assert [event.details for event in events] == [
        {"kind": "bank_item_unmatched", "note": "called the bank"},
        {"kind": "return_to_look_at", "note": "wrote to the member"},
    ]
    assert events[0].subject == str(unmatched["task_id"])
    with pytest.raises(OperatorError, match="No open task has the number"):
        close(engine, disputed["task_id"])
