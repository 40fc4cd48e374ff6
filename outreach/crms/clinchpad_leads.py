"""Leads of ClinchPad's pipelines: they carry the notes, fields of ours, owner and stage of a contact.

Nothing leads from a contact to its leads: ours carry the address in their names, others are found by the name that they
share with the contact.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from outreach.api_client import ApiClient, segment
from outreach.crm import Activity
from outreach.crms.address_locks import AddressLocks
from outreach.crms.clinchpad_account import PROVIDER, Pipelines, pages, record, records
from outreach.crms.entries import heading_of, marked_among
from outreach.errors import AdapterError, Outcome, Refused, Unavailable

_LONGEST_TEXT = 20_000
_LEADS = 500  # on a page: 999 was seen to work


class Leads:
    """Of one account. The lead of a contact is remembered. `pipeline`: where leads are made for notes."""

    def __init__(self, api: ApiClient, pipelines: Pipelines, *, pipeline: str) -> None:
        self._api, self._pipelines, self._pipeline = api, pipelines, pipeline
        self._leads: dict[tuple[str, str], str] = {}  # (contact, pipeline) → lead
        self._locks = AddressLocks()

    async def add_note(self, lead_id: str, activity: Activity, *, user: str) -> str:
        body = {"content": _note(activity), "user_id": await self._pipelines.user_id(user)}
        return str((await self.write("POST", f"/leads/{segment(lead_id)}/notes", body))["_id"])

    async def marked_note(self, lead_id: str, activity: Activity) -> str | None:
        async for page in pages(self._api, f"/leads/{segment(lead_id)}/notes", {}):
            texts = ((str(note["_id"]), str(note.get("content") or "")) for note in page)
            if found := marked_among(activity, texts):
                return found
        return None

    async def ensure(self, contact: Mapping[str, Any], pipeline_id: str, stage_id: str, *, value: str) -> str:
        """The open lead of that pipeline; a new one is put into the stage."""
        async with self._locks.of(f"{contact['_id']} {pipeline_id}"):
            if lead := await self.present(contact, pipeline_id):
                return str(lead["_id"])
            lead_id = await self.make(contact, pipeline_id, value=value)
        await self.change(lead_id, {"stage_id": stage_id})
        return lead_id

    async def change(self, lead_id: str, values: Mapping[str, Any]) -> None:
        await self.write("PUT", f"/leads/{segment(lead_id)}", values)

    async def set_field(self, contact: Mapping[str, Any], name: str, value: str) -> None:
        """A field of the lead; made if it is missing."""
        lead_id = await self.of(contact)
        path = f"/leads/{segment(lead_id)}/fields"
        present = next((one for one in await self._on_lead(path) if one.get("name") == name), None)
        if present is None:
            await self.write("POST", path, {"name": name, "value": value})
        elif str(present.get("value") or "") != value:
            await self.write("PUT", f"{path}/{segment(str(present['_id']))}", {"value": value})

    async def of(self, contact: Mapping[str, Any]) -> str:
        """The contact's open lead in the pipeline for notes, made if there is none."""
        pipeline_id = await self._pipelines.pipeline_id(self._pipeline)
        known = self._leads.get((str(contact["_id"]), pipeline_id))
        if known:
            return known
        async with self._locks.of(f"{contact['_id']} {pipeline_id}"):
            if lead := await self.present(contact, pipeline_id):
                return str(lead["_id"])
            return await self.make(contact, pipeline_id)

    async def make(self, contact: Mapping[str, Any], pipeline_id: str, *, value: str = "") -> str:
        body = {"name": _lead_name(contact), "pipeline_id": pipeline_id}
        lead = await self._api.post("/leads", json=body | ({"size": float(value)} if value else {}), read=record)
        await self._link(lead, contact)
        return self._remember(contact, pipeline_id, lead)

    async def present(self, contact: Mapping[str, Any], pipeline_id: str) -> dict[str, Any] | None:
        """The newest open one. A lead that was made and not linked, because we were stopped, is linked now."""
        found: dict[str, Any] | None = None
        async for lead in self._leads_of(pipeline_id):
            if not lead.get("archived") and await self._is_of(lead, contact):
                found = lead
        if found:
            self._remember(contact, pipeline_id, found)
        return found

    async def _is_of(self, lead: Mapping[str, Any], contact: Mapping[str, Any]) -> bool:
        name, email = str(lead.get("name") or "").strip().lower(), str(contact.get("email") or "").lower()
        is_ours = bool(email) and name.endswith(f"({email})")
        if not is_ours and name != str(contact.get("name") or "").strip().lower():
            return False
        linked = {one["_id"] for one in await self._on_lead(f"/leads/{segment(str(lead['_id']))}/contacts")}
        if is_ours and contact["_id"] not in linked:
            await self._link(lead, contact)
        return is_ours or contact["_id"] in linked

    async def _leads_of(self, pipeline_id: str) -> AsyncIterator[dict[str, Any]]:
        async for page in pages(self._api, "/leads", {"pipeline_id": pipeline_id}, size=_LEADS):
            for lead in page:
                yield lead

    async def _link(self, lead: Mapping[str, Any], contact: Mapping[str, Any]) -> None:
        path = f"/leads/{segment(str(lead['_id']))}/contacts/{segment(str(contact['_id']))}"
        await self.write("PUT", path, None)

    def _remember(self, contact: Mapping[str, Any], pipeline_id: str, lead: Mapping[str, Any]) -> str:
        self._leads[str(contact["_id"]), pipeline_id] = str(lead["_id"])
        return str(lead["_id"])

    async def _on_lead(self, path: str) -> list[dict[str, Any]]:
        try:
            return await self._api.get(path, read=records)
        except Refused as error:
            raise self._without_lead(error) from None

    async def write(self, method: str, path: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        """Something of a lead. That the lead is gone does not mean that the person is."""
        try:
            return await self._api.request(method, path, json=body, read=lambda reply: dict(reply or {}))
        except Refused as error:
            raise self._without_lead(error) from None

    def _without_lead(self, error: Refused) -> AdapterError:
        if error.outcome is not Outcome.NOT_FOUND:
            return error
        self._leads.clear()
        return Unavailable(PROVIDER, f"{error.said}; the lead was removed meanwhile, and is looked for again")


def _lead_name(contact: Mapping[str, Any]) -> str:
    """The address in it tells whose lead it is, as nothing else does."""
    name, email = str(contact.get("name") or "").strip(), str(contact.get("email") or "").strip()
    return f"{name} ({email})" if email else name


def _note(activity: Activity) -> str:
    heading = heading_of(activity)
    return "\n\n".join(part for part in (heading, activity.text[:_LONGEST_TEXT], activity.marker) if part)
