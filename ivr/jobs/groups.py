"""Every job of the line, group by group, for a worker that is to do them all."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ivr.jobs.ach_returns import add_return_jobs
from ivr.jobs.bank import add_bank_jobs
from ivr.jobs.fraud import add_fraud_jobs
from ivr.jobs.notices import add_notice_jobs
from ivr.jobs.reports import add_report_jobs
from ivr.jobs.retention import add_retention_jobs

if TYPE_CHECKING:
    from ivr.base.settings import MemberSettings, OriginationSettings
    from ivr.jobs.worker import JobGroup
    from ivr.notices.sender import NoticeSender


def job_groups(
    *,
    sender: NoticeSender | None = None,
    bank: OriginationSettings | None = None,
    retention: MemberSettings | None = None,
) -> tuple[JobGroup, ...]:
    """Return the groups that can be done with what is given.

    Without `sender` no notice is sent, without `bank` no file is made, without `retention` nothing is
    sealed or counted.
    """
    groups: list[JobGroup] = [partial(add_notice_jobs, sender=sender)]
    if bank is not None:
        groups += [
            add_fraud_jobs,
            partial(add_bank_jobs, settings=bank),
            partial(add_return_jobs, settings=bank),
        ]
    if retention is not None:
        groups += [
            partial(add_retention_jobs, settings=retention),
            partial(add_report_jobs, settings=retention),
        ]
    return tuple(groups)
