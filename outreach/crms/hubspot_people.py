"""Reading people back from HubSpot: everybody, a list, a filter, a deal stage, one record, or who changed.

Searches go on behind the last id they gave (`hs_object_id GT`), never by offset: a record that changes in between moves
no other, and the limit of 10,000 results of one search is not met. A round of changes looks at contacts, then at
deals (a deal that moves does not change its contact), then at deleted contacts.
Unverified: the paths of lists; `archived=true` in listing; `hs_merged_object_ids` and `hs_additional_emails`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from outreach.api_client import ApiClient, segment
from outreach.crm import DealState, Page, RemoteDeal, RemotePerson, Selection, Wanted
from outreach.crms.hubspot_catalogue import Catalogue
from outreach.crms.hubspot_values import PROVIDER, instant
from outreach.errors import Outcome, Refused, Unauthorized

_PAGE = 100  # what one batch call may read
_MOST_ARCHIVED = 50  # pages of deleted contacts looked through in one round
_NAMES = ("email", "firstname", "lastname", "company", "hubspot_owner_id", "lastmodifieddate")
_DEAL_NAMES = ("pipeline", "dealstage", "amount", "deal_currency_code", "hs_lastmodifieddate")
_MERGED, _OPTED_OUT, _MORE_EMAILS = "hs_merged_object_ids", "hs_email_optout", "hs_additional_emails"
_CONDITION = re.compile(r"\s*(\w+)\s*(!=|>=|<=|=|>|<|~)\s*(.+?)\s*")
_OPERATORS = {
    "=": "EQ", "!=": "NEQ", ">": "GT", ">=": "GTE", "<": "LT", "<=": "LTE", "~": "CONTAINS_TOKEN",
}  # fmt: skip
_MOST_CONDITIONS = 4

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What of the connection's options matters here."""

    version: str
    status_property: str
    tags_property: str
    do_not_contact_property: str
    lists_path: str
    reads_deleted: bool


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

    def __init__(self, api: ApiClient, catalogue: Catalogue, reading: Reading) -> None:
        self._api = api
        self._catalogue = catalogue
        self._reading = reading

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
                return await self._by_deals(wanted, [_condition("dealstage", "EQ", wanted.value)], place)
            case Selection.PERSON:
                return Page(people=await self._one(wanted), total=1)
            case Selection.DEAL:
                ids = await self._contacts_of([wanted.value])
                return Page(people=await self._people(wanted, await self._contacts(wanted, ids)))

    async def _everybody(self, wanted: Wanted, place: _Place) -> Page:
        body = await self._listed(wanted, place, is_archived=False)
        people = await self._people(wanted, [_record(one) for one in body["results"]])
        after = _next(body)
        return Page(people=people, cursor=_Place("people", after).text() if after else None)

    async def _listed(self, wanted: Wanted, place: _Place, *, is_archived: bool) -> Json:
        params = {"limit": str(_PAGE), "properties": ",".join(self._names(wanted))}
        params |= {"after": place.after} if place.after else {}
        params |= {"archived": "true"} if is_archived else {}
        return await self._api.get(self._objects("contacts"), params=params, read=_page)

    async def _list(self, wanted: Wanted, place: _Place) -> Page:
        list_id = place.part if place.part != "people" else await self._list_id(wanted.value)
        path = f"{self._reading.lists_path}/{segment(list_id)}/memberships"
        params = {"limit": str(_PAGE)} | ({"after": place.after} if place.after else {})
        try:
            body = await self._api.get(path, params=params, read=_page)
        except Refused as error:
            raise self._unknown_list(wanted.value, error) from None
        people = await self._people(wanted, await self._contacts(wanted, _ids(body["results"])))
        after = _next(body)
        return Page(people=people, cursor=_Place(list_id, after).text() if after else None)

    async def _list_id(self, value: str) -> str:
        """A list may be named by its id or by what people call it; 0-1 is the type of contacts."""
        if value.isdigit():
            return value
        path = f"{self._reading.lists_path}/object-type-id/0-1/name/{segment(value)}"
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
        body = await self._search("contacts", _conditions(wanted.value), self._names(wanted), after=place.after)
        records = [_record(one) for one in body["results"]]
        return Page(
            people=await self._people(wanted, records),
            cursor=_Place("people", records[-1]["id"]).text() if _next(body) else None,
            total=None if place.after else _total(body),
        )

    async def _by_deals(self, wanted: Wanted, conditions: list[Json], place: _Place) -> Page:
        body = await self._search("deals", conditions, _DEAL_NAMES, after=place.after)
        deals = [_record(one) for one in body["results"]]
        ids = await self._contacts_of([deal["id"] for deal in deals])
        people = await self._people(wanted, await self._contacts(wanted, ids))
        return Page(people=people, cursor=_Place(place.part, deals[-1]["id"]).text() if _next(body) else None)

    async def _changed(self, wanted: Wanted, since: datetime, place: _Place) -> Page:
        milliseconds = str(int(since.timestamp() * 1000))
        if place.part == "contacts":
            changed = [_condition("lastmodifieddate", "GTE", milliseconds)]
            body = await self._search("contacts", changed, self._names(wanted), after=place.after)
            records = [_record(one) for one in body["results"]]
            then = _Place("contacts", records[-1]["id"]) if _next(body) else _Place("deals")
            return Page(people=await self._people(wanted, records), cursor=then.text())
        if place.part == "deals":
            return await self._changed_deals(wanted, [_condition("hs_lastmodifieddate", "GTE", milliseconds)], place)
        return await self._deleted(wanted, since, place)

    async def _changed_deals(self, wanted: Wanted, changed: list[Json], place: _Place) -> Page:
        then = _Place("archived").text() if self._reading.reads_deleted else None
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
            if (at := instant(one.get("archivedAt"))) is not None and at >= since
        )
        after = _next(body)
        goes_on = after and place.page + 1 < _MOST_ARCHIVED
        return Page(people=people, cursor=_Place("archived", after, place.page + 1).text() if goes_on else None)

    async def _one(self, wanted: Wanted) -> tuple[RemotePerson, ...]:
        """HubSpot answers for a record that was merged away with the survivor, under the survivor's id."""
        path = f"{self._objects('contacts')}/{segment(wanted.value)}"
        params = {"properties": ",".join(self._names(wanted))}
        try:
            found = await self._api.get(path, params=params, read=_record)
        except Refused as error:
            if error.outcome is not Outcome.NOT_FOUND:
                raise
            return (RemotePerson(person_id=wanted.value, is_deleted=True),)
        people = await self._people(wanted, [found])
        known = {person.person_id for person in people}
        merged = RemotePerson(person_id=wanted.value, merged_into=found["id"])
        return people if wanted.value in known else (merged, *people)

    async def _people(self, wanted: Wanted, contacts: Sequence[Json]) -> tuple[RemotePerson, ...]:
        """These contacts with their deals and owners, and what was merged into them."""
        deals = await self._deals_of([contact["id"] for contact in contacts])
        people: list[RemotePerson] = []
        for contact in contacts:
            person = await self._person(wanted, contact, deals.get(contact["id"], []))
            people.append(person)
            people += [
                RemotePerson(person_id=gone, merged_into=person.person_id, changed_at=person.changed_at)
                for gone in _split(contact["properties"].get(_MERGED))
            ]
        return tuple(people)

    async def _person(self, wanted: Wanted, contact: Json, deals: Sequence[Json]) -> RemotePerson:
        said = {name: str(value) for name, value in contact["properties"].items() if value not in (None, "")}
        deal = self._newest(deals)
        moments = (instant(said.get("lastmodifieddate")), *(instant(one["hs_lastmodifieddate"]) for one in deals))
        opted_out = (said.get(_OPTED_OUT), said.get(self._reading.do_not_contact_property))
        return RemotePerson(
            person_id=contact["id"],
            url=str(contact.get("url") or ""),
            emails=tuple(dict.fromkeys([*_split(said.get("email")), *_split(said.get(_MORE_EMAILS))])),
            first_name=said.get("firstname", ""),
            last_name=said.get("lastname", ""),
            company=said.get("company", ""),
            values={name: said[name] for name in wanted.fields if name in said},
            owner=await self._catalogue.owner_email(said.get("hubspot_owner_id", "")),
            status=said.get(self._reading.status_property, ""),
            stage=deal.stage if deal else "",
            tags=tuple(_split(said.get(self._reading.tags_property))),
            is_opted_out="true" in opted_out,
            deal=deal,
            changed_at=max((at for at in moments if at), default=None),
        )

    def _newest(self, deals: Sequence[Json]) -> RemoteDeal | None:
        """The newest open deal, else the newest; ids are numbers that grow."""
        remote = [self._deal(deal) for deal in sorted(deals, key=lambda deal: int(deal["id"]))]
        still_open = [deal for deal in remote if deal.state is DealState.OPEN]
        known = still_open or remote
        return known[-1] if known else None

    def _deal(self, deal: Json) -> RemoteDeal:
        stage = self._catalogue.stages.get(str(deal["dealstage"] or ""))
        return RemoteDeal(
            deal_id=deal["id"],
            state=stage.state if stage else DealState.OPEN,
            pipeline=str(deal["pipeline"] or ""),
            stage=str(deal["dealstage"] or ""),
            value=str(deal["amount"] or ""),
            currency=str(deal["deal_currency_code"] or ""),
        )

    async def _deals_of(self, contact_ids: Sequence[str]) -> dict[str, list[Json]]:
        """Contact → its deals; nothing for a token that may not read deals."""
        if not contact_ids:
            return {}
        try:
            await self._catalogue.read_stages_once()
            pairs = await self._associations("contacts", "deals", contact_ids)
            wanted = sorted({deal_id for ids in pairs.values() for deal_id in ids})
            deals = {one["id"]: {"id": one["id"], **_deal_values(one)} for one in await self._batch("deals", wanted)}
        except Unauthorized as error:
            if error.code != "403":
                raise
            return {}
        return {contact: [deals[each] for each in ids if each in deals] for contact, ids in pairs.items()}

    async def _contacts_of(self, deal_ids: Sequence[str]) -> list[str]:
        pairs = await self._associations("deals", "contacts", deal_ids) if deal_ids else {}
        return list(dict.fromkeys(contact for ids in pairs.values() for contact in ids))

    async def _contacts(self, wanted: Wanted, ids: Sequence[str]) -> list[Json]:
        return await self._batch("contacts", ids, self._names(wanted))

    async def _associations(self, kind: str, other: str, ids: Sequence[str]) -> dict[str, list[str]]:
        path = f"/crm/associations/{self._reading.version}/{kind}/{other}/batch/read"
        body = {"inputs": [{"id": each} for each in ids]}
        return await self._api.post(path, json=body, is_write=False, read=_pairs)

    async def _batch(self, kind: str, ids: Sequence[str], names: Iterable[str] = _DEAL_NAMES) -> list[Json]:
        found: list[Json] = []
        for start in range(0, len(ids), _PAGE):
            inputs = [{"id": each} for each in ids[start : start + _PAGE]]
            found += await self._api.post(
                f"{self._objects(kind)}/batch/read",
                json={"inputs": inputs, "properties": list(names)},
                is_write=False,
                read=lambda reply: [_record(one) for one in reply["results"]],
            )
        return found

    async def _search(self, kind: str, conditions: Sequence[Json], names: Iterable[str], *, after: str) -> Json:
        behind = [_condition("hs_object_id", "GT", after)] if after else []
        body = {
            "filterGroups": [{"filters": [*conditions, *behind]}],
            "properties": list(names),
            "limit": _PAGE,
            "after": "0",
            "sorts": ["hs_object_id"],
        }
        return await self._api.post(f"{self._objects(kind)}/search", json=body, is_write=False, read=_page)

    def _names(self, wanted: Wanted) -> list[str]:
        own = (self._reading.status_property, self._reading.tags_property, self._reading.do_not_contact_property)
        names = (*_NAMES, _MERGED, _OPTED_OUT, _MORE_EMAILS, *own, *wanted.fields)
        return list(dict.fromkeys(name for name in names if name))

    def _objects(self, kind: str) -> str:
        return f"/crm/objects/{self._reading.version}/{kind}"


