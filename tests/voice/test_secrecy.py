"""What a caller keys in secret fields leaves no trace outside ciphertext and keyed hashes."""

from __future__ import annotations

import base64
import dataclasses
import json
import logging
import re
from datetime import date

import pytest
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import DBAPIError

from ivr.simulator.webhooks import Injected
from ivr.storage.tables import Base, Call, Keyed, Payment, Sealed

ROUTING = "021000021"
SAMPLE = "demo.health_and_dental"
_MILLISECONDS = re.compile(r'"milliseconds": ?[0-9.]+')


@dataclasses.dataclass(frozen=True)
class Secrets:
    """One member's secrets, and wrong ones of the same lengths; account numbers share their last four."""

    ssn_last4: str
    date_of_birth: date
    account_number: str
    wrong_ssn: str
    wrong_date: str
    wrong_account: str
    payer: str
    mobile: str

    @property
    def keyed_date(self):
        return self.date_of_birth.strftime("%m%d%Y")


ONE = Secrets(
    "4321",
    date(1953, 1, 11),
    "48151623426789",
    "9182",
    "12311977",
    "48151623420000",
    "Wilhelmina Quarrington",
    "6175559753",
)
TWO = Secrets(
    "8765",
    date(1987, 10, 29),
    "90457713886789",
    "1029",
    "03091944",
    "33071941886666",
    "Evangeline Thistledown",
    "6175558642",
)


class Whole:
    """Everything the database and the logs hold."""

    def __init__(self, engine, logs):
        self.engine, self.logs = engine, logs

    def rewind(self):
        """Let the numbers that the database deals out begin again, so that two runs can be compared."""
        with self.engine.begin() as db:
            for (name,) in db.execute(
                text("SELECT oid::regclass::text FROM pg_class WHERE relkind = 'S'")
            ).all():
                db.execute(text(f"ALTER SEQUENCE {name} RESTART"))
        self.logs.seek(0)
        self.logs.truncate()

    def tables(self):
        return [name for name in inspect(self.engine).get_table_names() if name != "alembic_version"]

    def readable(self):
        """Return every row of every table but for columns of ciphertext and keyed hashes.

        How long a turn took, and when a job was put into the queue, is what a real clock says; it is left out.
        """
        found = {}
        with self.engine.connect() as db:
            for name in self.tables():
                table = Base.metadata.tables.get(name)
                hidden = (
                    ({"at"} if name == "procrastinate_events" else set())
                    if table is None
                    else {c.name for c in table.c if isinstance(c.type, Sealed | Keyed)}
                )
                columns = [
                    c["name"] for c in inspect(self.engine).get_columns(name) if c["name"] not in hidden
                ]
                listed = ", ".join(f'"{column}"' for column in columns)
                rows = db.execute(text(f'SELECT {listed} FROM "{name}"')).all()
                found[name] = sorted(_MILLISECONDS.sub("", repr(tuple(row))) for row in rows)
        return found

    def logged(self):
        """Return every log line but for what a real clock says in it."""
        lines = [json.loads(line) for line in self.logs.getvalue().splitlines()]
        return [{k: v for k, v in line.items() if k not in {"timestamp", "milliseconds"}} for line in lines]

    def raw(self):
        """Return the bytes of all tables, ciphertext too, as text and as PostgreSQL's binary format."""
        parts = []
        with self.engine.connect() as db:
            driver = db.connection.driver_connection
            for name in self.tables():
                for form in ("text", "binary"):
                    with driver.cursor().copy(f'COPY "{name}" TO STDOUT (FORMAT {form})') as copy:
                        parts += [bytes(block) for block in copy]
        return b"\n".join([*parts, self.logs.getvalue().encode()])


@pytest.fixture
def whole(engine, logs):
    return Whole(engine, logs)


