"""HubSpot webhooks: signed arrays of changes become news of the CRM connection."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from outreach.domain.crm_news import Change, CrmNews, news_from
from outreach.domain.event import EventKind
from outreach.errors import WebhookRejected
from outreach.receiver import Delivery
from outreach.receivers.hubspot import HubSpot, Options
from outreach.testing.receiver import NOW, ReceiverContract

SECRET = "hs-sample-secret"
URL = "https://outreach.example.com/webhooks/hubspot"
STATUS = {
    "eventId": 1,
    "subscriptionId": 2,
    "portalId": 4711,
    "appId": 4,
    "occurredAt": 1795000000000,
    "attemptNumber": 0,
    "subscriptionType": "contact.propertyChange",
    "objectId": 7,
    "propertyName": "hs_lead_status",
    "propertyValue": "OPEN",
    "changeSource": "CRM_UI",
}
OPT_OUT = {**STATUS, "eventId": 2, "propertyName": "hs_email_optout", "propertyValue": "true"}
OWNER = {**STATUS, "eventId": 3, "propertyName": "hubspot_owner_id", "propertyValue": "78"}
MOVED = {**STATUS, "subscriptionType": "deal.propertyChange", "objectId": 9, "propertyName": "dealstage"}
DELETED = {"eventId": 5, "subscriptionType": "contact.deletion", "objectId": 7, "occurredAt": 1795000000000}
MERGED = {
    "eventId": 6,
    "subscriptionType": "contact.merge",
    "objectId": 8,
    "primaryObjectId": 8,
    "mergedObjectIds": [7, 6],
    "occurredAt": 1795000000000,
}


def delivered(payload: object, *, secret: str = SECRET, at: datetime = NOW) -> Delivery:
    body = json.dumps(payload).encode()
    stamp = str(int(at.timestamp() * 1000))
    signed = b"POST" + URL.encode() + body + stamp.encode()
    signature = base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()
    headers = {"x-hubspot-signature-v3": signature, "x-hubspot-request-timestamp": stamp}
    return Delivery(connection="hubspot", method="POST", url=URL, headers=headers, body=body, received_at=NOW)


def hubspot(**options: Any) -> HubSpot:
    return HubSpot(Options(secret=SECRET, **options))


def news(payload: dict[str, object], **options: str) -> list[CrmNews]:
    events = hubspot(**options).parse(delivered([payload]))
    return [news_from(event.data) for event in events if event.kind is EventKind.CHANGED]


class TestHubSpotWebhooks(ReceiverContract):
    proof_headers = ("x-hubspot-signature-v3", "x-hubspot-request-timestamp")
    secrets = (SECRET,)
    signs_the_body = True

    def receiver(self) -> HubSpot:
        return hubspot()

    def receiver_in_rotation(self) -> HubSpot:
        return HubSpot(Options(secret="another-secret", secrets=(SECRET,)))

    def deliveries(self) -> Sequence[Delivery]:
        return (
            delivered([STATUS]),
            delivered([OPT_OUT, OWNER, {**OPT_OUT, "objectId": 8}]),
            delivered([MOVED]),
            delivered([DELETED]),
            delivered([MERGED]),
        )

    def unknown(self) -> Delivery:
        return delivered([{"eventId": 9, "subscriptionType": "ticket.creation", "objectId": 1}])

    def events_in(self, delivery: Delivery) -> int:
        changes = json.loads(delivery.body)
        return sum(len(change.get("mergedObjectIds", [1])) for change in changes)


def test_the_published_example_of_the_signature_passes() -> None:
    """Computed once, by hand, from the rule: method, address, body and milliseconds under the key `hs-secret`."""
    body = (
        b'[{"eventId":1,"subscriptionType":"contact.propertyChange","objectId":7,'
        b'"propertyName":"hs_lead_status","propertyValue":"OPEN"}]'
    )
    headers = {
        "x-hubspot-signature-v3": "T94zhCD8Zn8NzATcd6UNkggCxH775d9f/dJmUahMZ/k=",
        "x-hubspot-request-timestamp": "1795000000000",
    }
    at = datetime.fromtimestamp(1795000000, UTC)
    address = "https://hooks.example.test/crm/hubspot"
    delivery = Delivery(connection="h", method="POST", url=address, headers=headers, body=body, received_at=at)

    HubSpot(Options(secret="hs-secret")).verify(delivery, now=at)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_delivery_of_another_time_is_refused(minutes: int) -> None:
    delivery = delivered([STATUS], at=NOW + timedelta(minutes=minutes))

    with pytest.raises(WebhookRejected, match="five minutes"):
        hubspot().verify(delivery, now=NOW)


def test_a_delivery_to_another_address_is_refused() -> None:
    with pytest.raises(WebhookRejected):
        hubspot().verify(replace(delivered([STATUS]), url=URL + "2"), now=NOW)


def test_a_status_comes_with_its_value_and_names_the_record() -> None:
    [event] = hubspot().parse(delivered([STATUS]))

    assert (event.kind, event.reason) == (EventKind.CHANGED, "status")
    assert news_from(event.data) == CrmNews(crm="hubspot", change=Change.STATUS, person_id="7", value="OPEN")
    assert event.clues.addresses == (("crm:hubspot", "7"),)


def test_an_opt_out_is_one_by_either_property() -> None:
    own = {**OPT_OUT, "propertyName": "outreach_opt_out"}

    assert [each.change for each in news(OPT_OUT)] == [Change.DO_NOT_CONTACT]
    assert [each.change for each in news(own, do_not_contact_property="outreach_opt_out")] == [Change.DO_NOT_CONTACT]
    assert [each.change for each in news({**OPT_OUT, "propertyValue": "false"})] == [Change.HINT]


def test_owner_and_deal_stage_have_to_be_read() -> None:
    assert news(OWNER) == [CrmNews(crm="hubspot", change=Change.HINT, person_id="7")]
    assert news(MOVED) == [CrmNews(crm="hubspot", change=Change.HINT, deal_id="9")]


def test_deletions_differ_by_why() -> None:
    assert news(DELETED)[0].change is Change.DELETED
    assert news({**DELETED, "subscriptionType": "contact.privacyDeletion"})[0].change is Change.ERASED


def test_everybody_who_was_merged_away_is_named_with_the_survivor() -> None:
    assert [(each.person_id, each.value) for each in news(MERGED)] == [("7", "8"), ("6", "8")]
    assert [(each.person_id, each.value) for each in news({**MERGED, "newObjectId": 10})] == [
        ("7", "10"),
        ("6", "10"),
        ("8", "10"),
    ]


def test_what_our_own_app_did_is_no_news() -> None:
    [event] = hubspot(app_id="4").parse(delivered([{**STATUS, "sourceId": "4"}]))

    assert event.kind is EventKind.OWN


def test_the_connection_may_have_another_name_than_the_webhook() -> None:
    assert news(STATUS, crm="sales")[0].crm == "sales"


def test_a_repeated_attempt_is_the_same_event() -> None:
    [first] = hubspot().parse(delivered([STATUS]))
    [second] = hubspot().parse(delivered([{**STATUS, "attemptNumber": 3}]))

    assert first.key == second.key
