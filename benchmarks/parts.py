"""The parts of a turn, by the file of the innermost function that belongs to one."""

from __future__ import annotations

from collections.abc import Sequence

HTTP = "HTTP and sockets"
# The first fragment found in a file's path names its part; what no fragment is found in (dataclasses,
# sockets, hmac …) belongs to whoever called it.
_FRAGMENTS = (
    ("/gunicorn/", HTTP),
    ("/ivr/voice/receiving.py", HTTP),
    ("/ivr/voice/web_worker.py", HTTP),
    ("/ivr/voice/fast_request.py", HTTP),
    ("/werkzeug/", "Flask and Werkzeug"),
    ("/flask/", "Flask and Werkzeug"),
    ("/urllib/parse.py", "form parsing"),
    ("/ivr/voice/signature.py", "signature"),
    ("/twilio/request_validator.py", "signature"),
    ("/twilio/", "TwiML"),
    ("/xml/etree/", "TwiML"),
    ("/ivr/voice/twiml.py", "TwiML"),
    ("/ivr/dialog/", "dialog engine"),
    ("/ivr/speech/", "speech: prompts and values"),
    ("/ivr/topics/sentences.py", "speech: prompts and values"),
    ("/ivr/base/keys.py", "sealing and hashing"),
    ("/json/", "JSON"),
    ("/ivr/base/logs.py", "logs"),
    ("/structlog/", "logs"),
    ("/logging/", "logs"),
    ("/sqlalchemy/", "SQLAlchemy"),
    ("/psycopg/", "psycopg and libpq"),
    ("/ivr/storage/prepared.py", "psycopg and libpq"),
    ("/ivr/storage/pipelines.py", "psycopg and libpq"),
    ("/ivr/voice/", "the turn itself: edge, forms, deadline"),
    ("/ivr/", "actions, members, billing, payments, calls"),
)
OTHER = "everything else"


def part_of(files: Sequence[str]) -> str:
    """Name the part that a stack is in; `files` are its functions', innermost first."""
    for file in files:
        for fragment, part in _FRAGMENTS:
            if fragment in file:
                return part
    return OTHER
