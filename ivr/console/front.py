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
from ivr.staff.logins import (
    LASTS,
    TRIED,
    Credentials,
    LoginResult,
    end_other_logins,
    form_token,
    log_in_signed_on,
    log_out,
    new_token,
    open_logins,
)
from ivr.staff.logins import log_in as log_in_typed

OPEN: Final = frozenset({"static", "front.log_in", OPEN_DOOR})
_REFUSED: Final = {
    "wrong": "The name, the password or the code is not right. A code is taken once.",
    "throttled": f"Too many tries. Wait {TRIED.seconds // 60} minutes, then try again.",
}
_STATUS: Final = {"": 200, "wrong": 401, "throttled": 429}
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
    if request.method == "POST":
        if not is_own_form(form_token(console.keys, token)):
            abort(400, "This form is too old, or cookies are off: load the page again.")
        name = request.form.get("name", "")
        tried = _try_to_log_in(console, signed_on, name)
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
    return _with_token(make_response(page, _STATUS[refused]), token)


def _try_to_log_in(console: Console, signed_on: str, name: str) -> LoginResult:
    how, now = (console.engine, console.keys, console.randomness), console.clock.now()
    if not signed_on or "sign_on" not in request.form:
        return log_in_typed(*how, _typed(name), now)
    tried = log_in_signed_on(*how, name=signed_on, address=_address(), now=now)
    if tried.refused:
        abort(401, f"{signed_on} has signed on, and has no log-in here: ask whoever looks after log-ins.")
    return tried


def _address() -> str:
    return request.remote_addr or ""


def _typed(name: str) -> Credentials:
    form = request.form
    return Credentials.typed(name, form.get("password", ""), form.get("code", ""), _address())


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


def _log_ins(visit: StaffVisit, refused: str = "") -> Answer:
    """List the open log-ins of whoever asks."""
    console, name = visit.console, visit.staff.name
    page = render(
        "log_ins.html",
        log_ins=open_logins(
            visit.db, console.keys, request.cookies[console.cookie], name=name, now=visit.now
        ),
        sample_code=sample_codes(visit.db, console.keys, visit.now).get(name)
        if console.settings.ivr_demo
        else None,
        refused=_REFUSED.get(refused, ""),
    )
    return make_response(page, _STATUS[refused])


def _end_others(visit: StaffVisit) -> Answer:
    """End every log-in of whoever asks but this one, for a password and a code."""
    console = visit.console
    token = request.cookies[console.cookie]
    refused = end_other_logins(console.engine, console.keys, token, _typed(visit.staff.name), visit.now)
    return _log_ins(visit, refused) if refused else visit.back("front.log_ins", "others_ended")


def _home(visit: StaffVisit) -> Answer:
    """Go to the first section that whoever asks may see."""
    sections: list[Any] = g.sections(visit)
    if not sections:
        abort(403)
    return redirect(url_for(f"{sections[0].name}.index"), 303)


for _rule, _name, _view, _method in (
    ("/log-out", "log_out", _log_out, "POST"),
    ("/log-ins", "log_ins", _log_ins, "GET"),
    ("/log-ins", "end_others", _end_others, "POST"),
    ("/", "home", _home, "GET"),
):
    front.add_url_rule(
        _rule, _name, guarded(_view, ANYBODY), methods=[_method], provide_automatic_options=False
    )
