"""Every fault of a prompt catalog, with its words."""

from __future__ import annotations

import pytest

from ivr.speech.checks import check_sources, read_sources

KINDS = {
    "account_type": "choice",
    "amount": "money",
    "bills": "count",
    "cutoff": "moment",
    "member_name": "name",
    "routing_number": "routing",
}


def faults_of(files):
    return check_sources(read_sources(files, KINDS), KINDS)


WORDS = "one two three four five six seven eight nine ten eleven twelve"

# text of the only language; every fault expected, as (line, prompt id, rule, message or its beginning)
ONE_LANGUAGE = {
    "nothing wrong": ("ok = Well { $amount }.\n", []),
    "an entry that cannot be read": (
        "ok = Well.\nask = { $amount\n\nlast = Well.\n",
        [(2, "ask", "prompt.unreadable", "cannot be read: Expected token")],
    ),
    "a line that is no entry": (
        "ok = Well.\n\n?! what\n",
        [(3, "", "prompt.unreadable", "cannot be read: Expected an entry start")],
    ),
    "an attribute that cannot be read": (
        "ask = Well.\n    .again = { $amount\n",
        [(2, "ask", "prompt.unreadable", "cannot be read: Expected token")],
    ),
    "two equal ids": (
        "# the first\nask = Well.\n\nask = Better.\n",
        [(4, "ask", "prompt.twice", "stands twice, first in line 2; keep one")],
    ),
    "two equal attributes": (
        "ask = Well.\n    .again = Well.\n    .again = Well.\n",
        [(3, "ask", "prompt.twice", ".again stands twice; keep one")],
    ),
    "two equal terms": (
        "-line = a\n-line = b\nask = Ask { -line }.\n",
        [(2, "-line", "prompt.twice", "stands twice; keep one")],
    ),
    "no value": (
        "ask =\n    .again = Well.\n",
        [(1, "ask", "prompt.no-value", "has attributes only; give it a value")],
    ),
    "an attribute nothing speaks": (
        "ask = Well.\n    .agian = Well.\n",
        [
            (
                2,
                "ask",
                "prompt.unknown-attribute",
                "has .agian, which nothing speaks, the nearest is again; use one of .again, .again-relay, .last, .last-relay, .nudge, .nudge-relay, .relay",
            )
        ],
    ),
    "a variable that is no slot": (
        "ask =\n    Well.\n    Pay { $amuont }.\n",
        [
            (
                2,
                "ask",
                "prompt.unknown-slot",
                "uses $amuont, which is no slot, the nearest is amount; use the name of one",
            )
        ],
    ),
    "a slot that cannot be spoken": (
        "ask = Hello { $member_name }.\n",
        [
            (
                1,
                "ask",
                "prompt.unspeakable-slot",
                "uses $member_name, whose kind name cannot be spoken; use one of money, date,",
            )
        ],
    ),
    "a choice spoken by its name": (
        "ask = Your { $account_type } account.\n",
        [
            (
                1,
                "ask",
                "prompt.choice-spoken",
                "speaks the choice $account_type itself; choose wording: { $account_type -> … }",
            )
        ],
    ),
    "a choice compared with a number": (
        "ask = { $account_type ->\n    [1] One.\n   *[other] Two.\n }\n",
        [
            (
                1,
                "ask",
                "prompt.choice-keys",
                "compares the choice $account_type with a number; its keys must be names",
            )
        ],
    ),
    "a count compared with a name": (
        "ask = { $bills ->\n    [a_few] Few.\n   *[other] Two.\n }\n",
        [
            (
                1,
                "ask",
                "prompt.choice-keys",
                "compares the count $bills with a name; its keys must be numbers or plurals",
            )
        ],
    ),
    "wording chosen by ready speech": (
        "ask = { $amount ->\n    [zero] Nothing.\n   *[other] Something.\n }\n",
        [
            (
                1,
                "ask",
                "prompt.chooses-by",
                "chooses wording by $amount, which is ready speech; use a choice or a count",
            )
        ],
    ),
    "wording chosen by no slot": (
        "ask = { $nothing ->\n    [a] Nothing.\n   *[other] Something.\n }\n",
        [
            (
                1,
                "ask",
                "prompt.unknown-slot",
                "uses $nothing, which is no slot, the nearest is routing_number; use the name of one",
            )
        ],
    ),
    "wording chosen by a function": (
        "ask = { NUMBER($bills) ->\n    [one] One.\n   *[other] Some.\n }\n",
        [
            (
                1,
                "ask",
                "prompt.chooses-by",
                "chooses wording by something other than a variable or a term's attribute",
            )
        ],
    ),
    "a function": (
        "ask = You owe { NUMBER($bills) }.\n",
        [
            (
                1,
                "ask",
                "prompt.calls-function",
                "calls NUMBER; values arrive as ready speech, so write the variable alone",
            )
        ],
    ),
    "another prompt": (
        "ok = Well.\nask = { ok }\n    .again = Well.\n",
        [(2, "ask", "prompt.refers-to-prompt", "refers to the prompt ok; make the shared words a term, -ok")],
    ),
    "a number in braces": (
        "ask = Pay { 1000 } dollars.\n",
        [
            (
                1,
                "ask",
                "prompt.number-in-braces",
                "has a number in braces, which may be spoken with separators; write it as text",
            )
        ],
    ),
    "a missing term": (
        "ask = Ask { -line }.\n",
        [(1, "ask", "prompt.unknown-term", "uses the term -line, which is not in this file; add it")],
    ),
    "a missing term inside a term": (
        "-office = { -line } office\nask = Well.\n    .again = The { -office }.\n",
        [
            (
                3,
                "ask",
                "prompt.unknown-term",
                ".again uses the term -line, which is not in this file, the nearest is office; add it",
            )
        ],
    ),
    "a term's missing attribute": (
        "-line = line\nask = { -line.gender ->\n    [f] Her.\n   *[m] Him.\n }\n",
        [(2, "ask", "prompt.unknown-term", "uses -line.gender, which the term lacks; add it")],
    ),
    "a term in a circle": (
        "-one = { -two }\n-two = { -one }\nask = Ask { -one }.\n",
        [(3, "ask", "prompt.term-circle", "uses the term -one, which refers to itself; write it out")],
    ),
    "a term with a variable": (
        "# said often\n-sum = { $amount } in all\nask = Pay { -sum }.\n",
        [
            (
                2,
                "-sum",
                "prompt.variable-in-term",
                "is a term and cannot use $amount; put the variable in the prompt",
            )
        ],
    ),
    "a term with arguments": (
        '-line = line\nask = The { -line(case: "genitive") }.\n',
        [
            (
                2,
                "ask",
                "prompt.term-arguments",
                "gives arguments to the term -line; write one term for each wording",
            )
        ],
    ),
    "a character outside XML": (
        "ok = Well.\nask = Bell\x07.\n",
        [
            (
                2,
                "",
                "prompt.outside-xml",
                "has U+0007, a character outside XML 1.0, which would end the call; remove it",
            )
        ],
    ),
    "an escaped character outside XML": (
        'ask = Bell { "\\u0007" }.\n',
        [
            (
                1,
                "ask",
                "prompt.outside-xml",
                "writes a character outside XML 1.0, which would end the call; remove it",
            )
        ],
    ),
    "digits with a comma": (
        "ask = Pay 1,234 dollars.\n",
        [(1, "ask", "prompt.separated-digits", "writes digits with separators; write 1234, or words")],
    ),
    "digits with a point": (
        "ask = Pay 12.50 dollars.\n",
        [(1, "ask", "prompt.separated-digits", "writes digits with separators; write 1234, or words")],
    ),
    "digits with a no-break space": (
        'ask = Pay { "1\u00a0234" } dollars.\n',
        [(1, "ask", "prompt.separated-digits", "writes digits with separators; write 1234, or words")],
    ),
    "digits one by one and a time": ("ask = Say 1, 2, 3 before 5:30.\n", []),
    "two sentences on a line": (
        "ask = Well. Press 1.\n",
        [
            (
                1,
                "ask",
                "prompt.two-sentences",
                "has two sentences on one line: “Well. Press 1.”; begin a line for each",
            )
        ],
    ),
    "two sentences in a nudge": ("ask = Well.\n    .nudge = Still waiting. Routing number.\n", []),
    "two sentences with a value between": (
        "ask =\n    Well.\n    Pay { $amount }. Press 1.\n",
        [
            (
                2,
                "ask",
                "prompt.two-sentences",
                "has two sentences on one line: “Pay 9999 dollars and 99 cents. Press 1.”;",
            )
        ],
    ),
    "two Spanish sentences on a line": (
        "ask = Bien. ¿Y usted?\n",
        [
            (
                1,
                "ask",
                "prompt.two-sentences",
                "has two sentences on one line: “Bien. ¿Y usted?”; begin a line for each",
            )
        ],
    ),
    "an abbreviation inside a sentence": ("ask = Call from 8 a.m. to 6 p.m. on Friday.\n", []),
    "no full stop": (
        "ask =\n    Well\n    Pay { $amount }\n",
        [
            (
                2,
                "ask",
                "prompt.no-full-stop",
                "has a line that ends without a full stop: “Pay 9999 dollars and 99 cents”; one sentence a line",
            ),
            (
                2,
                "ask",
                "prompt.no-full-stop",
                "has a line that ends without a full stop: “Well”; one sentence a line",
            ),
        ],
    ),
    "no full stop in one plural": (
        "ask = { $bills ->\n    [one] One.\n   *[other] Many\n    }\n",
        [
            (
                1,
                "ask",
                "prompt.no-full-stop",
                "has a line that ends without a full stop: “Many”; one sentence a line",
            )
        ],
    ),
    "other ends of a sentence": (
        'ask =\n    What?\n    Well!\n    Say: “I authorize.”\n    Or this:\n    Say "no."\n',
        [],
    ),
    "nothing to say": (
        'ask = { $account_type ->\n    [savings] Savings.\n   *[other] {""}\n }\n',
        [(1, "ask", "prompt.empty", "can be empty; give every choice words")],
    ),
    "a sentence of 12 words": (f"ask = {WORDS}.\n", []),
    "a sentence of 13 words": (
        f"ask = {WORDS} more.\n",
        [
            (
                1,
                "ask",
                "prompt.long-sentence",
                (
                    "is said in relay pace and has a sentence of 13 words, at most 12: "
                    f"“{WORDS} more.”; shorten it, or give it a relay form"
                ),
            )
        ],
    ),
    "a long sentence with a relay form": (f"ask = {WORDS} more.\n    .relay = More.\n", []),
    "a long sentence said in voice only": (
        f"ask = Well.\n    .again = {WORDS} more.\n    .again-relay = More.\n",
        [],
    ),
    "a long sentence nobody shortened": (
        f"ask = Well.\n    .relay = Well.\n    .last = {WORDS} more.\n    .again-relay = More.\n",
        [(3, "ask", "prompt.long-sentence", ".last is said in relay pace and has a sentence of 13 words")],
    ),
    "values at their longest": (
        "ask = A b c d e { $cutoff }.\n",
        [
            (
                1,
                "ask",
                "prompt.long-sentence",
                "is said in relay pace and has a sentence of 13 words, at most 12: “A b c d e midnight at the start of",
            )
        ],
    ),
    "the longer choice": (
        "ask = "
        + WORDS.removesuffix(" twelve")
        + " { $account_type ->\n    [savings] long one\n   *[checking] short\n    }.\n",
        [(1, "ask", "prompt.long-sentence", "is said in relay pace and has a sentence of 13 words")],
    ),
    "groups of digits are words of their own lines": (
        f"ask = {WORDS.removesuffix(' twelve')} {{ $routing_number }}.\n",
        [],
    ),
    "a piece of 20 words": (f"ask =\n    {WORDS}.\n    a b c d e f g h.\n\n    {WORDS}.\n", []),
    "a piece of 21 words": (
        f"ask =\n    Well.\n\n    {WORDS}.\n    a b c d e f g h i.\n",
        [
            (
                2,
                "ask",
                "prompt.long-piece",
                (
                    "is said in relay pace and piece 2 has 21 words, at most 20; "
                    "divide it by a blank line, or shorten it, or give it a relay form"
                ),
            )
        ],
    ),
}


