"""The catalog: wordings resolved, formatted, counted and hashed."""

from __future__ import annotations

from hashlib import sha256

import pytest
from fluent.syntax import FluentParser
from hypothesis import given
from hypothesis import strategies as st

from ivr.base.errors import EXIT_NO, OperatorError
from ivr.speech.catalog import Catalog, CatalogError, SpeechError
from ivr.speech.source import RunParser
from ivr.speech.values import speak_value

KINDS = {
    "account_type": "choice",
    "amount": "money",
    "bills": "count",
    "cutoff": "moment",
    "hours": "hours",
    "plan": "choice",
    "reason": "choice",
    "routing_number": "routing",
}

ENGLISH = """\
### Everything said here is made up.

# Who we are.
-line = the Health Connector
    .gender = plain
-office = { -line } office

greeting =
    Welcome to { -line }.
    To pay your bill, press 1.
ask =
    Enter your routing number.
    It has 9 digits.

    It stands left on a check.
    .again = Enter the 9 digits.
    .last = Enter the number once more.
    .relay = Routing number.
    .last-relay = Routing number once more.
    .nudge = Still waiting.
read-back = You entered { $routing_number }.
pay =
    Pay { $amount } from your { $account_type ->
        [savings] savings
       *[checking] checking
    } account.
    { $plan ->
        [health] It pays health.
       *[other] {""}
    }
    { $reason ->
        [late] You are late.
        [early] You are early.
       *[other] Thank you.
    }
    We are open { $hours }.
    .again =
        Pay { $amount }.

        { $hours }.
    .relay = Pay { $amount }.
bills =
    You have { $bills ->
        [0] no bills
        [one] { $bills } bill
       *[other] { $bills } bills
    }.
braces = A {"{brace}"} stays { $amount }.
due = { -line.gender ->
       *[plain] Pay
    } at the { -office } before { $cutoff }.
    .relay = Pay before { $cutoff }.
"""


@pytest.fixture(scope="module")
def catalog():
    return Catalog.parse({"en-US": ENGLISH}, KINDS)


def spoken(kind, raw, language="en-US"):
    return speak_value(kind, raw, language)


VALUES = {
    "account_type": "savings",
    "amount": spoken("money", 4050),
    "bills": 2,
    "cutoff": spoken("moment", "2026-12-18T17:00-05:00"),
    "hours": spoken("hours", "Mon-Fri 08:00-18:00"),
    "plan": "health",
    "reason": "late",
    "routing_number": spoken("routing", "021000021"),
    "unused": "x",
}

ASK = (("Enter your routing number.", "It has 9 digits."), ("It stands left on a check.",))


@pytest.mark.parametrize(
    ("attempt", "pace", "expected"),
    [
        (None, "voice", ASK),
        ("again", "voice", (("Enter the 9 digits.",),)),
        ("last", "voice", (("Enter the number once more.",),)),
        ("nudge", "voice", (("Still waiting.",),)),
        (None, "relay", (("Routing number.",),)),
        ("again", "relay", (("Enter the 9 digits.",),)),
        ("last", "relay", (("Routing number once more.",),)),
        ("nudge", "relay", (("Still waiting.",),)),
    ],
)
def test_resolves_attempt_and_pace(catalog, attempt, pace, expected):
    assert catalog.lines("ask", attempt, "en-US", pace, {}) == expected


@pytest.mark.parametrize(
    ("attributes", "attempt", "pace", "expected"),
    [
        ("", "again", "voice", "value"),
        ("", "last", "voice", "value"),
        ("", "nudge", "relay", "value"),
        ("again", "last", "voice", "again"),
        ("relay", None, "voice", "value"),
        ("relay", None, "relay", "relay"),
        ("relay", "last", "relay", "relay"),
        ("relay again", "again", "relay", "again"),
        ("relay again", "last", "relay", "again"),
        ("again again-relay", "last", "relay", "again-relay"),
        ("again-relay last", "last", "relay", "last"),
        ("nudge nudge-relay", "nudge", "relay", "nudge-relay"),
    ],
)
def test_falls_back_to_the_nearest_wording(attributes, attempt, pace, expected):
    text = "ask = Say value.\n" + "".join(f"    .{name} = Say {name}.\n" for name in attributes.split())
    catalog = Catalog.parse({"en-US": text}, {})
    assert catalog.lines("ask", attempt, "en-US", pace, {}) == ((f"Say {expected}.",),)


