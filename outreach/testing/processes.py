"""Roles as processes of their own, for tests that kill them: forked from one that has imported everything already.

A fork starts in a few milliseconds, so that a test may afford to lose many. What runs is a script of the tests
(`tests/journeys/role.py`), which starts a role as the command line does.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psutil

from outreach.clock import SystemClock

T = TypeVar("T")

_PAUSE_SECONDS = 0.02
_CLOCK = SystemClock()


def wait_until(condition: Callable[[], T], *, seconds: float = 30, what: str = "it") -> T:
    """The first true answer of `condition`, asked again and again; an AssertionError naming `what` after `seconds`."""
    pause = threading.Event()
    end = _CLOCK.monotonic() + seconds
    while not (answer := condition()):
        if _CLOCK.monotonic() > end:
            raise AssertionError(f"{what} did not come about within {seconds:g} seconds")
        pause.wait(_PAUSE_SECONDS)
    return answer


@dataclass(frozen=True, slots=True)
class Role:
    """A running role. `log` is the file that holds what it writes to stdout and stderr."""

    pid: int
    log: Path

    def is_alive(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def kill(self) -> None:
        """SIGKILL: it gets no chance to say anything. Returns when it is gone."""
        self._signal(signal.SIGKILL)
        self.wait(10)

    def terminate(self) -> None:
        """SIGTERM: it finishes what is on the wire. Returns at once."""
        self._signal(signal.SIGTERM)

    def is_frozen(self) -> bool:
        """Does it stand still by SIGSTOP, as on a suspended machine?"""
        return self.is_alive() and psutil.Process(self.pid).status() == psutil.STATUS_STOPPED

    def wake(self) -> None:
        self._signal(signal.SIGCONT)

    def wait(self, seconds: float = 30) -> None:
        """Until it is gone."""
        wait_until(lambda: not self.is_alive(), seconds=seconds, what=f"the end of process {self.pid}")

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def _signal(self, number: int) -> None:
        if self.is_alive():
            os.kill(self.pid, number)


class RoleForge:
    """The process roles are forked from; threads may share it."""

    def __init__(self, script: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._one_order = threading.Lock()

    def start(self, order: Mapping[str, Any], log: Path) -> Role:
        """Fork once; the child carries out `order` (plain values) and writes to `log`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._one_order:
            self._process.stdin.write(json.dumps({**order, "log": str(log)}) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the process that roles are forked from has ended; see what it wrote to stderr")
        return Role(int(answer), log)

    def close(self) -> None:
        """Roles that still run go on: who started one ends it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


class Program:
    """The command line, as a user has it: `python -m outreach` in a directory, with an environment."""

    def __init__(self, directory: Path, environ: Mapping[str, str]) -> None:
        self.directory = directory
        own = {name: value for name, value in os.environ.items() if not name.startswith("OUTREACH_")}
        self._environ = {**own, **environ}
        self._running: list[tuple[subprocess.Popen[bytes], Path]] = []

    def call(self, *arguments: str, seconds: float = 60) -> subprocess.CompletedProcess[str]:
        """A command that answers and ends."""
        return subprocess.run(
            [sys.executable, "-m", "outreach", *arguments],
            cwd=self.directory,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def must(self, *arguments: str) -> str:
        """What a command says that has to succeed."""
        ended = self.call(*arguments)
        said = f"outreach {' '.join(arguments)}: {ended.returncode}\n{ended.stdout}{ended.stderr}"
        assert ended.returncode == 0, said
        return ended.stdout

    def start(self, *arguments: str) -> None:
        """A command that stays, until `stop`."""
        log = self.directory.parent / f"{'-'.join(arguments)}-{len(self._running)}.log"
        with log.open("wb") as out:
            command = [sys.executable, "-m", "outreach", *arguments]
            process = subprocess.Popen(
                command, cwd=self.directory, env=self._environ, stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        self._running.append((process, log))

    def said(self) -> str:
        """What the commands that stay have written."""
        return "\n".join(f"--- {log.name}\n{log.read_text(errors='replace')}" for _, log in self._running)

    def stop(self) -> list[int]:
        """SIGTERM to all that stay; their exit codes."""
        for process, _ in self._running:
            process.terminate()
        return [process.wait(30) for process, _ in self._running]

    def kill(self) -> None:
        """End whatever still runs."""
        for process, _ in self._running:
            process.kill()
            process.wait(10)
