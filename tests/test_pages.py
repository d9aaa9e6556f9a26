"""The pages hold together: links lead somewhere, the decisions are all listed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ivr.cli.settings import settings

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
FRONT_DOOR_LINES_MAX = 150


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text)
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert not missing


def test_the_front_door_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= FRONT_DOOR_LINES_MAX


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(r"\]\((\d{4}-[a-z0-9-]+\.md)\)", (folder / "README.md").read_text())
    assert listed == sorted(file.name for file in folder.glob("0*.md"))


def test_the_page_for_operators_has_the_settings_as_they_print_themselves(
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings.main([], standalone_mode=False)
    assert capsys.readouterr().out in (ROOT / "docs" / "operating.md").read_text()
