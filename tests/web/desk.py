"""A small team behind the pages: the real program with a few people in it, and forms sent as browsers send them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Table

from outreach import app as apps
from outreach.app import App
from outreach.clock import MovableClock
from outreach.content.revision import freeze
from outreach.services.sequences import revise
from outreach.services.sequences.enroll import Selection, enroll
from outreach.store.tables import (
    addresses,
    companies,
    crm_jobs,
    deliveries,
    enrollments,
    events,
    leads,
    notes,
    replies,
    stage_moves,
    tasks,
    touches,
)
from outreach.testing.field import FILES

HOSTILE = "<script>document.title='owned'</script>"

PIPELINE = """
name: default
stages:
  - {name: prospect, kind: open, stale_after: 30 days}
  - {name: contacted, kind: open}
  - {name: responded, kind: open}
  - {name: won, kind: won, requires: [value]}
  - {name: lost, kind: lost, requires: [reason]}
  - {name: nurture, kind: parked}
"""
GOALS = """
- {name: Spring meetings, kpi: meetings, target: 10, owner: anna, start: 2026-01-01, deadline: 2026-06-30, attainable_because: eight last spring}
"""  # noqa: E501
SCORING = """
qualified_at: 50
rules:
  - {add: 10, if: lead.country == 'TR'}
