"""gunicorn's settings of the line, with a worker that looks every few milliseconds of its own processor time
what it is doing. Unlike a tracing profiler this does not make small functions look dear.
"""

import json
import os
import signal
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

from benchmarks.parts import part_of
from ivr.gunicorn import *  # noqa: F403

INTERVAL_SECONDS = 0.001  # of processor time; the kernel's tick may make it longer
_seen: Counter[str] = Counter()


def _look(_number: int, frame: FrameType | None) -> None:
    files = []
    while frame is not None:
        files.append(frame.f_code.co_filename)
        frame = frame.f_back
    _seen[part_of(files)] += 1


def post_worker_init(worker: Any) -> None:
    """Begin to look."""
    del worker
    signal.signal(signal.SIGPROF, _look)
    signal.setitimer(signal.ITIMER_PROF, INTERVAL_SECONDS, INTERVAL_SECONDS)


def worker_exit(server: Any, worker: Any) -> None:
    """Write down what was seen."""
    del server
    signal.setitimer(signal.ITIMER_PROF, 0)
    Path(os.environ["BENCH_SEEN"]).with_suffix(f".{worker.pid}.json").write_text(json.dumps(_seen))
