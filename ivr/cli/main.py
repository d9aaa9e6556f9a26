"""The `ivr` command. Its exit status: 0 done, 1 the answer is no, 2 usage, 3 a setting, 4 the database."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import Final

import click

from ivr.base.errors import OperatorError
from ivr.cli.lazy import LazyGroup

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


COMMANDS: Final = {
    "accounts": (
        "ivr.cli.accounts:accounts",
        "Load which help members get with the premium, and how a plan that ended can come back.",
    ),
    "ach": ("ivr.cli.ach:ach", "Look after the files that go to the bank, and after what it sends back."),
    "audit": (
        "ivr.cli.audit:audit",
        "Count for every duty of the rules how many payments met it, and name those that did not.",
    ),
    "banks": ("ivr.cli.banks:banks", "Load and look at the directory of the banks that take entries."),
    "bench": (
        "ivr.cli.bench:bench",
        "Measure how many turns a second are answered in time here, and say what limits it.",
    ),
    "bills": ("ivr.cli.bills:bills", "Load bills, and withdraw one."),
    "call": ("ivr.cli.call:call", "Call the line: its words come, you key."),
    "calls": (
        "ivr.cli.calls:calls",
        "Look at recorded calls; nothing in them is a secret or names a person.",
    ),
    "db": ("ivr.cli.database:db", "Look after the database."),
    "demo": (
        "ivr.cli.demo:demo",
        "Make everything ready, print three sample members with what to key, and serve.",
    ),
    "doctor": (
        "ivr.cli.doctor:doctor",
        "Look at all that the line needs: settings, keys, database, clock, disks, servers.",
    ),
    "flow": (
        "ivr.cli.flow:flow",
        "Check the flows and prompts, count what calls visit of them, and draw them.",
    ),
    "fraud": (
        "ivr.cli.fraud:fraud",
        "Look for payments that may be fraud; the worker does so before each cutoff.",
    ),
    "keys": ("ivr.cli.keys:keys", "See which keys are in use, and seal anew what is under an old one."),
    "members": (
        "ivr.cli.members:members",
        "Load and withdraw members, let locked ones try again, and let one pay more often today.",
    ),
    "metrics": (
        "ivr.cli.status:metrics",
        "Serve the figures of `ivr status` at GET /metrics for Prometheus, until SIGTERM.",
    ),
    "notices": (
        "ivr.cli.notices:notices",
        "Send and look at written notices: no payment goes to the bank before its notice is sent.",
    ),
    "payments": ("ivr.cli.payments:payments", "Look at payments."),
    "receipts": (
        "ivr.cli.receipts:receipts",
        "Load what members paid by mail, at a counter, by their bank, or online.",
    ),
    "replay": (
        "ivr.cli.replay:replay",
        "Play the call files at PATH, every turn posted twice, in every language and pace they allow.",
    ),
    "serve": (
        "ivr.cli.serve:serve",
        "Serve the line, with its worker and, without DATABASE_URL, its own database.",
    ),
    "settings": ("ivr.cli.settings:settings", "Print every setting: its default, and what to set it to."),
    "twilio": (
        "ivr.cli.twilio:twilio",
        "Set the number at Twilio, and see that turns come through.",
    ),
    "staff": ("ivr.cli.staff:staff", "Look after who may log in to the console."),
    "status": (
        "ivr.cli.status:status",
        "Print how the line is, from heartbeats to return rates; the status is 1 while an alert fires.",
    ),
    "worker": ("ivr.cli.worker:worker", "Run the jobs of the line until SIGTERM."),
}


@click.group(
    cls=LazyGroup,
    lazy=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="ivr")
def ivr() -> None:
    """Serve and look after the telephone line on which a member pays a premium."""


def main() -> None:
    """Run the command and exit with its status; every problem is a sentence on standard error."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # `ivr replay tests/calls >&-`
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 (open to the end)
        getattr(sys, name).reconfigure(errors="backslashreplace")  # a terminal may have no letter for it
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command with `arguments` and return its exit status."""
    try:
        status = ivr.main(arguments, prog_name="ivr", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 130
    except OperatorError as error:
        for problem in error.problems:
            click.echo(problem, err=True)
        return error.exit_status
    except BrokenPipeError:  # `ivr payments list | head`
        sys.stdout = None  # nothing more can be flushed to it
        return 1
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        sys.stdout = None
        click.echo(f"The output cannot be written ({error.strerror}): make room, then try again", err=True)
        return 1
    return status if isinstance(status, int) else 0


if __name__ == "__main__":
    main()
