"""The accounts file: which help there is, and how a plan that ended can come back."""

import io
from datetime import date

import pytest

from ivr.billing.accounts import import_accounts
from ivr.billing.ledger import balances

HEAD = "billing_account,assistance,paid_through_month,reinstate_by_date,reinstate_amount\n"


def load(engine, *lines):
    with engine.begin() as db:
        text = HEAD + "".join(f"{line}\n" for line in lines)
        return import_accounts(db, io.BytesIO(text.encode()), file_name="accounts.csv")


def facts(engine):
    with engine.connect() as db:
        [health, dental] = balances(db, "400000000101", date(2026, 12, 18))
    assert dental.assistance is None
    return health.assistance, health.paid_through_month, health.reinstate_by_date, health.reinstate_cents


@pytest.mark.usefixtures("samples")
class TestAccounts:
    def test_added_unchanged_changed(self, engine):
        line = "740000101,tax_credit,2026-11,2026-12-30,620.30"
        result = load(engine, line)
        assert (result.read, result.added, result.changed, result.unchanged) == (1, 1, 0, 0)
        assert facts(engine) == ("tax_credit", "2026-11", date(2026, 12, 30), 62030)
        result = load(engine, line)
        assert (result.added, result.changed, result.unchanged) == (0, 0, 1)
        result = load(engine, "740000101,none,2026-12,,")
        assert (result.added, result.changed, result.unchanged) == (0, 1, 0)
        assert facts(engine) == ("none", "2026-12", None, None)

    @pytest.mark.parametrize(
        ("line", "field", "message"),
        [
            ("740000999,none,2026-11,,", "billing_account", "there is no such billing account"),
            ("740000101,some,2026-11,,", "assistance", "write one of: none, tax_credit"),
            ("740000101,none,2026-13,,", "paid_through_month", "write a month as 2026-12"),
            ("740000101,none,2026-11,2026-12-30,", "reinstate_amount", "belong together"),
            ("740000101,none,2026-11,,620.30", "reinstate_amount", "belong together"),
            ("740000101,none,2026-11,30/12/2026,620.30", "reinstate_by_date", "write"),
        ],
    )
    def test_a_bad_line_loads_nothing(self, engine, line, field, message):
        result = load(engine, "740000102,none,2026-11,,", line)
        assert [(error.line, error.field) for error in result.errors] == [(3, field)]
        assert message in result.errors[0].message
        assert facts(engine) == (None, None, None, None)

    def test_an_account_stands_there_once(self, engine):
        result = load(engine, "740000101,none,2026-11,,", "740000101,none,2026-11,,")
        assert [(error.line, error.other_line) for error in result.errors] == [(3, 2)]
