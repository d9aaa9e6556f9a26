"""`ivr demo return`: what the caller's bank might send back, for trying the line's own part in it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import click
from sqlalchemy import Connection, select

from ivr.ach.letters import individual_name
from ivr.ach.return_codes import RETURN_RULES
from ivr.base.errors import OperatorError, SettingsError
from ivr.base.settings import OriginationSettings, load_origination_settings
from ivr.cli.questions import written_plain
from ivr.payments.find import find
from ivr.payments.names import CURRENT_NAME
from ivr.start import ready_database
from ivr.storage.tables import AchEntry, Payment

_AS_IT_CAME: Final = {"27": "26", "37": "36", "22": "21", "32": "31"}  # an entry's code when it is returned
_LINES_A_BLOCK: Final = 10


@click.command("return")
@click.argument("confirmation_number")
@click.option("--code", default="R01", show_default=True, help="Why it comes back.")
def return_file(confirmation_number: str, code: str) -> None:
    """Write the file with which a bank returns the payment with this CONFIRMATION_NUMBER. Demo only."""
    settings = load_origination_settings()
    if not settings.ivr_demo:
        raise SettingsError("Set IVR_DEMO to yes first: no real payment comes back because we say so.")
    if code not in RETURN_RULES:
        raise click.BadParameter(f"write one of {', '.join(RETURN_RULES)}", param_hint="--code")
    with ready_database(settings) as engine, engine.connect() as db:
        entry = _newest_entry(db, written_plain(confirmation_number))
    click.echo(_file(settings, entry, code, settings.make_clock().now()), nl=False)


def _newest_entry(db: Connection, confirmation_number: str) -> Any:
    entry = db.execute(
        select(
            Payment.confirmation_number,
            CURRENT_NAME.label("receiver_name"),
            Payment.rdfi_routing_number,
            Payment.account_last4,
            AchEntry.transaction_code,
            AchEntry.amount_cents,
            AchEntry.trace_number,
            AchEntry.sec_code,
        )
        .join_from(Payment, AchEntry, AchEntry.payment_id == Payment.id)
        .where(
            Payment.confirmation_number == confirmation_number,
            AchEntry.state.in_(("sent", "settled", "final")),
        )
        .order_by(AchEntry.id.desc())
        .limit(1)
    ).one_or_none()
    if entry is None:
        raise _not_with_the_bank(db, confirmation_number)
    return entry


def _not_with_the_bank(db: Connection, confirmation_number: str) -> OperatorError:
    state = find(db, confirmation_number, Payment.state).state
    return OperatorError(
        f"Payment {confirmation_number} is {state}, not with the bank: only what was sent can come back, and"
        " `ivr ach cutoff` sends what is due."
    )


def _file(settings: OriginationSettings, entry: Any, code: str, now: datetime) -> str:
    """Return the lines of 94 characters: a batch with one entry and its addenda record, which says why."""
    local = now.astimezone(settings.ivr_timezone)
    bank, ours = entry.rdfi_routing_number[:8], settings.ivr_odfi_routing
    trace, company = f"{bank}0000001", f"{settings.ivr_company_id:<10}"
    debit, credit = (entry.amount_cents, 0) if entry.transaction_code[1] == "7" else (0, entry.amount_cents)
    totals = f"{2:06}{int(ours[:8]):010}{debit:012}{credit:012}"
    tomorrow = local + timedelta(days=1)
    file_header = (
        f"101{settings.ivr_odfi_origin}{settings.ivr_odfi_destination}{local:%y%m%d%H%M}A094101"
        f"{settings.ivr_company_name:<23}{settings.ivr_odfi_name:<23}{'':8}"
    )
    batch_header = (
        f"5200{settings.ivr_company_name:<16}{'':20}{company}{entry.sec_code}{'RETURN':<10}{'':6}"
        f"{tomorrow:%y%m%d%j}1{bank}0000001"
    )
    returned = (
        f"6{_AS_IT_CAME[entry.transaction_code]}{ours}{'000000' + entry.account_last4:<17}"
        f"{entry.amount_cents:010}{entry.confirmation_number:<15}"
        f"{individual_name(entry.receiver_name):<22}{'':2}1{trace}"
    )
    lines = [
        file_header,
        batch_header,
        returned,
        f"799{code}{entry.trace_number}{'':6}{bank}{'':44}{trace}",
        f"8200{totals}{company}{'':25}{bank}0000001",
        f"9{1:06}{1:06}{2:08}{int(ours[:8]):010}{debit:012}{credit:012}{'':39}",
    ]
    lines += ["9" * 94] * (-len(lines) % _LINES_A_BLOCK)
    return "".join(f"{line}\n" for line in lines)
