"""Trello, REST API 1 (https://developer.atlassian.com/cloud/trello/rest): a board is the pipeline, a card is the lead.

Parameters travel in the query, as the API description has them; only a custom field's value is JSON. Lists, fields,
labels and pipelines are named as people see them. The search index lags, so the newest cards are looked for among the
board's last actions, by the address in their titles.
Unverified: that a label or member that is there already is refused with 400 (the card is read first); how far search
looks into descriptions with other mark-up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import httpx

from outreach.api_client import ApiClient, segment
from outreach.crm import (
    READS_AND_WRITES,
    Account,
    Activity,
    Deal,
    Field,
    Found,
    Mode,
    Operation,
    Page,
    Person,
    Selection,
    Wanted,
)
from outreach.crms.address_locks import AddressLocks
from outreach.crms.option_types import require_mapping
from outreach.crms.trello_board import Board
from outreach.crms.trello_pull import pull
from outreach.crms.trello_values import (
    card,
    cards_in,
    comment_of,
    description_of,
    error_of,
    found,
    holds,
    name_on,
    title_of,
)
from outreach.errors import Outcome, Refused

_ALWAYS = READS_AND_WRITES - {Operation.OWNER, Operation.STATUS}
_LACKS = {
    Operation.OWNER: "Trello tells no addresses; set `members`",
    Operation.STATUS: "a status needs `status`, with a custom field of the board as its property",
}
_CARD_FIELDS = "name,desc,closed,idBoard,idList,idLabels,idMembers,url,dateLastActivity"
_NEWEST = 300  # cards made last that are looked through because the search index may not have them yet
_MOST_PAGES = 10  # of comments, fifty on each


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`key`: the API key of a Power-Up; `token`: what a member of the board allowed it; `board`: id or short link.

    `new_list`: where new cards go, the first list if left out. `members`: e-mail address → user name on the board, for
    owners, since Trello tells no addresses. `status_property`, `value_field`: custom fields. `won_list`, `lost_list`:
    lists that mean a deal's end.
    """

    key: str = field(repr=False)
    token: str = field(repr=False)
    board: str
    base_url: str = "https://api.trello.com/1"
    new_list: str = ""
    members: Mapping[str, str] = field(default_factory=dict)
    status_property: str = ""
    value_field: str = ""
    won_list: str = ""
    lost_list: str = ""
    do_not_contact_label: str = "Do not contact"
    label_color: str = "sky"

    def __post_init__(self) -> None:
        for name in ("key", "token", "board"):
            if not getattr(self, name).strip():
                raise ValueError(f"{name} is empty. docs/providers/trello.md says where to find it.")
        require_mapping("members", self.members, "{anna@example.com: <user name on the board>}")

    @property
    def can(self) -> frozenset[Operation]:
        """An owner needs `members`, a status the custom field that holds it."""
        optional = {Operation.OWNER: self.members, Operation.STATUS: self.status_property}
        return _ALWAYS | {operation for operation, setting in optional.items() if setting}


