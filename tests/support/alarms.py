"""Alarms at random instants, in a process of their own: an exception out of nowhere is no guest for a test runner.

`python -m support.alarms bare` rings around nothing; `python -m support.alarms turns URL` rings in real turns
on the migrated database at URL. Ends with status 0 when every promise held.
"""

from __future__ import annotations

import gc
import random
import secrets
import signal
import sys
from types import SimpleNamespace

from sqlalchemy import make_url, select
from support import environs
from support.invariants import check_promises
from support.served_line import ROOT

from ivr.base.clock import SystemClock
from ivr.base.randomness import SecretRandomness
from ivr.base.settings import load_settings
from ivr.calls.store import keep_flow_version
from ivr.simulator.lines import WsgiLine
from ivr.simulator.webhooks import CallIdentity
from ivr.storage.engine import make_engine
from ivr.storage.tables import Call
from ivr.topics.line import compile_line, read_line_files
from ivr.voice.deadline import DeadlineExceeded, deadline, stop_alarms
from ivr.voice.patience import Patience
from ivr.voice.serving import serve_line


def ring_around_nothing() -> None:
    """An alarm at the very end of a deadline does not go on ringing."""
    draw = random.Random(7)
    rung = 0
    for _ in range(20_000):
        try:
            with deadline(draw.uniform(2e-6, 2e-5)):
                sum(range(draw.randrange(200)))
        except DeadlineExceeded:
            stop_alarms()
            rung += 1
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL
    assert rung > 100


def ring_in_turns(database_url: str) -> None:
    """Nothing leaks from the pool, what is said stays true, and the next turn is an ordinary one."""
    engine = make_engine(make_url(database_url))
    settings = load_settings(
        {
            "PUBLIC_URL": "https://line.example.org",
            "TWILIO_ACCOUNT_SID": "AC" + "5e" * 16,
            "TWILIO_AUTH_TOKEN": secrets.token_hex(16),
            **environs.PLACE,
            **environs.KEYS,
            **environs.SUPPORT,
            **environs.BANK,
            **environs.PLAIN,
        }
    )
    served = compile_line(read_line_files(ROOT, settings.ivr_languages))
    with engine.begin() as db:
        keep_flow_version(db, served.flow.version, dict(served.files), SystemClock().now())
    patience = Patience(engine, quiet_seconds=0.0)
    app = serve_line(settings, engine, served, SystemClock(), SecretRandomness(), patience=patience)
    phone = WsgiLine(app, settings.public_url, settings.twilio_account_sid, settings.twilio_auth_token)
    draw = random.Random(11)
    heard = []

    def post(call_sid: str, path: str, digits: str) -> str:
        identity = CallIdentity(call_sid, settings.twilio_account_sid, "+16175550123", "+18005550100")
        form = {**identity.parameters("in-progress"), "Digits": digits}
        reply = phone.post(path, form)
        heard.append(
            SimpleNamespace(
                call_sid=call_sid,
                path=path,
                form=form,
                status=reply.status,
                headers=reply.headers,
                body=reply.body,
            )
        )
        return str(reply.header("Ivr-Prompts"))

    unknown = 0
    for _ in range(150):
        call_sid = f"CA{secrets.token_hex(16)}"
        for path, digits in (("/voice/answer", ""), ("/voice/turn/1", "1"), ("/voice/fallback", "")):
            patience.deadline_seconds = draw.uniform(1e-5, 3e-2)
            unknown += "trouble-unknown" in post(call_sid, path, digits)
            assert engine.pool.checkedout() == 0
    assert 0 < unknown < len(heard)
    patience.deadline_seconds = 5.0
    gc.collect()  # what an alarm tore from a frame is closed when nobody holds it any more
    assert post(f"CA{secrets.token_hex(16)}", "/voice/answer", "").startswith("welcome")
    check_promises(engine, settings.key_ring, heard)
    with engine.connect() as db:
        assert db.execute(select(Call.call_sid).limit(1)).first() is not None


if __name__ == "__main__":
    if sys.argv[1] == "bare":
        ring_around_nothing()
    else:
        ring_in_turns(sys.argv[2])
