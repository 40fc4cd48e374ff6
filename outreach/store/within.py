"""`column IN (many values)` as one parameter, so that a statement stays the same whatever their number.

PostgreSQL: `column = ANY(array)`. SQLite: `column IN (SELECT value FROM json_each(text))`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from sqlalchemy import ARRAY, ColumnElement, Dialect, String, Text, TypeDecorator, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.visitors import InternalTraversal
from sqlalchemy.types import NullType


class _Values(TypeDecorator[list[str]]):
    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else ARRAY(String))

    def process_bind_param(self, value: list[str] | None, dialect: Dialect) -> Any:
        return orjson.dumps(value).decode() if dialect.name == "sqlite" else value


class _Within(ColumnElement[bool]):
    inherit_cache = True
    _traverse_internals = [  # noqa: RUF012  # the name and shape that the library looks for
        ("column", InternalTraversal.dp_clauseelement),
        ("values", InternalTraversal.dp_clauseelement),
    ]

    def __init__(self, column: ColumnElement[Any], values: ColumnElement[Any]) -> None:
        self.column = column
        self.values = values
        self.type = NullType()  # type: ignore[assignment]  # a Boolean would be compared with 1 on SQLite, which then uses no index


@compiles(_Within)
def _any(element: _Within, compiler: Any, **how: Any) -> str:
    return f"{compiler.process(element.column, **how)} = ANY({compiler.process(element.values, **how)})"


@compiles(_Within, "sqlite")
def _json(element: _Within, compiler: Any, **how: Any) -> str:
    values = compiler.process(element.values, **how)
    return f"{compiler.process(element.column, **how)} IN (SELECT value FROM json_each({values}))"  # noqa: S608  # parts the compiler made


def among(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Is the text column one of the values given as the parameter of that name? For statements that are made once."""
    return _Within(column, bindparam(name, type_=_Values()))


def within(column: ColumnElement[Any], values: Iterable[str]) -> ColumnElement[bool]:
    """Is the text column one of these values?"""
    return _Within(column, bindparam(None, list(values), type_=_Values(), unique=True))
