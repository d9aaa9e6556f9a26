"""What the written calls visit of the flows, per language and pace, and what they do not."""

from __future__ import annotations

from collections import Counter
from itertools import product
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ivr.replay.host import Visit


def edge_name(node: str, label: str) -> str:
    """Write an edge as coverage counts it: `dialog/node -> label`."""
    return f"{node} -> {label}"


class FlowCoverage:
    """Counts visits. A visit counts for the language and pace of the call it was made in.

    `nodes` are `dialog/node`, `edges` are `dialog/node -> label`. A call's language and pace are those it is
    played in, so that the nodes before the caller has chosen count for each. `only_in` names the places that
    exist in one pace alone.
    """

    def __init__(
        self,
        nodes: Iterable[str],
        edges: Iterable[str],
        languages: Sequence[str],
        paces: Sequence[str],
        *,
        only_in: Mapping[str, str] | None = None,
    ) -> None:
        self._places = {"nodes": tuple(nodes), "edges": tuple(edges)}
        self._runs = tuple(product(languages, paces))
        self._only_in = only_in or {}
        self._visits: Counter[tuple[str, str, str]] = Counter()
        self._known = frozenset((*self._places["nodes"], *self._places["edges"]))

    def add(self, visits: Iterable[Visit], language: str, pace: str) -> None:
        """Count the visits of one call."""
        for node, label in visits:
            self._visits[language, pace, node] += 1
            if label is not None:
                self._visits[language, pace, edge_name(node, label)] += 1

    @property
    def complete(self) -> bool:
        """Whether every node and edge was visited in every language and pace."""
        return not any(self._unvisited(kind, run) for kind in self._places for run in self._runs)

    def _unvisited(self, kind: str, run: tuple[str, str]) -> list[str]:
        return [place for place in self._there(kind, run) if not self._visits[(*run, place)]]

    def _there(self, kind: str, run: tuple[str, str]) -> list[str]:
        """Return the places that can be come to in a run's pace."""
        return [place for place in self._places[kind] if self._only_in.get(place, run[1]) == run[1]]

    def as_json(self) -> dict[str, Any]:
        """Return the counts and the places not visited; `unknown` are visits the flows do not have."""
        return {
            "runs": [
                {
                    "language": language,
                    "pace": pace,
                    **{
                        kind: {
                            "total": len(self._there(kind, (language, pace))),
                            "visited": len(self._there(kind, (language, pace)))
                            - len(self._unvisited(kind, (language, pace))),
                            "not_visited": self._unvisited(kind, (language, pace)),
                        }
                        for kind in self._places
                    },
                }
                for language, pace in self._runs
            ],
            "unknown": sorted({place for _, _, place in self._visits} - self._known),
        }

    def as_text(self) -> str:
        """Return the same as lines to read: a line a run, then what it has not visited."""
        report = self.as_json()
        lines = []
        for run in report["runs"]:
            nodes, edges = run["nodes"], run["edges"]
            lines.append(
                f"{run['language']} {run['pace']}: nodes {nodes['visited']} of {nodes['total']}, "
                f"edges {edges['visited']} of {edges['total']}"
            )
            lines += [f"  not visited: {place}" for place in (*nodes["not_visited"], *edges["not_visited"])]
        lines += [f"visited, but not in the flows: {place}" for place in report["unknown"]]
        return "\n".join(lines)
