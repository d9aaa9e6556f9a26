"""An ordinary turn takes few round trips: at most 8 SQL statements, BEGIN and COMMIT included (DESIGN section 3)."""

from __future__ import annotations

import pytest
from sqlalchemy import event

SILENCES = ["stay_silent"] * 3  # after a payment that stands the line says so, and goodbye
STATEMENTS_MAX = 8


@pytest.fixture
def statements(engine):
    """Record every statement the engine's connections run, the transaction's own among them."""
    recorded = []

    def executing(_connection, _cursor, statement, *_):
        recorded.append(" ".join(statement.split()))

    listeners = [
        ("before_cursor_execute", executing),
        ("begin", lambda _: recorded.append("BEGIN")),
        ("commit", lambda _: recorded.append("COMMIT")),
        ("rollback", lambda _: recorded.append("ROLLBACK")),
    ]
    for name, listener in listeners:
        event.listen(engine, name, listener)
    yield recorded
    for name, listener in listeners:
        event.remove(engine, name, listener)


def counted(phone, statements, steps):
    """Play a call and return for each turn (node it led to, statements)."""
    statements.clear()
    turns = []
    for step in steps:
        act, argument = (
            (phone.press, step) if step[0] in "0123456789" else (getattr(phone, step.split()[0]), step)
        )
        heard = act(argument) if act == phone.press else act(*argument.split()[1:])
        turns.append((heard.turns[-1].node, list(statements)))
        statements.clear()
    return turns


def without_callback(node, run):
    """Of a step in which the line hung up, the turn alone: the status callback is a transaction of its own."""
    return node, run[: run.index("COMMIT") + 1]


def table_of(turns):
    return "\n".join(f"{len(run):3} {node:28} {' | '.join(each[:60] for each in run)}" for node, run in turns)


def paying(member, *more):
    return [
        *("dial", "1", "1", member.member_id, member.ssn_last4, member.date_of_birth_keyed),
        *("1", "1", "1", "1", "021000021", "1", "1234567890#", "1234567890#", "say yes", *more),
    ]


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("demo.health_and_dental", ["1", "say yes", "1", "9", *SILENCES]),
        ("demo.letter", [*SILENCES]),
    ],
)
def test_no_turn_of_a_paying_call_takes_more_than_eight_statements(house, statements, name, more):
    (member,) = house.load_samples(name)
    phone = house.phone()
    turns = counted(phone, statements, paying(member, *more))
    assert phone.ended == "goodbye"
    turns[-1] = without_callback(*turns[-1])
    assert max(len(run) for _, run in turns) <= STATEMENTS_MAX, table_of(turns)
    for node, run in turns:
        assert (run[0], run[-1], run.count("BEGIN"), run.count("COMMIT")) == ("BEGIN", "COMMIT", 1, 1), node
        assert "FOR UPDATE" in run[1] or run[1].startswith("INSERT INTO calls"), (node, run[1])
        assert " JOIN " not in run[1]


def test_a_turn_that_only_talks_takes_four_statements(house, statements):
    (member,) = house.load_samples("demo.letter")
    turns = counted(house.phone(), statements, paying(member)[:5])
    assert [len(run) for _, run in turns[1:]] == [4] * 4, table_of(turns)


def test_a_caller_with_a_payment_of_today_takes_no_more(house, statements):
    (member,) = house.load_samples("demo.health_and_dental")
    counted(house.phone(1), statements, paying(member, "2"))
    turns = counted(house.phone(2), statements, paying(member)[:9])
    assert max(len(run) for _, run in turns) <= STATEMENTS_MAX, table_of(turns)


def test_a_caller_whose_last_call_dropped_takes_no_more(house, statements):
    (member,) = house.load_samples("demo.health_and_dental")
    dropped = house.phone(1)
    counted(dropped, statements, paying(member)[:10])
    dropped.hang_up()
    turns = counted(house.phone(2), statements, paying(member)[:7])
    assert [node for node, _ in turns[-2:]] == ["dropped_call/offer", "bank/ready"]
    assert max(len(run) for _, run in turns) <= STATEMENTS_MAX, table_of(turns)


def test_a_caller_whose_payment_came_back_takes_no_more(house, statements, engine):
    (member,) = house.load_samples("demo.health_and_dental")
    counted(house.phone(1), statements, paying(member, "2"))
    with engine.begin() as db:
        db.exec_driver_sql(
            "INSERT INTO ledger_entries (billing_account, kind, amount_cents, payment_id, posted_at)"
            " SELECT billing_account, 'return', amount_cents, id, authorized_at FROM payments"
        )
        db.exec_driver_sql(
            "UPDATE payments SET state = 'returned', return_code = 'R01', returned_at = authorized_at"
        )
    turns = counted(house.phone(2), statements, paying(member))
    assert any(
        "came back from your bank" in exchange.reply.body.decode() for exchange in house.line.exchanges
    )
    assert max(len(run) for _, run in turns) <= STATEMENTS_MAX, table_of(turns)


def test_a_caller_whose_payment_is_held_takes_no_more(house, statements, engine):
    (member,) = house.load_samples("demo.health_and_dental")
    counted(house.phone(1), statements, paying(member, "2"))
    with engine.begin() as db:
        db.exec_driver_sql("UPDATE payments SET state = 'held', hold_reason = 'missed_cutoff'")
    turns = counted(house.phone(2), statements, [*paying(member), "1"])
    turns[-1] = without_callback(*turns[-1])
    assert any("is on hold" in exchange.reply.body.decode() for exchange in house.line.exchanges)
    assert max(len(run) for _, run in turns) <= STATEMENTS_MAX, table_of(turns)


def test_a_repeated_turn_reads_and_writes_nothing(house, statements):
    phone = house.phone()
    phone.dial()
    phone.press("1")
    answer, turn = house.line.exchanges
    for exchange, count in ((turn, 4), (answer, 5)):
        statements.clear()
        assert house.line.again(exchange) == exchange.reply
        assert len(statements) <= count, statements
        assert not [each for each in statements if each.startswith(("UPDATE", "WITH"))]


def test_a_refused_request_asks_the_database_nothing(house, statements):
    stranger = house.stranger()
    assert stranger.dial().ended == "error"
    assert [failure.code for failure in stranger.failures] == [11200] * 2
    assert statements == []
