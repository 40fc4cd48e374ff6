"""Every measure on a data set that was counted by hand, and once more by queries of another make."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import bindparam, text

from outreach.clock import MovableClock
from outreach.content.configuration import ReportSettings
from outreach.domain.kpi import REGISTRY, SINGLE
from outreach.domain.measure import OF_LEADS, Dimension
from outreach.domain.period import Period, month_of
from outreach.services.measuring import kpis as service
from outreach.services.measuring.kpis import Cut, measure, question
from outreach.services.measuring.report import Wish, report, uplifts, variants
from outreach.services.measuring.sales_forecast import forecast, needs
from outreach.services.measuring.source import Live
from outreach.services.measuring.stage_report import drop_offs, funnel, stage_lines
from outreach.store.column_types import Instant
from outreach.testing.field import Field
from tests.services import report_world as world

QUARTER = Period(date(2026, 1, 1), date(2026, 3, 31))
NOW = world.at(4, 1)
REPORTS = ReportSettings()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def counted(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> Iterator[Field]:
    """The world of `report_world`, on the first of April; no test here writes to it."""
    root = tmp_path_factory.mktemp("counted")
    (root / "outreach.db").write_bytes(sqlite_template.read_bytes())
    url = f"sqlite:///{root}/outreach.db"
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres")
        url = server.create("counted", template=request.getfixturevalue("postgres_template"))
    files = {"config/pipelines/default.yaml": world.PIPELINE}
    made = Field(root / "workspace", url, MovableClock(NOW), files)
    world.fill(made.app.store)
    yield made
    made.close()


BY_HAND: dict[str, tuple[float | None, float | None, float | None]] = {
    "leads": (64, 64, None),
    "people": (56, 56, None),
    "sent": (56 + 40 + 10, 106, None),
    "delivered_rate": (103 / 106, 103, 106),
    "bounce_rate": (3 / 106, 3, 106),
    "open_rate": (20 / 93, 20, 93),
    "click_rate": (6 / 93, 6, 93),
    "opt_out_rate": (2 / 56, 2, 56),
    "complaint_rate": (1 / 93, 1, 93),
    "reply_rate": (11 / 56, 11, 56),
    "positive_reply_rate": (4 / 56, 4, 56),
    "touch_reply_rate": (11 / 106, 11, 106),
    "acceptance_rate": (4 / 10, 4, 10),
    "time_to_reply": (6, 6, None),
    "touches_to_reply": ((9 * 3 + 2) / 11, 29, 11),
    "meetings": (4, 4, None),
    "sales": (2, 2, None),
    "revenue": (15000.5, 15000.5, None),
    "win_rate": (2 / 4, 2, 4),
    "deal_value": (7500.25, 15000.5, 2),
    "cycle_length": ((64 + 73) / 2, 68.5, None),
    "leads_per_sale": (32, 64, 2),
    "calls": (5, 5, None),
    "tasks_done": (5, 5, None),
    "proposals": (3, 3, None),
    "additional_offers": (1, 1, None),
}


def test_every_single_measure_was_counted_by_hand() -> None:
    assert set(BY_HAND) == set(SINGLE)


def test_the_measures_are_those_counted_by_hand(counted: Field) -> None:
    found = service.kpis(counted.engine, REPORTS, QUARTER)[""]

    told = {name: (value.value, value.numerator, value.denominator) for name, value in found.items()}
    assert told == {name: pytest.approx(values) for name, values in BY_HAND.items()}


def test_months_are_counted_apart(counted: Field) -> None:
    months = [service.kpis(counted.engine, REPORTS, month_of(date(2026, month, 1), "UTC"))[""] for month in (1, 2, 3)]

    assert [values["leads"].value for values in months] == [24, 20, 20]
    assert [values["sales"].value for values in months] == [0, 0, 2]
    assert [values["meetings"].value for values in months] == [0, 3, 1]
    assert sum(values["sent"].value or 0 for values in months) == 106


def test_groups_are_those_counted_by_hand(counted: Field) -> None:
    by_source = service.kpis(counted.engine, REPORTS, QUARTER, Cut(by=Dimension.SOURCE))
    by_variant = service.kpis(counted.engine, REPORTS, QUARTER, Cut(by=Dimension.VARIANT))
    by_sender = service.kpis(counted.engine, REPORTS, QUARTER, Cut(by=Dimension.SENDER))

    assert {name: values["leads"].value for name, values in by_source.items()} == {
        "webinar": 32,
        "fair": 20,
        "list": 12,
    }
    assert {name: values["people"].value for name, values in by_source.items()} == {
        "webinar": 32,
        "fair": 20,
        "list": 4,
    }
    assert by_variant["intro/hello: main"]["sent"].value == 28
    assert by_variant["intro/hello: story"]["touch_reply_rate"].numerator == 1  # lead 41
    assert by_sender["anna"]["sales"].value == by_sender["deniz"]["sales"].value == 1
    assert "leads" not in by_sender["anna"]


INDEPENDENT: dict[str, str] = {
    "leads": "SELECT count(*) FROM leads WHERE created_at BETWEEN :first AND :last",
    "sent": "SELECT count(*) FROM touches WHERE state = 'sent' AND sent_at BETWEEN :first AND :last "
    "AND NOT action = 'task'",
    "people": "SELECT count(*) FROM (SELECT DISTINCT lead_id FROM touches WHERE sent_at BETWEEN :first AND :last) x",
    "bounce_rate": "SELECT count(DISTINCT touch_id) FROM events WHERE kind IN ('bounced', 'rejected')",
    "open_rate": "SELECT count(DISTINCT touch_id) FROM events WHERE kind = 'opened'",
    "click_rate": "SELECT count(DISTINCT touch_id) FROM events WHERE kind = 'clicked'",
    "complaint_rate": "SELECT count(DISTINCT touch_id) FROM events WHERE kind = 'complained'",
    "acceptance_rate": "SELECT count(DISTINCT touch_id) FROM events WHERE kind = 'accepted'",
    "opt_out_rate": "SELECT count(DISTINCT e.lead_id) FROM events e JOIN replies r ON r.event_number = e.number "
    "WHERE r.reply_class = 'opt_out'",
    "reply_rate": "SELECT count(DISTINCT e.lead_id) FROM events e LEFT JOIN replies r ON r.event_number = e.number "
    "WHERE (e.kind = 'replied' AND (r.reply_class IS NULL OR r.reply_class NOT IN ('auto_reply', 'opt_out'))) "
    "OR (e.kind = 'autoresponded' AND r.reply_class <> 'auto_reply')",
    "positive_reply_rate": "SELECT count(DISTINCT e.lead_id) FROM events e JOIN replies r ON r.event_number = e.number "
    "WHERE r.reply_class IN ('interested', 'meeting', 'referral')",
    "meetings": "SELECT count(*) FROM events e WHERE kind = 'booked' AND lead_id NOT IN "
    "(SELECT lead_id FROM events WHERE kind = 'cancelled')",
    "sales": "SELECT count(DISTINCT lead_id) FROM stage_moves WHERE to_stage = 'won'",
    "win_rate": "SELECT count(DISTINCT lead_id) FROM stage_moves WHERE to_stage = 'won'",
    "calls": "SELECT count(*) FROM tasks WHERE kind = 'call' AND state = 'done'",
    "tasks_done": "SELECT count(*) FROM tasks WHERE state = 'done'",
    "proposals": "SELECT count(DISTINCT lead_id) FROM stage_moves WHERE to_stage = 'proposal'",
    "additional_offers": "SELECT count(*) - count(DISTINCT lead_id) FROM stage_moves WHERE to_stage = 'proposal'",
}


def test_queries_of_another_make_count_the_same(counted: Field) -> None:
    parameters = {"first": QUARTER.start_at, "last": QUARTER.end_at}
    found = service.kpis(counted.engine, REPORTS, QUARTER)[""]
    numbers = {}

    with counted.app.store.read() as connection:
        for name, query in INDEPENDENT.items():
            used = {key: value for key, value in parameters.items() if f":{key}" in query}
            statement = text(query).bindparams(*(bindparam(key, type_=Instant()) for key in used))
            numbers[name] = connection.execute(statement, used).scalar_one()

    assert {name: found[name].numerator for name in INDEPENDENT} == numbers


def test_stages_are_those_counted_by_hand(counted: Field) -> None:
    pipelines = counted.engine.pipelines
    asked = question(pipelines.values(), REPORTS, QUARTER, Cut())

    with counted.app.store.read() as connection:
        lines = {line.stage: line for line in stage_lines(Live(connection), asked, pipelines)}
        drops = drop_offs(Live(connection), asked, list(pipelines.values()))
        steps = [(step.stage, step.leads) for step in funnel(Live(connection), asked, list(pipelines.values()))]

    def counts(stage: str) -> tuple[int, int, int, int, int]:
        line = lines[stage]
        return line.entered, line.advanced, line.dropped, line.back, line.waiting

    assert counts("prospect") == (64, 56, 0, 0, 8)
    assert counts("contacted") == (56, 11, 0, 0, 45)
    assert counts("responded") == (11, 3, 1, 0, 7)
    assert counts("meeting_booked") == (3, 3, 0, 0, 0)
    assert counts("proposal") == (4, 2, 1, 1, 0)
    assert counts("won") == (2, 1, 0, 0, 1)
    assert lines["prospect"].median_days == pytest.approx(2 + 1 / 24)
    assert (lines["meeting_booked"].skipped, lines["meeting_booked"].passed) == (1, 4)
    assert {(each.stage, each.reason, each.leads) for each in drops} == {
        ("proposal", "price", 1),
        ("responded", "not interested", 1),
    }
    assert steps == [
        ("prospect", 64),
        ("contacted", 56),
        ("responded", 11),
        ("meeting_booked", 3),
        ("proposal", 3),
        ("won", 2),
    ]


def test_the_forecast_is_the_share_times_the_leads_times_the_value(counted: Field) -> None:
    pipelines = list(counted.engine.pipelines.values())
    asked = question(pipelines, REPORTS, QUARTER, Cut())

    with counted.app.store.read() as connection:
        ahead = forecast(Live(connection), asked, pipelines, now=NOW)
        needed = {need.stage: need for need in needs(Live(connection), asked, pipelines, target=3, now=NOW)}

    lines = {line.stage: line for line in ahead.lines}
    assert (lines["contacted"].leads, lines["contacted"].successes, lines["contacted"].trials) == (45, 2, 4)
    assert (lines["responded"].leads, lines["prospect"].leads) == (7, 8)
    assert lines["contacted"].expected_value == pytest.approx(45 * 0.5 * 7500.25)
    assert ahead.sales == pytest.approx((45 + 7 + 8) * 0.5)
    assert 0 <= ahead.sales_low < ahead.sales < ahead.sales_high
    assert needed["contacted"].needed == pytest.approx(6)
    assert needed["proposal"].needed == pytest.approx(3 / (2 / 3))


def test_uplift_and_variants_are_those_counted_by_hand(counted: Field) -> None:
    asked = question(counted.engine.pipelines.values(), REPORTS, QUARTER, Cut(by=Dimension.VARIANT))

    with counted.app.store.read() as connection:
        (lift,) = uplifts(Live(connection), asked)
        lines = {line.variant: line for line in variants(Live(connection), asked)}

    assert (lift.treated, lift.treated_successes, lift.held_out, lift.held_out_successes) == (56, 4, 4, 1)
    assert lift.comparison
    assert lift.comparison.difference == pytest.approx(4 / 56 - 1 / 4)
    assert lift.comparison.p_value is None  # four people held out tell nothing
    assert (lines["main"].sent, lines["main"].answered, lines["story"].answered) == (28, 1, 1)


def test_the_report_draws_from_the_same_numbers(counted: Field) -> None:
    found = report(counted.engine, ReportSettings(), Wish(period=QUARTER))

    assert sum(found.sent_days.values()) == sum(found.hours.sent.values()) == 106
    assert sum(found.answered_days.values()) == 11
    assert {each.month: each.people for each in found.cohorts} == {"2026-01": 24, "2026-02": 20, "2026-03": 12}
    assert next(each.answered[0] for each in found.cohorts if each.month == "2026-01") == 9
    assert found.cycles == {"banks": (64.0, 73.0)}
    assert found.values["reply_rate"].value == pytest.approx(11 / 56)


def test_every_measure_says_what_it_is() -> None:
    for kpi in REGISTRY.values():
        assert kpi.numerator
        assert kpi.window
        assert kpi.auto_replies
        assert not kpi.by or kpi.denominator
    assert "unreliable" in REGISTRY["open_rate"].remark
    assert "never replies" in REGISTRY["reply_rate"].auto_replies


COUNTED = (
    "sent",
    "delivered_rate",
    "bounce_rate",
    "touch_reply_rate",
    "open_rate",
    "meetings",
    "sales",
    "revenue",
    "calls",
)
DAYS = st.dates(date(2025, 12, 20), date(2026, 4, 10))


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Field]:
    """The same world for many questions, none of which writes."""
    root = tmp_path_factory.mktemp("counted")
    (root / "outreach.db").write_bytes(sqlite_template.read_bytes())
    files = {"config/pipelines/default.yaml": world.PIPELINE}
    made = Field(root / "workspace", f"sqlite:///{root}/outreach.db", MovableClock(NOW), files)
    world.fill(made.app.store)
    yield made
    made.close()


@pytest.fixture(scope="module")
def ask(filled: Field) -> Callable[[Period, Cut], dict[str, dict[str, float]]]:
    def answer(period: Period, cut: Cut) -> dict[str, dict[str, float]]:
        asked = question(filled.engine.pipelines.values(), REPORTS, period, cut)
        with filled.app.store.read() as connection:
            found = measure(Live(connection), asked)
        for values in found.values():
            for name, value in values.items():
                if SINGLE[name].is_rate and value.value is not None:
                    assert value.low is not None
                    assert value.high is not None
                    assert 0 <= value.low <= value.value <= value.high <= 1
        return {
            group: {name: value.numerator or 0 for name, value in values.items()} for group, values in found.items()
        }

    return answer


@settings(max_examples=25, deadline=None)
@given(first=DAYS, last=DAYS, by=st.sampled_from(Dimension))
def test_groups_and_filters_partition_the_whole(
    ask: Callable[[Period, Cut], dict[str, dict[str, float]]], first: date, last: date, by: Dimension
) -> None:
    period = Period(min(first, last), max(first, last))

    whole, groups = ask(period, Cut())[""], ask(period, Cut(by=by))
    filtered = {name: ask(period, Cut(only=((by, name),)))[""] for name in groups}

    for name in (*COUNTED, *(("leads", "people", "reply_rate") if by in OF_LEADS else ())):
        assert sum(values[name] for values in groups.values()) == pytest.approx(whole[name])
        assert {group: values[name] for group, values in filtered.items()} == {
            group: pytest.approx(values[name]) for group, values in groups.items()
        }


@settings(max_examples=15, deadline=None)
@given(middle=st.dates(date(2026, 1, 2), date(2026, 3, 30)))
def test_two_halves_make_the_whole(ask: Callable[[Period, Cut], dict[str, dict[str, float]]], middle: date) -> None:
    halves = [Period(QUARTER.first, middle), Period(date.fromordinal(middle.toordinal() + 1), QUARTER.last)]

    whole, parts = ask(QUARTER, Cut())[""], [ask(half, Cut())[""] for half in halves]

    for name in (*COUNTED, "leads"):
        assert sum(part[name] for part in parts) == pytest.approx(whole[name])
