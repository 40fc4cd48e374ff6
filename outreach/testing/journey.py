"""A workspace whose workers are real processes: mail goes to a sink in this process, and a watcher may pull a plug.

The scheduler is driven by hand here, with the machine's clock, unless a test starts one as a process.
"""

from __future__ import annotations

import signal
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import RowMapping, select
from sqlalchemy.exc import DBAPIError

from outreach import app as apps
from outreach import settings
from outreach.accounts import policy_of
from outreach.content.revision import freeze
from outreach.domain.touch import TouchState
from outreach.sandbox.smtp_sink import Sink, Stage
from outreach.scheduler import Scheduler
from outreach.services.sequences import revise
from outreach.services.sequences.enroll import Selection, enroll
from outreach.services.watching import unknown
from outreach.store.tables import addresses, claims, enrollments, leads, leases, touches
from outreach.testing.field import FILES
from outreach.testing.processes import Role, RoleForge, wait_until

CONNECTIONS = 3
"""How many messages of the sender may be on the wire at once: the most a kill may leave unknown."""

STEPS = ("intro", "bump")

_SENDERS = """
anna:
  name: Anna Example
  timezone: Europe/Istanbul
  email:
    address: anna@sender.example
    smtp: {{url: "{url}", connections: {connections}}}
"""

_TWO_MAILS = """
name: two-mails
pipeline: default
senders: [anna]
schedule: always
stages: {first_touch: contacted, reply: responded, no_reply: nurture}
steps:
  - id: intro
    email: intro
  - id: bump
    email: bump
    thread: intro
"""

_OPEN = (TouchState.PLANNED, TouchState.CLAIMED, TouchState.HANDED_OVER)


