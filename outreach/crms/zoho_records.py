"""Zoho CRM's records, whatever their module, at most five calls at once: the smallest plan takes no more from one app.

As Zoho's descriptions of v8 have it: one record is read whole, as only lists can be told which fields are wanted, and
`over_write` of tags stands in the body, where every version of the description has it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, Unpack
from weakref import WeakKeyDictionary

from outreach.api_client import ApiClient, Call
from outreach.crm import Activity
from outreach.crms.entries import marked_among
from outreach.crms.zoho_values import PROVIDER, Key, note, rows, written
from outreach.errors import Outcome, Refused

T = TypeVar("T")
DEAL = ("Stage", "Pipeline", "Amount", "Contact_Name", "Modified_Time")
_AT_ONCE = 5
_TAGS_AT_ONCE, _LONGEST_TAG = 3, 25


class Calls:
    """The API below its version, a few calls at a time."""

    def __init__(self, api: ApiClient, root: str) -> None:
        self._api, self._root = api, root
        self._gates: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

    async def __call__(self, method: str, path: str, *, read: Callable[[Any], T], **call: Unpack[Call]) -> T:
        gate = self._gates.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(_AT_ONCE))
        async with gate:
            return await self._api.request(method, f"{self._root}{path}", read=read, **call)


class Records:
    """Of one organisation. `triggers`: which automations run after a write; None: all."""

    def __init__(self, calls: Calls, *, triggers: Sequence[str] | None) -> None:
        self._calls, self._triggers = calls, triggers

    async def read(self, module: str, record_id: str) -> dict[str, Any]:
        """Raises `not_found` for one that is not there."""
        records = await self._calls("GET", f"/{module}/{record_id}", read=rows)
        if not records:
            raise Refused(PROVIDER, f"{module}/{record_id} is not there", outcome=Outcome.NOT_FOUND)
        return records[0]

    async def person(self, key: Key) -> dict[str, Any]:
        """A lead that became a contact is gone, too."""
        record = await self.read(key.module, key.id)
        if record.get("$converted") is True:
            raise Refused(PROVIDER, f"{key} was converted", outcome=Outcome.NOT_FOUND)
        return record

    async def deals_of(self, key: Key) -> list[dict[str, Any]]:
        """A contact's deals, oldest first; a lead has none before it is converted."""
        if key.module != "Contacts":
            return []
        params = {"fields": ",".join(DEAL)}  # the first 200, which is what a page holds
        deals = await self._calls("GET", f"/Contacts/{key.id}/Deals", params=params, read=rows)
        return sorted(deals, key=lambda one: int(one["id"]))

    async def with_address(self, module: str, email: str) -> list[dict[str, Any]]:
        """What search knows; it lags behind writes."""
        params = {"email": email, "per_page": "200"}
        return await self._calls("GET", f"/{module}/search", params=params, read=rows)

    async def create(self, module: str, values: Mapping[str, Any]) -> str:
        made = await self._calls("POST", f"/{module}", json=self._body(values), read=written)
        return str(made["id"])

    async def upsert(self, module: str, values: Mapping[str, Any], *, by: Sequence[str]) -> dict[str, Any]:
        body = self._body(values) | ({"duplicate_check_fields": list(by)} if by else {})
        return await self._calls("POST", f"/{module}/upsert", json=body, read=written)

    async def write(self, module: str, record_id: str, values: Mapping[str, Any]) -> None:
        await self._calls("PUT", f"/{module}/{record_id}", json=self._body({"id": record_id, **values}), read=written)

    async def delete(self, module: str, record_id: str) -> None:
        await self.read(module, record_id)
        await self._calls("DELETE", f"/{module}/{record_id}", read=written)

    async def add_note(self, key: Key, activity: Activity) -> str:
        made = await self._calls("POST", f"/{key}/Notes", json={"data": [note(activity)]}, read=written)
        return str(made["id"])

    async def marked_note(self, key: Key, activity: Activity) -> str | None:
        params = {"fields": "Note_Content", "sort_by": "id", "sort_order": "desc"}  # the newest 200
        notes = await self._calls("GET", f"/{key}/Notes", params=params, read=rows)
        return marked_among(activity, ((str(one["id"]), str(one.get("Note_Content") or "")) for one in notes))

    async def add_tags(self, key: Key, tags: Sequence[str]) -> None:
        if long := [tag for tag in tags if len(tag) > _LONGEST_TAG]:
            said = f"a tag has at most {_LONGEST_TAG} characters: {', '.join(long)}"
            raise Refused(PROVIDER, said, outcome=Outcome.VALIDATION)
        for start in range(0, len(tags), _TAGS_AT_ONCE):
            body = {"tags": [{"name": tag} for tag in tags[start : start + _TAGS_AT_ONCE]], "over_write": False}
            await self._calls("POST", f"/{key}/actions/add_tags", json=body, read=_all_tags)

    def _body(self, values: Mapping[str, Any]) -> dict[str, Any]:
        trigger = {"trigger": list(self._triggers)} if self._triggers is not None else {}
        return {"data": [dict(values)]} | trigger


def _all_tags(reply: Any) -> None:
    """A tag that was not added stands in the details of a success."""
    details = written(reply)
    if refused := details.get("not_added_tags"):
        names = ", ".join(str(one.get("name")) for one in refused)
        raise Refused(PROVIDER, f"tags that were not added: {names}", outcome=Outcome.VALIDATION)
