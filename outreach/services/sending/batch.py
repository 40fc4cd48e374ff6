"""Take a claim over and make everything ready that can be ready before the wire."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from outreach.channel import Message
from outreach.content.revision import Revision
from outreach.domain.action import needs_address
from outreach.domain.rules import Block, first_block
from outreach.domain.sequence import TouchStep
from outreach.record import record
from outreach.services.sending import review_needs
from outreach.services.sending.engine import Engine
from outreach.services.sending.facts import address_for, render_context
from outreach.services.sending.messages import Letter, write_message
from outreach.services.sending.standings import Subject, standings, subject_of
from outreach.store import batches, paths, touches
from outreach.store.batches import BatchRow
from outreach.store.paths import Row


@record(frozen=True, slots=True, kw_only=True)
class Ready:
    """One touch of a batch. Without a block it may go to its channel; the last look is still to come."""

    touch: Row
    row: Row  # its enrollment, lead and company, named as in `enrollments.load`
    addresses: Collection[Row]
    siblings: Sequence[Row]  # every touch of the enrollment, this one included
    revision: Revision
    step: TouchStep
    message: Message
    subject: Subject
    block: Block | None
    is_task: bool  # done by a person: a `task` step, or a channel without a connected account

    @property
    def touch_id(self) -> str:
        touch_id: str = self.touch["id"]
        return touch_id


@dataclass(frozen=True, slots=True)
class _Loaded:
    rows: Sequence[BatchRow]
    siblings: Mapping[str, Sequence[Row]]
    addresses: Mapping[str, Sequence[Row]]
    events: Mapping[str, Mapping[str, int]]
    revisions: Mapping[str, Revision]
    now: datetime


def take(engine: Engine, claim_id: str, owner: str) -> list[Ready]:
    """Make the claim ours and prepare its touches; empty if it is somebody else's by now.

    Texts are written outside of any transaction: on SQLite an open one would hold up every other writer.
    """
    now = engine.clock.now()
    until = now + engine.policy.lease
    if not engine.store.write(partial(touches.take_over, claim_id=claim_id, owner=owner, lease_until=until)):
        return []
    with engine.store.read() as connection:
        loaded = _load(connection, engine, batches.of_claim(connection, claim_id), now)
    drafts = _drafts(engine, loaded)
    if engine.tracked:
        engine.tracked.store(engine.store, now)
    if any(revision.sequence.review for revision in loaded.revisions.values()):
        return engine.store.write(lambda connection: _with_questions(connection, drafts, now))
    with engine.store.read() as connection:
        return _with_blocks(connection, drafts, now)


def _with_questions(connection: Connection, drafts: Sequence[Ready], now: datetime) -> list[Ready]:
    """Counted and asked in one transaction, so that `first 20` is twenty."""
    batch = _with_blocks(connection, drafts, now)
    review_needs.ask(connection, batch, now)
    return batch


def prepare(connection: Connection, engine: Engine, touch_ids: Collection[str], now: datetime) -> list[Ready]:
    """These touches with their message and what the rules say of them; `explain` asks the same."""
    loaded = _load(connection, engine, batches.of_touches(connection, touch_ids), now)
    return _with_blocks(connection, _drafts(engine, loaded), now)


def _load(connection: Connection, engine: Engine, rows: Sequence[BatchRow], now: datetime) -> _Loaded:
    lead_ids = {touch["lead_id"] for touch in rows}
    revision_ids = {touch["revision_id"] for touch in rows}
    is_asked = any(engine.revisions.asks_for_events(connection, revision_id) for revision_id in revision_ids)
    return _Loaded(
        rows=rows,
        siblings=paths.way_of(connection, {touch["enrollment_id"] for touch in rows if not touch["is_first"]}),
        addresses=batches.addresses_of(connection, lead_ids),
        events=paths.event_counts(connection, lead_ids) if is_asked else {},
        revisions={each: engine.revisions.get(connection, each) for each in revision_ids},
        now=now,
    )


def _drafts(engine: Engine, loaded: _Loaded) -> list[Ready]:
    return [_draft(engine, touch, loaded) for touch in loaded.rows]


def _draft(engine: Engine, touch: BatchRow, loaded: _Loaded) -> Ready:
    revision = loaded.revisions[touch["revision_id"]]
    step = revision.sequence.touch_step(touch["step"])
    sender = engine.sender(touch["sender"])
    own = loaded.addresses.get(touch["lead_id"], ())
    history = (touch,) if touch["is_first"] else loaded.siblings[touch["enrollment_id"]]
    address = address_for(step.channel, own)
    letter = Letter(
        touch=touch,
        step=step,
        sender=sender,
        recipient=address["value"] if address else "",
        recipient_id=(address["provider_id"] or "") if address else "",
        context=render_context(touch, own, sender, loaded.now, events=loaded.events.get(touch["lead_id"])),
        siblings=history,
    )
    draft = write_message(engine, revision, letter)
    is_task = step.channel not in sender.channels
    nobody = "a person" if is_task or not needs_address(step.channel) else None
    return Ready(
        touch=touch,
        row=touch,
        addresses=own,
        siblings=history,
        revision=revision,
        step=step,
        message=draft.message,
        subject=subject_of(touch, own, recipient=letter.recipient or nobody, unwritable=draft.unwritable),
        block=None,
        is_task=is_task,
    )


def _with_blocks(connection: Connection, drafts: Sequence[Ready], now: datetime) -> list[Ready]:
    """A cheap look before the wire: what is stopped already does not open a transaction with a provider."""
    asking = review_needs.wanted(connection, drafts)
    if asking:
        drafts = review_needs.as_read(connection, drafts, asking)
    states = batches.stands(draft.row for draft in drafts)
    found = standings(connection, [draft.subject for draft in drafts], states)
    return [_blocked(draft, first_block(found[draft.touch_id], now)) for draft in drafts]


def _blocked(draft: Ready, block: Block | None) -> Ready:
    return draft if block is None else replace(draft, block=block)
