"""`ivr` for tests that run many commands: each a process of its own, which is there without importing anything.

A process imports the commands and reads the prompts once; a small script on the path hands it its arguments, folder, environment and
open files, and ends as the process does that was forked for it. Beside it stands a `python` that runs a module, as
`python -m` does. `tests/unit/cli/test_install.py` and `test_serving.py` start the real thing.
"""

from __future__ import annotations

import array
import gc
import json
import os
import runpy
import select
import shlex
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path

# What the script does, in a Python without site packages: started in a fiftieth of a second.
_SCRIPT = """
import array, json, os, socket, sys
server = socket.socket(socket.AF_UNIX)
server.connect({address!r})
asked = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
files = array.array("i", [0, 1, 2])
server.sendmsg([len(asked).to_bytes(4, "big")], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, files)])
server.sendall(asked)
sys.exit(int(server.makefile().read() or 70))
"""


@contextmanager
def started_commands(folder: Path, project: Path) -> Iterator[Path]:
    """Put the `ivr` of a project (a folder with `ivr/`) into `folder`, and yield it; it works until the end."""
    folder.mkdir(parents=True)
    address, script = folder / "ivr.socket", folder / "ivr.py"
    script.write_text(_SCRIPT.format(address=str(address)))
    for name, first in (("ivr", "-m ivr.cli.main"), ("python", "")):
        command = folder / name
        python = f"{shlex.quote(sys.executable)} -IS {shlex.quote(str(script))} {first}"
        command.write_text(f'#!/bin/sh\nexec {python} "$@"\n')
        command.chmod(0o755)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(address))
        listener.listen()
        server = subprocess.Popen(
            [sys.executable, __file__, str(project), str(listener.fileno())], pass_fds=[listener.fileno()]
        )
        try:
            yield folder / "ivr"
        finally:
            server.kill()
            server.wait()


def _serve(listener: socket.socket) -> None:
    from ivr.cli.main import COMMANDS
    from ivr.topics.line import compile_line, read_line_files

    for place in ("gunicorn.app.wsgiapp", "ivr.wsgi", *(place for place, _ in COMMANDS.values())):
        import_module(place.partition(":")[0])
    compile_line(read_line_files(Path(sys.path[0])))  # texts as read are kept, also by who is forked
    gc.freeze()
    while True:
        asker, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            _attend(asker)
        asker.close()
        while _reaped():
            pass


def _reaped() -> bool:
    try:
        return os.waitpid(-1, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return False


def _attend(asker: socket.socket) -> None:
    """Run one command in a child, tell its exit status, and end."""
    size, ancillary, _, _ = asker.recvmsg(4, socket.CMSG_SPACE(3 * array.array("i").itemsize))
    files = array.array("i", ancillary[0][2])
    arguments, folder, environment = json.loads(asker.makefile("rb").read(int.from_bytes(size, "big")))
    child = os.fork()
    if child == 0:
        asker.close()
        for number, file in enumerate(files):
            os.dup2(file, number)
            os.close(file)
        _run(arguments, folder, environment)
    ended = os.pidfd_open(child)
    if (
        ended not in select.select([ended, asker], [], [])[0]
    ):  # who asked was ended: what it asked for ends too
        os.kill(child, signal.SIGTERM)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with suppress(BrokenPipeError):
        asker.sendall(str(status if status >= 0 else 128 - status).encode())
    os._exit(0)


def _run(arguments: list[str], folder: str, environment: dict[str, str]) -> None:
    """Run `-m module` with its arguments, and end as a Python of its own would."""
    _, module, *given = arguments
    status: object = 1
    try:
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.argv = [module, *given]
        for number, name in enumerate(("stdin", "stdout", "stderr")):
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))
        if not hasattr(sys.modules.get(module), "__path__"):
            sys.modules.pop(module, None)  # runpy warns of what was imported already
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as error:
        status = error.code or 0
    except BaseException:  # noqa: BLE001 (as the interpreter would)
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        os._exit(status if isinstance(status, int) else 1)


if __name__ == "__main__":
    sys.path[0] = sys.argv[1]
    _serve(socket.socket(fileno=int(sys.argv[2])))