class Journey:
    """`people` leads in a sequence of two mails. `lease` is in seconds, short enough to wait for."""

    def __init__(
        self,
        root: Path,
        forge: RoleForge,
        *,
        environ: Mapping[str, str],
        people: int = 10,
        lease: float = 2.0,
        batch: int = 5,
        delay: float = 0.0,
    ) -> None:
        self.root = root
        self._forge = forge
        self._environ = dict(environ)
        self._lease = lease
        self._batch = batch
        self._numbers = count(1)
        self._is_scheduled = False
        self._plug: tuple[Stage, int, Role] | None = None
        self.sink = Sink(watch=self._watch, delay=delay).start()
        self._write_files()
        configured = settings.load(root, self._environ)
        span = timedelta(seconds=lease)
        policy = replace(policy_of(configured), batch=batch, lease=span, pick_up=span)
        self.app = apps.App(configured, policy=policy)
        self.scheduler = Scheduler(self.app)
        self._roles: list[Role] = []
        self._enroll(people)

    def close(self) -> None:
        for role in self._roles:
            role.kill()
        self.app.doorbell.close()
        self.app.close()
        self.sink.stop()

    def start(self, role: str = "worker", *, die: str = "", nth: int = 1, by: signal.Signals = signal.SIGKILL) -> Role:
        """A role as a process of its own; `die` names a point at which it ends `by`, the n-th time it comes by."""
        order = {
            "role": role,
            "root": str(self.root),
            "environ": self._environ,
            "lease": self._lease,
            "batch": self._batch,
            "die": die,
            "nth": nth,
            "by": by,
        }
        started = self._forge.start(order, self.root / f"{role}-{next(self._numbers)}.log")
        self._roles.append(started)
        self._is_scheduled |= role == "scheduler"
        return started

    def pull_the_plug(self, role: Role, stage: Stage, nth: int) -> None:
        """Kill the role when a transaction reaches that stage for the n-th time from now."""
        self._plug = (stage, nth, role)

    def wait_for_mails(self, number: int, seconds: float = 30) -> None:
        """Until the sink has accepted that many."""

        self.wait_for(lambda: self.sink.accepted >= number, seconds)

    def wait_for(self, condition: Callable[[], bool], seconds: float = 30) -> None:
        """Until that is so, scheduling meanwhile."""

        def is_so() -> bool:
            self.work()
            return condition()

        self._wait(is_so, seconds)

    def states_held_by(self, role: Role) -> set[str]:
        """The states of the touches that the role took over or handed over."""
        taken = {row["id"]: row["owner"] for row in self._rows(claims)}
        owners = ((row["state"], row["owner"] or taken.get(row["claim_id"])) for row in self.touches())
        return {state for state, owner in owners if owner and f":{role.pid}:" in owner}

    def _watch(self, stage: Stage, _recipient: str) -> None:
        if self._plug is None or self._plug[0] is not stage:
            return
        _, left, role = self._plug
        self._plug = (stage, left - 1, role) if left > 1 else None
        if left == 1:
            role.kill()

    def work(self) -> None:
        """What a scheduler does in a moment, unless one runs as a process; an outage only delays it."""
        if self._is_scheduled:
            return
        try:
            self.scheduler.tick()
            self.scheduler.sweep()
        except DBAPIError:
            self.app.store.dispose()

    def wait_until_gone(self, role: Role, seconds: float = 30) -> None:
        """Until that role is gone."""
        self.wait_for(lambda: not role.is_alive(), seconds)

    def settle(self, seconds: float = 40) -> None:
        """Until nothing more will happen by itself."""
        self.wait_for(self.is_settled, seconds)

    def _wait(self, condition: Callable[[], bool], seconds: float) -> None:
        try:
            wait_until(condition, seconds=seconds, what="the end of the journey")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.states()}\n{self.said()[-6000:]}") from None

    def leader(self) -> int | None:
        """The process id of the scheduler that leads."""
        found = self._rows(leases)
        return int(found[0]["owner"].split(":")[1]) if found else None

    def decide(self) -> None:
        """What a person does about unknown messages who can see the recipient's mailbox."""
        copies = self.copies()
        for row in self.touches():
            if row["state"] == TouchState.UNKNOWN:
                decided = unknown.accept if copies[row["message_id"]] else unknown.resend
                decided(self.app.engine, row["id"], by="test")

    def is_settled(self) -> bool:
        """Everybody is finished, or waits for somebody to decide about an unknown message."""
        try:
            found = self.touches()
            doubtful = {row["enrollment_id"] for row in found if row["state"] == TouchState.UNKNOWN}
            under_way = any(row["state"] in _OPEN for row in found)
            return not under_way and all(
                row["state"] == "finished" or row["id"] in doubtful for row in self.enrollments()
            )
        except DBAPIError:
            self.app.store.dispose()
            return False

    def touches(self) -> list[RowMapping]:
        return self._rows(touches)

    def enrollments(self) -> list[RowMapping]:
        return self._rows(enrollments)

    def states(self) -> Counter[str]:
        return Counter(row["state"] for row in self.touches())

    def copies(self) -> Counter[str]:
        """Message-ID → how often the sink accepted it."""
        return Counter(mail.header("Message-ID").strip("<>") for mail in list(self.sink.mails))

    def said(self) -> str:
        """What the roles wrote."""
        return "\n".join(f"--- {role.log.name}\n{role.said()}" for role in self._roles)

    def prove(self, *, most_unknown: int) -> None:
        """The engine's promises: nothing twice, nothing lost, and no more doubt than there were messages in doubt."""
        copies, found = self.copies(), self.touches()
        told = f"{self.states()}\n{self.said()[-6000:]}"
        assert all(number == 1 for number in copies.values()), f"two copies: {copies.most_common(3)}\n{told}"
        by_recipient = Counter((mail.recipient, mail.header("Subject")) for mail in list(self.sink.mails))
        assert all(number == 1 for number in by_recipient.values()), f"twice: {by_recipient.most_common(3)}\n{told}"
        states = self.states()
        assert not set(states) - {"sent", "failed", "skipped", "unknown"}, told
        assert states["unknown"] <= most_unknown, told
        for row in found:
            received = copies[row["message_id"]]
            if row["state"] == TouchState.SENT:
                assert received == 1, f"recorded as sent, never arrived: {dict(row)}\n{told}"
            elif row["state"] != TouchState.UNKNOWN:
                assert received == 0, f"{row['state']}, but it arrived: {dict(row)}\n{told}"
        self._prove_nothing_forgotten(found, told)

    def _prove_nothing_forgotten(self, found: list[RowMapping], told: str) -> None:
        """Here every server takes everything: who is not in doubt has had every step."""
        had: dict[str, dict[str, str]] = {row["id"]: {} for row in self.enrollments()}
        for row in found:
            had[row["enrollment_id"]][row["step"]] = row["state"]
        for row in self.enrollments():
            states = [had[row["id"]].get(step) for step in STEPS]
            if "unknown" in states:
                assert states in (["unknown", None], ["sent", "unknown"]), f"{states}\n{told}"
                assert row["state"] == "active"
            else:
                assert states == ["sent", "sent"], f"{states}\n{told}"
                assert (row["state"], row["reason"]) == ("finished", "completed")

    def _rows(self, table: Any) -> list[RowMapping]:
        """Asked once more on a new connection: the pooled ones may have died with their server."""
        try:
            return self._read(table)
        except DBAPIError:
            self.app.store.dispose()
            return self._read(table)

    def _read(self, table: Any) -> list[RowMapping]:
        with self.app.store.read() as connection:
            return list(connection.execute(select(table)).mappings())

    def _write_files(self) -> None:
        own = {
            "config/senders.yaml": _SENDERS.format(url=self.sink.url, connections=CONNECTIONS),
            "sequences/two-mails.yaml": _TWO_MAILS,
        }
        for name, text in {**FILES, **own}.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def _enroll(self, people: int) -> None:
        workspace, engine = self.app.workspace, self.app.engine
        contents = {name: freeze(workspace, name) for name in workspace.sequences}
        revise.apply(engine, contents, hashes=workspace.hashes, by="test")
        self._add_leads(people)
        summary = enroll(engine, "two-mails", Selection(everybody=True))
        assert summary.enrolled == people, summary

    def _add_leads(self, people: int) -> None:
        now = self.app.clock.now()
        same = {"source": "test", "status": "new", "pipeline": "default", "stage": "prospect", "stage_since_at": now}
        ids = [self.app.clock.fresh_id() for _ in range(people)]
        with self.app.store.begin() as connection:
            connection.execute(
                leads.insert(), [{"id": each, "created_at": now, "updated_at": now, **same} for each in ids]
            )
            connection.execute(
                addresses.insert(),
                [
                    {
                        "id": self.app.clock.fresh_id(),
                        "lead_id": each,
                        "kind": "email",
                        "value": f"lead{number}@example.com",
                        "created_at": now,
                    }
                    for number, each in enumerate(ids)
                ],
            )


def pause(seconds: float) -> None:
    """Let real processes run for that long: only where the moment itself is what is being varied."""
    threading.Event().wait(seconds)
