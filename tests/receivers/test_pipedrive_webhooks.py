"""Pipedrive webhooks: one change each, proved by user and password, become news of the CRM connection."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

import pytest

from outreach.domain.crm_news import Change, CrmNews, news_from
from outreach.domain.event import EventKind
from outreach.receiver import Delivery
from outreach.receivers.pipedrive import Options, Pipedrive
from outreach.testing.receiver import NOW, ReceiverContract

PASSWORD = "hook-password-sample"
_META = {
    "id": "0f1c2d3e-0001",
    "action": "change",
    "entity": "deal",
    "entity_id": "9",
    "company_id": "1",
    "user_id": "7",
    "timestamp": "2026-11-21T09:30:00.000Z",
    "attempt": 1,
    "change_source": "app",
    "version": "2.0",
}
_DEAL = {"id": 9, "person_id": 5, "status": "open", "stage_id": 12, "value": 1200.5}


def change(entity: str, data: dict[str, Any], previous: dict[str, Any], **meta: Any) -> dict[str, Any]:
    return {"meta": {**_META, "entity": entity, **meta}, "data": data, "previous": previous}


MOVED = change("deal", _DEAL, {"stage_id": 11})
WON = change("deal", {**_DEAL, "status": "won"}, {"status": "open"}, id="2")
LOST = change("deal", {**_DEAL, "status": "lost", "person_id": None, "value": 0}, {"status": "open"}, id="3")
RENAMED = change("deal", _DEAL, {"title": "x"}, id="4")
LABELLED = change("person", {"id": 5, "label_ids": [4]}, {"label_ids": []}, entity_id="5", id="5")
OPTED_OUT = change(
    "person", {"id": 5, "marketing_status": "unsubscribed"}, {"marketing_status": "subscribed"}, entity_id="5", id="6"
)
DELETED = {
    "meta": {**_META, "entity": "person", "action": "delete", "entity_id": "5", "id": "7"},
    "previous": {"id": 5},
}
DEAL_DELETED = {"meta": {**_META, "action": "delete", "id": "8"}, "previous": {"id": 9}}


def delivered(payload: object, *, password: str = PASSWORD) -> Delivery:
    headers = {"authorization": "Basic " + base64.b64encode(f"hook:{password}".encode()).decode()}
    url = "https://outreach.example.com/webhooks/pipedrive"
    body = json.dumps(payload).encode()
    return Delivery(connection="pipedrive", method="POST", url=url, headers=headers, body=body, received_at=NOW)


def pipedrive(**options: Any) -> Pipedrive:
    return Pipedrive(Options(user="hook", password=PASSWORD, **options))


class TestPipedriveWebhooks(ReceiverContract):
    proof_headers = ("authorization",)
    secrets = (PASSWORD,)

    def receiver(self) -> Pipedrive:
        return pipedrive()

    def receiver_in_rotation(self) -> Pipedrive:
        return Pipedrive(Options(user="hook", password="another", passwords=(PASSWORD,)))

    def deliveries(self) -> Sequence[Delivery]:
        return tuple(map(delivered, (MOVED, WON, LOST, RENAMED, LABELLED, OPTED_OUT, DELETED, DEAL_DELETED)))

    def unknown(self) -> Delivery:
        return delivered(change("product", {"id": 1}, {}, action="create"))

    def events_in(self, delivery: Delivery) -> int:
        return 1


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (MOVED, CrmNews(crm="pipedrive", change=Change.STAGE, person_id="5", value="12")),
        (WON, CrmNews(crm="pipedrive", change=Change.WON, person_id="5", value="1200.5")),
        (LOST, CrmNews(crm="pipedrive", change=Change.LOST, deal_id="9")),
        (RENAMED, CrmNews(crm="pipedrive", change=Change.HINT, person_id="5")),
        (LABELLED, CrmNews(crm="pipedrive", change=Change.HINT, person_id="5")),
        (OPTED_OUT, CrmNews(crm="pipedrive", change=Change.DO_NOT_CONTACT, person_id="5")),
        (DELETED, CrmNews(crm="pipedrive", change=Change.DELETED, person_id="5")),
        (DEAL_DELETED, CrmNews(crm="pipedrive", change=Change.HINT, deal_id="9")),
    ],
)
def test_every_change_is_news_in_our_words(payload: dict[str, Any], expected: CrmNews) -> None:
    [event] = pipedrive().parse(delivered(payload))

    assert news_from(event.data) == expected


def test_a_repeated_delivery_has_the_same_keys() -> None:
    again = {**MOVED, "meta": {**MOVED["meta"], "attempt": 3}}
    first, second = delivered(MOVED), delivered(again)

    assert pipedrive().key(first) == pipedrive().key(second)
    assert pipedrive().parse(first)[0].key == pipedrive().parse(second)[0].key


def test_our_own_changes_are_no_news() -> None:
    ours = {**MOVED, "meta": {**MOVED["meta"], "change_source": "api"}}

    [event] = pipedrive(user_id="7").parse(delivered(ours))
    [other] = pipedrive(user_id="8").parse(delivered(ours))

    assert (event.kind, other.kind) == (EventKind.OWN, EventKind.CHANGED)


def test_the_connection_may_have_another_name() -> None:
    [event] = pipedrive(crm="sales").parse(delivered(MOVED))

    assert news_from(event.data).crm == "sales"
    assert event.clues.addresses == (("crm:sales", "5"),)


@pytest.mark.parametrize("wrong", [{"user": ""}, {"user": "a"}])
def test_a_connection_without_proof_is_refused_when_it_is_read(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="password"):
        Options(**wrong)
