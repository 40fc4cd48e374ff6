"""A worker of the CRM's work list that may be killed at any moment. Imports once, then forks a worker for each order.

Its clock runs faster than the machine's, so that waiting as long as a vendor asks for takes no time worth mentioning.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from outreach import app as apps
from outreach.clock import SystemClock
from outreach.services.crm import crm_news  # noqa: F401  # imported before the fork, as everything else

_PAUSE = 0.02
_SWEEP = 25  # rounds


class HurriedClock(SystemClock):
    """Every process with the same beginning and factor has the same time."""

    def __init__(self, begun_at: datetime, factor: int) -> None:
        self._begun_at, self._factor = begun_at, factor

    def now(self) -> datetime:
        return self._begun_at + (super().now() - self._begun_at) * self._factor

    def monotonic(self) -> float:
        return super().monotonic() * self._factor


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become(order)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


def _become(order: dict[str, Any]) -> None:
    code = 1
    try:
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for descriptor in (1, 2):
            os.dup2(log, descriptor)
        asyncio.run(_work(order))
        code = 0
    finally:
        if code:
            sys.excepthook(*sys.exc_info())
        sys.stderr.flush()
        os._exit(code)


async def _work(order: dict[str, Any]) -> None:
    """Drain, and sweep now and then, until somebody kills it; what goes wrong is logged, as a worker does."""
    clock = HurriedClock(datetime.fromisoformat(order["begun_at"]), order["factor"])
    app = apps.build(Path(order["root"]), os.environ | order["environ"], clock=clock)
    for number in count():
        try:
            if number % _SWEEP == 0:
                app.sweep_sync()
            for name in app.due_connections():
                await app.drain(name)
        except Exception:  # noqa: BLE001  # the database may be busy for long; the next round tries again
            sys.excepthook(*sys.exc_info())
        await asyncio.sleep(_PAUSE)


if __name__ == "__main__":
    main()
