"""`outreach bench`: messages a second through claim, render, SMTP, marks and write-back, on this machine, now.

In the same run, into the same kind of sink: a raw SMTP loop (the limit), and the naive way (one dramatiq message, one
connection and one commit for each mail). Absolute figures move with the machine; the ratios hold.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

from rich.console import Console
from rich.table import Table

from outreach.sandbox import bench_naive, bench_raw
from outreach.sandbox.bench_engine import Load, measure_engine
from outreach.sandbox.smtp_sink import Sink


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to measure. Without URLs: SQLite in a temporary folder and the queue in the process."""

    messages: int = 4_000
    naive_messages: int = 400
    connections: int = 64
    workers: int = 1
    database_url: str | None = None
    broker_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Messages a second of the three ways, and what they are of each other."""

    database: str
    queue: str
    workers: int
    connections: int
    messages: int
    engine: float
    raw: float
    naive: float

    @property
    def of_the_limit(self) -> float:
        return self.engine / self.raw

    @property
    def times_naive(self) -> float:
        return self.engine / self.naive


def run(plan: Plan | None = None, *, as_json: bool = False, console: Console | None = None) -> int:
    """Measure and print; 0. The database must be empty or not there yet: nothing of yours is touched."""
    out = console or Console()
    figures = measure(plan or Plan(), out if not as_json else Console(stderr=True))
    if as_json:
        ratios = {"of_the_limit": round(figures.of_the_limit, 3), "times_naive": round(figures.times_naive, 1)}
        sys.stdout.write(json.dumps(asdict(figures) | ratios) + "\n")
    else:
        out.print(_table(figures))
    return 0


def measure(plan: Plan, out: Console) -> Figures:
    """The three ways, one after the other."""
    with tempfile.TemporaryDirectory(prefix="outreach-bench-") as folder:
        database_url = plan.database_url or f"sqlite:///{folder}/outreach.db"
        out.print("the raw SMTP loop …")
        with sink() as port:
            raw = bench_raw.measure(port, messages=plan.messages, connections=plan.connections)
        out.print("the engine …")
        with sink() as port:
            environ = _environ(database_url, plan.broker_url)
            load = Load(messages=plan.messages, connections=plan.connections, workers=plan.workers)
            engine = measure_engine(Path(folder), port, environ, load)
        out.print("the naive way …")
        with sink() as port:
            naive = bench_naive.measure(
                port, database_url, plan.broker_url, messages=plan.naive_messages, processes=plan.workers
            )
    return Figures(
        database=database_url.partition(":")[0],
        queue=(plan.broker_url or "in process").partition(":")[0],
        workers=plan.workers,
        connections=plan.connections,
        messages=plan.messages,
        engine=round(engine, 1),
        raw=round(raw, 1),
        naive=round(naive, 1),
    )


def _environ(database_url: str, broker_url: str | None) -> dict[str, str]:
    kept: Mapping[str, str] = {name: value for name, value in os.environ.items() if not name.startswith("OUTREACH_")}
    own = {"OUTREACH_DATABASE_URL": database_url} | ({"OUTREACH_BROKER_URL": broker_url} if broker_url else {})
    return {**kept, **own}


@contextmanager
def sink() -> Iterator[int]:
    """An SMTP sink in a process of its own, so that it does not share a core's lock with what is measured; its port."""
    ours, theirs = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=_run_sink, args=(theirs,), daemon=True)
    process.start()
    yield ours.recv()
    ours.send("stop")
    process.join(10)


def _run_sink(pipe: Pipe) -> None:
    server = Sink(keep=False).start()
    pipe.send(server.port)
    pipe.recv()
    server.stop()


def _table(figures: Figures) -> Table:
    title = f"{figures.messages} messages · {figures.database} · queue {figures.queue} · {figures.workers} worker(s)"
    table = Table(title=title)
    for heading in ("way", "messages/s", "compared"):
        table.add_column(heading, justify="left" if heading == "way" else "right")
    table.add_row("raw SMTP loop", f"{figures.raw:,.0f}", "the limit")
    table.add_row("outreach", f"{figures.engine:,.0f}", f"{figures.of_the_limit:.2f} of the limit")
    table.add_row("naive", f"{figures.naive:,.0f}", f"outreach is {figures.times_naive:.1f} times as fast")
    return table
