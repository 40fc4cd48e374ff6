"""Replies by the thousand, a CRM that throttles, breaks, and loses answers, and workers that are killed.

Used by the suite with some hundred replies, and by `tests/benchmarks/crm_storm.py` with as many as one likes.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import func, insert, select

from outreach import app as apps
from outreach.clock import SystemClock
from outreach.domain.event import Clues, Event, EventKind
from outreach.sandbox import hubspot_server
from outreach.sandbox.http_host import HttpHost
from outreach.sandbox.hubspot_server import TOKEN, FakeHubSpot
from outreach.services.crm import sync
from outreach.services.hearing.react import apply
from outreach.store.tables import addresses, crm_jobs, leads
from tests.journeys.crm_storm_worker import HurriedClock

TYPED = 10  # one person in so many is in the CRM before we are
TWICE = 10  # the news of one reply in so many comes twice
_CHUNK = 200
_CLOCK = SystemClock()
_NEVER = threading.Event()

_CRM = """
hubspot:
  use: hubspot
  base_url: {url}
  token: {token}
  rate: {{calls: 100000, per: 1 minute}}
  status: {{property: hs_lead_status, values: {{responded: CONNECTED}}}}
  when: {{reply: [person, log_reply, status]}}
"""
_PIPELINE = "name: default\nstages:\n  - {name: prospect, kind: open}\n  - {name: responded, kind: open}\n"


class Weather:
    """What the CRM does with each request: the same throws for the same numbers, whoever asks."""

    def __init__(self) -> None:
        self._throws = count()
        self.seen: Counter[str] = Counter()

    def _throw(self) -> int:
        digest = hashlib.sha256(f"weather {next(self._throws)}".encode()).digest()
        return int.from_bytes(digest[:4]) % 1000

    def before(self, request: httpx.Request) -> httpx.Response | None:
        """Answered before anything is done."""
        throw = self._throw()
        if throw < 15:
            self.seen["429"] += 1
            return httpx.Response(429, json={"errorType": "RATE_LIMIT"}, headers={"retry-after": "1"})
        if throw < 55:
            self.seen["500 before"] += 1
            return httpx.Response(500, json={"message": "internal error"})
        if throw < 155 and request.method == "GET" and "idProperty" in str(request.url):
            self.seen["not found yet"] += 1
            return httpx.Response(404, json={"category": "OBJECT_NOT_FOUND"})
        return None

    def after(self, request: httpx.Request) -> httpx.Response | None:
        """Answered after the work is done: it was accepted, and nobody is told."""
        throw = self._throw()
        if throw < 40:
            self.seen["500 after"] += 1
            return httpx.Response(500, json={"message": "internal error"})
        if throw < 80:
            self.seen["answer lost"] += 1
            return httpx.Response(200, content=b"{", headers={"x-cut": "yes"})
        return None


@dataclass
class Storm:
    """One run. `prove` says whether each lead has one person, one reply entry and one status."""

    root: Path
    replies: int
    database_url: str
    workers: int = 3
    kill_every: float = 1.0  # seconds of the machine's clock
    most_kills: int = 6
    look: float = 0.1  # seconds between two looks at how far it is
    factor: int = 60  # how much faster than the machine's the clock runs
    weather: Weather = field(default_factory=Weather)
    kills: int = 0
    dead_letters: int = 0
    seconds: float = 0.0

    def run(self, *, on_progress: Callable[[int], None] = lambda _: None) -> None:
        self.hubspot = FakeHubSpot(before=self.weather.before, after=self.weather.after)
        host = HttpHost(hubspot_server.served(self.hubspot), name="hubspot")
        host.start()
        self._begun_at = SystemClock().now()
        self._write_files(host.url)
        self.app = apps.build(self.root, self._environ, clock=HurriedClock(self._begun_at, self.factor))
        try:
            self._reply_all()
            begun = _CLOCK.monotonic()
            self._drain_out(on_progress)
            self.seconds = _CLOCK.monotonic() - begun
        finally:
            self.app.close()
            host.stop()

    @property
    def _environ(self) -> dict[str, str]:
        return {"OUTREACH_DATABASE_URL": self.database_url}

    def _write_files(self, url: str) -> None:
        files = {
            "config/outreach.yaml": "secret_key: a-secret-for-tests\n",
            "config/crm.yaml": _CRM.format(url=url, token=TOKEN),
            "config/pipelines/default.yaml": _PIPELINE,
        }
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")

    def _reply_all(self) -> None:
        """Every lead answers, of some the news comes twice; some of them are in the CRM already."""
        engine = self.app.engine
        for start in range(0, self.replies, _CHUNK):
            numbers = range(start, min(start + _CHUNK, self.replies))
            with self.app.store.begin() as connection:
                self._add_leads(connection, numbers)
                for number in numbers:
                    for _ in range(1 + (number % TWICE == 0)):
                        apply(connection, engine, self._reply(number))
        for number in range(0, self.replies, TYPED):
            self.hubspot.add("contacts", {"email": _address(number), "firstname": "Typed"})

    def _add_leads(self, connection: Any, numbers: range) -> None:
        now = self.app.clock.now()
        row: dict[str, Any] = {"source": "storm", "status": "in_sequence", "pipeline": "default", "stage": "prospect"}
        row |= {"stage_since_at": now, "created_at": now, "updated_at": now}
        connection.execute(insert(leads), [{"id": f"l{number}", "first_name": "Ada", **row} for number in numbers])
        own = [{"id": f"a{number}", "lead_id": f"l{number}", "value": _address(number)} for number in numbers]
        connection.execute(insert(addresses), [{**each, "kind": "email", "created_at": now} for each in own])

    def _reply(self, number: int) -> Event:
        return Event(
            key=f"storm/{number}",
            kind=EventKind.REPLIED,
            at=self.app.clock.now(),
            channel="email",
            clues=Clues(addresses=(("email", _address(number)),)),
            text=f"reply {number} sounds good",
        )

    def _drain_out(self, on_progress: Callable[[int], None]) -> None:
        with _Workers(self) as workers:
            next_kill = _CLOCK.monotonic() + self.kill_every
            while (left := self._open()) or self._retry_dead():
                on_progress(self.replies * 3 - left)
                if _CLOCK.monotonic() >= next_kill and self.kills < self.most_kills:
                    workers.kill_one(self.kills)
                    self.kills += 1
                    next_kill = _CLOCK.monotonic() + self.kill_every
                _NEVER.wait(self.look)

    def _open(self) -> int:
        statement = select(func.count()).where(
            crm_jobs.c.state.in_(("waiting", "claimed")), crm_jobs.c.due_at.is_not(None)
        )
        with self.app.store.read() as connection:
            return connection.execute(statement).scalar_one()

    def _retry_dead(self) -> int:
        """A person mends what failed eight times in a row; in this weather that is bad luck alone."""
        again = sync.retry(self.app.store, clock=self.app.clock)
        self.dead_letters += again
        return again

    def prove(self) -> None:
        contacts = self.hubspot.objects["contacts"]
        entries = Counter(thing.contact for thing in self.hubspot.objects["emails"].values())
        wanted = {_address(number) for number in range(self.replies)}
        assert Counter(thing.properties["email"] for thing in contacts.values()) == Counter(wanted)
        assert entries == Counter([*contacts])
        assert {thing.properties["hs_lead_status"] for thing in contacts.values()} == {"CONNECTED"}
        texts = {
            thing.properties["hs_email_text"].partition("\n")[0] for thing in self.hubspot.objects["emails"].values()
        }
        assert texts == {f"reply {number} sounds good" for number in range(self.replies)}


class _Workers:
    """Processes that drain, each of which may be killed and is replaced at once."""

    def __init__(self, storm: Storm) -> None:
        self._order = {
            "root": str(storm.root),
            "environ": storm._environ,
            "begun_at": storm._begun_at.isoformat(),
            "factor": storm.factor,
            "log": str(storm.root / "workers.log"),
        }
        self._number = storm.workers
        self._pids: list[int] = []

    def __enter__(self) -> _Workers:
        command = [sys.executable, "-m", "tests.journeys.crm_storm_worker"]
        self._nursery = subprocess.Popen(
            command, cwd=Path(__file__).parents[2], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(self._number):
            self._start()
        return self

    def __exit__(self, *_: object) -> None:
        for pid in self._pids:
            _kill(pid)
        assert self._nursery.stdin
        assert self._nursery.stdout
        self._nursery.stdin.close()
        self._nursery.stdout.close()
        self._nursery.wait(10)

    def kill_one(self, number: int) -> None:
        _kill(self._pids.pop(number % len(self._pids)))
        self._start()

    def _start(self) -> None:
        assert self._nursery.stdin
        assert self._nursery.stdout
        self._nursery.stdin.write(json.dumps(self._order) + "\n")
        self._nursery.stdin.flush()
        self._pids.append(int(self._nursery.stdout.readline()))


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _address(number: int) -> str:
    return f"p{number}@example.com"
