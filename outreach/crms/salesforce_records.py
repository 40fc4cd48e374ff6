"""Salesforce's records, whatever their object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from outreach.api_client import segment
from outreach.crm import Activity
from outreach.crms.entries import marked_among
from outreach.crms.merging import as_text
from outreach.crms.salesforce_calls import Calls
from outreach.crms.salesforce_values import PROVIDER, made, object_of, quoted, select, task
from outreach.errors import Outcome, Refused

_TASKS = 100  # newest entries looked through for a marker
_OPEN = {"Lead": "IsConverted = false", "Contact": ""}


class Records:
    """Of one organisation. `key_field`: an external id field of ours that holds the lead's key; empty: none."""

    def __init__(self, calls: Calls, *, key_field: str) -> None:
        self._calls, self._key_field = calls, key_field

    async def person(self, person_id: str, names: Iterable[str] = ()) -> dict[str, Any]:
        """Raises `not_found` for a lead that became a contact, too."""
        kind = object_of(person_id)
        converted = ["IsConverted"] if kind == "Lead" else []
        params = {"fields": ",".join(dict.fromkeys(["Id", "CreatedDate", *converted, *names]))}
        record = await self._calls("GET", f"/sobjects/{kind}/{segment(person_id)}", params=params, read=dict)
        if record.get("IsConverted") is True:
            raise Refused(PROVIDER, f"lead {person_id} was converted", outcome=Outcome.NOT_FOUND)
        return record

    async def with_value(self, kind: str, name: str, value: str) -> list[dict[str, Any]]:
        """Those of that object, oldest first."""
        conditions = (f"{name} = {quoted(value)}", _OPEN[kind])
        tail = "ORDER BY CreatedDate, Id LIMIT 200"
        return await self._calls.query(select(["Id", "CreatedDate"], kind, *conditions, tail=tail))

    async def with_key(self, kind: str, key: str) -> list[dict[str, Any]]:
        return await self.with_value(kind, self._key_field, key) if self._key_field and key else []

    async def create(self, kind: str, values: Mapping[str, Any], *, key: str = "") -> str:
        """By the key the server itself keeps a record from being made twice, where there is a field for it."""
        if self._key_field and key:
            path = f"/sobjects/{kind}/{self._key_field}/{segment(key)}"
            return await self._calls("PATCH", path, json=dict(values), read=made)
        return await self._calls("POST", f"/sobjects/{kind}", json=dict(values), read=made)

    async def write(self, kind: str, record_id: str, values: Mapping[str, Any]) -> None:
        path = f"/sobjects/{kind}/{segment(record_id)}"
        await self._calls("PATCH", path, json=dict(values), read=lambda _: None)

    async def delete(self, kind: str, record_id: str) -> None:
        await self._calls("DELETE", f"/sobjects/{kind}/{segment(record_id)}", read=lambda _: None)

    async def add_task(self, person_id: str, activity: Activity, *, status: str) -> str:
        return await self._calls("POST", "/sobjects/Task", json=task(activity, person_id, status), read=made)

    async def marked_task(self, person_id: str, activity: Activity) -> str | None:
        tail = f"ORDER BY CreatedDate DESC LIMIT {_TASKS}"
        soql = select(["Id", "Description"], "Task", f"WhoId = {quoted(person_id)}", tail=tail)
        tasks = await self._calls.query(soql)
        return marked_among(activity, ((str(one["Id"]), as_text(one.get("Description"))) for one in tasks))
