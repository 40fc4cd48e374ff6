"""A small SOQL: enough to answer the queries an adapter may send, and to refuse the rest as MALFORMED_QUERY would."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(r"\s*('(?:[^'\\]|\\.)*'|>=|<=|!=|[=<>(),]|[\w.:+-]+)")
_UNESCAPED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "!=": operator.ne, ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le,
}  # fmt: skip

Row = Mapping[str, Any]
Test = Callable[[Row], bool]


class Malformed(Exception):
    """The query is not understood."""


@dataclass(frozen=True, slots=True)
class Query:
    names: tuple[str, ...]
    kind: str
    test: Test
    order: tuple[tuple[str, bool], ...] = ()  # (name, is it descending)
    limit: int | None = None
    asked: frozenset[str] = frozenset()  # every name in a condition

    def answer(self, rows: list[Row]) -> list[dict[str, Any]]:
        found = [row for row in rows if self.test(row)]
        for name, is_descending in reversed(self.order):
            found.sort(key=lambda row, name=name: str(value_of(row, name)), reverse=is_descending)  # type: ignore[misc]
        return [_shown(row, self.names) for row in found[: self.limit]]


def parse(text: str, tables: Callable[[str], list[Row]]) -> Query:
    """`tables` gives the rows of an object, for queries within queries."""
    tokens = _Tokens(_split(text))
    query = _query(tokens, tables)
    if tokens.peek():
        raise Malformed(f"unexpected token: '{tokens.peek()}'")
    return query


def value_of(row: Row, path: str) -> Any:
    value: Any = row
    for name in path.split("."):
        value = (value or {}).get(name)
    return value


class _Tokens:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens, self._at = tokens, 0

    def peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def take(self, wanted: str = "") -> str:
        token = self.peek()
        if not token or (wanted and token.upper() != wanted):
            raise Malformed(f"unexpected token: '{token}'")
        self._at += 1
        return token

    def takes(self, wanted: str) -> bool:
        if self.peek().upper() != wanted:
            return False
        self._at += 1
        return True


def _split(text: str) -> list[str]:
    tokens, at = [], 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if not match:
            raise Malformed(f"unexpected character at {at}")
        tokens.append(match[1])
        at = match.end()
    return tokens


def _query(tokens: _Tokens, tables: Callable[[str], list[Row]]) -> Query:
    tokens.take("SELECT")
    names = tuple(_listed(tokens))
    tokens.take("FROM")
    kind = tokens.take()
    asked: set[str] = set()
    test = _either(tokens, tables, asked) if tokens.takes("WHERE") else lambda row: True
    order = tuple(_order(tokens)) if tokens.takes("ORDER") else ()
    limit = int(tokens.take()) if tokens.takes("LIMIT") else None
    return Query(names, kind, test, order, limit, frozenset(asked))


def _listed(tokens: _Tokens) -> Iterator[str]:
    yield tokens.take()
    while tokens.takes(","):
        yield tokens.take()


def _order(tokens: _Tokens) -> Iterator[tuple[str, bool]]:
    tokens.take("BY")
    while True:
        name = tokens.take()
        is_descending = tokens.takes("DESC")
        tokens.takes("ASC")
        yield name, is_descending
        if not tokens.takes(","):
            return


def _either(tokens: _Tokens, tables: Callable[[str], list[Row]], asked: set[str]) -> Test:
    tests = [_all(tokens, tables, asked)]
    while tokens.takes("OR"):
        tests.append(_all(tokens, tables, asked))
    return lambda row: any(test(row) for test in tests)


def _all(tokens: _Tokens, tables: Callable[[str], list[Row]], asked: set[str]) -> Test:
    tests = [_one(tokens, tables, asked)]
    while tokens.takes("AND"):
        tests.append(_one(tokens, tables, asked))
    return lambda row: all(test(row) for test in tests)


def _one(tokens: _Tokens, tables: Callable[[str], list[Row]], asked: set[str]) -> Test:
    if tokens.takes("("):
        inner = _either(tokens, tables, asked)
        tokens.take(")")
        return inner
    name = tokens.take()
    asked.add(name)
    if tokens.takes("IN"):
        allowed = _set(tokens, tables)
        return lambda row: _folded(value_of(row, name)) in allowed
    sign = tokens.take()
    if sign not in _COMPARE:
        raise Malformed(f"unexpected token: '{sign}'")
    compare, wanted = _COMPARE[sign], _folded(_literal(tokens.take()))
    return lambda row: _holds(compare, _folded(value_of(row, name)), wanted)


def _set(tokens: _Tokens, tables: Callable[[str], list[Row]]) -> set[Any]:
    tokens.take("(")
    if tokens.peek().upper() == "SELECT":
        inner = _query(tokens, tables)
        found = {_folded(value_of(row, inner.names[0])) for row in inner.answer(tables(inner.kind))}
    else:
        found = {_folded(_literal(one)) for one in _listed(tokens)}
    tokens.take(")")
    return found


def _holds(compare: Callable[[Any, Any], bool], value: Any, wanted: Any) -> bool:
    return value is not None and type(value) is type(wanted) and compare(value, wanted)


def _literal(token: str) -> Any:
    if token.startswith("'"):
        return re.sub(r"\\(.)", lambda match: _UNESCAPED.get(match[1], match[1]), token[1:-1])
    if token.lower() in ("true", "false"):
        return token.lower() == "true"
    if re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", token):
        return token
    raise Malformed(f"unexpected token: '{token}'")


def _folded(value: Any) -> Any:
    """Texts compare without case."""
    return value.lower() if isinstance(value, str) else value


def _shown(row: Row, names: tuple[str, ...]) -> dict[str, Any]:
    shown: dict[str, Any] = {"attributes": {"type": "record"}}
    for name in names:
        first, _, rest = name.partition(".")
        if rest:
            inner = value_of(row, first)
            shown[first] = {**shown.get(first, {}), rest: inner.get(rest)} if inner else None
        else:
            shown[name] = row.get(name)
    return shown
