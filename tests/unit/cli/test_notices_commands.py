"""What operators type about notices: send what waits, look at one, mend one that failed."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, update
from support import money
from support.money import FRIDAY, pay

from ivr.billing.imports import import_bills
from ivr.billing.samples import bills_csv, demo_members, members_csv
from ivr.members.imports import import_members
from ivr.storage.tables import Member

SAMPLES = demo_members(FRIDAY.date())


@pytest.fixture(autouse=True)
def _samples(engine: Engine, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in money.ENVIRON.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("IVR_DEMO", "yes")
    monkeypatch.setenv("IVR_NOW", FRIDAY.isoformat())
    hashes = money.SETTINGS.hashes
    with engine.begin() as db:
        import_members(db, hashes, FRIDAY, io.BytesIO(members_csv(SAMPLES).encode()), file_name="m.csv")
        bills = io.BytesIO(bills_csv(SAMPLES).encode())
        import_bills(db, hashes, FRIDAY, bills, as_of_at=FRIDAY, file_name="b.csv")


def test_what_waits_is_sent_once_and_the_letter_lies_in_the_outbox(
    ivr: Callable, engine: Engine, environ: dict[str, str]
) -> None:
    paid = pay(engine, notice="pending")
    number = paid.confirmation_number
    assert ivr("notices", "list", "--state", "pending").out.split()[:4] == [
        number,
        "pending",
        "letter",
        "en-US",
    ]
    ran = ivr("notices", "send")
    assert (ran.status, ran.out, ran.err) == (0, f"{number}  sent\n", "")
    out = Path(environ["IVR_VAR"]) / "letters" / "out"
    assert sorted(file.name for file in out.iterdir()) == [
        f"2026-12-18-{number}.pdf",
        "2026-12-18-manifest.csv",
    ]
    assert ivr("notices", "send").out.startswith("Nothing waits in the database ")
    assert json.loads(ivr("notices", "send", "--json").out) == {"notices": []}
    (listed,) = json.loads(ivr("notices", "list", "--json").out)["notices"]
    assert (listed["state"], listed["confirmation_number"]) == ("sent", number)
    none = ivr("notices", "list", "--state", "failed")
    assert (none.status, none.out) == (0, "")
    assert none.err.startswith("no notices in ")


def test_one_notice_is_shown_with_its_attempts_and_words(ivr: Callable, engine: Engine) -> None:
    paid = pay(engine, notice="pending")
    number = paid.confirmation_number
    spaced = f"{number[:3]}-{number[3:7]}-{number[7:]}"
    assert ivr("notices", "show", spaced).out.rstrip().endswith("nothing was written yet")
    ivr("notices", "send")
    shown = ivr("notices", "show", spaced).out
    assert "letter, accepted" in shown
    assert f"Confirmation number: {spaced}" in shown
    assert money.ACCOUNT_NUMBER not in shown
    found = json.loads(ivr("notices", "show", number, "--json").out)
    assert found["attempts"][0]["provider_reference"] == f"2026-12-18-{number}.pdf"
    assert len(found["attempts"][0]["document_sha256"]) == 64
    assert found["body"].startswith("Massachusetts Health Connector\n")


def test_one_that_failed_is_sent_after_its_cause_is_mended(ivr: Callable, engine: Engine) -> None:
    paid = pay(engine, notice="pending", member=2, cents=1000)
    number = paid.confirmation_number
    live_at(engine, "")
    ran = ivr("notices", "send")
    assert (ran.status, ran.out.split()) == (1, [number, "failed"])
    assert ivr("notices", "send").out.startswith("Nothing waits in the database ")
    live_at(engine, "1 Main St")
    ran = ivr("notices", "send", number, "--json")
    assert (ran.status, json.loads(ran.out)) == (
        0,
        {"notices": [{"confirmation_number": number, "result": "sent"}]},
    )


def test_the_mail_house_confirms_and_the_post_brings_one_back(
    ivr: Callable, engine: Engine, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IVR_LETTERS_CONFIRMED", "yes")
    number = pay(engine, notice="pending").confirmation_number
    ivr("notices", "send")
    manifest = str(Path(environ["IVR_VAR"]) / "letters" / "out" / "2026-12-18-manifest.csv")
    assert ivr("notices", "mailed", manifest).out == "1 read: 0 added, 1 changed, 0 unchanged\n"
    assert ivr("notices", "mailed", manifest, "--on", "2026-12-17").out.endswith("0 changed, 1 unchanged\n")
    assert json.loads(ivr("notices", "show", number, "--json").out)["mailed_date"] == "2026-12-18"
    ran = ivr("notices", "returned", number, "--by", "letter")
    assert ran.out.startswith(f"{number}: the letter that tells authorized came back.")
    assert "ask the member for the right postal address" in ivr("ach", "queue", "list").out


def live_at(engine: Engine, address: str) -> None:
    with engine.begin() as db:
        db.execute(update(Member).values(address=address))


@pytest.mark.parametrize("words", [["send", "12345678901"], ["show", "12345678901"]], ids=" ".join)
def test_an_unknown_number_is_told(ivr: Callable, words: list[str]) -> None:
    ran = ivr("notices", *words)
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith("No notice has the confirmation number 12345678901: check it. Asked was ")


def test_a_demo_sends_nothing_to_anybody(ivr: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVR_SMTP", "smtp://mail.example")
    monkeypatch.setenv("IVR_MAIL_FROM", "a@b.example")
    ran = ivr("notices", "send")
    assert (ran.status, ran.err) == (
        3,
        "IVR_SMTP is not for the demo, which sends nothing to anybody: unset it, or IVR_DEMO.\n",
    )
