"""Leads from a CRM: everybody, a list, a filter or a stage. A page, its cursor and its counts are one commit.

Stopped anywhere, the next run goes on from the cursor. Done again, it changes nothing: people are found by their record
and their addresses. Who is opted out there is kept and suppressed; who is won there is a customer. Values come through
the connection's own mapping, backwards.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import cast

from sqlalchemy import Connection

from outreach.content.lead_columns import Column
from outreach.content.lead_rows import Terms, understand
from outreach.crm import DealState, Operation, Page, Pulls, RemotePerson, Selection, Wanted
from outreach.domain.crm_mapping import CrmMapping
from outreach.domain.lead import LeadDraft
from outreach.domain.pipeline import Pipeline, Status
from outreach.domain.suppression import SuppressionReason
from outreach.errors import UsageError
from outreach.services.crm import crm_compare
from outreach.services.crm.sync import Connected
from outreach.services.hearing.never_again import opt_out
from outreach.services.people.keep_leads import Beginning, Kept, keep
from outreach.services.sending.engine import Engine
from outreach.store import crm_links, crm_pulls, crm_records, lead_states
from outreach.store.crm_links import Link
from outreach.store.crm_pulls import Pull

CLI_OPTIONS = (Selection.LIST, Selection.FILTER, Selection.STAGE)
"""By what an import may be narrowed."""

_LEASE = timedelta(minutes=5)
_EXAMPLES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is wanted: `by` None means everybody. `source` of new leads; empty: the connection and the selection."""

    by: Selection | None = None
    value: str = ""
    source: str = ""
    default_country: str | None = None
    is_anew: bool = False  # from the first page, wherever an earlier run stopped

    @property
    def name(self) -> str:
        """Under which its place is kept."""
        return f"import:{self.by}:{self.value}"[:512] if self.by else "import"

    def source_at(self, crm: str) -> str:
        return self.source or (f"{crm}:{self.by}:{self.value}" if self.by else crm)


@dataclass(slots=True, kw_only=True)
class Imported:
    """What an import did, earlier runs that stopped included."""

    connection: str
    source: str
    is_resumed: bool = False
    total: int | None = None  # people the CRM says there are, where it says so
    read: int = 0
    imported: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    suppressed: int = 0
    customers: int = 0
    examples: list[tuple[str, str]] = field(default_factory=list)  # (record id, why it was rejected), of this run


@dataclass(frozen=True, slots=True)
class _Import:
    """One run, and what each page needs."""

    engine: Engine
    connected: Connected
    order: Order
    pipeline: Pipeline
    result: Imported

    @property
    def mapping(self) -> CrmMapping:
        return self.connected.mapping


async def import_from_crm(
    engine: Engine,
    connected: Connected,
    order: Order,
    *,
    pipeline: Pipeline,
    on_progress: Callable[[Imported], None] = lambda _: None,
) -> Imported:
    """Read every page and keep its people. Raises UsageError for what the system cannot do, or the adapter's errors."""
    _prove(connected, order)
    result = Imported(connection=connected.mapping.name, source=order.source_at(connected.mapping.name))
    run = _Import(engine, connected, order, pipeline, result)
    await asyncio.to_thread(_begin, run)
    crm = cast(Pulls, connected.crm)
    fields = tuple(rule.remote for rule in connected.mapping.fields)
    while True:
        pull = await asyncio.to_thread(_take, run)
        try:
            page = await crm.pull(Wanted(by=order.by, value=order.value, fields=fields), cursor=pull.cursor)
        except BaseException:
            await asyncio.to_thread(_let_go, run, pull)
            raise
        await asyncio.to_thread(_keep_page, run, pull, page)
        on_progress(result)
        if page.cursor is None:
            return result


def _prove(connected: Connected, order: Order) -> None:
    name, crm = connected.mapping.name, connected.crm
    if Operation.PULL not in crm.can:
        raise UsageError(f"'{name}' cannot be imported from: {crm.provider} cannot be read back.")
    known = cast(Pulls, crm).selections
    if order.by is not None and order.by not in known:
        options = ", ".join(f"--{each}" for each in CLI_OPTIONS if each in known) or "no narrowing"
        raise UsageError(f"{crm.provider} has no --{order.by}. It has: {options}.")


def _begin(run: _Import) -> None:
    """Go on where an earlier run stopped, unless it was finished or everything is wanted anew."""
    crm, name, now = run.mapping.name, run.order.name, run.engine.clock.now()

    def begin(connection: Connection) -> Pull | None:
        found = crm_pulls.find(connection, crm, name)
        if found and found.cursor and not run.order.is_anew:
            return found
        crm_pulls.begin(connection, crm, name, since_at=None, now=now, is_due=False)
        return None

    stopped = run.engine.store.write(begin)
    if stopped:
        run.result.is_resumed = True
        _show_counts(run.result, stopped.counts, stopped.people)