@pytest.mark.parametrize("name", ONE_LANGUAGE)
def test_faults_of_one_language(name):
    text, expected = ONE_LANGUAGE[name]
    found = faults_of({"en-US": text})
    told = [(fault.line, fault.prompt_id, fault.rule) for fault in found]
    assert told == [each[:3] for each in expected]
    for fault, (*_, beginning) in zip(found, expected, strict=True):
        assert fault.message.startswith(beginning)


# English, Spanish, the faults
TWO_LANGUAGES = {
    "the same": (
        "a = Pay { $amount }.\n    .again = Pay.\n",
        "a = Pague { $amount }.\n    .again = Pague.\n",
        [],
    ),
    "a missing prompt": (
        "a = A.\nb = B.\n    .again = B.\n",
        "a = A.\n",
        ["prompts/es-US.ftl:1: b: is missing; en-US has it in line 2 [prompt.missing]"],
    ),
    "missing prompts both ways": (
        "a = A.\n",
        "\nb = B.\n",
        [
            "prompts/en-US.ftl:1: b: is missing; es-US has it in line 2 [prompt.missing]",
            "prompts/es-US.ftl:2: a: is missing; en-US has it in line 1 [prompt.missing]",
        ],
    ),
    "an empty language": (
        "a = A.\n",
        "",
        ["prompts/es-US.ftl:1: a: is missing; en-US has it in line 1 [prompt.missing]"],
    ),
    "a prompt that cannot be read is not missing as well": (
        "a = A.\nb = B.\n",
        "a = A.\nb = { B.\n",
        [
            'prompts/es-US.ftl:2: b: cannot be read: Expected a character from range: "a-zA-Z" [prompt.unreadable]'
        ],
    ),
    "a missing attribute": (
        "a = A.\n    .again = A.\n    .relay = A.\n",
        "a = A.\n    .again = A.\n",
        ["prompts/es-US.ftl:1: a: lacks .relay, which en-US has [prompt.attribute-missing]"],
    ),
    "a missing value": (
        "a = A.\n    .again = A.\n",
        "a =\n    .again = A.\n",
        ["prompts/es-US.ftl:1: a: has attributes only; give it a value [prompt.no-value]"],
    ),
    "other variables": (
        "a = A { $amount }.\n    .again = A.\n",
        "a = A { $cutoff }.\n    .again = { $amount }.\n",
        [
            "prompts/es-US.ftl:1: a: uses $cutoff, but en-US uses $amount [prompt.variables-differ]",
            "prompts/es-US.ftl:2: a: .again uses $amount, but en-US uses no variable [prompt.variables-differ]",
        ],
    ),
    "both wrong": (
        "a = A { $x }.\n",
        "a = A\n",
        [
            "prompts/en-US.ftl:1: a: uses $x, which is no slot, the nearest is routing_number; use the name of one [prompt.unknown-slot]",
            "prompts/es-US.ftl:1: a: has a line that ends without a full stop: “A”; one sentence a line [prompt.no-full-stop]",
            "prompts/es-US.ftl:1: a: uses no variable, but en-US uses $x [prompt.variables-differ]",
        ],
    ),
    "each with its own plurals and longest values": (
        "a = Pay by { $cutoff } in a.\n",
        "a = Pague antes de { $cutoff }.\n    .again = Antes de { $cutoff }.\n",
        [
            "prompts/en-US.ftl:1: a: lacks .again, which es-US has [prompt.attribute-missing]",
            (
                "prompts/es-US.ftl:1: a: is said in relay pace and has a sentence of 13 words, at most 12: “Pague antes de la medianoche en"
                " que empieza el miércoles 30 de septiembre.”; shorten it, or give it a relay form [prompt.long-sentence]"
            ),
        ],
    ),
}


@pytest.mark.parametrize("name", TWO_LANGUAGES)
def test_faults_between_languages(name):
    english, spanish, expected = TWO_LANGUAGES[name]
    found = faults_of({"en-US": english, "es-US": spanish})
    assert [str(fault) for fault in found] == expected


def test_a_language_without_spoken_values_is_named_and_not_compared():
    found = faults_of({"en-US": "a = A.\n", "pt_BR!": "b = { B"})
    message = "has prompts but no spoken values; add them to its record in ivr.languages"
    assert [str(fault) for fault in found] == [
        f"prompts/pt_BR!.ftl:1: file: {message} [prompt.unknown-language]"
    ]
