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
from outreach.store import migrate
from outreach.store.session import Store, open_store
from outreach.testing.field import FILES
from outreach.testing.servers import PostgresServer
from outreach.web.backing import services_of
from outreach.web.server import WebServer

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
    "/reports?span=days&first=2026-01-01&last=2026-03-31",
    "/",
)

STATEMENTS = (
    """INSERT INTO companies (id, name, domain, fields, created_at)
    SELECT 'c' || n, 'Company ' || n || (ARRAY[' Pay', ' Ledger', ' Bank', ' Labs'])[1 + n % 4],
           'company' || n || '.example', jsonb_build_object('size', (n * 7) % 5000),
           timestamptz '2025-06-01' + n * interval '1 second'
    FROM generate_series(1, :leads / 4) n""",
    """INSERT INTO leads (id, company_id, first_name, last_name, title, language, timezone, country, owner, source,
                          status, pipeline, stage, stage_since_at, score, tags, fields, created_at, updated_at)
    SELECT 'l' || lpad(n::text, 9, '0'), 'c' || (1 + n % (:leads / 4)),
           (ARRAY['Ayse','Jan','Maria','Luca','Sofia','Mehmet','Anna','Omar'])[1 + n % 8] || n % 997,
           (ARRAY['Demir','Nowak','Silva','Rossi','Weber','Kaya','Jansen'])[1 + n % 7] || n % 9973,
           (ARRAY['Founder','CTO','Head of Compliance','CFO','Engineer'])[1 + n % 5],
           'en', 'Europe/Istanbul', (ARRAY['TR','DE','PL','PT','IT'])[1 + n % 5],
           CASE WHEN n % 1000 = 7 THEN 'rare' WHEN n % 3 = 0 THEN 'anna' ELSE 'deniz' END,
           (ARRAY['webinar','import:fair.csv','website','referral'])[1 + n % 4],
           CASE WHEN n % 10 < 5 THEN 'new' WHEN n % 10 < 8 THEN 'in_sequence' WHEN n % 100 = 99 THEN 'responded'
                ELSE 'not_interested' END,
           'default',
           (ARRAY['prospect','prospect','prospect','contacted','contacted','responded','nurture','won'])[1 + n % 8],
           timestamptz '2026-01-01' + (n % 15000000) * interval '1 second', (n * 37) % 100,
           CASE WHEN n % 500 = 3 THEN '["vip", "fintech"]'::jsonb ELSE '["fintech"]'::jsonb END,
           jsonb_build_object('industry', (ARRAY['bank','insurance','payments'])[1 + n % 3], 'employees', n % 3000),
           timestamptz '2025-07-01' + (n / 1000) * interval '11 hours', timestamptz '2026-01-01'
    FROM generate_series(1, :leads) n""",
    """INSERT INTO addresses (id, lead_id, kind, value, is_dead, created_at)
    SELECT 'a' || n, 'l' || lpad(n::text, 9, '0'), 'email',
           'person' || n || '@company' || (1 + n % (:leads / 4)) || '.example', n % 50 = 0, timestamptz '2026-01-01'
    FROM generate_series(1, :leads) n""",
    """INSERT INTO revisions (id, sequence, number, hash, content, created_at)
    VALUES ('bench-revision', 'bench', 1, 'x', '{}', timestamptz '2026-01-01')""",
    """INSERT INTO enrollments (id, lead_id, company_id, sequence, revision_id, sender, state, reason, cursor,
                                cursor_at, zone, entered_at, finished_at)
    SELECT 'e' || n, 'l' || lpad(n::text, 9, '0'), 'c' || (1 + n % (:leads / 4)), 'bench', 'bench-revision', 'anna',
           CASE WHEN n % 10 < 7 THEN 'finished' ELSE 'active' END,
           CASE WHEN n % 10 < 7 THEN 'completed' END, 'bump', timestamptz '2026-01-01', 'Europe/Istanbul',
           timestamptz '2026-01-01' + (n * 30) * interval '1 second',
           CASE WHEN n % 10 < 7 THEN timestamptz '2026-03-01' + (n * 30) * interval '1 second' END
    FROM generate_series(1, :leads / 2) n""",
    """INSERT INTO touches (id, enrollment_id, lead_id, sequence, revision_id, step, action, channel, sender, state,
                            is_first, wanted_at, attempts, used_at, sent_at, finished_at, recipient, crossed)
    SELECT 't' || n, 'e' || n, 'l' || lpad(n::text, 9, '0'), 'bench', 'bench-revision', 'intro', 'email', 'email',
           'anna', 'sent', true, timestamptz '2026-01-01' + (n * 30) * interval '1 second', 1,
           timestamptz '2026-01-01' + (n * 30) * interval '1 second',
           timestamptz '2026-01-01' + (n * 30) * interval '1 second',
           timestamptz '2026-01-01' + (n * 30) * interval '1 second', 'person' || n, false
    FROM generate_series(1, :leads / 2) n""",
    """INSERT INTO events (key, kind, channel, at, lead_id, enrollment_id, touch_id, subject, text, reason, data,
                           created_at)
    SELECT 'k' || n, CASE WHEN n % 4 = 0 THEN 'bounced' ELSE 'replied' END, 'email',
           timestamptz '2026-01-02' + (n * 300) * interval '1 second', 'l' || lpad((n * 10)::text, 9, '0'),
           'e' || n * 10, 't' || n * 10, 'Re: hello', 'Sounds good', '', '{}', timestamptz '2026-01-02'
    FROM generate_series(1, :leads / 20) n""",
    """INSERT INTO stage_moves (id, lead_id, pipeline, from_stage, to_stage, reason, by, at)
    SELECT 'm' || n, 'l' || lpad(n::text, 9, '0'), 'default', 'prospect', 'contacted', 'first touch', 'engine',
           timestamptz '2026-01-01' + (n * 30) * interval '1 second'
    FROM generate_series(1, :leads / 2) n""",
    """INSERT INTO tasks (id, lead_id, kind, assignee, note, state, due_at, created_at)
    SELECT 'task' || n, 'l' || lpad(n::text, 9, '0'), 'call', 'anna', 'Ask about the audit', 'open',
           timestamptz '2026-06-01' + n * interval '1 minute', timestamptz '2026-05-01'
    FROM generate_series(1, :leads / 100) n""",
)


def fill(store: Store, leads: int) -> None:
    """A million leads and what belongs to them, made by the database."""
    with store.begin() as connection:
        for statement in STATEMENTS:
            connection.execute(text(statement), {"leads": leads} if ":leads" in statement else {})
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def measure(root: Path, database_url: str, leads: int, tries: int) -> None:
    """The least time of each page, and its statements."""
    for name, content in FILES.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    program = apps.build(root, {"OUTREACH_DATABASE_URL": database_url}, clock=None, policy=None)
    server = WebServer(services_of(program), port=0)
    server.start()
    seen = _statements(program.store.engine)
    with httpx.Client(base_url=server.url, timeout=600) as web:
        for path in PATHS:
            is_kept = path.startswith("/reports")  # for a minute: only the first try reads it
            _measure(web, path.format(lead=f"l{leads * 9 // 10:09}"), seen, 1 if is_kept else tries)
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
        fill(store, asked.leads)
        store.dispose()
        with tempfile.TemporaryDirectory() as root:
            measure(Path(root), url, asked.leads, asked.tries)
    finally:
        postgres.stop()


if __name__ == "__main__":
    main()
