"""Every event of the log is a constant name of one style, and stands on its page with its level."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


def logged() -> Iterator[tuple[str, str]]:
    """Yield the level and the event of each line that the program writes."""
    for file in sorted(ROOT.glob("ivr/**/*.py")):
        text = file.read_text()
        if "_log" not in text and "structlog" not in text:
            continue  # to read them all takes seconds
        for node in ast.walk(ast.parse(text)):
            match node:
                case ast.Call(func=ast.Attribute(value=logger, attr=level), args=[event, *_]) if (
                    level in LEVELS and ast.unparse(logger) in {"_log", "structlog.get_logger()"}
                ):
                    assert isinstance(event, ast.Constant), f"{file}:{node.lineno}: an event is a constant"
                    yield "error" if level == "exception" else level, event.value


def test_the_page_of_events_has_every_event_of_the_log_and_no_other() -> None:
    page = (ROOT / "docs" / "log-events.md").read_text()
    listed = re.findall(r"^\| `(\w+)` \| (\w+) \|", page, flags=re.MULTILINE)
    assert sorted((level, event) for event, level in listed) == sorted(set(logged()))


def test_events_are_of_one_style() -> None:
    assert [event for _, event in logged() if not re.fullmatch(r"[a-z]+(_[a-z]+)*", event)] == []
