"""Text messages as files of a folder: the demo's, which sends nothing to anybody."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ivr.notices.carriers import CarrierAnswer


@dataclass(frozen=True, slots=True)
class TextFolder:
    """Takes text messages, each as a file of `folder`, which only its owner can read."""

    folder: Path

    def send(self, number: str, body: str, attempt_id: int) -> CarrierAnswer:
        """Write `body` and `number` (E.164) down; `reference` is the file's name."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = self.folder / f"{attempt_id}.txt"
        file.write_text(f"To {number}\n\n{body}\n", "utf-8")
        return CarrierAnswer("accepted", reference=file.name)
