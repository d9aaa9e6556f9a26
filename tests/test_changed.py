"""The fast loop's choice of tests."""

from __future__ import annotations

import pytest
from changed import NOTHING_CHANGED, chosen


@pytest.mark.parametrize(
    ("changed", "tests"),
    [
        ([], [NOTHING_CHANGED]),
        (["ivr/ach/writer.py", "ivr/ach/reader.py"], ["tests/unit/ach"]),
        (["ivr/wsgi.py", "README.md"], [NOTHING_CHANGED]),
        (["tests/unit/payments/test_life.py"], ["tests/unit/payments/test_life.py"]),
        (["tests/unit/payments/test_gone.py"], [NOTHING_CHANGED]),
        (["prompts/en-US/main.ftl"], ["tests/unit/dialog", "tests/unit/speech"]),
        (["flows/main.toml", "ivr/ach/writer.py"], ["tests/unit/ach", "tests/unit/dialog"]),
    ],
)
def test_what_changed_brings_its_tests(changed: list[str], tests: list[str]) -> None:
    assert chosen(changed) == tests
