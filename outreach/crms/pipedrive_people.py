"""Reading people back from Pipedrive: everybody, a filter, a deal stage, one record, or who changed.

A round of changes looks at persons, then at deals, since a deal that moves does not change its person. Deleted persons
are not listed: they are noticed by webhook, or when something is to be written to them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from outreach.api_client import ApiClient, segment
from outreach.crm import DealState, Page, RemoteDeal, RemotePerson, Selection, Wanted
from outreach.crms.pipedrive_catalogue import Catalogue
from outreach.crms.pipedrive_values import PROVIDER, addresses, decoded, instant, remote_deal
from outreach.errors import Outcome, Refused

_PAGE = 100  # what one read of persons by their ids may ask for
_OF_DEALS = frozenset({"stage", "deal"})  # told with the deals that changed, not with the person

Json = Mapping[str, Any]


class People:
    """The reading half of one connection. `status_field`, `do_not_contact_label`: as in the connection's options."""

    def __init__(
        self, api: ApiClient, catalogue: Catalogue, *, v2: str, web: str, status_field: str, do_not_contact_label: str
    ) -> None:
        self._api, self._catalogue = api, catalogue
        self._v2, self._web = v2, web
        self._status_field, self._do_not_contact_label = status_field, do_not_contact_label

    async def pull(self, wanted: Wanted, *, cursor: str | None) -> Page:
        part, after = json.loads(cursor) if cursor else ("persons", "")
        match wanted.by:
            case Selection.PERSON:
                return Page(people=(await self._one(wanted),), total=1)
            case Selection.DEAL:
                return Page(people=await self._of_deals(wanted, await self._deal(wanted.value)))
            case Selection.STAGE:
                await self._catalogue.pipeline_of(wanted.value)
                return await self._by_deals(wanted, {"stage_id": wanted.value, "status": "open"}, part, after)
        if part == "deals":
            assert wanted.since is not None
            return await self._by_deals(wanted, _since(wanted.since), part, after)
        return await self._persons(wanted, after)

    async def _persons(self, wanted: Wanted, after: str) -> Page:
        params = _since(wanted.since) if wanted.since else {"sort_by": "id"}
        params |= {"filter_id": wanted.value} if wanted.by is Selection.FILTER else {}
        try:
            records, following = await self._catalogue.page("/persons", params, after, limit=_PAGE)
        except Refused as error:
            raise _unknown_filter(wanted, error) from None
        people = tuple([await self._person(wanted, one, None) for one in records if not one.get("is_deleted")])
        is_followed = wanted.since is not None and wanted.by is None
        last = _place("deals", "") if is_followed else None
        return Page(people=_changed(wanted, people), cursor=_place("persons", following) if following else last)

    async def _by_deals(self, wanted: Wanted, params: Mapping[str, str], part: str, after: str) -> Page:
        deals, following = await self._catalogue.page("/deals", params, after, limit=_PAGE)
        if wanted.since:  # a deal that ended is no news of somebody who has another one open
            people_ids = dict.fromkeys(str(deal["person_id"]) for deal in deals if deal.get("person_id"))
            deals = [deal for one in people_ids for deal in await self._catalogue.listed("/deals", {"person_id": one})]
        people = await self._of_deals(wanted, deals)
        return Page(people=_changed(wanted, people), cursor=_place(part, following) if following else None)

    async def _of_deals(self, wanted: Wanted, deals: Sequence[Json]) -> tuple[RemotePerson, ...]:
        """The people of these deals, each with the one that counts."""
        of_person: dict[int, list[Json]] = {}
        for deal in deals:
            if deal.get("person_id") and not deal.get("is_deleted"):
                of_person.setdefault(int(deal["person_id"]), []).append(deal)
        if not of_person:
            return ()
        ids = ",".join(map(str, of_person))
        records, _ = await self._catalogue.page("/persons", {"ids": ids}, "", limit=_PAGE)
        return tuple([await self._person(wanted, one, of_person[int(one["id"])]) for one in records])

    async def _one(self, wanted: Wanted) -> RemotePerson:
        path = f"{self._v2}/persons/{segment(wanted.value)}"
        try:
            record = await self._api.get(path, read=lambda body: dict(body["data"]))
        except Refused as error:
            if error.outcome is not Outcome.NOT_FOUND:
                raise
            record = {"is_deleted": True}
        if record.get("is_deleted"):
            return RemotePerson(person_id=wanted.value, is_deleted=True)
        deals = await self._catalogue.listed("/deals", {"person_id": wanted.value})
        return await self._person(wanted, record, deals)

    async def _deal(self, deal_id: str) -> list[Json]:
        try:
            path = f"{self._v2}/deals/{segment(deal_id)}"
            return [await self._api.get(path, read=lambda body: dict(body["data"]))]
        except Refused as error:
            if error.outcome is not Outcome.NOT_FOUND:
                raise
            return []

    async def _person(self, wanted: Wanted, record: Json, deals: Sequence[Json] | None) -> RemotePerson:
        """`deals` None: they were not read."""
        deal = counting(deals or ())
        remote = remote_deal(deal) if deal else None
        labels = await self._labels(record)
        moments = [instant(one.get("update_time")) for one in (record, *(deals or ()))]
        person_id = str(record["id"])
        name, _, rest = str(record.get("name") or "").partition(" ")
        return RemotePerson(
            person_id=person_id,
            url=f"{self._web}/person/{person_id}" if self._web else "",
            emails=addresses(record),
            first_name=str(record.get("first_name") or name),
            last_name=str(record.get("last_name") or rest),
            values=await self._values(wanted, record),
            owner=await self._catalogue.user_email(record.get("owner_id")),
            status=await self._value(self._status_field, record) if self._status_field else "",
            stage=_stage(remote),
            tags=labels,
            is_opted_out=self._do_not_contact_label in labels if self._do_not_contact_label else None,
            deal=remote,
            untold=(_OF_DEALS if deals is None else frozenset()) | (frozenset() if self._status_field else {"status"}),
            changed_at=max((at for at in moments if at), default=None),
        )

    async def _labels(self, record: Json) -> tuple[str, ...]:
        ids = record.get("label_ids") or []
        known = {label_id: name for name, label_id in (await self._catalogue.labels()).items()} if ids else {}
        return tuple(known[one] for one in ids if one in known)

    async def _values(self, wanted: Wanted, record: Json) -> dict[str, str]:
        values = {name: await self._value(name, record) for name in wanted.fields}
        return {name: value for name, value in values.items() if value}

    async def _value(self, name: str, record: Json) -> str:
        if name == "phone":
            return next((str(one["value"]) for one in record.get("phones") or [] if one.get("value")), "")
        info = await self._catalogue.field(name)
        return decoded(info, (record.get("custom_fields") or {}).get(info.code))


