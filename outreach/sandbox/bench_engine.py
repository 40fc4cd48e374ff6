"""The engine under load: real workers, a scheduler's ticks, safety on (mark and outcome committed for each message)."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from outreach import app as apps
from outreach.content.revision import freeze
from outreach.errors import UsageError
from outreach.scheduler import BREATH_SECONDS, Scheduler
from outreach.services.sending.advance import advance
from outreach.services.sequences import revise
from outreach.services.sequences.enroll import Selection, enroll
from outreach.store import migrate
from outreach.store.session import open_store
from outreach.store.tables import addresses, leads, touches
from outreach.store.touches import in_flight
from outreach.worker import Worker

_LINE = "A line of text that says something about your work and ours. "
_FILES = {
    "config/outreach.yaml": 'organisation: {name: Example Ltd, postal_address: "1 Example St"}\n',
    "config/pipelines/default.yaml": "name: default\nstages:\n  - {name: prospect, kind: open}\n",
    "sequences/bench.yaml": (
        "name: bench\npipeline: default\nsenders: [anna]\nschedule: always\nsteps:\n"
        "  - id: intro\n    email: intro\n  - wait: 3 days\n  - id: bump\n    email: bump\n    thread: intro\n"
    ),
    "templates/intro.md": (
        '---\nsubject: Hello {{ lead.first_name | default("there") }}\n---\n'
        'Hi {{ lead.first_name | default("there") }},\n\n' + (_LINE + "\n\n") * 8
    ),
    "templates/bump.md": "---\nsubject: Again\n---\nDid you see my mail?\n",
}
_SENDERS = """anna:
  name: Anna Example
  timezone: UTC
  email:
    address: anna@bench.example
    smtp: {{url: "smtp://127.0.0.1:{port}", connections: {connections}, messages_per_connection: 100000}}
"""
_CHUNK = 2_000
_MOST_SECONDS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How much, over how many connections in all, by how many worker processes."""

    messages: int
    connections: int
    workers: int


def measure_engine(folder: Path, port: int, environ: Mapping[str, str], load: Load) -> float:
    """Messages a second, from the first claim to the last committed outcome."""
    root = folder / "workspace"
    _write(root, port, max(load.connections // load.workers, 1))
    _prepare(environ["OUTREACH_DATABASE_URL"])
    app = apps.build(root, environ)
    try:
        _enroll(app, load.messages)
        with _workers(app, root, environ, load.workers):
            return load.messages / _drive(app, load.messages)
    finally:
        app.close()


def _write(root: Path, port: int, connections: int) -> None:
    for name, text in {**_FILES, "config/senders.yaml": _SENDERS.format(port=port, connections=connections)}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _prepare(database_url: str) -> None:
    store = open_store(database_url)
    try:
        if migrate.current(store.engine) is not None:
            raise UsageError("the database of a benchmark must be empty: everything in it would be sent to the sink.")
        migrate.upgrade(store.engine)
    finally:
        store.dispose()


def _enroll(app: apps.App, messages: int) -> None:
    """Leads, enrollments and planned touches: what lies there before the first claim."""
    contents = {"bench": freeze(app.workspace, "bench")}
    revise.apply(app.engine, contents, hashes=app.workspace.hashes, by="bench")
    now = app.clock.now()
    place = {
        "source": "bench",
        "pipeline": "default",
        "stage": "prospect",
        "stage_since_at": now,
        "created_at": now,
        "updated_at": now,
    }
    for start in range(0, messages, _CHUNK):
        numbers = range(start, min(start + _CHUNK, messages))
        with app.store.begin() as connection:
            rows = [
                {"id": f"l{n:09}", "first_name": f"N{n}", "source": "bench", "status": "new"} | place for n in numbers
            ]
            connection.execute(leads.insert(), rows)
            kept = [{"id": f"a{n:09}", "lead_id": f"l{n:09}", "kind": "email", "created_at": now} for n in numbers]
            for row, number in zip(kept, numbers, strict=True):
                row["value"] = f"p{number}@d{number % 500}.example"
            connection.execute(addresses.insert(), kept)
    enroll(app.engine, "bench", Selection(everybody=True))
    while advance(app.engine):
        pass


@contextmanager
def _workers(app: apps.App, root: Path, environ: Mapping[str, str], count: int) -> Iterator[None]:
    """One in this process when there is no broker; else processes of their own."""
    with ExitStack() as stack:
        if app.doorbell.is_in_process:
            worker = Worker(app)
            worker.start()
            stack.callback(worker.close)
        else:
            for _ in range(count):
                stack.enter_context(_process(root, environ))
        yield


@contextmanager
def _process(root: Path, environ: Mapping[str, str]) -> Iterator[None]:
    command = [sys.executable, "-m", "outreach", "--workspace", str(root), "worker"]
    started, said = threading.Event(), list[str]()
    with subprocess.Popen(command, env=dict(environ), stderr=subprocess.PIPE, text=True) as process:  # noqa: S603
        threading.Thread(target=_watch, args=(process, started, said), daemon=True).start()
        if not started.wait(60):
            process.kill()
            raise RuntimeError(f"a worker did not start: {''.join(said[-5:])}")
        try:
            yield
        finally:
            process.terminate()
            process.wait(60)


def _watch(process: subprocess.Popen[str], started: threading.Event, said: list[str]) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        said.append(line)
        if "worker_started" in line:
            started.set()


def _drive(app: apps.App, messages: int) -> float:
    """Tick until everything is sent; how many seconds that took."""
    scheduler = Scheduler(app)
    pause = threading.Event()
    begun = time.perf_counter()
    while time.perf_counter() - begun < _MOST_SECONDS:
        if not scheduler.tick() and not _is_busy(app):
            took = time.perf_counter() - begun
            _check(app, messages)
            return took
        pause.wait(BREATH_SECONDS)
    raise RuntimeError(f"the engine did not finish within {_MOST_SECONDS} s")


def _is_busy(app: apps.App) -> bool:
    with app.store.read() as connection:
        return in_flight(connection) > 0


def _check(app: apps.App, messages: int) -> None:
    """A message that was not sent would make a figure that is not true."""
    with app.store.read() as connection:
        statement = select(func.count()).select_from(touches).where(touches.c.state == "sent")
        sent = connection.execute(statement).scalar_one()
    if sent != messages:
        raise RuntimeError(f"{sent} of {messages} messages are sent")
