"""`python -m tests.benchmarks.lead_import`: leads a second, beside COPY of the same rows into the same tables.

Both are measured in one run. The measure is what a loader that understands nothing would do: COPY into staging tables
and INSERT … ON CONFLICT DO NOTHING into the real ones, with their indexes and foreign keys. Figures are printed, never
asserted. `--million` imports a million rows twice on PostgreSQL and on SQLite, each in a process of its own, and tells
the most memory it took.
"""

from __future__ import annotations

import argparse
import csv
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import psutil
from sqlalchemy import func, select, text

from outreach.clock import SystemClock
from outreach.content.lead_files import open_lead_file
from outreach.domain.pipeline import Pipeline, Stage, StageKind
from outreach.services.people.import_leads import Summary, import_leads
from outreach.store import migrate
from outreach.store.session import Store, open_store
from outreach.store.tables import addresses, companies, leads
from outreach.testing.servers import PostgresServer

MILLION = 1_000_000
_CLOCK = SystemClock()
_LOADED = (companies, leads, addresses)  # in the order of their foreign keys
_HEADER = "Email, First Name, Last Name, Job Title, Company, Website, Country, LinkedIn URL, Phone, Segment"
_FIRST = ("Ayşe", "Mehmet", "Deniz", "Anna", "Jonas", "Marie", "Luca", "Zoé", "Noah", "Zeynep", "Can", "Elif")
_LAST = ("Yılmaz", "Kaya", "Demir", "Schmidt", "Müller", "Rossi", "Dubois", "Novák", "Silva", "Çelik")
_TITLES = ("Head of Sales", "CEO", "Compliance Officer", "CFO", "Growth Lead")
_COUNTRIES = ("Turkey", "DE", "France", "Italy", "NL", "United Kingdom", "Spain", "US")
_PIPELINE = Pipeline(
    name="default", stages=tuple(Stage(name=name, kind=StageKind.OPEN) for name in ("prospect", "contacted"))
)


class Figure(NamedTuple):
    """How long something took. CPU is that of this process and of the database."""

    rows: int
    seconds: float
    cpu_here: float
    cpu_there: float

    @property
    def cpu(self) -> float:
        return self.cpu_here + self.cpu_there

    def __str__(self) -> str:
        cpu = f"CPU {self.cpu_here:.1f} s here and {self.cpu_there:.1f} s in PostgreSQL"
        return f"{self.rows / self.seconds:,.0f} rows/s ({self.seconds:.1f} s; {cpu})"


class Watch:
    """Runs from its making on."""

    def __init__(self, store: Store) -> None:
        self._server = _server_of(store)
        self._begun = (_CLOCK.monotonic(), time.process_time(), self._there())

    def read(self, rows: int) -> Figure:
        now = (_CLOCK.monotonic(), time.process_time(), self._there())
        seconds, here, there = (late - early for late, early in zip(now, self._begun, strict=True))
        return Figure(rows, seconds, here, there)

    def _there(self) -> float:
        if self._server is None:
            return 0.0
        times = [each.cpu_times() for each in (self._server, *self._server.children(recursive=True))]
        return sum(each.user + each.system for each in times)


