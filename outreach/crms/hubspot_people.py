"""Reading people back from HubSpot: everybody, a list, a filter, a deal stage, one record, or who changed.

Searches go on behind the last id they gave (`hs_object_id GT`), never by offset: a record that changes in between moves
no other, and the limit of 10,000 results of one search is not met. A round of changes looks at contacts, then at
deals (a deal that moves does not change its contact), then at deleted contacts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from outreach.api_client import ApiClient, segment
from outreach.crm import Page, RemotePerson, Selection, Wanted
from outreach.crms.gone import none_if_gone
from outreach.crms.hubspot_catalogue import Catalogue
from outreach.crms.hubspot_contacts import DEAL_NAMES, Contacts
from outreach.crms.hubspot_filters import conditions_of
from outreach.crms.hubspot_options import Options
from outreach.crms.hubspot_records import PAGE, Records, condition, following, ids_of, page_of, records_of
from outreach.crms.hubspot_values import PROVIDER
from outreach.crms.instants import instant_of
from outreach.errors import Outcome, Refused, Unauthorized

_MOST_ARCHIVED = 50  # pages of deleted contacts looked through in one round

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a pull stands: in which part of it, and behind what."""

    part: str
    after: str = ""
    page: int = 0

    def text(self) -> str:
        return json.dumps([self.part, self.after, self.page])


def _place(cursor: str) -> _Place:
    part, after, page = json.loads(cursor)
    return _Place(str(part), str(after), int(page))


