"""Large lists are counted from packed days: the same numbers as read live, as of an instant that is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from outreach.clock import MovableClock
from outreach.content.configuration import ReportSettings
from outreach.domain.goal import Goal
from outreach.domain.measure import Dimension
from outreach.domain.period import Period, before
from outreach.services.measuring import rolling
from outreach.services.measuring.goals import goals, needs
from outreach.services.measuring.kpis import Cut, measure, question
from outreach.services.measuring.report import Wish, is_quick, live_report, report
from outreach.services.measuring.sales_forecast import needs as needs_of
from outreach.services.measuring.source import Live, opened
from outreach.services.measuring.stage_report import drop_offs, funnel, stage_lines
from outreach.store import rollups
from outreach.store.tables import enrollments, events, leads, replies, touches
from outreach.testing.field import Field
from tests.services import report_world as world

REPORTS = ReportSettings(proposal_stages=("proposal",))
QUARTER = Wish(period=Period(date(2026, 1, 1), date(2026, 3, 31)))


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def packed_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> str:
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres")
        url: str = server.create("packed", template=request.getfixturevalue("postgres_template"))
        return url
    root = tmp_path_factory.mktemp("packed")
    (root / "outreach.db").write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{root}/outreach.db"


@pytest.fixture(scope="module")
def large(packed_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    """The world that was counted by hand, packed; nothing writes to it."""
    made = _field(tmp_path_factory.mktemp("large"), packed_url)
    yield made
    made.close()


@pytest.fixture
def changing(tmp_path: Path, sqlite_url: str) -> Iterator[Field]:
    """The same for a test of its own."""
    made = _field(tmp_path / "workspace", sqlite_url)
    yield made
    made.close()


def _field(root: Path, url: str) -> Field:
    made = Field(root, url, MovableClock(world.at(4, 1)), {"config/pipelines/default.yaml": world.PIPELINE})
    world.fill(made.app.store)
    assert roll(made) is not None
    return made


def roll(field: Field) -> rolling.Rolled | None:
    return rolling.roll(field.engine, REPORTS, large=0)


days = st.dates(date(2025, 12, 1), date(2026, 4, 30))
whose = st.sampled_from(
    [
        (),
        ((Dimension.SOURCE, "webinar"),),
        ((Dimension.SOURCE, "nowhere"),),
        ((Dimension.SENDER, "anna"),),
        ((Dimension.SEQUENCE, "intro"), (Dimension.OWNER, "deniz")),
        ((Dimension.VARIANT, "intro/hello: story"),),
    ]
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days, days, st.none() | st.sampled_from(Dimension), whose)
def test_a_report_of_packed_days_equals_the_live_one(
    large: Field, one: date, other: date, by: Dimension | None, only: tuple[tuple[Dimension, str], ...]
) -> None:
    wish = Wish(period=Period(min(one, other), max(one, other), "Europe/Istanbul"), cut=Cut(by=by, only=only))

    live = live_report(large.engine, REPORTS, wish)

    assert report(large.engine, REPORTS, wish) == live
