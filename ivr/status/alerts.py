"""The ten alerts: what is above which threshold, for how long, what to do. Prometheus reads the same ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ivr.status.figures import Figure


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert: a figure (of one label's value, where `label` and `of` name it) that is above a threshold."""

    name: str
    figure: str
    above: float
    minutes: int
    do: str
    label: str = ""
    of: str = ""

    @property
    def expression(self) -> str:
        """The condition as Prometheus reads it."""
        which = f'{{{self.label}="{self.of}"}}' if self.label else ""
        return f"{self.figure}{which} > {self.above:g}"

    def fires(self, found: Iterable[Figure]) -> bool:
        """Return whether any of the figures is above the threshold now."""
        return any(
            value > self.above
            for figure in found
            if figure.name == self.figure
            for labels, value in figure.values
            if not self.label or labels.get(self.label) == self.of
        )


ALERTS: Final[tuple[Alert, ...]] = (
    Alert("DatabaseDown", "ivr_database_down", 0, 1, "bring the database back; callers are turned away"),
    Alert(
        "MigrationsMissing", "ivr_migrations_missing", 0, 5, "run `ivr db upgrade`, restart web and worker"
    ),
    Alert(
        "WorkerSilent",
        "ivr_heartbeat_age_seconds",
        300,
        1,
        "start the worker: no notice, file or return moves",
        "process",
        "worker",
    ),
    Alert("CutoffOverdue", "ivr_cutoffs_overdue", 0, 1, "start the worker, or run `ivr ach cutoff` now"),
    Alert(
        "CutoffMissed",
        "ivr_tasks_open",
        0,
        0,
        "see `ivr ach queue list`; held payments leave by `ivr payments release`",
        "kind",
        "cutoff_missed",
    ),
    Alert("FileNotDelivered", "ivr_file_waiting_seconds", 900, 0, "see `ivr ach status`; call the bank"),
    Alert(
        "NoticesWaiting",
        "ivr_notice_waiting_seconds",
        3600,
        0,
        "see `ivr notices list`",
    ),
    Alert(
        "ReturnRateNearLimit",
        "ivr_return_rate_near_limit",
        0,
        0,
        "see `ivr ach status`",
    ),
    Alert(
        "VerificationsFail",
        "ivr_verification_failures_last_hour",
        99,
        0,
        "see `ivr members locked`: somebody may be guessing",
    ),
    Alert("TasksWaiting", "ivr_task_age_seconds", 3 * 86_400, 0, "work through `ivr ach queue list`"),
)


def prometheus_rules() -> str:
    """Return the alerts as a rules file of Prometheus, YAML."""
    lines = ["groups:", "  - name: ivr", "    rules:"]
    for alert in ALERTS:
        lines += [
            f"      - alert: {alert.name}",
            f"        expr: {alert.expression}",
            f"        for: {alert.minutes}m",
            f'        annotations: {{summary: "{alert.do}"}}',
        ]
    return "\n".join(lines)
