"""docs/sales-pipeline.md names commands, pages and tests that exist."""

from __future__ import annotations

import ast
import re

import pytest
import typer

from outreach.cli.program import program
from tests.docs.pages import ROOT
from tests.docs.test_reference import commands, marked, rows

PAGE = "docs/sales-pipeline.md"
TABLE = rows(PAGE, "A test reads this page: every command, page and test on it exists.")
KNOWN = commands(typer.main.get_command(program))


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row[0])
def test_what_proves_a_capability_exists(row: list[str]) -> None:
    _, named, page, proof = row
    (test,) = marked(proof)
    file, _, name = test.partition("::")

    assert set(marked(named)) - KNOWN == set()
    assert re.search(r"\]\([\w/-]+\.md\)", page)
    assert name in _tests_of(file)


def _tests_of(file: str) -> set[str]:
    tree = ast.walk(ast.parse((ROOT / file).read_text("utf-8")))
    return {node.name for node in tree if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_capability_of_a_pipeline_has_its_row() -> None:
    told = " ".join(row[0] for row in TABLE)
    wanted = (
        *("source", "score", "any channel", "offline", "pain points", "proposal", "objections", "won", "lost"),
        *(
            "retention",
            "wait times",
            "giving up",
            "review and cleaning",
            "each week",
            "notes",
            "month",
            "quarter",
            "SMART",
        ),
        *("one sale takes", "KPIs", "three stages of the funnel", "forecast", "roles"),
    )

    assert [word for word in wanted if word not in told] == []
