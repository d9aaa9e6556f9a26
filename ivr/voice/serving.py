"""The voice app put together from settings and values, for the composition roots."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import Engine

from ivr.base.clock import Clock
from ivr.base.facts import read_facts
from ivr.base.randomness import Randomness
from ivr.base.settings import CallSettings
from ivr.payments.cutoffs import cutoff_rule
from ivr.topics.line import Line
from ivr.topics.services import Services
from ivr.voice.app import make_voice_app
from ivr.voice.deliveries import Deliveries
from ivr.voice.edge import VoiceSettings
from ivr.voice.patience import Patience
from ivr.voice.turns import Support, Turns


def make_services(settings: CallSettings, randomness: Randomness) -> Services:
    """Build what actions need. Raises `OperatorError` for facts that cannot be read."""
    facts = read_facts(settings.ivr_facts)
    return Services(
        keys=settings.key_ring,
        hashes=settings.hashes,
        randomness=randomness,
        cutoff=cutoff_rule(settings),
        opening=facts.opening(settings.ivr_support_hours),
        facts=facts,
        agent_phone=settings.ivr_agent_phone,
        consent=settings.ivr_consent,
        takes_payments=settings.ivr_payments == "on",
        on_time=settings.ivr_on_time,
        notice_channels=settings.notice_channels,
    )


def serve_line(
    settings: CallSettings,
    engine: Engine,
    line: Line,
    clock: Clock,
    randomness: Randomness,
    *,
    patience: Patience | None = None,
    keeps_connection: bool = False,
) -> Flask:
    """Return the voice app for these settings. Nothing connects yet.

    Processes forked from this one share its `patience` (None: the usual one). `keeps_connection`: as `Turns`.
    """
    services = make_services(settings, randomness)
    support = Support(settings.ivr_support_phone, tells_agents=settings.ivr_agent_told)
    patience = patience or Patience(engine)
    turns = Turns(
        engine, line, services, support, clock, patience=patience, keeps_connection=keeps_connection
    )
    edge = VoiceSettings(settings.public_url, settings.twilio_account_sid, settings.twilio_auth_token)
    # Callbacks touch other tables than turns: one may hang where the other comes through.
    return make_voice_app(turns, engine, edge, Deliveries(engine, clock, Patience(engine)))
