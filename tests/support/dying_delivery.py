"""A process that brings the waiting files to the bank's SFTP server: `python -m support.dying_delivery URL NOW …`.

What follows are settings, NAME=VALUE. Who plays the server kills it.
"""

from __future__ import annotations

import sys
from datetime import datetime

from support.money import settings_with

from ivr.jobs.bank import deliver_files
from ivr.storage.engine import NO_LIMITS, database_url, make_engine

if __name__ == "__main__":
    url, instant, *environ = sys.argv[1:]
    engine = make_engine(database_url(url), limits=NO_LIMITS, pool_size=1)
    settings = settings_with(**dict(each.split("=", 1) for each in environ))
    deliver_files(engine, settings, datetime.fromisoformat(instant))
