"""Reports go to the team once for each period, and look the same to everybody."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from outreach.channel import Message
from outreach.channels.memory import Memory
from outreach.clock import MovableClock
from outreach.content.configuration import ReportSettings
from outreach.domain.measure import Dimension
from outreach.domain.period import month_of, week_of
from outreach.errors import OutcomeUnknown, Unavailable
from outreach.scheduler import mail_reports
from outreach.services.measuring.chart_drawing import DARK, LIGHT
from outreach.services.measuring.kpis import Cut
from outreach.services.measuring.report import Report, Wish, report
from outreach.services.measuring.report_charts import charts
from outreach.services.measuring.report_csv import tables
from outreach.services.measuring.report_html import page
from outreach.services.measuring.report_mail import due, send_due
from outreach.testing.field import FILES, Field
from tests.services import report_world as world

TEAM = ReportSettings(to=("anna@example.com", "deniz@example.com"), sender="anna", weekly=(0, time(8)), monthly=2)
SETTINGS = FILES["config/outreach.yaml"] + "reports: {to: [team@example.com], sender: anna, weekly: monday 08:00}\n"
MONDAY = datetime(2026, 3, 9, 6, tzinfo=UTC)  # 09:00 in Istanbul


@pytest.fixture
def reporting(tmp_path: Path, sqlite_url: str) -> Iterator[Field]:
    files = {"config/pipelines/default.yaml": world.PIPELINE, "config/outreach.yaml": SETTINGS}
    made = Field(tmp_path / "workspace", sqlite_url, MovableClock(MONDAY), files)
    world.fill(made.app.store)
    yield made
    made.close()


Send = Callable[[], list[str]]


@pytest.fixture
def mailbox() -> Memory:
    return Memory()


@pytest.fixture
def send(reporting: Field, mailbox: Memory) -> Send:
    def do() -> list[str]:
        return reporting.loop.run_until_complete(send_due(reporting.engine, TEAM, (), channel=lambda: mailbox))

    return do


def test_a_report_is_due_from_its_time_on_for_three_days() -> None:
    weekly = ReportSettings(to=("team@example.com",), sender="anna", weekly=(0, time(8)))

    def labels(instant: datetime) -> list[str]:
        return [each.period.label for each in due(weekly, instant, "Europe/Istanbul")]

    assert labels(datetime(2026, 3, 9, 4, 59, tzinfo=UTC)) == []
    assert labels(datetime(2026, 3, 9, 5, tzinfo=UTC)) == ["2026-W10"]
    assert labels(datetime(2026, 3, 12, 4, 59, tzinfo=UTC)) == ["2026-W10"]
    assert labels(datetime(2026, 3, 12, 5, tzinfo=UTC)) == []


def test_the_monthly_report_is_about_the_month_before() -> None:
    monthly = ReportSettings(to=("team@example.com",), sender="anna", monthly=1)

    assert [each.key for each in due(monthly, datetime(2026, 3, 1, 9, tzinfo=UTC), "UTC")] == ["report:monthly:2026-02"]


def test_each_of_the_team_gets_each_period_once(send: Send, mailbox: Memory) -> None:
    first, again = send(), send()

    assert (len(first), again) == (2, [])
    assert sorted(message.to for message in mailbox.sent) == ["anna@example.com", "deniz@example.com"]
    assert {message.subject for message in mailbox.sent} == {"Weekly report 2026-W10"}


def test_the_next_week_brings_the_next_report(send: Send, mailbox: Memory, reporting: Field) -> None:
    send()
    reporting.clock.move_to(datetime(2026, 3, 16, 6, tzinfo=UTC))

    assert len(send()) == 2
    assert {message.subject for message in mailbox.sent} == {"Weekly report 2026-W10", "Weekly report 2026-W11"}


def test_what_was_surely_not_taken_is_sent_later(send: Send, mailbox: Memory) -> None:
    mailbox.will(Unavailable("memory", "greylisted"))

    first, second = send(), send()

    assert (len(first), len(second), len(mailbox.sent)) == (1, 1, 2)


def test_what_may_have_been_taken_is_not_sent_again(send: Send, mailbox: Memory) -> None:
    mailbox.will(OutcomeUnknown("memory", "the line broke"))

    first, second = send(), send()

    assert (len(first), second) == (1, [])


def test_the_charts_are_inside_the_mail(send: Send, mailbox: Memory) -> None:
    send()

    message: Message = mailbox.sent[0]
    assert message.attachments
    for image in message.attachments:
        assert f'src="cid:{image.content_id}"' in message.html
        assert image.content.startswith(b"\x89PNG")
    assert "Replies:" in message.text
    assert "<script" not in message.html


def test_the_scheduler_sends_through_the_configured_sender(reporting: Field) -> None:
    assert len(mail_reports(reporting.app)) == 1
    assert mail_reports(reporting.app) == []


@pytest.fixture
def told(reporting: Field) -> Report:
    return report(reporting.engine, ReportSettings(), Wish(period=month_of(date(2026, 1, 10), "UTC")))


def test_a_page_needs_nothing_else(told: Report) -> None:
    made = page(told)

    assert "<svg" in made
    assert all(sign not in made for sign in ("<script", "<img", "<link", "@import", "url(http"))
    assert made.count("<figure>") == made.count("<figcaption")


def test_a_page_is_light_and_dark(told: Report) -> None:
    made = page(told)
    body = made.partition("</style>")[2]

    assert all(f"--{name}:{colour};" in made for palette in (LIGHT, DARK) for name, colour in palette.items())
    assert [colour for colour in LIGHT.values() if colour in body] == []
    assert "prefers-color-scheme:dark" in made


def test_a_chart_is_the_same_each_time(told: Report) -> None:
    first, second = charts(told), charts(told)

    assert [chart.svg() for chart in first] == [chart.svg() for chart in second]
    assert {chart.name for chart in first} >= {"activity", "funnel", "stage_flow", "hours", "cohorts"}


def test_a_period_in_which_nothing_happened_has_a_page_too(reporting: Field) -> None:
    empty = report(reporting.engine, ReportSettings(), Wish(period=week_of(date(2020, 1, 1), "UTC")))

    assert "Nothing happened" in page(empty) or "<svg" in page(empty)
    assert "kpis" in tables(empty)


def test_no_cell_of_a_table_begins_a_formula(reporting: Field) -> None:
    evil: Mapping[str, str] = {"source": "=HYPERLINK(1)", "owner": "@SUM(1)"}
    for number, (column, value) in enumerate(evil.items()):
        reporting.add_lead(f"sample{number}@example.com", **{column: value})
    wish = Wish(period=month_of(date(2026, 3, 1), "UTC"), cut=Cut(by=Dimension.SOURCE))
    made = tables(report(reporting.engine, ReportSettings(), wish))

    cells = [cell for text in made.values() for row in csv.reader(io.StringIO(text)) for cell in row]
    assert "'=HYPERLINK(1)" in cells
    assert [
        cell for cell in cells if cell.startswith(("=", "+", "@")) or (cell.startswith("-") and not _is_number(cell))
    ] == []


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
