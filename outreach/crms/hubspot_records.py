"""HubSpot's objects, whatever their type: reading, writing, batches, associations and search.

Checked against HubSpot's published descriptions of its dated API (contacts, associations): a batch names even the
properties whose history it does not want, a search its first page, and a record with many associations tells where the
next of them begin.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from outreach.api_client import ApiClient, segment
from outreach.crms.gone import none_if_gone
from outreach.errors import Outcome, Refused

Json = Mapping[str, Any]

PAGE = 100  # what one batch call may read
_TO_CONTACT = {"emails": 198, "notes": 202, "communications": 81, "deals": 3}  # HUBSPOT_DEFINED association types
_MOST_PAGES = 20


class Records:
    """Objects of one account."""

    def __init__(self, api: ApiClient, *, version: str) -> None:
        self._api, self._version = api, version

    async def read(self, kind: str, record_id: str, names: Iterable[str] = ()) -> dict[str, Any]:
        params = {"properties": ",".join(names)} if names else None
        return await self._api.get(f"{self._path(kind)}/{segment(record_id)}", params=params, read=_record)

    async def contact_with(self, email: str, names: Iterable[str] = ()) -> dict[str, Any] | None:
        params = {"idProperty": "email", "properties": ",".join(["email", *names])}
        path = f"{self._path('contacts')}/{segment(email)}"
        return await none_if_gone(self._api.get(path, params=params, read=_record))

    async def create(self, kind: str, properties: Mapping[str, str]) -> dict[str, Any]:
        body = {"properties": dict(properties), "associations": []}
        return await self._api.post(self._path(kind), json=body, read=_record)

    async def create_for(self, person_id: str, kind: str, properties: Mapping[str, str]) -> str:
        """A record that belongs to the person from its first moment: one request, so never one without the other."""
        types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": _TO_CONTACT[kind]}]
        body = {"properties": dict(properties), "associations": [{"to": {"id": person_id}, "types": types}]}
        try:
            return await self._api.post(self._path(kind), json=body, read=lambda reply: str(reply["id"]))
        except Refused as error:
            if error.outcome is Outcome.VALIDATION:
                await self.read("contacts", person_id, ["email"])  # a contact that is gone is refused as a bad value
            raise

    async def write(self, kind: str, record_id: str, properties: Mapping[str, str]) -> None:
        path = f"{self._path(kind)}/{segment(record_id)}"
        await self._api.patch(path, json={"properties": dict(properties)}, read=dict)

    async def purge(self, contact: str) -> None:
        path = f"{self._path('contacts')}/gdpr-delete"
        await self._api.post(path, json={"objectId": contact}, read=lambda _: None)

    async def listed(self, kind: str, names: Iterable[str], *, after: str, is_archived: bool, most: int = PAGE) -> Json:
        params = {"limit": str(most), "properties": ",".join(names)}
        params |= {"after": after} if after else {}
        params |= {"archived": "true"} if is_archived else {}
        return await self._api.get(self._path(kind), params=params, read=page_of)

    async def search(self, kind: str, conditions: Sequence[Json], names: Iterable[str], *, after: str) -> Json:
        """One page, behind the record with the id `after`."""
        behind = [condition("hs_object_id", "GT", after)] if after else []
        body = {
            "filterGroups": [{"filters": [*conditions, *behind]}],
            "properties": list(names),
            "limit": PAGE,
            "after": "0",
            "sorts": ["hs_object_id"],
        }
        return await self._api.post(f"{self._path(kind)}/search", json=body, is_write=False, read=page_of)

    async def batch(self, kind: str, ids: Sequence[str], names: Iterable[str]) -> list[dict[str, Any]]:
        """In no order one could rely on, and without those that are gone."""
        found: list[dict[str, Any]] = []
        for start in range(0, len(ids), PAGE):
            inputs = [{"id": each} for each in ids[start : start + PAGE]]
            body = {"inputs": inputs, "properties": list(names), "propertiesWithHistory": []}
            path = f"{self._path(kind)}/batch/read"
            found += await self._api.post(path, json=body, is_write=False, read=records_of)
        return found

    async def associated(self, person_id: str, kind: str) -> list[str]:
        """Ids of the records of that kind that belong to the person, oldest first; `not_found` for one who is gone."""
        path = f"{self._path('contacts')}/{segment(person_id)}"
        page = await self._api.get(
            path,
            params={"properties": "email", "associations": kind},
            read=lambda body: dict((body.get("associations") or {}).get(kind) or {}),
        )
        ids = ids_of(page.get("results") or [])
        for _ in range(_MOST_PAGES):
            after = following(page)
            if not after:
                break
            params = {"limit": "500", "after": after}
            page = await self._api.get(f"{path}/associations/{kind}", params=params, read=dict)
            ids += ids_of(page.get("results") or [])
        return sorted(dict.fromkeys(ids), key=age)

    async def pairs(self, kind: str, other: str, ids: Sequence[str]) -> dict[str, list[str]]:
        """Which records of the other type belong to each of these."""
        path = f"/crm/associations/{self._version}/{kind}/{other}/batch/read"
        found: dict[str, list[str]] = {}
        wanted: Sequence[Json] = [{"id": each} for each in ids]
        for _ in range(_MOST_PAGES):
            results = await self._api.post(path, json={"inputs": wanted}, is_write=False, read=_results)
            for one in results:
                found.setdefault(str(one["from"]["id"]), []).extend(ids_of(one["to"]))
            wanted = [{"id": str(one["from"]["id"]), "after": following(one)} for one in results if following(one)]
            if not wanted:
                break
        return found

    def _path(self, kind: str) -> str:
        return f"/crm/objects/{self._version}/{kind}"


def condition(name: str, operator: str, value: str) -> Json:
    """One of a search."""
    return {"propertyName": name, "operator": operator, "value": value}


def records_of(body: Any) -> list[dict[str, Any]]:
    return [_record(one) for one in body["results"]]


def page_of(body: Any) -> Json:
    return {**body, "results": list(body["results"])}


def following(body: Json) -> str:
    """Where the next page begins; empty after the last."""
    return str(((body.get("paging") or {}).get("next") or {}).get("after") or "")


def ids_of(results: Iterable[Json]) -> list[str]:
    """Ids stand under another name in each of HubSpot's lists."""
    return [str(one.get("recordId") or one.get("toObjectId") or one["id"]) for one in results]


def age(record_id: str) -> tuple[int, str]:
    """Ids are numbers that grow; anything else sorts after them by its text."""
    return (int(record_id), "") if record_id.isdigit() else (1 << 62, record_id)


def _record(body: Any) -> dict[str, Any]:
    """An object as HubSpot gives it; raises what ApiClient takes for an unexpected body."""
    return {**body, "id": str(body["id"]), "properties": dict(body["properties"])}


def _results(body: Any) -> list[dict[str, Any]]:
    return [dict(one) for one in body["results"]]
