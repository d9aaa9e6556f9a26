"""Every kind of failure sounds the same, costs the same and counts the same, through the whole app."""

from __future__ import annotations

import dataclasses
import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event, insert, select

from ivr.base.clock import ManualClock
from ivr.base.keys import KeyedHash
from ivr.base.randomness import SeededRandomness
from ivr.billing.samples import generate
from ivr.storage.tables import VerificationCounter
from ivr.voice.app import VoiceSettings, make_voice_app
from ivr.voice.deliveries import Deliveries
from ivr.voice.patience import Patience
from ivr.voice.serving import make_services
from ivr.voice.turns import Support, Turns

HEALTH, PHONE = "740000101", "6175550101"
NOBODY, NO_ACCOUNT = "499999999999", "799999999"
STRANGERS = itertools.count(10_000)


class CountingHash(KeyedHash):
    """The line's own hash, which notes what it hashes."""

    def __init__(self, key):
        super().__init__(key)
        self.purposes = []

    def digest(self, purpose, *parts):
        self.purposes.append((purpose, len(parts)))
        return super().digest(purpose, *parts)


@pytest.fixture
def watched(house):
    """Put the app together with a hash that counts."""
    hashes = CountingHash(house.settings.ivr_hash_key)
    services = dataclasses.replace(make_services(house.settings, SeededRandomness(1)), hashes=hashes)
    support = Support(house.settings.ivr_support_phone)
    turns = Turns(
        house.engine, house.compiled, services, support, house.clock, patience=Patience(house.engine)
    )
    house.use(
        make_voice_app(
            turns,
            house.engine,
            VoiceSettings(house.public_url, house.account_sid, house.auth_token),
            Deliveries(house.engine, house.clock, Patience(house.engine)),
        )
    )
    return hashes


class Caller:
    """Keys what they want to key and keeps the line's replies. The line's clock stands still meanwhile."""

    def __init__(self, house, number, line=None):
        self.line = line or house.line
        self.sid = house.call_sid(number)
        self.phone = house.phone(number, line=self.line, clock=ManualClock(house.clock.now()))

    def press(self, *entries):
        """Key one entry after another and return the answers."""
        replies = []
        for keys in entries:
            self.phone.press(keys)
            replies.append(self.line.last_reply(self.sid))
        return replies

    def begin(self):
        """Go to verification."""
        self.phone.dial()
        self.press("1", "1")

    def verify(self, keyed_id, ssn, birth, *, first=True):
        """Key the facts and return the answers to them; `ssn` may be several entries."""
        if first:
            self.begin()
        return self.press(keyed_id + ("#" if len(keyed_id) < 12 else ""), *ssn.split(), birth)


def verified(reply):
    return reply.header("Ivr-Node") != "verify/member_id"


def lock(house, member_id, failures, *, spread=False):
    """Fail `failures` times; `spread` over days, so that only the longer count is full."""
    for _ in range(failures):
        Caller(house, next(STRANGERS)).verify(member_id, "0001", "01011950")
        if spread:
            house.clock.advance(86_400)


def failing(member, without_ssn):
    """Name every kind of failure: what is keyed, and what makes it fail besides."""
    ssn, birth = member.ssn_last4, member.date_of_birth_keyed
    other = f"{(int(ssn) + 1) % 10_000:04d}"
    return {
        "wrong ssn": (member.member_id, other, birth, 0, False),
        "wrong date": (member.member_id, ssn, "01011951", 0, False),
        "both wrong": (member.member_id, other, "01011951", 0, False),
        "unknown member": (NOBODY, ssn, birth, 0, False),
        "unknown billing account": (NO_ACCOUNT, ssn, birth, 0, False),
        "account, wrong ssn": (HEALTH, other, birth, 0, False),
        "no ssn on file": (without_ssn.member_id, "0000", without_ssn.date_of_birth_keyed, 0, False),
        "telephone, wrong ssn": (PHONE, other, birth, 0, False),
        "unknown telephone": ("6175550999", ssn, birth, 0, False),
        "locked telephone, right facts": (PHONE, ssn, birth, 5, False),
        "locked by five, right facts": (member.member_id, ssn, birth, 5, False),
        "locked by ten, right facts": (member.member_id, ssn, birth, 10, True),
        "locked by five, wrong facts": (member.member_id, other, birth, 5, False),
        "unknown and locked": (NOBODY, ssn, birth, 5, False),
        "locked account, right facts": (HEALTH, ssn, birth, 5, False),
    }


