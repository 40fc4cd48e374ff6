"""The web over the real program, on both databases: what happens there is what the pages and numbers say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from outreach.clock import MovableClock
from outreach.store.tables import events, touches
from outreach.testing.field import Field
from outreach.web.backing import services_of
from outreach.web.server import WebServer


@dataclass(frozen=True, slots=True)
class Place:
    """A workspace with its web."""

    field: Field
    web: httpx.Client


@pytest.fixture
def place(tmp_path: Path, database_url: str, clock: MovableClock) -> Iterator[Place]:
    field = Field(tmp_path / "workspace", database_url, clock)
    field.apply()
    server = WebServer(services_of(field.app), port=0)
    server.start()
    with httpx.Client(base_url=server.url, verify=False) as web:
        yield Place(field, web)
    server.stop()
    field.close()


def test_a_signed_reply_is_accepted_stops_the_lead_and_shows(place: Place) -> None:
    lead = place.field.add_lead("ayse@one.example", first_name="Ayşe", last_name="Demir")
    place.field.enroll(lead)
    place.field.settle()
    body = {"channel": "email", "from": "ayse@one.example", "text": "Sounds good\n<b>call</b> me"}
    headers, raw = place.field.sign(body)

    first = place.web.post("/webhooks/replies", content=raw, headers=headers)
    again = place.web.post("/webhooks/replies", content=raw, headers=headers)
    place.field.settle()

    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    assert place.field.lead(lead)["status"] == "responded"
    today = place.web.get("/").text
    assert "Ayşe Demir" in today
    assert "&lt;b&gt;call&lt;/b&gt;" in today
    page = place.web.get(f"/leads/{lead}").text
    assert "Hello Ayşe" in page
    assert "replied" in page
    assert "outreach_replies 1.0" in place.web.get("/metrics").text


def test_a_wrong_signature_leaves_nothing(place: Place) -> None:
    headers, raw = place.field.sign({"channel": "email", "from": "ayse@one.example", "text": "hello"})

    answers = [
        place.web.post("/webhooks/replies", content=raw + b" ", headers=headers),
        place.web.post("/webhooks/replies", content=raw),
        place.web.post("/webhooks/nowhere", content=raw, headers=headers),
    ]

    assert {(answer.status_code, answer.text) for answer in answers} == {(401, '{"error":"refused"}')}
    assert place.field.rows(events) == []


def test_one_click_ends_it_for_good(place: Place) -> None:
    lead = place.field.add_lead("ayse@one.example", language="tr")
    place.field.enroll(lead)
    place.field.settle()
    path = f"/u/{place.field.engine.opt_out_token(place.field.row(touches, step='intro')['id'])}"

    asked = place.web.get(path)
    left = place.web.post(path, data={"List-Unsubscribe": "One-Click"})
    place.field.go(days=30)

    assert "artık almak istemiyor musunuz" in asked.text
    assert (left.status_code, "artık mesaj göndermeyecek" in left.text) == (200, True)
    assert len(place.field.memory().sent) == 1
    assert place.field.lead(lead)["status"] == "do_not_contact"


def test_a_token_of_somebody_else_s_making_is_no_token(place: Place) -> None:
    place.field.enroll(place.field.add_lead("ayse@one.example"))
    place.field.settle()
    touch_id = place.field.row(touches, step="intro")["id"]
    token = place.field.engine.opt_out_token(touch_id)

    answers = [place.web.post(f"/u/{each}") for each in (touch_id, token[:-1], token + "x", "%00", "é")]

    assert {answer.status_code for answer in answers} == {404}
    assert place.field.rows(events) == []


def test_leads_are_found_by_name_company_and_address(place: Place) -> None:
    place.field.add_lead("ayse@one.example", first_name="Ayşe", last_name="Demir")
    place.field.add_lead("jan@two.example", first_name="Jan", last_name="Nowak")

    for word in ("ayşe", "demir", "one.example", "ayse@"):
        page = place.web.get("/leads", params={"search": word}).text
        assert ("Ayşe Demir" in page, "Jan Nowak" in page) == (True, False), word
    assert "2 leads" in place.web.get("/leads").text
    assert "No lead fits" in place.web.get("/leads", params={"search": "%"}).text


def test_odd_requests_are_refused_in_words(place: Place) -> None:
    assert place.web.get("/leads?search=%00").status_code == 400
    assert place.web.get("/leads/%00").status_code == 400
    assert place.web.get("/leads/" + "x" * 200).status_code == 400
    assert place.web.get("/leads/nobody").status_code == 404
    assert place.web.get("/leads?page=9999").status_code == 200


def test_an_empty_workspace_has_pages_too(place: Place) -> None:
    assert "Nothing has come in yet." in place.web.get("/").text
    assert "outreach leads import FILE" in place.web.get("/leads").text
    assert place.web.get("/readyz").status_code == 200


def test_not_ready_once_the_database_is_newer(place: Place) -> None:
    with place.field.app.store.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    assert place.web.get("/readyz").status_code == 503
    assert place.web.get("/healthz").status_code == 200


def test_times_are_those_of_the_team(place: Place) -> None:
    """The clock says 07:00 UTC; most senders live in Istanbul."""
    page = place.web.get("/").text

    assert "Mon 2 Mar 2026, 10:00" in page
    assert "Times as in Europe/Istanbul." in page
