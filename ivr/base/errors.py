"""Errors an operator can act on, and the exit statuses they carry."""

from __future__ import annotations

from collections.abc import Sequence

EXIT_NO = 1
EXIT_SETTING = 3
EXIT_DATABASE = 4


class OperatorError(Exception):
    """Something an operator has to put right; every problem found, one sentence each.

    `exit_status` is what the `ivr` command ends with: 1 the answer is no, 3 a setting,
    4 the database. No problem ever quotes a secret.
    """

    exit_status = EXIT_NO

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems: Sequence[str] = problems


class SettingsError(OperatorError):
    """A setting is missing or wrong."""

    exit_status = EXIT_SETTING


class NotFoundError(OperatorError):
    """Nothing has the number that was given; commands add which database was asked."""


class DatabaseUnavailableError(OperatorError):
    """The database cannot be reached, is not migrated, or refuses what it was asked."""

    exit_status = EXIT_DATABASE
