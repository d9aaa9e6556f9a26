"""Notices go out: each as soon as its payment is authorized, and every minute whatever waits."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from ivr.base.facts import read_facts
from ivr.base.randomness import SecretRandomness
from ivr.notices.due import send_due, warn_of_late
from ivr.notices.inserts import Inserts
from ivr.notices.outbox import PrintOutbox
from ivr.notices.send import send_notice
from ivr.notices.sender import NoticeSender
from ivr.notices.text_folder import TextFolder
from ivr.notices.texts import NoticeTexts
from ivr.payments.cutoffs import cutoff_rule
from ivr.payments.guest_cancels import cancel_untold
from ivr.payments.later_notices import SEND_JOB, SEND_QUEUE

if TYPE_CHECKING:
    from pathlib import Path

    from procrastinate import App
    from sqlalchemy import Engine

    from ivr.base.clock import Clock
    from ivr.base.settings import NoticeSettings
    from ivr.notices.sms import SmsCarrier

_EVERY_MINUTE: Final = "* * * * *"
_ROUND: Final = timedelta(seconds=40)  # fresh promises want their turn; the next minute goes on


def open_notice_sender(settings: NoticeSettings, folder: Path) -> NoticeSender:
    """Return what notices are sent with. Raises `OperatorError` for texts or inserts that cannot be used."""
    texts = NoticeTexts.load(folder)
    sms: SmsCarrier | TextFolder | None = None
    email = None
    if settings.ivr_demo:
        sms = TextFolder(settings.demo_texts)
    elif settings.ivr_sms_from:
        from ivr.notices.sms import SmsAccount, SmsCarrier  # noqa: PLC0415 (without SMS no HTTP client is loaded)

        sms = SmsCarrier(
            SmsAccount(
                account_sid=settings.twilio_account_sid,
                auth_token=settings.twilio_auth_token,
                sender=settings.ivr_sms_from,
                status_url=f"{settings.public_url}/notices/status",
                api_url=settings.twilio_api_url,
            )
        )
    if settings.ivr_smtp is not None:
        from ivr.notices.email import MailCarrier  # noqa: PLC0415 (as above)

        email = MailCarrier(settings.ivr_smtp, settings.ivr_mail_from)
    return NoticeSender(
        texts=texts,
        support_phone=settings.ivr_support_phone,
        opening=read_facts(settings.ivr_facts).opening(settings.ivr_support_hours),
        cutoff=cutoff_rule(settings),
        keys=settings.key_ring,
        letters=PrintOutbox(settings.letters_out),
        letters_confirmed=settings.ivr_letters_confirmed,
        retries=settings.ivr_retries,
        inserts=Inserts.load(settings.ivr_inserts, texts.languages),
        sms=sms,
        email=email,
    )


def add_notice_jobs(
    app: App, engine: Engine, clock: Clock, sender: NoticeSender | None, *, periodic: bool
) -> None:
    """Give the worker these jobs. Without a `sender` what was promised waits for a worker that has one."""

    @app.task(name=SEND_JOB, queue=SEND_QUEUE)
    def send(notice_id: int) -> None:
        if sender is not None:
            send_notice(engine, sender, clock, notice_id)

    @app.task(name="notices", queue=SEND_QUEUE, queueing_lock="notices")
    def notices(timestamp: int = 0) -> None:
        del timestamp
        cancel_untold(engine, SecretRandomness(), clock.now())
        with engine.begin() as db:
            warn_of_late(db, clock.now())
        if sender is not None:
            send_due(engine, sender, clock, at_most=_ROUND)

    if periodic and sender is not None:
        app.periodic(cron=_EVERY_MINUTE)(notices)