@pytest.fixture
def run(house, whole):
    """Run one call with the given secrets: wrong entries first, everything keyed, one payment or more."""

    def call(secrets, play):
        with whole.engine.begin() as db:
            db.execute(text("SET LOCAL session_replication_role = replica"))
            for name in whole.tables():
                db.execute(text(f'DELETE FROM "{name}"'))
        whole.rewind()
        house.clock.set(type(house).now)
        house.restart()
        member = dataclasses.replace(
            house.samples()[SAMPLE], ssn_last4=secrets.ssn_last4, date_of_birth=secrets.date_of_birth
        )
        house.load([member])
        phone = house.phone(post_twice=True)
        play(phone, member, secrets)
        return whole.readable(), whole.logged(), whole.raw()

    return call


def press_all(phone, *entries):
    for keys in entries:
        phone.press(keys)


def verify(phone, member, secrets):
    """Verify at the second try; slips of every kind on the way."""
    phone.dial()
    press_all(phone, "1", "1")
    press_all(phone, member.member_id, secrets.wrong_ssn, secrets.wrong_date)  # rejected
    press_all(phone, "123456#", member.member_id)
    press_all(phone, secrets.ssn_last4[:2] + "#", secrets.ssn_last4[:3] + "*", secrets.ssn_last4)
    press_all(phone, "13" + secrets.keyed_date[2:], secrets.keyed_date[:5] + "#", secrets.keyed_date)


def to_the_terms(phone, member, secrets):
    """Key the bank; account numbers differ once, one is too long, one looks like a card, one has a star."""
    verify(phone, member, secrets)
    press_all(phone, "2", "1", "1", ROUTING, "1")
    press_all(phone, secrets.account_number[:3] + "*#", secrets.account_number + "0000#")
    press_all(phone, secrets.account_number + "#", secrets.wrong_account + "#")
    press_all(phone, secrets.account_number + "#", secrets.account_number + "#")


def pay(phone, member, secrets):
    to_the_terms(phone, member, secrets)
    phone.say("yes")


def whole_call(phone, member, secrets):
    """Pay both bills, the second without keying the bank again, and say goodbye."""
    pay(phone, member, secrets)
    press_all(phone, "1", "1", "1")
    phone.say("I authorize this payment")
    press_all(phone, "4", "4", "4")  # three slips end a call in which a payment stands
    assert phone.ended == "goodbye"
    assert phone.warnings == phone.failures == ()


def rejected_call(phone, member, secrets):
    """Three tries, then a person; secrets are spoken too, where nobody asked for speech."""
    phone.dial()
    press_all(phone, "1", "1")
    for number in (member.member_id, "740000101", member.member_id):
        phone.press(number + ("#" if len(number) == 9 else ""))
        press_all(phone, secrets.wrong_ssn, secrets.keyed_date)
    phone.press("2")  # not to be called back
    assert phone.ended is not None


def hung_up_call(phone, member, secrets):
    to_the_terms(phone, member, secrets)
    phone.say(f"my account is {secrets.account_number}")
    phone.press("12")  # each key is answered at once, as in a menu
    phone.hang_up()


def unfinished_call(phone, member, secrets):
    """Leave with keyed digits in the call's row: nothing tells the line that the call is over."""
    phone.dial()
    press_all(phone, "1", "1", member.member_id, secrets.ssn_last4)


def guest_call(phone, member, secrets):
    """Pay for the member: a name that is spoken and spelled back, and a mobile number."""
    phone.dial()
    press_all(phone, "1", "3", "1", member.member_id, secrets.keyed_date, "02108", "101#", "1", "1")
    press_all(phone, "021000021", "1", secrets.account_number + "#", secrets.account_number + "#")
    phone.say(f"my name is {secrets.payer}")
    press_all(phone, "9", "1", secrets.mobile, secrets.mobile, "1")
    phone.say("yes")
    press_all(phone, "1")
    assert phone.ended == "goodbye"


CALLS = [guest_call, whole_call, rejected_call, hung_up_call, unfinished_call, pay]


@pytest.mark.parametrize("play", CALLS, ids=lambda play: play.__name__)
def test_other_secrets_change_no_readable_byte(run, play):
    one, two = run(ONE, play), run(TWO, play)
    assert one[0] == two[0]
    assert one[1] == two[1]
    assert any(line["event"] == "turn" for line in one[1])
    assert one[0]["turns"]


