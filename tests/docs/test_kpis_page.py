"""docs/reference/kpis.md says of every measure what the registry says."""

from __future__ import annotations

from outreach.domain.kpi import REGISTRY
from outreach.domain.measure import Dimension, Topic
from tests.docs.test_reference import marked, rows

PAGE = "docs/reference/kpis.md"


def test_the_page_of_measures_equals_the_registry() -> None:
    told = {marked(row[0])[0]: (topic, *row) for topic in Topic for row in rows(PAGE, f"## {topic}")}

    assert list(told) == list(REGISTRY)
    for name, kpi in REGISTRY.items():
        dimensions = ", ".join(f"`{each}`" for each in Dimension if each in kpi.dimensions) or "nothing"
        words = (kpi.numerator, kpi.denominator or "–", kpi.unit, kpi.window, kpi.auto_replies)
        assert told[name] == (kpi.topic, f"`{name}` {kpi.title}", *words, dimensions, kpi.remark or "–")
