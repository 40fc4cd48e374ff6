"""A record is a data class like any other for those who use it."""

from __future__ import annotations

from dataclasses import field, fields, replace

import pytest

from outreach.record import record


@record(frozen=True, slots=True, kw_only=True)
class Point:
    x: int
    y: int = 2
    names: tuple[str, ...] = field(default_factory=tuple)


def test_equal_records_are_one_in_a_set() -> None:
    assert {Point(x=1), Point(x=1, y=2)} == {Point(x=1)}
    assert Point(x=1) != Point(x=2)


def test_a_record_is_copied_with_changes() -> None:
    assert replace(Point(x=1), y=5) == Point(x=1, y=5)
    assert [each.name for each in fields(Point)] == ["x", "y", "names"]


def test_a_record_takes_no_other_fields() -> None:
    with pytest.raises(AttributeError):
        Point(x=1).z = 3  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        Point(1)  # type: ignore[call-arg]
