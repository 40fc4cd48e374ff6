"""Reading people back from Pipedrive: everybody, a filter, a deal stage, one record, or who changed.

A round of changes looks at persons, then at deals, since a deal that moves does not change its person. Deleted persons
are not listed: they are noticed by webhook, or when something is to be written to them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from outreach.crm import DealState, Page, RemoteDeal, RemotePerson, Selection, Wanted
from outreach.crms.gone import none_if_gone
from outreach.crms.held_deals import counting
from outreach.crms.instants import instant_of
from outreach.crms.pipedrive_catalogue import Catalogue
from outreach.crms.pipedrive_options import Options
from outreach.crms.pipedrive_records import Records
from outreach.crms.pipedrive_values import PROVIDER, addresses, decoded, remote_deal
from outreach.errors import Outcome, Refused

_PAGE = 100  # what one read of persons by their ids may ask for
_OF_DEALS = frozenset({"stage", "deal"})  # told with the deals that changed, not with the person

Json = Mapping[str, Any]


class People:
    """The reading half of one connection."""

    def __init__(self, records: Records, catalogue: Catalogue, options: Options) -> None:
        self._records, self._catalogue, self._options = records, catalogue, options

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
        if wanted.by is Selection.FILTER and not wanted.value.isdigit():
            raise _no_filter(wanted, "")
        params = _since(wanted.since) if wanted.since else {"sort_by": "id"}
        params |= {"filter_id": wanted.value} if wanted.by is Selection.FILTER else {}
        try:
            records, following = await self._records.page("/persons", params, after, limit=_PAGE)
        except Refused as error:
            raise _unknown_filter(wanted, error) from None
        people = tuple([await self._person(wanted, one, None) for one in records if not one.get("is_deleted")])
        is_followed = wanted.since is not None and wanted.by is None
        last = _place("deals", "") if is_followed else None
        return Page(people=_changed(wanted, people), cursor=_place("persons", following) if following else last)

    async def _by_deals(self, wanted: Wanted, params: Mapping[str, str], part: str, after: str) -> Page:
        deals, following = await self._records.page("/deals", params, after, limit=_PAGE)
        if wanted.since:  # a deal that ended is no news of somebody who has another one open
            people_ids = dict.fromkeys(str(deal["person_id"]) for deal in deals if deal.get("person_id"))
            deals = [deal for one in people_ids for deal in await self._records.deals_of(one)]
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
        records, _ = await self._records.page("/persons", {"ids": ids}, "", limit=_PAGE)
        return tuple([await self._person(wanted, one, of_person[int(one["id"])]) for one in records])

    async def _one(self, wanted: Wanted) -> RemotePerson:
        record = await none_if_gone(self._records.read("persons", wanted.value))
        if record is None:
            return RemotePerson(person_id=wanted.value, is_deleted=True)
        return await self._person(wanted, record, await self._records.deals_of(wanted.value))

    async def _deal(self, deal_id: str) -> list[Json]:
        deal = await none_if_gone(self._records.read("deals", deal_id))
        return [deal] if deal else []

    async def _person(self, wanted: Wanted, record: Json, deals: Sequence[Json] | None) -> RemotePerson:
        """`deals` None: they were not read."""
        present = sorted((one for one in deals or () if not one.get("is_deleted")), key=lambda one: int(one["id"]))
        remote = counting([remote_deal(one) for one in present])
        status_field, opt_out = self._options.status_property, self._options.do_not_contact_label
        labels = await self._labels(record)
        moments = [instant_of(one.get("update_time")) for one in (record, *(deals or ()))]
        person_id = str(record["id"])
        name, _, rest = str(record.get("name") or "").partition(" ")
        return RemotePerson(
            person_id=person_id,
            url=f"{self._options.web}/person/{person_id}" if self._options.web else "",
            emails=addresses(record),
            first_name=str(record.get("first_name") or name),
            last_name=str(record.get("last_name") or rest),
            values=await self._values(wanted, record),
            owner=await self._catalogue.user_email(record.get("owner_id")),
            status=await self._value(status_field, record) if status_field else "",
            stage=_stage(remote),
            tags=labels,
            is_opted_out=opt_out in labels if opt_out else None,
            deal=remote,
            untold=(_OF_DEALS if deals is None else frozenset()) | (frozenset() if status_field else {"status"}),
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
    return _no_filter(wanted, error.said)


def _no_filter(wanted: Wanted, why: str) -> Refused:
    said = f"there is no filter '{wanted.value}'. Write the number in its address in Pipedrive. {why}".rstrip()
    return Refused(PROVIDER, said, outcome=Outcome.CONFIG)
