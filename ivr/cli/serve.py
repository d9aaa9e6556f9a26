"""`ivr serve`: the line, its worker and its embedded database, in the foreground."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

import click

from ivr.base.project import project_folder
from ivr.base.settings import load_house_settings
from ivr.cli.supervisor import Supervisor, bind, local_address
from ivr.jobs.notices import open_notice_sender
from ivr.start import hold_database


@click.command()
@click.option("--host", help="Address to serve on. [default: IVR_HOST, or 127.0.0.1]")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port to serve on, 0 for any. [default: PORT, or 8000]"
)
def serve(host: str | None, port: int | None) -> int:
    """Serve the line, with its worker and, without DATABASE_URL, its own database. Ctrl-C ends it."""
    settings = load_house_settings()
    with bind(host or settings.ivr_host, settings.port if port is None else port) as bound:
        return serve_on(bound, lambda address: click.echo(f"The line answers on {address}."))


def serve_on(
    bound: socket.socket, ready: Callable[[str], None], *, console: socket.socket | None = None
) -> int:
    """Serve on a bound socket; `ready` is told the address once the line answers. Returns the exit status.

    With a socket for it, the console is served too.
    """
    host, port = local_address(bound)[:2]
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    environ = {**os.environ, "PORT": str(port), "PYTHONUNBUFFERED": "1"}
    settings = load_house_settings(environ)  # also what the worker will want: no half start
    open_notice_sender(settings, project_folder() / "prompts" / "notices")
    with hold_database(settings):
        return Supervisor(bound, environ, console).run(lambda: ready(address))
