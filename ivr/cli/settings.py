"""`ivr settings`: what can be set."""

from __future__ import annotations

import click

from ivr.base.settings import settings_table


@click.command()
def settings() -> None:
    """Print every setting: its default, and what to set it to.

    It is a table as Markdown has it; no value of yours is read.
    """
    click.echo("| setting | default | what to set it to |\n|---|---|---|")
    for name, default, hint in settings_table():
        click.echo(
            f"| `{name}` | {f'`{default}`' if default not in {'', 'required'} else default} | {hint} |"
        )
