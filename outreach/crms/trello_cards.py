"""The cards of one Trello board: looking for them, reading and changing them, their comments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from outreach.api_client import ApiClient, segment
from outreach.crm import Activity, Field
from outreach.crms.entries import marked_among
from outreach.crms.gone import none_if_gone
from outreach.crms.merging import is_to_be_written
from outreach.crms.trello_board import Board
from outreach.crms.trello_values import ID, PROVIDER, card, cards_in, comment_of, holds
from outreach.errors import Outcome, Refused

CARD_FIELDS = "name,desc,closed,idBoard,idList,idLabels,idMembers,url,dateLastActivity"
_NEWEST = 300  # cards made last that are looked through because the search index may not have them yet
_MOST_PAGES = 10  # of comments, fifty on each


class Cards:
    """Parameters travel in the query; only the value of a custom field is JSON."""

    def __init__(self, api: ApiClient, board: Board) -> None:
        self._api, self._board = api, board

    async def read(self, card_id: str, *, with_items: bool = False) -> dict[str, Any]:
        """The card, if it is on our board: elsewhere its lists, labels and fields are others."""
        params = {"fields": CARD_FIELDS} | ({"customFieldItems": "true"} if with_items else {})
        present = await self._api.get(_path(card_id), params=params, read=card)
        if present.get("idBoard") not in (None, await self._board.id_of()):
            raise Refused(PROVIDER, f"card {card_id} was moved to another board", outcome=Outcome.NOT_FOUND)
        return present

    async def with_address(self, email: str) -> list[dict[str, Any]]:
        """Oldest first: those that search finds, and those it may not know yet."""
        board_id = await self._board.id_of()
        params = {
            "query": email,
            "modelTypes": "cards",
            "idBoards": board_id,
            "cards_limit": "50",
            "card_fields": CARD_FIELDS,
            "partial": "false",
        }
        cards = {one["id"]: one for one in await self._api.get("/search", params=params, read=cards_in)}
        for card_id in await self._newest(email):
            if card_id not in cards and (one := await none_if_gone(self.read(card_id))):
                cards[card_id] = one
        ours = [one for one in cards.values() if holds(one, email) and one.get("idBoard", board_id) == board_id]
        return sorted(ours, key=lambda one: str(one["id"]))

    async def create(self, list_id: str, *, title: str, description: str) -> dict[str, Any]:
        params = {"idList": list_id, "name": title, "desc": description, "pos": "top"}
        return await self._api.post("/cards", params=params, read=card)

    async def delete(self, card_id: str) -> None:
        await self.read(card_id)  # of our board, or not ours to delete
        await self._api.delete(_path(card_id), read=lambda _: None)

    async def change(self, card_id: str, params: Mapping[str, str]) -> None:
        await self._api.put(_path(card_id), params=params, read=card)

    async def attach(self, present: Mapping[str, Any], what: str, ids: Sequence[str]) -> None:
        """Labels (`idLabels`) or members (`idMembers`) that are not there yet."""
        for each in dict.fromkeys(ids):
            if each not in present.get(what, ()):
                path = f"{_path(str(present['id']))}/{what}"
                await self._api.post(path, params={"value": each}, read=lambda _: None)

    async def write_fields(self, present: Mapping[str, Any], items: Sequence[Field]) -> None:
        """Each is a call of its own; what is the same already is left alone."""
        held = {str(item.get("idCustomField")): item for item in present.get("customFieldItems") or ()}
        for item in items:
            definition = await self._board.field(item.name)
            value, before = definition.held(item.value), definition.text_of(held.get(definition.id, {}))
            if is_to_be_written(value, item.mode, before=before):
                path = f"{_path(str(present['id']))}/customField/{segment(definition.id)}/item"
                await self._api.put(path, json=definition.body_of(value), read=lambda _: None)

    async def comment(self, card_id: str, activity: Activity) -> str:
        path = f"{_path(card_id)}/actions/comments"
        return await self._api.post(path, params={"text": comment_of(activity)}, read=lambda made: str(made["id"]))

    async def marked_comment(self, card_id: str, activity: Activity) -> str | None:
        for number in range(_MOST_PAGES):
            params = {"filter": "commentCard", "page": str(number)}
            page = await self._api.get(f"{_path(card_id)}/actions", params=params, read=list)
            texts = ((str(action["id"]), str(action["data"].get("text") or "")) for action in page)
            if (found := marked_among(activity, texts)) or not page:
                return found
        return None

    async def _newest(self, email: str) -> Iterator[str]:
        """Ids of the cards made last whose title held the address when they were made."""
        params = {"filter": "createCard", "limit": str(_NEWEST), "member": "false", "memberCreator": "false"}
        actions = await self._board.get("/actions", params, list)
        cards = (action["data"].get("card") or {} for action in actions)
        return (str(one["id"]) for one in cards if holds({"name": one.get("name")}, email))


def _path(card_id: str) -> str:
    """Raises `not_found` for what cannot be an id."""
    if not ID.fullmatch(card_id):
        raise Refused(PROVIDER, f"there is no card '{card_id}'", outcome=Outcome.NOT_FOUND)
    return f"/cards/{card_id}"
