"""The written calls, in their languages and paces; in voice pace each turn is posted twice.

What relay pace does in its own way hangs on no language: a call is typed in one language, which they take in turns,
and spoken in the others; one that is for a single pace is played in one language. `make soak` plays every language
in every pace.

Each of the line's documents is, byte for byte, what twilio's own classes write.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from xml.etree import ElementTree as ET
from zlib import crc32

import pytest
from sqlalchemy import Engine, select
from support.written import CALLS, LINE, MISSING, PROBLEMS, ROOT, RUNS
from twilio.twiml import GenericNode, TwiML
from twilio.twiml.voice_response import VoiceResponse

from ivr.base.settings import load_replay_settings
from ivr.callfile.host import PreparedLine, Setup
from ivr.callfile.player import PlayOptions
from ivr.callfile.suite import CallPlay, list_runs, play_run, print_result
from ivr.dialog.engine import CALL_SECONDS_MAX
from ivr.sandbox.host import LocalHost
from ivr.simulator.lines import CalledLine, Headers, LineReply
from ivr.storage.tables import Turn

pytestmark = pytest.mark.whole


# The way through a payment, faults and redials go over real HTTP; the rest differ from them in what is said.
OVER_HTTP = ("way", "fault", "redial")


def fill(node: TwiML, read: ET.Element) -> TwiML:
    """Put into twilio's node what was read: texts and verbs in their order."""
    if read.text:
        node.append(read.text)
    for child in read:
        node.append(fill(GenericNode(child.tag, None, **child.attrib), child))
        if child.tail:
            node.append(child.tail)
    return node


COMPARED: set[bytes] = set()  # the digests of documents that were compared: the same one need not be again


class ComparedLine:
    """A line whose every document is compared with what twilio's own classes write."""

    def __init__(self, line: CalledLine) -> None:
        self._line = line
        self.public_url = line.public_url

    def post(self, path_or_url: str, form: Mapping[str, str], *, headers: Headers | None = None) -> LineReply:
        reply = self._line.post(path_or_url, form, headers=headers)
        digest = sha256(reply.body).digest()
        if reply.status == 200 and digest not in COMPARED:
            assert reply.body.decode() == str(fill(VoiceResponse(), ET.fromstring(reply.body)))
            COMPARED.add(digest)
        return reply


class ComparedHost(LocalHost):
    """The line in this process, each of its documents compared."""

    @contextmanager
    def prepare(self, setup: Setup) -> Iterator[PreparedLine]:
        with super().prepare(setup) as prepared:
            yield replace(prepared, line=ComparedLine(prepared.line))


@pytest.fixture
def host(
    engine: Engine, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[LocalHost]:
    settings = load_replay_settings({"IVR_VAR": str(tmp_path_factory.mktemp("var"))})
    run = getattr(request.node, "callspec", None) and request.node.callspec.params.get("run")
    with ComparedHost(engine, LINE, settings, over_http=run is None or is_over_http(run)) as host:
        yield host


def is_over_http(run: CallPlay) -> bool:
    return Path(run.call.name).relative_to(CALLS).parts[0] in OVER_HTTP


def is_left_to_soak(run: CallPlay) -> bool:
    """Return whether the call is heard in this language, and in this pace, in another of its runs."""
    runs = run.call.runs(LINE.flow.languages)
    languages = list(dict.fromkeys(language for language, _ in runs))
    turn = crc32(Path(run.call.name).relative_to(CALLS).as_posix().encode()) % len(languages)
    if len(languages) == 1:
        return False
    if len(runs) == len(languages):  # in one pace alone
        return run.language != languages[turn]
    return (run.language == languages[turn]) is not (run.pace == "relay")


def test_all_files_can_be_played() -> None:
    assert not MISSING
    assert not PROBLEMS
    assert RUNS


@pytest.mark.parametrize(
    "run",
    [pytest.param(run, marks=[pytest.mark.soak] if is_left_to_soak(run) else []) for run in RUNS],
    ids=lambda run: f"{Path(run.call.name).relative_to(CALLS)}-{run.language}-{run.pace}",
)
def test_call(run: CallPlay, host: LocalHost) -> None:
    # What a turn says is kept as bytes: that it is said again alike hangs on no pace.
    result = play_run(run, host, PlayOptions(post_twice=run.pace == "voice"))
    out = io.StringIO()
    print_result(result, out, verbose=True)
    assert result.passed, out.getvalue()


def test_a_call_that_must_fail_fails(host: LocalHost) -> None:
    runs, problems = list_runs([CALLS / "must_fail" / "never_said.call"], LINE.flow.languages, root=CALLS)
    assert not problems
    assert not any(play_run(run, host).passed for run in runs)


def test_the_readme_quotes_a_call_as_it_is_spoken(host: LocalHost) -> None:
    [run] = [
        run
        for run in RUNS
        if (Path(run.call.name).relative_to(CALLS), run.language, run.pace)
        == (Path("way/goodbye.call"), "en-US", "voice")
    ]
    out = io.StringIO()
    print_result(play_run(run, host), out, verbose=True)
    spoken = " ".join(re.findall(r"^ *\[[a-z]+-[A-Z]+\] (.*)$", out.getvalue(), re.MULTILINE))
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    said = " ".join(re.findall(r"^> (.*)$", page, re.MULTILINE)).split("<br>")
    quoted = [each.strip().removeprefix("**Line** ") for each in said if each.strip().startswith("**Line**")]
    assert len(quoted) > 5
    for words in (part.strip(" *") for each in quoted for part in each.replace("*", "").split("…")):
        assert words in spoken


@pytest.mark.parametrize("language", LINE.flow.languages)
def test_an_operator_who_types_every_word_pays_without_an_error(
    language: str, host: LocalHost, engine: Engine
) -> None:
    """60 words a minute, ten seconds to answer, keys five seconds apart (47 CFR 64.604: the floor for typing)."""
    [run] = [
        run
        for run in RUNS
        if (Path(run.call.name).relative_to(CALLS), run.language, run.pace)
        == (Path("way/goodbye.call"), language, "relay")
    ]
    result = play_run(run, host, PlayOptions(operator=True))
    out = io.StringIO()
    print_result(result, out, verbose=True)
    assert result.passed, out.getvalue()
    with engine.connect() as db:
        events = db.execute(select(Turn.events).order_by(Turn.call_sid, Turn.seq)).scalars().all()
    assert not [event for event in events if " ! " in event]  # no nomatch; silence in relay is none either
    assert result.seconds < CALL_SECONDS_MAX["relay"]