class People:
    """The reading half of one connection."""

    def __init__(self, api: ApiClient, records: Records, catalogue: Catalogue, options: Options) -> None:
        self._api, self._records, self._catalogue, self._options = api, records, catalogue, options
        self._contacts = Contacts(records, catalogue, options)

    async def pull(self, wanted: Wanted, *, cursor: str | None) -> Page:
        if wanted.since is not None:
            return await self._changed(wanted, wanted.since, _place(cursor) if cursor else _Place("contacts"))
        place = _place(cursor) if cursor else _Place("people")
        match wanted.by:
            case None:
                return await self._everybody(wanted, place)
            case Selection.LIST:
                return await self._list(wanted, place)
            case Selection.FILTER:
                return await self._filtered(wanted, place)
            case Selection.STAGE:
                await self._catalogue.stage(wanted.value)
                return await self._by_deals(wanted, [condition("dealstage", "EQ", wanted.value)], place)
            case Selection.PERSON:
                return Page(people=await self._one(wanted), total=1)
            case Selection.DEAL:
                ids = await self._contacts_of([wanted.value])
                return Page(people=await self._contacts.read(wanted, ids))

    async def _everybody(self, wanted: Wanted, place: _Place) -> Page:
        body = await self._listed(wanted, place, is_archived=False)
        people = await self._contacts.people(wanted, records_of(body))
        after = following(body)
        return Page(people=people, cursor=_Place("people", after).text() if after else None)

    async def _listed(self, wanted: Wanted, place: _Place, *, is_archived: bool) -> Json:
        names = self._contacts.names(wanted)
        return await self._records.listed("contacts", names, after=place.after, is_archived=is_archived)

    async def _list(self, wanted: Wanted, place: _Place) -> Page:
        list_id = place.part if place.part != "people" else await self._list_id(wanted.value)
        path = f"{self._options.lists_path}/{segment(list_id)}/memberships"
        params = {"limit": str(PAGE)} | ({"after": place.after} if place.after else {})
        try:
            body = await self._api.get(path, params=params, read=page_of)
        except Refused as error:
            raise self._unknown_list(wanted.value, error) from None
        people = await self._contacts.read(wanted, ids_of(body["results"]))
        after = following(body)
        return Page(people=people, cursor=_Place(list_id, after).text() if after else None)

    async def _list_id(self, value: str) -> str:
        """A list may be named by its id or by what people call it; 0-1 is the type of contacts."""
        if value.isdigit():
            return value
        path = f"{self._options.lists_path}/object-type-id/0-1/name/{segment(value)}"
        try:
            return await self._api.get(path, read=lambda body: str(body["list"]["listId"]))
        except Refused as error:
            raise self._unknown_list(value, error) from None

    def _unknown_list(self, value: str, error: Refused) -> Refused:
        if error.outcome is not Outcome.NOT_FOUND:
            return error
        said = f"unknown list '{value}'. Name a list of contacts, or give the number in its address."
        return Refused(PROVIDER, said, outcome=Outcome.CONFIG)

    async def _filtered(self, wanted: Wanted, place: _Place) -> Page:
        body = await self._records.search(
            "contacts", conditions_of(wanted.value), self._contacts.names(wanted), after=place.after
        )
        records = records_of(body)
        return Page(
            people=await self._contacts.people(wanted, records),
            cursor=_Place("people", records[-1]["id"]).text() if following(body) else None,
            total=None if place.after else _total(body),
        )

    async def _by_deals(self, wanted: Wanted, conditions: list[Json], place: _Place) -> Page:
        body = await self._records.search("deals", conditions, DEAL_NAMES, after=place.after)
        deals = records_of(body)
        ids = await self._contacts_of([deal["id"] for deal in deals])
        people = await self._contacts.read(wanted, ids)
        return Page(people=people, cursor=_Place(place.part, deals[-1]["id"]).text() if following(body) else None)

    async def _changed(self, wanted: Wanted, since: datetime, place: _Place) -> Page:
        milliseconds = str(int(since.timestamp() * 1000))
        if place.part == "contacts":
            changed = [condition("lastmodifieddate", "GTE", milliseconds)]
            body = await self._records.search("contacts", changed, self._contacts.names(wanted), after=place.after)
            records = records_of(body)
            then = _Place("contacts", records[-1]["id"]) if following(body) else _Place("deals")
            return Page(people=await self._contacts.people(wanted, records), cursor=then.text())
        if place.part == "deals":
            return await self._changed_deals(wanted, [condition("hs_lastmodifieddate", "GTE", milliseconds)], place)
        return await self._deleted(wanted, since, place)

    async def _changed_deals(self, wanted: Wanted, changed: list[Json], place: _Place) -> Page:
        then = _Place("archived").text() if self._options.reads_deleted else None
        try:
            page = await self._by_deals(wanted, changed, place)
        except Unauthorized as error:
            if error.code != "403":
                raise
            return Page(people=(), cursor=then)  # a token without deals: `check` says so
        return Page(people=page.people, cursor=page.cursor or then)

    async def _deleted(self, wanted: Wanted, since: datetime, place: _Place) -> Page:
        body = await self._listed(wanted, place, is_archived=True)
        people = tuple(
            RemotePerson(person_id=str(one["id"]), is_deleted=True, changed_at=at)
            for one in body["results"]
            if (at := instant_of(one.get("archivedAt"))) is not None and at >= since
        )
        after = following(body)
        goes_on = after and place.page + 1 < _MOST_ARCHIVED
        return Page(people=people, cursor=_Place("archived", after, place.page + 1).text() if goes_on else None)

    async def _one(self, wanted: Wanted) -> tuple[RemotePerson, ...]:
        """HubSpot answers for a record that was merged away with the survivor, under the survivor's id."""
        found = await none_if_gone(self._records.read("contacts", wanted.value, self._contacts.names(wanted)))
        if found is None:
            return (RemotePerson(person_id=wanted.value, is_deleted=True),)
        people = await self._contacts.people(wanted, [found])
        known = {person.person_id for person in people}
        merged = RemotePerson(person_id=wanted.value, merged_into=found["id"])
        return people if wanted.value in known else (merged, *people)

    async def _contacts_of(self, deal_ids: Sequence[str]) -> list[str]:
        pairs = await self._records.pairs("deals", "contacts", deal_ids) if deal_ids else {}
        return list(dict.fromkeys(contact for ids in pairs.values() for contact in ids))


def _total(body: Json) -> int | None:
    total = body.get("total")
    return total if isinstance(total, int) else None