def _take(run: _Import) -> Pull:
    crm, name, now = run.mapping.name, run.order.name, run.engine.clock.now()
    pull = run.engine.store.write(
        lambda connection: crm_pulls.take(connection, crm, name, now=now, lease_until=now + _LEASE)
    )
    if pull is None:
        raise UsageError("this import is under way in another process. Wait for it, or try again in five minutes.")
    return pull


def _let_go(run: _Import, pull: Pull) -> None:
    run.engine.store.write(
        lambda connection: crm_pulls.put_off(connection, pull, until=None, error="the import was stopped")
    )


def _keep_page(run: _Import, pull: Pull, page: Page) -> None:
    rejected: list[tuple[str, str]] = []
    people: list[tuple[RemotePerson, LeadDraft]] = []
    for person in page.people:
        if person.is_deleted or person.merged_into:
            continue
        try:
            people.append((person, _draft(run, person)))
        except ValueError as error:
            rejected.append((person.person_id, str(error)))
    one = partial(_keep, run=run, pull=pull, page=page, people=people, rejected=len(rejected))
    counts = run.engine.store.write(one)
    run.result.examples += rejected[: _EXAMPLES - len(run.result.examples)]
    run.result.total = page.total if page.total is not None else run.result.total
    _show_counts(run.result, counts, pull.people + len(page.people))


def _keep(
    connection: Connection,
    *,
    run: _Import,
    pull: Pull,
    page: Page,
    people: Sequence[tuple[RemotePerson, LeadDraft]],
    rejected: int,
) -> Mapping[str, int]:
    beginning = Beginning(run.pipeline.name, run.pipeline.first)
    kept = keep(connection, [draft for _, draft in people], beginning=beginning, clock=run.engine.clock)
    counts = Counter(pull.counts) + Counter({"rejected": rejected})
    for (person, _), each in zip(people, kept, strict=True):
        counts.update(_remember(connection, run, person, each))
    read = pull.people + len(page.people)
    now = run.engine.clock.now()
    if page.cursor is None:
        crm_pulls.complete(connection, pull, now=now, people=read, counts=counts)
    else:
        crm_pulls.go_on(connection, pull, cursor=page.cursor, now=None, people=read, counts=counts)
    return counts


def _remember(connection: Connection, run: _Import, person: RemotePerson, kept: Kept) -> list[str]:
    """Which record it is and how that stands; what it says of the person goes on the lead. Names what it counts as."""
    now, crm, lead_id = run.engine.clock.now(), run.mapping.name, kept.lead_id
    link = Link(kind="person", local_id=lead_id, remote_id=person.person_id, url=person.url)
    crm_links.save(connection, crm, link, now)
    crm_records.learn(connection, crm, lead_id, crm_compare.values_of(person), now)
    counted = [str(kept.result)]
    if person.is_opted_out:
        opt_out(connection, run.engine, lead_id, SuppressionReason.CRM)
    if person.is_opted_out or kept.is_suppressed:
        counted.append("suppressed")
    status = run.mapping.status_of(person.status, run.pipeline.name)
    is_customer = status == Status.CUSTOMER or (person.deal is not None and person.deal.state is DealState.WON)
    if is_customer and not person.is_opted_out:
        lead_states.set_status(connection, [lead_id], Status.CUSTOMER, now)
        counted.append("customers")
    elif status == Status.NOT_INTERESTED:
        lead_states.set_status(connection, [lead_id], Status.NOT_INTERESTED, now)
    return counted


def _draft(run: _Import, person: RemotePerson) -> LeadDraft:
    """As a row of a file would be understood. Raises ValueError with what is wrong with it."""
    stage = run.mapping.stage_of(person.stage, run.pipeline.name) if person.stage else None
    cells = {
        "email": "; ".join(person.emails),
        "first_name": person.first_name,
        "last_name": person.last_name,
        "company": person.company,
        "owner": run.mapping.owner_of(person.owner) if person.owner else "",
        "tags": ";".join(person.tags),
        "stage": stage[1] if stage and stage[0] == run.pipeline.name else "",
    }
    for rule in run.mapping.fields:
        name = {"company.name": "company", "company.domain": "domain"}.get(rule.source, rule.source)
        if value := person.values.get(rule.remote):
            cells[name] = cells.get(name) or rule.our_value(value)
    columns = tuple(Column(name, name) for name in cells)
    source = run.result.source
    stages = tuple(each.name for each in run.pipeline.stages)
    terms = Terms(columns=columns, default_source=source, default_country=run.order.default_country, stages=stages)
    draft = understand([*cells.values()], terms).draft
    return draft if run.order.source == "" else replace(draft, source=run.order.source)


def _show_counts(result: Imported, counts: Mapping[str, int], read: int) -> None:
    result.read = read
    for name in ("imported", "updated", "unchanged", "rejected", "suppressed", "customers"):
        setattr(result, name, counts.get(name, 0))
