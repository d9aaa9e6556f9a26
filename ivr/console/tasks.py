"""The queue of tasks: what waits for staff, what to do next in words, and closing each with a note."""

from __future__ import annotations

from flask import render_template as render

from ivr.console.visit import Answer, Pages, StaffVisit
from ivr.payments.approvals import APPROVAL_TASK
from ivr.payments.staff_queue import close_task, note_task, open_tasks, take_task

tasks = Pages("tasks", "Tasks", "tasks.see")


@tasks.page("/")
def index(visit: StaffVisit) -> Answer:
    """List what is open, oldest first."""
    return render("tasks.html", tasks=open_tasks(visit.db), approval=APPROVAL_TASK)


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