def test_speaks_terms_and_fixed_text(catalog):
    expected = (("Welcome to the Health Connector.", "To pay your bill, press 1."),)
    assert catalog.lines("greeting", None, "en-US", "voice", {}) == expected
    assert catalog.lines("greeting", None, "en-US", "voice", {}) is catalog.lines(
        "greeting", "again", "en-US", "relay", VALUES
    )


def test_gives_each_group_of_digits_its_line(catalog):
    expected = (("You entered 0, 2, 1.", "0, 0, 0.", "0, 2, 1."),)
    assert catalog.lines("read-back", None, "en-US", "voice", VALUES) == expected


def test_a_term_attribute_chooses_wording(catalog):
    expected = (("Pay at the the Health Connector office before 5 p.m. on Friday, December 18.",),)
    assert catalog.lines("due", None, "en-US", "voice", VALUES) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("from your savings account.", "It pays health.", "You are late.")),
        ({"account_type": "checking"}, ("from your checking account.", "It pays health.", "You are late.")),
        ({"reason": "early"}, ("from your savings account.", "It pays health.", "You are early.")),
        ({"reason": "unheard_of"}, ("from your savings account.", "It pays health.", "Thank you.")),
        ({"plan": "dental"}, ("from your savings account.", "You are late.")),
    ],
)
def test_choices_choose_wording_and_an_empty_one_leaves_no_gap(catalog, changes, expected):
    first, *rest = expected
    expected_piece = (
        f"Pay 40 dollars and 50 cents {first}",
        *rest,
        "We are open Monday to Friday,",
        "8 a.m. to 6 p.m.",
    )
    assert catalog.lines("pay", None, "en-US", "voice", VALUES | changes) == (expected_piece,)


def test_a_value_between_blank_lines_is_a_piece(catalog):
    expected = (("Pay 40 dollars and 50 cents.",), ("Monday to Friday,", "8 a.m. to 6 p.m."))
    assert catalog.lines("pay", "again", "en-US", "voice", VALUES) == expected


@pytest.mark.parametrize(
    ("bills", "expected"),
    [(0, "no bills"), (1, "1 bill"), (2, "2 bills"), (21, "21 bills"), (999, "999 bills")],
)
def test_counts_choose_a_plural(catalog, bills, expected):
    assert catalog.lines("bills", None, "en-US", "voice", {"bills": bills}) == ((f"You have {expected}.",),)


def test_braces_and_isolation_marks_do_not_leak(catalog):
    assert catalog.lines("braces", None, "en-US", "voice", VALUES | {"amount": "{x} ‰"}) == (
        ("A {brace} stays {x} ‰.",),
    )


@pytest.mark.parametrize(
    ("prompt_id", "changes", "reason"),
    [
        ("unknown", {}, "no prompt 'unknown'"),
        ("pay", {"amount": None}, r"needs a value for \$amount"),
        ("pay", {"amount": 4050}, r"\$amount must be text"),
        ("pay", {"amount": ""}, r"\$amount is empty or holds"),
        ("pay", {"amount": "4\x01"}, r"\$amount is empty or holds"),
        ("pay", {"amount": "4\x02"}, r"\$amount is empty or holds"),
        ("pay", {"amount": "\ud800"}, r"\$amount is empty or holds"),
        ("pay", {"amount": "\ufffe"}, r"\$amount is empty or holds"),
        ("pay", {"account_type": "gold"}, r"no wording for the value of \$account_type"),
        ("bills", {"bills": "1"}, r"\$bills must be a number"),
    ],
)
def test_refuses_to_speak_nonsense(catalog, prompt_id, changes, reason):
    values = {name: value for name, value in (VALUES | changes).items() if value is not None}
    with pytest.raises(SpeechError, match=reason):
        catalog.lines(prompt_id, None, "en-US", "voice", values)


