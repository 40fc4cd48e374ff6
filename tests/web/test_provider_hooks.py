"""Providers call the web of the real program: each hears what it wants to hear, and every refusal is the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from outreach.clock import MovableClock
from outreach.sandbox.answers import Hook
from outreach.sandbox.booking_server import BookingServer
from outreach.sandbox.slack_server import SlackServer
from outreach.sandbox.telegram_server import TelegramServer
from outreach.sandbox.twilio_server import TwilioServer
from outreach.sandbox.whatsapp_server import WhatsAppServer
from outreach.sandbox.x_server import XServer
from outreach.store.tables import deliveries, events
from outreach.testing.field import FILES, Field
from outreach.web.backing import services_of
from outreach.web.server import WebServer

PUBLIC, SECRET = "https://outreach.example.com", "a-sample-secret"
WEBHOOKS = """
  texts: {use: twilio, auth_token: a-sample-secret}
  whatsapp: {use: whatsapp, secret: a-sample-secret, verify_token: ours}
  telegram: {use: telegram, secret: a-sample-secret}
  x: {use: x, secret: a-sample-secret, user_id: "111"}
  slack: {use: slack, secret: a-sample-secret}
  calendly: {use: calendly, secret: a-sample-secret}
  calcom: {use: calcom, secret: a-sample-secret}
"""


@dataclass(frozen=True)
class Office:
    """The program, its web, and everybody who calls it."""

    field: Field
    web: httpx.Client
    whatsapp: WhatsAppServer
    x: XServer
    slack: SlackServer

    def every_call(self) -> dict[str, Hook]:
        """One true delivery of each provider."""
        at, bookings = self.field.clock.now(), BookingServer(calendly_key=SECRET, calcom_secret=SECRET)
        twilio, telegram = TwilioServer(account_sid="A", auth_token=SECRET), TelegramServer(token="t", secret=SECRET)
        url = f"{PUBLIC}/webhooks"
        return {
            "texts": twilio.inbound(f"{url}/texts", sender="+905321234567", text="Hi"),
            "whatsapp": self.whatsapp.inbound(f"{url}/whatsapp", number="905321234567", text="Hi", at=at),
            "telegram": telegram.update(f"{url}/telegram", chat=1, username="ada_sample", text="Hi", at=at),
            "x": self.x.message(f"{url}/x", "222", "Hi", at=at),
            "slack": self.slack.event(f"{url}/slack", {"type": "message"}, at=at),
            "calendly": bookings.calendly(f"{url}/calendly", "invitee.created", email="ada@example.com", at=at),
            "calcom": bookings.calcom(f"{url}/calcom", "BOOKING_CREATED", email="ada@example.com", at=at),
        }


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Office]:
    root = tmp_path_factory.mktemp("office")
    (root / "outreach.db").write_bytes(sqlite_template.read_bytes())
    settings = FILES["config/outreach.yaml"].replace("http://127.0.0.1:8080", PUBLIC).rstrip("\n") + WEBHOOKS
    clock = MovableClock(datetime(2026, 3, 2, 7, 0, tzinfo=UTC))
    field = Field(root, f"sqlite:///{root / 'outreach.db'}", clock, {"config/outreach.yaml": settings})
    server = WebServer(services_of(field.app), port=0)
    server.start()
    whatsapp = WhatsAppServer(phone_number_id="1", token="t", app_secret=SECRET, verify_token="ours", templates={})
    x = XServer(token="t", user_id="111", consumer_secret=SECRET, now=clock.now)
    with httpx.Client(base_url=server.url, headers={"host": "outreach.example.com"}) as web:
        yield Office(field, web, whatsapp, x, SlackServer(path="/x", signing_secret=SECRET))
    server.stop()
    field.close()


def test_each_provider_is_answered_as_it_wants_and_every_call_is_kept(office: Office) -> None:
    before = len(office.field.rows(deliveries))
    answers = {name: call.send(office.web) for name, call in office.every_call().items()}
    office.field.settle()

    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(answers, 200)
    assert answers["texts"].text == "<Response/>"
    assert answers["texts"].headers["content-type"].startswith("text/xml")
    assert len(office.field.rows(deliveries)) == before + 7
    assert {row["state"] for row in office.field.rows(deliveries)} == {"understood"}
    assert len(office.field.rows(events)) == 7


def test_the_handshake_of_whatsapp_is_the_bare_challenge(office: Office) -> None:
    answer = office.whatsapp.handshake(f"{PUBLIC}/webhooks/whatsapp", "1158201444").send(office.web)

    assert (answer.status_code, answer.text) == (200, "1158201444")


def test_the_check_of_x_is_signed(office: Office) -> None:
    answer = office.x.crc(f"{PUBLIC}/webhooks/x", "9b4507b3-9040").send(office.web)

    assert answer.json() == office.x.crc_answer("9b4507b3-9040")
    assert answer.headers["content-type"] == "application/json"


def test_the_handshake_of_slack_is_its_challenge(office: Office) -> None:
    asked = office.slack.handshake(f"{PUBLIC}/webhooks/slack", "3eZbrw1aBm2r", at=office.field.clock.now())

    assert asked.send(office.web).text == "3eZbrw1aBm2r"


def test_every_refusal_is_the_same(office: Office) -> None:
    """A wrong body, no proof at all, a handshake with another word, a provider we do not know."""
    url = f"{PUBLIC}/webhooks"
    calls = [replace(call, body=call.body + b" ") for name, call in office.every_call().items() if name != "telegram"]
    calls += [replace(call, headers={}) for call in office.every_call().values()]
    calls += [
        office.whatsapp.handshake(f"{url}/whatsapp", "1", verify_token="another"),
        office.x.crc(f"{url}/x", '{"data":1}'),
        Hook(f"{url}/x", method="GET"),
        office.x.crc(f"{url}/nowhere", "token"),
        office.whatsapp.handshake(f"{url}/telegram", "1"),
    ]
    before = len(office.field.rows(deliveries))

    answers = [call.send(office.web) for call in calls]

    assert {(answer.status_code, answer.text) for answer in answers} == {(401, '{"error":"refused"}')}
    assert len(office.field.rows(deliveries)) == before