def test_every_kind_of_failure_is_the_same_bytes_statements_and_hashes(house, watched, engine):
    member, without_ssn = house.load_samples("demo.health_and_dental", "demo.no_ssn")
    statements = []

    def executing(_connection, _cursor, statement, *_):
        statements.append(statement)

    seen = {}
    for number, (kind, (keyed, ssn, birth, failures, spread)) in enumerate(
        failing(member, without_ssn).items()
    ):
        with engine.begin() as db:
            db.execute(VerificationCounter.__table__.delete())
        lock(house, keyed, failures, spread=spread)
        caller = Caller(house, number)
        caller.begin()
        event.listen(engine, "before_cursor_execute", executing)
        statements.clear()
        watched.purposes.clear()
        # Twice, because the second answer must be the same too: the third leads to a person.
        replies = [reply for _ in range(3) for reply in caller.verify(keyed, ssn, birth, first=False)]
        event.remove(engine, "before_cursor_execute", executing)
        answers = [(reply.body, sorted(reply.headers.items())) for reply in replies]
        seen[kind] = (answers, list(statements), list(watched.purposes))
        assert not any(verified(reply) for reply in (replies[2], replies[5])), kind
    usual = seen["wrong ssn"]
    assert len(usual[2]) == 9
    for kind, (answers, run, hashed) in seen.items():
        assert answers == usual[0], kind
        assert run == usual[1], kind
        assert hashed == usual[2], kind


def test_every_kind_of_failure_without_an_ssn_is_the_same_too(house, watched, engine):
    member, without_ssn = house.load_samples("demo.health_and_dental", "demo.no_ssn")
    born = without_ssn.date_of_birth_keyed
    kinds = {
        "an ssn is on file": (member.member_id, f"# {HEALTH} 02108", member.date_of_birth_keyed),
        "wrong account": (without_ssn.member_id, f"# {HEALTH} 02108", born),
        "wrong zip code": (without_ssn.member_id, "# 740000108 02109", born),
        "wrong date": (without_ssn.member_id, "# 740000108 02108", "01011951"),
        "unknown member": (NOBODY, "# 740000108 02108", born),
    }
    statements, seen = [], {}

    def executing(_connection, _cursor, statement, *_):
        statements.append(statement)

    for number, (kind, facts) in enumerate(kinds.items()):
        caller = Caller(house, number)
        caller.begin()
        watched.purposes.clear()
        statements.clear()
        event.listen(engine, "before_cursor_execute", executing)
        replies = caller.verify(*facts, first=False)
        event.remove(engine, "before_cursor_execute", executing)
        assert not verified(replies[-1]), kind
        answers = [(reply.body, sorted(reply.headers.items())) for reply in replies]
        seen[kind] = (answers, list(statements), list(watched.purposes))
    assert all(each == seen["wrong date"] for each in seen.values())
    assert verified(Caller(house, 99).verify(without_ssn.member_id, "# 740000108 02108", born)[-1])


def test_right_facts_take_the_same_hashes(house, watched):
    (member,) = house.load_samples("demo.letter")
    caller = Caller(house, 1)
    caller.begin()
    watched.purposes.clear()
    caller.verify(member.member_id, member.ssn_last4, member.date_of_birth_keyed, first=False)
    assert watched.purposes == [("keyed_id", 1), ("ssn_last4", 2), ("date_of_birth", 2)]


def test_three_tries_a_call_then_a_person(house):
    (member,) = house.load_samples("demo.letter")
    caller = Caller(house, 1)
    caller.verify(member.member_id, "0001", "01011950")
    caller.verify(member.member_id, "0001", "01011950", first=False)
    last = caller.verify(member.member_id, "0001", "01011950", first=False)[-1]
    prompts = last.header("Ivr-Prompts").split(",")
    assert prompts[:2] == ["verify-exhausted", "give-up"]
    assert last.header("Ivr-Node").startswith(("reach/", "give_up/"))
    again = Caller(house, 2).verify(member.member_id, member.ssn_last4, member.date_of_birth_keyed)[-1]
    assert verified(again)


