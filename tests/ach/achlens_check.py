"""Have our Nacha files checked by a validator that others wrote: `python tests/ach/achlens_check.py`.

achlens lives in an environment of its own, var/achlens, made the first time: it brings
some forty packages that nothing here must depend on. What it says beyond its known false alarms is an error; so
is a broken file of which it says nothing.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import date, time
from pathlib import Path

from ivr.ach.records import CREDITS, MIXED, BatchHeader, Entry, FileSettings
from ivr.ach.writer import write_file

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).parent / "golden"
ENVIRONMENT = ROOT / "var" / "achlens"
PYTHON = ENVIRONMENT / "bin" / "python"
STAMP = ENVIRONMENT / "installed.json"
REQUIREMENT = "achlens==0.1.7"
PYTHONS = ("3.13", "3.12", "3.11")  # achlens runs on no other

# What achlens says wrongly, by its own code.
FORWARD = {
    "BH004": "it knows no TEL",
}
RETURNED = {
    "BH004": "it knows neither TEL nor COR",
    "ED001": "it knows no transaction codes of returns (21, 26, 31, 36)",
    "AD001": "it knows addenda 98 and 99 only where it knows the code of their entry",
    "BC004": "it adds up no returned debits, since it does not know their codes",
    "FC005": "the same for the file",
    "BH008": "in a file from the bank the settlement date is filled in",
    "FH002": "in a file from the bank the destination is the ten characters it assigned to us",
}
# Codes that are in our files because nobody knows them: here it is right.
UNKNOWN_CODES = {"AD005": "R99", "AD007": "C13 and C61"}

VALIDATE = """
import json, sys
from pathlib import Path
from achlens.server.tools import validate_ach_file
for path in sys.argv[1:]:
    result = validate_ach_file(content=Path(path).read_bytes().decode("ascii"))
    print(json.dumps([Path(path).name, result["counts_by_rule"]]))
