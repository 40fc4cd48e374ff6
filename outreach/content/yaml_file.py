"""Reads a YAML file safely, with the place of every key and value.

The rules of the YAML 1.2 core schema decide what a plain word is: `on`, `no`, `10:30` and dates stay text. Size, depth,
nodes and aliases are bounded on the parser's events, before anything is built. Whatever the bytes are, the answer is a
`YamlFile` or a `ConfigError`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from outreach.content.yaml_errors import syntax_problem
from outreach.errors import ConfigError, Problem

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20
MAX_NODES = 10_000
MAX_ALIASES = 20

Path = tuple[str | int, ...]
"""Keys and indexes from the top of the file."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FORBIDDEN_IN_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_BOOLEANS = {word: word[0] in "tT" for word in ("true", "True", "TRUE", "false", "False", "FALSE")}
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_INTEGER = re.compile(r"[-+]?[0-9]{1,100}|0o[0-7]{1,100}|0x[0-9a-fA-F]{1,100}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]{1,100}|[0-9]{1,100}(?:\.[0-9]{0,100})?)(?:[eE][-+]?[0-9]{1,100})?")
_INFINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands; both count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class YamlFile:
    """What a file says, as plain data, and where it says so. `name` is how people call the file."""

    name: str
    data: object
    values: Mapping[Path, Place] = field(repr=False)
    keys: Mapping[Path, Place] = field(repr=False)

    def place(self, path: Path) -> Place:
        """Where the value at `path` stands, or the nearest thing around it."""
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, Place(1, 1))

    def key_place(self, path: Path) -> Place:
        """Where the key of the value at `path` stands."""
        return self.keys.get(path) or self.place(path)

    def problem(self, path: Path, message: str, remedy: str = "") -> Problem:
        """A problem with the value at `path`."""
        place = self.place(path)
        return Problem(self.name, place.line, place.column, message, remedy)

    def key_problem(self, path: Path, message: str, remedy: str = "") -> Problem:
        """A problem with the key at `path`."""
        place = self.key_place(path)
        return Problem(self.name, place.line, place.column, message, remedy)


def read(path: FilePath, *, name: str) -> YamlFile:
    """Read one file. Raises ConfigError; OSErrors are told in its words."""
    return parse(read_bytes(path, name=name), name=name)


def read_bytes(path: FilePath, *, name: str) -> bytes:
    """The bytes of a file a person wrote, at most `MAX_BYTES`. Raises ConfigError."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(Problem(name, 0, 0, f"cannot be read: {error.strerror}.")) from None
    if len(raw) > MAX_BYTES:
        raise ConfigError(_too_large(name))
    return raw


def parse(raw: bytes, *, name: str) -> YamlFile:
    """Read the bytes of one file. Raises ConfigError, and nothing else."""
    if len(raw) > MAX_BYTES:
        raise ConfigError(_too_large(name))
    builder = _Builder(name, decode(raw, name=name))
    node = builder.document()
    if builder.problems:
        raise ConfigError(*builder.problems)
    values: dict[Path, Place] = {}
    keys: dict[Path, Place] = {}
    return YamlFile(name, _plain(node, (), values, keys), values, keys)


def decode(raw: bytes, *, name: str) -> str:
    """The text of a file in UTF-8 with printable characters only. Raises ConfigError with the place."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8-sig", errors="replace")
        problem = _at(name, before, "this is not text in UTF-8.", "Save the file with the encoding UTF-8.")
        raise ConfigError(problem) from None
    odd = _UNPRINTABLE.search(text)
    if odd is None:
        return text
    message = f"the character U+{ord(odd.group()):04X} is not allowed in a file."
    raise ConfigError(_at(name, text[: odd.start()], message, "Remove it."))


def _at(name: str, before: str, message: str, remedy: str) -> Problem:
    return Problem(name, before.count("\n") + 1, len(before) - before.rfind("\n"), message, remedy)


def _too_large(name: str) -> Problem:
    return Problem(name, 0, 0, f"the file is larger than {MAX_BYTES // 1024} KiB.", "Split it.")


@dataclass(frozen=True, slots=True)
class _Node:
    """A built node: a scalar's value, a list of nodes, or a list of (key, place of the key, node)."""

    place: Place
    scalar: object = None
    items: tuple[_Node, ...] | None = None
    entries: tuple[tuple[str, Place, _Node], ...] | None = None
    size: int = 1
    height: int = 1


