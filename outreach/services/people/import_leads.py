"""Bring a list of leads in: every row is imported, or rejected with its reason; doing it again changes nothing.

One transaction for each thousand rows; while the database writes them, the next are read and understood. The same
person is found again by any address; what is known stays, what is missing is filled. An import never changes a
suppression, an owner or the stage of a lead that exists.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from outreach.clock import Clock
from outreach.content.csv_rows import BadRow, Row
from outreach.content.lead_columns import Column
from outreach.content.lead_files import ErrorFile, LeadFile, Rows
from outreach.content.lead_rows import Terms, understand
from outreach.domain.lead import LeadDraft
from outreach.domain.pipeline import Pipeline
from outreach.services.people.keep_leads import Beginning, Kept, Result, keep
from outreach.store.session import Store

_CHUNK = 1_000
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
    source: str  # of new leads whose row names none
    rows_read: int = 0
    imported: int = 0  # new leads
    updated: int = 0  # rows about a lead that exists, which told something new
    unchanged: int = 0
    rejected: int = 0
    suppressed: int = 0  # of the rows kept: never to be contacted
    remarks: Counter[str] = field(default_factory=Counter)  # field → how often it was left out as unclear
    examples: list[Rejected] = field(default_factory=list)  # the first rejected rows
    error_file: Path | None = None

    def count(self, kept: Sequence[Kept]) -> None:
        """Add what became of a chunk."""
        results = Counter(each.result for each in kept)
        self.imported += results[Result.IMPORTED]
        self.updated += results[Result.UPDATED]
        self.unchanged += results[Result.UNCHANGED]
        self.suppressed += sum(each.is_suppressed for each in kept)
        foreign = sum(bool(each.foreign) for each in kept)
        if foreign:
            self.remarks[_FOREIGN] += foreign


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
    column; without both it is the file's `origin`, else
    `import:<file name>`. `default_country` helps phone numbers without a country code.
    `on_progress` gets the rows read and the share of the file.
    """
    terms = Terms(
        columns=file.columns,
        default_source=file.origin or f"import:{file.path.name}",
        source=source,
        default_country=default_country,
        field_types=file.field_types,
        stages=tuple(stage.name for stage in default_pipeline.stages),
    )
    beginning = Beginning(default_pipeline.name, default_stage or default_pipeline.first)
    summary = Summary(file=file.path, mapping=file.columns, source=source or terms.default_source)
    with ErrorFile(file) as errors:
        for chunk in _one_ahead(file.rows(), terms):
            for row, reason in chunk.rejected:
                _reject(row, reason, summary, errors)
            summary.rows_read += chunk.rows
            summary.remarks.update(chunk.remarks)
            summary.count(_keep(store, clock, beginning, chunk.drafts))
            on_progress(summary.rows_read, chunk.share)
        summary.error_file = errors.path
    return summary


@dataclass(slots=True)
class _Chunk:
    """Rows that were read and understood, or rejected. `share` is how much of the file was read by then."""

    rows: int = 0
    share: float = 0.0
    drafts: list[LeadDraft] = field(default_factory=list)
    remarks: Counter[str] = field(default_factory=Counter)
    rejected: list[tuple[Row | BadRow, str]] = field(default_factory=list)


def _one_ahead(rows: Rows, terms: Terms) -> Iterator[_Chunk]:
    """Every chunk in order; the next one is made in a thread while this one is used."""
    left = iter(rows)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="read-leads") as reader:
        coming = reader.submit(_next_chunk, left, rows, terms)
        while (chunk := coming.result()).rows:
            coming = reader.submit(_next_chunk, left, rows, terms)
            yield chunk


def _next_chunk(left: Iterator[Row | BadRow], rows: Rows, terms: Terms) -> _Chunk:
    chunk = _Chunk()
    for row in islice(left, _CHUNK):
        chunk.rows += 1
        try:
            if isinstance(row, BadRow):
                raise ValueError(row.reason)
            understood = understand(row.cells, terms)
        except ValueError as error:
            chunk.rejected.append((row, str(error)))
            continue
        if understood.remarks:
            chunk.remarks.update(understood.remarks)
        chunk.drafts.append(understood.draft)
    chunk.share = rows.share
    return chunk


def _keep(store: Store, clock: Clock, beginning: Beginning, drafts: Sequence[LeadDraft]) -> list[Kept]:
    return store.write(lambda connection: keep(connection, drafts, beginning=beginning, clock=clock))


def _reject(row: Row | BadRow, reason: str, summary: Summary, errors: ErrorFile) -> None:
    summary.rejected += 1
    if len(summary.examples) < _EXAMPLES:
        summary.examples.append(Rejected(row.line, reason))
    errors.add(row.line, row.cells, reason)
