"""What people type: who they are, whether they mean it, and numbers as they write them down."""

from __future__ import annotations

import os
import pwd
import sys

import click

from ivr.base.settings import named_staff


def account() -> str:
    """Return whoever runs this, for the audit trail: the account, and the person where `IVR_STAFF` names one.

    Under `sudo -u ivr` everybody has the same account.
    """
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = f"uid {os.getuid()}"
    person = named_staff()
    return f"{person} ({name})" if person else name


def confirm(question: str, *, yes: bool) -> None:
    """Ask a person, on standard error, and abort unless they agree; a program is not asked."""
    if not yes and sys.stdin.isatty():
        click.confirm(question, abort=True, err=True)


def written_plain(number: str) -> str:
    """Return a number as it is stored, however a person wrote it down: 513-7053-7879."""
    return number.replace("-", "").replace(" ", "")
