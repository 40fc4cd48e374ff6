"""Bring a list of leads in: every row is imported, or rejected with its reason; doing it again changes nothing.

One transaction for each thousand rows. The same person is found again by any address; what is known stays, what is
missing is filled. An import never changes a suppression, an owner or the stage of a lead that exists.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from outreach.clock import Clock
from outreach.content.csv_rows import BadRow, Row
from outreach.content.lead_columns import Column
from outreach.content.lead_files import ErrorFile, LeadFile
from outreach.content.lead_rows import Terms, understand
from outreach.domain.lead import Address, LeadDraft, additions
from outreach.domain.lead_matching import People, Placed
from outreach.domain.pipeline import Pipeline, Status
from outreach.domain.suppression import Scope, keys_of
from outreach.store import companies, leads, stops
from outreach.store.session import Store

_CHUNK = 1_000
_MOST_KEYS = 10_000
_EXAMPLES = 5
_FOREIGN = "address of another lead"


@dataclass(frozen=True, slots=True)
class Rejected:
    """One row that was not imported."""

    line: int
    reason: str


@dataclass(slots=True, kw_only=True)
class Summary:
    """What an import did. Every row read is imported, updated, unchanged or rejected."""

    file: Path
    mapping: tuple[Column, ...]
    source: str  # of rows whose own column says none
    rows_read: int = 0
    imported: int = 0  # new leads
    updated: int = 0  # leads that existed and learned something
    unchanged: int = 0
    rejected: int = 0
    suppressed: int = 0  # imported, updated or unchanged, and never to be contacted
    remarks: Counter[str] = field(default_factory=Counter)  # field → how often it was left out as unclear
    examples: list[Rejected] = field(default_factory=list)  # the first rejected rows
    error_file: Path | None = None


@dataclass(slots=True)
class _Kept:
    """What became of one chunk."""

    imported: int = 0
    updated: int = 0
    unchanged: int = 0
    suppressed: int = 0
    foreign: int = 0


def import_leads(
    store: Store,
    file: LeadFile,
    *,
    clock: Clock,
    default_pipeline: Pipeline,
    default_stage: str | None = None,
    source: str | None = None,
    default_country: str | None = None,
    on_progress: Callable[[int, float], None] = lambda rows, share: None,
) -> Summary:
    """Import every row that can be. `file` comes from `open_lead_file`.

    `default_stage`: where new leads begin; the first stage of the pipeline if left out. `source`: stronger than a
    column; without both it is `import:<file name>`. `default_country` helps phone numbers without a country code.
    `on_progress` gets the rows read and the share of the file.
    """
    terms = Terms(
        columns=file.columns,
        default_source=f"import:{file.path.name}",
        source=source,
        default_country=default_country,
        stages=tuple(stage.name for stage in default_pipeline.stages),
    )
    summary = Summary(file=file.path, mapping=file.columns, source=source or terms.default_source)
    newcomers = _Newcomers(clock, default_pipeline.name, default_stage or default_pipeline.first)
    rows = file.rows()
    with ErrorFile(file) as errors:
        for chunk in _chunks(rows):
            drafts = _understood(chunk, terms, summary, errors)
            _count(summary, store.write(lambda connection, drafts=drafts: _keep(connection, drafts, newcomers)))
            on_progress(summary.rows_read, rows.share)
        summary.error_file = errors.path
    return summary


def _chunks(rows: Iterable[Row | BadRow]) -> Iterator[list[Row | BadRow]]:
    chunk: list[Row | BadRow] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _understood(
    rows: Sequence[Row | BadRow], terms: Terms, summary: Summary, errors: ErrorFile
) -> list[LeadDraft]:
    drafts = []
    for row in rows:
        summary.rows_read += 1
        try:
            if isinstance(row, BadRow):
                raise ValueError(row.reason)
            understood = understand(row.cells, terms)
        except ValueError as error:
            _reject(summary, errors, row, str(error))
            continue
        summary.remarks.update(understood.remarks)
        drafts.append(understood.draft)
    return drafts


def _reject(summary: Summary, errors: ErrorFile, row: Row | BadRow, reason: str) -> None:
    summary.rejected += 1
    if len(summary.examples) < _EXAMPLES:
        summary.examples.append(Rejected(row.line, reason))
    errors.add(row.line, row.cells, reason)


def _count(summary: Summary, kept: _Kept) -> None:
    summary.imported += kept.imported
    summary.updated += kept.updated
    summary.unchanged += kept.unchanged
    summary.suppressed += kept.suppressed
    if kept.foreign:
        summary.remarks[_FOREIGN] += kept.foreign


@dataclass(frozen=True, slots=True)
class _Newcomers:
    """What new leads begin with."""

    clock: Clock
    pipeline: str
    stage: str

    def row(self, draft: LeadDraft, lead_id: str, now: datetime) -> dict[str, Any]:
        return {
            "id": lead_id,
            "company_id": None,
            "first_name": draft.first_name or None,
            "last_name": draft.last_name or None,
            "title": draft.title or None,
            "language": draft.language or None,
            "timezone": draft.timezone or None,
            "country": draft.country or None,
            "owner": draft.owner or None,
            "source": draft.source,
            "status": Status.NEW,
            "pipeline": self.pipeline,
            "stage": draft.stage or self.stage,
            "stage_since_at": now,
            "score": draft.score,
            "tags": list(draft.tags),
            "fields": dict(draft.fields),
            "created_at": now,
            "updated_at": now,
        }


@dataclass(slots=True)
class _Book:
    """The leads of one chunk as they will be written: new ones, and existing ones that change."""

    present: Mapping[str, Mapping[str, Any]]
    now: datetime
    new: dict[str, dict[str, Any]] = field(default_factory=dict)
    changed: dict[str, dict[str, Any]] = field(default_factory=dict)

    def row(self, lead_id: str) -> Mapping[str, Any]:
        return self.new.get(lead_id) or self.changed.get(lead_id) or self.present[lead_id]

    def change(self, lead_id: str, changes: Mapping[str, Any]) -> None:
        if lead_id in self.new:
            self.new[lead_id].update(changes)
        elif changes:
            row = self.changed.setdefault(lead_id, dict(self.present[lead_id]))
            row.update(changes, updated_at=self.now)


def _keep(connection: Connection, drafts: Sequence[LeadDraft], newcomers: _Newcomers) -> _Kept:
    """Write one chunk. Safe to do again: it changes nothing but the database."""
    if not drafts:
        return _Kept()
    leads.take_turns(connection)
    now = newcomers.clock.now()
    owners = leads.owners_of(connection, {address for draft in drafts for address in draft.addresses})
    people = People(leads.addresses_of(connection, set(owners.values())), newcomers.clock.fresh_id)
    placed = [people.place(draft.addresses) for draft in drafts]
    book = _Book(leads.lock(connection, set(owners.values())), now)
    fresh_id = newcomers.clock.fresh_id
    company_ids = companies.settle(connection, [draft.company for draft in drafts], fresh_id=fresh_id, now=now)
    kept = _Kept(foreign=sum(len(place.foreign) for place in placed))
    for draft, place in zip(drafts, placed, strict=True):
        _enter(book, kept, draft, place, newcomers)
        _employ(book, place.lead_id, company_ids.get(companies.key_of(draft.company) or ("", "")))
    kept.suppressed = _close_to_contact(connection, book, people, placed)
    _write(connection, book, placed, newcomers)
    return kept