def _conditions(text: str) -> list[Json]:
    """`lifecyclestage=lead and jobtitle~CTO`, in the words of a search."""
    parts = re.split(r"\s+and\s+", text.strip()) if text.strip() else []
    matches = [_CONDITION.fullmatch(part) for part in parts]
    if not parts or not all(matches) or len(parts) > _MOST_CONDITIONS:
        said = (
            f"'{text}' is no filter. Write property=value, at most {_MOST_CONDITIONS} joined by ' and '; also != > < ~"
        )
        raise Refused(PROVIDER, said, outcome=Outcome.CONFIG)
    return [_condition(match[1], _OPERATORS[match[2]], match[3]) for match in matches if match]


def _condition(name: str, operator: str, value: str) -> Json:
    return {"propertyName": name, "operator": operator, "value": value}


def _record(body: Any) -> dict[str, Any]:
    return {**body, "id": str(body["id"]), "properties": dict(body["properties"])}


def _page(body: Any) -> Json:
    return {**body, "results": list(body["results"])}


def _pairs(body: Any) -> dict[str, list[str]]:
    return {str(one["from"]["id"]): _ids(one["to"]) for one in body["results"]}


def _ids(results: Iterable[Json]) -> list[str]:
    """Ids stand under another name in each of HubSpot's lists."""
    return [str(one.get("recordId") or one.get("toObjectId") or one["id"]) for one in results]


def _next(body: Json) -> str:
    return str(((body.get("paging") or {}).get("next") or {}).get("after") or "")


def _total(body: Json) -> int | None:
    total = body.get("total")
    return total if isinstance(total, int) else None


def _deal_values(deal: Json) -> dict[str, Any]:
    return {name: deal["properties"].get(name) for name in _DEAL_NAMES}


def _split(text: object) -> list[str]:
    return [part.strip() for part in str(text or "").split(";") if part.strip()]
