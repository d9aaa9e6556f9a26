"""The `ivr` command. Its exit status: 0 done, 1 the answer is no, 2 usage, 3 a setting, 4 the database."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import click

from ivr.base.errors import OperatorError
from ivr.cli import (
    ach,
    bills,
    call,
    calls,
    database,
    demo,
    flow,
    members,
    notices,
    payments,
    receipts,
    replay,
    serve,
    worker,
)

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="ivr")
def ivr() -> None:
    """Serve and look after the telephone line on which a member pays a premium."""


for _command in (
    ach.ach,
    bills.bills,
    call.call,
    calls.calls,
    database.db,
    demo.demo,
    flow.flow_group,
    members.members,
    notices.notices,
    payments.payments,
    receipts.receipts,
    replay.replay,
    serve.serve,
    worker.worker,
):
    ivr.add_command(_command)


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
