"""The pages say what they were given, and ask for what they were asked for."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from outreach.web import rendering
from tests.web.conftest import NOW, ROWS, TODAY, Office


def test_today_shows_the_numbers_the_senders_and_why_not(web: httpx.Client) -> None:
    page = web.get("/").text

    for said in ("31 of 40", "LinkedIn invite", "login refused", "outside the window", "Ayşe Demir", "12 min ago"):
        assert said in page
    assert '<progress value="31" max="40"' in page


def test_a_quiet_day_says_that_nothing_waits(
    web: httpx.Client, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet = dict.fromkeys(("sent", "due", "replies", "blocked", "unknown", "failed", "tasks", "forgotten"), 0)
    for name, value in {**quiet, "blocks": [], "senders": [], "latest": []}.items():
        monkeypatch.setitem(TODAY, name, value)

    page = web.get("/").text

    assert "No open task, nothing unknown, failed or forgotten." in page
    assert "config/senders.yaml" in page


def test_leads_are_searched_as_asked(web: httpx.Client, office: Office) -> None:
    page = web.get("/leads", params={"search": "  Ayşe ", "status": "responded", "page": 2}).text

    assert office.asked == [("Ayşe", "responded", 2)]
    assert "Ayşe Demir" in page
    assert "Jan Nowak" not in page
    assert '<option value="responded" selected>' in page
    assert 'href="/leads?search=Ay%C5%9Fe&amp;status=responded&amp;page=3"' in page


def test_a_search_that_finds_nothing_says_so(web: httpx.Client) -> None:
    assert "No lead fits." in web.get("/leads", params={"search": "nobody"}).text


def test_no_leads_at_all_names_the_command(web: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.web.conftest.ROWS", [])

    assert "outreach leads import FILE" in web.get("/leads").text


@pytest.mark.parametrize("page", ["0", "-1", "two", "9" * 30])
def test_a_page_number_that_is_none_is_refused_in_words(web: httpx.Client, page: str) -> None:
    answer = web.get("/leads", params={"page": page})

    assert answer.status_code == 400
    assert "We could not read this request." in answer.text


def test_one_lead_shows_addresses_sequences_and_timeline(web: httpx.Client) -> None:
    page = web.get("/leads/lead-1").text

    for said in ("Founder, Bosphorus Pay", "ayse@bosphorus.example", "LinkedIn", "spring-news", "asks about the audit"):
        assert said in page


def test_a_lead_that_is_not_there_is_a_friendly_page(web: httpx.Client) -> None:
    answer = web.get("/leads/somebody-else")

    assert answer.status_code == 404
    assert "There is nothing at this address." in answer.text


def test_distances_read_like_speech() -> None:
    distance = rendering._distance

    assert distance(NOW - timedelta(seconds=20), NOW) == "now"
    assert distance(NOW + timedelta(minutes=90), NOW) == "in 1 h"
    assert distance(NOW - timedelta(days=9), NOW) == "9 days ago"
    assert distance(None, NOW) == "–"


def test_every_sample_row_is_listed(web: httpx.Client) -> None:
    page = web.get("/leads").text

    assert all((row["name"] or row["address"]) in page for row in ROWS)
