"""What was tidied once stays so: no dead public name, no constant twice, no message taken apart, plain words.

An exception stands in the list beside its test, with its reason; one that is needed no more fails too.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("tidy")  # the program is read once for all

ROOT = Path(__file__).resolve().parents[1]

GUNICORN = "gunicorn reads it by name"
SETTINGS_OF_GUNICORN = (
    "control_socket_disable",
    "forwarded_allow_ips",
    "graceful_timeout",
    "logconfig_dict",
    "logger_class",
    "post_fork",
    "preload_app",
    "when_ready",
    "workers",
)
UNUSED = {
    "ivr/simulator/operator.py": {"untyped_seconds": "how far behind the operator is, for whoever watches"},
    "ivr/gunicorn.py": dict.fromkeys(
        (*SETTINGS_OF_GUNICORN, "on_starting", "worker_class", "worker_tmp_dir"), GUNICORN
    ),
    "ivr/gunicorn_console.py": dict.fromkeys((*SETTINGS_OF_GUNICORN, "threads"), GUNICORN),
}


@cache
def modules() -> dict[str, ast.Module]:
    """Return the program's modules by file."""
    return {
        str(file.relative_to(ROOT)): ast.parse(file.read_text())
        for file in sorted(ROOT.glob("ivr/**/*.py"))
        if "migrations" not in file.parts
    }


def public_names(module: ast.Module) -> Iterator[str]:
    """Yield the public names of a module, but commands and pages, and the public methods of its own classes."""
    for statement in module.body:
        match statement:
            case ast.FunctionDef(name=name) if not is_command(statement):
                yield name
            case ast.ClassDef(name=name, bases=bases):
                yield name
                if not bases:  # what a base calls, it calls by a name of its own
                    yield from (each.name for each in statement.body if isinstance(each, ast.FunctionDef))
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                yield name


def is_command(function: ast.FunctionDef) -> bool:
    return any(re.search(r"\b(command|group|page)\(", ast.unparse(each)) for each in function.decorator_list)


def named(module: ast.Module) -> Iterator[str]:
    """Yield what a module reads, imports or passes; a word of its strings may be a name that is looked up."""
    for node in ast.walk(module):
        match node:
            case ast.Name(id=name, ctx=ast.Load()) | ast.Attribute(attr=name) | ast.keyword(arg=str(name)):
                yield name
            case ast.ImportFrom(names=names):
                yield from (each.name for each in names)
            case ast.Constant(value=str(text)) if re.fullmatch(r"[\w.:]+", text):
                yield from re.split(r"[.:]", text)


def test_every_public_name_is_used_in_the_program() -> None:
    used = {name for module in modules().values() for name in named(module)}
    unused = {
        (file, name)
        for file, module in modules().items()
        for name in public_names(module)
        if not name.startswith("_") and name not in used
    }
    assert unused == {(file, name) for file, names in UNUSED.items() for name in names}


MEANT_TWICE = {
    "RECENT = timedelta(hours=24)": "what a caller is told of, and what a lock counts",
    "ROWS_AT_ONCE = 500": "how many rows one transaction forgets is each sweep's own",
    "'notice_late'": "a task while no carrier has it, and the hold once it came after its cutoff",
    "CONNECT_TIMEOUT_SECONDS = 5": "ours, and Twilio's: neither follows the other",
    "'* * * * *'": "the crontab's own word",
    "'*/10 * * * *'": "the crontab's own word",
    "'ivr'": "the line in the audit trail, and the name of its database",
    "bytes(32)": "no hash, and no seal before",
    "re.compile('[a-z][a-z0-9_]*')": "names of flows, and of what a line did",
}


def constants(module: ast.Module) -> Iterator[str]:
    """Yield what two modules must not both have: a value, or where it is a number that number by its name."""
    for statement in module.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name.strip("_").isupper():
                yield constant(name, value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value) if name.strip(
                "_"
            ).isupper():
                yield constant(name, value)


def constant(name: str, value: ast.expr) -> str:
    text = ast.unparse(value)
    if re.fullmatch(r"[\d._ */+-]+", text):
        number = eval(text)
        return f"{name.lstrip('_')} = {int(number) if number == int(number) else number}"
    return f"{name.lstrip('_')} = {text}" if text.startswith("timedelta") else text


def test_a_constant_stands_in_one_place() -> None:
    places = defaultdict(set)
    for file, module in modules().items():
        for each in constants(module):
            places[each].add(file)
    twice = {
        each: sorted(files) for each, files in places.items() if len(files) > 1 and not each.startswith("_")
    }
    assert twice.keys() == MEANT_TWICE.keys(), twice


SAME_NAME = {
    "KeySentence": "what a flow asks of a wording, and what speech makes: neither imports the other",
    "NamedKeys": "the same of its keys",
    "Turn": "the work on one webhook, and the row that is kept of it",
}


