"""An answer that nothing was found says which database was asked, and never a password."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import URL

from ivr.base.settings import DatabaseSettings
from ivr.start import database_name

NUMBER = "12345678901"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("postgresql://ivr:secret@db.example:5432/line", "the database line on db.example:5432"),
        ("postgres://db.example/line", "the database line on db.example"),
        ("postgresql://ivr:secret@/line?host=/run/pg&port=5433", "the database line on /run/pg:5433"),
        ("postgresql://ivr@/line?host=a&host=b", "the database line on a, b"),
        ("postgresql:///line", "the database line on this machine"),
        ("postgresql://ivr:secret@db", "the database of the account's own name on db"),
        ("postgresql://ivr:secret@db?dbname=line", "the database line on db"),
    ],
)
def test_a_database_has_a_name_without_its_account(url: str, name: str) -> None:
    assert database_name(DatabaseSettings(database_url=url)) == name


def test_the_embedded_one_is_called_by_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = DatabaseSettings(ivr_var=Path("var"))
    assert database_name(settings) == f"the embedded database in {tmp_path.resolve()}/var"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0, ("payments", "list")),
        (0, ("calls", "list")),
        (0, ("notices", "list")),
        (0, ("ach", "queue", "list")),
        (0, ("notices", "send")),
        (1, ("payments", "show", NUMBER)),
        (1, ("payments", "show", NUMBER, "--evidence")),
        (1, ("payments", "cancel", NUMBER, "--yes")),
        (1, ("payments", "correct", NUMBER, "--name", "Ada", "--reason", "x")),
        (1, ("payments", "refund", NUMBER, "--yes", "--yes")),
        (1, ("notices", "show", NUMBER)),
        (1, ("notices", "send", NUMBER)),
        (1, ("notices", "returned", NUMBER, "--by", "letter")),
        (1, ("calls", "show", "CA" + "0" * 32)),
        (1, ("members", "unlock", "123456789012")),
        (1, ("ach", "queue", "close", "7", "--note", "x")),
    ],
    ids=str,
)
def test_nothing_found_says_where(
    ivr: Callable, database_url: URL, monkeypatch: pytest.MonkeyPatch, status: int, words: tuple[str, ...]
) -> None:
    url = database_url.set(password="secret")
    monkeypatch.setenv("DATABASE_URL", url.render_as_string(hide_password=False))
    monkeypatch.setenv("IVR_DEMO", "yes")
    ran = ivr(*words)
    said = ran.out + ran.err
    assert (ran.status, said.count("\n")) == (status, 1)
    assert ran.out == "" or "send" in words
    assert database_name(DatabaseSettings(database_url=str(database_url))) in said
    assert "secret" not in said
