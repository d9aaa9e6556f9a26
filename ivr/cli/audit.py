"""`ivr audit`: whether every duty of the rules was met, payment by payment."""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from ivr.audit.report import audit as make_audit
from ivr.audit.report import is_sealed, report_text
from ivr.base.errors import EXIT_NO, OperatorError
from ivr.base.settings import MemberSettings, load_member_settings
from ivr.payments.retention import kept_since
from ivr.start import ready_database

_YEAR = timedelta(days=365)
_DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.option(
    "--from", "first", type=_DAY, help="The first day, by the bank's clock.  [default: a year before]"
)
@click.option("--to", "last", type=_DAY, help="The last day.  [default: today]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--pdf", "as_pdf", is_flag=True, help="Write a PDF to standard output, for people.")
@click.option(
    "--check",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Check the seal of a JSON report.",
)
def audit(
    first: datetime | None, last: datetime | None, *, as_json: bool, as_pdf: bool, check: Path | None
) -> int:
    """Count for every duty of the rules how many payments met it, and name those that did not.

    The status is 1 when a payment did not meet one. Evidence's chain of seals is checked on the way.
    """
    if as_json and as_pdf:
        raise click.UsageError("--json and --pdf exclude each other.")
    settings = load_member_settings()
    if check is not None:
        return _check(check, settings)
    if as_pdf and sys.stdout.isatty():
        raise click.UsageError("A PDF is no text: send it to a file, as `ivr audit --pdf > audit.pdf`.")
    report = _report(settings, first, last)
    if as_pdf:
        from ivr.audit.pages import make_pages  # noqa: PLC0415 (long; only who prints needs it)

        click.echo(make_pages(report, settings.ivr_timezone), nl=False)
    else:
        click.echo(json.dumps(report, indent=1) if as_json else report_text(report))
    return EXIT_NO if report["not_met"] else 0


def _report(settings: MemberSettings, first: datetime | None, last: datetime | None) -> dict[str, Any]:
    now = settings.make_clock().now()
    to = now.astimezone(settings.ivr_timezone).date() if last is None else last.date()
    since = to - _YEAR if first is None else first.date()
    if since > to:
        raise click.UsageError("--from is after --to.")
    kept = kept_since(now, settings.ivr_evidence_years)
    with (
        ready_database(settings) as engine,
        engine.connect().execution_options(isolation_level="REPEATABLE READ") as db,
    ):
        return make_audit(db, settings, since, to, now, kept=kept)


def _check(path: Path, settings: MemberSettings) -> int:
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise OperatorError(f"{path} is no report as `ivr audit --json` prints it") from error
    if not isinstance(report, dict) or not is_sealed(report, settings.hashes):
        click.echo(f"{path} is not as this line made it: it was changed, or made with another key", err=True)
        return EXIT_NO
    click.echo(f"{path} is unchanged: made {report['made_at']}, {report['from']} to {report['to']}")
    return 0