class _Builder:
    """Builds nodes from the events of one document, refusing whatever is out of bounds."""

    def __init__(self, name: str, text: str) -> None:
        self.problems: list[Problem] = []
        self._name = name
        self._text = text
        self._events = self._pull()
        self._anchors: dict[str, _Node | None] = {}
        self._nodes = 0
        self._aliases = 0

    def document(self) -> _Node:
        node = _Node(Place(1, 1))
        documents = 0
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._refuse(event, "a second document begins here.", "Keep one document in each file.")
            elif isinstance(event, (ScalarEvent, AliasEvent, MappingStartEvent, SequenceStartEvent)):
                node = self._node(event, 1)
        return node

    def _pull(self) -> Iterator[Event]:
        try:
            yield from yaml.parse(self._text, Loader=_LOADER)
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            raise ConfigError(syntax_problem(error, name=self._name, text=self._text)) from None

    def _refuse(self, event: Event, message: str, remedy: str = "") -> ConfigError:
        place = _place(event)
        return ConfigError(Problem(self._name, place.line, place.column, message, remedy))

    def _node(self, event: Event, depth: int) -> _Node:
        if isinstance(event, AliasEvent):
            return self._alias(event, depth)
        self._count(event, 1)
        if depth > MAX_DEPTH:
            raise self._refuse(event, f"this is nested deeper than {MAX_DEPTH} levels.", "Make it flatter.")
        self._begin_anchor(event)
        node = self._content(event, depth)
        if anchor := getattr(event, "anchor", None):
            self._anchors[anchor] = node
        return node

    def _content(self, event: Event, depth: int) -> _Node:
        if isinstance(event, ScalarEvent):
            return _Node(_place(event), self._scalar(event))
        if isinstance(event, SequenceStartEvent):
            return self._list(event, depth)
        return self._mapping(event, depth)

    def _count(self, event: Event, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            raise self._refuse(event, f"the file has more than {MAX_NODES} values.", "Split it.")

    def _begin_anchor(self, event: Event) -> None:
        tag = getattr(event, "tag", None)
        if tag:
            raise self._refuse(event, f"the tag '{tag}' is not allowed.", "Remove it.")
        anchor = getattr(event, "anchor", None)
        if anchor is None:
            return
        if len(self._anchors) >= MAX_ALIASES:
            raise self._refuse(event, f"there are more than {MAX_ALIASES} anchors.", "Write the values out.")
        self._anchors[anchor] = None

    def _alias(self, event: AliasEvent, depth: int) -> _Node:
        self._aliases += 1
        if self._aliases > MAX_ALIASES:
            raise self._refuse(event, f"there are more than {MAX_ALIASES} aliases.", "Write the values out.")
        node = self._anchors.get(str(event.anchor))
        if node is None:
            raise self._refuse(event, f"the alias '*{event.anchor}' stands for nothing that is complete before it.")
        self._count(event, node.size)
        if depth + node.height - 1 > MAX_DEPTH:
            raise self._refuse(event, f"this is nested deeper than {MAX_DEPTH} levels.", "Make it flatter.")
        return replace(node, place=_place(event))

    def _list(self, start: Event, depth: int) -> _Node:
        items = []
        for event in self._events:
            if isinstance(event, SequenceEndEvent):
                break
            items.append(self._node(event, depth + 1))
        return _around(_place(start), items, items=tuple(items))

    def _mapping(self, start: Event, depth: int) -> _Node:
        entries: dict[str, tuple[Place, _Node]] = {}
        for event in self._events:
            if isinstance(event, MappingEndEvent):
                break
            key, place = self._key(event), _place(event)
            value = self._node(next(self._events), depth + 1)
            self._note_repeat(key, place, entries)
            entries[key] = (place, value)
        listed = tuple((key, place, value) for key, (place, value) in entries.items())
        return _around(_place(start), [value for _, _, value in listed], entries=listed)

    def _key(self, event: Event) -> str:
        self._count(event, 1)
        if not isinstance(event, ScalarEvent):
            raise self._refuse(event, "a key must be a word.", "Write `key: value`.")
        self._begin_anchor(event)
        if event.value == "<<" and event.implicit[0]:
            raise self._refuse(event, "merge keys (<<) are not supported.", "Write the keys out.")
        if not event.value.strip():
            raise self._refuse(event, "a key is missing before ':'.", "Write `key: value`.")
        self._check_text(event)
        return event.value

    def _note_repeat(self, key: str, place: Place, entries: Mapping[str, tuple[Place, _Node]]) -> None:
        if key not in entries:
            return
        first = entries[key][0].line
        message = f"the key '{key}' is there twice: in line {first} and in line {place.line}."
        self.problems.append(Problem(self._name, place.line, place.column, message, "Keep one of them."))

    def _scalar(self, event: ScalarEvent) -> object:
        self._check_text(event)
        return _core(event.value) if event.implicit[0] else event.value

    def _check_text(self, event: ScalarEvent) -> None:
        odd = _FORBIDDEN_IN_TEXT.search(event.value)
        if odd:
            raise self._refuse(event, f"the character U+{ord(odd.group()):04X} is not allowed in a text.", "Remove it.")


def _place(event: Event) -> Place:
    mark = event.start_mark
    return Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)


def _around(
    place: Place,
    inside: list[_Node],
    *,
    items: tuple[_Node, ...] | None = None,
    entries: tuple[tuple[str, Place, _Node], ...] | None = None,
) -> _Node:
    size = 1 + sum(node.size for node in inside) + len(entries or ())
    height = 1 + max((node.height for node in inside), default=0)
    return _Node(place, items=items, entries=entries, size=size, height=height)


def _core(word: str) -> object:
    """What a plain word means in the core schema (YAML 1.2.2 §10.3.2)."""
    if word in _NULLS:
        return None
    if word in _BOOLEANS:
        return _BOOLEANS[word]
    if _INTEGER.fullmatch(word):
        bases = {"0o": 8, "0x": 16}
        return int(word[2:], bases[word[:2]]) if word[:2] in bases else int(word)
    if _FLOAT.fullmatch(word):
        return float(word)
    return float(word.replace(".", "")) if _INFINITE.fullmatch(word) else word


def _plain(node: _Node, path: Path, values: dict[Path, Place], keys: dict[Path, Place]) -> object:
    values[path] = node.place
    if node.items is not None:
        return [_plain(item, (*path, index), values, keys) for index, item in enumerate(node.items)]
    if node.entries is None:
        return node.scalar
    data = {}
    for key, place, value in node.entries:
        keys[(*path, key)] = place
        data[key] = _plain(value, (*path, key), values, keys)
    return data
