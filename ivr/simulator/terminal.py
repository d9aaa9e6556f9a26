"""A person on the virtual phone: words come to the terminal, keys go out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ivr.simulator.heard import Ending, Heard
    from ivr.simulator.phone import Phone
    from ivr.simulator.twiml import Gather

HELP = (
    'Type keys (such as 1 or 021000021#) and Enter; say yes (or "yes") to speak; '
    "only Enter to stay silent; q to hang up; ? for this line again."
)

_ENDINGS: Mapping[Ending | None, str] = {
    "goodbye": "The line hung up.",
    "agent": "You spoke with a person, who hung up.",
    "hangup": "You hung up.",
    "rejected": "The line did not take the call.",
    "error": "The line failed.",
}
_SAY = re.compile(r'say\s+(.+)|"(.+)"|“(.+)”', re.IGNORECASE)


def run_terminal(phone: Phone, stdin: Iterable[str], stdout: TextIO) -> None:
    """Call the line and let a person be the caller, until the call is over.

    Every line of `stdin` is one thing the caller does. The end of the input hangs up.
    """

    def line_out(text: str) -> None:
        stdout.write(f"{text}\n")
        stdout.flush()

    line_out(HELP)
    heard = phone.dial()
    _tell(line_out, heard)
    lines = iter(stdin)
    while heard.ended is None:
        line = next(lines, "q").strip()
        if line == "?":
            line_out(HELP)
            continue
        answer = _do(phone, line)
        if answer is None:
            line_out(f"A phone cannot do that. {HELP}")
            continue
        heard = answer
        _tell(line_out, heard)
    for failure in phone.failures:
        line_out(f"! {failure.path}: {failure.code} {failure.message}")
    for warning in phone.warnings:
        line_out(f"! {warning.path}: {warning.code} {warning.message}")
    for note in phone.notes:
        if note.kind == "agent hears":
            line_out(f"The person heard first: {note.text}")


def _do(phone: Phone, line: str) -> Heard | None:
    """Do what one typed line asks for, or return None when it asks for nothing a phone can do."""
    if not line:
        return phone.stay_silent()
    if line.lower() == "q":
        return phone.hang_up()
    said = _SAY.fullmatch(line)
    if said is not None:
        words = next(group for group in said.groups() if group)
        return phone.say(words.strip('"“”'))
    keys = line.replace(" ", "")
    if re.fullmatch(r"[0-9*#]+", keys) is None:
        return None
    return phone.press(keys)


def _tell(line_out: Callable[[str], None], heard: Heard) -> None:
    line_out("")
    language = ""
    for spoken_language, text in heard.spoken:
        mark = f"[{spoken_language}]" if spoken_language != language else ""
        language = spoken_language
        line_out(f"{mark:>8} {text}")
    gather = heard.waiting_for
    line_out(f"\n{_ENDINGS[heard.ended] if gather is None else _asked(gather)}")


def _asked(gather: Gather) -> str:
    """Say in a few words what the line waits for."""
    how_many = "keys" if gather.digits_count is None else f"{gather.digits_count} key(s)"
    end = f", then {gather.finish_on_key}" if gather.digits_count is None and gather.finish_on_key else ""
    kinds = [f"{how_many}{end}"] if gather.keys else []
    kinds += ["spoken words"] if gather.speech else []
    return f"(waits {gather.timeout_seconds:g} s for {' or '.join(kinds)})"
