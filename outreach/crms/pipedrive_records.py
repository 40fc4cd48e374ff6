"""Pipedrive's records: version 2 of the API for what it has, version 1 for notes and users."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from outreach.api_client import ApiClient
from outreach.crm import Activity
from outreach.crms.entries import marked_among
from outreach.crms.pipedrive_options import Paths
from outreach.crms.pipedrive_values import PROVIDER, note, number
from outreach.errors import Outcome, Refused

_MOST_PAGES = 20
_NOTES = 100  # newest entries looked through for a marker


class Records:
    """Of one company."""

    def __init__(self, api: ApiClient, paths: Paths) -> None:
        self._api, self._paths = api, paths

    async def read(self, kind: str, record_id: str) -> dict[str, Any]:
        """Raises `not_found` for one that is deleted, and for what cannot be an id."""
        path = f"{self._paths.v2}/{kind}/{number(record_id, kind)}"
        record = await self._api.get(path, read=lambda body: dict(body["data"]))
        if record.get("is_deleted"):
            raise Refused(PROVIDER, f"{kind} {record_id} is deleted", outcome=Outcome.NOT_FOUND)
        return record

    async def create(self, kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
        path = f"{self._paths.v2}/{kind}"
        return await self._api.post(path, json=dict(values), read=lambda reply: {**reply["data"], "id": _id(reply)})

    async def write(self, kind: str, record_id: str, values: Mapping[str, Any]) -> None:
        await self._api.patch(f"{self._paths.v2}/{kind}/{number(record_id, kind)}", json=dict(values), read=_id)

    async def delete(self, kind: str, record_id: str) -> None:
        await self.read(kind, record_id)  # one that is deleted already is told as `not_found`
        await self._api.delete(f"{self._paths.v2}/{kind}/{number(record_id, kind)}", read=_id)

    async def found(self, kind: str, term: str, *, field: str) -> list[dict[str, Any]]:
        """What an exact search by one field gives."""
        params = {"term": term, "fields": field, "exact_match": "true", "limit": "100"}
        return await self._api.get(
            f"{self._paths.v2}/{kind}/search",
            params=params,
            read=lambda body: [dict(one["item"]) for one in body["data"]["items"]],
        )

    async def deals_of(self, person_id: str) -> list[dict[str, Any]]:
        """Oldest first."""
        params = {"person_id": str(number(person_id, "person"))}
        deals = [one for one in await self.listed("/deals", params) if not one.get("is_deleted")]
        return sorted(deals, key=lambda one: int(one["id"]))

    async def listed(self, path: str, params: Mapping[str, str]) -> list[dict[str, Any]]:
        """Every record of a list, whatever its length."""
        records: list[dict[str, Any]] = []
        cursor = ""
        for _ in range(_MOST_PAGES):
            page, cursor = await self.page(path, params, cursor, limit=500)
            records += page
            if not cursor:
                break
        return records

    async def page(
        self, path: str, params: Mapping[str, str], cursor: str, *, limit: int
    ) -> tuple[list[dict[str, Any]], str]:
        """One page and the cursor of the next; empty after the last."""
        asked = {**params, "limit": str(limit)} | ({"cursor": cursor} if cursor else {})
        return await self._api.get(f"{self._paths.v2}{path}", params=asked, read=_page)

    async def users(self) -> list[dict[str, Any]]:
        return await self._api.get(f"{self._paths.v1}/users", read=lambda body: [dict(one) for one in body["data"]])

    async def me(self) -> dict[str, Any]:
        return await self._api.get(f"{self._paths.v1}/users/me", read=lambda body: dict(body["data"]))

    async def add_note(self, person_id: str, activity: Activity) -> str:
        body = {"content": note(activity), "person_id": number(person_id, "person")}
        return await self._api.post(f"{self._paths.v1}/notes", json=body, read=_id)

    async def marked_note(self, person_id: str, activity: Activity) -> str | None:
        params = {"person_id": person_id, "sort": "add_time DESC", "limit": str(_NOTES)}
        notes = await self._api.get(
            f"{self._paths.v1}/notes", params=params, read=lambda body: list(body["data"] or [])
        )
        return marked_among(activity, ((str(one["id"]), str(one.get("content") or "")) for one in notes))


def _id(reply: Any) -> str:
    return str(reply["data"]["id"])


def _page(body: Any) -> tuple[list[dict[str, Any]], str]:
    more = body.get("additional_data") or {}
    return [dict(one) for one in body["data"] or []], str(more.get("next_cursor") or "")
