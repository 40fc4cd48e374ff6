"""Tables of texts as CSV or XLSX files, as spreadsheets write and read them. A damaged file raises Damaged.

A cell never becomes a formula: in CSV an apostrophe stands before what looks like one, in XLSX every cell is a text.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import BinaryIO

Row = dict[str, str]

_LOOKS_LIKE_A_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_LONGEST_CELL = 32_767  # characters a cell of a spreadsheet holds
_BROKEN = (zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError, EOFError)


class Damaged(Exception):
    """The file cannot be read as what it is called; the text says why."""


class _Uneven(Exception):
    """Header and rows do not fit each other."""


@dataclass(frozen=True, slots=True)
class Format:
    """How a table is kept. `read` gives every row with each of the columns asked for; `write` takes them in order."""

    suffix: str
    read: Callable[[Path, tuple[str, ...]], list[Row]]
    write: Callable[[BinaryIO, Sequence[str], Sequence[Row]], None]


def _read_csv(path: Path, columns: tuple[str, ...]) -> list[Row]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
        return list(_rows(([_plain(cell) for cell in cells] for cells in reader), columns))
    except (UnicodeDecodeError, csv.Error, _Uneven) as error:
        raise Damaged(f"not readable as CSV in UTF-8 ({error})") from None


def _write_csv(file: BinaryIO, names: Sequence[str], rows: Sequence[Row]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(_safe(name) for name in names)
    writer.writerows([_safe(row.get(name, "")) for name in names] for row in rows)
    file.write(text.getvalue().encode("utf-8-sig", "replace"))


def _read_xlsx(path: Path, columns: tuple[str, ...]) -> list[Row]:
    import openpyxl  # noqa: PLC0415  # two tenths of a second, which only workbooks cost
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415  # as above

    try:
        book = openpyxl.load_workbook(path, data_only=True)
        sheets, sheet = book.worksheets, book.worksheets[0]
        cells = [[_text(value) for value in row] for row in sheet.iter_rows(values_only=True)]
    except (*_BROKEN, InvalidFileException) as error:
        raise Damaged(f"not readable as XLSX ({type(error).__name__})") from None
    if len(sheets) > 1:
        raise Damaged("the workbook has several sheets, and only one is kept; move the others into a file of their own")
    try:
        return list(_rows(iter(cells), columns))
    except _Uneven as error:
        raise Damaged(f"not readable as XLSX ({error})") from None


def _write_xlsx(file: BinaryIO, names: Sequence[str], rows: Sequence[Row]) -> None:
    import openpyxl  # noqa: PLC0415  # as above
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE  # noqa: PLC0415  # as above

    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for number, values in enumerate([list(names), *([row.get(name, "") for name in names] for row in rows)], start=1):
        for column, value in enumerate(values, start=1):
            if value:
                cell = sheet.cell(number, column, ILLEGAL_CHARACTERS_RE.sub("", value)[:_LONGEST_CELL])
                cell.data_type = "s"  # a text, also where it begins as a formula or an error does
    book.save(file)


def _rows(lines: Iterator[list[str]], columns: tuple[str, ...]) -> Iterator[Row]:
    header = [name.strip() for name in next(lines, [])]
    while header and not header[-1]:
        header.pop()
    if len(set(header)) < len(header):
        raise _Uneven("two columns have the same name")
    for number, cells in enumerate(lines, start=2):
        if any(cells[len(header) :]):
            raise _Uneven(f"row {number} has more cells than the header")
        if any(cells):
            yield dict.fromkeys(columns, "") | dict(zip(header, cells, strict=False))


def _text(value: object) -> str:
    """As a person would have typed it."""
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _delimiter(text: str) -> str:
    """Spreadsheets write `;` or tabs where the comma is the decimal sign."""
    header = text.partition("\n")[0]
    return max(",;\t", key=header.count)


def _safe(value: str) -> str:
    return f"'{value}" if _LOOKS_LIKE_A_FORMULA.match(value) else value


def _plain(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _LOOKS_LIKE_A_FORMULA.match(cell) else cell


FORMATS = {
    "csv": Format(".csv", _read_csv, _write_csv),
    "xlsx": Format(".xlsx", _read_xlsx, _write_xlsx),
}
