"""The reference page tells the truth."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from outreach.content.context import build
from outreach.content.filters import FILTERS
from outreach.content.names import KNOWN
from outreach.content.templates import compile_template

PAGE = Path(__file__).parents[2].joinpath("docs", "reference", "templates.md").read_text(encoding="utf-8")
SAMPLES = re.findall(r"```markdown\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_sample_can_be_sent(sample: str) -> None:
    context = build(
        {"first_name": "Ayşe", "tags": ["founder"], "country": "TR"},
        company={"name": "Kaya"},
        sender={"name": "Anna", "booking_url": "https://cal.example.com/anna"},
        now=datetime(2026, 3, 2, tzinfo=UTC),
    )

    assert compile_template("sample", sample).render(context, key="1.a").text


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_every_filter_is_described(name: str) -> None:
    described = PAGE.partition("| Filter |")[2].partition("## ")[0]

    assert re.search(rf"`{name}[`(]", described)


@pytest.mark.parametrize("root", sorted(set(KNOWN) - {"events"}))
def test_every_name_is_listed(root: str) -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{root}` |"))

    assert {f"`{name}`" for name in KNOWN[root] - {"fields"}} <= set(re.findall(r"`[^`]*`", row))
