"""Rows kept by column: some thousand rows as one packed value, read again as arrays that are counted in one step.

A column is one of four sorts. `name`: a text that names something, kept as its number (`numbers.py`). `word`: one of
few texts or None, kept as a place in a list. `number` and `at` (microseconds since 1970): integers, None being
`NOTHING`. `size`: a float, None being NaN. Each is kept in the narrowest type that holds it, only where it is not None
if that is rare, and compressed by itself, so that a column nobody looks at costs nothing.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

Array = NDArray[Any]
NOTHING = -(2**63)
_TYPES = {"name": "<i4", "word": "<i4", "number": "<i8", "at": "<i8", "size": "<f8"}
_NARROW = ("<u1", "<u2", "<i4", "<i8")
_LEVEL = 1
_WORTH = 0.7


def pack(
    sorts: Mapping[str, str], rows: Sequence[Sequence[Any]], numbers: Callable[[str, Sequence[str]], Array]
) -> bytes:
    """These rows, whose values stand in the order of `sorts`: name of a column → its sort.

    `numbers` gives the numbers of what a column of names names.
    """
    columns: Iterable[Sequence[Any]] = zip(*rows, strict=True) if rows else [() for _ in sorts]
    heads, parts = [], []
    for (name, sort), values in zip(sorts.items(), columns, strict=True):
        head: dict[str, Any] = {}
        if sort == "word":
            array, head["words"] = _placed(values)
        elif sort == "name":
            array = numbers(name, values)
        else:
            array = _with_nothing(sort, values)
        part = _smaller(_written(sort, array, head), head)
        heads.append({**head, "length": len(part)})
        parts.append(part)
    head_of_all = orjson.dumps({"rows": len(rows), "columns": heads})
    return b"".join([len(head_of_all).to_bytes(4, "little"), head_of_all, *parts])


def _smaller(plain: bytes, head: dict[str, Any]) -> bytes:
    """Compressed where that is worth the time it takes to read."""
    compressed = zlib.compress(plain, _LEVEL)
    head["is_plain"] = len(compressed) > _WORTH * len(plain)
    return plain if head["is_plain"] else compressed


def _placed(values: Sequence[Any]) -> tuple[Array, list[Any]]:
    known: dict[Any, int] = {}
    array = np.fromiter((known.setdefault(each, len(known)) for each in values), "<i4", len(values))
    return array, list(known)


def _with_nothing(sort: str, values: Sequence[Any]) -> Array:
    nothing = float("nan") if sort == "size" else NOTHING
    return np.array([nothing if each is None else each for each in values], dtype=_TYPES[sort])


def _written(sort: str, array: Array, head: dict[str, Any]) -> bytes:
    """The bytes of a column: its values, or where they are rare their places before them; `head` says how to read."""
    before = b""
    if sort in ("number", "at", "size"):
        is_there = ~np.isnan(array) if sort == "size" else array != NOTHING
        if np.count_nonzero(is_there) * 2 < len(array):
            before = np.flatnonzero(is_there).astype("<u4").tobytes()
            array = array[is_there]
            head |= {"places": "<u4", "offset": len(before)}
    array = array if sort == "size" else _narrow(array)
    head |= {"values": array.dtype.str, "rows": len(array)}
    return before + array.tobytes()


def _narrow(array: Array) -> Array:
    least, most = (int(array.min()), int(array.max())) if len(array) else (0, 0)
    fitting = (each for each in _NARROW if np.iinfo(each).min <= least and most <= np.iinfo(each).max)
    return array.astype(next(fitting))


@dataclass(slots=True)
class Words:
    """The texts of a column, and the place of each."""

    texts: list[str | None] = field(default_factory=list)
    places: dict[str | None, int] = field(default_factory=dict)

    def place(self, text: str | None) -> int:
        """Where it stands, from now on."""
        found = self.places.get(text)
        if found is None:
            found = self.places[text] = len(self.texts)
            self.texts.append(text)
        return found

    def find(self, text: str | None) -> int:
        """Where it stands; -1: nowhere."""
        return self.places.get(text, -1)


class Columns(Mapping[str, Array]):
    """Columns that are made when they are first looked at."""

    def __init__(self, names: Iterable[str], make: Callable[[str], Array]) -> None:
        self._names = tuple(names)
        self._make = make
        self._made: dict[str, Array] = {}

    def __getitem__(self, name: str) -> Array:
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@dataclass(frozen=True, slots=True)
class Frame:
    """Columns of equal length. Frames of one kind share their words."""

    columns: Mapping[str, Array]
    words: Mapping[str, Words]
    size: int

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, name: str) -> Array:
        return self.columns[name]

    def find(self, name: str, text: str | None) -> int:
        """The place of a word in that column; -1: no row has it."""
        return self.words[name].find(text) if len(self[name]) else -1  # its words are known once it is made

    def where(self, wanted: Array | slice) -> Frame:
        """These rows alone: a mask, their numbers, or a span from one row to another."""
        if isinstance(wanted, slice):
            size = wanted.stop - wanted.start
        else:
            if wanted.dtype == bool:
                wanted = np.flatnonzero(wanted)
            size = len(wanted)
        return Frame(Columns(self.columns, lambda name: self.columns[name][wanted]), self.words, size)

    def beside(self, name: str, column: Array) -> Frame:
        """The same rows with one more column, or another one."""
        names = dict.fromkeys((*self.columns, name))
        return Frame(Columns(names, lambda each: column if each == name else self.columns[each]), self.words, self.size)


def unpack(sorts: Mapping[str, str], contents: Iterable[bytes], words: Mapping[str, Words]) -> Frame:
    """All rows of these, one packed value after the other; their words are added to `words`."""
    opened = [_opened(content) for content in contents]
    total = sum(each.rows for each in opened)
    places = {name: place for place, name in enumerate(sorts)}

    def make(name: str) -> Array:
        found, begin = np.empty(total, dtype=_TYPES[sorts[name]]), 0
        for each in opened:
            each.read(places[name], found[begin : begin + each.rows], words.get(name))
            begin += each.rows
        return found

    return Frame(Columns(sorts, make), words, total)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A packed value: the bytes, where its columns begin, and what its head says of each."""

    content: bytes
    begin: int
    rows: int
    heads: Sequence[Mapping[str, Any]]

    def read(self, place: int, target: Array, words: Words | None) -> None:
        """Fill the target with the column of that place."""
        begin = self.begin + sum(head["length"] for head in self.heads[:place])
        head = self.heads[place]
        part = memoryview(self.content)[begin : begin + head["length"]]
        plain = part if head.get("is_plain") else zlib.decompress(part)
        values = np.frombuffer(plain, dtype=head["values"], count=head["rows"], offset=head.get("offset", 0))
        if words is not None:
            target[:] = np.array([words.place(each) for each in head["words"]] or [0], dtype=target.dtype)[values]
        elif "places" in head:
            target[:] = np.nan if target.dtype.kind == "f" else NOTHING
            target[np.frombuffer(plain, dtype=head["places"], count=head["rows"])] = values
        else:
            target[:] = values


def _opened(content: bytes) -> _Opened:
    begin = 4 + int.from_bytes(content[:4], "little")
    head = orjson.loads(content[4:begin])
    return _Opened(content, begin, head["rows"], head["columns"])
