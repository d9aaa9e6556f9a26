"""What differs between two versions of the line is found in the calls that meet it, and in no others."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import ClassVar

import pytest
from fluent.syntax import FluentParser, FluentSerializer, ast
from support.recorder import recorded_calls

from ivr.base.errors import OperatorError
from ivr.calls.notation import write_event
from ivr.dialog.events import BranchTaken, OutcomeGiven
from ivr.replay import against
from ivr.replay.against import Comparison, NamedRecipe, compare_all, print_comparison
from ivr.replay.rerun import CallRerunner
from ivr.topics.line import compile_line, read_line_files

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("compare")]  # calls are recorded once for all

ROOT = Path(__file__).resolve().parents[3]
FILES = read_line_files(ROOT)
LINE = compile_line(FILES)


@cache
def calls():
    return recorded_calls(LINE, 120, seed=31)


class Once(CallRerunner):
    """Runs a call on the line that recorded it once for all tests."""

    known: ClassVar = {}

    def run(self, script):
        if any(each.speech_seconds is not None for each in script.inputs):
            return super().run(script)
        key = self.line.flow.version, id(script.recipe)
        if key not in self.known:
            self.known[key] = super().run(script), script.recipe
        return self.known[key][0]

    def run_like(self, script, known, on):
        """What went the same way on another line is what a whole run comes to; looked at in some calls."""
        like = super().run_like(script, known, on)
        if like.trace is known.trace and script.recipe.call_sid[-1] in "08":
            assert like == CallRerunner(self.line, self.zone).run(script)  # of which no call came before
        return like


@pytest.fixture(autouse=True)
def _recorded_once(monkeypatch):
    monkeypatch.setattr(against, "CallRerunner", Once)


def compared(other, recipes=None, before=LINE, line_of=None):
    known = {line.flow.version: line for line in (LINE, before)}
    comparison = Comparison(before, other, line_of or known.get)
    return compare_all(comparison, [NamedRecipe(each.call_sid, each) for each in recipes or calls()])


def edited(*changes):
    """Compile the line with changes: file, old text (there once), new text."""
    files = dict(FILES)
    for name, old, new in changes:
        assert files[name].count(old) == 1, (name, old)
        files[name] = files[name].replace(old, new)
    return compile_line(files)


def with_words_before(prompt, words):
    """Compile the line with more words at the beginning of a prompt, in every language, attempt and pace."""
    files = dict(FILES)
    for name, text in FILES.items():
        if name.endswith(".ftl"):
            head, beginning, rest = text.partition(f"\n{prompt} =")
            message, blank, rest = rest.partition("\n\n")
            entry = FluentParser().parse_entry(beginning.lstrip() + message)
            for pattern in (entry.value, *(each.value for each in entry.attributes)):
                pattern.elements.insert(0, ast.TextElement(f"{words}\n"))
            files[name] = f"{head}\n{FluentSerializer().serialize_entry(entry)}{blank}{rest}"
            assert words in files[name]
    return compile_line(files)


def heard(prompt):
    """The calls that heard the beginning of a prompt, by what was recorded."""
    return {
        recipe.call_sid
        for recipe in calls()
        for turn in recipe.turns
        for label in turn.prompts
        if label.partition("@")[0].partition(".")[0] == prompt
    }


def pressed(node, key):
    """The calls that pressed a key at a menu, by what was recorded."""
    return {each.call_sid for each in calls() for turn in each.turns if BranchTaken(node, key) in turn.events}


def kinds(comparison):
    return {kind: row.counts[kind] for row in comparison.rows.values() for kind in row.counts}


def test_the_same_version_makes_no_difference():
    same = compared(compile_line(FILES))
    assert (same.calls, same.differing, same.rows, same.problems, same.exit_status) == (120, [], {}, {}, 0)
    assert same.as_text("here", "there") == "120 calls on here and on there: none differs"


@pytest.mark.parametrize(
    "prompt",
    [
        "welcome",
        "noinput",
        "nomatch-not-a-choice",
        "bank-routing-ask",
        "authorization-ask",
        "person-closed",
    ],
)
def test_an_edited_prompt_flags_exactly_the_calls_that_heard_it(prompt):
    comparison = compared(with_words_before(prompt, "Zebra."))
    assert len(heard(prompt)) > 0
    assert set(comparison.differing) == heard(prompt)
    assert len(comparison.differing) == len(heard(prompt))
    assert set(kinds(comparison)) <= {"changed wording only", "longer or shorter"}
    assert all(
        prompt in what for row in comparison.rows.values() for whats in row.whats.values() for what in whats
    )


def test_a_prompt_nobody_heard_flags_nobody():
    assert heard("trouble-unknown") == set()
    assert compared(with_words_before("trouble-unknown", "Zebra.")).differing == []


def test_words_of_a_variant_flag_only_those_who_heard_that_variant():
    other = edited(
        (
            "prompts/es-US.ftl",
            "balance-paid =\n    Su factura { $plan ->\n        [dental] dental",
            "balance-paid =\n    Su factura { $plan ->\n        [dental] de los dientes",
        )
    )
    told = {
        recipe.call_sid
        for recipe in calls()
        if recipe.language == "es-US"
        for turn in recipe.turns
        for asked in turn.asked
        if (asked.action, asked.outcome, asked.slots.get("plan")) == ("bill_balance", "paid", "dental")
    }
    assert 0 < len(told) < len(heard("balance-paid"))
    assert set(compared(other).differing) <= told
    assert compared(other).differing


@pytest.mark.parametrize(
    ("node", "key", "file", "old", "new"),
    [
        ("main/both_menu", "3", "flows/main.toml", 'keys.3  = "select_dental"', 'keys.3  = "goodbye"'),
        ("amount/one", "3", "flows/amount.toml", 'keys.3  = "@return.back"\nkeys.4  = "later"\nkeys.5', 'keys.3  = "full"\nkeys.4  = "later"\nkeys.5'),
        ("amount/two", "3", "flows/amount.toml", 'keys.3  = "other"', 'keys.3  = "full"'),
        ("bank/named_read_back", "2", "flows/bank.toml", 'read-back-named"\nkeys.1  = "account_number"\nkeys.2  = "routing_number"', 'read-back-named"\nkeys.1  = "account_number"\nkeys.2  = "account_number"'),
    ],
)  # fmt: skip
def test_a_moved_key_flags_exactly_the_calls_that_pressed_it(node, key, file, old, new):
    comparison = compared(edited((file, old, new)))
    assert len(pressed(node, key)) > 0
    assert set(comparison.differing) == pressed(node, key)
    assert set(comparison.rows) == {node}
    [why] = comparison.rows[node].reasons or [""]
    assert why.startswith(f"key {key} leads to ") or not why


def paid_after(key):
    """The calls that authorized a payment of the amount that a key chose last."""
    found = set()
    for recipe in calls():
        chosen = ""
        for entry in (write_event(event) for turn in recipe.turns for event in turn.events):
            if entry.startswith("amount/") and entry.rpartition(" ")[2].isdigit():
                chosen = entry
            if entry in {"main/all_of_it > chosen", "main/dropped_call > go_on"}:
                chosen = ""  # an amount that nobody keyed
            if entry.startswith("authorize/") and entry.endswith("? authorized") and chosen == key:
                found.add(recipe.call_sid)
    return found


def test_another_amount_is_a_payment_that_differs():
    other = edited(
        (
            "flows/amount.toml",
            'keys.1  = "full"\nkeys.2  = "past_due"',
            'keys.1  = "past_due"\nkeys.2  = "full"',
        )
    )
    comparison = compared(other)
    row = comparison.rows["amount/two"]
    assert set(comparison.differing) == pressed("amount/two", "1") | pressed("amount/two", "2")
    assert (
        row.counts["payment differs"] == len(paid_after("amount/two > 1") | paid_after("amount/two > 2")) > 0
    )
    assert row.counts["same outcome by another route"] > 0


AUTHORIZED = OutcomeGiven("authorize/authorize", "authorized")


def authorized():
    return {each.call_sid for each in calls() for turn in each.turns if AUTHORIZED in turn.events}


def test_a_second_debit_is_a_payment_that_differs():
    again = (
        '\n[node.again]\naction = "authorize_payment"\non.authorized = "confirmation"\non.changed = "changed"\n'
        'on.limit_reached = "limit_reached"\n'
    )
    files = dict(FILES)
    name = "flows/authorize.toml"
    before, after = 'on.authorized    = "confirmation"', 'on.authorized = "again"'
    files[name] = files[name].replace(before, after, 1) + again
    comparison = compared(compile_line(files))
    assert set(comparison.rows) == {"authorize/authorize"}
    # Who was told "changed" when they said yes a second time hears it earlier now, and pays once as before.
    refused = {
        each.call_sid
        for each in calls()
        for turn in each.turns
        if OutcomeGiven("authorize/authorize", "changed") in turn.events
    } & authorized()
    counts = comparison.rows["authorize/authorize"].counts
    assert 0 < counts["same outcome by another route"] <= len(refused)
    # Who pays twice owes another amount later on, and may be asked what they never answered.
    assert counts["payment differs"] > 0.9 * len(authorized() - refused)
    assert counts.total() == len(authorized())
    assert set(comparison.differing) == authorized() != set()


def test_a_yes_that_no_longer_pays_is_a_payment_that_differs():
    sure = '\n[node.sure]\ncollect = "menu"\nprompt = "declined-menu"\nkeys.1 = "authorize"\nkeys.2 = "declined"\n'
    files = dict(FILES)
    name = "flows/authorize.toml"
    files[name] = files[name].replace('on.yes       = "authorize"', 'on.yes       = "sure"', 1) + sure
    comparison = compared(compile_line(files))
    row = comparison.rows["authorize/ask"]
    assert set(comparison.rows) == {"authorize/ask"}
    first_yes = [
        next(turn.events for turn in each.turns if BranchTaken("authorize/ask", "yes") in turn.events)
        for each in calls()
        if each.call_sid in pressed("authorize/ask", "yes")
    ]
    paid = [events for events in first_yes if AUTHORIZED in events]
    outcomes = {"payment differs": len(paid), "inconclusive": len(first_yes) - len(paid)}
    assert row.counts == {outcome: count for outcome, count in outcomes.items() if count}
    assert "authorize/sure asks what was never answered" in row.whats["payment differs"][0]
    assert row.reasons == {"yes leads to sure, before authorize"}


ADDED = (
    ("flows/bank.toml", 'prompt  = "bank-routing-ask"\nnext    = "bank_name"', 'prompt  = "bank-routing-ask"\nnext    = "whose"'),
    ("flows/bank.toml", "[node.bank_name]", '[node.whose]\ncollect = "menu"\nprompt  = "bills-both"\nkeys.1  = "bank_name"\nkeys.2  = "routing_number"\n\n[node.bank_name]'),
)  # fmt: skip


def test_an_added_question_leaves_the_rest_unknown():
    comparison = compared(edited(*ADDED))
    asked = {
        each.call_sid
        for each in calls()
        for turn in each.turns
        if BranchTaken("bank/routing_number", "next") in turn.events
    }
    row = comparison.rows["bank/routing_number"]
    assert set(comparison.differing) == asked != set()
    assert row.counts == {"inconclusive": len(asked)}
    assert row.reasons == {"next leads to whose, before bank_name"}
    assert row.whats["inconclusive"] == ["bank/whose asks what was never answered"]


def test_a_question_that_is_gone_is_another_route():
    calls = recorded_calls(edited(*ADDED), 120, seed=3)
    comparison = compared(LINE, calls, before=edited(*ADDED))
    told = {each.call_sid for each in calls for turn in each.turns if turn.node == "bank/whose"}
    assert set(comparison.differing) == told != set()
    found = comparison.rows["bank/routing_number"].counts
    assert found["same outcome by another route"] > len(told) / 3


def test_a_question_under_another_name_is_answered_all_the_same():
    files = {name: text.replace("account_again", "account_once_more") for name, text in FILES.items()}
    comparison = compared(compile_line(files))
    assert set(kinds(comparison)) == {"same outcome by another route"}


def test_a_key_that_is_still_told_and_leads_nowhere_is_called_so():
    comparison = compared(edited(("flows/help.toml", 'keys.3  = "autopay"', 'keys.6  = "autopay"')))
    assert set(comparison.differing) == pressed("help/menu", "3") != set()
    assert set(comparison.rows) == {"help/menu"}
    row = comparison.rows["help/menu"]
    assert row.counts["a key that callers press as told leads nowhere"] > 0
    assert "same outcome by another route" not in row.counts
    assert row.reasons == {"help-menu tells callers to press 3, which leads nowhere, before to autopay"}


def test_a_key_that_nobody_is_told_any_more_is_another_route():
    moved = [("flows/help.toml", 'keys.3  = "autopay"', 'keys.6  = "autopay"')]
    files = dict(edited(*moved).files)
    for name in ("prompts/en-US.ftl", "prompts/es-US.ftl"):
        head, help_menu, rest = files[name].partition("\nhelp-menu =")
        menu, blank, rest = rest.partition("\n\n")
        menu = menu.replace("press 3", "press 6").replace("oprima 3", "oprima 6")
        files[name] = head + help_menu + menu + blank + rest
    row = compared(compile_line(files)).rows["help/menu"]
    assert row.counts["same outcome by another route"] > 0
    assert "a key that callers press as told leads nowhere" not in row.counts
    assert "key 3 leads to nothing, before autopay" in row.reasons


def test_a_flow_that_breaks_is_a_new_failure():
    comparison = compared(edited(("flows/amount.toml", 'args.amount = "full"', 'args.amount = "past_due"')))
    row = comparison.rows["amount/full"]
    assert set(comparison.differing) <= {
        each.call_sid for each in calls() for t in each.turns if BranchTaken("amount/full", "ok") in t.events
    }
    assert row.counts["new failure"] > 0
    assert "set_amount before there is any past_due" in row.whats["new failure"][0]


def test_many_words_make_a_call_longer_for_those_who_hear_them_out():
    files = dict(FILES)
    name, prompt = "prompts/en-US.ftl", "\nmain-menu =\n"
    more = "    We are very glad indeed that you called us about it.\n    It is a fine day.\n"
    assert files[name].count(prompt) == 1
    files[name] = files[name].replace(prompt, f"{prompt}{more}")
    comparison = compared(compile_line(files))
    row = comparison.rows["main/main_menu"]
    assert 0 < len(comparison.differing) < len(heard("main-menu"))
    assert row.counts["longer or shorter"] > len(comparison.differing) / 4
    assert row.counts["changed wording only"] > 0  # those who did not wait for its end
    assert 5 < row.seconds["longer or shorter"] / row.counts["longer or shorter"] < 30


def test_a_sentence_that_may_no_longer_be_cut_short_is_another_wording():
    comparison = compared(
        edited(("flows/bank.toml", 'say  = "bank-find"', 'say  = "bank-find"\nbarge_in = false'))
    )
    assert set(comparison.differing) == heard("bank-find")


def test_a_recording_of_an_older_version_is_held_against_its_own():
    calls = recorded_calls(edited(*ADDED), 40, seed=4)
    unknown = compared(LINE, calls)
    assert (unknown.differing, unknown.exit_status) == ([], 1)
    [(message, names)] = unknown.problems.items()
    assert message == f"recorded on flow version {calls[0].flow_version[:12]}, which was never kept here"
    assert len(names) == 40

    def broken(version):
        raise OperatorError("flow version x: flows/main.toml:1: what is this")

    assert "does not load today" in next(iter(compared(LINE, calls, line_of=broken).problems))


def test_a_damaged_recording_is_named_and_the_rest_is_compared():
    turns = list(calls()[3].turns)
    damaged = [
        replace(calls()[0], call_sid="CAnone", turns=()),
        replace(
            calls()[3],
            call_sid="CAnode",
            turns=(turns[0], replace(turns[1], node="main/nowhere"), *turns[2:]),
        ),
    ]
    comparison = compared(LINE, [*damaged, *calls()[:5]])
    assert sorted(name for names in comparison.problems.values() for name in names) == [
        "CAnode",
        "CAnone",
    ]
    assert (comparison.calls, comparison.differing, comparison.exit_status) == (7, [], 1)
    assert "not compared, 1 call: " in comparison.as_text("here", "there")


def test_the_report():
    comparison = compared(
        edited(
            *ADDED,
            (
                "prompts/en-US.ftl",
                "    Please use the numbers of the member on the bill.\n    If",
                "    The numbers are on the bill.\n    If",
            ),
        )
    )
    out = io.StringIO()
    print_comparison(comparison, out, before="here", after="there", as_json=False)
    lines = out.getvalue().splitlines()
    assert lines[0] == f"120 calls on here and on there: {len(comparison.differing)} differ"
    assert lines[2] == "bank/routing_number: next leads to whose, before bank_name"
    assert lines[3].startswith("  inconclusive, ")
    assert lines[5].count("CA") == 3
    out = io.StringIO()
    print_comparison(comparison, out, before="here", after="there", as_json=True)
    found = json.loads(out.getvalue())
    assert [each["cause"] for each in found["causes"]] == ["bank/routing_number", "guest/rejected"]
    assert found["causes"][1]["kinds"][0]["kind"] == "changed wording only"
    assert (found["calls"], found["differ"]) == (120, len(comparison.differing))
