"""`python -m tests.benchmarks.million_leads`: what the pages cost on PostgreSQL with a million synthetic leads.

Rows are made by the database itself. Each figure is the least of several tries, because the machine has other work;
what is printed is time and the number of statements, never asserted.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Engine, event, text

from outreach import app as apps
from outreach.clock import SystemClock
from outreach.content.revision import freeze
from outreach.domain.measure import Dimension
from outreach.services.measuring import rolling
from outreach.services.sequences import revise
from outreach.services.watching import forgotten
from outreach.store import migrate
from outreach.store.session import open_store
from outreach.testing.servers import PostgresServer
from outreach.web.backing import services_of
from outreach.web.server import WebServer
from tests.benchmarks.million_rows import WORKSPACE, fill

PATHS = (
    "/leads",
    "/leads?sort=score",
    "/leads?status=responded",
    "/leads?stage=contacted&sort=waiting",
    "/leads?owner=rare",
    "/leads?owner=nobody",
    "/leads?tag=vip",
    "/leads?where=lead.score >= 90 and lead.country == 'TR'",
    "/leads?where=lead.industry == 'bank' and company.size > 4000",
    "/leads?where=lead.title | lower == 'cto'",
    "/leads?where=lead.title | lower == 'nobody'",
    "/leads?search=demir77",
    "/leads?search=person77777@",
    "/leads?search=company 7777",
    "/leads?search=a",
    "/leads?search=nobody",
    "/pipeline",
    "/inbox",
    "/tasks",
    "/sequences",
    "/senders",
    "/unknown",
    "/leads/{lead}",
    "/",
)

REPORTS = (
    *(f"/reports?span={which}-{kind}" for kind in ("quarter", "month", "week") for which in ("this", "last")),
    *(f"/reports?span=last-quarter&by={dimension}" for dimension in Dimension),
    "/reports?span=last-quarter&sender=anna",
    "/reports?span=last-quarter&by=step&source=website",
)


def prepare(root: Path, database_url: str, leads: int) -> None:
    """The workspace, its sequences applied, the rows, and their days packed as the scheduler packs them."""
    today = SystemClock().now()
    for name, content in WORKSPACE.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        days = content.replace("FIRST", f"{today.year}-01-01").replace("LAST", f"{today.year}-12-31")
        file.write_text(days, encoding="utf-8")
    program = apps.build(root, {"OUTREACH_DATABASE_URL": database_url}, clock=None, policy=None)
    contents = {name: freeze(program.workspace, name) for name in program.workspace.sequences}
    revise.apply(program.engine, contents, hashes=program.workspace.hashes, by="benchmark")
    with program.store.begin() as connection:
        fill(connection, leads)
    with program.store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    begun = time.perf_counter()
    while (rolled := rolling.roll(program.engine, program.settings.reports)) and not rolled.is_complete:
        pass
    forgotten.count_again(program.engine)
    print(f"{time.perf_counter() - begun:9.0f} s  days packed for the first time")  # noqa: T201  # what it is for
    program.close()


def measure(root: Path, database_url: str, leads: int, tries: int) -> None:
    """The least time of each page, and its statements."""
    program = apps.build(root, {"OUTREACH_DATABASE_URL": database_url}, clock=None, policy=None)
    server = WebServer(services_of(program), port=0)
    server.start()
    seen = _statements(program.store.engine)
    with httpx.Client(base_url=server.url, timeout=600) as web:
        for path in PATHS:
            _measure(web, path.format(lead=f"l{leads * 9 // 10:09}"), seen, tries)
        for path in REPORTS:
            _measure(web, path, seen, 1)  # kept for a minute: only the first try counts
    server.stop()
    program.close()


def _statements(engine: Engine) -> list[str]:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    return seen


def _measure(web: httpx.Client, path: str, seen: list[str], tries: int) -> None:
    least, status = float("inf"), 0
    for _ in range(tries):
        seen.clear()
        begun = time.perf_counter()
        status = web.get(path).status_code
        least = min(least, time.perf_counter() - begun)
    print(f"{least * 1000:9.0f} ms {len(seen):4} statements {status} {path}", flush=True)  # noqa: T201  # what it is for


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, default=1_000_000)
    parser.add_argument("--tries", type=int, default=5)
    asked = parser.parse_args()
    postgres = PostgresServer()
    try:
        url = postgres.create("million")
        store = open_store(url)
        migrate.upgrade(store.engine)
        store.dispose()
        with tempfile.TemporaryDirectory() as root:
            prepare(Path(root), url, asked.leads)
            measure(Path(root), url, asked.leads, asked.tries)
    finally:
        postgres.stop()


if __name__ == "__main__":
    main()
