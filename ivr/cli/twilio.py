"""`ivr twilio`: the number is set at Twilio, and a turn comes through to the line."""

from __future__ import annotations

import json
from collections.abc import Iterable

import click

from ivr.base.errors import EXIT_NO
from ivr.base.randomness import SecretRandomness
from ivr.base.settings import NumberSettings, load_number_settings
from ivr.carrier.observation import Observation

_MARKS = {"good": "ok  ", "look": "look", "bad": "BAD "}
_CALLER, _NOBODY = "+15005550006", "+15005550001"  # Twilio's magic numbers: nobody has them


@click.group()
def twilio() -> None:
    """Set the number at Twilio, and see that turns come through."""


@twilio.command()
@click.option("--number", default="", help="The number, as +1 and ten digits; not needed where there is one.")
@click.option("--yes", is_flag=True, help="Set what is not right. Without it, nothing is changed.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def setup(number: str, *, yes: bool, as_json: bool) -> int:
    """Set the number's URLs to the line at PUBLIC_URL, and look at what the account must be.

    Exit status 1 where something is not right (in the end, with --yes).
    """
    from ivr.carrier.number import TwilioNumber  # noqa: PLC0415 (a second that others need not wait)

    settings = load_number_settings()
    at_twilio = TwilioNumber(
        settings.twilio_account_sid,
        settings.twilio_auth_token,
        number,
        api_url=settings.twilio_api_url,
    )
    before = at_twilio.settings(settings.public_url)
    if yes:
        at_twilio.set(before)
    after = at_twilio.settings(settings.public_url) if yes else before
    found = list(at_twilio.findings())
    if as_json:
        told = [each._asdict() | {"is_right": each.is_right} for each in after]
        click.echo(json.dumps({"number": at_twilio.number, "settings": told, "findings": _as_json(found)}))
    else:
        click.echo(f"{at_twilio.number}, for the line at {settings.public_url}")
        for was, now in zip(before, after, strict=True):
            click.echo(_setting(now.name, was.now, now.now, now.wanted))
        _tell(found)
        if not yes and any(not each.is_right for each in before):
            click.echo("Nothing was changed. To set it: ivr twilio setup --yes")
    wrong = any(not each.is_right for each in after) or _is_bad(found)
    return EXIT_NO if wrong else 0


@twilio.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(*, as_json: bool) -> int:
    """Post one signed turn to PUBLIC_URL, as Twilio does, and say what is wrong.

    Exit status 1 if anything is.
    """
    from ivr.carrier.probe import Probe  # noqa: PLC0415
    from ivr.simulator.webhooks import CallIdentity  # noqa: PLC0415

    settings: NumberSettings = load_number_settings()
    call_sid = f"CA{SecretRandomness().below(16**32):032x}"
    call = CallIdentity(call_sid, settings.twilio_account_sid, _CALLER, _NOBODY)
    probe = Probe(settings.public_url, call, settings.twilio_auth_token, authorities=settings.authorities)
    found = list(probe.findings(settings.make_clock().now()))
    click.echo(json.dumps({"findings": _as_json(found)})) if as_json else _tell(found)
    return EXIT_NO if _is_bad(found) else 0


def _setting(name: str, was: str, now: str, wanted: str) -> str:
    if now != wanted:
        return f"{_MARKS['bad']}  {name} is {now or 'empty'}, and should be {wanted or 'empty'}"
    set_now = "" if was == now else f" (it was {was or 'empty'})"
    return f"{_MARKS['good']}  {name} is {now or 'empty'}{set_now}"


def _tell(found: Iterable[Observation]) -> None:
    for each in found:
        click.echo(f"{_MARKS[each.verdict]}  {each.what}: {each.told}")


def _as_json(found: Iterable[Observation]) -> list[dict[str, str]]:
    return [each._asdict() for each in found]


def _is_bad(found: Iterable[Observation]) -> bool:
    return any(each.verdict == "bad" for each in found)
