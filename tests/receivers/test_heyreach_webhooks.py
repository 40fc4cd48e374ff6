"""HeyReach webhooks: the contract, and bodies that differ between accounts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from outreach.domain.event import EventKind
from outreach.errors import WebhookRejected
from outreach.receiver import Delivery
from outreach.receivers.heyreach import HeyReach, Options
from outreach.sandbox.heyreach_server import HeyReachServer
from outreach.testing.receiver import NOW, ReceiverContract

SECRET = "heyreach-hook-secret"
URL = "https://outreach.example.com/webhooks/heyreach"
ADA = "https://www.linkedin.com/in/ada-sample"
SERVER = HeyReachServer(token="sample")


def hook(body: Any, query: str = "") -> Delivery:
    return Delivery(
        connection="heyreach",
        method="POST",
        url=f"{URL}?secret={SECRET}{query}",
        headers={"content-type": "application/json"},
        body=json.dumps(body).encode(),
        received_at=NOW,
    )


ANSWER = SERVER.answered(ADA, "Sounds good, call me", conversation="c-1")


class TestHeyReachWebhooks(ReceiverContract):
    secrets = (SECRET,)

    def receiver(self) -> HeyReach:
        return HeyReach(Options(secret=SECRET))

    def receiver_in_rotation(self) -> HeyReach:
        return HeyReach(Options(secret="another", secrets=(SECRET,)))

    def deliveries(self) -> Sequence[Delivery]:
        return (
            hook(ANSWER),
            hook(SERVER.accepted(ADA, 101)),
            hook({"lead": {"profileUrl": ADA}, "campaignId": 101}, "&event=MESSAGE_SENT"),
        )

    def unknown(self) -> Delivery:
        return hook({"eventType": "LEAD_TAG_UPDATED", "lead": {"profile_url": ADA}})

    def events_in(self, delivery: Delivery) -> int:
        return 1


def parsed(delivery: Delivery) -> Any:
    (event,) = HeyReach(Options(secret=SECRET)).parse(delivery)
    return event


def test_an_answer_is_the_newest_message_of_theirs() -> None:
    event = parsed(hook(ANSWER))

    assert (event.kind, event.text, event.channel) == (EventKind.REPLIED, "Sounds good, call me", "linkedin")
    assert event.clues.thread_ids == ("c-1",)
    assert ("linkedin", ADA) in event.clues.addresses
    assert event.data["from_name"] == "Ada Sample"


def test_an_answer_told_twice_has_one_key() -> None:
    everywhere = ANSWER | {"event_type": "EVERY_MESSAGE_REPLY_RECEIVED"}

    assert parsed(hook(ANSWER)).key == parsed(hook(everywhere)).key
    assert parsed(hook(ANSWER)).key != parsed(hook(SERVER.answered(ADA, "And you?", conversation="c-1"))).key


def test_an_accepted_invitation_names_the_person_and_not_our_seat() -> None:
    event = parsed(hook(SERVER.accepted(ADA, 101)))

    assert (event.kind, event.data["campaign"]) == (EventKind.ACCEPTED, "101")
    assert ("linkedin", ADA) in event.clues.addresses
    assert not any("our-seat" in value for _, value in event.clues.addresses)


@pytest.mark.parametrize(
    ("body", "query"),
    [
        (
            {"type": "message_reply_received", "ConversationId": "c-1", "lead": {"ProfileUrl": ADA}, "message": "Yes"},
            "",
        ),
        ({"conversationId": "c-1", "lead": {"linkedin_url": ADA}, "text": "Yes"}, "&event=MESSAGE_REPLY_RECEIVED"),
        ({"eventType": "INMAIL_REPLY_RECEIVED", "correspondent": {"profile_url": ADA}, "message": "Yes"}, ""),
    ],
)
def test_names_may_be_written_in_any_way(body: dict[str, Any], query: str) -> None:
    event = parsed(hook(body, query))

    assert (event.kind, event.text) == (EventKind.REPLIED, "Yes")
    assert ("linkedin", ADA) in event.clues.addresses


def test_somebody_who_asks_to_stop_has_unsubscribed() -> None:
    assert (
        parsed(hook(SERVER.answered(ADA, "Please stop writing to me", conversation="c-2"))).kind
        == EventKind.UNSUBSCRIBED
    )


@pytest.mark.parametrize("query", ["", "?secret=", "?secret=wrong", "?token=heyreach-hook-secret"])
def test_a_wrong_secret_in_the_address_is_rejected(query: str) -> None:
    with pytest.raises(WebhookRejected):
        HeyReach(Options(secret=SECRET)).verify(replace(hook(ANSWER), url=URL + query), now=NOW)


def test_a_connection_without_a_secret_is_told() -> None:
    with pytest.raises(ValueError, match="secret"):
        Options()
