"""The asserts of the tests, rewritten by all workers together: a share each.

pytest keeps what it has rewritten, but workers that begin at once all find nothing kept: ten seconds each.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from _pytest.assertion.rewrite import (
    PYC_TAIL,
    _read_pyc,
    _rewrite_test,
    _write_pyc,
    assertstate_key,
    get_cache_dir,
)


def rewrite_share(config: pytest.Config) -> None:
    """Rewrite what falls to this worker of the files that are about to be collected, if others do the rest."""
    worker = getattr(config, "workerinput", None)
    if worker is None or assertstate_key not in config.stash:
        return
    first, workers = int(worker["workerid"].removeprefix("gw")), worker["workercount"]
    given = [Path(each.partition("::")[0]).resolve() for each in config.args]
    files = {file for each in given for file in (each.rglob("test_*.py") if each.is_dir() else [each])}
    files -= {Path(each).resolve() for each in config.getoption("ignore") or ()}
    for file in sorted(files, key=lambda file: file.stat().st_size)[first::workers]:
        kept = get_cache_dir(file) / f"{file.stem}{PYC_TAIL}"
        if _read_pyc(file, kept) is None:
            kept.parent.mkdir(exist_ok=True)
            stat, code = _rewrite_test(file, config)
            _write_pyc(config.stash[assertstate_key], code, stat, kept)
