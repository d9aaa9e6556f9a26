"""The options that say which recorded calls are meant."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from ivr.base.times import WrittenTimeError, span
from ivr.calls.history import ENDS
from ivr.languages.language import PACES

if TYPE_CHECKING:
    from ivr.base.settings import DatabaseSettings


def filters(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which recorded calls are meant."""
    for option in reversed(
        (
            click.option("--on", metavar="DAY", help="A day: tuesday (the last one), yesterday, 2026-12-15."),
            click.option(
                "--around", metavar="TIME", help="Within 45 minutes of this time of the day: 21:00, 9pm."
            ),
            click.option(
                "--since", metavar="WHEN", help="From yesterday, tuesday, 2026-12-18 or 2026-12-18T21:00 on."
            ),
            click.option("--until", metavar="WHEN", help="Up to then; a day alone is meant whole."),
            click.option("--language", metavar="TAG", help="Those in one language, such as es-US."),
            click.option("--pace", type=click.Choice(PACES), help="Those in one pace."),
            click.option("--end", type=click.Choice(ENDS), help="Those that ended in one way, or are open."),
            click.option(
                "--last-node", metavar="TEXT", help="Those that ended at a place with TEXT in its name."
            ),
        )
    ):
        command = option(command)
    return command


def chosen(
    settings: DatabaseSettings,
    *,
    on: str | None = None,
    around: str | None = None,
    since: str | None = None,
    until: str | None = None,
    **others: str | None,
) -> dict[str, Any]:
    """Turn the options of `filters` into those of `ivr.calls.histories`. Raises `click.UsageError`."""
    now = settings.make_clock().now()
    if (on or around) and (since or until):
        raise click.UsageError("--on and --around say a day and a time of it: leave --since and --until out.")
    try:
        begins, ends = span(settings.ivr_timezone, now, since=since, until=until, on=on, around=around)
    except WrittenTimeError as error:
        raise click.BadParameter(str(error)) from None
    return {"since": begins, "until": ends, **others}
