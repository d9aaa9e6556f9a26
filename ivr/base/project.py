"""Where the project is that a command works on."""

from __future__ import annotations

from pathlib import Path


def project_folder() -> Path:
    """Return the folder with the project's `flows/` and `prompts/`: the checkout, else the current folder."""
    checkout = Path(__file__).resolve().parents[2]
    return checkout if (checkout / "flows").is_dir() else Path()
