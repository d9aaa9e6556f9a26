"""One request of somebody who is logged in, and the sections whose pages answer it.

A page is a function of a `StaffVisit`, registered in a `Pages` with the right that it takes. It runs in one
transaction, which is committed before the answer goes out: what it records of who saw what is kept by then.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, current_app, g, make_response, redirect, request, url_for
from flask import render_template as render
from werkzeug.wrappers import Response as AnyResponse

from ivr.base.errors import OperatorError
from ivr.calls.days import Days
from ivr.staff.logins import LoggedIn, form_token, logged_in
from ivr.storage.audit import record_event, told_from

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from ivr.base.clock import Clock
    from ivr.base.keys import KeyedHash
    from ivr.base.randomness import Randomness
    from ivr.base.settings import ConsoleSettings
    from ivr.console.lines import Lines
    from ivr.flowmap.reviews import WordingReview
    from ivr.staff.people import StaffKeys

# What a page says above its heading once something is done.
DONE: Final = {
    "unlocked": "The member may try again.",
    "cancelled": "The payment is cancelled. Its cancellation number stands below.",
    "held": "The payment is held.",
    "asked": "It is asked for. Somebody else has to approve it.",
    "approved": "It is approved, and done.",
    "refused": "It is refused. Nothing was done.",
    "withdrawn": "The retry is taken back: its amount is owed again. Tell the member.",
    "closed": "The task is closed.",
    "noted": "The note is kept.",
    "taken": "The task is yours.",
    "others_ended": "Every other log-in of yours is ended.",
    "started": "It runs. Look at this page again for how far it is.",
}
_DONE_JUST_NOW_SECONDS: Final = 60
Answer = str | AnyResponse
ANYBODY: Final = ""  # whoever is logged in
OLD_FORM: Final = "This form is not of this log-in any more: go back, load the page again, then send."
NOT_YOURS: Final = "Your roles do not include what this page takes. Ask whoever looks after log-ins."


@dataclass(frozen=True, slots=True)
class Console:
    """What the pages are served from."""

    settings: ConsoleSettings
    engine: Engine
    keys: StaffKeys
    hashes: KeyedHash
    clock: Clock
    randomness: Randomness
    lines: Lines
    reviews: Mapping[str, Mapping[str, WordingReview]] = field(
        default_factory=dict
    )  # by language and wording
    days: Days = field(default_factory=Days)  # of reports
    looked_at: int = 50_000  # rows that one page reads where no index finds what is asked for
    drawings: dict[str, tuple[datetime, str]] = field(
        default_factory=dict
    )  # pictures of the line, for a while

    @property
    def cookie(self) -> str:
        """The cookie's name; browsers take `__Host-` only where it is `Secure` and of this host alone."""
        return "console" if self.settings.ivr_demo else "__Host-console"


@dataclass(frozen=True, slots=True)
class StaffVisit:
    """One request: who asks, when, and the transaction in which it is answered."""

    console: Console
    db: Connection
    staff: LoggedIn
    now: datetime
    form_token: str

    def may(self, right: str) -> bool:
        """Return whether whoever asks has a right."""
        return right == ANYBODY or right in self.staff.rights

    def record(self, action: str, subject: str, **details: Any) -> None:
        """Write into the audit trail what is seen or done by this request."""
        record_event(self.db, action, subject, details, actor=self.staff.name, now=self.now)

    def back(self, endpoint: str, done: str, **arguments: Any) -> Answer:
        """Lead back to a page, which says that something is done: a word of `DONE`."""
        at = int(self.now.timestamp())
        seal = self._seal(done, at, url_for(endpoint, **arguments))
        return redirect(url_for(endpoint, done=f"{done}.{at}.{seal}", **arguments), 303)

    @property
    def done(self) -> str:
        """What was done just now, "" for nothing.

        Said once it is true, of this page and to who did it: not by a link that others made, nor by one that
        was kept.
        """
        done, _, rest = request.args.get("done", "").partition(".")
        at, _, seal = rest.partition(".")
        if not at.isdecimal() or not _are_equal(seal, self._seal(done, at, request.path)):
            return ""
        return DONE[done] if self.now.timestamp() - int(at) < _DONE_JUST_NOW_SECONDS else ""

    def _seal(self, *told: object) -> str:
        text = " ".join(map(str, told)).encode()
        return hmac.digest(self.form_token.encode(), text, "sha256").hex()[:16]

    def asked(self, *names: str) -> dict[str, str]:
        """Return what the address asks for by these names, without blanks around it; "" where it is not."""
        return {name: request.args.get(name, "").strip()[:100] for name in names}

    def given(self, name: str, what: str) -> str:
        """Return what a form has by this name. Raises `OperatorError`, which calls it `what`, for nothing."""
        text = request.form.get(name, "").strip()[:1000]
        if not text:
            raise OperatorError(f"{what} is missing: go back and write it.")
        return text


class Pages:
    """Pages under one heading of the navigation; `right` is what they take unless a page says another."""

    def __init__(self, name: str, label: str, right: str) -> None:
        self.name, self.label, self.right = name, label, right
        self.blueprint = Blueprint(name, __name__, url_prefix=f"/{name}")

    def page(
        self, rule: str, *, right: str | None = None, methods: Sequence[str] = ("GET",)
    ) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
        """Serve a function of a `StaffVisit` (and what the rule names) at `rule` of this section."""

        def register(view: Callable[..., Answer]) -> Callable[..., Answer]:
            serve = guarded(view, self.right if right is None else right)
            self.blueprint.add_url_rule(
                rule, view.__name__, serve, methods=[*methods], provide_automatic_options=False
            )
            return view

        return register


def guarded(view: Callable[..., Answer], right: str) -> Callable[..., AnyResponse]:
    """Return the function that lets whoever has the right through to `view`, in one transaction."""

    @wraps(view)
    def serve(**arguments: Any) -> AnyResponse:
        console = the_console()
        now = console.clock.now()
        with console.engine.begin() as db:
            told_from(db, request.remote_addr or "")
            token = request.cookies.get(console.cookie, "")
            staff = logged_in(db, console.keys, token, now) if token else None
            if staff is None:
                return _to_log_in()
            visit = StaffVisit(console, db, staff, now, form_token(console.keys, token))
            g.visit = visit
            if not visit.may(right):
                visit.record("console.refused", request.path, right=right)
                return make_response(render("problem.html", status=403, problems=[NOT_YOURS]), 403)
            if request.method not in {"GET", "HEAD"} and not is_own_form(visit.form_token):
                visit.record("console.refused", request.path, why="the form is not of this log-in")
                return make_response(render("problem.html", status=400, problems=[OLD_FORM]), 400)
            return make_response(view(visit, **arguments))

    serve.right = right  # type: ignore[attr-defined]
    return serve


def is_own_form(token: str) -> bool:
    """Return whether what was sent came from a form that this browser was given by the console itself."""
    elsewhere = request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}
    return not elsewhere and _are_equal(request.form.get("form_token", ""), token)


def _are_equal(given: str, own: str) -> bool:
    """Return whether two texts are the same, in a time that does not tell; what is given may be anything."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), own.encode())


def _to_log_in() -> Response | AnyResponse:
    back = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("front.log_in", next=back), 303)


def the_console() -> Console:
    """Return what this app serves from."""
    console: Console = current_app.extensions["console"]
    return console
