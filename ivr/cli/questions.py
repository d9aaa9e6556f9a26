"""What people type: who they are, whether they mean it, and numbers as they write them down."""

from __future__ import annotations

import os
import pwd
import sys

import click


def account() -> str:
    """Return the operating system's name of whoever runs this, for the audit trail."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def confirm(question: str, *, yes: bool) -> None:
    """Ask a person, on standard error, and abort unless they agree; a program is not asked."""
    if not yes and sys.stdin.isatty():
        click.confirm(question, abort=True, err=True)


def written_plain(number: str) -> str:
    """Return a number as it is stored, however a person wrote it down: 513-7053-7879."""
    return number.replace("-", "").replace(" ", "")
