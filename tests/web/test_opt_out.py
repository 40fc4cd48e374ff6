"""Leaving is one click, in one's own language, and it is true when the page says so."""

from __future__ import annotations

import httpx
import pytest

from outreach.web.farewells import FAREWELLS, farewell
from tests.web.conftest import Goodbye, Office

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def test_looking_at_the_page_changes_nothing(outside: httpx.Client, office: Office) -> None:
    for method in ("GET", "HEAD"):
        assert outside.request(method, "/u/right-token").status_code == 200

    assert not office.tokens["right-token"].is_done


def test_one_click_leaves_at_once_without_redirect_or_cookie(outside: httpx.Client, office: Office) -> None:
    """RFC 8058 §3.1: the POST is the whole consent."""
    answer = outside.post("/u/right-token", data=ONE_CLICK)

    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert "You will not receive any more messages from Example Ltd." in answer.text
    assert office.tokens["right-token"].is_done


def test_one_click_as_multipart_or_without_a_body_leaves_too(outside: httpx.Client, office: Office) -> None:
    office.tokens["second"] = Goodbye()

    as_form_data = outside.post("/u/right-token", files={"List-Unsubscribe": (None, "One-Click")})
    without_body = outside.post("/u/second")

    assert (as_form_data.status_code, without_body.status_code) == (200, 200)
    assert all(goodbye.is_done for goodbye in office.tokens.values())


def test_leaving_twice_says_the_same(outside: httpx.Client) -> None:
    first = outside.post("/u/right-token", data=ONE_CLICK)

    second = outside.post("/u/right-token", data=ONE_CLICK)

    assert (second.status_code, second.text) == (first.status_code, first.text)
    assert outside.get("/u/right-token").text == first.text


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_wrong_token_gets_a_friendly_page_that_tells_nothing(outside: httpx.Client, method: str) -> None:
    answers = [outside.request(method, f"/u/{token}") for token in ("wrong", "right-tokeN", "%00", "x" * 3000)]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert "Example Ltd" not in answers[0].text
    assert "Answer the message with “stop”" in answers[0].text


def test_a_failure_never_says_that_it_worked(outside: httpx.Client, office: Office) -> None:
    office.broken = OSError("no database")

    answer = outside.post("/u/right-token", data=ONE_CLICK)

    assert answer.status_code == 503
    assert "Please try again" in answer.text
    assert not office.tokens["right-token"].is_done


@pytest.mark.parametrize("language", sorted(FAREWELLS))
def test_the_page_speaks_the_language_of_the_lead(outside: httpx.Client, office: Office, language: str) -> None:
    office.tokens["t"] = Goodbye(language=language, organisation="Özel & Söhne")

    asked = outside.get("/u/t", headers={"accept-language": "en"}).text
    left = outside.post("/u/t", headers={"accept-language": "en"}).text

    assert f'<html lang="{language}">' in asked
    assert FAREWELLS[language].button in asked
    assert "Özel &amp; Söhne" in asked
    assert "Özel &amp; Söhne" in left
    assert "{" not in asked + left


def test_all_nine_languages_are_there_and_differ() -> None:
    assert set(FAREWELLS) == {"en", "tr", "de", "fr", "es", "pt", "it", "nl", "pl"}
    assert len({words.question for words in FAREWELLS.values()}) == 9


@pytest.mark.parametrize(
    ("lead", "browser", "expected"),
    [
        ("pt-BR", "de", "pt"),
        ("de_AT", "", "de"),
        (None, "xx, fr-CA;q=0.9, en;q=0.8", "fr"),
        ("ja", "pl", "pl"),
        (None, "", "en"),
        (None, ",;q=,-,*", "en"),
    ],
)
def test_the_leads_language_comes_first_then_the_browsers(lead: str | None, browser: str, expected: str) -> None:
    assert farewell(lead, browser).language == expected


def test_an_organisation_with_braces_or_markup_stays_text(outside: httpx.Client, office: Office) -> None:
    office.tokens["t"] = Goodbye(organisation="{0.__class__} <b>Ltd</b>")

    page = outside.get("/u/t").text

    assert "{0.__class__} &lt;b&gt;Ltd&lt;/b&gt;" in page
