"""gunicorn's logger, for `logger_class`."""

from __future__ import annotations

from typing import Any

from gunicorn.glogging import Logger


class QuietLogger(Logger):  # type: ignore[misc]  # gunicorn has no types
    """Writes no line of each request.

    gunicorn writes one wherever the configuration of logs is given, whatever `accesslog` says. The line logs
    each turn itself, the console's trail has who saw what, and a console's addresses hold whom it was.
    """

    def access(self, *_request: Any) -> None:
        """Write nothing."""
