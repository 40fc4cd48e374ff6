"""Lists of leads: a CSV file or workbook whose header is understood, its rows, and the file of rejected ones."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, TextIO

from outreach.content.csv_rows import BadRow, Lines, Row, delimiter_of, encoding_of, read, text_of
from outreach.content.lead_columns import ERROR_HEADER, LINE_HEADER, Column, guess_columns
from outreach.content.own_fields import FieldType
from outreach.content.xlsx_rows import ENCODING as XLSX
from outreach.content.xlsx_rows import Sheet
from outreach.errors import ConfigError, Problem

MAX_COLUMNS = 200

_WORKBOOK, _OLD_WORKBOOK = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_E_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_ADDRESS_REMEDY = (
    "Write a first line that names the columns, one of them email, linkedin, phone, whatsapp, telegram or x."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadFile:
    """A list of leads that can be imported. `columns` says what each column was understood as: show it."""

    path: Path
    size: int  # bytes
    encoding: str
    delimiter: str
    columns: tuple[Column, ...]
    origin: str = ""  # the source of leads whose row names none
    field_types: Mapping[str, FieldType] = field(default_factory=dict)

    def rows(self) -> Rows:
        """Every row behind the header, streamed."""
        return Rows(self)

    @property
    def error_path(self) -> Path:
        """Where rejected rows go: `<file>.errors.csv`."""
        return self.path.with_name(self.path.name + ".errors.csv")


def open_lead_file(path: Path, given: Mapping[str, str] | None = None) -> LeadFile:
    """Find out encoding, delimiter and columns. Raises ConfigError when it is not a list of leads we can read.

    `given` is what is known of columns (`Profile.columns`), stronger than any guess.
    """
    try:
        with path.open("rb") as file:
            begin = file.read(4)
            if begin == _WORKBOOK:
                return _open_workbook(path, given or {})
            _refuse_old_workbook(path, begin)
            file.seek(0)
            encoding = encoding_of(file)
        with path.open("rb") as file, text_of(file, encoding) as text:
            delimiter = delimiter_of(text)
        with path.open("rb") as file, text_of(file, encoding) as text:
            header = _header(path, Lines(text), delimiter)
        size = path.stat().st_size
    except OSError as error:
        raise _refusal(path, f"cannot be read: {error.strerror or error}.") from None
    except ValueError as error:
        raise _refusal(path, str(error)) from None
    return LeadFile(
        path=path, size=size, encoding=encoding, delimiter=delimiter, columns=_columns(path, header, given or {})
    )


def _open_workbook(path: Path, given: Mapping[str, str]) -> LeadFile:
    header = next(iter(Sheet(path)), None)
    if not isinstance(header, Row):
        raise _refusal(path, "is empty." if header is None else header.reason, _ADDRESS_REMEDY)
    columns = _columns(path, header, given)
    return LeadFile(path=path, size=path.stat().st_size, encoding=XLSX, delimiter=",", columns=columns)


class Rows:
    """The rows of a file, once. `share` is how much of the file has been read, from 0 to 1."""

    def __init__(self, file: LeadFile) -> None:
        self._file = file
        self._sheet = Sheet(file.path) if file.encoding == XLSX else None
        self._binary: BinaryIO = file.path.open("rb")

    def __iter__(self) -> Iterator[Row | BadRow]:
        if self._sheet is not None:
            yield from self._of_sheet(self._sheet)
            return
        with self._binary, text_of(self._binary, self._file.encoding) as text:
            lines = Lines(text)
            _header(self._file.path, lines, self._file.delimiter)
            for row in read(lines, self._file.delimiter):
                yield row if isinstance(row, BadRow) else _fitted(row, len(self._file.columns))

    def _of_sheet(self, sheet: Sheet) -> Iterator[Row | BadRow]:
        with self._binary:
            for row in islice(sheet, 1, None):
                yield row if isinstance(row, BadRow) else _fitted(row, len(self._file.columns))

    @property
    def share(self) -> float:
        if self._sheet is not None:
            return self._sheet.share
        return 1.0 if self._binary.closed else min(self._binary.tell() / max(self._file.size, 1), 1.0)


class ErrorFile:
    """Rejected rows with their reasons, to be mended and imported again; the file is made with the first of them.

    Cells that a spreadsheet would take for a formula begin with an apostrophe; the import takes it off again.
    """

    def __init__(self, file: LeadFile) -> None:
        self._file = file
        self._kept = [
            index for index, column in enumerate(file.columns) if column.header not in (LINE_HEADER, ERROR_HEADER)
        ]
        self._stream: TextIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Put the file in its place, after a crash as well: what was rejected so far is rejected."""
        if self._stream is not None:
            self._stream.close()
            self._part.replace(self._file.error_path)

    @property
    def path(self) -> Path | None:
        """Where the file is; None if no row was rejected."""
        return self._file.error_path if self._stream is not None else None

    def add(self, line: int, cells: Sequence[str], reason: str) -> None:
        """Write one rejected row. Cells beyond the last column are named in its reason, not kept."""
        if self._stream is None:
            self._stream = self._part.open("w", encoding="utf-8-sig", newline="")
            self._write([self._file.columns[index].header for index in self._kept], LINE_HEADER, ERROR_HEADER)
        self._write([cells[index] if index < len(cells) else "" for index in self._kept], str(line), reason)

    def _write(self, cells: Sequence[str], *more: str) -> None:
        assert self._stream is not None
        csv.writer(self._stream, delimiter=self._file.delimiter).writerow([neutral(cell) for cell in (*cells, *more)])

    @property
    def _part(self) -> Path:
        return self._file.error_path.with_name(self._file.error_path.name + ".part")


