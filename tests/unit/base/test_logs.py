"""Logs: JSON lines, with what is known to be harmless and no other digit."""

import io
import json
import logging
import logging.config
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
import structlog

from ivr.base.logs import configure_logs, log_what_python_prints, logging_config

CALL_SID = "CA" + "0123456789abcdef" * 2


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What was logged."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    stream = io.StringIO()
    configure_logs(stream)
    yield stream
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers[:] = before
    root.setLevel(level)


def logged(stream: io.StringIO) -> dict[str, object]:
    (line,) = stream.getvalue().splitlines()
    read: dict[str, object] = json.loads(line)
    return read


def test_a_turn_is_one_line_with_its_call(lines: io.StringIO) -> None:
    structlog.get_logger().info("turn", call_sid=CALL_SID, seq=7, node="bank/ready", milliseconds=1234.5)
    entry = logged(lines)
    assert entry["event"] == "turn"
    assert entry["call_sid"] == CALL_SID
    assert entry["seq"] == 7
    assert entry["node"] == "bank/ready"
    assert entry["milliseconds"] == 1234.5
    assert str(entry["timestamp"]).endswith("Z")


@pytest.mark.parametrize(
    "fields",
    [
        {"keys": "021000021"},
        {"keys": 1234567890},
        {"keys": 1234567890.5},
        {"keys": "4, 3, 2, 1"},
        {"keys": "4 3 2 1"},
        {"keys": "01/11/1953"},
        {"keys": "1953-01-11"},
        {"keys": ["4321"]},
        {"keys": ("4321",)},
        {"keys": {"deep": {"deeper": ["x4321y"]}}},
        {"keys": {"4321": "x"}},
        {"keys": b"4321"},
        {"call_sid": "4321"},
        {"call_sid": CALL_SID + "4321"},
        {"milliseconds": "account 4321"},
        {"flow_version": "4321"},
        {"error_code": "043210"},
        {"timestamp": "4321"},
        {"keys_at": "1953-01-11T00:00:00+00:00"},
        {"keys_at": datetime(1953, 1, 11)},  # noqa: DTZ001 (whatever has no zone is no instant of ours)
        {"keys": datetime(1953, 1, 11, tzinfo=UTC)},
        {"date_of_birth": date(1953, 1, 11)},
        {"keys_date": "1953-01-11"},
        {"keys_percent": "43.21"},
        {"keys_percent": 4321.0},
        {"keys": 43.21},
        {"entries": "021000021"},
    ],
)
def test_digits_never_pass(lines: io.StringIO, fields: dict[str, object]) -> None:
    structlog.get_logger().info("turn", **fields)
    entry = logged(lines)
    del entry["timestamp"]
    text = json.dumps(entry).replace(CALL_SID, "")
    assert "****" in text or "timestamp" in fields
    for secret in ("4321", "43.21", "1234567", "021000021", "4, 3, 2, 1", "4 3 2 1", "1953", "043210"):
        assert secret not in text


def test_neither_do_they_in_the_event_or_the_context(lines: io.StringIO) -> None:
    structlog.contextvars.bind_contextvars(caller="6175550123")
    structlog.get_logger().warning("keyed 4321")
    assert "4321" not in lines.getvalue()
    assert "6175550123" not in lines.getvalue()


def test_a_traceback_shows_where_and_not_what_was_keyed(lines: io.StringIO) -> None:
    def fail(keyed: str) -> None:
        raise ValueError(f"cannot use {keyed}")

    try:
        fail("987654321")
    except ValueError:
        structlog.get_logger().exception("turn_failed")
    text = lines.getvalue()
    assert "987654321" not in text
    assert "cannot use ****" in text
    assert "test_logs.py" in text


def test_other_packages_write_the_same_lines(lines: io.StringIO) -> None:
    logging.getLogger("some.package").warning("got %s from %s", "021000021", "here")
    entry = logged(lines)
    assert entry["event"] == "got **** from here"
    assert entry["logger"] == "some.package"
    logging.getLogger("some.package").info("chatter")
    assert len(lines.getvalue().splitlines()) == 1


def test_instants_days_and_shares_of_ours_are_read_whole(lines: io.StringIO) -> None:
    structlog.get_logger().info(
        "cutoff_done",
        cutoff_at=datetime(2026, 12, 21, 17, 0, tzinfo=timezone(timedelta(hours=-5))),
        effective_entry_date=date(2026, 12, 22),
        percent=33.33,
        limit_percent=15.0,
        entries=100000,
    )
    entry = logged(lines)
    assert entry["cutoff_at"] == "2026-12-21T22:00:00+00:00"
    assert entry["effective_entry_date"] == "2026-12-22"
    assert (entry["percent"], entry["limit_percent"], entry["entries"]) == (33.33, 15.0, 100000)


@pytest.mark.parametrize("name", ["gunicorn.error", "gunicorn.access"])
def test_a_logger_whose_handlers_were_taken_writes_the_same_lines(lines: io.StringIO, name: str) -> None:
    logger = logging.getLogger(name)
    logger.propagate = False  # as gunicorn does before it reads our configuration
    logger.handlers.clear()
    logging.config.dictConfig(logging_config(lines))
    try:
        logger.info("Invalid request: %r", "GET /?Digits=4321 \x1b[31m\n")
    finally:
        logger.handlers.clear()
        logger.propagate = True
    entry = logged(lines)
    assert entry["event"] == "Invalid request: 'GET /?Digits=**** \\x1b[31m\\n'"
    assert (entry["logger"], entry["process"]) == (name, os.getpid())


def test_what_python_would_print_is_a_line(lines: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    for owner, name in ((sys, "excepthook"), (threading, "excepthook"), (sys, "unraisablehook")):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    monkeypatch.setattr(logging, "_warnings_showwarning", None)
    log_what_python_prints()

    def fail() -> None:
        raise ValueError("keyed 4321")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    sys.excepthook(ValueError, ValueError("keyed 4321"), None)
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    warnings.showwarning("keyed 4321", UserWarning, "here.py", 1)
    entries = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert [entry["level"] for entry in entries] == ["critical", "critical", "warning"]
    assert [entry["event"] for entry in entries[:2]] == ["unhandled_error"] * 2
    assert entries[2]["logger"] == "py.warnings"
    assert "4321" not in lines.getvalue()
    assert "keyed ****" in lines.getvalue()


def test_few_digits_and_plain_values_stay(lines: io.StringIO) -> None:
    structlog.get_logger().info("x", count=999, ratio=1.5, yes=True, nothing=None, text="at 10:15")
    entry = logged(lines)
    assert [entry[name] for name in ("count", "ratio", "yes", "nothing", "text")] == [
        999,
        1.5,
        True,
        None,
        "at 10:15",
    ]


class FullDisk(io.StringIO):
    """A stream that takes nothing more."""

    def write(self, _text: str) -> int:
        raise OSError(28, "No space left on device")

    def flush(self) -> None:
        raise OSError(28, "No space left on device")


def test_a_line_that_cannot_be_written_fails_nobody(lines: io.StringIO) -> None:
    configure_logs(FullDisk())
    structlog.get_logger().info("turn")
    logging.getLogger("some.package").warning("x")
    assert lines.getvalue() == ""
