"""A recorded call written as a `.call` file that anybody can play, by a member made up to fit it.

Nothing of the caller is in it, because nothing of the caller is in the recipe. What nobody wrote down how to
make up is refused, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from ivr.ach.banking_days import CutoffRule
from ivr.base.clock import EASTERN, hours_after
from ivr.base.errors import OperatorError
from ivr.base.money import format_amount
from ivr.base.plans import PLANS
from ivr.calls.notation import write_heard
from ivr.dialog.definition import COMMON_KEYS, DIGITS, GATE_PREFIX, KEY_AGENT, KEY_MORE_TIME
from ivr.dialog.engine import TURNS_MAX
from ivr.dialog.events import (
    TOO_LONG,
    BranchTaken,
    DigitsKeyed,
    EntryDiscarded,
    KeyPressed,
    LineFailed,
    NoInput,
    SeveralKeysPressed,
    SpeechHeard,
    SpeechUnasked,
    StrayPound,
    TransferReported,
)
from ivr.dialog.vocabulary import WITHOUT_POUND, NoMatch
from ivr.languages.registry import SPOKEN
from ivr.members.facts import MEMBER_ID_DIGITS
from ivr.replay.made_up import Earlier, MadeUp, MadeUpReturn, digits_keyed, make_up
from ivr.replay.synthetic import entries_like
from ivr.topics.balance.words import OFF
from ivr.topics.bank.words import OTHER_ROUTING_NUMBER, SAMPLE_ROUTING_NUMBER
from ivr.topics.masks import UNKNOWN, Since
from ivr.topics.registry import SLOTS, VOCABULARY
from ivr.topics.verification.words import BILLING_ACCOUNT_DIGITS

if TYPE_CHECKING:
    from ivr.calls.history import Asked, Recipe, RecordedTurn
    from ivr.topics.line import Line

BANK: Final = CutoffRule(time(17), EASTERN)  # as written calls are played
CLOSINGS_AHEAD: Final = timedelta(days=14)  # as far as a debit can be put off
QUARTER_SECONDS: Final = 15 * 60
WHY: Final = "# Why this call is kept: write it here, in a sentence."

_NOT_MADE_UP: Final[Mapping[str, str]] = {
    "next_payment_made": "the payments of the last year were listed in it",  # some of them were told before
    "last_call": "it went on with a call that dropped",
    "check_payment_day": "a day to pay on was keyed in it",
    "find_member": "somebody paid for someone else in it",
    "cancel_guest_payment": "somebody cancelled what was paid for someone else in it",
}
_NOT_COMMON_KEYS: Final = "".join(sorted(DIGITS - COMMON_KEYS))
_DIGITS: Final = "4081573926" * 7
_PHONE: Final = "6175550157"
_PROOFS: Final = {"ssn_last4": ("0000", "6283"), "zip": ("00000", "02108")}  # wrong and right


class CannotMaskError(OperatorError):
    """A recorded call cannot be written with made-up values."""


def call_text(recipe: Recipe, line: Line, bank: CutoffRule = BANK) -> str:
    """Return the text of a call file that goes the way of a recorded call, with made-up values throughout.

    `line` is the version of the flow that the call ran on (it tells which field an entry answered), `bank`
    when the bank's day ended there. Raises `CannotMaskError` naming the turn and what nobody wrote down how
    to make up.
    """
    return _Export(recipe, line, bank).text()


@dataclass(slots=True)
class _Keyed:
    """What is known of the entries so far: digits by slot, and why entries to this question did not fit."""

    slots: dict[str, str] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)


class _Export:
    """One call on its way into a file."""

    def __init__(self, recipe: Recipe, line: Line, bank: CutoffRule) -> None:
        self._recipe = recipe
        self._turns = recipe.turns
        self._line = line
        self._bank = bank
        self._now = _began(recipe).astimezone(bank.zone)
        self._since = Since(self._now.date(), self._now)
        self._refuse_unmasked()
        self._refuse_untold_return()
        self._refuse_what_is_not_made_up()
        made_up = make_up(recipe, self._since)
        if made_up is None:
            raise self._cannot(None, "no made-up bills fit what was told and paid in it: leave it out")
        self._made_up: MadeUp = made_up
        self._keyed = _Keyed({"call_date": self._since.call_date.isoformat()})
        self._closed = {
            each.account_digits: _DIGITS[4 : 4 + each.account_digits]
            for each in made_up.returned
            if each.account_digits
        }
        self._code = self._code_digits()
        self._keyed_cents = list(made_up.keyed_cents)
        self._paid_cents = list(made_up.paid_cents)
        self._agent_answers = True

    def text(self) -> str:
        """Return the whole file."""
        body = list(self._body())  # first: it may refuse
        return "\n".join([*self._headers(), *body, ""])

    def _cannot(self, turn: RecordedTurn | None, problem: str) -> CannotMaskError:
        where = f"call {self._recipe.call_sid}" + ("" if turn is None else f", turn {turn.seq}")
        return CannotMaskError(f"{where}: {problem}")

    def _refuse_unmasked(self) -> None:
        for turn in self._turns:
            shapes = [
                *turn.values,
                *(each.slots for each in turn.asked),
                *(each.given for each in turn.asked),
            ]
            unmasked = sorted({slot for each in shapes for slot, shape in each.items() if shape == UNKNOWN})
            if unmasked:
                raise self._cannot(
                    turn, f"there is no mask for {', '.join(unmasked)}: write its slot in ivr/topics"
                )
            for each in turn.asked:
                known = VOCABULARY.actions.get(each.action)
                if known is None or each.outcome not in known.outcomes:
                    answer = f"the answer {each.outcome} of {each.action}"
                    raise self._cannot(turn, f"nobody wrote how to make up {answer}: do so in ivr/topics")

    def _refuse_untold_return(self) -> None:
        """Refuse a call whose account was closed by a return that the caller was not told of."""
        told = any(each.outcome in {"returned", "call_us"} for each in self._asked("next_returned_payment"))
        if not told and any(each.outcome == "blocked" for each in self._asked("compare_account")):
            raise self._cannot(
                None, "an account was refused for a payment that was not told in the call: leave it out"
            )

    def _refuse_what_is_not_made_up(self) -> None:
        """Refuse a call with questions of which nobody wrote how their answers can be brought about."""
        for action, why in _NOT_MADE_UP.items():
            if any((action, asked.outcome) != ("last_call", "none") for asked in self._asked(action)):
                raise self._cannot(None, f"{why}: leave it out")

    def _asked(self, *actions: str) -> Iterator[Asked]:
        return (each for turn in self._turns for each in turn.asked if each.action in actions)

    # The headers.

    def _headers(self) -> Iterator[str]:
        recipe = self._recipe
        day = f"{self._now:%A, %B} {self._now.day}, {self._now.year} at {self._now:%H:%M}"
        ended = recipe.end or "its end was never reported"
        yield f"# Recorded on {day}; the line stood at {self._turns[-1].node} at its end ({ended})."
        yield "# The member, every number and every amount are made up, of the same kind as in that call."
        yield WHY
        yield f"now     {self._now.isoformat(timespec='seconds' if self._now.second else 'minutes')}"
        yield "member  made_up"
        yield from self._bills()
        yield from self._world()
        yield f"language {recipe.language}"
        yield f"pace    {self._pace_at_once()[0]}"
        if recipe.caller_kind == "withheld":
            yield "fault   withheld"
        elif recipe.caller_kind != "number":
            yield "from    client:someone"

    def _bills(self) -> Iterator[str]:
        for plan, amount_cents, due_date in self._made_up.bills(self._since.call_date):
            first = " first_payment" if plan in self._made_up.first_payment else ""
            code = f" code {self._code}" if self._code else ""
            yield f"bill    {plan} {format_amount(amount_cents)} due {due_date}{first}{code}"
        yield from (f"account {plan} {says}" for plan, says in sorted(self._made_up.accounts.items()))
        for place, earlier in enumerate(self._made_up.earlier):
            yield self._paid_before(earlier, place)
        for place, returned in enumerate(self._made_up.returned, start=1):
            yield self._returned(returned, place)

    def _paid_before(self, earlier: Earlier, place: int) -> str:
        """Return the header of the payment told at a place: the newest stands first, also within an hour."""
        at = hours_after(self._now, earlier.hours + 0.5 - place / 60)
        word = "paid   "
        if earlier.held_days is not None:
            at, word = self._day_before(earlier.held_days, place + 1), "held   "
        amount = format_amount(earlier.amount_cents)
        became = " went_through" if earlier.settled and earlier.held_days is None else ""
        return f"{word} {earlier.plan} {amount} at {at.isoformat(timespec='minutes')}{became}"

    def _day_before(self, days: int, place: int) -> datetime:
        """Return an instant on the day `days` (0 or negative) from the call's, before the call."""
        if not days:
            return self._now - timedelta(minutes=place)
        return self._now.replace(hour=12, minute=0) - timedelta(minutes=place) + timedelta(days=days)

    def _returned(self, returned: MadeUpReturn, place: int) -> str:
        """Return the header of the payment told at a place: the newest stands first."""
        at = self._day_before(returned.days, place)
        account = self._closed.get(returned.account_digits, "")
        amount = format_amount(returned.amount_cents)
        closed = f" account {account}" if account else ""
        instant = at.isoformat(timespec="minutes")
        return f"returned {returned.plan} {amount} {returned.code}{closed} at {instant}"

    def _world(self) -> Iterator[str]:
        verified = next((each for each in self._asked("verify_member") if each.slots), None)
        if verified is not None:
            yield f"notices {verified.slots['channel']}"
            if verified.outcome == "verified_more_time":
                yield "extra_time"
            if self._known_by_bill():
                yield "no_ssn"
        # Who asks again although nobody is there is offered to be called back.
        reached = {each.outcome.replace("callback", "closed") for each in self._asked("reach_person")}
        if isinstance(self._turns[-1].heard, LineFailed):
            reached.add("open" if "person-connecting" in self._turns[-1].prompts else "closed")
        if len(reached) > 1:
            raise self._cannot(None, "a person could be reached at first and then not: no file can say so")
        yield from (f"support {each}" for each in reached)
        consent = {each.outcome for each in self._asked("prepare_authorization")}
        yield from (f"consent {each}" for each in sorted(consent))
        if {OFF, "no"} & {each.outcome for each in self._asked("choose_bill", "texts_go_out")}:
            yield "payments off"
        yield from self._on_time()
        if {"named", "unknown"} & {each.outcome for each in self._asked("name_bank")}:
            yield f"bank {SAMPLE_ROUTING_NUMBER} {SLOTS['bank_name'].sample}"
        yield from self._settings()

    def _known_by_bill(self) -> bool:
        """Return whether the member was verified without an SSN."""
        nodes = self._line.flow.nodes
        asked = [nodes[each.node].word for each in self._turns if each.node in nodes]
        return next((each for each in reversed(asked) if each in _PROOFS), "") == "zip"

    def _settings(self) -> Iterator[str]:
        """Yield how the line was set, where written calls are played on one that is set otherwise."""
        if self._bank.cutoff_time != BANK.cutoff_time:
            yield f"cutoff  {self._bank.cutoff_time:%H:%M}"
        first = self._now.date()
        near = [day for day in sorted(self._bank.closings) if first <= day <= first + CLOSINGS_AHEAD]
        if near:
            yield f"closings {', '.join(map(str, near))}"
        if self._bank.zone != BANK.zone:
            yield f"timezone {self._bank.zone.key}"
        if self._line.flow.languages != tuple(SPOKEN):
            yield f"speaks  {', '.join(self._line.flow.languages)}"

    def _on_time(self) -> Iterator[str]:
        """Yield which day counts as paid, where the line said whether it was in time."""
        today = {each.slots.get("coverage") for each in self._asked("bill_coverage")}
        for outcome, setting in (("counts_today", "authorized"), ("late_today", "settled")):
            if outcome in today:
                yield f"on_time {setting}"
                return
        told = [each for each in self._asked("tell_on_time") if each.outcome != "nothing"]
        for setting in ("authorized", "settled") if told else ():
            counts = [0 if setting == "authorized" else _days(each.given["effective_date"]) for each in told]
            pay_by = [_days(each.given["pay_by"]) for each in told]
            in_time = [each.outcome == "in_time" for each in told]
            if in_time == [day <= last for day, last in zip(counts, pay_by, strict=True)]:
                yield f"on_time {setting}"
                return

    def _code_digits(self) -> str:
        """Return the code on the bills: as long as the right one was, else as any that was keyed."""
        answers = [
            (each.outcome == "wrong_code", turn)
            for turn in self._turns
            for each in turn.asked
            if each.action == "authorize_with_code"
        ]
        if not answers:
            consents = any(each.outcome != "spoken" for each in self._asked("prepare_authorization"))
            return _DIGITS[:6] if consents else ""
        _, turn = min(answers, key=lambda each: each[0])
        return _DIGITS[: digits_keyed(turn.heard)]

    # The call, turn by turn.

    def _pace_at_once(self) -> tuple[str, int]:
        """Return the pace chosen before anything else, and the turn at which a player is there by itself.

        It presses 7 at the first question, twice for relay, and 1 at every gate.
        """
        pace, found = "voice", ("voice", 0)
        for before, turn in pairwise(self._turns):
            if found[0] == "relay" or turn.heard != KeyPressed("1" if _at_gate(before) else KEY_MORE_TIME):
                break
            pace = turn.told_pace or pace
            if not _at_gate(turn):
                found = pace, turn.seq
        return found

    def _body(self) -> Iterator[str]:
        _, passed = self._pace_at_once()
        for turn, following in zip(self._turns, (*self._turns[1:], None), strict=True):
            if not 0 < turn.seq <= passed:
                yield from self._turn(turn, following)
        yield from self._end()

    def _turn(self, turn: RecordedTurn, following: RecordedTurn | None) -> Iterator[str]:
        yield from self._faults(turn, following)
        by_itself = isinstance(turn.heard, (TransferReported, LineFailed)) or self._keyed_early(turn)
        if turn.seq and not by_itself:
            yield f"caller  {self._caller_did(turn)}{self._more_keys(turn, following)}"
        lost = following is not None and isinstance(following.heard, LineFailed)
        if turn.prompts and not lost:
            yield f"line    {', '.join(turn.prompts)}"
        for asked in turn.asked:
            if asked.outcome == "authorized":
                amount = format_amount(self._paid_cents.pop(0))
                plan, account_type = asked.given["plan"], asked.given["account_type"]
                yield f"did     payment amount={amount} plan={plan} account_type={account_type}"

    def _faults(self, turn: RecordedTurn, following: RecordedTurn | None) -> Iterator[str]:
        """Yield what goes wrong in the turn.

        Time that ran out is an hour that passes on the way of this very turn. How long a caller thought is
        not written: seconds add up to another turn as soon as the length of a sentence changes. A caller
        who cut every sentence short until just before the time was up runs out of it in the file.
        """
        if turn.seq in self._made_up.elsewhere:
            yield "fault   paid_elsewhere"
        if turn.seq in self._made_up.limit_elsewhere:
            yield "fault   limit_elsewhere"
        if any((each.action, each.outcome) == ("tell_receipt", "texted") for each in turn.asked):
            yield "fault   text_accepted"
        too_long = any(isinstance(each, BranchTaken) and each.label == TOO_LONG for each in turn.events)
        if too_long and turn.seq < TURNS_MAX[self._recipe.pace]:
            yield "fault   hour_passes"
        if isinstance(turn.heard, LineFailed) and turn.seq == 0:
            yield "fault   slow"
        if following is not None:
            yield from self._faults_after(turn, following)
        elif self._recipe.end in {"hangup", None} and self._transferring(turn):
            yield "fault   hangup_after_turn"

    def _faults_after(self, turn: RecordedTurn, following: RecordedTurn) -> Iterator[str]:
        """Yield what goes wrong in the turn, by what came after it; an agent answers in the turn itself."""
        if isinstance(following.heard, LineFailed):
            if isinstance(turn.heard, TransferReported):
                raise self._cannot(
                    following, "what went wrong after a transfer cannot be written: leave it out"
                )
            if "person-connecting" in following.prompts:
                yield from self._agent(answers=True)
            yield "fault   lost_response"
        if isinstance(following.heard, TransferReported):
            yield from self._agent(answers=following.heard.result == "completed")

    def _agent(self, *, answers: bool) -> Iterator[str]:
        """Yield whether the agent who is called now picks up, where that is another than the last time."""
        if answers != self._agent_answers:
            yield "fault   transfer_answered" if answers else "fault   transfer_busy"
        self._agent_answers = answers

    def _transferring(self, turn: RecordedTurn) -> bool:
        node = self._line.flow.nodes.get(turn.node)
        return node is not None and node.kind == "transfer" and not _at_gate(turn)

    def _end(self) -> Iterator[str]:
        last = self._turns[-1]
        end = self._recipe.end
        if end == "fallback":
            end = "agent" if "person-connecting" in last.prompts else "goodbye"
        if end == "hangup" and not self._transferring(last):
            yield "caller  hangs up"
        if end is not None:
            yield f"end     {end}"

    # What the caller did.

    def _caller_did(self, turn: RecordedTurn) -> str:
        match turn.heard:
            case NoInput():
                return "silence"
            case EntryDiscarded():
                return "*"
            case StrayPound():
                return "#"
            case KeyPressed(key):
                return key
            case SeveralKeysPressed():
                return self._several_keys(turn)
            case SpeechHeard(verdict):
                return self._speech(turn, verdict)
            case SpeechUnasked():
                return self._speech(turn, "unasked")
            case DigitsKeyed():
                return self._digits(turn, turn.heard)
        heard = write_heard(turn.heard)
        raise self._cannot(turn, f"nobody wrote how to make up what was heard ({heard}): leave it out")

    def _keyed_early(self, turn: RecordedTurn) -> int:
        """Return how many keys came before an agent was called; they are keyed in one go with the 0."""
        heard = turn.heard
        early = isinstance(heard, DigitsKeyed) and self._transferring(self._before(turn))
        return heard.length if isinstance(heard, DigitsKeyed) and early else 0

    def _more_keys(self, turn: RecordedTurn, following: RecordedTurn | None) -> str:
        """Return what is keyed right after a 0: as many keys as came in, and the one that is lost on the way.

        A question for a number takes the 0 alone where `#` ends it.
        """
        count = 0 if following is None else self._keyed_early(following)
        if following is None or not count:
            return ""
        if self._keyed_early(turn):
            raise self._cannot(following, "it paused between keys before an agent was called: leave it out")
        question = self._before(turn)
        entry = VOCABULARY.fields.get(self._line.flow.nodes[question.node].word)
        pound = "" if entry is None or entry.num_digits == 1 or _at_gate(question) else "#"
        return pound + (KEY_AGENT if self._transferring(following) else "5") * (count + 1)

    def _before(self, turn: RecordedTurn) -> RecordedTurn:
        return self._turns[turn.seq - 1 - self._turns[0].seq]

    def _several_keys(self, turn: RecordedTurn) -> str:
        node = self._line.flow.nodes.get(self._before(turn).node)
        taken = () if node is None else node.branches
        return next(each for each in "86543" if each not in taken)  # one that is no choice either

    def _speech(self, turn: RecordedTurn, result: str) -> str:
        language = self._recipe.language
        answers = SPOKEN[language].answers if language in SPOKEN else None
        if answers is None or result not in answers.samples:
            raise self._cannot(turn, f"nobody wrote what to say for {result} in {language}: leave it out")
        # In either pace the words that count in relay do: whoever keeps the file may play it in both.
        return f'says "{answers.samples[result]}"'

    def _digits(self, turn: RecordedTurn, heard: DigitsKeyed) -> str:
        question = self._before(turn)
        node = self._line.flow.nodes.get(question.node)
        if node is None or node.word not in VOCABULARY.fields:
            raise self._cannot(
                turn, f"the flow has no question {question.node}: use the version the call ran on"
            )
        reason = heard.reason
        digits, written = self._entry(turn, node.word, heard.length, reason)
        keyed, reasons = self._keyed.slots, tuple(self._keyed.reasons)
        judged = VOCABULARY.fields[node.word].verdict(digits, keyed, reasons, finished=heard.finished)
        if (judged.reason if isinstance(judged, NoMatch) else "") != reason:
            raise self._cannot(
                turn, f"no made-up {node.word} of this length gets the answer {reason or 'ok'}"
            )
        if isinstance(judged, NoMatch):
            self._keyed.reasons.append(reason)
        else:
            self._keyed.reasons = []
            self._keyed.slots |= {slot: str(value) for slot, value in judged.slots.items()}
        return f"{written}{'#' if heard.finished else ''}"

    def _entry(self, turn: RecordedTurn, entry: str, length: int, reason: str) -> tuple[str, str]:
        """Return digits for an entry, and how they are written: `{ssn_last4}` is the member's own."""
        makers: Mapping[tuple[str, str], Callable[[RecordedTurn, int], str]] = {
            ("amount", ""): self._amount,
            ("routing_number", ""): self._routing_number,
            ("account_number", ""): self._account_number,
            ("account_number_again", ""): self._account_number_again,
            ("authorization_code", ""): self._authorization_code,
        }
        known = VOCABULARY.fields[entry]
        if (
            reason in {"", WITHOUT_POUND}
            and known.is_fact
            and (entry == "member_id" or length == known.num_digits)
        ):
            return self._fact(turn, entry, length)
        if (entry, reason) == ("own_account", ""):
            return self._fact(turn, entry, length)
        if (entry, reason) in makers:
            digits = makers[entry, reason](turn, length)
        elif reason in {"billing-account", "account-is-billing-account"}:
            plan = next((plan for plan in PLANS if plan in self._made_up.owed), next(iter(PLANS)))
            self._keyed.slots[f"{plan}_account"] = "7" * length
            return "7" * length, f"{{{plan}_account}}"
        elif reason == "account-is-routing":
            digits = self._keyed.slots.get("routing_number", "")
        else:
            digits = next(
                (each for each in _wrong(entry, reason, length) if self._judges(entry, each, reason)), ""
            )
        if len(digits) != length:
            raise self._cannot(
                turn, f"nobody wrote how to make up a {entry} of {length} digits ({reason or 'right'})"
            )
        return digits, digits

    def _judges(self, entry: str, digits: str, reason: str) -> bool:
        judged = VOCABULARY.fields[entry].judge(digits, self._keyed.slots, tuple(self._keyed.reasons))
        return (judged.reason if isinstance(judged, NoMatch) else "") == reason

    def _fact(self, turn: RecordedTurn, entry: str, length: int) -> tuple[str, str]:
        """Return a fact of the member; the last four are wrong in a try that the line rejected."""
        if entry == "date_of_birth":
            return "04171961", "{date_of_birth}"
        if entry in _PROOFS:
            later = self._turns[turn.seq - self._turns[0].seq :]
            verdicts = (
                each.outcome
                for each_turn in later
                for each in each_turn.asked
                if each.action == "verify_member"
            )
            wrong, right = _PROOFS[entry]
            return (wrong, wrong) if next(verdicts, "") == "rejected" else (right, f"{{{entry}}}")
        if length == MEMBER_ID_DIGITS:
            return "4" * length, "{member_id}"
        if length > BILLING_ACCOUNT_DIGITS:
            longer = "1" * (length - len(_PHONE))
            return f"{longer}{_PHONE}", f"{longer}{{phone}}"
        plan = next((plan for plan in PLANS if plan in self._made_up.owed), None)
        return "7" * length, "7" * length if plan is None else f"{{{plan}_account}}"

    def _amount(self, turn: RecordedTurn, length: int) -> str:
        if not any(each.action == "check_amount" for each in turn.asked):
            return "1".rjust(length, "5")
        return str(self._keyed_cents.pop(0)).rjust(length, "0")

    def _routing_number(self, turn: RecordedTurn, _length: int) -> str:
        unknown = any((each.action, each.outcome) == ("name_bank", "unknown") for each in turn.asked)
        return OTHER_ROUTING_NUMBER if unknown else SAMPLE_ROUTING_NUMBER

    def _account_number(self, turn: RecordedTurn, length: int) -> str:
        later = self._turns[turn.seq - self._turns[0].seq :]
        compared = (each.outcome for one in later for each in one.asked if each.action == "compare_account")
        if next(compared, "") == "blocked":
            return self._closed.get(length, "")
        taken = {self._keyed.slots.get("routing_number", ""), *self._closed.values()}
        for first in range(10):
            digits = _DIGITS[first : first + length]
            if digits not in taken and self._judges("account_number", digits, ""):
                return digits
        return ""

    def _account_number_again(self, turn: RecordedTurn, length: int) -> str:
        first = self._keyed.slots.get("account_number", "")
        if any(each.action == "compare_account" and each.outcome == "different" for each in turn.asked):
            other = _DIGITS[5 : 5 + length]
            return other if other != first else _DIGITS[6 : 6 + length]
        return first if len(first) == length else _DIGITS[:length]

    def _authorization_code(self, turn: RecordedTurn, length: int) -> str:
        wrong = any(each.outcome == "wrong_code" for each in turn.asked)
        if wrong or len(self._code) != length:
            return _DIGITS[3 : 3 + length]
        return self._code


def _began(recipe: Recipe) -> datetime:
    """Return when a call began: by the minute, or by the second where a quarter of an hour ended in it.

    That is where a day, the hours of support or the bank's day may end, and with it what the line says.
    """
    first, last = recipe.started_at, recipe.turns[-1].at
    minute = first.replace(second=0, microsecond=0)
    passed = int(first.timestamp() // QUARTER_SECONDS) != int(last.timestamp() // QUARTER_SECONDS)
    return first.replace(microsecond=0) if passed else minute


def _days(shape: str) -> int:
    return int(shape.removesuffix("d"))


def _at_gate(turn: RecordedTurn) -> bool:
    return bool(turn.prompts) and turn.prompts[-1].startswith(GATE_PREFIX)


def _wrong(entry: str, reason: str, length: int) -> Iterator[str]:
    """Yield entries that may get the answer `reason`; who asks takes the first that does."""
    plain = "".join(_NOT_COMMON_KEYS[place % len(_NOT_COMMON_KEYS)] for place in range(length))
    yield plain
    sample = VOCABULARY.fields[entry].samples.get(reason, plain)
    yield from (each for each in (sample, *entries_like(sample, length)) if len(each) == length)