def neutral(cell: str) -> str:
    """The cell as text that no spreadsheet takes for a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def as_written(cell: str) -> str:
    """The opposite of `neutral`, without white space around it."""
    return (cell[1:] if cell.startswith("'") and _FORMULA.match(cell[1:]) else cell).strip()


def _refuse_old_workbook(path: Path, begin: bytes) -> None:
    if begin == _OLD_WORKBOOK:
        raise _refusal(path, "is an old workbook (XLS). Save the sheet as 'CSV UTF-8' or XLSX and import that.")


def _header(path: Path, lines: Lines, delimiter: str) -> Row:
    row = next(read(lines, delimiter), None)
    if row is None:
        raise _refusal(path, "is empty.", _ADDRESS_REMEDY)
    if isinstance(row, BadRow):
        raise _refusal(path, f"the header cannot be read. {row.reason}", line=row.line)
    return row


def _columns(path: Path, header: Row, given: Mapping[str, str]) -> tuple[Column, ...]:
    headers = [as_written(cell) for cell in header.cells]
    while headers and not headers[-1]:
        headers.pop()
    if len(headers) > MAX_COLUMNS:
        message = f"the header has {len(headers)} columns; {MAX_COLUMNS} are read."
        raise _refusal(path, message, "Leave out those nobody needs.", line=header.line)
    data = next((cell for cell in headers if _E_MAIL.fullmatch(cell)), None)
    if data is not None:
        message = f"the first line is no header: it holds the address '{data[:80]}'."
        raise _refusal(path, message, _ADDRESS_REMEDY, line=header.line)
    try:
        return guess_columns(headers, given)
    except ValueError as error:
        raise _refusal(path, str(error), _ADDRESS_REMEDY, line=header.line) from None


def _fitted(row: Row, width: int) -> Row | BadRow:
    """The row with as many cells as there are columns: missing ones are empty, empty ones too many are left out."""
    cells = row.cells
    if len(cells) == width:
        return row
    if any(cell.strip() for cell in cells[width:]):
        reason = f"The row has {len(cells)} values for {width} columns. Put a value that holds the delimiter in quotes."
        return BadRow(row.line, cells, reason)
    return Row(row.line, (*cells[:width], *[""] * (width - len(cells))))


def _refusal(path: Path, message: str, remedy: str = "", *, line: int = 0) -> ConfigError:
    return ConfigError(Problem(str(path), line, 1 if line else 0, message, remedy))
