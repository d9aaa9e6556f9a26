"""The samples: the same each time, obviously invented, and each tells its story."""

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import text
from support.samples import NOW, load_demo_members

from ivr.ach.routing_numbers import routing_number_fault
from ivr.billing.ledger import balances
from ivr.billing.samples import bills_csv, demo_member, demo_members, generate, members_csv

TODAY = date(2026, 12, 18)


def test_the_same_day_gives_the_same_files():
    assert members_csv(demo_members(TODAY)) == members_csv(demo_members(TODAY))
    assert bills_csv(generate(200, TODAY)) == bills_csv(generate(200, TODAY))


def test_the_demo_shows_the_first_three():
    first, second, third = demo_members(TODAY)[:3]
    assert (first.name, first.owed_cents("health"), first.owed_cents("dental")) == (
        "demo.health_and_dental",
        31015,
        4230,
    )
    assert (second.name, second.extra_time) == ("demo.extra_time", True)
    assert (third.name, third.language) == ("demo.spanish", "es-US")


@pytest.mark.parametrize("members", [demo_members(TODAY), tuple(generate(300, TODAY))], ids=["demo", "load"])
def test_ids_are_distinct_and_of_their_form(members):
    accounts = [number for member in members for number in member.billing_accounts.values()]
    ids = [member.member_id for member in members]
    assert len({*accounts, *ids}) == len(accounts) + len(ids)
    assert all(re.fullmatch(r"7\d{8}", number) for number in accounts)
    assert all(re.fullmatch(r"\d{12}", number) for number in ids)
    assert all(routing_number_fault(number) for number in accounts)
    assert all(re.fullmatch(r"\+1617555(01\d\d)?", member.phone) for member in members if member.phone)
    assert all(member.email.endswith("@example.com") for member in members if member.email)
    assert all(member.ssn_last4 != "0000" for member in members)


def test_load_members_and_demo_members_are_different_people():
    demo = {member.member_id for member in demo_members(TODAY)}
    assert demo.isdisjoint(member.member_id for member in generate(1000, TODAY))


def test_each_is_reached_as_its_name_says():
    by_name = {member.name: (member.phone, member.sms_ok, member.email) for member in demo_members(TODAY)}
    assert by_name["demo.sms"][0]
    assert by_name["demo.sms"][1]
    assert by_name["demo.email"][0] == ""
    assert by_name["demo.email"][2]
    assert by_name["demo.letter"] == ("", False, "")
    assert demo_member("demo.no_ssn", TODAY).ssn_last4 == ""
    assert demo_member("demo.bill_code", TODAY).bills[0].authorization_code == "408215"


def test_the_date_of_birth_is_keyed_month_first():
    member = demo_member("demo.health_and_dental", TODAY)
    assert member.date_of_birth == date(1953, 1, 11)
    assert member.date_of_birth_keyed == "01111953"


def test_an_unknown_name_lists_the_known():
    with pytest.raises(LookupError, match=r"no sample member 'demo.x'; there are: demo.health_and_dental,"):
        demo_member("demo.x", TODAY)


@pytest.mark.parametrize(
    ("today", "due", "month"),
    [
        ("2026-12-18", "2026-12-23", "2027-01"),
        ("2026-12-23", "2026-12-23", "2027-01"),
        ("2026-12-24", "2027-01-23", "2027-02"),
        ("2026-11-30", "2026-12-23", "2027-01"),
        ("2026-01-01", "2026-01-23", "2026-02"),
    ],
)
def test_a_bill_is_due_on_the_next_23rd_for_the_month_after(today, due, month):
    bill = demo_member("demo.letter", date.fromisoformat(today)).bills[0]
    assert (bill.due_date.isoformat(), bill.coverage_month) == (due, month)


def test_past_due_is_past_due_on_every_day_of_a_year():
    day = date(2026, 1, 1)
    while day.year == 2026:
        past, current, _ = demo_member("demo.past_due", day).bills
        assert past.due_date < day <= current.due_date
        assert past.coverage_month < current.coverage_month
        day += timedelta(days=1)


def test_the_database_agrees_with_what_each_sample_owes(engine, samples):
    with engine.connect() as db:
        for member in samples.values():
            for balance in balances(db, member.member_id, TODAY):
                assert balance.billing_account == member.billing_accounts[balance.plan]
                assert balance.balance_cents == member.owed_cents(balance.plan)


def test_what_tests_copy_is_what_the_imports_make(clean_database, hashes):
    """In every table, but for the numbers that the database gives; nobody else loads them at this time."""
    found = []
    for _ in range(2):
        load_demo_members(clean_database.engine, hashes, NOW + timedelta(seconds=7))
        with clean_database.engine.connect() as db:
            rows = {
                name: sorted(map(str, db.scalars(text(f"SELECT to_jsonb(t) - 'id' FROM {name} t"))))
                for name in clean_database.table_names()
            }
        clean_database.empty()
        found.append({name: each for name, each in rows.items() if each})
    assert found[0] == found[1]
    assert {"members", "bills", "billing_accounts", "ledger_entries"} <= found[0].keys()
