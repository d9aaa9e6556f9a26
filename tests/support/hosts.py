"""Another host of the line: its web server and its worker, processes of their own on a database that others use."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from urllib.request import urlopen

from ivr.simulator.lines import HttpLine


@contextmanager
def web_host(project, environment):
    """Serve the line of a project's folder; give a line to post to, and the process. It is killed at the end."""
    with socket.create_server(("127.0.0.1", 0)) as listening, (project / "log").open("w") as log:
        command = ["gunicorn", "-c", "python:ivr.gunicorn", "--bind", f"fd://{listening.fileno()}"]
        process = subprocess.Popen(
            [sys.executable, "-m", *command, "ivr.wsgi:voice"],
            cwd=project,
            env=environment,
            pass_fds=[listening.fileno()],
            stderr=log,
            process_group=0,
        )
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    line = HttpLine(
        environment["PUBLIC_URL"],
        environment["TWILIO_ACCOUNT_SID"],
        environment["TWILIO_AUTH_TOKEN"],
        connect_url=url,
    )
    try:
        # A turn that waits while the line starts would be answered too late.
        with urlopen(f"{url}/live", timeout=60):
            pass
        yield line, process
    finally:
        line.close()
        kill(process)


@contextmanager
def worker_host(project, environment):
    """Run a worker; give its process, once it works. It is killed at the end."""
    with (project / "worker-log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ivr.cli.main", "worker"],
            cwd=project,
            env=environment,
            stderr=log,
            process_group=0,
        )
    try:
        yield process
    finally:
        kill(process)


def kill(process):
    """Kill a process and its children at once, as a machine dies; it may be dead already."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