def test_a_class_name_means_one_thing() -> None:
    places = defaultdict(set)
    for file, module in modules().items():
        for statement in module.body:
            if isinstance(statement, ast.ClassDef) and not statement.name.startswith("_"):
                places[statement.name].add(file)
    twice = {name: sorted(files) for name, files in places.items() if len(files) > 1}
    assert twice.keys() == SAME_NAME.keys(), twice


MATCHERS = {"startswith", "endswith", "partition", "rpartition", "split", "removeprefix", "removesuffix"}
MATCHERS |= {"search", "match", "fullmatch", "findall", "finditer"}


def reads_a_message(call: ast.Call) -> bool:
    """Return whether a call takes a message apart: one of a problem, or the text of an error."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in MATCHERS:
        return False
    return any(is_message(each) for each in (call.func.value, *call.args))


def is_message(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(attr="message" | "problem") | ast.Name(id="message" | "problem"):
            return True
        case ast.Call(func=ast.Name(id="str"), args=[ast.Name(id="error" | "fault" | "problem")]):
            return True
    return False


# Before Python 3.14 tomllib tells the line in words only.
TOLD_IN_WORDS_ONLY = ["re.search('at line (\\\\d+)', message)"]


def test_no_code_takes_messages_apart() -> None:
    """What a message says is in fields beside it, so that its words may change."""
    nodes = [node for module in modules().values() for node in ast.walk(module)]
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    compared = [
        node
        for node in nodes
        if isinstance(node, ast.Compare)
        and isinstance(node.ops[0], ast.In | ast.NotIn)
        and any(map(is_message, node.comparators))
    ]
    found = [*map(ast.unparse, filter(reads_a_message, calls)), *map(ast.unparse, compared)]
    assert found == TOLD_IN_WORDS_ONLY


# What runs through these is a command's, a flow's or another module's test.
TESTED_BY = {
    "tests/unit/ach/test_reader.py": ("ach/lines",),
    "tests/unit/audit/test_audit.py": ("audit/checks",),
    "tests/unit/base/test_csvfiles.py": ("base/letters",),
    "tests/unit/base/test_listing.py": ("base/words",),
    "tests/unit/billing/test_ledger.py": ("billing/owed",),
    "tests/unit/cli/test_audit_command.py": ("cli/audit",),
    "tests/unit/cli/test_banks_commands.py": ("cli/banks",),
    "tests/unit/cli/test_bench_command.py": ("cli/bench",),
    "tests/unit/cli/test_keys_commands.py": ("cli/keys",),
    "tests/unit/cli/test_calls_commands.py": ("cli/call_filters", "cli/calls"),
    "tests/unit/cli/test_commands.py": ("cli/bills", "cli/files", "cli/members_import", "cli/worker"),
    "tests/unit/cli/test_demo.py": ("cli/call",),
    "tests/unit/cli/test_demo_return.py": ("cli/demo_return",),
    "tests/unit/cli/test_doctor_command.py": ("cli/doctor",),
    "tests/unit/cli/test_evidence_commands.py": ("cli/payments_list", "cli/payments_show"),
    "tests/unit/cli/test_flow_commands.py": (
        "cli/flow_calls",
        "cli/flow_check",
        "cli/flow_phrases",
        "cli/flow_reviewed",
    ),
    "tests/unit/cli/test_fraud_commands.py": ("cli/fraud", "jobs/fraud"),
    "tests/unit/cli/test_lists.py": ("cli/lists",),
    "tests/unit/cli/test_money_commands.py": (
        "cli/ach_files",
        "cli/questions",
        "cli/overdue",
        "cli/payments_change",
        "cli/accounts",
        "cli/receipts",
        "cli/release",
    ),
    "tests/unit/cli/test_notices_commands.py": ("cli/notices_mailing", "cli/notices_send"),
    "tests/unit/cli/test_replay_command.py": ("cli/progress", "cli/replay", "cli/replay_run"),
    "tests/unit/cli/test_returned_money.py": ("cli/ach_returns", "cli/payment_credits"),
    "tests/unit/cli/test_rights.py": ("cli/database", "storage/rights"),
    "tests/unit/cli/test_serving.py": (
        "cli/demo",
        "cli/serve",
        "gunicorn",
        "gunicorn_console",
        "gunicorn_logger",
        "wsgi",
    ),
    "tests/unit/cli/test_twilio_commands.py": ("carrier/number", "carrier/observation", "cli/twilio"),
    "tests/unit/cli/test_staff_commands.py": ("cli/staff",),
    "tests/unit/cli/test_status_command.py": ("cli/status",),
    "tests/unit/console/test_board.py": ("console/trail",),
    "tests/unit/console/test_calls.py": (
        "console/calls",
        "console/paging",
        "console/rerun",
        "console/written",
    ),
    "tests/unit/console/test_money.py": (
        "audit/consent_pack",
        "console/members",
        "console/payments",
        "console/tasks",
        "payments/approvals",
    ),
    "tests/unit/console/test_line.py": ("console/line",),
    "tests/unit/console/test_practice.py": ("console/practice",),
    "tests/unit/console/test_reports.py": ("console/reports",),
    "tests/unit/members/test_imports.py": ("members/bulk_load",),
    "tests/unit/notices/test_letter.py": ("notices/paper",),
    "tests/unit/notices/test_sms.py": ("notices/carriers",),
    "tests/unit/payments/test_origination.py": ("payments/batches", "payments/taken"),
    "tests/unit/proof/test_exploration.py": ("proof/spoken",),
    "tests/unit/payments/test_cancel.py": ("payments/find",),
    "tests/unit/payments/test_export.py": ("payments/movements",),
    "tests/unit/proof/test_prove.py": ("proof/liveness", "proof/shown_calls"),
    "tests/unit/speech/test_catalog.py": ("speech/patterns",),
    "tests/unit/speech/test_checks.py": ("speech/keys",),
    "tests/unit/speech/test_values.py": ("languages/english", "languages/spanish"),
    "tests/unit/storage/test_embedded.py": ("storage/locks",),
    "tests/unit/topics/test_handlers.py": (
        "topics/amount/handlers",
        "topics/authorization/handlers",
        "topics/balance/handlers",
        "topics/bank/handlers",
        "topics/earlier_payments/handlers",
        "topics/guest/handlers",
        "topics/agent/handlers",
        "topics/help/handlers",
        "topics/help/words",
        "topics/verification/handlers",
    ),
    "tests/unit/topics/test_registry.py": (
        "topics/amount/words",
        "topics/balance/words",
        "topics/bank/words",
        "topics/agent/words",
        "topics/verification/words",
        "topics/topic",
    ),
    "tests/test_recorded_calls.py": ("replay/made_up",),
    "tests/unit/replay/test_compare.py": ("replay/alike",),
    "tests/unit/jobs/test_groups.py": ("jobs/reports",),
    "tests/voice/test_fast_turn.py": ("voice/fast_turn",),
    "tests/voice/test_handed_over.py": ("calls/handover",),
    "tests/voice/test_switch_over.py": ("storage/cursors",),
}


@cache
def texts() -> dict[str, str]:
    """Return what stands in every file of the program and of the tests."""
    files = (file for folder in ("ivr", "tests") for file in sorted(ROOT.glob(f"{folder}/**/*.py")))
    return {str(file.relative_to(ROOT)): file.read_text() for file in files}


IMPORTS = re.compile(r"^ *from (ivr[\w.]*) import (?:\(([^)]*)\)|(.*))", re.MULTILINE)


def imported() -> set[str]:
    """Return the files of ivr/ that tests import."""
    found = set()
    for name, text in texts().items():
        for module, several, one in IMPORTS.findall(text) if name.startswith("tests/") else ():
            names = [module, *(f"{module}.{each}" for each in re.findall(r"\w+", several or one))]
            found |= {f"{each.replace('.', '/')}.py" for each in names}
    return found


def test_the_tests_of_every_module_are_found() -> None:
    """A test imports the module, or stands in the table, which names no module that one imports."""
    listed = {f"ivr/{module}.py" for modules in TESTED_BY.values() for module in modules}
    assert [file for file in TESTED_BY if not (ROOT / file).exists()] == []
    known = {file for file in modules() if not file.endswith("__init__.py")}
    assert known - imported() == listed


PLAIN_WORDS = {
    r'"""tell (?:whether|if)|; tell (?:whether|if)': "return whether",
    r"for want of money": "for insufficient funds",
    r"can be come to": "can be reached",
    r"befall\w*": "hit, inject",
    r"_?deeds?": "action",
    r"two_minds": "disagree",
    r"is dear": "is costly",
    r"in the making": "under construction",
    r"which there is not|that there is not|what there is not": "does not exist",
    r"for ever": "without end",
    r"_?struck|_strike": "late",
    r"would lie": "would be put",
    r"what actions need of the house": "the services that actions use",
}


def lines_with(pattern: str, *folders: str) -> list[str]:
    """Return the lines that a pattern matches, each with its place, but of this file."""
    said = re.compile(pattern, re.IGNORECASE)
    return [
        f"{name}:{number}: {line.strip()}"
        for name, text in texts().items()
        if name.startswith(folders) and ROOT / name != Path(__file__) and said.search(text)
        for number, line in enumerate(text.splitlines(), start=1)
        if said.search(line)
    ]


def test_it_is_said_in_plain_words() -> None:
    assert lines_with(rf"(?<![a-z])(?:{'|'.join(PLAIN_WORDS)})(?![a-z])", "ivr", "tests") == [], PLAIN_WORDS


def test_no_test_takes_the_first_of_several_rows() -> None:
    """Which one that is nobody knows: `.one()` fails where there are several, and the next who adds one says which."""
    assert lines_with(r"\.scalar\(select\([a-z]+\.[a-z_]+\)(?!.*order_by)", "tests") == []
