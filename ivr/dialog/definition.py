"""A flow: dialogs made of nodes of seven closed kinds, with no expressions. One dialog a TOML file.

Nodes: `say` speaks, `collect` waits for the caller, `action` asks the domain, `set` fills a slot or changes
the pace, `call` runs another dialog, `transfer` hands over to an agent, `end` ends the call. A branch is a
key pressed, a field that matched, or the named outcome of an action.

A dialog may take arguments: whoever calls it gives each a value, `args.plan = "health"`, and its own nodes
write `$plan` where they mean it. Arguments last as long as the dialog runs, and no longer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

Kind = Literal["say", "collect", "action", "set", "call", "transfer", "end"]
Waiting = Literal["menu", "number", "lookup", "fetch"]  # how long a caller needs before the first key
WAITINGS: tuple[Waiting, ...] = get_args(Waiting)

ARGUMENT = "$"  # before the name of an argument, where a node means its value

# Words of the engine, used where a node's name would stand: each begins with this.
ENGINE_WORD = "@"
RETURN = "@return"
REPEAT = "@repeat"
AGENT = "@agent"
GIVE_UP = "@give_up"
MORE_TIME = "@more_time"
LEAVE = "@main"  # `@main.node`: everything that was begun is left
ENGINE_WORDS = (RETURN, REPEAT, AGENT, GIVE_UP, MORE_TIME, LEAVE)

# Dialogs the engine itself calls: where a call starts, where 0 leads, and where patience or time has run out.
MAIN = "main"
AGENT_DIALOG = "person"
GIVE_UP_DIALOG = "give_up"
TIME_UP_DIALOG = "time_up"
REQUIRED_DIALOGS = (MAIN, AGENT_DIALOG, GIVE_UP_DIALOG, TIME_UP_DIALOG)

# Keys with one meaning everywhere.
KEY_AGENT = "0"
KEY_REPEAT = "9"
KEY_MORE_TIME = "7"
COMMON_KEYS = frozenset({KEY_AGENT, KEY_REPEAT, KEY_MORE_TIME})
DIGITS = frozenset("0123456789")

MENU = "menu"
LANGUAGE = "language"
GATE = "gate"
GATE_PREFIX = "gate-"  # of its prompts
EXHAUSTED = "exhausted"
POUND = "pound"  # `#` alone, where a question takes it for an answer: "I have none"
ENDS = ("goodbye", "agent", "hangup")


@dataclass(frozen=True, slots=True)
class Node:
    """One step of a dialog. `line` is where its section begins in the file.

    `word` is what follows the kind: the prompt of a `say`, the field of a `collect`, the name of an `action`,
    the dialog of a `call`, the manner of an `end`. `branches` maps a label (a key, an outcome, `next`) to a
    target: a node of the same dialog or a word of the engine. `args` are what an `action` or a dialog is
    given, and the slots of a `set`: a text, or an argument of the node's own dialog (`$plan`). `waiting` is
    what a `collect` waits for, where it is not as long as a menu or its field says. `path` is the node's full
    name, `dialog/node`; `takes_arguments`: one of its `args` is an argument of its dialog.
    """

    dialog: str
    name: str
    line: int
    kind: Kind
    word: str
    prompts: tuple[str, ...] = ()
    branches: Mapping[str, str] = field(default_factory=dict)
    args: Mapping[str, str] = field(default_factory=dict)
    tries: Mapping[str, int] = field(default_factory=dict)
    barge_in: bool = True
    only: str = ""
    evidence: bool = False
    waiting: Waiting | Literal[""] = ""
    path: str = field(init=False, compare=False)
    takes_arguments: bool = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Work out what is asked of a node all the time."""
        object.__setattr__(self, "path", f"{self.dialog}/{self.name}")
        is_argument = (str(value).startswith(ARGUMENT) for value in self.args.values())
        object.__setattr__(self, "takes_arguments", any(is_argument))

    def given(self, arguments: Mapping[str, str]) -> Mapping[str, str]:
        """Return the values of `args` where the node's dialog was called with these arguments."""
        if not self.takes_arguments:
            return self.args
        return {
            name: arguments[value[1:]] if value.startswith(ARGUMENT) else value
            for name, value in self.args.items()
        }


@dataclass(frozen=True, slots=True)
class Dialog:
    """The nodes of one file, the one it starts with, and the arguments it takes (written in `line`)."""

    name: str
    start: str
    nodes: Mapping[str, Node]
    takes: tuple[str, ...] = ()
    line: int = 0

    def results(self) -> frozenset[str]:
        """Return the names this dialog can return with; `next` stands for a bare `@return`."""
        found = set()
        for node in self.nodes.values():
            for target in node.branches.values():
                if target.split(".")[0] == RETURN:
                    found.add(target.partition(".")[2] or "next")
        return frozenset(found)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a flow: where it stands, the rule's id in docs/rules.md, and what would cure it.

    `about` is the name that is unknown, missing or not filled; `language` the prompts' that lack it.
    """

    file: str
    line: int
    node: str
    rule: str
    message: str
    about: str = ""
    language: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        node = f"{self.node}: " if self.node else ""
        return f"{where}: {node}{self.message} [{self.rule}]"
