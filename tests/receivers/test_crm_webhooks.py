"""Webhooks of Trello, ClinchPad and La Growth Machine: proved by what each has, understood as news of a CRM."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from outreach.domain.crm_news import Change, CrmNews, news_from
from outreach.domain.event import EventKind
from outreach.errors import WebhookRejected
from outreach.receiver import Answer, Delivery
from outreach.receivers import clinchpad, lagrowthmachine, trello
from outreach.receivers.hmac_proof import base64_mac
from outreach.testing.receiver import NOW, ReceiverContract

SECRET = "sample-secret-of-a-webhook"
HOOKS = "https://outreach.example.com/webhooks"
CARD = "5abbe4b7ddc1b351ef961415"
LEAD = "52cfa124cce8b4d113000056"
MOVE = {"card": {"id": CARD, "name": "Ayşe"}, "listBefore": {"name": "New"}, "listAfter": {"name": "Talking"}}


def action(kind: str, data: dict[str, Any], number: int = 14, by: str = "5e01") -> dict[str, Any]:
    return {
        "action": {
            "id": f"5abbe4b7ddc1b351ef9614{number}",
            "type": kind,
            "date": "2026-11-21T11:00:00.000Z",
            "data": data,
            "memberCreator": {"id": by, "username": "anna"},
        },
        "model": {"id": "5abbe4b7ddc1b351ef961400"},
    }


def from_trello(payload: object, *, secret: str = SECRET, method: str = "POST") -> Delivery:
    body, url = json.dumps(payload).encode(), f"{HOOKS}/trello"
    headers = {"x-trello-webhook": base64_mac(secret, body + url.encode(), "sha1")}
    return Delivery(connection="trello", method=method, url=url, headers=headers, body=body, received_at=NOW)


def from_clinchpad(kind: str, *, key: str = SECRET, number: int = 5) -> Delivery:
    payload = {
        "activity": {"_id": f"52cfbf76cce8b40f0f00000{number}", "type": kind, "created_at": "2026-11-21T11:00:00Z"},
        "lead": {"_id": LEAD, "name": "Ayşe", "stage": {"_id": "52cf8c0bcce8b4c37500000c", "name": "Offer"}},
        "handshake_key": key,
    }
    body, url = json.dumps(payload).encode(), f"{HOOKS}/clinchpad"
    return Delivery(connection="clinchpad", method="POST", url=url, headers={}, body=body, received_at=NOW)


def from_lgm(payload: object, *, secret: str = SECRET) -> Delivery:
    url = f"{HOOKS}/lgm?secret={secret}"
    body = json.dumps(payload).encode()
    return Delivery(connection="lgm", method="POST", url=url, headers={}, body=body, received_at=NOW)


def news_of(receiver: Any, delivery: Delivery) -> CrmNews:
    [event] = receiver.parse(delivery)
    assert event.kind is EventKind.CHANGED
    return news_from(event.data)


class TestTrelloWebhooks(ReceiverContract):
    secrets = (SECRET,)
    proof_headers = ("x-trello-webhook",)
    signs_the_body = True

    def receiver(self) -> trello.Trello:
        return trello.Trello(trello.Options(secret=SECRET))

    def receiver_in_rotation(self) -> trello.Trello:
        return trello.Trello(trello.Options(secret="another", secrets=(SECRET,)))

    def deliveries(self) -> Sequence[Delivery]:
        return (
            from_trello(action("updateCard", MOVE)),
            from_trello(action("deleteCard", {"card": {"id": CARD}}, 15)),
            from_trello(action("addMemberToCard", {"card": {"id": CARD}}, 16)),
        )

    def unknown(self) -> Delivery:
        return from_trello(action("updateBoard", {"board": {"id": CARD}}))

    def events_in(self, delivery: Delivery) -> int:
        return 1

    def test_the_signature_is_the_one_of_the_vector(self) -> None:
        """Computed apart: body, then the address, under the key `trello-secret`."""
        body = (
            b'{"action":{"id":"5abbe4b7ddc1b351ef961414","type":"updateCard"},'
            b'"model":{"id":"5abbe4b7ddc1b351ef961415"}}'
        )
        headers = {"x-trello-webhook": "R8NSLEYDa4j3F9itPNKChCf1b4o="}
        url = "https://hooks.example.test/crm/trello"
        delivery = Delivery(connection="t", method="POST", url=url, headers=headers, body=body, received_at=NOW)

        trello.Trello(trello.Options(secret="trello-secret")).verify(delivery, now=NOW)

    def test_a_head_is_answered_and_never_stored(self) -> None:
        head = Delivery(connection="t", method="HEAD", url=HOOKS, headers={}, body=b"", received_at=NOW)

        self.receiver().verify(head, now=NOW)

        assert self.receiver().answer(head) == Answer(status=200)
        assert self.receiver().answer(self.deliveries()[0]) is None

    def test_another_address_than_the_registered_one_is_refused(self) -> None:
        moved = replace(self.deliveries()[0], url=f"{HOOKS}/elsewhere")

        with pytest.raises(WebhookRejected):
            self.receiver().verify(moved, now=NOW)

    @pytest.mark.parametrize(
        ("kind", "data", "expected"),
        [
            ("updateCard", MOVE, CrmNews(crm="trello", change=Change.STAGE, person_id=CARD, value="Talking")),
            ("deleteCard", {"card": {"id": CARD}}, CrmNews(crm="trello", change=Change.DELETED, person_id=CARD)),
            (
                "addLabelToCard",
                {"card": {"id": CARD}, "label": {"name": "Do not contact"}},
                CrmNews(crm="trello", change=Change.DO_NOT_CONTACT, person_id=CARD),
            ),
            (
                "addLabelToCard",
                {"card": {"id": CARD}, "label": {"name": "warm"}},
                CrmNews(crm="trello", change=Change.HINT, person_id=CARD),
            ),
            (
                "updateCustomFieldItem",
                {"card": {"id": CARD}},
                CrmNews(crm="trello", change=Change.HINT, person_id=CARD),
            ),
        ],
    )
    def test_what_was_done_is_told(self, kind: str, data: dict[str, Any], expected: CrmNews) -> None:
        assert news_of(self.receiver(), from_trello(action(kind, data))) == expected

    def test_what_our_own_token_did_is_no_news(self) -> None:
        receiver = trello.Trello(trello.Options(secret=SECRET, member_id="5e09"))

        [event] = receiver.parse(from_trello(action("updateCard", MOVE, by="5e09")))

        assert event.kind is EventKind.OWN

    def test_an_action_has_the_same_key_however_often_it_is_sent(self) -> None:
        first, second = (from_trello(action("updateCard", MOVE) | {"attempt": number}) for number in (1, 2))

        assert self.receiver().parse(first)[0].key == self.receiver().parse(second)[0].key


class TestClinchPadWebhooks(ReceiverContract):
    secrets = (SECRET,)

    def receiver(self) -> clinchpad.ClinchPad:
        return clinchpad.ClinchPad(clinchpad.Options(secret=SECRET))

    def receiver_in_rotation(self) -> clinchpad.ClinchPad:
        return clinchpad.ClinchPad(clinchpad.Options(secret="another", secrets=(SECRET,)))

    def deliveries(self) -> Sequence[Delivery]:
        return (from_clinchpad("lead:moved"), from_clinchpad("lead:created", number=6))

    def unknown(self) -> Delivery:
        return from_clinchpad("note:created")

    def events_in(self, delivery: Delivery) -> int:
        return 1

    @pytest.mark.parametrize("key", ["", "wrong", f"{SECRET}x"])
    def test_another_handshake_key_is_refused(self, key: str) -> None:
        with pytest.raises(WebhookRejected):
            self.receiver().verify(from_clinchpad("lead:moved", key=key), now=NOW)

    @pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff\xfe", b"[" * 100_000])
    def test_a_body_that_cannot_be_read_proves_nothing(self, body: bytes) -> None:
        with pytest.raises(WebhookRejected):
            self.receiver().verify(replace(from_clinchpad("lead:moved"), body=body), now=NOW)

    def test_a_move_names_the_lead_and_its_stage_and_the_rest_is_read(self) -> None:
        moved = news_of(self.receiver(), from_clinchpad("lead:moved"))
        changed = news_of(self.receiver(), from_clinchpad("lead:updated"))

        assert moved == CrmNews(crm="clinchpad", change=Change.STAGE, deal_id=LEAD, value="Offer")
        assert changed == CrmNews(crm="clinchpad", change=Change.HINT, deal_id=LEAD)


REPLY = {
    "type": "INBOX_EVENT",
    "messageDirection": "RECEIVED",
    "messageId": "m-1",
    "createdAt": "2026-11-21T11:00:00Z",
    "channel": "LINKEDIN",
    "lead": {"id": LEAD, "proEmail": "ayse@example.com", "linkedinUrl": "https://www.linkedin.com/in/ayse"},
    "message": "Sounds good, call me",
}


class TestLaGrowthMachineWebhooks(ReceiverContract):
    secrets = (SECRET,)

    def receiver(self) -> lagrowthmachine.LaGrowthMachine:
        return lagrowthmachine.LaGrowthMachine(lagrowthmachine.Options(secret=SECRET))

    def receiver_in_rotation(self) -> lagrowthmachine.LaGrowthMachine:
        return lagrowthmachine.LaGrowthMachine(lagrowthmachine.Options(secret="another", secrets=(SECRET,)))

    def deliveries(self) -> Sequence[Delivery]:
        return (
            from_lgm(REPLY),
            from_lgm(REPLY | {"messageDirection": "SENT", "messageId": "m-2"}),
            from_lgm({"lead_id": LEAD, "event": "something"}),
        )

    def unknown(self) -> Delivery:
        return from_lgm({"hello": "world"})

    def events_in(self, delivery: Delivery) -> int:
        return 1

    @pytest.mark.parametrize("secret", ["", "wrong"])
    def test_another_secret_in_the_address_is_refused(self, secret: str) -> None:
        with pytest.raises(WebhookRejected):
            self.receiver().verify(from_lgm(REPLY, secret=secret), now=NOW)

    def test_a_message_that_came_in_is_a_reply_of_the_lead(self) -> None:
        [event] = self.receiver().parse(from_lgm(REPLY))

        assert (event.kind, event.channel, event.text) == (EventKind.REPLIED, "linkedin", "Sounds good, call me")
        assert event.at == datetime(2026, 11, 21, 11, 0, tzinfo=UTC)
        assert ("crm:lgm", LEAD) in event.clues.addresses
        assert ("email", "ayse@example.com") in event.clues.addresses

    def test_our_own_message_is_no_reply(self) -> None:
        [event] = self.receiver().parse(from_lgm(REPLY | {"messageDirection": "OUTGOING"}))

        assert event.kind is EventKind.OWN

    @pytest.mark.parametrize("direction", ["", "both", "sent received"])
    def test_a_message_whose_direction_is_not_told_is_looked_up(self, direction: str) -> None:
        news = news_of(self.receiver(), from_lgm(REPLY | {"messageDirection": direction}))

        assert news == CrmNews(crm="lgm", change=Change.HINT, person_id=LEAD)

    def test_the_names_in_the_body_may_be_others(self) -> None:
        options = lagrowthmachine.Options(secret=SECRET, text_names=("said",), direction_names=("way",))
        body = {"way": "in", "said": "Yes", "leadId": LEAD}

        [event] = lagrowthmachine.LaGrowthMachine(options).parse(from_lgm(body))

        assert (event.kind, event.text) == (EventKind.REPLIED, "Yes")


@pytest.mark.parametrize("options", [trello.Options, clinchpad.Options, lagrowthmachine.Options])
def test_a_receiver_without_a_secret_is_refused(options: Any) -> None:
    with pytest.raises(ValueError, match="needs `secret`"):
        options()
