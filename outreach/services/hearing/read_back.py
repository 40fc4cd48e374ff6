"""Read people back from the CRMs: rounds of what changed, and single records a webhook hinted at.

| The adapter says         | The reading                                | The connection                     |
|--------------------------|--------------------------------------------|------------------------------------|
| a page                   | goes on behind it; its changes are applied | is well                            |
| RateLimited              | waits, its cursor stays                    | parked for as long as it says      |
| Unavailable, or unknown  | waits a minute, its cursor stays           | as it was                          |
| Unauthorized             | waits                                      | parked with the reason; a scope    |
|                          |                                            | that lacks (403) is no matter of   |
|                          |                                            | writing, and parks nothing         |
| Refused                  | waits an hour, with the vendor's words;    | as it was                          |
|                          | the team is told                           |                                    |

A round begins a few minutes before the last one began, because the search of some systems is late; what is read twice
changes nothing. Each person is one transaction: the change is applied and remembered together. One that cannot be
applied stops nobody else: that record is read again by itself, after a minute and then each hour, until it can.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import cast

import structlog
from sqlalchemy import Connection

from outreach.content.addresses import normalise
from outreach.crm import Operation, Page, Pulls, RemotePerson, Selection, Wanted
from outreach.domain.crm_news import CrmNews
from outreach.domain.event import Clues, Event, EventKind
from outreach.domain.lead import AddressKind
from outreach.domain.notice import Notice, NoticeKind
from outreach.errors import AdapterError, OutcomeUnknown, RateLimited, Refused, Unauthorized, Unavailable
from outreach.services.crm import crm_compare
from outreach.services.crm.sync import Connected
from outreach.services.hearing.react import apply
from outreach.services.sending.engine import Engine
from outreach.services.watching.notices import tell
from outreach.store import crm_connections, crm_links, crm_pulls, crm_records
from outreach.store.crm_links import Link
from outreach.store.crm_pulls import CHANGES, Pull

_log = structlog.get_logger()

OVERLAP = timedelta(minutes=5)
_LEASE = timedelta(minutes=5)
_SOON, _LATER = timedelta(minutes=1), timedelta(hours=1)
_HINTED = timedelta(minutes=15)  # how long ago a record may have changed that somebody hinted at
_UNAUTHORIZED = timedelta(minutes=15)
_MOST_PAGES = 50  # of one connection in one go, so that its work list is not kept waiting


@dataclass(slots=True)
class ReadBack:
    """What one go came to. `counts`: change → how many were applied."""

    connection: str
    people: int = 0
    pages: int = 0
    counts: Mapping[str, int] | None = None
    stopped_because: str = ""


async def read_back(engine: Engine, connected: Connected, *, most_pages: int = _MOST_PAGES) -> ReadBack:
    """Read what is due on one connection, page by page, until nothing is."""
    result = ReadBack(connected.mapping.name)
    total: Counter[str] = Counter()
    for _ in range(most_pages):
        pull = await asyncio.to_thread(_take, engine, connected)
        if pull is None:
            break
        asked_at = engine.clock.now()
        try:
            page = await _read(connected, pull)
        except AdapterError as error:
            await asyncio.to_thread(_put_off, engine, pull, error)
            result.stopped_because = str(error)
            break
        if page is None:
            await asyncio.to_thread(_ask_for_a_round, engine, pull)
            continue
        counts = await asyncio.to_thread(_keep_page, engine, connected, pull, page, asked_at=asked_at)
        total.update(counts)
        result.people += len(page.people)
        result.pages += 1
    result.counts = dict(total)
    return result


def see_to_rounds(engine: Engine) -> None:
    """The sweeper: a connection that is to be polled has its rounds, whatever became of the last one."""
    polled = [mapping.name for mapping in engine.crms.values() if mapping.poll is not None]
    if not polled:
        return
    with engine.store.begin() as connection:
        for name in polled:
            pull = crm_pulls.find(connection, name, CHANGES)
            if pull is None:
                crm_pulls.want(connection, name, CHANGES, due_at=engine.clock.now())


def begin_round(engine: Engine, crm: str, *, since: datetime | None) -> None:
    """Ask anew what changed since then; None: read everybody."""
    now = engine.clock.now()
    engine.store.write(lambda connection: crm_pulls.begin(connection, crm, CHANGES, since_at=since, now=now))


def _take(engine: Engine, connected: Connected) -> Pull | None:
    now, name = engine.clock.now(), connected.mapping.name

    def take(connection: Connection) -> Pull | None:
        if crm_connections.lock(connection, name).is_parked(now):
            return None
        return crm_pulls.take_due(connection, name, now=now, lease_until=now + _LEASE)

    return engine.store.write(take)


async def _read(connected: Connected, pull: Pull) -> Page | None:
    """None: the system cannot be asked for that one record."""
    if Operation.PULL not in connected.crm.can:
        return Page(people=())
    crm = cast(Pulls, connected.crm)
    what, _, value = pull.name.partition(":")
    if what == CHANGES:
        return await crm.pull(Wanted(since=pull.since_at), cursor=pull.cursor)
    by = Selection(what)
    return await crm.pull(Wanted(by=by, value=value), cursor=pull.cursor) if by in crm.selections else None


def _ask_for_a_round(engine: Engine, pull: Pull) -> None:
    """What changed lately will show the record that was hinted at."""
    now = engine.clock.now()

    def ask(connection: Connection) -> None:
        crm_pulls.drop(connection, pull)
        since = now - _HINTED
        crm_pulls.want(connection, pull.connection, CHANGES, due_at=now + _SOON, since_at=since)

    engine.store.write(ask)


def _keep_page(
    engine: Engine, connected: Connected, pull: Pull, page: Page, *, asked_at: datetime
) -> Mapping[str, int]:
    people = {person.person_id: person for person in page.people}
    emails = {person_id: _names_of(person) for person_id, person in people.items()}
    with engine.store.read() as connection:
        ours = crm_records.leads_of(connection, pull.connection, emails)
    counts: Counter[str] = Counter()
    for person_id, lead_id in ours.items():
        one = partial(keep_person, engine=engine, crm=pull.connection, lead_id=lead_id, asked_at=asked_at)
        try:
            counts.update(engine.store.write(partial(one, person=people[person_id])))
        except Exception as error:  # noqa: BLE001  # what one record does to us must not hold up the others
            _set_aside(engine, pull, person_id, error)
            if pull.name == f"person:{person_id}":
                return counts
    engine.store.write(lambda connection: _advance(connection, engine, connected, pull, page=page, counts=counts))
    if counts:
        _log.info("crm_changes_applied", connection=pull.connection, **counts)
    return counts


def _names_of(person: RemotePerson) -> tuple[str, ...]:
    """By which a lead may be found. A record that is gone is the lead's only if it is the one we know: not a double."""
    return () if person.is_deleted or person.merged_into else addresses_of(person)


