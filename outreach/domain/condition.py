"""What an expression asks of a lead, as far as a database can be asked the same: a small tree of plain values.

Whoever reads it may look at the parts it knows and leave others alone, as long as it finds too many rather than too
few: each lead that is found is asked the whole expression before it counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

Plain = str | int | float | bool | date
"""An instant is a date as well."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A value of the lead beside a constant. `path` is its dotted name; `operation` is eq, ne, lt, lteq, gt or gteq."""

    path: tuple[str, ...]
    operation: str
    value: Plain


@dataclass(frozen=True, slots=True)
class OneOf:
    """A value of the lead is one of these constants."""

    path: tuple[str, ...]
    values: tuple[Plain, ...]


@dataclass(frozen=True, slots=True)
class Holds:
    """A list or a text of the lead has this text in it."""

    path: tuple[str, ...]
    value: str


@dataclass(frozen=True, slots=True)
class Present:
    """The lead has that value."""

    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Every:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Opposite:
    part: Condition


@dataclass(frozen=True, slots=True)
class Unclear:
    """Only the expression itself can tell."""


Condition = Compared | OneOf | Holds | Present | Every | Either | Opposite | Unclear
