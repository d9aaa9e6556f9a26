"""Structured logs: a constant event name, fields as keywords, one JSON object a line, no secret.

What is never given to a logger cannot leak, so the line logs shapes (`keys=12`) and not digits. The last
guard is here: four or more digits, together or spoken one by one, are masked wherever they stand before a
line is written. What operations need keeps its digits by its type and name, never by what text looks like:
an instant in `…_at`, a day in `…_date`, a share in `…percent`, and a few fields whose form is known. Nobody's
birth date is an instant, or stands in a field of such a name.
"""

from __future__ import annotations

import json
import logging
import logging.config
import re
import sys
import threading
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from datetime import UTC, date, datetime
from types import TracebackType
from typing import Any, Final, TextIO

import structlog

_DIGITS: Final = re.compile(r"\d(?:[ ,./-]{0,2}\d){3,}")
_FEW: Final = 1000  # a number below it has no four digits
_MASK: Final = "****"

# A field keeps its digits when its value is what its name says, and only then.
_KNOWN_FORMS: Final[Mapping[str, re.Pattern[str]]] = {
    "call_sid": re.compile(r"CA[0-9a-f]{32}"),
    "debits": re.compile(r"\d{1,7}"),
    "entries": re.compile(r"\d{1,7}"),
    "error_code": re.compile(r"\d{5}"),  # Twilio's
    "flow_version": re.compile(r"[0-9a-f]{64}"),
    "milliseconds": re.compile(r"\d{1,6}\.\d{1,3}"),
    "pid": re.compile(r"\d{1,7}"),
    "port": re.compile(r"\d{1,5}"),
    "process": re.compile(r"\d{1,7}"),
    "returned": re.compile(r"\d{1,7}"),
    "timestamp": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"),
}
_PERCENT: Final = re.compile(r"\d{1,3}(\.\d{1,2})?")

# gunicorn takes the handlers of its own loggers away and lets nothing through to the root: they get ours.
_CLOSED_LOGGERS: Final = ("gunicorn.error", "gunicorn.access")


class _Tireless:
    """A stream whose failures fail nobody: a full disk or a closed pipe must not end a call."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            stream = self._stream or sys.stderr
            stream.write(text)
            stream.flush()

    def flush(self) -> None:
        """Do nothing: all that is written was flushed."""


def mask_digits(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask four or more digits in every field, however deep, but in what is known by its type and name."""
    for name, value in event.items():
        if abs(value) < _FEW if type(value) is int else type(value) is str and not _DIGITS.search(value):
            continue  # most have nothing to mask
        event[name] = _known(name, value) or _masked(value)
    return event


def _known(name: str, value: Any) -> Any:
    """Return a value that keeps its digits, as it is written; None when it may not."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat() if name.endswith("_at") and value.tzinfo else None
    if isinstance(value, date):
        return value.isoformat() if name.endswith("_date") else None
    form = _PERCENT if name.endswith("percent") and isinstance(value, float) else _KNOWN_FORMS.get(name)
    return value if form is not None and form.fullmatch(str(value)) else None


def _masked(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Mapping):
        return {_masked(str(key)): _masked(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(inner) for inner in value]
    text = str(value)
    masked = _DIGITS.sub(_MASK, text)
    return value if masked == text and isinstance(value, int | float) else masked


def _written(_logger: object, _method: str, event: Mapping[str, Any]) -> str:
    return json.dumps(event)  # with nothing else told it keeps its encoder


def _shared() -> list[structlog.typing.Processor]:
    # Tracebacks without the frames' variables: those are what a caller keyed.
    tracebacks = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(tracebacks),
    ]


def logging_config(stream: TextIO | None = None, *, level: int = logging.INFO) -> dict[str, Any]:
    """Return the standard library's logging configuration that writes the same JSON lines to `stream`.

    What other packages say as information is not of interest; gunicorn's is theirs to say at start and stop.
    Each line of theirs names its process.
    """
    process = structlog.processors.CallsiteParameterAdder([structlog.processors.CallsiteParameter.PROCESS])
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": [structlog.stdlib.add_logger_name, process, *_shared()],
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            mask_digits,
            _written,
        ],
    }
    handler = {"class": "logging.StreamHandler", "formatter": "json", "stream": _Tireless(stream)}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": formatter},
        "handlers": {"lines": handler},
        "root": {"level": max(level, logging.WARNING), "handlers": ["lines"]},
        "loggers": {
            name: {"level": level, "handlers": ["lines"], "propagate": False} for name in _CLOSED_LOGGERS
        },
    }


def configure_logs(stream: TextIO | None = None, *, level: int = logging.INFO) -> None:
    """Write JSON lines to `stream` (standard error by default); the standard library's loggers join in."""
    logging.config.dictConfig(logging_config(stream, level=level))
    writer = structlog.WriteLogger(_Tireless(stream))  # type: ignore[arg-type]
    structlog.configure(
        processors=[*_shared(), mask_digits, _written],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_names: writer,
        cache_logger_on_first_use=False,
    )


def log_what_python_prints() -> None:
    """Write warnings and what nobody caught as lines like all others: Python prints them, digits and all.

    For processes that serve; a command's errors are for the person who typed it.
    """

    def caught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            structlog.get_logger().critical("unhandled_error", exc_info=(kind, error, trace))

    def caught_elsewhere(told: Any) -> None:
        if told.exc_type is not SystemExit:  # a thread may end so
            error = told.exc_value or told.exc_type()
            caught(told.exc_type, error, told.exc_traceback)

    logging.captureWarnings(capture=True)
    sys.excepthook = caught
    threading.excepthook = caught_elsewhere
    sys.unraisablehook = caught_elsewhere
