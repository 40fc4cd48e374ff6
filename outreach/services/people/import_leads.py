"""Bring a list of leads in: every row is imported, or rejected with its reason; doing it again changes nothing.

One transaction for each thousand rows. The same person is found again by any address; what is known stays, what is
missing is filled. An import never changes a suppression, an owner or the stage of a lead that exists.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from outreach.clock import Clock
from outreach.content.csv_rows import BadRow, Row
from outreach.content.lead_columns import Column
from outreach.content.lead_files import ErrorFile, LeadFile
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
    rows = file.rows()
    with ErrorFile(file) as errors:
        for chunk in _chunks(rows):
            summary.count(_keep(store, clock, beginning, _understood(chunk, terms, summary, errors)))
            on_progress(summary.rows_read, rows.share)
        summary.error_file = errors.path
    return summary


def _keep(store: Store, clock: Clock, beginning: Beginning, drafts: Sequence[LeadDraft]) -> list[Kept]:
    return store.write(lambda connection: keep(connection, drafts, beginning=beginning, clock=clock))


def _chunks(rows: Iterable[Row | BadRow]) -> Iterator[list[Row | BadRow]]:
    chunk: list[Row | BadRow] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _understood(rows: Sequence[Row | BadRow], terms: Terms, summary: Summary, errors: ErrorFile) -> list[LeadDraft]:
    drafts = []
    for row in rows:
        summary.rows_read += 1
        try:
            if isinstance(row, BadRow):
                raise ValueError(row.reason)
            understood = understand(row.cells, terms)
        except ValueError as error:
            _reject(row, str(error), summary, errors)
            continue
        summary.remarks.update(understood.remarks)
        drafts.append(understood.draft)
    return drafts


def _reject(row: Row | BadRow, reason: str, summary: Summary, errors: ErrorFile) -> None:
    summary.rejected += 1
    if len(summary.examples) < _EXAMPLES:
        summary.examples.append(Rejected(row.line, reason))
    errors.add(row.line, row.cells, reason)
