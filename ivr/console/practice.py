"""The practice phone: a call with a made-up member, whose words stand on the page as they are spoken.

All of a call is in its form and nothing of it is kept here, so that it can neither pay nor pile up. Members
practice at a door of their own, without a log-in, where the demo or a setting opens it.
"""

from __future__ import annotations

from collections.abc import Mapping
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, abort, request
from flask import render_template as render

from ivr.base.errors import OperatorError
from ivr.billing.samples import demo_member
from ivr.console.visit import Answer, Console, Pages, StaffVisit, the_console
from ivr.languages.language import PACES
from ivr.replay.practice import INPUTS_MAX, SILENCE, practice
from ivr.topics.bank.words import SAMPLE_ROUTING_NUMBER

if TYPE_CHECKING:
    from ivr.billing.samples import SampleMember
    from ivr.topics.line import Line

MEMBER: Final = "demo.health_and_dental"
OPEN_DOOR: Final = "door.practice_line"
_AT_ONCE_MAX: Final = 2  # whoever practices leaves the rest of the console to staff
_KEYPAD: Final = (*"123456789", "*", "0", "#")
_running = BoundedSemaphore(_AT_ONCE_MAX)
practice_phone = Pages("practice", "Practice", "line.see")
door = Blueprint("door", __name__)


@practice_phone.page("/", methods=("GET", "POST"))
def index(visit: StaffVisit) -> Answer:
    """Show the phone to staff, and go on with the call that the form has."""
    return _phone(visit.console, visit.console.lines.current(visit.db), visit.form_token)


@door.route("/practice-line", methods=["GET", "POST"], provide_automatic_options=False)
def practice_line() -> Answer:
    """Show the phone to anybody, where that is allowed."""
    console = the_console()
    if not (console.settings.ivr_demo or console.settings.ivr_practice_line):
        abort(404)
    with console.engine.connect() as db:
        line = console.lines.current(db)
    return _phone(console, line, "")


def _phone(console: Console, line: Line, form_token: str) -> Answer:
    now = console.clock.now().astimezone(console.settings.ivr_timezone)
    member = demo_member(MEMBER, now.date())
    form = request.form
    languages = line.catalog.languages
    language = form.get("language", "") if form.get("language") in languages else languages[0]
    pace = form.get("pace", "") if form.get("pace") in PACES else PACES[0]
    inputs = _inputs(form)
    call, problems = None, []
    if request.method == "POST":
        if not _running.acquire(timeout=5):
            abort(503, "Many people practice now: try again in a minute.")
        try:
            call = practice(line, member, now, language=language, pace=pace, inputs=inputs)
        except OperatorError as error:
            problems = [*error.problems]
        finally:
            _running.release()
    return render(
        "practice.html",
        call=call,
        problems=problems,
        inputs=inputs,
        language=language,
        pace=pace,
        languages=languages,
        paces=PACES,
        keypad=_KEYPAD,
        silence=SILENCE,
        facts=_facts(member),
        form_token=form_token,
    )


def _inputs(form: Mapping[str, str]) -> list[str]:
    """Return what was done so far, and what was done now: a key of the pad, silence, or the text."""
    if "begin" in form or "inputs" not in form:
        return []
    done = [each for each in form["inputs"].splitlines() if each][: INPUTS_MAX + 1]
    now = form.get("key") or " ".join(form.get("text", "").split()) or SILENCE
    return [*done, now]


def _facts(member: SampleMember) -> Mapping[str, Any]:
    return {
        "Member ID": member.member_id,
        "Last four of the SSN": member.ssn_last4,
        "Date of birth": member.date_of_birth_keyed,
        "Routing number": SAMPLE_ROUTING_NUMBER,
        "Account number": "1234567890#, twice",
    }
