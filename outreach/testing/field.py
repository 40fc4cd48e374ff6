"""A whole workspace in a folder, with a movable clock and memory channels, driven by hand: no thread decides when."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import RowMapping, func, select

from outreach import app as apps
from outreach.channels.memory import Memory
from outreach.clock import MovableClock
from outreach.content.revision import freeze
from outreach.services.hearing.understand import understand_due
from outreach.services.sending import recover
from outreach.services.sending.advance import advance
from outreach.services.sending.claim import claim_due
from outreach.services.sending.dispatch import Dispatcher
from outreach.services.sending.engine import Policy
from outreach.services.sequences import revise
from outreach.services.sequences.enroll import Selection, Summary, enroll
from outreach.store.tables import addresses, companies, enrollments, leads, touches

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()

FILES: Mapping[str, str] = {
    "config/outreach.yaml": f"""
public_url: http://127.0.0.1:8080
secret_key: a-secret-for-tests
organisation: {{name: Example Ltd, postal_address: "1 Example St, Istanbul"}}
webhooks:
  replies: {{use: standard, secrets: ["{SECRET}"]}}
""",
    "config/senders.yaml": """
anna:
  name: Anna Example
  timezone: Europe/Istanbul
  email: {address: anna@sender.example, use: memory}
""",
    "config/crm.yaml": """
team:
  use: memory
  status: {property: status, values: {responded: CONNECTED}}
  when: {reply: [person, log_reply, status], unsubscribe: [do_not_contact]}
""",
    "config/pipelines/default.yaml": """
name: default
stages:
  - {name: prospect, kind: open}
  - {name: contacted, kind: open}
  - {name: responded, kind: open}
  - {name: won, kind: won}
  - {name: nurture, kind: parked}
""",
    "sequences/two-mails.yaml": """
name: two-mails
pipeline: default
senders: [anna]
schedule: always
stages: {first_touch: contacted, reply: responded, no_reply: nurture}
steps:
  - id: intro
    email: intro
  - wait: 3 days
  - id: bump
    email: bump
    thread: intro
""",
    "templates/intro.md": """---
subject: Hello {{ lead.first_name | default("there") }}
---
Hi {{ lead.first_name | default("there") }}, a word about your work.
""",
    "templates/bump.md": """---
