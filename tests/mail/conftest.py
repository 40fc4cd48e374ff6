"""The case files of this area: sample mails, with what they mean written above or below them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "cases"


@dataclass(frozen=True, slots=True)
class Case:
    """One sample: its name, the words after its name, and its text."""

    name: str
    expected: tuple[str, ...]
    text: str


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for `case` runs once for each case of the file its module names in CASES."""
    if "case" in metafunc.fixturenames:
        found = read_cases(metafunc.module.CASES)
        metafunc.parametrize("case", found, ids=[case.name for case in found])


def read_cases(file_name: str) -> list[Case]:
    """`=== name | expected | …`, then the text up to the next `===`."""
    return [_case(block) for block in (FOLDER / file_name).read_text("utf-8").split("\n=== ")[1:]]


def _case(block: str) -> Case:
    title, _, text = block.partition("\n")
    name, *expected = (part.strip() for part in title.split("|"))
    return Case(name, tuple(expected), text.rstrip("\n") + "\n")
