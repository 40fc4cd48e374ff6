"""A list of people, domains or addresses who must not be contacted again, taken from a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection

from outreach.content import csv_rows
from outreach.content.csv_rows import BadRow, Row
from outreach.content.free_mail import is_free_mail
from outreach.domain.suppression import Scope, SuppressionReason
from outreach.errors import UsageError
from outreach.services.hearing import find
from outreach.services.hearing.stop import suppress_within
from outreach.services.sending.engine import Engine

_CHUNK = 200
_EXAMPLES = 10


@dataclass(slots=True, kw_only=True)
class Listed:
    """What a list did. Every row is suppressed, or rejected with its line and reason."""

    suppressed: int = 0
    ended: int = 0  # enrollments
    rejected: list[tuple[int, str]] = field(default_factory=list)  # the first ones
    rejections: int = 0


@dataclass(frozen=True, slots=True)
class _Entry:
    line: int
    scope: Scope
    value: str


def suppress_list(
    engine: Engine,
    path: Path,
    *,
    detail: str,
    by: str,
    reason: SuppressionReason = SuppressionReason.BY_HAND,
) -> Listed:
    """Suppress every address or domain of a CSV or text file: of each row, the first cell that is one.

    A first row without one is taken for a header. One transaction for each 200 rows; doing it again changes nothing.
    Raises UsageError for a file that cannot be read.
    """
    done = Listed()
    for chunk in _chunks(_entries(path, done)):
        done.ended += _keep_all(engine, chunk, reason, detail=detail, by=by)
        done.suppressed += len(chunk)
    return done


def _keep_all(engine: Engine, chunk: Sequence[_Entry], reason: SuppressionReason, *, detail: str, by: str) -> int:
    def work(connection: Connection) -> int:
        engine.store.lock_wide_stop(connection)
        return sum(
            len(suppress_within(connection, engine, each.scope, each.value, reason=reason, detail=detail, by=by))
            for each in chunk
        )

    return engine.store.write(work)


def _entries(path: Path, done: Listed) -> Iterator[_Entry]:
    for row in _rows(path):
        if isinstance(row, BadRow):
            _reject(done, row.line, row.reason)
            continue
        found = _named(row.cells)
        if found and found[0] is Scope.DOMAIN and is_free_mail(found[1]):
            _reject(done, row.line, f"anybody may have a mailbox at {found[1]}. Name the address.")
        elif found:
            yield _Entry(row.line, *found)
        elif row.line > 1 and any(cell.strip() for cell in row.cells):
            _reject(done, row.line, f"no address and no domain in '{', '.join(row.cells)[:80]}'")


def _rows(path: Path) -> Iterator[Row | BadRow]:
    try:
        with path.open("rb") as file:
            encoding = csv_rows.encoding_of(file)
        with path.open("rb") as file, csv_rows.text_of(file, encoding) as text:
            delimiter = csv_rows.delimiter_of(text)
        with path.open("rb") as file, csv_rows.text_of(file, encoding) as text:
            yield from csv_rows.read(csv_rows.Lines(text), delimiter)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from None


def _named(cells: Sequence[str]) -> tuple[Scope, str] | None:
    """The first cell that is an address, else the first that is a domain."""
    for cell in cells:
        if address := find.address_in(cell):
            return Scope.ADDRESS, address
    return next(((Scope.DOMAIN, domain) for cell in cells if (domain := find.domain_in(cell))), None)


def _reject(done: Listed, line: int, reason: str) -> None:
    done.rejections += 1
    if len(done.rejected) < _EXAMPLES:
        done.rejected.append((line, reason))


def _chunks(entries: Iterator[_Entry]) -> Iterator[list[_Entry]]:
    chunk: list[_Entry] = []
    for entry in entries:
        chunk.append(entry)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
