"""gunicorn's settings for the console: `gunicorn -c python:ivr.gunicorn_console ivr.wsgi:console`.

`IVR_HOST` (127.0.0.1) and `CONSOLE_PORT` (8001) come from the environment. One process with threads: staff
are few.
"""

from __future__ import annotations

from typing import Any

import structlog

from ivr.base.errors import SettingsError
from ivr.base.logs import configure_logs, log_what_python_prints, logging_config
from ivr.base.settings import load_console_settings
from ivr.gunicorn_logger import QuietLogger
from ivr.wsgi import forget_connections, refuse

try:
    _settings = load_console_settings()
except SettingsError as _error:
    refuse(_error)

bind = _settings.bind(_settings.console_port)
workers = 1
threads = 8
preload_app = True
timeout = 60  # a call is run again on another version while somebody looks
graceful_timeout = 7
forwarded_allow_ips = ""  # IVR_CONSOLE_PROXIED says whether a proxy is believed
control_socket_disable = True
logger_class = QuietLogger  # who saw what stands in the audit trail
configure_logs()
log_what_python_prints()
logconfig_dict = logging_config()


def post_fork(server: Any, worker: Any) -> None:
    """Start a worker with connections of its own."""
    del server, worker
    forget_connections()


def when_ready(server: Any) -> None:
    """Say that the console answers, and where."""
    ports = [listener.getsockname()[1] for listener in server.LISTENERS]
    structlog.get_logger().info("console_serving", port=ports[0])