def _set_aside(engine: Engine, pull: Pull, person_id: str, error: Exception) -> None:
    """A change that could not be applied is read again by itself: nothing of it was kept."""
    now, crm, words = engine.clock.now(), pull.connection, f"{type(error).__name__}: {error}"

    def set_aside(connection: Connection) -> None:
        name = f"person:{person_id}"
        again = pull if pull.name == name else None
        until = now + (_LATER if again and again.error else _SOON)
        crm_pulls.want(connection, crm, name, due_at=until)
        crm_pulls.put_off(connection, again or replace(pull, name=name), until=until, error=words)
        _tell(connection, engine, crm, name, words)

    _log.warning("crm_change_not_applied", connection=crm, person=person_id, error=words[:200])
    engine.store.write(set_aside)


def _tell(connection: Connection, engine: Engine, crm: str, name: str, words: str) -> None:
    """Once a day for each reading: a person has to look at it."""
    now = engine.clock.now()
    text = f"What changed in {crm} could not be read ({name}): {words[:500]}. It is tried again by itself"
    key = f"crm_reading:{crm}:{name}:{now.date().isoformat()}"[:512]
    tell(connection, engine.notify, Notice(kind=NoticeKind.CRM_FAILED, key=key, text=text), now)


def keep_person(
    connection: Connection, *, engine: Engine, crm: str, lead_id: str, person: RemotePerson, asked_at: datetime
) -> list[str]:
    """Apply what changed on one record, and remember how it stands; the changes that were applied."""
    known = crm_records.read(connection, crm, lead_id)
    is_older = known.updated_at is not None and known.updated_at > asked_at
    news = crm_compare.changes(crm, known.values, person)
    heeded = [each for each in news if not is_older or crm_compare.stops(each)]
    now = engine.clock.now()
    if len(heeded) < len(news):  # we wrote meanwhile: how it stands after that is read once more
        crm_pulls.want(connection, crm, f"person:{person.person_id}", due_at=now + _SOON)
    if not (person.is_deleted or person.merged_into):
        link = Link(kind="person", local_id=lead_id, remote_id=person.person_id, url=person.url)
        crm_links.save(connection, crm, link, now)
        if person.deal:
            deal = Link(kind="deal", local_id=f"{lead_id}:{person.deal.pipeline}", remote_id=person.deal.deal_id)
            crm_links.save(connection, crm, deal, now)
        if not is_older:
            crm_records.learn(connection, crm, lead_id, crm_compare.values_of(person), now)
    applied = [each for each in heeded if apply(connection, engine, _event(each, person, now))]
    return [str(each.change) for each in applied]


