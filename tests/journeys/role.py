"""Starts a role as the command line does, with a policy of the test's choice; it may be told to die at a point.

Run as a program, it imports everything, then forks a role for each order (a line of JSON) that it reads.
"""

from __future__ import annotations

import asyncio.selector_events
import functools
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

from outreach import app as apps
from outreach import scheduler, settings, worker
from outreach.accounts import policy_of
from outreach.cli import logs
from outreach.services.sending import dispatch
from outreach.services.sending.outcomes import Outcome
from outreach.services.sending.standings import Subject
from outreach.store import touches

BEFORE, AFTER = "before", "after"

POINTS: dict[str, tuple[Any, str, str, Callable[..., bool]]] = {
    "before take-over": (touches, "take_over", BEFORE, lambda *_, **__: True),
    "after take-over": (dispatch, "take", AFTER, lambda *_, **__: True),
    "inside the mark": (touches, "mark", AFTER, lambda *_, **__: True),  # written, not committed
    "after the mark": (dispatch, "write", AFTER, lambda _, __, steps: _has(Subject, steps)),
    "before the outcome": (dispatch, "write", BEFORE, lambda _, __, steps: _has(Outcome, steps)),
    "inside the outcome": (touches, "finish", AFTER, lambda *_, **__: True),  # written, not committed
    "after the outcome": (dispatch, "write", AFTER, lambda _, __, steps: _has(Outcome, steps)),
    "inside the claim": (touches, "claim", AFTER, lambda *_, **__: True),  # written, not committed
    "claimed, not rung": (scheduler, "claim_due", AFTER, lambda *_, **__: True),
}
"""Points between the steps of the path: module, function, on which side of it to die, and which calls count."""

IN_THE_BODY = "in the body"
_END_OF_MAIL = b"\r\n.\r\n"


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system buries the dead
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become(order)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


def _become(order: dict[str, Any]) -> None:
    """The child: never returns."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for descriptor in (1, 2):
        os.dup2(log, descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    code = 1
    try:
        _carry_out(order)
        code = 0
    finally:
        sys.stderr.flush()
        if code:
            sys.excepthook(*sys.exc_info())
        os._exit(code)


def _carry_out(order: dict[str, Any]) -> None:
    logs.everything()
    os.environ.update(order["environ"])
    if order["die"]:
        _lay_mine(order["die"], order["nth"], signal.Signals(order["by"]))
    configured = settings.load(Path(order["root"]), os.environ)
    lease = timedelta(seconds=order["lease"])
    policy = replace(policy_of(configured), batch=order["batch"], lease=lease, pick_up=lease)
    built = apps.App(configured, policy=policy)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    started = _start(built, order["role"])
    stop.wait()
    started.close()
    built.close()


def _start(built: apps.App, role: str) -> Any:
    started: Any = worker.Worker(built) if role == "worker" else scheduler.Scheduler(built)
    started.start()
    return started


def _lay_mine(point: str, nth: int, by: signal.Signals) -> None:
    """Die (or freeze, by SIGSTOP) when that point is reached for the n-th time."""
    numbers = count(1)

    def pass_or_die() -> None:
        if next(numbers) == nth:
            os.kill(os.getpid(), by)

    if point == IN_THE_BODY:
        _die_in_the_body(pass_or_die)
        return
    module, name, side, counts = POINTS[point]
    function = getattr(module, name)

    @functools.wraps(function)
    def call(*arguments: Any, **named: Any) -> Any:
        if side == BEFORE and counts(*arguments, **named):
            pass_or_die()
        answer = function(*arguments, **named)
        if side == AFTER and answer and counts(*arguments, **named):
            pass_or_die()
        return answer

    setattr(module, name, call)


def _has(kind: type, steps: Sequence[object]) -> bool:
    return any(isinstance(step, kind) for step in steps)


def _die_in_the_body(pass_or_die: Callable[[], None]) -> None:
    """Half of a text is on the wire, and its final dot never will be. The loop is one whose writes can be watched."""
    vars(worker)["uvloop"] = asyncio
    transport: Any = asyncio.selector_events._SelectorSocketTransport  # type: ignore[attr-defined]
    write = transport.write

    def write_half(self: Any, data: bytes) -> None:
        if _END_OF_MAIL not in data:
            write(self, data)
            return
        half = data.index(_END_OF_MAIL) // 2
        write(self, data[:half])
        pass_or_die()
        write(self, data[half:])

    transport.write = write_half


if __name__ == "__main__":
    main()
