"""The line as one thing: flows and prompts of one version, read, checked and compiled together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ivr.base.errors import OperatorError
from ivr.base.nearest import nearest
from ivr.dialog.checks import check_flow
from ivr.dialog.flow import Flow, version_of
from ivr.dialog.loader import load_dialogs
from ivr.speech.catalog import Catalog, CatalogError
from ivr.topics.registry import CHOICES, VOCABULARY

LINES_KEPT_MAX = 8  # compiled lines a process keeps, of some three megabytes each


@dataclass(frozen=True, slots=True)
class Line:
    """A flow with its prompt catalog, and the texts both were made from (file name -> text)."""

    flow: Flow
    catalog: Catalog
    files: Mapping[str, str]


def read_line_files(folder: Path, languages: Sequence[str] | None = None) -> dict[str, str]:
    """Read `flows/*.toml` and `prompts/<language>.ftl` below `folder`.

    `languages` None takes every language there is. Raises `OperatorError` naming what is missing.
    """
    flows = sorted((folder / "flows").glob("*.toml"))
    prompts = sorted((folder / "prompts").glob("*.ftl"))
    problems = []
    if not flows:
        cure = "give a folder that has flows/ and prompts/"
        problems.append(f"{folder / 'flows'}: no .toml file here; {cure} [flow.no-file]")
    present = {path.stem for path in prompts}
    wanted = present if languages is None else set(languages)
    problems += [
        f"{folder / 'prompts'}: no {language}.ftl{nearest(language, present)}; "
        f"write it, or leave {language} out of IVR_LANGUAGES [prompt.no-file]"
        for language in sorted(wanted - present)
    ]
    if not wanted:
        problems.append(f"{folder / 'prompts'}: no .ftl file here [prompt.no-file]")
    if problems:
        raise OperatorError(*problems)
    chosen = [*flows, *(path for path in prompts if path.stem in wanted)]
    texts = {}
    for path in chosen:
        try:
            texts[f"{path.parent.name}/{path.name}"] = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            rule = "flow.not-utf8" if path in flows else "prompt.not-utf8"
            problems.append(f"{path}: cannot be read as UTF-8 text [{rule}]")
    if problems:
        raise OperatorError(*problems)
    return texts


def prompt_files(files: Mapping[str, str]) -> dict[str, str]:
    """Return the prompts among a line's files: language tag -> text."""
    return {
        name.removeprefix("prompts/").removesuffix(".ftl"): text
        for name, text in files.items()
        if name.startswith("prompts/")
    }


def compile_line(files: Mapping[str, str]) -> Line:
    """Check and compile a line. Raises `OperatorError` with every fault for which no call can run on it.

    Lines that are compared may tell callers a wrong key: see `sound_line`.
    A line never changes once compiled, so the same files give the same line again, while it is kept.
    """
    return _compile(tuple(files.items()), told_keys=False)


def kept_line(files: Mapping[str, str]) -> Line:
    """Compile a version of before, as calls began on it. Raises `OperatorError` as `compile_line` does.

    The program may have learned outcomes and reasons since. A call that meets one of them is told a reason
    by the question alone, and an outcome as any trouble; every other call goes on as it began.
    """
    return _compile(tuple(files.items()), told_keys=False, kept=True)


def sound_line(files: Mapping[str, str]) -> Line:
    """Check and compile a line that is to take calls. Raises `OperatorError` with every fault there is."""
    return _compile(tuple(files.items()), told_keys=True)


@lru_cache(maxsize=LINES_KEPT_MAX)
def _compile(files: tuple[tuple[str, str], ...], *, told_keys: bool, kept: bool = False) -> Line:
    """Compile a line; `told_keys` asks as well whether what it tells callers of keys is true."""
    texts = dict(files)
    dialogs, flow_faults = load_dialogs({name: text for name, text in files if name.startswith("flows/")})
    try:
        catalog = Catalog.parse(prompt_files(texts), VOCABULARY.slots)
    except CatalogError as error:
        raise OperatorError(*map(str, flow_faults), *error.problems) from None
    faults = flow_faults or check_flow(dialogs, VOCABULARY, catalog, told_keys=told_keys, kept=kept)
    wordless = catalog.unworded(CHOICES) if told_keys else ()
    problems = [*map(str, faults), *map(str, wordless)]
    if problems:
        raise OperatorError(*problems)
    flow = Flow.compile(version_of(texts), dialogs, VOCABULARY, catalog, kept=kept)
    return Line(flow, catalog, texts)