def _event(news: CrmNews, person: RemotePerson, now: datetime) -> Event:
    at = min(person.changed_at or now, now)
    return Event(
        key=f"crm/{news.crm}/{news.person_id}/{news.change}/{news.value[:100]}/{at.isoformat()}",
        kind=EventKind.CHANGED,
        at=at,
        channel="other",
        clues=Clues(addresses=news.clues),
        reason=str(news.change),
        data=news.as_data(),
    )


def addresses_of(person: RemotePerson) -> tuple[str, ...]:
    """The record's e-mail addresses as ours are written; those that are none are left out."""
    found = []
    for email in person.emails:
        try:
            found.append(normalise(AddressKind.EMAIL, email))
        except ValueError:
            continue
    return tuple(dict.fromkeys(found))


def _advance(
    connection: Connection,
    engine: Engine,
    connected: Connected,
    pull: Pull,
    *,
    page: Page,
    counts: Mapping[str, int],
) -> None:
    total = Counter(pull.counts) + Counter(counts)
    people = pull.people + len(page.people)
    if page.cursor is not None:
        now = engine.clock.now()
        crm_pulls.go_on(connection, pull, cursor=page.cursor, now=now, people=people, counts=total)
    elif pull.name != CHANGES:
        crm_pulls.drop(connection, pull)
    else:
        now, every = engine.clock.now(), connected.mapping.poll
        since = pull.begun_at - OVERLAP
        next_at = now + every if every else None
        crm_pulls.complete(
            connection, pull, now=now, next_at=next_at, since_at=since, people=people, counts=dict(total)
        )


def _put_off(engine: Engine, pull: Pull, error: AdapterError) -> None:
    now = engine.clock.now()

    def put_off(connection: Connection) -> None:
        state = crm_connections.lock(connection, pull.connection)
        until = now + _wait(error)
        is_scope = isinstance(error, Unauthorized) and error.code == "403"
        if isinstance(error, RateLimited | Unauthorized) and not is_scope:
            reason, failures = str(error), max(state.failures, int(isinstance(error, Unauthorized)))
            crm_connections.park(connection, pull.connection, until=until, reason=reason, failures=failures)
        crm_pulls.put_off(connection, pull, until=until, error=str(error))
        if isinstance(error, Refused):
            _tell(connection, engine, pull.connection, pull.name, str(error))

    _log.warning("crm_reading_put_off", connection=pull.connection, reading=pull.name.partition(":")[0])
    engine.store.write(put_off)


def _wait(error: AdapterError) -> timedelta:
    match error:
        case RateLimited():
            return error.retry_after
        case Unauthorized():
            return _UNAUTHORIZED
        case Unavailable() | OutcomeUnknown():
            return _SOON
        case Refused() | _:
            return _LATER


def due_readings(engine: Engine, names: Sequence[str]) -> list[str]:
    """Connections with something to be read now."""
    now = engine.clock.now()
    with engine.store.read() as connection:
        parked = {state.name for state in crm_connections.states(connection) if state.is_parked(now)}
        return [name for name in names if name not in parked and crm_pulls.due(connection, name, now)]
