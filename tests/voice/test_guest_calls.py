"""What a guest hears hangs on nothing of a member but what is due and when: random calls, word for word.

Each is placed on two lines: on one the member has paid, cancelled, had payments come back, and loses coverage; on the
other nothing of that ever was. What is due, and when, is the same.
"""

from datetime import datetime
from random import Random

import pytest
from support.written import LINE

from ivr.base.settings import load_replay_settings
from ivr.callfile.circumstances import Circumstances, MadeUpAccount, MadeUpBill, PaidBefore
from ivr.callfile.host import Setup
from ivr.sandbox.host import LocalHost

NOW = datetime.fromisoformat("2026-12-18T10:15-05:00")
EARLIER = datetime.fromisoformat("2026-12-08T10:15-05:00")
BILLS = (
    MadeUpBill(1, "health", 31015, NOW.date().replace(day=23)),
    MadeUpBill(2, "health", 4000, NOW.date().replace(month=11, day=23)),
    MadeUpBill(3, "dental", 4525, NOW.date().replace(day=23)),
)
QUIET = Circumstances(bills=BILLS)
EVENTFUL = Circumstances(
    bills=BILLS,
    paid=(
        PaidBefore(4, "health", 31015, EARLIER, return_code="R01"),
        PaidBefore(5, "dental", 4525, EARLIER, became="cancelled"),
        PaidBefore(6, "health", 500, NOW.replace(hour=9), became="cancelled"),
    ),
    accounts=(MadeUpAccount("health", "tax_credit"),),
    notices="sms",
    extra_time=True,
)
NAME = "Joanna Quillfeather"


@pytest.fixture
def host(engine, tmp_path):
    settings = load_replay_settings({"IVR_VAR": str(tmp_path)})
    with LocalHost(engine, LINE, settings, over_http=False) as host:
        yield host


def on_the_way(facts):
    """What a caller does who wants to pay, by the place of the flow."""
    return {
        "main/language": "1",
        "main/main_menu": "3",
        "guest/menu": "1",
        "guest/member_id": facts["member_id"],
        "guest/birth": facts["date_of_birth"],
        "guest/zip": facts["zip"],
        "guest/house": facts["house"],
        "guest/other": "2500",
        "bank/routing_number": "021000021",
        "bank/account_number": "0012345678",
        "bank/account_again": "0012345678",
        "guest/name": NAME,
        "guest/mobile": "6175559753",
        "guest/mobile_again": "6175559753",
        "guest/payment_number": "51370537879",
        "guest/payment_mobile": "6175559753",
        "guest/ask": "yes",
    }


def slip(random):
    """What somebody does who is lost."""
    choices = [
        "",
        "#",
        "*",
        "0",
        "7",
        "9",
        *"12345678",
        "123456",
        "6175550199",
        "999999999999",
        NAME,
        "yes",
        "no",
    ]
    return random.choice(choices)


def doing(random, node, way):
    """One answer at a place: mostly what leads on, at a menu any key of it."""
    if random.random() < 0.1:
        return slip(random)
    return way.get(node) or random.choice("112123")


def heard(host, circumstances, seed):
    """Every document of one random call."""
    random = Random(seed)
    setup = Setup(f"guest {seed}", NOW, "made_up", "en-US", "voice", circumstances)
    with host.prepare(setup) as line:
        way = on_the_way(line.facts)
        usual = {"CallSid": line.call_sid, "AccountSid": line.account_sid, "From": "+16175550123"}
        replies = [line.line.post("/voice/answer", usual)]
        while b"<Gather" in replies[-1].body and len(replies) < 60:
            answer = doing(random, replies[-1].headers["ivr-node"], way)
            # Nobody is verified here: a guest's way into the rest of the line is the menu's first key.
            if replies[-1].headers["ivr-node"] == "main/main_menu" and answer in {"1", "2"}:
                answer = "3"
            line.clock.advance(random.random() * 9)
            key = {"Digits": answer.rstrip("#")} | ({"FinishedOnKey": "#"} if len(answer) != 1 else {})
            form = {"SpeechResult": answer, "Confidence": "0.9"} if answer.isalpha() or " " in answer else key
            seq = int(replies[-1].headers["ivr-turn"]) + 1
            replies.append(line.line.post(f"/voice/turn/{seq}", usual | (form if answer else {})))
        return [(reply.headers["ivr-prompts"], reply.body) for reply in replies]


@pytest.mark.parametrize("calls", [range(6), pytest.param(range(10_000), marks=pytest.mark.soak)], ids=len)
def test_a_guest_hears_nothing_of_a_member_but_what_is_due_and_when(host, calls):
    told = set()
    for seed in calls:
        quiet, eventful = (heard(host, circumstances, seed) for circumstances in (QUIET, EVENTFUL))
        assert quiet == eventful, seed
        told |= {prompt for prompts, _ in quiet for prompt in prompts.split(",")}
    assert {"guest-due", "authorization-terms-guest", "confirmation", "verify-rejected"} <= told
