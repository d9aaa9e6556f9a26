"""A newer release migrates and serves while this one answers calls: neither is in the other's way."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import ExitStack
from itertools import count

import pytest
from sqlalchemy import text
from support.hosts import web_host
from support.served_line import wait_until

from ivr.base.errors import DatabaseUnavailableError
from ivr.storage.engine import check_ready, make_engine
from ivr.storage.migrate import upgrade
from ivr.storage.revision import head, write_oldest_release
from ivr.voice.patience import Patience

from .conftest import ENVIRONMENT, NOW, ROOT, House

pytestmark = [pytest.mark.long, pytest.mark.whole]

NEWER = "0999"
MIGRATION = f"""
from alembic import op

revision, down_revision, oldest_release = "{NEWER}", "{head()}", "{head()}"

def upgrade():
    op.execute("ALTER TABLE members ADD COLUMN nickname text")
    op.execute("ALTER TABLE calls ADD COLUMN queue text DEFAULT 'main' NOT NULL")
    op.execute("CREATE TABLE nicknames (nickname text PRIMARY KEY)")
"""


@pytest.fixture
def newer(tmp_path):
    """A copy of the project that has one more migration and greets in other words."""
    for folder in ("ivr", "flows", "prompts"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / "ivr/storage/migrations/versions" / f"{NEWER}_newer.py").write_text(MIGRATION)
    prompts = tmp_path / "prompts" / "en-US.ftl"
    greeting = "Massachusetts Health Connector payment line."
    assert greeting in prompts.read_text()
    prompts.write_text(prompts.read_text().replace(greeting, f"The new {greeting}"))
    return tmp_path


@pytest.fixture
def house(migrated_database, compiled_line):
    """This release, at work on a database that is not shared with other tests."""
    engine = make_engine(migrated_database, pool_size=4)
    house = House(engine, compiled_line)
    house.load([])
    yield house
    engine.dispose()


def environment_of(database_url, folder):
    return {
        **{name: value for name, value in ENVIRONMENT.items() if name not in ("IVR_SMS_FROM", "IVR_SMTP")},
        "DATABASE_URL": database_url.render_as_string(hide_password=False),
        "IVR_VAR": str(folder / "var"),
        "WEB_CONCURRENCY": "1",
        "IVR_DEMO": "yes",
        "IVR_NOW": NOW.isoformat(),  # both releases are of one day
    }


@pytest.fixture
def newer_line(newer, migrated_database):
    """The newer release on a port of this machine, once it has migrated."""

    def start():
        environment = environment_of(migrated_database, newer)
        ran = subprocess.run(
            [sys.executable, "-m", "ivr.cli.main", "db", "upgrade"],
            cwd=newer,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert ran.stdout == f"The database is at migration {NEWER}.\n"
        line, _ = opened.enter_context(web_host(newer, environment))
        return line

    with ExitStack() as opened:
        yield start


def press(line, house, number, seq, digits):
    form = house.form_of(house.call_sid(number), CallStatus="in-progress", Digits=digits)
    reply = line.post(f"/voice/turn/{seq}", form)
    return reply.header("Ivr-Flow"), reply.body.decode()


def test_two_releases_serve_the_same_calls(house, newer_line, migrated_database):
    answered = house.line.post("/voice/answer", house.form_of(house.call_sid(1)))
    old = answered.header("Ivr-Flow")
    newer = newer_line()

    told = house.client.get("/health")
    assert (told.status_code, told.json["status"], told.json["migrations"]) == (200, "ok", "newer")
    house.restart(patience=Patience(house.engine, deadline_seconds=60))
    check_ready(house.engine)
    assert upgrade(house.engine) == NEWER

    begun = newer.post("/voice/answer", house.form_of(house.call_sid(2)))
    assert "The new Massachusetts" in begun.body.decode()
    new = begun.header("Ivr-Flow")
    assert new != old

    def newer_knows_the_old_flow():
        """A busy machine may take longer than a turn has to read a flow and its prompts."""
        number = next(others)
        house.line.post("/voice/answer", house.form_of(house.call_sid(number)))
        return press(newer, house, number, 1, "9")[0] == old

    others = count(10)
    wait_until(newer_knows_the_old_flow)
    # Each call goes on in its own words, whichever release is asked.
    for number, flow, is_new in ((1, old, False), (2, new, True)):
        for seq, line in enumerate((newer, house.line, newer), start=1):
            heard_of, said = press(line, house, number, seq, "9")
            assert (heard_of, "The new Massachusetts" in said) == (flow, is_new)
    # And a call that only this release knew is begun on it still.
    assert house.line.post("/voice/answer", house.form_of(house.call_sid(3))).header("Ivr-Flow") == old


def test_what_a_release_does_not_work_with_is_said(house):
    with house.engine.begin() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '0998'"))
        write_oldest_release(db, "0997")
    told = house.client.get("/health")
    assert (told.status_code, told.json["migrations"]) == (503, "too new")
    for refused in (check_ready, upgrade):
        with pytest.raises(DatabaseUnavailableError, match=f"releases from 0997 on; this one has {head()}"):
            refused(house.engine)
