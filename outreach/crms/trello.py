"""Trello, REST API 1 (https://developer.atlassian.com/cloud/trello/rest): a board is the pipeline, a card is the lead.

Parameters travel in the query, as the API description has them; only a custom field's value is JSON. Lists, fields,
labels and pipelines are named as people see them. The search index lags, so the newest cards are looked for among the
board's last actions, by the address in their titles.
Unverified: that a label or member that is there already is refused with 400 (the card is read first); how far search
looks into descriptions with other mark-up.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import httpx

from outreach.api_client import ApiClient
from outreach.crm import Account, Activity, Deal, Field, Found, Mode, Operation, Page, Person, Selection, Wanted
from outreach.crms.address_locks import AddressLocks
from outreach.crms.trello_board import Board
from outreach.crms.trello_cards import Cards
from outreach.crms.trello_options import LACKS, Options
from outreach.crms.trello_pull import pull
from outreach.crms.trello_values import description_of, error_of, found, name_on, title_of
from outreach.errors import Outcome, Refused

__all__ = ["Options", "Trello"]


class Trello:
    """One board. Its lists, labels, fields and members are remembered; an unknown name is looked up again."""

    provider: ClassVar[str] = "trello"
    lacks: ClassVar[Mapping[Operation, str]] = LACKS
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
        self._cards = Cards(self._api, self._board)
        self._locks = AddressLocks()

    @property
    def can(self) -> frozenset[Operation]:
        return self._options.can

    async def check(self) -> Account:
        who = await self._api.get("/members/me", read=lambda me: str(me["username"]))
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
        return tuple(found(one) for one in await self._cards.with_address(email))

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
            made = await self._cards.create(
                await self._new_list(), title=title_of(person), description=description_of(person)
            )
        await self._cards.write_fields(made, [item for item in person.fields if item.value])
        return found(made)

    async def log(self, person_id: str, activity: Activity, *, look_first: bool) -> str:
        if look_first and (entry_id := await self._cards.marked_comment(person_id, activity)):
            return entry_id
        return await self._cards.comment(person_id, activity)

    async def set_status(self, person_id: str, status: str) -> None:
        if not self._options.status_property:
            raise self._refused(LACKS[Operation.STATUS])
        present = await self._cards.read(person_id)
        await self._cards.write_fields(
            present, [Field(name=self._options.status_property, value=status, mode=Mode.OVERWRITE)]
        )

    async def set_stage(self, person_id: str, stage: str) -> bool:
        list_id = await self._board.list_id(stage)
        present = await self._cards.read(person_id)
        if present.get("closed"):
            return False
        if present.get("idList") != list_id:
            await self._cards.change(person_id, {"idList": list_id})
        return True

    async def ensure_deal(self, person_id: str, deal: Deal) -> str:
        """The card is the deal: it leaves the list for new cards; an archived one comes back."""
        await self._board.prove_pipeline(deal.pipeline)
        list_id = await self._board.list_id(deal.stage)
        present = await self._cards.read(person_id)
        if present.get("closed"):
            await self._cards.change(person_id, {"closed": "false", "idList": list_id})
        elif present.get("idList") == await self._new_list() != list_id:
            await self._cards.change(person_id, {"idList": list_id})
        if deal.value and self._options.value_field:
            await self._cards.write_fields(present, [Field(name=self._options.value_field, value=deal.value)])
        return person_id

    async def assign_owner(self, person_id: str, email: str) -> None:
        members = {address.lower(): name for address, name in self._options.members.items()}
        if email.lower() not in members:
            known = ", ".join(members) or "none"
            raise self._refused(f"`members` names no user of the board for {email}. Known addresses: {known}")
        member_id = await self._board.member_id(members[email.lower()])
        await self._cards.attach(await self._cards.read(person_id), "idMembers", [member_id])

    async def add_tags(self, person_id: str, tags: tuple[str, ...]) -> None:
        present = await self._cards.read(person_id)
        labels = [await self._board.label_id(tag, color=self._options.label_color) for tag in tags]
        await self._cards.attach(present, "idLabels", labels)

    async def set_do_not_contact(self, person_id: str, email: str) -> None:
        await self.add_tags(person_id, (self._options.do_not_contact_label,))

    async def forget(self, person_id: str) -> None:
        """For good, with its comments; an archived card would only be out of sight."""
        await self._cards.delete(person_id)

    async def pull(self, wanted: Wanted, *, cursor: str | None) -> Page:
        return await pull(self._cards, self._board, self._options, wanted, cursor=cursor)

    async def _update(self, person_id: str, person: Person) -> Found:
        present = await self._cards.read(person_id, with_items=True)
        if not name_on(present) and (title := title_of(person)) != present.get("name"):
            await self._cards.change(person_id, {"name": title})
        await self._cards.write_fields(present, [item for item in person.fields if item.value])
        return found(present)

    async def _new_list(self) -> str:
        return (
            await self._board.list_id(self._options.new_list) if self._options.new_list else await self._board.first()
        )

    def _refused(self, said: str, outcome: Outcome = Outcome.CONFIG) -> Refused:
        return Refused(self.provider, said, outcome=outcome)
