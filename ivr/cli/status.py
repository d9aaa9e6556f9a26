"""`ivr status` and `ivr metrics`: how the line is, for people and for Prometheus."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import click
from sqlalchemy import Engine

from ivr.base.errors import EXIT_NO
from ivr.base.settings import DatabaseSettings, load_database_settings
from ivr.start import hold_database
from ivr.status.alerts import ALERTS, prometheus_rules
from ivr.status.figures import Figure, figures
from ivr.storage.engine import Limits, make_engine

# Who looks must not wait longer than who is looked at.
_LIMITS: Final = Limits(
    lock_timeout_seconds=2, statement_timeout_seconds=5, idle_in_transaction_timeout_seconds=5
)
PORT: Final = 9464


@contextmanager
def looking_engine(settings: DatabaseSettings) -> Iterator[Engine]:
    """Give an engine on the database, whatever state that is in, which waits for nothing long."""
    with hold_database(settings) as url:
        engine = make_engine(url, limits=_LIMITS, pool_size=1, application_name="ivr status")
        try:
            yield engine
        finally:
            engine.dispose()


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--rules", is_flag=True, help="Print the alerts as a rules file of Prometheus instead.")
def status(*, as_json: bool, rules: bool) -> int:
    """Print how the line is, from heartbeats to return rates; the status is 1 while an alert fires."""
    if rules:
        click.echo(prometheus_rules())
        return 0
    settings = load_database_settings()
    with looking_engine(settings) as engine:
        found = figures(engine, settings, settings.make_clock().now())
    fired = [alert for alert in ALERTS if alert.fires(found)]
    if as_json:
        click.echo(json.dumps({"figures": _as_json(found), "alerts": [alert.name for alert in fired]}))
    else:
        click.echo("\n".join(_lines(found)))
        for alert in fired:
            click.echo(f"{alert.name}: {alert.do}", err=True)
    return EXIT_NO if fired else 0


def _as_json(found: tuple[Figure, ...]) -> dict[str, object]:
    return {figure.name: [{**labels, "value": value} for labels, value in figure.values] for figure in found}


def _lines(found: tuple[Figure, ...]) -> Iterator[str]:
    for figure in found:
        for labels, value in figure.values:
            yield f"{value:>14,.10g}  {figure.says}{''.join(f', {name} {of}' for name, of in labels.items())}"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to serve on.")
@click.option("--port", default=PORT, show_default=True, type=click.IntRange(0, 65535))
def metrics(host: str, port: int) -> None:
    """Serve the figures of `ivr status` at GET /metrics for Prometheus, until SIGTERM."""
    from prometheus_client import start_http_server  # noqa: PLC0415 (only who serves it needs the library)

    from ivr.status.metrics import registry_of  # noqa: PLC0415

    settings = load_database_settings()
    clock = settings.make_clock()
    with looking_engine(settings) as engine:
        registry = registry_of(lambda: figures(engine, settings, clock.now()))
        server, thread = start_http_server(port, addr=host, registry=registry)
        click.echo(f"Metrics are served on http://{host}:{server.server_port}/metrics.")
        try:
            thread.join()
        finally:
            server.shutdown()