def test_the_comparison_would_see_a_leak(run, house):
    """Had the account number's last four differed, which are kept in clear, both runs would too."""
    other = dataclasses.replace(
        ONE, account_number=ONE.account_number[:-1] + "0", wrong_account="48151623429999"
    )
    assert run(ONE, whole_call)[0]["payments"] != run(other, whole_call)[0]["payments"]


def notations(day):
    """Yield a date of birth in the ways somebody might write it."""
    for pattern in ("%m%d%Y", "%Y%m%d", "%d%m%Y", "%Y-%m-%d", "%m/%d/%Y", "%d/%m/%Y", "%m-%d-%Y", "%d.%m.%Y"):
        yield day.strftime(pattern)
    for pattern in ("%B {0}, %Y", "%b {0}, %Y", "%A, %B {0}", "{0} %B %Y"):
        yield day.strftime(pattern.format(day.day))
    yield f"{day.month}/{day.day}/{day.year}"
    yield f"date({day.year}, {day.month}, {day.day})"
    yield str((day - date(2000, 1, 1)).days) + "."


def traces(digits):
    """Yield bytes that would give a number away: plain, spoken, spaced, reversed, encoded."""
    plain = digits.encode()
    yield plain
    yield plain[::-1]
    for separator in (", ", " ", "-", ",", ".\n"):
        yield separator.join(digits).encode()
    yield plain.hex().encode()
    yield plain.hex().upper().encode()
    yield digits.encode("utf-16-le")
    for shift in range(3):  # base64, wherever the number stands in what was encoded
        encoded = base64.b64encode(b"\0" * shift + plain)
        yield encoded[4 if shift else 0 : -4]


@pytest.mark.parametrize("play", CALLS, ids=lambda play: play.__name__)
def test_no_byte_of_database_and_logs_gives_a_secret_away(run, house, play):
    raw = run(ONE, play)[2]
    member = house.samples()[SAMPLE]
    assert member.member_id.encode() in raw  # the search does find what is there
    for number in (ONE.account_number, ONE.wrong_account, ONE.account_number + "0000"):
        for trace in traces(number):
            assert trace not in raw, trace
    for trace in (*traces(ONE.mobile), *traces(ONE.payer.split()[1]), *traces(ONE.payer.split()[1].upper())):
        assert trace not in raw, trace
    for day in (ONE.date_of_birth, date(1977, 12, 31)):
        for notation in notations(day):
            assert notation.encode() not in raw, notation
            if notation.isdecimal():
                for trace in traces(notation):
                    assert trace not in raw, trace


def test_the_account_number_is_kept_for_the_bank_and_opens_with_the_key(run, house, engine):
    run(ONE, pay)
    with engine.connect() as db:
        row = db.execute(select(Payment.account_number, Payment.confirmation_number)).one()
    context = f"payment-account:{row.confirmation_number}"
    assert house.settings.key_ring.open(row.account_number, context) == ONE.account_number.encode()


# Keyed digits are gone once the call is over.


def secrets_of(engine):
    with engine.connect() as db:
        return db.execute(select(Call.secrets, Call.status, Call.end)).one()


def test_keyed_digits_live_sealed_in_the_call_row_until_they_are_used(run, engine, house):
    run(ONE, unfinished_call)
    row = secrets_of(engine)
    opened = house.settings.key_ring.open(row.secrets, f"secrets:{house.call_sid(1)}")
    assert json.loads(opened) == {"keyed_id": house.samples()[SAMPLE].member_id, "ssn_last4": ONE.ssn_last4}
    assert row.status == "open"


def test_the_facts_are_gone_once_verified_and_the_account_stays_for_the_next_bill(run, engine, house):
    run(ONE, verify)
    assert secrets_of(engine).secrets is None
    run(ONE, pay)
    opened = house.settings.key_ring.open(secrets_of(engine).secrets, f"secrets:{house.call_sid(1)}")
    assert json.loads(opened) == {"account_number": ONE.account_number}


