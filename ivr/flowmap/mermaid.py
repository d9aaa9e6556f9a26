"""The picture of the line as Mermaid text, which GitHub and many editors draw: a subgraph a dialog."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ivr.flowmap.drawing import COMMON_KEYS, LEFT, SHADES
from ivr.flowmap.heat import Heat
from ivr.flowmap.picture import Box, Cluster, Picture

# How each kind of node is written: what stands before and after its words, and its class.
_SHAPES: Mapping[str, tuple[str, str, str]] = {
    "say": ("(", ")", "says"),
    "collect": ("[", "]", "asks"),
    "action": ("{{", "}}", "does"),
    "set": ("[/", "/]", "notes"),
    "call": ("[[", "]]", "runs"),
    "transfer": ("([", "])", "asks"),
    "end": ("([", "])", "ends"),
}
_CLASSES = (
    "classDef says fill:#ffffff,stroke:#111111,color:#111111",
    "classDef asks fill:#ffffff,stroke:#111111,color:#111111,stroke-width:3px",
    "classDef does fill:#ffffff,stroke:#111111,color:#111111,stroke-dasharray:6 3",
    "classDef notes fill:#ffffff,stroke:#111111,color:#111111,stroke-dasharray:2 3",
    "classDef runs fill:#ffffff,stroke:#111111,color:#111111",
    "classDef ends fill:#111111,stroke:#111111,color:#ffffff",
)
# Letters that would end a label, begin a tag or an entity, or be read as Markdown.
_ENTITIES = {ord(letter): f"#{ord(letter)};" for letter in '"#&<>`*\\{}|'}


def mermaid_of(picture: Picture, heat: Heat | None = None) -> str:
    """Return the picture as Mermaid text; `heat` adds visits and hang-ups to every node.

    Where callers hung up, the node has a red edge.
    """
    described = " ".join((COMMON_KEYS, *([heat.explanation] if heat else ())))
    lines = [
        "flowchart TB",
        f"  accTitle: The payment line, version {picture.version[:12]}",
        f"  accDescr: {described}",
        *(f"  {each}" for each in _CLASSES),
    ]
    if heat is not None:
        for step, shade in enumerate(SHADES):
            lines += [
                f"  classDef heat{step} fill:{shade},stroke:#111111,color:#111111",
                f"  classDef heat{step}left fill:{shade},stroke:{LEFT},stroke-width:5px,color:#111111",
            ]
    paths = (box.path for cluster in picture.clusters for box in cluster.boxes)
    ids = {path: f"n{number}" for number, path in enumerate(paths, start=1)}  # longer text is refused
    for cluster in picture.clusters:
        lines += _subgraph(cluster, ids, heat)
    return "\n".join(lines) + "\n"


def _subgraph(cluster: Cluster, ids: Mapping[str, str], heat: Heat | None) -> Iterator[str]:
    title = ": ".join(filter(None, (cluster.name, cluster.caption)))
    yield f"  subgraph dialog_{cluster.name}[{_quoted(title)}]"
    for box in cluster.boxes:
        before, after, style = _SHAPES[box.kind]
        if heat is not None:
            style = f"heat{heat.step(box.path)}{'left' if heat.hung_up(box.path) else ''}"
        yield f"    {ids[box.path]}{before}{_quoted(*_lines(box, heat))}{after}:::{style}"
    exits = dict.fromkeys(branch.leaves for box in cluster.boxes for branch in box.branches if branch.leaves)
    numbers = {leaves: f"leave_{cluster.name}_{number}" for number, leaves in enumerate(exits, start=1)}
    for leaves, name in numbers.items():
        yield f"    {name}([{_quoted(leaves)}]):::ends"
    for box in cluster.boxes:
        for branch in box.branches:
            words = f"|{_quoted(branch.words)}|" if branch.words else ""
            target = ids[f"{cluster.name}/{branch.target}"] if branch.target else numbers[branch.leaves]
            yield f"    {ids[box.path]} -->{words} {target}"
    yield "  end"


def _lines(box: Box, heat: Heat | None) -> Iterator[str]:
    yield box.name
    if heat is not None:
        yield from heat.lines(box.path)
    if box.words:
        yield box.words


def _quoted(*lines: str) -> str:
    return '"' + "<br>".join(line.translate(_ENTITIES) for line in lines) + '"'
