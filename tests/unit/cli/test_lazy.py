"""Commands are imported when they run: help says of them what they say of themselves, and imports none."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from ivr.cli.ach import ach
from ivr.cli.flow import flow
from ivr.cli.lazy import LazyGroup
from ivr.cli.main import ivr as ivr_group
from ivr.cli.members import members
from ivr.cli.notices import notices
from ivr.cli.payments import payments

GROUPS = {
    "ivr": ivr_group,
    "ivr ach": ach,
    "ivr flow": flow,
    "ivr members": members,
    "ivr notices": notices,
    "ivr payments": payments,
}


@pytest.mark.parametrize("group", GROUPS.values(), ids=GROUPS)
def test_help_says_of_a_command_what_it_says_of_itself(group: LazyGroup) -> None:
    context = click.Context(group)
    for name, (_, said) in group.lazy.items():
        command = group.get_command(context, name)
        assert command is not None
        assert command.name == name
        assert said == command.get_short_help_str(1000)


def test_a_command_that_does_not_exist() -> None:
    assert ivr_group.get_command(click.Context(ivr_group), "pay") is None


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ((), "Look after the files that go to the bank"),
        (("ach",), "Note that the bank refused FILE"),
        (("payments",), "List payments, oldest first"),
        (("replay",), "Play the call files at PATH"),
    ],
)
def test_help_imports_nothing_that_only_the_work_needs(command: tuple[str, ...], said: str) -> None:
    script = (
        "import sys; from ivr.cli.main import run; run(sys.argv[1:]);"
        "print([name for name in sys.modules if name in ('ivr.start', 'sqlalchemy', 'pydantic')])"
    )
    arguments = [sys.executable, "-c", script, *command, "--help"]
    ran = subprocess.run(arguments, check=True, capture_output=True, text=True)
    assert said in ran.stdout
    assert ran.stdout.endswith("\n[]\n")