def test_the_right_facts_at_the_third_try_are_verified(house):
    (member,) = house.load_samples("demo.letter")
    caller = Caller(house, 1)
    caller.verify(member.member_id, "0001", "01011950")
    caller.verify(NOBODY, "0001", "01011950", first=False)
    last = caller.verify(member.member_id, member.ssn_last4, member.date_of_birth_keyed, first=False)[-1]
    assert verified(last)


@pytest.mark.whole
def test_two_hundred_failures_from_one_number_refuse_nobody(house):
    members = list(generate(200, house.now.date()))
    house.load(members)
    for number in range(0, 200, 3):
        caller = Caller(house, number)
        for place, member in enumerate(members[number : number + 3]):
            replies = caller.verify(member.member_id, "0000", "01011950", first=place == 0)
            assert not verified(replies[-1]) or place == 2
    for number in range(0, 200, 20):
        member = members[number]
        reply = Caller(house, 1000 + number).verify(
            member.member_id, member.ssn_last4, member.date_of_birth_keyed
        )[-1]
        assert verified(reply), member.name


def test_failures_survive_a_restart(house):
    (member,) = house.load_samples("demo.letter")
    for number in range(5):
        house.engine.dispose()
        house.restart()
        Caller(house, number).verify(member.member_id, "0001", "01011950")
    house.restart()
    facts = (member.member_id, member.ssn_last4, member.date_of_birth_keyed)
    assert not verified(Caller(house, 10).verify(*facts)[-1])
    house.clock.advance(24 * 3600 + 1)
    assert verified(Caller(house, 11).verify(*facts)[-1])


def test_failures_are_exact_under_parallel_calls(house, engine):
    (member,) = house.load_samples("demo.letter")
    callers = [Caller(house, number) for number in range(8)]
    for caller in callers:
        caller.begin()
        caller.press(member.member_id, "0001")
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda caller: caller.press("01011950")[0], callers))
    assert {reply.body for reply in replies} == {replies[0].body}
    with engine.connect() as db:
        row = db.execute(select(VerificationCounter.__table__)).one()
    assert (row.failures_since_success, len(row.recent_failures_at)) == (8, 5)


def test_while_much_fails_every_answer_comes_after_the_same_silence(house, engine):
    (member,) = house.load_samples("demo.letter")
    now = house.clock.now()
    failed = {"failures_since_success": 5, "recent_failures_at": [now] * 5, "last_failure_at": now}
    with engine.begin() as db:
        counters = [{"counted_on": f"{number:064x}", **failed} for number in range(20)]
        db.execute(insert(VerificationCounter), counters)
    silence = b'<Response><Pause length="4" />'
    bodies = []
    right = (member.member_id, member.ssn_last4)
    for number, (keyed, ssn) in enumerate(((member.member_id, "0001"), (NOBODY, "0001"), right)):
        asked, _, answered = Caller(house, number).verify(keyed, ssn, member.date_of_birth_keyed)
        assert silence in answered.body, keyed
        assert silence not in asked.body
        bodies.append(answered.body)
    assert verified(answered)
    assert bodies[0] == bodies[1]


class Crowded:
    """A line that gets every request six times at one instant."""

    def __init__(self, line):
        self.line, self.public_url, self.last_reply = line, line.public_url, line.last_reply

    def post(self, path_or_url, form, *, headers=None):
        def once(_):
            return self.line.post(path_or_url, form, headers=headers)

        with ThreadPoolExecutor(6) as pool:
            replies = list(pool.map(once, range(6)))
        assert all(reply == replies[0] for reply in replies)
        return replies[0]


def test_one_turn_posted_many_times_at_once_counts_once(house, engine):
    (member,) = house.load_samples("demo.letter")
    caller = Caller(house, 1, Crowded(house.line))
    caller.begin()
    caller.press(member.member_id, "0001", "01011950")
    assert len(house.line.exchanges) == 6 * 6
    with engine.connect() as db:
        assert db.execute(select(VerificationCounter.failures_since_success)).scalar_one() == 1
