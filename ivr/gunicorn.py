"""gunicorn's settings for the voice app: `gunicorn -c python:ivr.gunicorn ivr.wsgi:voice`.

`IVR_HOST` (127.0.0.1), `PORT` (8000) and `WEB_CONCURRENCY` (4 workers) come from the environment. Workers run
one request at a time, as sync workers do: a killed one loses one request, and only so can the app keep its
own time (`ivr.voice.deadline`). Unlike sync workers they wait for no client (`ivr.voice.receiving`).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import structlog

from ivr.base.errors import SettingsError
from ivr.base.logs import configure_logs, log_what_python_prints, logging_config
from ivr.base.settings import load_call_settings
from ivr.gunicorn_logger import QuietLogger
from ivr.wsgi import forget_connections, refuse

try:
    _settings = load_call_settings()
except SettingsError as _error:
    refuse(_error)

bind = _settings.bind(_settings.port)
workers = _settings.web_concurrency
worker_class = "ivr.voice.web_worker.ReceivingWorker"
preload_app = True

# Far below Twilio's 15 seconds; the app itself answers within 5 whatever the database does.
timeout = 10
graceful_timeout = 7

# Twilio's requests have some 20 fields and short targets.
limit_request_line = 2048
limit_request_fields = 60
limit_request_field_size = 4096

forwarded_allow_ips = ""  # what Twilio signed is PUBLIC_URL, never what a proxy's headers say
control_socket_disable = True  # it would be put in the home folder, the same one for every line
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 (gunicorn makes its own file there)

logger_class = QuietLogger  # each turn is logged by the line, with its call and without its digits
configure_logs()
log_what_python_prints()
logconfig_dict = logging_config()


def on_starting(server: Any) -> None:
    """Say which port is wanted, and whose wish that is: gunicorn's word on one that is taken is masked."""
    del server
    structlog.get_logger().info("starting", port=_settings.port, set_by="PORT, IVR_HOST")


def post_fork(server: Any, worker: Any) -> None:
    """Start a worker with connections of its own."""
    del server, worker
    forget_connections()


def when_ready(server: Any) -> None:
    """Say that the line answers, and where."""
    ports = [listener.getsockname()[1] for listener in server.LISTENERS]
    structlog.get_logger().info("serving", port=ports[0], pid=os.getpid(), folder=str(Path.cwd()))
