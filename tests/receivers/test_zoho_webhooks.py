"""Zoho CRM notifications: ids of records that somebody changed, proved by a token, become news of the connection."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from outreach.domain.crm_news import Change, CrmNews, news_from
from outreach.errors import WebhookRejected
from outreach.receiver import Delivery
from outreach.receivers.zoho import Options, Zoho
from outreach.testing.receiver import NOW, ReceiverContract

TOKEN = "channel-token-sample"
_FIRST, _SECOND = "554000000000100001", "554000000000100002"


def notification(module: str, operation: str, *ids: str) -> dict[str, Any]:
    told = {"module": module, "operation": operation, "ids": list(ids), "channel_id": "1000000068001"}
    return {**told, "token": TOKEN, "server_time": 1_795_000_000_000}


EDITED = notification("Leads", "update", _FIRST, _SECOND)
CONTACT = notification("Contacts", "update", _FIRST)
DEAL = notification("Deals", "update", _FIRST)
DELETED = notification("Contacts", "delete", _FIRST)


def delivered(payload: object) -> Delivery:
    url = "https://outreach.example.com/webhooks/zoho"
    body = json.dumps(payload).encode()
    return Delivery(connection="zoho", method="POST", url=url, headers={}, body=body, received_at=NOW)


def zoho(**options: Any) -> Zoho:
    return Zoho(Options(token=TOKEN, **options))


class TestZohoNotifications(ReceiverContract):
    secrets = (TOKEN,)

    def receiver(self) -> Zoho:
        return zoho()

    def receiver_in_rotation(self) -> Zoho:
        return Zoho(Options(token="another", tokens=(TOKEN,)))

    def deliveries(self) -> Sequence[Delivery]:
        return tuple(map(delivered, (EDITED, CONTACT, DEAL, DELETED)))

    def unknown(self) -> Delivery:
        return delivered(notification("Products", "update", _FIRST))

    def events_in(self, delivery: Delivery) -> int:
        return len(json.loads(delivery.body)["ids"])


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (CONTACT, CrmNews(crm="zoho", change=Change.HINT, person_id=f"Contacts/{_FIRST}")),
        (DEAL, CrmNews(crm="zoho", change=Change.HINT, deal_id=_FIRST)),
        (DELETED, CrmNews(crm="zoho", change=Change.DELETED, person_id=f"Contacts/{_FIRST}")),
    ],
)
def test_every_notification_is_news_in_our_words(payload: dict[str, Any], expected: CrmNews) -> None:
    [event] = zoho().parse(delivered(payload))

    assert news_from(event.data) == expected


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"{}", b'{"token": null}', b'{"token": "channel-token-sampl"}', b'{"token": "\\u0000"}']
)
def test_a_delivery_without_the_token_is_rejected(body: bytes) -> None:
    with pytest.raises(WebhookRejected):
        zoho().verify(replace(delivered(EDITED), body=body), now=NOW)


def test_no_key_tells_the_token() -> None:
    other = {**EDITED, "token": "another"}

    assert [one.key for one in zoho().parse(delivered(EDITED))] == [one.key for one in zoho().parse(delivered(other))]


def test_the_connection_may_have_another_name() -> None:
    [event] = zoho(crm="sales").parse(delivered(CONTACT))

    assert news_from(event.data).crm == "sales"


def test_a_connection_without_proof_is_refused_when_it_is_read() -> None:
    with pytest.raises(ValueError, match="token"):
        Options()
