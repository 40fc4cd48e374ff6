"""CSV as it really is: any usual encoding and delimiter, read row by row within bounds.

A row is at most 64 KiB. One that cannot be read is told with its reason, and reading goes on behind its first line.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from operator import methodcaller
from typing import BinaryIO, TextIO

MAX_ROW = 64 * 1024
"""Bytes of a row, in UTF-8."""

DELIMITERS = ",;\t|"

_SAMPLE = 64 * 1024
_BLOCK = 1024 * 1024
_SAMPLE_ROWS = 20
_SEPARATOR_LINE = re.compile(r"sep=(.)\s*", re.IGNORECASE)  # Excel's own first line
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_TURKISH = re.compile(rb"[\xd0\xdd\xde\xf0\xfd\xfe]")  # ĞİŞğış in Windows-1254; rare Icelandic letters in Windows-1252
_SHOWN = 1000


@dataclass(frozen=True, slots=True)
class Row:
    """One row; `line` is where it begins, counted from 1."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be read, and why. `cells` holds what could be seen of it."""

    line: int
    cells: tuple[str, ...]
    reason: str


def encoding_of(file: BinaryIO) -> str:
    """The encoding of a file: told by its byte order mark, else the first that fits all of it.

    UTF-8, then UTF-16 without a mark, then Windows-1254 or 1252. Raises ValueError if none fits.
    """
    sample = file.read(_SAMPLE)
    marked = next((encoding for mark, encoding in _BOMS if sample.startswith(mark)), None)
    candidates = [marked] if marked else chain([*_utf16_without_mark(sample), "utf-8"], _windows(file))
    for encoding in candidates:
        file.seek(0)
        if _fits(file, encoding):
            return encoding
    raise ValueError("is in an encoding that is not known. Save it as 'CSV UTF-8'.")


def text_of(file: BinaryIO, encoding: str) -> TextIO:
    """The file as text, line ends as they are."""
    return io.TextIOWrapper(file, encoding=encoding, newline="")


def delimiter_of(text: TextIO) -> str:
    """The delimiter that cuts the first rows into the most columns of equal number; a comma if there is one column."""
    sample = text.read(_SAMPLE)
    told = _SEPARATOR_LINE.match(sample)
    if told:
        return told.group(1)
    return max(DELIMITERS, key=lambda delimiter: _evenness(sample, delimiter))


def read(lines: Lines, delimiter: str) -> Iterator[Row | BadRow]:
    """Every row that is not empty, in order."""
    while True:
        try:
            cells = next(csv.reader(lines, delimiter=delimiter, strict=True), None)
        except csv.Error as error:
            yield lines.give_up(_explained(error))
            continue
        except _TooLongError:
            yield lines.give_up(f"The row is longer than {MAX_ROW // 1024} KiB, or a double quote in it is not closed.")
            continue
        if cells is None:
            return
        row = lines.finish(cells)
        if row is not None:
            yield row


class Lines:
    """The lines of a text for the csv reader; a row that fails gives back all but its first line."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._given_back: deque[str] = deque()
        self._taken: list[str] = []
        self._bytes = 0
        self._first = 1  # number of the line the present row begins at
        self._skip_separator_line()

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        line = self._given_back.popleft() if self._given_back else self._text.readline(MAX_ROW + 1)
        if not line:
            raise StopIteration
        self._taken.append(line)
        self._bytes += len(line) if line.isascii() else len(line.encode("utf-8", "surrogatepass"))
        if self._bytes > MAX_ROW:
            raise _TooLongError
        return line

    def finish(self, cells: list[str]) -> Row | BadRow | None:
        """The row that was read; None if it is empty."""
        line = self._first
        has_nul = any(map(_holds_nul, self._taken))
        self._begin(len(self._taken))
        if has_nul:
            return BadRow(line, _seen(cells), "The row holds a NUL character. Export the file again as 'CSV UTF-8'.")
        return Row(line, tuple(cells)) if any(map(str.strip, cells)) else None

    def give_up(self, reason: str) -> BadRow:
        """The row cannot be read: leave its first line, and read the others anew."""
        first, *others = self._taken
        self._given_back.extendleft(reversed(others))
        self._skip_rest_of(first)
        bad = BadRow(self._first, _seen([first.rstrip("\r\n")]), reason)
        self._begin(1)
        return bad

    def _begin(self, lines_done: int) -> None:
        self._first += lines_done
        self._taken.clear()
        self._bytes = 0

    def _skip_rest_of(self, line: str) -> None:
        while line and len(line) > MAX_ROW and not line.endswith(("\n", "\r")):
            line = self._text.readline(MAX_ROW + 1)

    def _skip_separator_line(self) -> None:
        line = self._text.readline(MAX_ROW + 1)
        if _SEPARATOR_LINE.fullmatch(line):
            self._first += 1
        elif line:
            self._given_back.append(line)


_holds_nul = methodcaller("__contains__", "\0")


class _TooLongError(Exception):
    """The row at hand grew over the bound."""


def _seen(cells: list[str]) -> tuple[str, ...]:
    return tuple(cell.replace("\0", "")[:_SHOWN] for cell in cells)


def _explained(error: csv.Error) -> str:
    if "unexpected end of data" in str(error):
        return "A double quote is opened and not closed. Close it, or write it twice if it belongs to the text."
    return "A double quote stands inside a quoted text. Write it twice there."


def _fits(file: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while block := file.read(_BLOCK):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _utf16_without_mark(sample: bytes) -> list[str]:
    """Latin text in UTF-16 has a zero in every second byte."""
    half = max(len(sample) // 2, 1)
    zeros_behind, zeros_before = sample[1::2].count(0), sample[0::2].count(0)
    if zeros_behind > half * 0.4 > zeros_before:
        return ["utf-16-le"]
    return ["utf-16-be"] if zeros_before > half * 0.4 > zeros_behind else []


def _windows(file: BinaryIO) -> Iterator[str]:
    """Looked for when it is asked: the whole file is read for it."""
    file.seek(0)
    is_turkish = any(_TURKISH.search(block) for block in iter(lambda: file.read(_BLOCK), b""))
    yield from ("cp1254", "cp1252") if is_turkish else ("cp1252", "cp1254")


def _evenness(sample: str, delimiter: str) -> float:
    """How many columns of equal number a delimiter makes; 0 for a single column."""
    rows = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    try:
        widths = [len(row) for row in islice(rows, _SAMPLE_ROWS) if row]
    except csv.Error:
        return 0
    if not widths or widths[0] < 2:
        return 0
    return widths[0] * sum(width == widths[0] for width in widths) / len(widths)
