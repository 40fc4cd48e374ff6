"""Workbooks (XLSX) as lists: the first sheet, row by row in bounded memory, cells as people see them.

Texts that repeat lie in one part of the workbook, which is read whole; it is refused above a bound.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from outreach.content.csv_rows import MAX_ROW, BadRow, Row

ENCODING = "xlsx"
"""What stands in place of an encoding."""

_MOST_COLUMNS = 256
_MOST_STRINGS = 512 * 1024 * 1024  # bytes of texts that repeat, unpacked
_MOST_TIMES = 300  # a part that is packed tighter holds no list
_SAVE_AS = "Save the sheet as 'CSV UTF-8' and import that."
_STRINGS = "xl/sharedStrings.xml"


class Sheet:
    """The rows of a workbook's first sheet, once. `share` is how much has been read, from 0 to 1."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._total = 0
        self._done = 0

    def __iter__(self) -> Iterator[Row | BadRow]:
        """Every row that is not empty. Raises ValueError for a file that is no workbook, or one that is too large."""
        import openpyxl  # noqa: PLC0415  # a hundred milliseconds, which only workbooks cost

        _check(self._path)
        try:
            book = openpyxl.load_workbook(self._path, read_only=True, data_only=True, keep_links=False)
        except Exception as error:  # noqa: BLE001  # the library raises whatever a damaged part leads to
            raise ValueError(f"is a workbook that cannot be read ({type(error).__name__}). {_SAVE_AS}") from None
        try:
            yield from self._rows(book)
        finally:
            book.close()

    def _rows(self, book: Any) -> Iterator[Row | BadRow]:
        if not book.worksheets:
            raise ValueError(f"is a workbook without a sheet. {_SAVE_AS}")
        sheet = book.worksheets[0]
        self._total = sheet.max_row or 0
        sheet.reset_dimensions()  # what programs write there is not always true
        for line, values in enumerate(sheet.iter_rows(max_col=_MOST_COLUMNS, values_only=True), start=1):
            self._done = line
            cells = tuple(map(_text, values))
            if sum(map(len, cells)) * 4 > MAX_ROW and len("".join(cells).encode("utf-8", "replace")) > MAX_ROW:
                yield BadRow(line, (cells[0][:1000],), f"The row is longer than {MAX_ROW // 1024} KiB.")
            elif any(cell.strip() for cell in cells):
                yield Row(line, _without_end(cells))

    @property
    def share(self) -> float:
        return min(self._done / max(self._total, self._done, 1), 1.0)


def _check(path: Path) -> None:
    """Nothing that grows without measure when it is unpacked."""
    try:
        with zipfile.ZipFile(path) as book:
            parts = book.infolist()
    except (zipfile.BadZipFile, OSError, NotImplementedError):
        raise ValueError(f"is a damaged workbook. {_SAVE_AS}") from None
    bomb = any(each.file_size > _MOST_TIMES * max(each.compress_size, 4096) for each in parts)
    strings = sum(each.file_size for each in parts if each.filename == _STRINGS)
    if bomb or strings > _MOST_STRINGS:
        raise ValueError(f"is a workbook that is too large to be read. {_SAVE_AS}")


def _text(value: object) -> str:
    """A cell as it looks: whole numbers without a dot, days without a time."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _without_end(cells: tuple[str, ...]) -> tuple[str, ...]:
    """Empty cells behind the last one that says something are no columns."""
    end = len(cells)
    while end and not cells[end - 1]:
        end -= 1
    return cells[:end]