def _server_of(store: Store) -> psutil.Process | None:
    """The PostgreSQL server of that store, which runs on this machine."""
    if store.is_sqlite:
        return None
    with store.read() as connection:
        backend = psutil.Process(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())
    return backend.parent()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--million", action="store_true")
    parser.add_argument("--into", help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.into:
        twice(asked.into, asked.file)
    elif asked.million:
        million()
    else:
        beside_copy(asked.rows, asked.rounds)


def write_list(path: Path, rows: int) -> None:
    """Synthetic people: four to a company, each with an e-mail address, half with a profile, a quarter with a phone."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(_HEADER.split(", "))
        for number in range(rows):
            company = number // 4
            names = (_FIRST[number % 12], _LAST[number // 12 % 10], _TITLES[number % 5])
            profile = f"https://www.linkedin.com/in/person-{number}" if number % 2 else ""
            phone = f"+9053{number:08d}" if number % 4 == 0 else ""
            site = (f"Company {company} Ltd", f"https://www.company{company}.com", _COUNTRIES[company % 8])
            writer.writerow([f"person{number}@company{company}.com", *names, *site, profile, phone, "fintech"])


def beside_copy(rows: int, rounds: int) -> None:
    """Import and COPY in turns, because the machine has other work; the best of each counts."""
    postgres = PostgresServer()
    best = best_cpu = 0.0
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "people.csv"
        write_list(path, rows)
        for number in range(rounds):
            store = _opened(postgres.create(f"import_{number}"))
            imported = _import(store, path)[0]
            again, summary = _import(store, path)
            assert (summary.imported, summary.unchanged) == (0, rows), "importing again made leads"
            copied = _copy(store, _opened(postgres.create(f"copy_{number}")), rows)
            share, cpu_share = copied.seconds / imported.seconds, copied.cpu / imported.cpu
            best, best_cpu = max(best, share), max(best_cpu, cpu_share)
            _say(
                f"import {imported}\n again {again}\n  COPY {copied}\nimport ÷ COPY {share:.2f}, by CPU {cpu_share:.2f}"
            )
            store.dispose()
    _say(f"best of {rounds}: import ÷ COPY {best:.2f}, by CPU {best_cpu:.2f}")
    postgres.stop()


def _copy(filled: Store, empty: Store, rows: int) -> Figure:
    """Load what the import has written into tables that are empty."""
    data = {table.name: _dumped(filled, table.name) for table in _LOADED}
    watch = Watch(empty)
    with empty.engine.begin() as connection:
        cursor = connection.connection.cursor()
        for table in _LOADED:
            cursor.execute(f"CREATE TEMP TABLE staged_{table.name} (LIKE {table.name})")
            with cursor.copy(f"COPY staged_{table.name} FROM STDIN") as copy:
                copy.write(data[table.name])
            cursor.execute(f"INSERT INTO {table.name} SELECT * FROM staged_{table.name} ON CONFLICT DO NOTHING")
    figure = watch.read(rows)
    empty.dispose()
    return figure


def _dumped(store: Store, table: str) -> bytes:
    with store.read() as connection:
        cursor = connection.connection.cursor()
        with cursor.copy(f"COPY {table} TO STDOUT") as copy:
            return b"".join(bytes(block) for block in copy)


def million() -> None:
    """Once on each database: import, and import again."""
    postgres = PostgresServer()
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "people.csv"
        write_list(path, MILLION)
        for url in (postgres.create("million"), f"sqlite:///{directory}/outreach.db"):
            subprocess.run([sys.executable, "-m", __spec__.name, "--into", url, "--file", str(path)], check=True)
    postgres.stop()


def twice(url: str, path: Path) -> None:
    """Import a list two times and count what is there."""
    store = _opened(url)
    for time_of in ("import", "again"):
        figure, summary = _import(store, path)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        counts = f"{summary.imported:,} new, {summary.unchanged:,} unchanged, {summary.rejected:,} rejected"
        _say(f"{store.engine.dialect.name} {time_of}: {figure}; {counts}; {_there(store)}; at most {memory} MB")
    store.dispose()


def _there(store: Store) -> str:
    with store.read() as connection:
        numbers = [
            (table.name, connection.execute(select(func.count()).select_from(table)).scalar()) for table in _LOADED
        ]
    return ", ".join(f"{number:,} {name}" for name, number in numbers)


def _opened(url: str) -> Store:
    store = open_store(url)
    migrate.upgrade(store.engine)
    return store


def _import(store: Store, path: Path) -> tuple[Figure, Summary]:
    watch = Watch(store)
    summary = import_leads(store, open_lead_file(path), clock=_CLOCK, default_pipeline=_PIPELINE)
    return watch.read(summary.rows_read), summary


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
