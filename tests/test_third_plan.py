"""A plan more is one record, words, and lines of flows: a copy of the line has a third, and a call pays it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from shutil import copytree

import pytest
from sqlalchemy import URL

pytestmark = [pytest.mark.whole, pytest.mark.xdist_group("third_plan")]

ROOT = Path(__file__).resolve().parents[1]
PLANS = ("health", "dental", "vision")
SEVERAL = {
    "_and_".join(plans): plans
    for number in (2, 3)
    for plans in combinations(PLANS, number)
    if "vision" in plans
}
RECORD = 'Plan("dental", "DNTL PREM")'
TOLD = {
    "en-US": ("For {}, press {}.", "Still here."),
    "es-US": ("Para {}, oprima {}.", "Aquí seguimos."),
}
CALL = """# A bill of a third plan is told beside another, and paid.
member  made_up
bill    dental 12.00 due 2026-12-23
bill    vision 31.00 due 2026-12-23
after   way/verified.call
line    balance-current, balance-current, balance-as-of, bills-dental-and-vision
caller  2
line    amount-one
caller  1
line    bank-ready
caller  1
line    bank-routing-ask
caller  021000021
line    bank-routing-read-back
caller  1
line    bank-account-ask
caller  0012345678#
line    bank-account-again
caller  0012345678#
line    authorization-terms, authorization-ask
caller  says "yes"
line    confirmation, finish-menu
did     payment amount=31.00 plan=vision
"""


def flow_nodes() -> str:
    """Return main's menus of bills, where one of them is of the third plan."""
    nodes = ['\n[node.select_vision]\nset.plan = "vision"\nnext = "amount"\n']
    for name, plans in SEVERAL.items():
        keys = [f'keys.{key} = "select_{plan}"' for key, plan in enumerate(plans, start=1)]
        lines = (
            f"[node.{name}_menu]",
            'collect = "menu"',
            f'prompt = "bills-{name.replace("_", "-")}"',
            *keys,
        )
        nodes.append("\n".join((*lines, "")))
    return "\n".join(nodes)


def prompts_of(language: str) -> str:
    """Return what those menus say."""
    pay, waiting = TOLD[language]
    told = []
    for name, plans in SEVERAL.items():
        body = "\n".join(f"    {pay.format(plan, key)}" for key, plan in enumerate(plans, start=1))
        again = body.replace("    ", "        ")
        told.append(
            f"\nbills-{name.replace('_', '-')} =\n{body}\n    .again =\n{again}\n    .nudge = {waiting}\n"
        )
    return "".join(told)


def with_outcomes(text: str) -> str:
    """Return main.toml where the question which bills there are has the new answers."""
    more = {"vision": "select_vision", **{name: f"{name}_menu" for name in SEVERAL}}
    return re.sub(
        r'on\.dental +(= "select_dental")',
        lambda found: "\n".join((found[0], *(f'on.{name} = "{node}"' for name, node in more.items()))),
        text,
    )


def with_words(text: str) -> str:
    """Return prompts where every wording that depends on the plan has the new one's word."""
    return re.sub(
        r"^( +)\[dental\] (.*)$",
        lambda found: f"{found[0]}\n{found[1]}[vision] {re.sub('(?i)dental', 'vision', found[2])}",
        text,
        flags=re.MULTILINE,
    )


def change(file: Path, edit: Callable[[str], str]) -> None:
    before = file.read_text()
    after = edit(before)
    assert after != before, file
    file.write_text(after)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    for name in ("ivr", "flows", "prompts", "tests/calls"):
        copytree(ROOT / name, folder / name)
    change(
        folder / "ivr/base/plans.py",
        lambda text: text.replace(RECORD, f'{RECORD}, Plan("vision", "VSN PREM")'),
    )
    vision = '\n[node.vision]\ncall = "bill"\nargs.plan = "vision"\nnext = "as_of_said"\n'
    change(
        folder / "flows/balance.toml",
        lambda text: text.replace('"dental"\nnext      = "as_of_said"', '"dental"\nnext = "vision"') + vision,
    )
    change(folder / "flows/main.toml", lambda text: with_outcomes(text) + flow_nodes())
    for language in TOLD:
        change(
            folder / f"prompts/{language}.ftl", lambda text, tag=language: with_words(text) + prompts_of(tag)
        )
        change(folder / f"prompts/notices/{language}.ftl", with_words)
    (folder / "tests/calls/way/vision.call").write_text(CALL)
    return folder


@pytest.mark.parametrize("command", ["flow check --quick", "replay tests/calls/way/vision.call"])
def test_a_third_plan_is_told_and_paid(command: str, project: Path, database_url: URL) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": str(project),
        "IVR_DEMO": "yes",
        "IVR_VAR": str(project / "var"),
        "DATABASE_URL": database_url.render_as_string(hide_password=False),
    }
    ran = subprocess.run(
        [sys.executable, "-m", "ivr.cli.main", *command.split()],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
