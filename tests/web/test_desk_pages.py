"""What each page of the dashboard tells, and what it costs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import event

from outreach.app import App
from outreach.services.measuring import report as reporting
from outreach.store.tables import addresses, leads
from outreach.web.dashboard import report_shelf
from tests.web.conftest import NOW
from tests.web.desk import Desk


def test_leads_are_listed_with_the_filters_that_find_them(web: httpx.Client) -> None:
    page = web.get("/leads").text

    assert "3 leads" in page
    assert page.index("Ayşe Demir") < page.index("Jan Nowak") < page.index("an.unusually.long.address")


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ({"search": "ayş"}, {"lead-1"}),
        ({"search": "nowak"}, {"lead-2"}),
        ({"search": "bosphorus"}, {"lead-1"}),
        ({"search": "an.unus"}, {"lead-3"}),
        ({"where": "lead.score >= 20"}, {"lead-1"}),
        ({"where": "company.size > 50 and 'seed' in lead.tags"}, {"lead-1"}),
        ({"where": "lead.title is not defined"}, {"lead-2", "lead-3"}),
        ({"status": "responded"}, {"lead-1"}),
        ({"stage": "prospect", "sort": "waiting"}, {"lead-2", "lead-3"}),
        ({"owner": "deniz"}, {"lead-2"}),
        ({"tag": "fintech"}, {"lead-1"}),
        ({"source": "website"}, {"lead-3"}),
        ({"sequence": "two-mails"}, {"lead-2"}),
        ({"where": "lead.score > 1000"}, set()),
    ],
)
def test_a_filter_in_the_address_finds_those_it_names(
    web: httpx.Client, question: dict[str, str], found: set[str]
) -> None:
    page = web.get("/leads", params=question).text

    assert {each for each in ("lead-1", "lead-2", "lead-3") if f'href="/leads/{each}"' in page} == found
    for value in question.values():
        assert value.replace("'", "&#39;").replace(">", "&gt;") in page


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("lead.score >", "something is missing at its end"),
        ("lead.scor > 3 and", "something is missing at its end"),
        ("leed.score > 3", "Unknown name &#39;leed&#39;"),
        ("lead.score = 3", "sets a value. Write &#39;==&#39;"),
        ("<script>", "cannot be read"),
    ],
)
def test_a_wrong_expression_is_told_beside_its_field(web: httpx.Client, expression: str, said: str) -> None:
    answer = web.get("/leads", params={"where": expression})

    assert answer.status_code == 422
    assert 'aria-invalid="true" aria-describedby="where-wrong"' in answer.text
    assert said in answer.text
    assert "<script" not in answer.text


@pytest.mark.parametrize(
    "question",
    [{"sort": "colour"}, {"sort": "waiting"}, {"after": "nowhere"}, {"sort": "score", "after": "9" * 30 + "~x"}],
)
def test_an_order_or_a_place_that_is_none_is_told_in_words(web: httpx.Client, question: dict[str, str]) -> None:
    answer = web.get("/leads", params=question)

    assert answer.status_code == 422
    assert 'class="wrong"' in answer.text


def test_one_lead_is_told_of_with_score_path_rules_and_notes(web: httpx.Client) -> None:
    page = web.get("/leads/lead-2").text

    for said in ("Score 5", "two-mails", "The path", "Every rule that was asked", "wait 3 days", "unknown"):
        assert said in page
    assert 'action="/leads/lead-2/note"' in page
    other = web.get("/leads/lead-1").text
    for said in (
        "Met at the fair",
        "Founder, Bosphorus Pay",
        "ayse@bosphorus.example",
        "fintech",
        "Ask about the audit",
    ):
        assert said in other
    assert web.get("/leads/somebody-else").status_code == 404


def test_the_board_has_a_column_for_each_stage_with_marks(web: httpx.Client) -> None:
    page = web.get("/pipeline").text

    for stage in ("Prospect", "Contacted", "Responded", "Won", "Lost", "Nurture"):
        assert stage in page
    assert "1 stale" in page
    assert "5,000" in page
    assert page.count("forgotten") >= 1
    assert web.get("/pipeline/nothing").status_code == 404


def test_the_inbox_tells_class_evidence_and_whom_nobody_was_found_for(web: httpx.Client) -> None:
    page = web.get("/inbox").text

    for said in ("call me on Thursday", "Told by rules", "somebody@bosphorus.example", "Perhaps", "It is about"):
        assert said in page
    assert "None of this class." in web.get("/inbox", params={"meaning": "objection"}).text
    assert web.get("/inbox", params={"meaning": "cheerful"}).status_code == 404


def test_tasks_have_their_text_ready_to_paste(web: httpx.Client) -> None:
    page = web.get("/tasks").text

    for said in ("1 open, 1 overdue", "Ask about the audit", "Hello Ayşe,\nshall we talk?", "+90 555"):
        assert said in page
    assert "Nothing to do." in web.get("/tasks", params={"assignee": "nobody"}).text


def test_sequences_show_people_by_step_and_revisions(web: httpx.Client) -> None:
    assert "two-mails" in web.get("/sequences").text
    page = web.get("/sequences/two-mails").text

    for said in ("email intro", "wait 3 days", "email bump", "revision 1", "Why nothing goes out now", "Leads inside"):
        assert said in page
    assert web.get("/sequences/nothing").status_code == 404


def test_senders_crm_and_failures_say_what_the_other_side_said(web: httpx.Client) -> None:
    assert "anna@sender.example" in web.get("/senders").text
    assert "400: no such property" in web.get("/crm").text
    unknown = web.get("/unknown").text
    assert "the connection broke" in unknown
    assert "550 5.1.1 no such user" in unknown


def test_a_report_has_numbers_goals_and_charts_that_are_drawn(web: httpx.Client) -> None:
    page = web.get("/reports", params={"by": "source"}).text

    for said in ("People written to", "Spring meetings", "By source", "Stages: who came in", "from"):
        assert said in page
    name = page.split("/reports/charts/")[1].split(".svg")[0]
    chart = web.get(f"/reports/charts/{name}.svg", params={"by": "source"})
    assert chart.headers["content-type"] == "image/svg+xml"
    assert "prefers-color-scheme:dark" in chart.text
    assert "script" not in chart.headers["content-security-policy"]
    assert "default-src 'none'" in chart.headers["content-security-policy"]
    assert web.get("/reports/charts/nothing.svg").status_code == 404


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ({"span": "next-year"}, "is no period"),
        ({"span": "days"}, "say the first day"),
        ({"span": "days", "first": "soon"}, "is not a day"),
        ({"span": "days", "first": "2026-03-02", "last": "2026-03-01"}, "is before the first"),
        ({"span": "days", "first": "1990-01-01"}, "more than three years"),
        ({"span": "days", "first": "0001-01-01"}, "too far away"),
        ({"by": "colour"}, "cannot be taken apart"),
    ],
)
def test_a_period_that_is_none_is_told_in_words(web: httpx.Client, question: dict[str, str], said: str) -> None:
    answer = web.get("/reports", params=question)

    assert answer.status_code == 422
    assert said in answer.text
    assert web.get("/reports/charts/activity.svg", params=question).status_code == 404


def test_no_page_asks_more_of_the_database_when_there_are_more_leads(desk: Desk) -> None:
    """A list of more than one page counts, up to its bound; an expression looks at leads in batches of a fixed size."""
    lists = ("/leads", "/leads?search=pers", "/leads?where=lead.score+>=+20")
    paths = (*lists, "/pipeline", "/inbox", "/tasks", "/reports")
    few = {path: _statements(desk, path) for path in paths}
    _crowd(desk.app, 300)
    desk.app.clock.advance(timedelta(minutes=2))  # type: ignore[attr-defined]  # reports are kept for a minute

    more = {path: _statements(desk, path) - few[path] for path in paths}

    allowed = {**dict.fromkeys(paths, 0), **dict.fromkeys(lists, 1)}
    assert {path: count for path, count in more.items() if count > allowed[path]} == {}


def _statements(desk: Desk, path: str) -> int:
    with _counted(desk.app) as seen:
        assert desk.web.get(path).status_code == 200
    return len(seen)


@contextmanager
def _counted(program: App) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(program.store.engine, "before_cursor_execute", note)
    yield seen
    event.remove(program.store.engine, "before_cursor_execute", note)


def _crowd(program: App, number: int) -> None:
    same = {"source": "crowd", "pipeline": "default", "status": "new", "stage": "prospect", "tags": [], "fields": {}}
    people = [
        {
            **same,
            "id": f"crowd-{n:04}",
            "first_name": f"Person{n}",
            "score": n % 60,
            "stage_since_at": NOW - timedelta(hours=n),
            "created_at": NOW - timedelta(hours=n),
            "updated_at": NOW,
        }
        for n in range(number)
    ]
    mails = [
        {"id": f"m-{n}", "lead_id": f"crowd-{n:04}", "kind": "email", "value": f"p{n}@crowd.example", "created_at": NOW}
        for n in range(number)
    ]
    with program.store.begin() as connection:
        connection.execute(leads.insert(), people)
        connection.execute(addresses.insert(), mails)


def test_every_page_of_a_long_list_is_reached_and_nobody_twice(desk: Desk) -> None:
    _crowd(desk.app, 120)
    seen: list[str] = []
    path = "/leads?sort=score"

    for _ in range(5):
        page = desk.web.get(path).text
        seen += [part.split('"')[0] for part in page.split('<th scope="row"><a href="/leads/')[1:]]
        if 'rel="next"' not in page:
            break
        path = page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")

    assert len(seen) == len(set(seen)) == 123


def test_a_report_that_takes_long_does_not_hold_up_its_page(web: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    may_end, ended = threading.Event(), threading.Event()
    read = reporting.report

    def slow(*asked: Any) -> Any:
        may_end.wait(60)
        try:
            return read(*asked)
        finally:
            ended.set()

    monkeypatch.setattr(report_shelf, "report", slow)
    monkeypatch.setattr(report_shelf, "PATIENCE", 0.01)

    early = web.get("/reports", params={"by": "owner"})
    may_end.set()
    ended.wait(60)
    monkeypatch.setattr(report_shelf, "PATIENCE", 60.0)
    late = web.get("/reports", params={"by": "owner"})

    assert (early.status_code, early.headers["refresh"]) == (202, "5")
    assert "much to count" in early.text
    assert "/reports/charts/" not in early.text
    assert late.status_code == 200
    assert "/reports/charts/" in late.text