@pytest.mark.parametrize(
    ("attempt", "language", "pace"),
    [("third", "en-US", "voice"), (None, "es-US", "voice"), (None, "en-US", "tty")],
)
def test_knows_no_other_attempt_language_or_pace(catalog, attempt, language, pace):
    with pytest.raises(SpeechError, match="no prompt 'ask'"):
        catalog.lines("ask", attempt, language, pace, {})


def test_an_abbreviation_ends_a_sentence_with_one_full_stop(catalog):
    assert catalog.lines("braces", None, "en-US", "voice", {"amount": "6 p.m."}) == (
        ("A {brace} stays 6 p.m.",),
    )


def test_a_choice_needs_wording_wherever_it_chooses():
    text = (
        "ask =\n    { $plan ->\n        [health] A.\n       *[dental] B.\n    }\n"
        "    { $plan ->\n        [vision] C.\n       *[dental] D.\n    }\n"
    )
    catalog = Catalog.parse({"en-US": text}, KINDS)
    assert catalog.lines("ask", None, "en-US", "voice", {"plan": "dental"}) == (("B.", "D."),)
    for plan in ("health", "vision"):
        with pytest.raises(SpeechError, match=r"no wording for the value of \$plan"):
            catalog.lines("ask", None, "en-US", "voice", {"plan": plan})


def test_refuses_what_fluent_refuses():
    text = "owed = { $bills ->\n    [one] One, { $amount }.\n   *[other] Some, { $amount }.\n    }\n"
    catalog = Catalog.parse({"en-US": text}, KINDS)
    values = {"bills": 1, "amount": "9" * 2501}  # the most characters Fluent puts in is 2500
    with pytest.raises(SpeechError, match="owed cannot be spoken: Too many characters") as refused:
        catalog.lines("owed", None, "en-US", "voice", values)
    assert "99" not in str(refused.value)


def test_a_value_may_carry_any_character_of_xml(catalog):
    amount = "<&>\"' ]]> \u00e9 \U0001f600"
    [[sentence]] = catalog.lines("braces", None, "en-US", "voice", {"amount": amount})
    assert amount in sentence


def test_has_and_variables(catalog):
    assert catalog.has("ask", None, "en-US")
    assert catalog.has("ask", "last-relay", "en-US")
    assert not catalog.has("ask", "again-relay", "en-US")
    assert not catalog.has("unknown", None, "en-US")
    assert not catalog.has("ask", None, "es-US")
    assert catalog.variables("pay", "en-US") == {"amount", "account_type", "plan", "reason", "hours"}
    assert catalog.variables("ask", "en-US") == frozenset()
    assert catalog.variables("ask", "es-US") == frozenset()


@pytest.mark.parametrize(
    ("prompt_id", "attempt", "pace", "expected"),
    [
        ("ask", None, "voice", (8, 6)),
        ("ask", None, "relay", (2,)),
        ("read-back", None, "relay", (5,)),  # You entered 0, 0, 0. / 0, 0, 0. / 0, 0, 0.
        ("bills", None, "voice", (4,)),
        # Pay 9999 dollars and 99 cents from your checking account. / It pays health. / You are early. / We are
        # open Monday to Friday, / 8:30 a.m. to 5:30 p.m.
        ("pay", None, "voice", (10 + 3 + 3 + 6 + 5,)),
        ("pay", "again", "voice", (6, 8)),
        ("due", None, "voice", (8 + 8,)),
    ],
)
def test_counts_words_at_their_worst(catalog, prompt_id, attempt, pace, expected):
    assert catalog.pieces(prompt_id, attempt, "en-US", pace) == expected


def test_pieces_needs_a_prompt(catalog):
    with pytest.raises(SpeechError, match="no prompt 'unknown'"):
        catalog.pieces("unknown", None, "en-US", "voice")