subject: Hello again
---
Did my first mail reach you?
""",
}


class Field:
    """The workspace, its app, and a hand on every wheel. `files` replaces or adds files by their path."""

    def __init__(
        self, root: Path, database_url: str, clock: MovableClock, files: Mapping[str, str] | None = None
    ) -> None:
        self.root = root
        self.clock = clock
        self._written = {**FILES, **(files or {})}
        for name, text in self._written.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self._environ = {"OUTREACH_DATABASE_URL": database_url}
        self.app = self._build()
        self.loop = asyncio.new_event_loop()
        self.dispatcher = Dispatcher(self.engine, self.app.channel_of, owner=self.app.owner)

    def _build(self) -> apps.App:
        return apps.build(self.root, self._environ, clock=self.clock, policy=None)

    @property
    def engine(self) -> Any:
        return self.app.engine

    @property
    def policy(self) -> Policy:
        policy: Policy = self.engine.policy
        return policy

    def close(self) -> None:
        self.loop.run_until_complete(self.app.close_network())
        self.dispatcher.close()
        self.app.close()
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    def memory(self, sender: str = "anna", channel: str = "email") -> Memory:
        """The memory channel of a sender."""
        found = self.app.channel_of(sender, channel)
        assert isinstance(found, Memory)
        return found

    def apply(self) -> list[revise.Change]:
        """Apply every sequence of the workspace."""
        workspace = self.app.workspace
        contents = {name: freeze(workspace, name) for name in workspace.sequences}
        return revise.apply(self.engine, contents, hashes=workspace.hashes, by="test")

    def add_lead(self, email: str, **values: Any) -> str:
        """A lead with that address; a company is found or made from the address's domain unless `company` is False.

        `id` is for tests of what is chosen by a hash of it.
        """
        now = self.clock.now()
        lead_id: str = values.pop("id", None) or self.clock.fresh_id()
        with self.app.store.begin() as connection:
            company_id = values.pop("company_id", None) or self._company(connection, email.rpartition("@")[2])
            row = {"source": "test", "status": "new", "pipeline": "default", "stage": "prospect", "stage_since_at": now}
            row |= {"company_id": company_id, "created_at": now, "updated_at": now, **values}
            connection.execute(leads.insert().values(id=lead_id, **row))
            address = {"lead_id": lead_id, "kind": "email", "value": email, "created_at": now}
            connection.execute(addresses.insert().values(id=self.clock.fresh_id(), **address))
        return lead_id

    def add_address(self, lead_id: str, kind: str, value: str, provider_id: str | None = None) -> None:
        """One more address of a lead."""
        row = {"lead_id": lead_id, "kind": kind, "value": value, "provider_id": provider_id}
        with self.app.store.begin() as connection:
            connection.execute(addresses.insert().values(id=self.clock.fresh_id(), created_at=self.clock.now(), **row))

    def _company(self, connection: Any, domain: str) -> str:
        found: str | None = connection.execute(select(companies.c.id).where(companies.c.domain == domain)).scalar()
        if found is None:
            found = self.clock.fresh_id()
            row = {"id": found, "name": domain, "domain": domain, "created_at": self.clock.now()}
            connection.execute(companies.insert().values(**row))
        return found

    def enroll(self, *lead_ids: str, sequence: str = "two-mails") -> Summary:
        """Enroll these leads, or everybody."""
        selection = Selection(lead_ids=lead_ids, everybody=not lead_ids)
        return enroll(self.engine, sequence, selection)

    def claim(self) -> list[str]:
        """What a scheduler does in one tick, up to the bell: the claims it would ring for."""
        recover.open_windows(self.engine)
        while advance(self.engine):
            pass
        return claim_due(self.engine, self.app.actions)

    def carry_out(self, claim_id: str) -> int:
        """What a worker does when the bell rings."""
        return self.loop.run_until_complete(self.dispatcher.run_claim(claim_id))

    def settle(self) -> None:
        """Until nothing is left to do at this instant."""
        for _ in range(1_000):
            claims = self.claim()
            for claim_id in claims:
                self.carry_out(claim_id)
            if not understand_due(self.engine, self.app.receivers) and not claims:
                return
        raise AssertionError("it does not come to rest")

    def go(self, **by: float) -> None:
        """Let time pass (as for timedelta) and settle."""
        self.clock.advance(timedelta(**by))
        self.settle()

    def sync(self) -> None:
        """Do what is due on every CRM connection."""
        for name in self.app.due_connections():
            self.loop.run_until_complete(self.app.drain(name))

    def sweep(self) -> recover.Swept:
        return recover.sweep(self.engine, self.app.dedupes)

    def sign(self, payload: Mapping[str, Any], *, webhook_id: str = "msg_1") -> tuple[dict[str, str], bytes]:
        """Headers and body of a delivery to the connection `replies`, as Standard Webhooks 1.0 signs them."""
        body = json.dumps(payload).encode()
        timestamp = str(int(self.clock.now().timestamp()))
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        mac = hmac.new(key, b".".join((webhook_id.encode(), timestamp.encode(), body)), hashlib.sha256).digest()
        signature = "v1," + base64.b64encode(mac).decode()
        names = {"webhook-id": webhook_id, "webhook-timestamp": timestamp, "webhook-signature": signature}
        return names, body

    def reply(self, address: str, text: str = "Sounds good, call me", **more: Any) -> str:
        """A signed reply by webhook; the id of its delivery. It is accepted, not understood yet."""
        webhook_id = more.pop("webhook_id", f"msg_{self.clock.fresh_id()}")
        payload = {"channel": "email", "from": address, "text": text, **more}
        headers, body = self.sign(payload, webhook_id=webhook_id)
        url = "http://127.0.0.1:8080/webhooks/replies"
        return self.app.intake.accept("replies", method="POST", url=url, headers=headers, body=body).delivery_id

    def row(self, table: Any, **where: Any) -> RowMapping:
        """The one row with these values."""
        conditions = [table.c[name] == value for name, value in where.items()]
        with self.app.store.read() as connection:
            return connection.execute(select(table).where(*conditions)).mappings().one()

    def rows(self, table: Any, **where: Any) -> list[RowMapping]:
        """Every row with these values."""
        conditions = [table.c[name] == value for name, value in where.items()]
        with self.app.store.read() as connection:
            return list(connection.execute(select(table).where(*conditions)).mappings())

    def counts(self) -> dict[str, int]:
        """State → number of touches."""
        with self.app.store.read() as connection:
            found = connection.execute(select(touches.c.state, func.count()).group_by(touches.c.state))
            return {row[0]: row[1] for row in found}

    def enrollment(self, lead_id: str) -> RowMapping:
        """The one enrollment of a lead."""
        return self.row(enrollments, lead_id=lead_id)

    def lead(self, lead_id: str) -> RowMapping:
        return self.row(leads, id=lead_id)


def at(text: str) -> datetime:
    """An instant as ISO text with its offset."""
    return datetime.fromisoformat(text)
