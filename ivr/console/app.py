"""The console's Flask app: its sections, its headers, and what every template may use."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import structlog
from flask import Flask, abort, g, request
from flask import render_template as render
from jinja2 import StrictUndefined
from markupsafe import Markup, escape
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, Map
from werkzeug.wrappers import Response

from ivr.ach.return_codes import return_rule
from ivr.base.errors import NotFoundError, OperatorError
from ivr.base.money import format_amount
from ivr.console.front import OPEN, front
from ivr.console.members import members
from ivr.console.paging import ID_MAX
from ivr.console.payments import payments
from ivr.console.practice import door, practice_phone
from ivr.console.reports import reports
from ivr.console.rerun import calls
from ivr.console.runs import the_line
from ivr.console.tasks import tasks
from ivr.console.today import today
from ivr.console.trail import trail
from ivr.console.visit import NOT_YOURS, Console, Pages, StaffVisit
from ivr.payments.movements import in_words
from ivr.staff.rights import roles_with

SECTIONS: Final[tuple[Pages, ...]] = (
    today,
    calls,
    members,
    payments,
    tasks,
    the_line,
    practice_phone,
    reports,
    trail,
)
FORM_BYTES_MAX: Final = 65_536
_COMMAND: Final = re.compile(r"`ivr (?:payments (\w+) [^`]*|ach queue list)`")
_ROW: Final = re.compile(r"<tr\b.*?</tr>", re.DOTALL)
_CELL: Final = re.compile(r"<t[dh]\b")
_HEADERS: Final = {
    # A page is its own text, style and forms: no script, nothing of another host, in nobody's frame.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_LOGGED: Final = frozenset({400, 401, 413})  # what no page of the console asks for
_PROBLEMS: Final = {
    403: NOT_YOURS,
    404: "There is no such page.",
    405: "This page is not for that.",
    413: "That is too much at once.",
    500: "Something went wrong here. See on the page before what stands; if it stays so, tell who runs this.",
}


def make_console_app(console: Console) -> Flask:
    """Make the WSGI app that staff reach. What is known of a log-in is in the database alone."""
    app = Flask("ivr.console", root_path=str(Path(__file__).parent))
    app.extensions["console"] = console
    app.config.update(MAX_CONTENT_LENGTH=FORM_BYTES_MAX, MAX_FORM_PARTS=200)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.url_map.converters["int"] = _RowId
    app.register_blueprint(front)
    app.register_blueprint(door)
    for section in SECTIONS:
        app.register_blueprint(section.blueprint)
    if console.settings.ivr_console_proxied:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1)  # type: ignore[method-assign]
    _add_filters(app, console)
    _add_answers(app, console)
    return app


def _add_filters(app: Flask, console: Console) -> None:
    zone = console.settings.ivr_timezone

    @app.template_filter("at")
    def at(instant: datetime | str | None) -> str | Markup:
        """Write an instant, or its text, by the line's clock, so that a program can read it as well."""
        if instant is None:
            return "never"
        if isinstance(instant, str):
            instant = datetime.fromisoformat(instant)
        local = instant.astimezone(zone)
        said = f"{local:%a, %b} {local.day}, {local:%Y}, {local:%I:%M %p %Z}".replace(", 0", ", ")
        return Markup('<time datetime="{}">{}</time>').format(instant.isoformat(), said)

    @app.template_filter("day")
    def day(value: date | str | None) -> str:
        """Write a date, or its text as JSON has it."""
        if isinstance(value, str):
            value = date.fromisoformat(value)
        return "none" if value is None else f"{value:%a, %b} {value.day}, {value:%Y}"

    @app.template_filter("money")
    def money(cents: int) -> str:
        """Write whole cents as dollars."""
        return f"${format_amount(cents)}" if cents >= 0 else f"-${format_amount(-cents)}"

    @app.template_filter("minutes")
    def minutes(seconds: float | None) -> str:
        """Write a length of time as minutes and seconds."""
        return "unknown" if seconds is None else f"{int(seconds) // 60}:{int(seconds) % 60:02d}"

    app.template_filter("in_words")(in_words)
    app.template_filter("meaning")(lambda code: return_rule(code).meaning)
    app.jinja_env.globals["roles_with"] = roles_with
    app.template_filter("under_heads")(_under_heads)

    @app.template_filter("without_commands")
    def without_commands(text: object) -> Markup:
        """Write what to do next for who has a button for it, where others have a command."""
        said = _COMMAND.sub(lambda found: f"`{found[1] or 'Tasks'}`", str(text))
        parts = escape(said).split("`")
        return Markup("").join(
            Markup("<strong>{}</strong>").format(part) if number % 2 else part
            for number, part in enumerate(parts)
        )

    @app.template_filter("plain")
    def plain(word: str | None) -> str:
        """Write a name of the program's with blanks."""
        return (word or "none").replace("_", " ")


class _RowId(IntegerConverter):
    """A number in an address, which is one of a row: a larger one leads to no page."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=ID_MAX)


def _under_heads(rows: Markup, heads: Sequence[str | Sequence[str]]) -> Markup:
    """Write into each cell of a table's rows the head of its column, which stands above it on a phone."""
    labels = [escape(head if isinstance(head, str) else head[0]) for head in heads]

    def labelled(row: re.Match[str]) -> str:
        left = iter(labels)
        return _CELL.sub(lambda cell: f'{cell[0]} data-head="{next(left, "")}"', row[0])

    return Markup(_ROW.sub(labelled, rows))  # noqa: S704 (escaped before, and labels just now)


def _refuse_nul() -> None:
    """Refuse what holds the one character that no text of the database may hold."""
    texts = (request.path, *request.args.values(), *request.form.values())
    if any("\0" in text for text in texts):
        abort(400, "There is a character in it that nothing here has: leave it out.")


def _came_from() -> str:
    """Return the page whose form was sent, "" where that is none of the console's."""
    page = urlsplit(request.referrer or "")
    return page.path if request.method == "POST" and page.netloc == request.host else ""


def _refused(error: HTTPException) -> tuple[str, int]:
    status = error.code or 500
    if status in _LOGGED:
        structlog.get_logger().warning(
            "console_refused", path=request.path, status=status, address=request.remote_addr
        )
    said = _PROBLEMS.get(status) or error.description or "Something went wrong here: try again."
    return render("problem.html", status=status, problems=[said]), status


def _add_answers(app: Flask, console: Console) -> None:
    def sections(visit: StaffVisit) -> list[Pages]:
        return [section for section in SECTIONS if visit.may(section.right)]

    @app.before_request
    def only_guarded() -> None:
        g.sections = sections
        _refuse_nul()
        view = app.view_functions.get(request.endpoint or "")
        if view is not None and request.endpoint not in OPEN and not hasattr(view, "right"):
            abort(404)  # a page that nobody put a guard on is no page

    @app.context_processor
    def everywhere() -> dict[str, object]:
        visit: StaffVisit | None = g.get("visit")
        return {
            "visit": visit,
            "sections": sections(visit) if visit else [],
            "is_demo": console.settings.ivr_demo,
            "here": request.blueprint,
            "done": visit.done if visit else "",
            "came_from": _came_from(),
        }

    app.register_error_handler(HTTPException, _refused)

    @app.errorhandler(OperatorError)
    def cannot(error: OperatorError) -> tuple[str, int]:
        status = 404 if isinstance(error, NotFoundError) else 409
        return render("problem.html", status=status, problems=error.problems), status

    @app.after_request
    def with_headers(response: Response) -> Response:
        response.headers.update(_HEADERS)
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
        if not console.settings.ivr_demo:
            response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        return response