"""


@dataclass(slots=True)
class Desk:
    """The program, and somebody at a browser on this machine."""

    app: App
    web: httpx.Client

    def rows(self, table: Table, **values: Any) -> list[dict[str, Any]]:
        """Rows with these values."""
        statement = table.select().where(*(table.c[name] == value for name, value in values.items()))
        with self.app.store.read() as connection:
            return [dict(row) for row in connection.execute(statement).mappings()]

    def token(self, page: str = "/leads") -> str:
        """What a form of that page carries; the cookie with it is kept."""
        found = re.search(r'name="token" value="([^"]+)"', self.web.get(page).text)
        assert found, f"no form on {page}"
        return found[1]

    def send(self, path: str, page: str, **fields: str) -> httpx.Response:
        """A form of a page, sent as its browser sends it; redirects are not followed."""
        origin = str(self.web.base_url).rstrip("/")
        return self.web.post(path, data={"token": self.token(page), **fields}, headers={"origin": origin})


def open_program(root: Path, clock: MovableClock) -> App:
    """The program of the workspace in that folder, whose database is there already; its files are written."""
    files = {**FILES, "config/pipelines/default.yaml": PIPELINE, "config/goals.yaml": GOALS}
    files |= {"config/scoring.yaml": SCORING}
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return apps.build(root, {"OUTREACH_DATABASE_URL": f"sqlite:///{root / 'outreach.db'}"}, clock=clock, policy=None)


def furnish(program: App) -> None:
    """Three people: one answered with something hostile, one is inside the sequence, one has an address alone."""
    contents = {name: freeze(program.workspace, name) for name in program.workspace.sequences}
    revise.apply(program.engine, contents, hashes=program.workspace.hashes, by="test")
    now = program.clock.now()
    _add(
        program,
        companies,
        id="c1",
        name="Bosphorus Pay",
        domain="bosphorus.example",
        fields={"size": 80},
        created_at=now,
    )
    person = {"source": "import:fintech.csv", "pipeline": "default", "created_at": now, "updated_at": now}
    _add(
        program, leads, id="lead-1", company_id="c1", first_name="Ayşe", last_name="Demir", title="Founder",
        status="responded", stage="responded", stage_since_at=now - timedelta(days=2), owner="anna", score=25,
        country="TR", tags=["fintech", "seed"], fields={"value": 5000}, **person,
    )  # fmt: skip
    _add(
        program, leads, id="lead-2", first_name="Jan", last_name="Nowak", status="new", stage="prospect",
        stage_since_at=now - timedelta(days=40), owner="deniz", score=5, country="PL", tags=[], fields={},
        **{**person, "created_at": now - timedelta(days=1)},
    )  # fmt: skip
    _add(
        program, leads, id="lead-3", status="new", stage="prospect", stage_since_at=now, tags=[], fields={},
        **{**person, "created_at": now - timedelta(days=2), "source": "website"},
    )  # fmt: skip
    mails = {
        "lead-1": "ayse@bosphorus.example",
        "lead-2": "jan@vistula.example",
        "lead-3": "an.unusually.long.address.for.a.narrow.screen@subdomain.of.a.company.example",
    }
    for lead_id, mail in mails.items():
        address = {"lead_id": lead_id, "kind": "email", "value": mail, "is_dead": False, "created_at": now}
        _add(program, addresses, id=f"a-{lead_id}", **address)
    enroll(program.engine, "two-mails", Selection(lead_ids=("lead-2",)))
    _what_happened(program)


def _what_happened(program: App) -> None:
    now = program.clock.now()
    said = f"Sounds good, call me on Thursday.\n\nAyşe\n{HOSTILE}"
    came = {"channel": "email", "created_at": now, "subject": "Re: Audits", "data": {}}
    _add(program, events, key="e1", kind="replied", at=now, lead_id="lead-1", text=said, **came)
    number = _one(program, events, key="e1")["number"]
    _add(
        program, replies, event_number=number, reply_class="meeting", suggested="meeting", suggested_by="rules",
        evidence=["call me on Thursday"],
    )  # fmt: skip
    _add(program, notes, id="n1", lead_id="lead-1", author="deniz", text="Met at the fair", created_at=now)
    move = {"pipeline": "default", "from_stage": "prospect", "to_stage": "responded", "reason": "reply", "by": "engine"}
    _add(program, stage_moves, id="m1", lead_id="lead-1", at=now - timedelta(days=2), **move)
    _add(
        program, deliveries, id="d1", connection="replies", key="k1", method="POST", url="/", headers={}, body=b"x",
        received_at=now, state="understood",
    )  # fmt: skip
    lost = came | {"data": {"from": "somebody@bosphorus.example"}, "delivery_id": "d1", "text": f"Who? {HOSTILE}"}
    _add(program, events, key="e2", kind="replied", at=now, **lost)
    _add(
        program, tasks, id="t1", lead_id="lead-1", kind="call", assignee="anna", note="Ask about the audit",
        text="Hello Ayşe,\nshall we talk?", to="+90 555", state="open", due_at=now - timedelta(days=1), created_at=now,
    )  # fmt: skip
    job = {"connection": "team", "lead_id": "lead-1", "payload": {}, "attempts": 8, "created_at": now}
    _add(
        program, crm_jobs, operation="status", key="reply:1:status", state="dead", error="400: no such property", **job
    )
    _touches(program)


def _touches(program: App) -> None:
    """One in doubt, one refused."""
    now = program.clock.now()
    enrollment = _one(program, enrollments, lead_id="lead-2")
    same = {"enrollment_id": enrollment["id"], "lead_id": "lead-2", "sequence": "two-mails", "channel": "email"}
    same |= {"revision_id": enrollment["revision_id"], "action": "email", "sender": "anna", "wanted_at": now}
    same |= {"recipient": "jan@vistula.example", "finished_at": now, "handed_over_at": now, "attempts": 1}
    _add(program, touches, id="u1", step="intro", state="unknown", reason="the connection broke", **same)
    _add(
        program, touches, id="f1", step="old", state="failed", server_reply=f"550 5.1.1 no such user {HOSTILE}", **same
    )


def _one(program: App, table: Table, **values: Any) -> dict[str, Any]:
    statement = table.select().where(*(table.c[name] == value for name, value in values.items()))
    with program.store.read() as connection:
        return dict(connection.execute(statement).mappings().one())


def _add(program: App, table: Table, **values: Any) -> None:
    with program.store.begin() as connection:
        connection.execute(table.insert().values(**values))
