"""Slack: the published signature, its time, its handshake; what the team says is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from outreach.errors import WebhookRejected
from outreach.receiver import Delivery
from outreach.receivers.slack import Options, Slack
from outreach.sandbox.slack_server import SlackServer
from outreach.testing.receiver import NOW, ReceiverContract
from tests.receivers.calls import assert_no_byte_can_change, delivered

SECRET = "sample-signing-secret"
URL = "https://outreach.example.com/webhooks/slack"
SERVER = SlackServer(path="/services/T/B/x", signing_secret=SECRET)
PUBLISHED = Delivery(
    connection="slack",
    method="POST",
    url=URL,
    headers={
        "x-slack-request-timestamp": "1531420618",
        "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    },
    body=(
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    ),
    received_at=datetime.fromtimestamp(1531420618, UTC),
)


def slack() -> Slack:
    return Slack(Options(secret=SECRET))


class TestSlack(ReceiverContract):
    secrets = (SECRET,)
    proof_headers = ("x-slack-signature", "x-slack-request-timestamp")
    signs_the_body = True
    DELIVERIES = tuple(delivered(SERVER.event(URL, {"type": kind}, at=NOW)) for kind in ("message", "app_mention"))

    def receiver(self) -> Slack:
        return slack()

    def receiver_in_rotation(self) -> Slack:
        return Slack(Options(secrets=("another", SECRET)))

    def deliveries(self) -> Sequence[Delivery]:
        return self.DELIVERIES

    def unknown(self) -> Delivery:
        return delivered(SERVER.event(URL, {"type": "moon_landed"}, at=NOW))

    def events_in(self, delivery: Delivery) -> int:
        return 1


def test_the_published_example_passes_and_no_byte_of_it_can_change() -> None:
    receiver = Slack(Options(secret="8f742231b10e8888abcd99yyyzzz85a5"))

    assert_no_byte_can_change(receiver, PUBLISHED, "x-slack-signature")


@pytest.mark.parametrize("away", [timedelta(seconds=-301), timedelta(seconds=301), timedelta(days=365)])
def test_an_old_delivery_is_not_played_again(away: timedelta) -> None:
    delivery = TestSlack.DELIVERIES[0]

    slack().verify(delivery, now=NOW + away / abs(away / timedelta(seconds=300)))
    with pytest.raises(WebhookRejected):
        slack().verify(delivery, now=NOW + away)


def test_another_time_cannot_be_put_before_the_same_body() -> None:
    delivery = TestSlack.DELIVERIES[0]
    headers = {**delivery.headers, "x-slack-request-timestamp": str(int(NOW.timestamp()) + 5)}

    with pytest.raises(WebhookRejected):
        slack().verify(replace(delivery, headers=headers), now=NOW)


def test_the_handshake_is_answered_with_its_challenge() -> None:
    asked = delivered(SERVER.handshake(URL, "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P", at=NOW))

    slack().verify(asked, now=NOW)
    answer = slack().answer(asked)

    assert answer
    assert (answer.body, answer.is_news) == ("3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P", False)
    assert slack().answer(TestSlack.DELIVERIES[0]) is None
