"""Write understood leads: people who are known already learn what is new about them, the others become leads."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Any

from sqlalchemy import Connection

from outreach.clock import Clock
from outreach.domain.lead import Address, LeadDraft, additions
from outreach.domain.lead_matching import People, Placed
from outreach.domain.pipeline import Status
from outreach.domain.suppression import DEAD, Scope, SuppressionReason, address_value, keys_of
from outreach.store import companies, erased, leads, stops

_NO_COMPANY = ("", "")
_MOST_KEYS = 10_000  # in one question to the database


class Result(StrEnum):
    """What became of a draft."""

    IMPORTED = "imported"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Kept:
    """One draft after it was written. `foreign` are addresses that belong to somebody else and stay there."""

    lead_id: str
    result: Result
    is_suppressed: bool
    foreign: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where new leads begin."""

    pipeline: str
    stage: str


@dataclass(slots=True)
class _Book:
    """The leads at hand: as they are in the database, new ones, and those that change."""

    present: Mapping[str, Mapping[str, Any]]
    now: datetime
    new: dict[str, dict[str, Any]] = field(default_factory=dict)
    changed: dict[str, dict[str, Any]] = field(default_factory=dict)

    def row(self, lead_id: str) -> Mapping[str, Any]:
        return self.new.get(lead_id) or self.changed.get(lead_id) or self.present[lead_id]

    def change(self, lead_id: str, changes: Mapping[str, Any]) -> None:
        row = self.new.get(lead_id)
        if row is None:
            row = self.changed.setdefault(lead_id, dict(self.present[lead_id]))
        row.update(changes, updated_at=self.now)


def keep(connection: Connection, drafts: Sequence[LeadDraft], *, beginning: Beginning, clock: Clock) -> list[Kept]:
    """Write these drafts, at most a few thousand; what became of each, in their order.

    Done again in a new transaction it gives the same leads. A lead that must not be contacted is kept all the same,
    with the status `do_not_contact`, unless its status says more already.
    """
    if not drafts:
        return []
    leads.take_turns(connection)
    now, fresh_id = clock.now(), clock.fresh_id
    owners = leads.owners_of(connection, {address for draft in drafts for address in draft.addresses})
    people = People(leads.addresses_of(connection, set(owners.values())), fresh_id)
    placed = [people.place(draft.addresses) for draft in drafts]
    book = _Book(leads.lock(connection, set(owners.values())), now)
    company_ids = companies.settle(connection, [draft.company for draft in drafts], fresh_id=fresh_id, now=now)
    results = [
        _enter(book, draft, place, company_ids.get(companies.key_of(draft.company) or _NO_COMPANY), beginning)
        for draft, place in zip(drafts, placed, strict=True)
    ]
    _suppress(connection, drafts, placed, clock)
    back = _erased_before(connection, placed)
    suppressed = back
    if stops.is_anything_suppressed(connection):
        suppressed = _suppressed(connection, book, people, {place.lead_id for place in placed}) | back
    for lead_id in sorted(suppressed):
        if book.row(lead_id)["status"] == Status.NEW:
            book.change(lead_id, {"status": Status.DO_NOT_CONTACT})
    _write(connection, book, _address_rows(placed, clock))
    _suppress_erased(connection, back, clock)
    return [
        Kept(place.lead_id, result, place.lead_id in suppressed, place.foreign)
        for place, result in zip(placed, results, strict=True)
    ]


def _enter(book: _Book, draft: LeadDraft, place: Placed, company_id: str | None, beginning: Beginning) -> Result:
    if place.is_new:
        book.new[place.lead_id] = _new_row(draft, place.lead_id, company_id, beginning, book.now)
        return Result.IMPORTED
    row = book.row(place.lead_id)
    changes = additions(row, draft)
    if company_id and not row["company_id"]:
        changes["company_id"] = company_id
    if not changes and not place.added:
        return Result.UNCHANGED
    book.change(place.lead_id, changes)
    return Result.UPDATED