def counting(deals: Sequence[Json]) -> Json | None:
    """The newest open deal, else the newest; ids are numbers that grow."""
    present = sorted((deal for deal in deals if not deal.get("is_deleted")), key=lambda deal: int(deal["id"]))
    still_open = [deal for deal in present if deal["status"] == "open"]
    known = still_open or present
    return known[-1] if known else None


def _stage(deal: RemoteDeal | None) -> str:
    """A closed deal keeps the stage it ended in; what it became is what counts, and is mapped under its own name."""
    if deal is None:
        return ""
    return deal.stage if deal.state is DealState.OPEN else str(deal.state)


def _since(since: datetime) -> dict[str, str]:
    at = since.strftime("%Y-%m-%dT%H:%M:%SZ")  # whole seconds: the rest is sorted out here
    return {"updated_since": at, "sort_by": "update_time"}


def _changed(wanted: Wanted, people: tuple[RemotePerson, ...]) -> tuple[RemotePerson, ...]:
    since = wanted.since
    return people if since is None else tuple(one for one in people if one.changed_at and one.changed_at >= since)


def _place(part: str, after: str) -> str:
    return json.dumps([part, after])


def _unknown_filter(wanted: Wanted, error: Refused) -> Refused:
    if wanted.by is not Selection.FILTER or error.outcome not in (Outcome.NOT_FOUND, Outcome.VALIDATION):
        return error
    said = f"there is no filter '{wanted.value}'. Write the number in its address in Pipedrive. {error.said}"
    return Refused(PROVIDER, said, outcome=Outcome.CONFIG)
