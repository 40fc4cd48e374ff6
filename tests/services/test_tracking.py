"""Opens and clicks: nothing unless somebody switches it on, targets out of our own store, never called certain."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from html import unescape

import httpx
import pytest

from outreach.store.tables import events, links
from outreach.testing.field import Field
from outreach.web.application import create_app
from outreach.web.backing import services_of

MakeField = Callable[[Mapping[str, str]], Field]
PERSON = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PROXY = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
TARGET = "https://cal.example.com/anna?a=1&b=2"
SEQUENCE = """
name: two-mails
pipeline: default
senders: [anna]
schedule: always
{tracking}
steps:
  - id: intro
    email: intro
"""
INTRO = f"---\nsubject: Hello\n---\n[The calendar]({TARGET}), or [write](mailto:anna@sender.example).\n"


def mailed(make_field: MakeField, tracking: str, settings: Mapping[str, str] | None = None) -> tuple[Field, str]:
    """The HTML of a mail sent with these settings, a minute ago."""
    files = {"sequences/two-mails.yaml": SEQUENCE.format(tracking=tracking), "templates/intro.md": INTRO}
    field = make_field({**files, **(settings or {})})
    field.enroll(field.add_lead("ada@lead.example"))
    field.settle()
    field.go(minutes=1)
    return field, field.memory().sent[0].html


def asked(field: Field, url: str, *, agent: str = PERSON, method: str = "GET") -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(create_app(services_of(field.app)))
        async with httpx.AsyncClient(transport=transport) as client:
            return await client.request(method, unescape(url), headers={"user-agent": agent})

    return asyncio.run(ask())


def tracked_link(html: str) -> str:
    return unescape(re.findall(r'href="([^"]*/c/[^"]*)"', html)[0])


def image(html: str) -> str:
    return str(re.findall(r'src="([^"]*/o/[^"]*)"', html)[0])


def test_without_a_word_nothing_is_tracked(make_field: MakeField) -> None:
    field, html = mailed(make_field, "")

    assert "/c/" not in html
    assert "/o/" not in html
    assert field.rows(links) == []


def test_a_click_leads_to_the_target_and_is_an_event_that_is_not_certain(make_field: MakeField) -> None:
    field, html = mailed(make_field, "tracking: {clicks: true}")

    answer = asked(field, tracked_link(html))

    assert (answer.status_code, answer.headers["location"]) == (302, TARGET)
    event = field.row(events)
    assert event["kind"] == "clicked"
    assert event["data"]["is_reliable"] is False
    assert event["data"]["url"] == TARGET
    assert "/o/" not in html


def test_other_links_stay_as_they_are(make_field: MakeField) -> None:
    field, html = mailed(make_field, "tracking: {clicks: true}")

    (message,) = field.memory().sent
    assert html.count("/c/") == 1
    assert "mailto:anna@sender.example" in html
    assert message.unsubscribe_url in html
    assert TARGET in message.text


def test_an_image_that_was_loaded_is_an_open(make_field: MakeField) -> None:
    field, html = mailed(make_field, "tracking: {opens: true}")

    answer = asked(field, image(html))
    asked(field, image(html))

    assert answer.headers["content-type"] == "image/gif"
    assert answer.content.startswith(b"GIF89a")
    assert [row["kind"] for row in field.rows(events)] == ["opened"]


def test_what_a_machine_opens_is_not_called_opened(make_field: MakeField) -> None:
    field, html = mailed(make_field, "tracking: {opens: true, clicks: true}")

    asked(field, image(html), agent=PROXY)
    asked(field, tracked_link(html), agent="python-requests/2")

    assert {row["kind"] for row in field.rows(events)} == {"unknown"}
    assert {row["reason"] for row in field.rows(events)} == {"opened by a machine", "clicked by a machine"}


def test_what_is_opened_the_moment_it_was_sent_was_opened_by_a_machine(make_field: MakeField) -> None:
    field, _ = mailed(make_field, "tracking: {opens: true}")
    field.enroll(field.add_lead("eve@lead.example"))
    field.settle()

    asked(field, image(field.memory().sent[-1].html))

    assert field.row(events)["kind"] == "unknown"


def test_a_question_without_a_body_counts_nothing(make_field: MakeField) -> None:
    field, html = mailed(make_field, "tracking: {opens: true, clicks: true}")

    answers = [asked(field, url, method="HEAD").status_code for url in (image(html), tracked_link(html))]

    assert answers == [200, 302]
    assert field.rows(events) == []


def test_a_token_that_is_not_ours_leads_nowhere(make_field: MakeField) -> None:
    field, html = mailed(make_field, "tracking: {opens: true, clicks: true}")
    url = tracked_link(html)
    touch, link, _ = url.rpartition("/")[2].split(".")
    forged = [f"{url}x", url.replace(link, "0" * 32), f"http://127.0.0.1:8080/c/{image(html).rpartition('/')[2]}"]

    assert [asked(field, each).status_code for each in forged] == [404, 404, 404]
    assert asked(field, f"http://127.0.0.1:8080/o/{touch}.x").status_code == 200
    assert field.rows(events) == []


ON_FOR_ALL = {
    "config/outreach.yaml": """
public_url: http://127.0.0.1:8080
secret_key: a-secret-for-tests
organisation: {name: Example Ltd, postal_address: "1 Example St, Istanbul"}
defaults: {tracking: {opens: true}}
""",
}


@pytest.mark.parametrize(("tracking", "is_counted"), [("", True), ("tracking: {opens: false}", False)])
def test_the_workspace_may_switch_it_on_and_a_sequence_off(
    make_field: MakeField, tracking: str, is_counted: bool
) -> None:
    _, html = mailed(make_field, tracking, ON_FOR_ALL)

    assert ("/o/" in html) is is_counted


def test_a_click_wakes_who_waits_for_it(make_field: MakeField) -> None:
    steps = """
  - wait_for: click
    at_most: 7 days
    then:
      - id: thanks
        email: bump
    else:
      - stop: no click
"""
    field, html = mailed(
        make_field,
        "tracking: {clicks: true}",
        {"sequences/two-mails.yaml": (SEQUENCE.format(tracking="tracking: {clicks: true}").rstrip() + steps)},
    )

    asked(field, tracked_link(html))
    field.settle()

    assert len(field.memory().sent) == 2
