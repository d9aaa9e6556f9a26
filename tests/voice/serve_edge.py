"""Serve the voice app with gunicorn on a socket that is open already. Run by the tests of real HTTP.

Standard input is JSON: `database` (a URL), `environment` (settings), `descriptor` (the listening socket).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from gunicorn.app.base import BaseApplication

from ivr.base.clock import SystemClock
from ivr.base.logs import configure_logs
from ivr.base.randomness import SecretRandomness
from ivr.base.settings import load_settings
from ivr.storage.engine import database_url, make_engine
from ivr.topics.line import compile_line, read_line_files
from ivr.voice.serving import serve_line


class Server(BaseApplication):
    def __init__(self, given):
        self.given = given
        super().__init__()

    def load_config(self):
        self.cfg.set("bind", [f"fd://{self.given['descriptor']}"])
        self.cfg.set("workers", 1)
        self.cfg.set("worker_class", "ivr.voice.web_worker.ReceivingWorker")
        self.cfg.set("timeout", 10)
        self.cfg.set("control_socket_disable", True)
        self.cfg.set("accesslog", "-")

    def load(self):
        configure_logs()
        return serve_line(
            load_settings(self.given["environment"]),
            make_engine(database_url(self.given["database"])),
            compile_line(read_line_files(Path(__file__).resolve().parent.parent.parent)),
            SystemClock(),
            SecretRandomness(),
        )


Server(json.load(sys.stdin)).run()
