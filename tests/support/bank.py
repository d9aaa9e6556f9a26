"""What the other banks send back, written by hand: lines of 94 characters that share no code with the reader."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

OUR_DFI = "01100001"
THEIR_DFI = "02100002"


@dataclass(frozen=True)
class Back:
    """One entry that comes back. `code` is R.. or C..; `credit` for what was a credit of ours."""

    code: str
    original_trace: str
    individual_id: str
    cents: int = 31015
    data: str = ""  # from position 36 of the addenda record on
    credit: bool = False
    trace: str = ""
    account: str = "00123456789012345"
    name: str = "AMBER SAMPLE"
    savings: bool = False

    @property
    def is_change(self) -> bool:
        return self.code.startswith("C")


@dataclass
class BankFile:
    """A file of returns (or, apart, of changes) from one bank to ours."""

    backs: list[Back] = field(default_factory=list)
    settlement_day: str = "356"

    def text(self) -> str:
        """Every line, with control records that balance, filled up to ten."""
        lines = [
            (
                f"101{'1041234567':>10}{' 011000015':>10}2612220900A094101"
                f"{'MA HLTH CONNECT':<23}{'FEDERAL RESERVE BANK':<23}{'':8}"
            )
        ]
        count = routing = debits = credited = batches = 0
        for is_change in (False, True):
            chosen = [back for back in self.backs if back.is_change == is_change]
            if not chosen:
                continue
            batches += 1
            of_batch = self._batch(chosen, batches, sec_code="COR" if is_change else "TEL")
            lines += of_batch["lines"]
            count += of_batch["count"]
            routing += of_batch["routing"]
            debits += of_batch["debits"]
            credited += of_batch["credited"]
        blocks = (len(lines) + 1 + 9) // 10
        lines.append(
            f"9{batches:06d}{blocks:06d}{count:08d}{routing % 10**10:010d}{debits:012d}{credited:012d}{'':39}"
        )
        lines += ["9" * 94] * (-len(lines) % 10)
        assert {len(line) for line in lines} == {94}
        return "\n".join(lines) + "\n"

    def _batch(self, backs: list[Back], number: int, sec_code: str) -> dict:
        header = (
            f"MA HLTH CONNECT {'':20}1041234567{sec_code}HLTH PREM {'':6}261221{self.settlement_day}"
            f"1{THEIR_DFI}{number:07d}"
        )
        lines = [f"5200{header}"]
        debits = credited = 0
        for place, back in enumerate(backs, 1):
            trace = back.trace or f"{THEIR_DFI}{number * 100 + place:07d}"
            code = ("3" if back.savings else "2") + ("1" if back.credit or back.is_change else "6")
            cents = 0 if back.is_change else back.cents
            lines += [
                (
                    f"6{code}011000015{back.account:<17}{cents:010d}{back.individual_id:<15}{back.name:<22}"
                    f"S 1{trace}"
                ),
                (
                    f"7{98 if back.is_change else 99}{back.code:<3}{back.original_trace:<15}{'':6}{THEIR_DFI}"
                    f"{back.data:<44}{trace}"
                ),
            ]
            debits += cents if code[1] == "6" else 0
            credited += cents if code[1] == "1" else 0
        count, routing = 2 * len(backs), int(OUR_DFI) * len(backs)
        lines.append(
            f"8200{count:06d}{routing % 10**10:010d}{debits:012d}{credited:012d}1041234567{'':25}"
            f"{THEIR_DFI}{number:07d}"
        )
        return {"lines": lines, "count": count, "routing": routing, "debits": debits, "credited": credited}


def file_of(*backs: Back, **values: str) -> bytes:
    """The bytes of a file with these entries."""
    return BankFile(list(backs), **values).text().encode("ascii")


def once_more(back: Back, **values: object) -> Back:
    """The same entry with something else in it."""
    return replace(back, **values)
