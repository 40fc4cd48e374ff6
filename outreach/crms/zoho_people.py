"""Reading people back from Zoho CRM: leads and contacts, a view, a search, a deal stage, one record, or who changed.

Changes are read newest first, down to the instant asked for: a record that changes meanwhile moves others to a later
page, where they are seen twice, and none is missed. A round looks at leads, contacts, what was deleted, and deals.
Page tokens end after a day; a pull that goes on later begins its part anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from outreach.crm import Page, RemoteDeal, RemotePerson, Selection, Wanted
from outreach.crms.gone import none_if_gone
from outreach.crms.held_deals import counting
from outreach.crms.instants import instant_of
from outreach.crms.merging import as_text
from outreach.crms.zoho_catalogue import Catalogue
from outreach.crms.zoho_options import Options
from outreach.crms.zoho_records import DEAL, Calls, Records
from outreach.crms.zoho_values import PEOPLE, PROVIDER, Key, addresses, following, key_of, rows
from outreach.errors import Outcome, Refused

_PAGE = 100  # records on a page, and ids that one read may name
_MOST_FIELDS = 50
_NAMES = ("First_Name", "Last_Name", "Email", "Secondary_Email", "Owner", "Tag", "Email_Opt_Out", "Modified_Time")
_COMPANY = {"Leads": "Company", "Contacts": "Account_Name"}
_CHANGES = ("Leads", "Contacts", "deleted Leads", "deleted Contacts")

_OF_DEALS = frozenset({"stage", "deal"})  # told with the deals that changed, not with the person

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a pull stands: in which part, on which page, and the token of that page."""

    part: str
    page: int = 1
    token: str = ""

    def text(self) -> str:
        return json.dumps([self.part, self.page, self.token])

    def params(self) -> dict[str, str]:
        return {"page_token": self.token} if self.token else {"page": str(self.page)}


