"""What the gate asks of a run: every line and branch of some rooms, nearly all of the rest."""

import json

import covered
import pytest

WHOLE = {
    "executed_lines": [1, 2, 5],
    "missing_lines": [],
    "executed_branches": [[2, 5]],
    "missing_branches": [],
}


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"ivr/ach/records.py": WHOLE}, None),
        (
            {"ivr/ach/records.py": {**WHOLE, "missing_lines": [7], "missing_branches": [[2, 0], [5, 7]]}},
            "Never run by a test, where every line and branch must be:\nivr/ach/records.py: 7, 2->exit, 5->7",
        ),
        ({"ivr/cli/main.py": {**WHOLE, "executed_lines": list(range(1, 95)), "missing_lines": [95]}}, None),
        ({"ivr/cli/main.py": {**WHOLE, "missing_lines": [95]}}, "95 % must be run."),
        ({"ivr/proof/liveness.py": {**WHOLE, "missing_lines": [3]}}, "ivr/proof/liveness.py: 3"),
    ],
)
def test_what_must_be_run(files, told, tmp_path):
    report = tmp_path / "gw0.json"
    report.write_text(json.dumps({"files": files}))
    said = covered.main(str(report))
    assert said == told or (told is not None and said.endswith(told))


def test_what_one_worker_ran_no_other_need(tmp_path):
    meta = {"software": "slipcover", "branch_coverage": True, "show_contexts": False}
    for worker, ran, missing in (("gw0", [1, 2], [5]), ("gw1", [1, 5], [2])):
        told = {**WHOLE, "executed_lines": ran, "missing_lines": missing}
        report = {"meta": meta, "files": {"ivr/ach/records.py": told}}
        (tmp_path / f"{worker}.json").write_text(json.dumps(report))
    paths = [str(tmp_path / f"{worker}.json") for worker in ("gw0", "gw1")]
    assert covered.main(*paths) is None
    assert covered.main(paths[0]).endswith("ivr/ach/records.py: 5")
