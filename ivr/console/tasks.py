"""The queue of tasks: what waits for staff, what to do next in words, and closing each with a note."""

from __future__ import annotations

from typing import Final

from flask import render_template as render
from sqlalchemy import func, select

from ivr.console.paging import ROWS, after_id, paged
from ivr.console.visit import Answer, Pages, StaffVisit
from ivr.notices.channels import FAILED_TASK, LATE_TASK
from ivr.payments.approvals import APPROVAL_TASK
from ivr.payments.callbacks import CALLBACK_TASK
from ivr.payments.delivery import UNDELIVERED_TASK
from ivr.payments.rates import RATE_TASK
from ivr.payments.returns import (
    CREDIT_RETURNED_TASK,
    OTHER_TASK,
    RETURN_TASK,
    RETURNED_AFTER_CREDIT_TASK,
)
from ivr.payments.staff_queue import close_task, note_task, open_tasks, take_task
from ivr.storage.tables import StaffTask

tasks = Pages("tasks", "Tasks", "tasks.see")
# What to do about a task that does not say so itself.
_NEXT: Final = {
    RETURN_TASK: "see the payment's page; where the bank asks for proof of the yes, send it the PDF",
    RETURNED_AFTER_CREDIT_TASK: "see whether the member still has what was given back, and ask for it if so",
    CREDIT_RETURNED_TASK: "ask the member for an account that takes it, or send a check",
    OTHER_TASK: "read it in the bank's file, and ask the bank where it is not clear",
    RATE_TASK: "see under Payments, returned, what came back and why; tell the bank before it asks",
    UNDELIVERED_TASK: "see whether the bank's server answers; it is tried again by itself",
    FAILED_TASK: "no channel is left: reach the member by telephone, and correct the members file",
    LATE_TASK: "see on the payment's page why no carrier has it; it waits for the next cutoff until one has",
    CALLBACK_TASK: "call back on that day, in that part of it and that language",
}


@tasks.page("/")
def index(visit: StaffVisit) -> Answer:
    """List what is open, oldest first, each with what to do next."""
    count = visit.db.scalar(select(func.count()).where(StaffTask.closed_at.is_(None)))
    return render(
        "tasks.html",
        count=count,
        page=paged(open_tasks(visit.db, after_id(), ROWS + 1), lambda task: str(task["task_id"])),
        next_of=_NEXT,
        approval=APPROVAL_TASK,
    )


@tasks.page("/<int:task_id>/close", right="tasks.close", methods=("POST",))
def close(visit: StaffVisit, task_id: int) -> Answer:
    """Close a task, with what was done about it."""
    close_task(visit.db, task_id, note=visit.given("note", "The note"), actor=visit.staff.name, now=visit.now)
    return visit.back("tasks.index", "closed")


@tasks.page("/<int:task_id>/note", right="tasks.close", methods=("POST",))
def note(visit: StaffVisit, task_id: int) -> Answer:
    """Add a note to a task that stays open."""
    said = visit.given("note", "The note")
    note_task(visit.db, task_id, note=said, actor=visit.staff.name, now=visit.now)
    return visit.back("tasks.index", "noted")


@tasks.page("/<int:task_id>/take", right="tasks.close", methods=("POST",))
def take(visit: StaffVisit, task_id: int) -> Answer:
    """Take a task, so that others see who looks after it."""
    take_task(visit.db, task_id, actor=visit.staff.name, now=visit.now)
    return visit.back("tasks.index", "taken")
