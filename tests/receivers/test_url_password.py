"""User and password of the webhook's URL, on top of each provider's own proof: without them nothing passes."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest

from outreach.errors import WebhookRejected
from outreach.receiver import Delivery, Receiver
from outreach.receivers import calcom, calendly, slack, telegram, twilio, whatsapp, x
from outreach.sandbox.booking_server import BookingServer
from outreach.sandbox.slack_server import SlackServer
from outreach.sandbox.telegram_server import TelegramServer
from outreach.sandbox.twilio_server import TwilioServer
from outreach.sandbox.whatsapp_server import WhatsAppServer
from outreach.sandbox.x_server import XServer
from outreach.testing.receiver import NOW
from tests.receivers.calls import delivered

URL, SECRET = "https://outreach.example.com/webhooks/hook", "a-sample-secret"
LOGIN: dict[str, Any] = {"user": "hook", "passwords": ("an-old-one", "pass:word")}
BOOKINGS = BookingServer(calendly_key=SECRET, calcom_secret=SECRET)
META = WhatsAppServer(phone_number_id="1", token="t", app_secret=SECRET, verify_token="word", templates={})
CASES: dict[str, tuple[Receiver, Delivery]] = {
    "twilio": (
        twilio.Twilio(twilio.Options(auth_token=SECRET, **LOGIN)),
        delivered(TwilioServer(account_sid="A", auth_token=SECRET).inbound(URL, sender="+905321234567", text="Hi")),
    ),
    "whatsapp": (
        whatsapp.WhatsApp(whatsapp.Options(secret=SECRET, verify_token="word", **LOGIN)),
        delivered(META.inbound(URL, number="905321234567", text="Hi", at=NOW)),
    ),
    "whatsapp handshake": (
        whatsapp.WhatsApp(whatsapp.Options(secret=SECRET, verify_token="word", **LOGIN)),
        delivered(META.handshake(URL, "1")),
    ),
    "x": (
        x.X(x.Options(secret=SECRET, user_id="111", **LOGIN)),
        delivered(
            XServer(token="t", user_id="111", consumer_secret=SECRET, now=lambda: NOW).message(URL, "2", "Hi", at=NOW)
        ),
    ),
    "telegram": (
        telegram.Telegram(telegram.Options(secret=SECRET, **LOGIN)),
        delivered(TelegramServer(token="t", secret=SECRET).update(URL, chat=1, username="ada", text="Hi", at=NOW)),
    ),
    "slack": (
        slack.Slack(slack.Options(secret=SECRET, **LOGIN)),
        delivered(SlackServer(path="/x", signing_secret=SECRET).event(URL, {"type": "message"}, at=NOW)),
    ),
    "calendly": (
        calendly.Calendly(calendly.Options(secret=SECRET, **LOGIN)),
        delivered(BOOKINGS.calendly(URL, "invitee.created", email="ada@example.com", at=NOW)),
    ),
    "calcom": (
        calcom.CalCom(calcom.Options(secret=SECRET, **LOGIN)),
        delivered(BOOKINGS.calcom(URL, "BOOKING_CREATED", email="ada@example.com", at=NOW)),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_password_of_the_url_is_asked_for_as_well(name: str) -> None:
    receiver, delivery = CASES[name]
    login = base64.b64encode(b"hook:pass:word").decode()
    wrong = base64.b64encode(b"hook:another").decode()

    receiver.verify(replace(delivery, headers={**delivery.headers, "authorization": f"Basic {login}"}), now=NOW)

    for headers in ({}, {"authorization": f"Basic {wrong}"}, {"authorization": "Basic"}):
        with pytest.raises(WebhookRejected):
            receiver.verify(replace(delivery, headers={**delivery.headers, **headers}), now=NOW)


@pytest.mark.parametrize(
    ("options", "given"),
    [
        (twilio.Options, {}),
        (whatsapp.Options, {"verify_token": "word"}),
        (whatsapp.Options, {"verify_token": "", "secret": SECRET}),
        (x.Options, {"user_id": "111"}),
        (x.Options, {"user_id": "anna", "secret": SECRET}),
        (telegram.Options, {}),
        (slack.Options, {}),
        (calendly.Options, {}),
        (calendly.Options, {"secret": SECRET, "tolerance": 0}),
        (calcom.Options, {}),
    ],
)
def test_a_connection_without_its_secret_is_refused_with_a_sentence(options: Any, given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"needs `|tolerance"):
        options(**given)
