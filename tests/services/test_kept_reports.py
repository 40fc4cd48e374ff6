"""Reports that take long to read are kept: the same numbers, as of an instant that is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from outreach.clock import MovableClock
from outreach.content.configuration import ReportSettings
from outreach.domain.measure import Dimension
from outreach.domain.period import Period, before
from outreach.services.measuring import kept_reports
from outreach.services.measuring.kpis import Cut, measure, question
from outreach.services.measuring.report import Wish, live_report, report
from outreach.services.measuring.stage_report import drop_offs, funnel, stage_lines
from outreach.store.tables import leads
from outreach.testing.field import Field
from tests.services import report_world as world

REPORTS = ReportSettings()
QUARTER = Wish(period=Period(date(2026, 1, 1), date(2026, 3, 31)))


class SlowClock(MovableClock):
    """A second goes by between two looks at the stop watch, as on a machine with a very long list."""

    looks = 0

    def monotonic(self) -> float:
        self.looks += 1
        return float(self.looks)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Field]:
    """The world that was counted by hand, where reading takes long."""
    root = tmp_path_factory.mktemp("large")
    (root / "outreach.db").write_bytes(sqlite_template.read_bytes())
    files = {"config/pipelines/default.yaml": world.PIPELINE}
    made = Field(root / "workspace", f"sqlite:///{root}/outreach.db", SlowClock(world.at(4, 1)), files)
    world.fill(made.app.store)
    yield made
    made.close()


def change_something(field: Field) -> None:
    with field.app.store.begin() as connection:
        connection.execute(update(leads).where(leads.c.id == "lead-00").values(source="elsewhere"))


days = st.dates(date(2025, 12, 1), date(2026, 4, 30))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days, days, st.none() | st.sampled_from(Dimension), st.sampled_from(["", "webinar", "fair"]))
def test_a_kept_report_equals_the_one_that_was_read(
    large: Field, one: date, other: date, by: Dimension | None, source: str
) -> None:
    only = ((Dimension.SOURCE, source),) if source else ()
    wish = Wish(period=Period(min(one, other), max(one, other), "Europe/Istanbul"), cut=Cut(by=by, only=only))

    live = live_report(large.engine, REPORTS, wish)

    assert kept_reports.from_json(kept_reports.to_json(live)) == live


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days, days, st.none() | st.sampled_from(Dimension), st.sampled_from(["", "webinar", "fair"]))
def test_a_report_says_what_each_measure_says_alone(
    large: Field, one: date, other: date, by: Dimension | None, source: str
) -> None:
    only = ((Dimension.SOURCE, source),) if source else ()
    wish = Wish(period=Period(min(one, other), max(one, other), "Europe/Istanbul"), cut=Cut(by=by, only=only))
    pipelines = list(large.engine.pipelines.values())
    whole, past, apart = (
        question(pipelines, REPORTS, period, cut)
        for period, cut in (
            (wish.period, Cut(only=only)),
            (before(wish.period), Cut(only=only)),
            (wish.period, wish.cut),
        )
    )

    told = live_report(large.engine, REPORTS, wish)

    with large.app.store.read() as connection:
        assert told.values == measure(connection, whole)[""]
        assert told.previous == measure(connection, past)[""]
        assert told.groups == (measure(connection, apart) if by else {})
        assert told.stages == tuple(stage_lines(connection, whole, large.engine.pipelines))
        assert told.drops == tuple(drop_offs(connection, whole, pipelines))
        assert told.funnel == tuple(funnel(connection, whole, pipelines))


def test_what_took_long_is_shown_as_of_then_until_it_is_too_old(large: Field) -> None:
    first = report(large.engine, REPORTS, QUARTER)
    change_something(large)
    large.clock.advance(timedelta(minutes=29))

    kept = report(large.engine, REPORTS, QUARTER)
    large.clock.advance(timedelta(minutes=2))
    fresh = report(large.engine, REPORTS, QUARTER)

    assert kept == first
    assert fresh.at == first.at + timedelta(minutes=31)


def test_the_scheduler_reads_kept_reports_anew_and_the_usual_ones_with_them(large: Field) -> None:
    report(large.engine, REPORTS, QUARTER)
    large.clock.advance(timedelta(minutes=11))
    this_month = Wish(period=Period(date(2026, 4, 1), date(2026, 4, 30), "UTC", "2026-04"))

    read = kept_reports.renew(large.engine, REPORTS, ())
    kept = report(large.engine, REPORTS, QUARTER)

    assert read >= 1
    assert kept.at == large.clock.now()
    assert kept_reports.renew(large.engine, REPORTS, ()) == 0, "all are young"
    assert report(large.engine, REPORTS, this_month).period.label == "2026-04"


def test_nobody_asks_any_more_and_it_is_forgotten(large: Field) -> None:
    report(large.engine, REPORTS, QUARTER)
    large.clock.advance(timedelta(days=8))

    assert kept_reports.renew(large.engine, REPORTS, ()) == 0


def test_other_settings_ask_another_question(large: Field) -> None:
    first = report(large.engine, REPORTS, QUARTER)
    change_something(large)
    large.clock.advance(timedelta(minutes=1))

    other = report(large.engine, ReportSettings(currency="EUR"), QUARTER)

    assert (first.currency, other.currency) == (REPORTS.currency, "EUR")
    assert other.at > first.at


def test_a_list_of_usual_size_always_shows_the_present(tmp_path: Path, sqlite_url: str) -> None:
    files = {"config/pipelines/default.yaml": world.PIPELINE}
    field = Field(tmp_path / "workspace", sqlite_url, MovableClock(world.at(4, 1)), files)
    world.fill(field.app.store)

    first = report(field.engine, REPORTS, QUARTER)
    field.clock.advance(timedelta(minutes=1))
    second = report(field.engine, REPORTS, QUARTER)
    renewed = kept_reports.renew(field.engine, REPORTS, ())
    field.close()

    assert second.at == first.at + timedelta(minutes=1)
    assert renewed == 0