def _new_row(
    draft: LeadDraft, lead_id: str, company_id: str | None, beginning: Beginning, now: datetime
) -> dict[str, Any]:
    return {
        "id": lead_id,
        "company_id": company_id,
        "first_name": draft.first_name or None,
        "last_name": draft.last_name or None,
        "title": draft.title or None,
        "language": draft.language or None,
        "timezone": draft.timezone or None,
        "country": draft.country or None,
        "owner": draft.owner or None,
        "source": draft.source,
        "status": Status.NEW,
        "pipeline": beginning.pipeline,
        "stage": draft.stage or beginning.stage,
        "stage_since_at": now,
        "score": draft.score,
        "tags": list(draft.tags),
        "fields": dict(draft.fields),
        "created_at": now,
        "updated_at": now,
    }


def _suppressed(connection: Connection, book: _Book, people: People, lead_ids: Collection[str]) -> set[str]:
    """Of these leads, those that a suppression covers: of the person, an address, its domain or the company."""
    keys = {
        lead_id: keys_of(
            lead_id=lead_id,
            company_id=book.row(lead_id)["company_id"],
            addresses=tuple((str(address.kind), address.value) for address in people.addresses_of(lead_id)),
        )
        for lead_id in lead_ids
    }
    found: set[tuple[Scope, str]] = set()
    asked = iter({key for own in keys.values() for key in own})
    while some := list(islice(asked, _MOST_KEYS)):
        found.update(stops.suppressed(connection, some))
    return {lead_id for lead_id, own in keys.items() if own & found}


def _suppress(connection: Connection, drafts: Sequence[LeadDraft], placed: Sequence[Placed], clock: Clock) -> None:
    """Who opted out elsewhere has opted out here, with every address, before anybody is enrolled.

    A bounce is about addresses, and says nothing of the person.
    """
    rows = []
    for draft, place in zip(drafts, placed, strict=True):
        if not draft.never:
            continue
        keys = [(Scope.ADDRESS, address_value(each.kind, each.value)) for each in draft.addresses]
        is_dead = draft.never in DEAD
        kinds = [key for key in keys if not is_dead or key[1].startswith("email:")]
        for scope, value in kinds if is_dead else [(Scope.LEAD, place.lead_id), *kinds]:
            same = {"reason": draft.never, "detail": draft.source, "by": "import", "created_at": clock.now()}
            rows.append({"id": clock.fresh_id(), "scope": scope, "value": value, **same})
    stops.suppress(connection, rows)


def _erased_before(connection: Connection, placed: Sequence[Placed]) -> set[str]:
    """Leads who were erased, and are back on a list."""
    added = [(address, place.lead_id) for place in placed for address in place.added]
    found = erased.known(connection, (address for address, _ in added)) if added else set()
    return {lead_id for address, lead_id in added if address in found}


def _suppress_erased(connection: Connection, lead_ids: Collection[str], clock: Clock) -> None:
    """Under the id of the new lead: no address comes into the list of suppressions by this."""
    same = {"scope": Scope.LEAD, "reason": SuppressionReason.ERASED, "detail": "", "by": "engine"}
    rows = [{"id": clock.fresh_id(), "value": each, **same, "created_at": clock.now()} for each in sorted(lead_ids)]
    stops.suppress(connection, rows)


def _address_rows(placed: Sequence[Placed], clock: Clock) -> list[dict[str, Any]]:
    """New addresses, their ids in the order they were written: the first of a kind is the one that is used."""
    added = [(place.lead_id, address) for place in placed for address in place.added]
    ids = sorted(clock.fresh_id() for _ in added)
    now = clock.now()
    return [
        {"id": each, "lead_id": lead_id, "kind": address.kind, "value": address.value, "created_at": now}
        for each, (lead_id, address) in zip(ids, added, strict=True)
    ]


def _write(connection: Connection, book: _Book, address_rows: Sequence[Mapping[str, Any]]) -> None:
    leads.writes_now(connection)
    leads.insert(connection, list(book.new.values()))
    leads.update(connection, list(book.changed.values()))
    if leads.add_addresses(connection, address_rows) < len(address_rows):
        leads.drop_unreachable(connection, list(book.new))
