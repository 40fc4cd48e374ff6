"""A workspace on both databases, driven by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from outreach.clock import MovableClock
from outreach.testing.field import Field

MakeField = Callable[[Mapping[str, str]], Field]


@pytest.fixture
def make_field(tmp_path: Path, database_url: str, clock: MovableClock) -> Iterator[MakeField]:
    """Make a field with other files than the usual ones."""
    made: list[Field] = []

    def make(files: Mapping[str, str]) -> Field:
        made.append(Field(tmp_path / "workspace", database_url, clock, files))
        made[-1].apply()
        return made[-1]

    yield make
    for field in made:
        field.close()


@pytest.fixture
def field(make_field: MakeField) -> Field:
    """The usual workspace, with its sequences applied."""
    return make_field({})
