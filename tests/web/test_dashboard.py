"""The pages say what they were given, and ask for what they were asked for."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from outreach.web import rendering
from tests.web.conftest import NOW, TODAY, Office


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


def test_distances_read_like_speech() -> None:
    distance = rendering._distance

    assert distance(NOW - timedelta(seconds=20), NOW) == "now"
    assert distance(NOW + timedelta(minutes=90), NOW) == "in 1 h"
    assert distance(NOW - timedelta(days=9), NOW) == "9 days ago"
    assert distance(None, NOW) == "–"
