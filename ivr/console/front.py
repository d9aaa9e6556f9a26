"""The door: log in, log out, and where `/` leads. The only pages without a guard are here, in `OPEN`."""

from __future__ import annotations

import re
from typing import Any, Final

from flask import Blueprint, abort, g, make_response, redirect, request, url_for
from flask import render_template as render
from werkzeug.wrappers import Response

from ivr.console.practice import OPEN_DOOR
from ivr.console.visit import ANYBODY, Answer, Console, StaffVisit, guarded, is_own_form, the_console
from ivr.sandbox.staff import SAMPLE_PASSWORD, sample_codes
from ivr.staff.logins import LASTS, TRIED, form_token, log_in_signed_on, log_out, new_token
from ivr.staff.logins import log_in as try_to_log_in

OPEN: Final = frozenset({"static", "front.log_in", OPEN_DOOR})
_REFUSED: Final = {
    "wrong": "The name, the password or the code is not right. A code is taken once.",
    "throttled": f"Too many tries. Wait {TRIED.seconds // 60} minutes, then try again.",
}
# Browsers drop tabs and line ends out of an address, and take a backslash for a slash.
_OWN_PATH: Final = re.compile(r"/(?!/)[^\s\\\x00-\x1f]*")
front = Blueprint("front", __name__)


@front.route("/log-in", methods=["GET", "POST"], provide_automatic_options=False)
def log_in() -> Response:
    """Show the form, or log in. A browser's token is made anew with each log-in, so that none is planted."""
    console = the_console()
    token = request.cookies.get(console.cookie) or new_token(console.randomness)
    refused, name = "", ""
    signed_on = _signed_on(console)
    if signed_on and request.method == "GET" and "next" in request.args:
        tried = log_in_signed_on(
            console.engine,
            console.keys,
            console.randomness,
            name=signed_on,
            address=request.remote_addr or "",
            now=console.clock.now(),
        )
        if tried.token is not None:
            return _with_token(redirect(_own_path(request.args["next"]), 303), tried.token)
        abort(401, f"{signed_on} has signed on, and has no log-in here: ask whoever looks after log-ins.")
    if request.method == "POST":
        if not is_own_form(form_token(console.keys, token)):
            abort(400, "This form is too old, or cookies are off: load the page again.")
        name = request.form.get("name", "")
        tried = try_to_log_in(
            console.engine,
            console.keys,
            console.randomness,
            name=name,
            password=request.form.get("password", ""),
            code=request.form.get("code", ""),
            address=request.remote_addr or "",
            now=console.clock.now(),
        )
        if tried.token is not None:
            return _with_token(redirect(_own_path(request.form.get("next", "")), 303), tried.token)
        refused = tried.refused
    samples = {}
    if console.settings.ivr_demo:
        with console.engine.connect() as db:
            samples = sample_codes(db, console.keys, console.clock.now())
    page = render(
        "log_in.html",
        samples=samples,
        sample_password=SAMPLE_PASSWORD,
        refused=_REFUSED.get(refused, ""),
        name=name,
        signed_on=signed_on,
        next=_own_path(request.values.get("next", "")),
        form_token=form_token(console.keys, token),
    )
    status = {"": 200, "wrong": 401, "throttled": 429}[refused]
    return _with_token(make_response(page, status), token)


def _signed_on(console: Console) -> str:
    """Return whom a trusted proxy names as signed on, "" for nobody; refuse the name from anywhere else."""
    header, *proxies = console.settings.ivr_sso or ("",)
    named = request.headers.get(header, "").strip() if header else ""
    before = request.environ.get(
        "werkzeug.proxy_fix.orig", request.environ
    )  # X-Forwarded-For is not the proxy
    if named and before["REMOTE_ADDR"] not in proxies:
        abort(400, "Who has signed on is taken from the proxy alone: come by its address.")
    return named


def _own_path(text: str) -> str:
    """Return a path of this console's; `/` for anything that may lead elsewhere."""
    return text if _OWN_PATH.fullmatch(text) else "/"


def _with_token(response: Response, token: str) -> Response:
    console = the_console()
    response.set_cookie(
        console.cookie,
        token,
        max_age=LASTS,
        secure=not console.settings.ivr_demo,
        httponly=True,
        samesite="Strict",
    )
    return response


def _log_out(visit: StaffVisit) -> Answer:
    """End the log-in, here and wherever its token went."""
    console = visit.console
    token = request.cookies[console.cookie]
    log_out(visit.db, console.keys, token, name=visit.staff.name, now=visit.now)
    response = redirect(url_for("front.log_in"), 303)
    response.delete_cookie(
        console.cookie, secure=not console.settings.ivr_demo, httponly=True, samesite="Strict"
    )
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def _home(visit: StaffVisit) -> Answer:
    """Go to the first section that whoever asks may see."""
    sections: list[Any] = g.sections(visit)
    if not sections:
        abort(403)
    return redirect(url_for(f"{sections[0].name}.index"), 303)


for _rule, _name, _view, _method in (
    ("/log-out", "log_out", _log_out, "POST"),
    ("/", "home", _home, "GET"),
):
    front.add_url_rule(
        _rule, _name, guarded(_view, ANYBODY), methods=[_method], provide_automatic_options=False
    )
