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
from outreach.domain.measure import Dimension
from outreach.domain.period import Period, before
from outreach.services.measuring import rolling
from outreach.services.measuring.goals import goals, needs
from outreach.services.measuring.kpis import Cut, measure, question
from outreach.services.measuring.report import Wish, live_report, report
from outreach.services.measuring.source import KeptRows, Live
from outreach.services.measuring.stage_report import drop_offs, funnel, stage_lines
from outreach.store import rollups
from outreach.store.tables import enrollments, events, leads, replies, touches
from outreach.testing.field import Field
from tests.services import report_world as world

REPORTS = ReportSettings(proposal_stages=("proposal",))
QUARTER = Wish(period=Period(date(2026, 1, 1), date(2026, 3, 31)))


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def packed_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> str:
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
        live = Live(connection)
        assert told.values == measure(live, whole)[""]
        assert told.previous == measure(live, past)[""]
        assert told.groups == (measure(live, apart) if by else {})
        assert told.stages == tuple(stage_lines(live, whole, large.engine.pipelines))
        assert told.drops == tuple(drop_offs(live, whole, pipelines))
        assert told.funnel == tuple(funnel(live, whole, pipelines))


def test_leads_needed_are_the_same_from_packed_days(large: Field) -> None:
    packed = [needs(large.engine, REPORTS, (), name=None, target=each) for each in (None, 7.0)]

    with large.app.store.begin() as connection:
        noted = rollups.state(connection)
        rollups.write(connection, (), gone=(), noted={})
    live = [needs(large.engine, REPORTS, (), name=None, target=each) for each in (None, 7.0)]
    with large.app.store.begin() as connection:
        rollups.write(connection, (), gone=(), noted=noted)

    assert packed == live


def test_what_one_report_read_serves_the_next(large: Field) -> None:
    kept = KeptRows()
    wishes = [replace(QUARTER, cut=Cut(by=by)) for by in Dimension]

    found = [report(large.engine, REPORTS, wish, kept) for wish in wishes]

    assert found == [report(large.engine, REPORTS, wish) for wish in wishes]


def test_a_report_names_the_instant_it_is_as_of(changing: Field) -> None:
    first = report(changing.engine, REPORTS, QUARTER)
    changing.clock.advance(timedelta(minutes=29))

    packed = report(changing.engine, REPORTS, QUARTER)
    changing.clock.advance(timedelta(minutes=2))
    live = report(changing.engine, REPORTS, QUARTER)

    assert packed == first
    assert live.at == changing.clock.now(), "what was packed too long ago is not counted from"


def test_a_report_may_ask_for_numbers_that_are_younger(changing: Field) -> None:
    packed_at = report(changing.engine, REPORTS, QUARTER).at
    changing.clock.advance(timedelta(minutes=3))

    after = report(changing.engine, REPORTS, QUARTER, not_before=packed_at + timedelta(minutes=1))

    assert after.at == changing.clock.now()
    assert report(changing.engine, REPORTS, QUARTER, not_before=packed_at).at == packed_at


def test_small_lists_are_always_read_live(changing: Field) -> None:
    rolling.roll(changing.engine, REPORTS)

    changing.clock.advance(timedelta(minutes=1))

    assert report(changing.engine, REPORTS, QUARTER).at == changing.clock.now()


def test_other_settings_pack_everything_anew(changing: Field) -> None:
    other = ReportSettings(proposal_stages=("proposal",), segment="source")

    assert live_report(changing.engine, other, QUARTER) == report(changing.engine, other, QUARTER)
    rolled = rolling.roll(changing.engine, other, large=0)

    assert rolled is not None
    assert rolled.days > 100
    assert report(changing.engine, other, QUARTER).at == changing.clock.now()