def test_hashes_the_source_of_the_wording_spoken(catalog):
    expected = sha256(b"You entered { $routing_number }.").hexdigest()
    assert catalog.sha256("read-back", None, "en-US", "voice") == expected
    assert catalog.sha256("ask", "again", "en-US", "relay") == sha256(b"Enter the 9 digits.").hexdigest()
    with pytest.raises(SpeechError, match="no prompt 'unknown'"):
        catalog.sha256("unknown", None, "en-US", "voice")


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("Who we are", "Whoever we are", True),
        ("To pay your bill", "To pay", True),
        ("the Health Connector", "The Connector", False),
        ("} office", "} bureau", False),
        ("} before {", "} until {", False),
    ],
)
def test_a_hash_changes_with_the_terms_used_and_nothing_else(catalog, old, new, same):
    changed = Catalog.parse({"en-US": ENGLISH.replace(old, new)}, KINDS)
    before, after = (each.sha256("due", None, "en-US", "voice") for each in (catalog, changed))
    assert (before == after) is same


def test_parse_raises_all_faults_as_an_operator_error():
    with pytest.raises(CatalogError) as refused:
        Catalog.parse({"en-US": "one = Pay\ntwo = { $nothing }.\n", "xx-XX": ""}, KINDS)
    error = refused.value
    assert isinstance(error, OperatorError)
    assert error.exit_status == EXIT_NO
    assert [fault.prompt_id for fault in error.faults] == ["one", "two", ""]
    assert list(error.problems) == [str(fault) for fault in error.faults]
    assert error.problems[1].startswith("prompts/en-US.ftl:2: two: uses $nothing, which is no slot")
    assert error.problems[2].startswith("prompts/xx-XX.ftl:1: file: has prompts but no spoken values")


@given(
    amount_cents=st.integers(0, 9_999_999),
    account_type=st.sampled_from(["savings", "checking"]),
    plan=st.sampled_from(["health", "dental", "other"]),
    reason=st.sampled_from(["late", "early", "other", "none"]),
)
def test_templates_say_what_fluent_says(catalog, amount_cents, account_type, plan, reason):
    values = VALUES | {
        "amount": spoken("money", amount_cents),
        "account_type": account_type,
        "plan": plan,
        "reason": reason,
    }
    form = catalog._prompts["pay", None, "en-US", "voice"].form
    said = form.speak({name: values[name] for name in form.variables})
    assert catalog.lines("pay", None, "en-US", "voice", values) == said


def test_the_keys_that_a_wording_names():
    text = """
menu =
    There are 2 bills.
    To pay { $amount } for { $plan ->
        [dental] dental, press 1
       *[other] health, Press 2
    }.
    .again-relay = { $count ->
        [one] One bill, press 1.
       *[other] { $count } bills, press two.
    }
"""
    catalog = Catalog.parse({"en-US": text}, {"amount": "money", "plan": "choice", "count": "count"})
    assert set(catalog.keys("menu", "en-US")) == {
        ("", "press", ((frozenset({"amount"}), ("1",)),), frozenset({"2"})),
        ("", "press", ((frozenset({"amount"}), ("2",)),), frozenset({"2"})),
        ("again-relay", "press", ((frozenset(), ("1",)),), frozenset()),
        ("again-relay", "press", ((frozenset(), ("two",)),), frozenset()),
    }
    assert not catalog.keys("other", "en-US")
    assert not catalog.keys("menu", "es-US")


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_what_is_read_in_runs_is_what_fluent_reads_by_the_letter(newline):
    text = (
        '# note\none = A {$sum} b\n    and } c\ntwo =\n    {$n ->\n        [one] x{"{"}\n       *[other] y \n    }\n'
        " z\n  .relay = é…\n-term = T\nbad = {\nthree = {-term}  \n\n  end"
    ).replace("\n", newline)
    read = RunParser(with_spans=True).parse(text)
    assert read.equals(FluentParser(with_spans=True).parse(text), ignored_fields=None)
