"""Structured logs: a constant event name, fields as keywords, one JSON object a line, no secret.

What is never given to a logger cannot leak, so the line logs shapes (`keys=12`) and not digits. The last
guard is here: a run of four or more digits in any text field that is not on the short list of known
identifiers is masked before it is written.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

_DIGITS = re.compile(r"\d{4,}")
_IDENTIFIERS = frozenset(
    {"call_sid", "timestamp", "flow_version", "confirmation_number", "database", "error_id"}
)


def mask_digits(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask runs of four or more digits everywhere but in known identifiers."""
    for key, value in event.items():
        if isinstance(value, str) and key not in _IDENTIFIERS:
            event[key] = _DIGITS.sub("****", value)
    return event


def configure_logs(stream: TextIO | None = None, *, level: int = logging.INFO) -> None:
    """Write JSON lines to `stream` (standard error by default); the standard library's loggers join in."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.dict_tracebacks,
        mask_digits,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
