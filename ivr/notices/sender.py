"""What notices are written and sent with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ivr.notices.inserts import NO_INSERTS, Inserts
from ivr.notices.texts import NoticeTexts

if TYPE_CHECKING:
    from ivr.ach.banking_days import CutoffRule
    from ivr.base.hours import Opening
    from ivr.base.keys import KeyRing
    from ivr.notices.email import MailCarrier
    from ivr.notices.outbox import PrintOutbox
    from ivr.notices.sms import SmsCarrier
    from ivr.notices.text_folder import TextFolder


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeSender:
    """What notices are written and sent with; without `sms` or `email` that channel is passed over.

    `opening` is when agents answer, as callers are told; `cutoff` is the bank's, and knows when letters are
    mailed.
    `keys` open a guest's mobile number.
    With `letters_confirmed` a letter counts as mailed only when staff say so. `retries` is how often the bank
    is asked once more for a debit that came back. `inserts` go with letters and e-mail.
    """

    texts: NoticeTexts
    support_phone: str
    opening: Opening
    cutoff: CutoffRule
    keys: KeyRing
    letters: PrintOutbox
    letters_confirmed: bool = False
    retries: int = 0
    inserts: Inserts = NO_INSERTS
    sms: SmsCarrier | TextFolder | None = None
    email: MailCarrier | None = None
