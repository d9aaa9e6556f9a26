"""A version of the line is found in the project's history, in a folder or among those kept; a change is found in it."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.recorder import recorded_calls

from ivr.calls.store import keep_flow_version
from ivr.replay.against import Comparison, NamedRecipe, compare_all
from ivr.replay.bisect import find_first_change
from ivr.replay.versions import (
    VersionError,
    find_line,
    languages_kept,
    line_at,
    revisions_between,
    stored_line,
)
from ivr.topics.line import compile_line, read_line_files

ROOT = Path(__file__).resolve().parents[3]
FILES = read_line_files(ROOT)
LINE = compile_line(FILES)
NOW = datetime(2026, 12, 18, 15, tzinfo=UTC)
ASKED = "    Both are on your bill."


class Checkout:
    """A project with a history."""

    def __init__(self, folder):
        self.folder = folder
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments):
        identity = (
            "-c",
            "user.name=Tester",
            "-c",
            "user.email=tester@example.org",
            "-c",
            "commit.gpgsign=false",
        )
        done = subprocess.run(
            ["git", *identity, *arguments], cwd=self.folder, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def write(self, files):
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def commit(self, subject, **files):
        self.write(files)
        self.git("add", ".")
        self.git("commit", "--quiet", "--allow-empty", "-m", subject)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def checkout(tmp_path):
    made = Checkout(tmp_path)
    made.commit("Begin", **FILES)
    return made


def edited(name, old, new):
    assert FILES[name].count(old) == 1
    return {name: FILES[name].replace(old, new)}


def test_a_revision_a_folder_and_a_version_that_was_kept_are_the_same_line(checkout, engine):
    checkout.git("tag", "v1")
    commit = checkout.git("rev-parse", "HEAD")
    with engine.begin() as db:
        keep_flow_version(db, LINE.flow.version, dict(FILES), NOW)
    found = []
    for name in ("v1", commit, str(ROOT), LINE.flow.version, LINE.flow.version[:9]):
        with engine.connect() as db:  # the line's own connections may not stay idle in a transaction
            found.append(find_line(name, checkout.folder, db=db))
    assert {line.flow.version for line in found} == {LINE.flow.version}
    assert all(line.files == FILES for line in found)


def test_only_the_languages_asked_for(checkout, engine):
    line = find_line("HEAD", checkout.folder, languages=("en-US",))
    assert line.flow.languages == ("en-US",)
    with engine.begin() as db:
        assert languages_kept(db) is None
        keep_flow_version(db, line.flow.version, dict(line.files), NOW)
        assert languages_kept(db) == ("en-US",)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nowhere", "nowhere: no such revision, folder or flow version"),
        ("v9.9", "v9.9: no such revision"),
        ("0123456789ab", "0123456789ab: no such revision"),
        ("f" * 64, "no such revision"),
        ("--output=x", "'--output=x' is no revision: name a commit"),
        ("HEAD:flows", "'HEAD:flows' is no revision"),
        ("a b", "'a b' is no revision"),
        pytest.param("a" * 5000, "aaaa: no such revision", id="long"),
        ("", "'' is no revision"),
    ],
)
def test_what_there_is_not_is_one_sentence(checkout, engine, name, told):
    with engine.connect() as db, pytest.raises(VersionError) as error:
        find_line(name, checkout.folder, db=db)
    [problem] = error.value.problems
    assert told in problem


def test_no_checkout_is_one_sentence(tmp_path):
    with pytest.raises(VersionError, match="is not a git checkout") as error:
        find_line("main", tmp_path)
    assert len(error.value.problems) == 1


def test_a_history_that_is_not_whole_is_one_sentence(checkout):
    checkout.commit("Later", **NEW_WORDS)
    name = checkout.git("rev-parse", "HEAD:prompts/en-US.ftl")
    (checkout.folder / ".git" / "objects" / name[:2] / name[2:]).unlink()
    with pytest.raises(VersionError, match=r"^main: git has no text of prompts/en-US.ftl here: fetch it, or"):
        find_line("main", checkout.folder)
    name = checkout.git("rev-parse", "HEAD:prompts")
    (checkout.folder / ".git" / "objects" / name[:2] / name[2:]).unlink()
    with pytest.raises(VersionError, match=r"^main: git cannot read its history here \(.+\): try git fsck$"):
        find_line("main", checkout.folder)


def test_what_a_shallow_checkout_may_lack_is_told(checkout, tmp_path):
    checkout.commit("Later")
    shallow = tmp_path / "shallow"
    checkout.git("clone", "--quiet", "--depth", "1", checkout.folder.as_uri(), str(shallow))
    assert find_line("HEAD", shallow).files == FILES
    with pytest.raises(
        VersionError, match=r"^HEAD~1: no such revision, .*; git fetch --unshallow brings the old"
    ):
        find_line("HEAD~1", shallow)


def test_git_must_be_there(checkout, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(VersionError, match="git is not installed"):
        find_line("main", checkout.folder)


def test_a_revision_whose_flows_do_not_load_tells_every_fault(checkout):
    checkout.commit(
        "Break", **edited("flows/main.toml", 'keys.2     = "other_ways"', 'keys.2     = "nowhere"')
    )
    with pytest.raises(VersionError) as error:
        find_line("main", checkout.folder)
    assert all(problem.startswith("main: flows/main.toml:") for problem in error.value.problems)
    assert any("nowhere" in problem for problem in error.value.problems)
    checkout.commit("Not text", **{"prompts/en-US.ftl": b"\xff\xfe"})
    with pytest.raises(VersionError, match=r"main: prompts/en-US.ftl: cannot be read as UTF-8 text"):
        find_line("main", checkout.folder)
    checkout.git("rm", "-r", "--quiet", "flows")
    commit = checkout.commit("No flows")
    with pytest.raises(VersionError, match=f"{commit[:12]}: it has no flows"):
        line_at(checkout.folder, commit)


def test_several_versions_that_begin_alike_are_told_apart(engine):
    with engine.begin() as db:
        for last in "ab":
            keep_flow_version(db, f"{'0123abcd' * 7}0123abc{last}", dict(FILES), NOW)
        keep_flow_version(db, "f" * 64, {"flows/main.toml": "what is this"}, NOW)
        with pytest.raises(VersionError, match="several flow versions begin with it"):
            stored_line(db, "0123abcd")
        assert stored_line(db, f"{'0123abcd' * 7}0123abca").files == FILES
        assert stored_line(db, "012") is None  # too little to be meant
        with pytest.raises(VersionError, match=r"flow version fffffff: flows/main.toml:1: "):
            stored_line(db, "fffffff")


def history(checkout, changes):
    """Commit change after change on top of each other; return the commits."""
    commits = []
    for subject, files in changes:
        commits.append(checkout.commit(subject, **files))
    return commits


CALLS = recorded_calls(LINE, 15, seed=5)
NEW_WORDS = edited("prompts/en-US.ftl", ASKED, "    You find both on your bill.")
SPACE = {"flows/person.toml": FILES["flows/person.toml"] + "\n# A comment.\n"}
COMMENT = {"flows/reach.toml": FILES["flows/reach.toml"] + "\n# Another.\n"}
BROKEN = {"flows/reach.toml": "[node"}


def bisected(checkout, good, bad):
    def compare(before, line):
        named = [NamedRecipe(each.call_sid, each) for each in CALLS]
        return compare_all(Comparison(before, line, {LINE.flow.version: LINE}.get), named)

    return find_first_change(checkout.folder, good, bad, compare)


def test_the_first_revision_at_which_a_call_changes_is_named(checkout):
    commits = history(
        checkout,
        [
            ("A comment", SPACE),
            ("Something else", {"README.md": "Hello"}),
            ("Friendlier", NEW_WORDS),
            ("Another comment", COMMENT),
        ],
    )
    assert revisions_between(checkout.folder, "HEAD~4", "main") == [commits[0], commits[2], commits[3]]
    found = bisected(checkout, "HEAD~4", "main")
    assert (found.commit, found.skipped, found.instead) == (commits[2], (), ())
    assert found.about.endswith("Friendlier")
    assert found.as_text().startswith("The first revision at which a call changes: ")
    assert "verify/member_id" in found.as_text()
    assert found.as_json()["comparison"]["differ"] == len(found.comparison.differing) > 0
    assert bisected(checkout, commits[2], "main").commit is None


def test_a_revision_that_does_not_load_is_left_out_and_named(checkout):
    commits = history(
        checkout, [("A comment", SPACE), ("Broken", BROKEN), ("Friendlier", NEW_WORDS), ("Mended", COMMENT)]
    )
    found = bisected(checkout, "HEAD~4", "main")
    assert found.commit == commits[3]
    assert [each.split()[-1] for each in found.instead] == ["Broken", "Friendlier"]
    assert "It may also be one of these, which do not load: " in found.as_text()


def test_an_end_that_does_not_load_has_the_nearest_that_does_stand_in_for_it(checkout):
    checkout.write(BROKEN)
    commits = history(
        checkout,
        [
            ("Broken", {}),
            ("Broken still", SPACE),
            ("Loads", {"flows/reach.toml": FILES["flows/reach.toml"]}),
            ("Friendlier", NEW_WORDS),
            ("Broken again", BROKEN),
        ],
    )
    found = bisected(checkout, commits[0], "main")
    assert (found.commit, found.good, found.bad) == (commits[3], commits[2][:12], commits[3][:12])
    good, bad, answer, *rest = found.as_text().split("\n")
    assert good.startswith(f"{commits[0]} does not load on today's engine (flows/reach.toml: not TOML: ")
    assert good.endswith(" Loads, the oldest after it that loads")
    assert bad.startswith("main does not load on today's engine (flows/reach.toml: not TOML: ")
    assert bad.endswith(" Friendlier, the newest before it that loads")
    assert answer == f"The first revision at which a call changes: {found.about}"
    assert [each.partition(":")[0] for each in rest[:3]] == ["Left out, for it does not load"] * 3
    assert found.as_json()["ends"] == [good, bad]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ([("Broken", BROKEN)], "from HEAD~1 to main only "),
        (
            [("Broken", BROKEN), ("Broken still", SPACE)],
            r"from HEAD~2 to main only .*\(main: flows/reach.toml: not",
        ),
    ],
)
def test_one_revision_that_loads_is_too_little(checkout, changes, told):
    history(checkout, changes)
    with pytest.raises(VersionError, match=told) as raised:
        bisected(checkout, f"HEAD~{len(changes)}", "main")
    assert len(raised.value.problems) == 1


def test_no_revision_loads(checkout):
    history(checkout, [("Broken", BROKEN), ("Broken still", SPACE)])
    for good in ("HEAD~1", "HEAD"):
        with pytest.raises(VersionError, match=f"from {good} to main no revision loads on today's engine: "):
            bisected(checkout, good, "main")


def test_what_a_merge_brings_to_a_branch_is_seen_from_the_branch(checkout):
    """The merge brings nothing to main, so that git alone would not name it."""
    checkout.git("checkout", "--quiet", "-b", "side")
    checkout.commit("On the side", **{"README.md": "Hello"})
    checkout.git("checkout", "--quiet", "main")
    checkout.commit("Friendlier", **NEW_WORDS)
    checkout.git("merge", "--quiet", "--no-ff", "-m", "Merge", "side")
    found = bisected(checkout, "side", "main")
    assert found.commit == checkout.git("rev-parse", "main")


def test_calls_that_cannot_be_compared_do_not_count_as_the_same(checkout):
    history(checkout, [("A comment", SPACE)])
    found = find_first_change(
        checkout.folder, "HEAD~1", "main", lambda before, line: Comparison(before, line, {}.get)
    )
    assert (found.commit, found.exit_status) == (None, 1)
    assert found.as_text().endswith(
        "\n\nno call to compare: name other files, or choose other recorded calls"
    )


def test_nothing_changes_where_nothing_did(checkout):
    history(checkout, [("A comment", SPACE), ("Broken", BROKEN)])
    found = bisected(checkout, "HEAD~2", "main")
    assert (found.commit, len(found.skipped), found.exit_status) == (None, 1, 1)
    told, answer, _ = found.as_text().split("\n")
    assert told.startswith("main does not load on today's engine (flows/reach.toml: not TOML: ")
    assert told.endswith("A comment, the newest before it that loads")
    assert answer == f"No call changes from HEAD~2 to {found.bad} (1 revision of flows and prompts)."


def test_good_comes_before_bad(checkout):
    checkout.commit("Later")
    with pytest.raises(VersionError, match="main is not before HEAD~1: give the older revision first"):
        revisions_between(checkout.folder, "main", "HEAD~1")
