"""A Trello board as the CRM, both ways: a reply becomes a card, and what people do to the card has its effect here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from outreach.crm import Selection
from outreach.receivers.hmac_proof import base64_mac
from outreach.sandbox.http_host import HttpHost
from outreach.sandbox.trello_server import BOARD, KEY, LISTS, TOKEN, FakeTrello
from outreach.services.crm.import_from_crm import Order, import_from_crm
from outreach.testing.field import FILES, Field
from tests.services.conftest import MakeField

HOOK_SECRET = "trello-hook-sample"
ADDRESS = "http://127.0.0.1:8080/webhooks/board"
CRM = f"""
board:
  use: trello
  key: {KEY}
  token: {TOKEN}
  board: {BOARD}
  base_url: "%s/1"
  status: {{property: Outreach status, values: {{responded: Responded}}}}
  stages: {{default: {{responded: Talking, won: Won}}}}
  when: {{reply: [person, log_reply, status, stage, tags], unsubscribe: [do_not_contact]}}
"""
HOOK = f"  board: {{use: trello, secret: {HOOK_SECRET}}}\n"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def trello() -> FakeTrello:
    return FakeTrello()


@pytest.fixture
def field(make_field: MakeField, trello: FakeTrello) -> Iterator[Field]:
    host = HttpHost(trello.served(), name="trello")
    host.start()
    outreach = FILES["config/outreach.yaml"] + HOOK
    yield make_field({"config/crm.yaml": CRM % host.url, "config/outreach.yaml": outreach})
    host.stop()


def replied(field: Field) -> str:
    lead_id = field.add_lead("ayse@example.com", first_name="Ayşe")
    field.enroll()
    field.settle()
    field.reply("ayse@example.com", text="Sounds good, call me")
    field.settle()
    field.sync()
    return lead_id


def tell(field: Field, kind: str, data: dict[str, Any]) -> None:
    """As Trello would, signed for the address it was registered with."""
    action = {"id": "5abbe4b7ddc1b351ef961499", "type": kind, "date": field.clock.now().isoformat(), "data": data}
    body = json.dumps({"action": action, "model": {"id": BOARD}}).encode()
    headers = {"x-trello-webhook": base64_mac(HOOK_SECRET, body + ADDRESS.encode(), "sha1")}
    field.app.intake.accept("board", method="POST", url=ADDRESS, headers=headers, body=body)
    field.settle()


def test_a_reply_becomes_a_card_with_its_words_its_status_and_its_list(field: Field, trello: FakeTrello) -> None:
    replied(field)
    field.sync()

    [card] = trello.cards.values()
    [(_, comment)] = card.comments
    assert card.name == "Ayşe (ayse@example.com)"
    assert "Sounds good, call me" in comment
    assert LISTS[card.list_id] == "Talking"
    assert [one["idValue"] for one in card.values.values()] == ["5c0000000000000000000001"]


def test_a_label_on_the_card_opts_the_person_out(field: Field, trello: FakeTrello) -> None:
    lead_id = replied(field)
    [card] = trello.cards

    tell(field, "addLabelToCard", {"card": {"id": card}, "label": {"name": "Do not contact"}})

    assert field.lead(lead_id)["status"] == "do_not_contact"


def test_a_card_that_is_moved_moves_the_lead(field: Field, trello: FakeTrello) -> None:
    lead_id = replied(field)
    [card] = trello.cards
    field.clock.advance(timedelta(minutes=5))

    tell(field, "updateCard", {"card": {"id": card}, "listBefore": {"name": "Talking"}, "listAfter": {"name": "Won"}})

    assert field.lead(lead_id)["stage"] == "won"
    assert field.lead(lead_id)["status"] == "customer"


def test_trello_asks_for_the_address_and_is_answered(field: Field) -> None:
    accepted = field.app.intake.accept("board", method="HEAD", url=ADDRESS, headers={}, body=b"")

    assert accepted.answer is not None
    assert accepted.status == 200


def test_the_cards_of_a_list_become_leads(field: Field, trello: FakeTrello) -> None:
    for number in range(30):
        trello.add(f"Person {number} (p{number}@example.com)", list_id="5f0000000000000000000002" if number % 2 else "")
    pipeline = field.app.workspace.pipelines["default"]
    order = Order(by=Selection.STAGE, value="Talking")

    done = field.loop.run_until_complete(
        import_from_crm(field.engine, field.app.crms["board"], order, pipeline=pipeline)
    )

    assert (done.read, done.imported) == (15, 15)