class People:
    """The reading half of one connection."""

    def __init__(self, calls: Calls, records: Records, catalogue: Catalogue, options: Options) -> None:
        self._calls, self._records, self._catalogue = calls, records, catalogue
        self._module, self._status, self._web = options.module, options.status, options.web

    async def pull(self, wanted: Wanted, *, cursor: str | None) -> Page:
        match wanted.by:
            case Selection.PERSON:
                return Page(people=(await self._one(wanted, key_of(wanted.value, self._module)),), total=1)
            case Selection.DEAL:
                return Page(people=await self._of_deals(wanted, await self._deal(wanted.value)))
        first = self._parts(wanted)[0]
        place = _Place(*json.loads(cursor)) if cursor else _Place(first)
        try:
            return await self._page(wanted, place)
        except Refused as error:
            if not place.token or error.code not in ("EXPIRED_VALUE", "TOKEN_BOUND_DATA_MISMATCH"):
                raise
            return await self._page(wanted, _Place(place.part))

    def _parts(self, wanted: Wanted) -> tuple[str, ...]:
        match wanted.by:
            case Selection.LIST | Selection.FILTER:
                named = wanted.value.partition("/")[0] if wanted.by is Selection.LIST else ""
                return (named if named in PEOPLE else self._module,)
            case Selection.STAGE:
                return ("Deals",)
        deals = ("Deals",) if self._module == "Contacts" else ()
        return (*_CHANGES, *deals) if wanted.since else ("Leads", "Contacts")

    async def _page(self, wanted: Wanted, place: _Place) -> Page:
        if place.part.startswith("deleted "):
            return await self._deleted(wanted, place)
        body = await self._listed(wanted, place)
        records = rows(body)
        fresh = [one for one in records if _is_since(wanted.since, one.get("Modified_Time"))]
        if place.part == "Deals":
            people = await self._of_deals(wanted, await self._all_deals(fresh) if wanted.since else fresh)
        else:
            people = tuple([await self._person(wanted, place.part, one, None) for one in fresh])
        has_more, token = following(body)
        is_through = not has_more or len(fresh) < len(records)
        return Page(people=people, cursor=self._next(wanted, place, token, is_through=is_through))

    def _next(self, wanted: Wanted, place: _Place, token: str, *, is_through: bool) -> str | None:
        if not is_through:
            return _Place(place.part, place.page + 1, token).text()
        parts = self._parts(wanted)
        behind = parts[parts.index(place.part) + 1 :]
        return _Place(behind[0]).text() if behind else None

    async def _listed(self, wanted: Wanted, place: _Place) -> Any:
        module = place.part
        fields = DEAL if module == "Deals" else self._names(wanted, module)
        params = {"fields": ",".join(fields), "per_page": str(_PAGE), **place.params()}
        match wanted.by:
            case Selection.STAGE:
                await self._catalogue.stages_called(wanted.value)
                return await self._searched(module, f"(Stage:equals:{_escaped(wanted.value)})", place)
            case Selection.FILTER:
                return await self._searched(module, wanted.value, place)
            case Selection.LIST:
                params["cvid"] = _number_of(wanted)
            case _ if wanted.since:
                params |= {"sort_by": "Modified_Time", "sort_order": "desc"}
            case _:
                params |= {"sort_by": "id", "sort_order": "asc"}
        try:
            return await self._calls("GET", f"/{module}", params=params, read=_or_none)
        except Refused as error:
            raise _unknown(wanted, error) from None

    async def _searched(self, module: str, criteria: str, place: _Place) -> Any:
        params = {"criteria": criteria, "page": str(place.page), "per_page": str(_PAGE)}
        try:
            return await self._calls("GET", f"/{module}/search", params=params, read=_or_none)
        except Refused as error:
            said = f"'{criteria}' is no search. Write (Lead_Source:equals:Website). {error.said}"
            raise Refused(PROVIDER, said, outcome=Outcome.CONFIG, code=error.code) from None

    async def _deleted(self, wanted: Wanted, place: _Place) -> Page:
        assert wanted.since is not None
        module = place.part.removeprefix("deleted ")
        params = {"type": "all", "page": str(place.page), "per_page": str(_PAGE)}
        headers = {"if-modified-since": wanted.since.replace(microsecond=0).isoformat()}
        body = await self._calls("GET", f"/{module}/deleted", params=params, headers=headers, read=_or_none)
        gone = [one for one in rows(body) if _is_since(wanted.since, one.get("deleted_time"))]
        moments = {str(Key(module, str(one["id"]))): instant_of(one.get("deleted_time")) for one in gone}
        people = tuple(RemotePerson(person_id=key, is_deleted=True, changed_at=at) for key, at in moments.items())
        has_more, _ = following(body)
        return Page(people=people, cursor=self._next(wanted, place, "", is_through=not has_more))

    async def _one(self, wanted: Wanted, key: Key) -> RemotePerson:
        found = await none_if_gone(self._records.read(key.module, key.id))
        if found is None:
            return RemotePerson(person_id=str(key), is_deleted=True)
        return await self._person(wanted, key.module, found, await self._records.deals_of(key))

    async def _all_deals(self, changed: Sequence[Json]) -> list[dict[str, Any]]:
        """Of everybody whose deal changed: one that ended is no news of somebody who has another one open."""
        contacts = dict.fromkeys(str(id_) for one in changed if (id_ := (one.get("Contact_Name") or {}).get("id")))
        return [
            {**deal, "Contact_Name": {"id": contact}}
            for contact in contacts
            for deal in await self._records.deals_of(Key("Contacts", contact))
        ]

    async def _deal(self, deal_id: str) -> list[dict[str, Any]]:
        found = await none_if_gone(self._records.read("Deals", deal_id)) if deal_id.isdigit() else None
        return [found] if found else []

    async def _of_deals(self, wanted: Wanted, deals: Sequence[Json]) -> tuple[RemotePerson, ...]:
        of_contact: dict[str, list[Json]] = {}
        for deal in deals:
            if contact := (deal.get("Contact_Name") or {}).get("id"):
                of_contact.setdefault(str(contact), []).append(deal)
        if not of_contact:
            return ()
        names = ",".join(self._names(wanted, "Contacts"))
        params = {"ids": ",".join(of_contact), "fields": names, "per_page": str(_PAGE)}
        contacts = await self._calls("GET", "/Contacts", params=params, read=rows)
        return tuple([await self._person(wanted, "Contacts", one, of_contact[str(one["id"])]) for one in contacts])

    async def _person(self, wanted: Wanted, module: str, record: Json, deals: Sequence[Json] | None) -> RemotePerson:
        """`deals` None: they were not read."""
        key = Key(module, str(record["id"]))
        deal = counting([await self._remote(one) for one in sorted(deals or (), key=lambda one: int(one["id"]))])
        moments = [instant_of(one.get("Modified_Time")) for one in (record, *(deals or ()))]
        owner, opted_out = record.get("Owner") or {}, record.get("Email_Opt_Out")
        return RemotePerson(
            person_id=str(key),
            url=f"{self._web}/tab/{module}/{key.id}" if self._web else "",
            emails=addresses(record),
            first_name=as_text(record.get("First_Name")),
            last_name=as_text(record.get("Last_Name")),
            company=as_text(record.get(_COMPANY[module])),
            values={name: text for name in wanted.fields if (text := as_text(record.get(name)))},
            owner=str(owner.get("email") or ""),
            status=as_text(record.get(self._status[module])) if self._status[module] else "",
            stage=deal.stage if deal else "",
            tags=tuple(str(one["name"]) for one in record.get("Tag") or []),
            is_opted_out=opted_out if isinstance(opted_out, bool) else None,
            deal=deal,
            untold=(_OF_DEALS if deals is None else frozenset())
            | (frozenset() if self._status[module] in record else {"status"}),
            changed_at=max((at for at in moments if at), default=None),
        )

    async def _remote(self, deal: Json) -> RemoteDeal:
        stage, pipeline = as_text(deal.get("Stage")), as_text(deal.get("Pipeline"))
        return RemoteDeal(
            deal_id=str(deal["id"]),
            state=await self._catalogue.state_of(pipeline, stage),
            pipeline=pipeline,
            stage=stage,
            value=as_text(deal.get("Amount")),
        )

    def _names(self, wanted: Wanted, module: str) -> list[str]:
        own = (_COMPANY[module], self._status[module])
        return [name for name in dict.fromkeys((*_NAMES, *own, *wanted.fields)) if name][:_MOST_FIELDS]


def _is_since(since: datetime | None, value: object) -> bool:
    at = instant_of(value)
    return since is None or at is None or at >= since


def _or_none(body: Any) -> Any:
    """None stands for 204: there is nothing."""
    return None if body is None else {**body, "data": list(body["data"])}


def _escaped(value: str) -> str:
    """A value in search criteria: parentheses and commas would end it."""
    return "".join(f"\\{letter}" if letter in "\\()," else letter for letter in value)


def _number_of(wanted: Wanted) -> str:
    number = wanted.value.rpartition("/")[2]
    if not number.isdigit():
        raise _no_view(wanted, "")
    return number


def _unknown(wanted: Wanted, error: Refused) -> Refused:
    if wanted.by is not Selection.LIST or error.code in ("EXPIRED_VALUE", "TOKEN_BOUND_DATA_MISMATCH"):
        return error
    return _no_view(wanted, error.said)


def _no_view(wanted: Wanted, why: str) -> Refused:
    said = f"there is no view '{wanted.value}'. Write the number at the end of its address. {why}".rstrip()
    return Refused(PROVIDER, said, outcome=Outcome.CONFIG)
