"""Play one test of a sequence: the real engine, one lead, a clock that jumps to whatever comes next.

Everything happens in a database that is emptied first. What is handed over goes where `channel_of` says.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from outreach.clock import MovableClock
from outreach.content import calendars
from outreach.content.sequence_tests import Case
from outreach.domain.lead import AddressKind
from outreach.domain.pipeline import Status
from outreach.domain.verdict import Verdict, Verified
from outreach.services.people.keep_leads import Beginning, keep
from outreach.services.rehearsing.play import Came, Ended, Play, Played, of_lead
from outreach.services.sending.claim import enter_senders
from outreach.services.sending.dispatch import ChannelOf, Dispatcher
from outreach.services.sending.engine import Engine
from outreach.services.sequences import revise
from outreach.services.sequences.enroll import Selection, enroll
from outreach.store import lead_rows, lead_states, scratch, verdicts


class CaseClock(MovableClock):
    """A movable clock that can begin again, and whose ids hold no chance: a case always plays the same."""

    def __init__(self, start: datetime) -> None:
        super().__init__(start)
        self.begin(start, "")

    def begin(self, start: datetime, seed: str) -> None:
        """Stand at `start`; the same seed gives the same ids in the same order."""
        with self._lock:
            self._now = start
        self._seed = hashlib.blake2b(seed.encode(), digest_size=6).hexdigest()
        self._count = 0

    def fresh_id(self) -> str:
        with self._lock:
            self._count += 1
            return f"{self._seed}{self._count:012d}"


class Rehearsal:
    """One database and one worker, for any number of cases after each other."""

    def __init__(self, engine: Engine, clock: CaseClock, channel_of: ChannelOf) -> None:
        self._engine = engine
        self._clock = clock
        self._loop = asyncio.new_event_loop()
        self._dispatcher = Dispatcher(engine, channel_of, owner="rehearsal")

    def close(self) -> None:
        self._dispatcher.close()
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def play(self, case: Case, contents: Mapping[str, Mapping[str, Any]]) -> Played:
        """Everything that happens to the lead of this case.

        `contents` are the frozen revisions to be applied: of the sequence, and of those it may lead to.
        """
        zone = self._zone(case, contents[case.sequence])
        start = case.start.replace(tzinfo=zone).astimezone(UTC)
        self._prepare(case, contents, start)
        lead_id = self._lead(case, contents[case.sequence])
        summary = enroll(self._engine, case.sequence, Selection(lead_ids=(lead_id,)), by="test")
        if summary.refused:
            return self._refused(lead_id, next(iter(summary.refused)), start, zone)
        return Play(self._engine, self._clock, case, lead_id, zone=zone, carry_out=self._carry_out).run()

    def _zone(self, case: Case, content: Mapping[str, Any]) -> ZoneInfo:
        """The lead's zone as `enroll` finds it; else the zone of the sequence's first sender."""
        phone = next((each.value for each in case.lead.addresses if each.kind is AddressKind.PHONE), None)
        known = calendars.zone_of(case.lead.timezone, case.lead.country, phone)
        senders = content["sequence"]["senders"]
        return ZoneInfo(known[0] if known else self._engine.sender(senders[0]).zone)

    def _prepare(self, case: Case, contents: Mapping[str, Mapping[str, Any]], start: datetime) -> None:
        with self._engine.store.begin() as connection:
            scratch.empty(connection)
        enter_senders(self._engine)
        for name, content in contents.items():
            self._clock.begin(start, f"revision {content['hash']}")  # one content, one id: what was thawed stays known
            revise.apply(self._engine, {name: content}, hashes={}, by="test")
        self._clock.begin(start, case.lead.addresses[0].value)

    def _lead(self, case: Case, content: Mapping[str, Any]) -> str:
        pipeline = self._engine.pipelines[content["pipeline"]["name"]]
        beginning = Beginning(pipeline.name, pipeline.first)
        with self._engine.store.begin() as connection:
            lead_id = keep(connection, [case.lead], beginning=beginning, clock=self._clock)[0].lead_id
            if case.is_verified:
                own = ((each.kind, each.value) for each in case.lead.addresses if each.kind is AddressKind.EMAIL)
                verdicts.keep(connection, dict.fromkeys(own, Verified(Verdict.VALID)), now=self._clock.now())
            if case.is_customer:
                lead_states.set_status(connection, [lead_id], Status.CUSTOMER, self._clock.now())
        return lead_id

    def _carry_out(self, claim_id: str) -> None:
        self._loop.run_until_complete(self._dispatcher.run_claim(claim_id))

    def _refused(self, lead_id: str, reason: str, start: datetime, zone: ZoneInfo) -> Played:
        with self._engine.store.read() as connection:
            lead = lead_rows.load(connection, [lead_id])[0]
        came = Came(at=start, step=None, action=None, templates=(), blocked=reason)
        ended = Ended(at=start, reason=None, detail=f"not enrolled: {reason}", **of_lead(lead))
        return Played(zone=zone.key, touches=(came,), end=ended)