@pytest.mark.parametrize(
    ("play", "end"), [(whole_call, "goodbye"), (rejected_call, "goodbye"), (hung_up_call, "hangup")]
)
def test_the_end_of_a_call_forgets_what_was_keyed(run, engine, play, end):
    run(ONE, play)
    row = secrets_of(engine)
    assert (row.secrets, row.status, row.end) == (None, "closed", end)


def test_the_fallback_forgets_what_was_keyed(run, engine, house):
    def play(phone, member, secrets):
        unfinished_call(phone, member, secrets)
        phone.inject(Injected.SLOW)
        assert phone.press(secrets.keyed_date).prompts[0] == "trouble-no-payment"
        sent = [exchange.url.removeprefix(house.public_url) for exchange in house.line.exchanges]
        assert sent[-3:] == ["/voice/turn/5", "/voice/turn/5", "/voice/status"]

    _, logged, raw = run(ONE, play)
    row = secrets_of(engine)
    assert (row.secrets, row.status, row.end) == (None, "closed", "fallback")
    assert any(line["event"] == "fallback" for line in logged)
    assert ONE.ssn_last4 not in json.dumps(logged)
    assert ONE.keyed_date.encode() not in raw


# Errors


@pytest.mark.parametrize(
    ("table", "play", "entries"),
    [
        ("verification_counters", unfinished_call, lambda secrets: [secrets.keyed_date]),
        ("members", unfinished_call, lambda secrets: [secrets.keyed_date]),
        ("ledger_entries", unfinished_call, lambda secrets: [secrets.keyed_date]),
        ("turns", unfinished_call, lambda secrets: [secrets.keyed_date]),
        ("authorizations", to_the_terms, lambda secrets: ["yes"]),
        ("notices", to_the_terms, lambda secrets: ["yes"]),
    ],
)
def test_an_error_in_the_middle_of_a_turn_tells_nobody_a_secret(
    run, engine, house, caplog, capfd, *, table, play, entries
):
    caplog.set_level(logging.DEBUG)

    def broken(phone, member, secrets):
        play(phone, member, secrets)
        rename(engine, table, f"{table}_gone")
        try:
            for entry in entries(secrets):
                heard = phone.press(entry) if entry.isdecimal() else phone.say(entry)
        finally:
            rename(engine, f"{table}_gone", table)
        assert heard.ended is not None
        assert phone.failures == ()

    _, logged, raw = run(ONE, broken)
    assert {line["event"] for line in logged} & {"turn_failed", "turn_unknown"}
    with engine.connect() as db:
        assert db.execute(select(Payment.id)).first() is None
        if table != "turns":  # there the trouble itself cannot be stored
            assert secrets_of(engine).secrets is None
    told = "".join(capfd.readouterr()) + caplog.text + json.dumps(logged)
    for secret in (ONE.ssn_last4, ONE.keyed_date, ONE.date_of_birth.isoformat(), ONE.account_number):
        assert secret not in told
    for secret in (ONE.keyed_date, ONE.date_of_birth.isoformat(), ONE.account_number):
        assert secret.encode() not in raw


def rename(engine, old, new):
    with engine.begin() as db:
        db.execute(text(f'ALTER TABLE "{old}" RENAME TO "{new}"'))


def test_a_rejected_signature_tells_nobody_what_was_sent(house, whole, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    stranger = house.stranger(more_parameters={"Digits": ONE.account_number})
    assert stranger.dial().ended == "error"
    assert {failure.message for failure in stranger.failures} == {"the line answered 403"}
    told = whole.raw().decode("utf-8", "replace") + caplog.text + "".join(capfd.readouterr())
    assert ONE.account_number not in told


def test_an_error_of_the_database_quotes_no_parameter(engine):
    with engine.connect() as db, pytest.raises(DBAPIError) as failed:
        db.execute(text("SELECT 1 / (length(:secret) - 14)"), {"secret": ONE.account_number})
    assert ONE.account_number not in f"{failed.value} {failed.value!r}"
