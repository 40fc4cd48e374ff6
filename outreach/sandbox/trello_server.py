"""A stand-in of Trello: one board, of which it keeps the state. Parameters are those of the published API description.

What is made through the API is not in the search index before `index()`, as the real one lags.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from outreach.sandbox.described import Description
from outreach.sandbox.stand_in import Refusal, StandIn, parts_of
from outreach.sandbox.trello_requests import DESCRIPTION

KEY = "0471642aefef5fa1fa76530ce1ba4c85"  # sample data, as are all of these
TOKEN = "ATTAsample0123456789"  # noqa: S105
BOARD = "5abbe4b7ddc1b351ef961414"
ELSEWHERE = "5abbe4b7ddc1b351ef9614ff"
LISTS = {"5f0000000000000000000001": "New", "5f0000000000000000000002": "Talking", "5f0000000000000000000003": "Won"}
MEMBERS = {"5e0000000000000000000001": "anna", "5e0000000000000000000002": "deniz"}
_STATUSES = {"5c0000000000000000000001": "Responded", "5c0000000000000000000002": "Not interested"}
FIELDS = {
    "5d0000000000000000000001": ("Title", "text", {}),
    "5d0000000000000000000002": ("Outreach status", "list", _STATUSES),
    "5d0000000000000000000003": ("Value", "number", {}),
    "5d0000000000000000000004": ("Done", "checkbox", {}),
    "5d0000000000000000000005": ("Since", "date", {}),
}
_START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass(slots=True)
class Card:
    id: str
    name: str
    desc: str
    list_id: str
    board: str = BOARD
    closed: bool = False
    labels: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    comments: list[tuple[str, str]] = field(default_factory=list)  # (action id, text), oldest first
    changed_at: datetime = _START


@dataclass
class FakeTrello(StandIn):
    """`cards` by id; `move`, `archive` and the like are what a person does on the board."""

    cards: dict[str, Card] = field(default_factory=dict)
    labels: dict[str, tuple[str, str]] = field(default_factory=dict)
    actions: list[dict[str, Any]] = field(default_factory=list)  # oldest first
    indexed: set[str] = field(default_factory=set)
    is_list_reply: bool = False  # search answers as its description says, not as the service does
    now: datetime = _START

    def fresh_id(self) -> str:
        return f"{int(self.now.timestamp()):08x}{next(self.numbers):016x}"

    def add(self, name: str, desc: str = "", list_id: str = "", *, is_indexed: bool = True) -> Card:
        """As if typed in; `is_indexed` False: as if it had been made just now."""
        made = Card(self.fresh_id(), name, desc, list_id or next(iter(LISTS)), changed_at=self.now)
        self.cards[made.id] = made
        self.indexed |= {made.id} if is_indexed else set()
        self.note("createCard", made)
        return made

    def note(self, kind: str, card: Card, **data: Any) -> str:
        """An action of the board; the card was touched by it."""
        card.changed_at = self.now
        shown = {"card": {"id": card.id, "name": card.name}, "board": {"id": BOARD}} | data
        action = {"id": self.fresh_id(), "type": kind, "date": _text(self.now), "data": shown}
        self.actions.append(action)
        return str(action["id"])

    def delete(self, card_id: str) -> None:
        self.note("deleteCard", self.cards.pop(card_id))

    def move(self, card_id: str, list_id: str) -> None:
        self.cards[card_id].list_id = list_id
        self.note("updateCard", self.cards[card_id])

    def label(self, name: str) -> str:
        """The id of the label of that name, made if it is missing."""
        known = [label_id for label_id, (each, _) in self.labels.items() if each == name]
        if not known:
            known = [self.fresh_id()]
            self.labels[known[0]] = (name, "sky")
        return known[0]

    def index(self) -> None:
        """The search index has caught up."""
        self.indexed = set(self.cards)

    @property
    def description(self) -> Description:
        return DESCRIPTION

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get("authorization") != f'OAuth oauth_consumer_key="{KEY}", oauth_token="{TOKEN}"':
            raise Refusal(401, "invalid key")
        parts = parts_of(request, base="/1")
        body = self._reading(request, parts) if request.method == "GET" else self._writing(request, parts)
        return httpx.Response(200, json=body)

    def _reading(self, request: httpx.Request, parts: list[str]) -> Any:
        match parts:
            case ["members", "me"]:
                return {"id": "5e0000000000000000000009", "username": "outreach_bot"}
            case ["search"]:
                return self._search(request)
            case ["boards", board, *rest]:
                if board not in (BOARD, "aBcD1234"):
                    raise Refusal(404, "The requested resource was not found.")
                return self._board(request, rest)
            case ["cards", card_id]:
                shown = dict(request.url.params)
                return _shown(self._card(card_id), with_items=shown.get("customFieldItems") == "true")
            case ["cards", card_id, "actions"]:
                return self._comments(request, self._card(card_id))
        raise Refusal(404, f"Cannot GET {'/'.join(parts)}")

    def _board(self, request: httpx.Request, rest: list[str]) -> Any:
        match rest:
            case []:
                return {"id": BOARD, "name": "Sales", "url": "https://trello.example/b/aBcD1234"}
            case ["lists"]:
                params = dict(request.url.params)
                return self._lists(with_cards=params.get("cards") == "open")
            case ["customFields"]:
                return [_field(field_id, *each) for field_id, each in FIELDS.items()]
            case ["members"]:
                return [{"id": one, "fullName": name.title(), "username": name} for one, name in MEMBERS.items()]
            case ["labels"]:
                return [{"id": one, "name": name, "color": color} for one, (name, color) in self.labels.items()]
            case ["actions"]:
                return self._actions(request)
        raise Refusal(404, "Cannot GET the board's " + "/".join(rest))

    def _lists(self, *, with_cards: bool) -> list[dict[str, Any]]:
        shown = [{"id": one, "name": name, "pos": 16384 * number} for number, (one, name) in enumerate(LISTS.items())]
        for each in shown if with_cards else []:
            here = [card for card in self._open() if card.list_id == each["id"]]
            each["cards"] = [{"id": card.id} for card in here]
        return shown[::-1]  # in no order one could rely on

    def _open(self) -> list[Card]:
        return [card for card in self.cards.values() if card.board == BOARD and not card.closed]

    def _actions(self, request: httpx.Request) -> list[dict[str, Any]]:
        params = dict(request.url.params)
        kinds = params["filter"].split(",") if "filter" in params else None
        since = datetime.fromisoformat(params["since"]) if "since" in params else None
        found = [
            action
            for action in reversed(self.actions)
            if (kinds is None or action["type"] in kinds)
            and (since is None or datetime.fromisoformat(action["date"]) >= since)
            and ("before" not in params or action["id"] < params["before"])
        ]
        return found[: int(params.get("limit", "50"))]

    def _comments(self, request: httpx.Request, card: Card) -> list[dict[str, Any]]:
        params = dict(request.url.params)
        if params.get("filter") != "commentCard":
            raise Refusal(400, "invalid value for filter")
        start = 50 * int(params.get("page", "0"))
        newest = card.comments[::-1][start : start + 50]
        return [{"id": one, "type": "commentCard", "data": {"text": text}} for one, text in newest]

    def _search(self, request: httpx.Request) -> Any:
        params = dict(request.url.params)
        if params.get("modelTypes") != "cards" or params.get("idBoards") != BOARD:
            raise Refusal(400, "invalid value for idBoards")
        words = _words(params["query"])
        known = [self.cards[one] for one in sorted(self.indexed & set(self.cards))]
        hits = [card for card in known if words <= _words(f"{card.name} {card.desc}")]
        cards = [_shown(card) for card in hits[: int(params.get("cards_limit", "10"))]]
        return cards if self.is_list_reply else {"cards": cards, "options": {"terms": [], "modelTypes": ["cards"]}}

    def _writing(self, request: httpx.Request, parts: list[str]) -> Any:
        match (request.method, *parts):
            case ("POST", "cards"):
                params = dict(request.url.params)
                self._prove_list(params["idList"])
                desc = params.get("desc", "")
                return _shown(self.add(params.get("name", ""), desc, params["idList"], is_indexed=False))
            case ("POST", "labels"):
                params = dict(request.url.params)
                _require(params["idBoard"] == BOARD, "invalid value for idBoard")
                return {"id": self.label(params["name"])}
            case ("DELETE", "cards", card_id):
                self.delete(self._card(card_id).id)
                return {"limits": {}}
            case ("PUT", "cards", card_id):
                return self._update(request, self._card(card_id))
            case ("POST", "cards", card_id, "actions", "comments"):
                return self._comment(request, self._card(card_id))
            case ("POST", "cards", card_id, "idLabels"):
                return self._attach(request, self._card(card_id), "labels", self.labels)
            case ("POST", "cards", card_id, "idMembers"):
                return self._attach(request, self._card(card_id), "members", MEMBERS)
            case ("PUT", "cards", card_id, "customField", field_id, "item"):
                return self._set(request, self._card(card_id), field_id)
        raise Refusal(404, f"Cannot {request.method} {'/'.join(parts)}")

    def _update(self, request: httpx.Request, card: Card) -> Any:
        params = dict(request.url.params)
        if "idList" in params:
            self._prove_list(params["idList"])
            card.list_id = params["idList"]
        card.name, card.desc = params.get("name", card.name), params.get("desc", card.desc)
        card.closed = params.get("closed", str(card.closed).lower()) == "true"
        self.note("updateCard", card)
        return _shown(card)

    def _comment(self, request: httpx.Request, card: Card) -> Any:
        text = request.url.params["text"]
        _require(0 < len(text) <= 16_384 and len(request.url.raw_path) < 8_000, "invalid value for text")
        card.comments.append((self.note("commentCard", card), text))
        return {"id": card.comments[-1][0], "type": "commentCard", "data": {"text": text}}

    def _attach(self, request: httpx.Request, card: Card, what: str, known: Collection[str]) -> Any:
        value = request.url.params["value"]
        there: list[str] = getattr(card, what)
        _require(value in known, f"invalid value for {what}")
        _require(value not in there, f"that {what} is already on the card")
        there.append(value)
        self.note("updateCard", card)
        return there

    def _set(self, request: httpx.Request, card: Card, field_id: str) -> Any:
        _require(field_id in FIELDS, "invalid id")
        _, kind, options = FIELDS[field_id]
        body = json.loads(request.content)
        if kind == "list":
            _require(set(body) == {"idValue"} and body["idValue"] in options, "invalid value for idValue")
        else:
            value = body.get("value")
            _require(isinstance(value, dict) and set(value) == {kind} and isinstance(value[kind], str), "invalid value")
        card.values[field_id] = body
        self.note("updateCustomFieldItem", card)
        return {"id": self.fresh_id(), "idCustomField": field_id, "idModel": card.id, "modelType": "card"} | body

    def _card(self, card_id: str) -> Card:
        if not re.fullmatch(r"[0-9a-f]{24}", card_id):
            raise Refusal(400, "invalid id")
        if card_id not in self.cards:
            raise Refusal(404, "The requested resource was not found.")
        return self.cards[card_id]

    def _prove_list(self, list_id: str) -> None:
        _require(list_id in LISTS, "invalid value for idList")

    def later(self) -> datetime:
        self.now += timedelta(hours=1)
        return self.now


def _require(is_right: bool, said: str) -> None:
    if not is_right:
        raise Refusal(400, said)


def _words(text: str) -> set[str]:
    """An address falls into words, as in the real index."""
    return set(re.findall(r"\w+", text.lower()))


def _text(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _shown(card: Card, *, with_items: bool = False) -> dict[str, Any]:
    items = [{"idCustomField": one, "idValue": None, "value": None} | value for one, value in card.values.items()]
    return {
        "id": card.id,
        "name": card.name,
        "desc": card.desc,
        "closed": card.closed,
        "idBoard": card.board,
        "idList": card.list_id,
        "idLabels": list(card.labels),
        "idMembers": list(card.members),
        "url": f"https://trello.example/c/{card.id}",
        "dateLastActivity": _text(card.changed_at),
    } | ({"customFieldItems": items} if with_items else {})


def _field(field_id: str, name: str, kind: str, options: dict[str, str]) -> dict[str, Any]:
    shown = [{"id": one, "idCustomField": field_id, "value": {"text": text}} for one, text in options.items()]
    return {"id": field_id, "name": name, "type": kind} | ({"options": shown} if shown else {})
