"""A group whose commands are imported when they run, so that help and small commands are quick."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


def later(place: str) -> Any:
    """Return what stands at `place` (`ivr.cli.serve:serve`), whose module is imported now."""
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)


class LazyGroup(click.Group):
    """A group that knows where commands stand and imports the one that is called; it may have others as well.

    `lazy` has by name the place (`ivr.cli.serve:serve`) and the first sentence of the command's help, which
    is all that the group's own help needs.
    """

    def __init__(self, *arguments: Any, lazy: Mapping[str, tuple[str, str]], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, sorted."""
        return sorted([*super().list_commands(ctx), *self.lazy])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, whose module is imported now; None when there is none of this name."""
        if cmd_name not in self.lazy:
            return super().get_command(ctx, cmd_name)
        command: click.Command = later(self.lazy[cmd_name][0])
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what each command is for, without importing any."""
        names = self.list_commands(ctx)
        room = formatter.width - 6 - max(map(len, names))
        here = {**self.commands, **{name: click.Command(name, help=to[1]) for name, to in self.lazy.items()}}
        with formatter.section("Commands"):
            formatter.write_dl([(name, here[name].get_short_help_str(room)) for name in names])
