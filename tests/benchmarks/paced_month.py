"""Ten thousand leads behind one mailbox for a month, by hand: python -m tests.benchmarks.paced_month [LEADS] [DAYS].

`--schedulers 2` lets two of them claim at every instant; `--postgresql` uses a PostgreSQL of its own.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

from outreach.clock import SystemClock
from outreach.store import migrate
from outreach.store.session import open_store
from outreach.testing.servers import PostgresServer
from tests.journeys import paced_month
from tests.journeys.paced_month import START, ZONES, Month


def main() -> None:
    asked = _arguments()
    clock = SystemClock()
    began, cpu = clock.monotonic(), time.process_time()
    with tempfile.TemporaryDirectory() as directory, _database(Path(directory), asked.postgresql) as url:
        field = paced_month.field_of(Path(directory) / "workspace", url)
        until = START + timedelta(days=asked.days)
        month = paced_month.spend(field, leads=asked.leads, until=until, schedulers=asked.schedulers)
        field.close()
    _tell(month)
    sys.stdout.write(f"{clock.monotonic() - began:.0f} s, {time.process_time() - cpu:.0f} s of processor time\n")
    paced_month.check(month, until=until)
    sys.stdout.write("windows, cap, gaps, turns of zones and kinds, claims: all kept\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("leads", type=int, nargs="?", default=10_000)
    parser.add_argument("days", type=float, nargs="?", default=31)
    parser.add_argument("--schedulers", type=int, default=1)
    parser.add_argument("--postgresql", action="store_true")
    return parser.parse_args()


@contextmanager
def _database(directory: Path, is_postgresql: bool) -> Iterator[str]:
    server = PostgresServer() if is_postgresql else None
    url = server.create("paced_month") if server else f"sqlite:///{directory}/outreach.db"
    store = open_store(url)
    migrate.upgrade(store.engine)
    store.dispose()
    try:
        yield url
    finally:
        if server:
            server.stop()


def _tell(month: Month) -> None:
    firsts = month.firsts()
    follow_ups = [each for each in month.sent if each.step == "bump"]
    late = sorted(each.at - each.wanted_at for each in follow_ups) or [timedelta(0)]
    say = sys.stdout.write
    say(f"{len(month.sent)} mails, {month.claims} claims, {month.looks} looks\n")
    say(f"mails a day: {sorted(month.days().items())}\n")
    say(f"first mails by zone: { {zone: len(firsts[zone]) for zone in ZONES} }\n")
    silences = {
        zone: max(later - earlier for earlier, later in pairwise([START, *firsts[zone], month.sent[-1].at]))
        for zone in ZONES
    }
    longest = max(silences, key=lambda zone: silences[zone])
    say(f"longest time without a first mail: {silences[longest]} ({longest})\n")
    say(f"follow-ups: {len(follow_ups)}, late by {late[len(late) // 2]} (median), {late[-1]} (longest)\n")


if __name__ == "__main__":
    main()