"""

SETTINGS = FileSettings(
    destination=" 011000015",
    origin="1041234567",
    destination_name="FEDERAL RESERVE BANK",
    origin_name="MA HEALTH CONNECTOR",
    creation_date=date(2026, 11, 20),
    creation_time=time(17, 5),
)
HEALTH = BatchHeader("MA HLTH CONNECT", "1041234567", "TEL", "HLTH PREM", date(2026, 11, 23), "01100001")
DEBIT = Entry("27", "021000021", "000123456789", 12345, "70000000123", "Nguyễn Văn Đức", "")


def main() -> int:
    """Check all files; return the exit status."""
    problem = make_environment()
    if problem:
        sys.stderr.write(problem + "\n")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        expected = files(Path(folder))
        found = validate(list(expected))
    unexpected = [
        f"{path.name}: achlens says {code}, {count} times"
        for path, known in expected.items()
        for code, count in found[path.name].items()
        if code not in known and not path.name.startswith("broken")
    ]
    unexpected += [
        f"{path.name}: achlens does not notice what is wrong with it"
        for path, known in expected.items()
        if path.name.startswith("broken") and not set(found[path.name]) - set(known)
    ]
    sys.stderr.writelines(sentence + "\n" for sentence in unexpected)
    if not unexpected:
        sys.stdout.write(f"achlens finds nothing wrong with {len(expected)} Nacha files\n")
    return bool(unexpected)


def file_bytes(settings: FileSettings, batches: list[tuple[BatchHeader, list[Entry]]]) -> bytes:
    """Return a whole small file."""
    pieces: list[bytes] = []
    write_file(settings, batches, pieces.append)
    return b"".join(pieces)


def files(folder: Path) -> dict[Path, dict[str, str]]:
    """Write files into a folder; return them and those from `golden`, each with the alarms that are false."""
    written = {
        f"{count}_entries.ach": file_bytes(SETTINGS, [(HEALTH, debits(count))]) for count in (1, 6, 10, 11)
    }
    written["2000_entries.ach"] = file_bytes(SETTINGS, [(HEALTH, debits(1000)), (HEALTH, debits(1000, 2000))])
    written["crlf.ach"] = file_bytes(replace(SETTINGS, line_end="CRLF"), [(HEALTH, debits(3))])
    written["all_kinds.ach"] = file_bytes(SETTINGS, all_kinds())
    broken = (GOLDEN / "three_debits.ach").read_bytes()
    written["broken_hash.ach"] = broken.replace(b"0024339185", b"0024339186")
    written["broken_total.ach"] = broken.replace(b"0000012345", b"0000012346", 1)
    for name, data in written.items():
        (folder / name).write_bytes(data)
    return {
        GOLDEN / "three_debits.ach": FORWARD,
        GOLDEN / "returns.ach": RETURNED | UNKNOWN_CODES,
        GOLDEN / "notifications_of_change.ach": RETURNED | UNKNOWN_CODES,
        **{folder / name: FORWARD for name in written},
    }


def debits(count: int, first: int = 1) -> list[Entry]:
    return [replace(DEBIT, trace_number=f"01100001{first + place:07}") for place in range(count)]


def all_kinds() -> list[tuple[BatchHeader, list[Entry]]]:
    """Return a batch of each kind that the line makes."""
    plain = replace(DEBIT, payment_type="")
    kinds = [
        (HEALTH, DEBIT),
        (replace(HEALTH, entry_description="DNTL PREM"), replace(DEBIT, transaction_code="37")),
        (replace(HEALTH, entry_description="RETRY PYMT"), DEBIT),
        (replace(HEALTH, sec_code="PPD"), plain),
        (
            replace(HEALTH, sec_code="PPD", service_class=CREDITS, entry_description="REFUND"),
            replace(plain, transaction_code="22"),
        ),
        (
            replace(HEALTH, service_class=CREDITS, entry_description="REVERSAL"),
            replace(DEBIT, transaction_code="32"),
        ),
        (
            replace(HEALTH, sec_code="PPD", service_class=MIXED),
            replace(plain, transaction_code="28", amount_cents=0),
        ),
    ]
    return [
        (header, [replace(entry, trace_number=f"01100001{place:07}")])
        for place, (header, entry) in enumerate(kinds, 1)
    ]


def validate(paths: list[Path]) -> dict[str, dict[str, int]]:
    """Return how often achlens raises which code, by file name."""
    done = subprocess.run([PYTHON, "-c", VALIDATE, *paths], check=True, capture_output=True, text=True)
    return dict(json.loads(line) for line in done.stdout.splitlines())


def make_environment() -> str | None:
    """Make the environment, or see that it is there; return what went wrong as a sentence."""
    wanted = {"folder": str(ENVIRONMENT), "requirement": REQUIREMENT}
    try:
        if json.loads(STAMP.read_text()) == wanted and PYTHON.exists():
            return None
    except (OSError, ValueError):
        pass
    python = next(filter(None, (shutil.which(f"python{version}") for version in PYTHONS)), None)
    if f"{sys.version_info.major}.{sys.version_info.minor}" in PYTHONS:
        python = sys.executable
    if python is None:
        return "The Nacha files were not checked: achlens needs Python 3.11, 3.12 or 3.13 beside this one."
    sys.stderr.write("Installing achlens into var/achlens (once)\n")
    pip = [PYTHON, "-m", "pip", "install", "-qq", "--disable-pip-version-check", REQUIREMENT]
    ways = [[[python, "-m", "venv", ENVIRONMENT], pip]]
    uv = Path(sys.executable).with_name("uv")
    if uv.exists():  # in seconds; pip knows registries that it was not told of
        quick = [uv, "pip", "install", "--quiet", "--python", PYTHON, REQUIREMENT]
        ways.insert(0, [[uv, "venv", "--quiet", "--python", python, ENVIRONMENT], quick])
    for commands in ways:
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        if all(subprocess.run(command, check=False).returncode == 0 for command in commands):
            STAMP.write_text(json.dumps(wanted))
            return None
    return "The Nacha files were not checked: achlens could not be installed, see the message above."


if __name__ == "__main__":
    sys.exit(main())