class Trello:
    """One board. Its lists, labels, fields and members are remembered; an unknown name is looked up again."""

    provider: ClassVar[str] = "trello"
    lacks: ClassVar[Mapping[Operation, str]] = _LACKS
    selections: ClassVar[frozenset[Selection]] = frozenset({Selection.STAGE, Selection.PERSON, Selection.DEAL})

    def __init__(self, options: Options, http: httpx.AsyncClient) -> None:
        self._options = options
        self._api = ApiClient(
            self.provider,
            http,
            base_url=options.base_url,
            headers={
                "authorization": f'OAuth oauth_consumer_key="{options.key}", oauth_token="{options.token}"',
            },
            secrets=(options.key, options.token),
            translate=error_of,
        )
        self._board = Board(self._api, options.board)
        self._locks = AddressLocks()

    @property
    def can(self) -> frozenset[Operation]:
        return self._options.can

    async def check(self) -> Account:
        who = await self._api.get("/members/me", params={"fields": "id,username"}, read=lambda me: str(me["username"]))
        await self._board.read()
        for name in (self._options.status_property, self._options.value_field):
            if name:
                await self._board.field(name)
        for stage in (self._options.new_list, self._options.won_list, self._options.lost_list):
            if stage:
                await self._board.list_id(stage)
        present = await self._board.usernames() if self._options.members else {}
        status = await self._board.field(self._options.status_property) if self._options.status_property else None
        return Account(
            name=f"Trello board '{self._board.name}' as {who}",
            fields=tuple(self._board.fields),
            stages=tuple(self._board.lists),
            users=tuple(email for email, name in self._options.members.items() if name.lower() in present),
            status_values=tuple(status.options) if status else (),
            pipelines=(self._board.name, self._board.id),
        )

    async def find_person(self, email: str) -> tuple[Found, ...]:
        board_id = await self._board.id_of()
        params = {
            "query": email,
            "modelTypes": "cards",
            "idBoards": board_id,
            "cards_limit": "50",
            "card_fields": _CARD_FIELDS,
            "partial": "false",
        }
        cards = {one["id"]: one for one in await self._api.get("/search", params=params, read=cards_in)}
        for card_id in await self._newest(email):
            if card_id not in cards and (one := await self._card_or_none(card_id)):
                cards[card_id] = one
        ours = [one for one in cards.values() if holds(one, email) and one.get("idBoard", board_id) == board_id]
        return tuple(found(one) for one in sorted(ours, key=lambda one: str(one["id"])))

    async def upsert_person(self, person: Person, *, person_id: str | None) -> Found:
        if person_id is not None:
            return await self._update(person_id, person)
        async with self._locks.of(person.email):
            same = await self.find_person(person.email) if person.email else ()
            if len(same) > 1:
                ids = ", ".join(one.person_id for one in same)
                raise self._refused(f"{len(same)} cards are of {person.email}: {ids}", Outcome.AMBIGUOUS)
            if same:
                return await self._update(same[0].person_id, person)
            made = await self._create(person)
        await self._write_fields(made, [item for item in person.fields if item.value])
        return found(made)

    async def log(self, person_id: str, activity: Activity, *, look_first: bool) -> str:
        if look_first and (entry_id := await self._marked_comment(person_id, activity)):
            return entry_id
        path = f"/cards/{segment(person_id)}/actions/comments"
        return await self._api.post(path, params={"text": comment_of(activity)}, read=lambda made: str(made["id"]))

    async def set_status(self, person_id: str, status: str) -> None:
        if not self._options.status_property:
            raise self._refused(_LACKS[Operation.STATUS])
        present = await self._card(person_id)
        await self._write_fields(
            present, [Field(name=self._options.status_property, value=status, mode=Mode.OVERWRITE)]
        )

    async def set_stage(self, person_id: str, stage: str) -> bool:
        list_id = await self._board.list_id(stage)
        present = await self._card(person_id)
        if present.get("closed"):
            return False
        if present.get("idList") != list_id:
            await self._put(person_id, {"idList": list_id})
        return True

    async def ensure_deal(self, person_id: str, deal: Deal) -> str:
        """The card is the deal: it leaves the list for new cards; an archived one comes back."""
        await self._board.prove_pipeline(deal.pipeline)
        list_id = await self._board.list_id(deal.stage)
        present = await self._card(person_id)
        if present.get("closed"):
            await self._put(person_id, {"closed": "false", "idList": list_id})
        elif present.get("idList") == await self._new_list() != list_id:
            await self._put(person_id, {"idList": list_id})
        if deal.value and self._options.value_field:
            await self._write_fields(present, [Field(name=self._options.value_field, value=deal.value)])
        return person_id

    async def assign_owner(self, person_id: str, email: str) -> None:
        members = {address.lower(): name for address, name in self._options.members.items()}
        if email.lower() not in members:
            known = ", ".join(members) or "none"
            raise self._refused(f"`members` names no user of the board for {email}. Known addresses: {known}")
        member_id = await self._board.member_id(members[email.lower()])
        present = await self._card(person_id)
        if member_id not in present.get("idMembers", ()):
            path = f"/cards/{segment(person_id)}/idMembers"
            await self._api.post(path, params={"value": member_id}, read=lambda _: None)

    async def add_tags(self, person_id: str, tags: tuple[str, ...]) -> None:
        present = await self._card(person_id)
        for tag in dict.fromkeys(tags):
            label_id = await self._board.label_id(tag, color=self._options.label_color)
            if label_id not in present.get("idLabels", ()):
                path = f"/cards/{segment(person_id)}/idLabels"
                await self._api.post(path, params={"value": label_id}, read=lambda _: None)

    async def set_do_not_contact(self, person_id: str, email: str) -> None:
        await self.add_tags(person_id, (self._options.do_not_contact_label,))

    async def pull(self, wanted: Wanted, *, cursor: str | None) -> Page:
        return await pull(self._api, self._board, self._options, wanted, cursor=cursor)

    async def _create(self, person: Person) -> dict[str, Any]:
        params = {
            "idList": await self._new_list(),
            "name": title_of(person),
            "desc": description_of(person),
            "pos": "top",
        }
        return await self._api.post("/cards", params=params, read=card)

    async def _update(self, person_id: str, person: Person) -> Found:
        present = await self._card(person_id, with_items=True)
        if not name_on(present) and (title := title_of(person)) != present.get("name"):
            await self._put(person_id, {"name": title})
        await self._write_fields(present, [item for item in person.fields if item.value])
        return found(present)

    async def _write_fields(self, present: Mapping[str, Any], items: list[Field]) -> None:
        """Each is a call of its own; what is the same already is left alone."""
        held = {str(item.get("idCustomField")): item for item in present.get("customFieldItems") or ()}
        for item in items:
            definition = await self._board.field(item.name)
            before = definition.text_of(held.get(definition.id, {}))
            if before == item.value or (before and item.mode is Mode.FILL):
                continue
            path = f"/cards/{segment(str(present['id']))}/customField/{segment(definition.id)}/item"
            await self._api.put(path, json=definition.body_of(item.value), read=lambda _: None)

    async def _marked_comment(self, person_id: str, activity: Activity) -> str | None:
        for number in range(_MOST_PAGES):
            params = {"filter": "commentCard", "page": str(number)}
            page = await self._api.get(f"/cards/{segment(person_id)}/actions", params=params, read=list)
            for action in page:
                if activity.is_marked(str(action["data"].get("text") or "")):
                    return str(action["id"])
            if not page:
                break
        return None

    async def _newest(self, email: str) -> Iterator[str]:
        """Ids of the cards made last whose title held the address when they were made."""
        params = {
            "filter": "createCard",
            "limit": str(_NEWEST),
            "member": "false",
            "memberCreator": "false",
        }
        actions = await self._board.get("/actions", params, list)
        cards = (action["data"].get("card") or {} for action in actions)
        return (str(one["id"]) for one in cards if holds({"name": one.get("name")}, email))

    async def _card(self, person_id: str, *, with_items: bool = False) -> dict[str, Any]:
        """The card, if it is on our board: elsewhere its lists, labels and fields are others."""
        params = {"fields": _CARD_FIELDS} | ({"customFieldItems": "true"} if with_items else {})
        present = await self._api.get(f"/cards/{segment(person_id)}", params=params, read=card)
        if present.get("idBoard") not in (None, await self._board.id_of()):
            raise self._refused(f"card {person_id} was moved to another board", Outcome.NOT_FOUND)
        return present

    async def _card_or_none(self, card_id: str) -> dict[str, Any] | None:
        try:
            return await self._card(card_id)
        except Refused as error:
            if error.outcome is Outcome.NOT_FOUND:
                return None
            raise

    async def _put(self, person_id: str, params: Mapping[str, str]) -> None:
        await self._api.put(f"/cards/{segment(person_id)}", params=params, read=card)

    async def _new_list(self) -> str:
        return (
            await self._board.list_id(self._options.new_list) if self._options.new_list else await self._board.first()
        )

    def _refused(self, said: str, outcome: Outcome = Outcome.CONFIG) -> Refused:
        return Refused(self.provider, said, outcome=outcome)
