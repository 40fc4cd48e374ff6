"""Reading a Trello board back: every card, the cards of one list, or those that something was done to since."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from outreach.crm import DealState, Page, RemoteDeal, RemotePerson, Selection, Wanted
from outreach.crms.gone import none_if_gone
from outreach.crms.instants import instant_of
from outreach.crms.trello_board import Board
from outreach.crms.trello_cards import Cards
from outreach.crms.trello_options import Options
from outreach.crms.trello_values import addresses_on, company_on, created_at, name_on

_CARDS = 25  # read one by one, for a page
_ACTIONS = 50
_GONE = frozenset({"deleteCard", "moveCardFromBoard"})


async def pull(cards: Cards, board: Board, meaning: Options, wanted: Wanted, *, cursor: str | None) -> Page:
    """One page. Cursors are ids: of the last card that was read, or of the last action."""
    read = _Reading(cards, board, meaning, wanted)
    if wanted.by in (Selection.PERSON, Selection.DEAL):
        return Page(people=(await read.person(wanted.value),), total=1)
    return await (read.changed(cursor) if wanted.since else read.listed(cursor))


class _Reading:
    """What every step of one pull needs."""

    def __init__(self, cards: Cards, board: Board, meaning: Options, wanted: Wanted) -> None:
        self._cards, self._board, self._meaning, self._wanted = cards, board, meaning, wanted

    async def listed(self, cursor: str | None) -> Page:
        """Open cards in the order they were made; each page lists the ids again, so nothing is kept between."""
        ids = await self._ids()
        rest = [one for one in ids if cursor is None or one > cursor]
        people = [await self.person(one) for one in rest[:_CARDS]]
        return Page(
            people=tuple(one for one in people if not one.is_deleted),
            cursor=rest[_CARDS - 1] if len(rest) > _CARDS else None,
            total=len(ids),
        )

    async def changed(self, cursor: str | None) -> Page:
        """Cards that something was done to, the newest first."""
        assert self._wanted.since is not None
        since = self._wanted.since.astimezone(UTC)
        params = {"since": since.strftime("%Y-%m-%dT%H:%M:%SZ"), "limit": str(_ACTIONS), "member": "false"}
        params |= {"memberCreator": "false"} | ({"before": cursor} if cursor else {})
        actions = await self._board.get("/actions", params, list)
        latest: dict[str, Mapping[str, Any]] = {}
        for action in actions:
            card_id = str((action["data"].get("card") or {}).get("id") or "")
            if card_id:
                latest.setdefault(card_id, action)
        people = [await self._after(card_id, action) for card_id, action in latest.items()]
        people = [one for one in people if await self._is_wanted(one)]
        last = str(actions[-1]["id"]) if len(actions) == _ACTIONS else None
        return Page(people=tuple(people), cursor=last)

    async def person(self, card_id: str) -> RemotePerson:
        present = await none_if_gone(self._cards.read(card_id, with_items=True))
        if present is None:
            return RemotePerson(person_id=card_id, is_deleted=True)
        return await self._person_on(present)

    async def _after(self, card_id: str, action: Mapping[str, Any]) -> RemotePerson:
        at = instant_of(action.get("date"))
        if action.get("type") in _GONE:
            return RemotePerson(person_id=card_id, is_deleted=True, changed_at=at)
        person = await self.person(card_id)
        return RemotePerson(person_id=card_id, is_deleted=True, changed_at=at) if person.is_deleted else person

    async def _is_wanted(self, person: RemotePerson) -> bool:
        return self._wanted.by is not Selection.STAGE or person.is_deleted or person.stage == self._wanted.value

    async def _ids(self) -> list[str]:
        wanted = await self._board.list_id(self._wanted.value) if self._wanted.by is Selection.STAGE else ""
        params = {"cards": "open", "card_fields": "id", "filter": "open", "fields": "id"}
        lists = await self._board.get("/lists", params, list)
        return sorted(str(one["id"]) for each in lists if wanted in ("", str(each["id"])) for one in each["cards"])

    async def _person_on(self, present: Mapping[str, Any]) -> RemotePerson:
        first, _, last = name_on(present).partition(" ")
        stage = await self._board.list_name(str(present.get("idList") or ""))
        tags = await self._board.label_names(present.get("idLabels") or ())
        marked = self._meaning.do_not_contact_label
        held = await self._held(present)
        changed_at = instant_of(present.get("dateLastActivity")) or created_at(str(present["id"]))
        return RemotePerson(
            person_id=str(present["id"]),
            url=str(present.get("url") or ""),
            emails=addresses_on(present),
            first_name=first,
            last_name=last,
            company=company_on(present),
            values={name: held[name] for name in self._wanted.fields if held.get(name)},
            owner=await self._owner(present.get("idMembers") or ()),
            status=held.get(self._meaning.status_property, ""),
            stage=stage,
            tags=tuple(tag for tag in tags if tag != marked),
            is_opted_out=marked in tags,
            deal=await self._deal(present, stage, held.get(self._meaning.value_field, "")),
            changed_at=changed_at,
        )

    async def _held(self, present: Mapping[str, Any]) -> dict[str, str]:
        names = {*self._wanted.fields, self._meaning.status_property, self._meaning.value_field} - {""}
        items = {str(item.get("idCustomField")): item for item in present.get("customFieldItems") or ()}
        definitions = [await self._board.field(name) for name in sorted(names)]
        return {one.name: one.text_of(items.get(one.id, {})) for one in definitions}

    async def _owner(self, member_ids: Any) -> str:
        if not member_ids or not self._meaning.members:
            return ""
        present = await self._board.usernames(again=False)
        named = {present.get(username.lower()): email for email, username in self._meaning.members.items()}
        return next((named[one] for one in member_ids if one in named), "")

    async def _deal(self, present: Mapping[str, Any], stage: str, value: str) -> RemoteDeal:
        ends = {self._meaning.won_list: DealState.WON, self._meaning.lost_list: DealState.LOST}
        state = ends.get(stage, DealState.OPEN) if stage else DealState.OPEN
        return RemoteDeal(
            deal_id=str(present["id"]), state=state, pipeline=await self._board.title(), stage=stage, value=value
        )