def _same(field: Field) -> bool:
    """After a round later on: does what is packed say what the tables say?"""
    field.clock.advance(timedelta(minutes=5))
    assert roll(field) == rolling.Rolled(days=field_days(field), is_complete=True)
    wishes = [replace(QUARTER, cut=Cut(by=by)) for by in (None, *Dimension)]
    return all(report(field.engine, REPORTS, each) == live_report(field.engine, REPORTS, each) for each in wishes)


def field_days(field: Field) -> int:
    """How many days were packed in the last round."""
    with field.app.store.read() as connection:
        now = field.clock.now()
        return sum(1 for each in rollups.known(connection).values() if each.rolled_at == now)


def test_an_answer_that_comes_late_is_found(changing: Field) -> None:
    now = changing.clock.now()
    row = {"key": "late", "kind": "replied", "channel": "email", "at": now, "lead_id": "lead-40", "created_at": now}
    with changing.app.store.begin() as connection:
        connection.execute(events.insert().values(**row, data={}))

    assert _same(changing)
    assert field_days(changing) < 20, "the other days are as they were"


def test_a_reply_that_somebody_marks_is_found(changing: Field) -> None:
    with changing.app.store.begin() as connection:
        marked = {"reply_class": "interested", "marked_at": changing.clock.now(), "marked_by": "anna"}
        connection.execute(update(replies).values(**marked))

    assert _same(changing)


def test_another_owner_and_another_source_are_found(changing: Field) -> None:
    changed = {"owner": "somebody else", "source": "elsewhere", "updated_at": changing.clock.now()}
    with changing.app.store.begin() as connection:
        connection.execute(update(leads).where(leads.c.id == "lead-00").values(**changed))

    assert _same(changing)


def test_whoever_was_erased_is_counted_no_more(changing: Field) -> None:
    with changing.app.store.begin() as connection:
        connection.execute(delete(leads).where(leads.c.id.in_(["lead-00", "lead-01"])))

    assert _same(changing)
    assert report(changing.engine, REPORTS, QUARTER).values["sales"].value == 0


def test_a_touch_that_turns_out_to_be_sent_long_ago_is_found(changing: Field) -> None:
    with changing.app.store.begin() as connection:
        known = connection.execute(select(touches).limit(1)).mappings().one()
        late = {**known, "id": "late", "step": "late", "sent_at": known["sent_at"] + timedelta(days=1)}
        connection.execute(touches.insert().values(**late))

    assert _same(changing)


def test_every_day_is_packed_anew_within_about_a_day(changing: Field) -> None:
    with changing.app.store.begin() as connection:  # nothing says that it was changed
        connection.execute(update(enrollments).values(reason="held_out"))
    changing.clock.advance(timedelta(hours=25))

    rounds = 0
    while (rolled := roll(changing)) and rolled.days > 1 and rounds < 100:
        changing.clock.advance(timedelta(minutes=2))
        rounds += 1

    assert report(changing.engine, REPORTS, QUARTER) == live_report(changing.engine, REPORTS, QUARTER)


def test_a_round_rests_before_the_next(changing: Field) -> None:
    assert roll(changing) is None

    changing.clock.advance(timedelta(minutes=2))

    assert roll(changing) is not None


def test_goals_are_counted_from_packed_days(large: Field) -> None:
    assert goals(large.engine, REPORTS, ()) == []


def test_the_first_rounds_come_to_an_end_though_every_lead_was_just_imported(
    changing: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rolling, "_AT_ONCE", timedelta(0))  # one day a round
    with changing.app.store.begin() as connection:
        noted = {name: each for name, each in rollups.state(connection).items() if name != "as_of"}
        missing = [day for day in rollups.known(connection) if day[0] == "moves"]
        rollups.write(connection, [], gone=missing, noted=noted)
        connection.execute(update(leads).values(updated_at=changing.clock.now()))

    rounds = [roll(changing) for _ in missing]

    assert [each.is_complete for each in rounds if each] == [*[False] * (len(missing) - 1), True]
    assert report(changing.engine, REPORTS, QUARTER) == live_report(changing.engine, REPORTS, QUARTER)
