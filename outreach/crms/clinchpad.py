"""ClinchPad, API v1 (https://clinchpad.com/api/docs): the contact is the person, a lead of a pipeline is the deal.

Notes, fields of ours, owner and stage belong to leads, so writing one makes a lead if the contact has none. Nothing
leads from a contact to its leads: ours carry the address in their names, others are found by the contact's name.
Unverified: whether the service is still run (`check` says so clearly), the error body, the first page's number.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

import httpx

from outreach.api_client import ApiClient, retry_after, segment
from outreach.crm import (
    READS_AND_WRITES,
    Account,
    Activity,
    Deal,
    Field,
    Found,
    Mode,
    Operation,
    Page,
    Person,
    Selection,
    Wanted,
)
from outreach.crms.address_locks import AddressLocks
from outreach.crms.clinchpad_account import Pipelines, pages, record, records
from outreach.crms.clinchpad_pull import Reading
from outreach.crms.entries import heading_of
from outreach.crms.in_doubt import timed_out
from outreach.errors import AdapterError, Outcome, RateLimited, Refused, Unavailable

_SPENT = timedelta(minutes=5)  # 1,200 calls an hour, and no header that says when there are more
_PLAIN = frozenset({"designation", "phone", "address"})  # what a contact has beside its own fields
_OURS = frozenset({"name", "email"})
_LONGEST_TEXT = 20_000
_LEADS = 500  # on a page: 999 was seen to work


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`key`: the API key. `pipeline`: where leads are made for notes, the first one if left out. `user`: the address of
    the user who writes notes, the first one if left out.
    """

    key: str = field(repr=False)
    base_url: str = "https://www.clinchpad.com/api/v1"
    pipeline: str = ""
    user: str = ""
    status_property: str = "Outreach status"
    do_not_contact_field: str = "Do not contact"

    def __post_init__(self) -> None:
        if not self.key.strip():
            raise ValueError('the key is empty. Write key: "${CLINCHPAD_KEY}" and set it in the environment.')


class ClinchPad:
    """One account. Pipelines, users and the lead of a contact are remembered."""

    provider: ClassVar[str] = "clinchpad"
    can: ClassVar[frozenset[Operation]] = READS_AND_WRITES - {Operation.TAGS}
    lacks: ClassVar[Mapping[Operation, str]] = {Operation.TAGS: "ClinchPad has no tags"}
    selections: ClassVar[frozenset[Selection]] = frozenset({Selection.STAGE, Selection.PERSON, Selection.DEAL})

    def __init__(self, options: Options, http: httpx.AsyncClient) -> None:
        self._options = options
        login = base64.b64encode(f"api-key:{options.key}".encode()).decode("ascii")
        self._api = ApiClient(
            self.provider,
            http,
            base_url=options.base_url,
            headers={"authorization": f"Basic {login}"},
            secrets=(options.key,),
            translate=_error_of,
        )
        self._pipelines = Pipelines(self._api)
        self._leads: dict[tuple[str, str], str] = {}  # (contact, pipeline) → lead
        self._locks = AddressLocks()

    async def check(self) -> Account:
        try:
            await self._pipelines.read()
        except RateLimited:
            raise
        except (Refused, Unavailable) as error:
            said = f"{error.said}. If this lasts, the service may not be run any more"
            raise type(error)(self.provider, said, outcome=error.outcome, code=error.code) from None
        users = await self._pipelines.users()
        for email in filter(None, (self._options.user,)):
            await self._pipelines.user_id(email)
        return Account(
            name="ClinchPad",
            stages=self._pipelines.stage_names,
            users=tuple(users),
            pipelines=tuple(self._pipelines.ids),
        )

    async def find_person(self, email: str) -> tuple[Found, ...]:
        contacts = await self._api.get("/contacts", params={"email": email}, read=records)
        same = [one for one in contacts if str(one.get("email") or "").strip().lower() == email.strip().lower()]
        return tuple(Found(person_id=one["_id"]) for one in sorted(same, key=lambda one: str(one["_id"])))

    async def upsert_person(self, person: Person, *, person_id: str | None) -> Found:
        if wrong := [item.name for item in person.fields if item.name in _OURS]:
            raise self._refused(f"field '{wrong[0]}' is not for mapped values")
        if person_id is not None:
            return await self._update(await self._contact(person_id), person)
        async with self._locks.of(person.email):
            same = await self.find_person(person.email) if person.email else ()
            if len(same) > 1:
                ids = ", ".join(one.person_id for one in same)
                raise self._refused(f"{len(same)} contacts have {person.email}: {ids}", Outcome.AMBIGUOUS)
            present = await self._contact(same[0].person_id) if same else await self._create(person)
            return await self._update(present, person)

    async def log(self, person_id: str, activity: Activity, *, look_first: bool) -> str:
        lead_id = await self._lead(await self._contact(person_id))
        if look_first and (note_id := await self._marked_note(lead_id, activity)):
            return note_id
        body = {"content": _note(activity), "user_id": await self._pipelines.user_id(self._options.user)}
        path = f"/leads/{segment(lead_id)}/notes"
        return str((await self._write("POST", path, body))["_id"])

    async def set_status(self, person_id: str, status: str) -> None:
        await self._set_field(person_id, self._options.status_property, status)

    async def set_stage(self, person_id: str, stage: str) -> bool:
        pipeline_id, stage_id = await self._pipelines.stage(stage, preferred=self._options.pipeline)
        contact = await self._contact(person_id)
        lead = await self._present_lead(contact, pipeline_id)
        if lead is None:
            return False
        if str((lead.get("stage") or {}).get("_id")) != stage_id:
            await self._write("PUT", f"/leads/{segment(lead['_id'])}", {"stage_id": stage_id})
        return True

    async def ensure_deal(self, person_id: str, deal: Deal) -> str:
        pipeline_id, stage_id = await self._pipelines.stage(deal.stage, within=deal.pipeline)
        contact = await self._contact(person_id)
        async with self._locks.of(f"{person_id} {pipeline_id}"):
            if lead := await self._present_lead(contact, pipeline_id):
                return str(lead["_id"])
            lead_id = await self._make_lead(contact, pipeline_id, value=deal.value)
        await self._write("PUT", f"/leads/{segment(lead_id)}", {"stage_id": stage_id})
        return lead_id

    async def assign_owner(self, person_id: str, email: str) -> None:
        user_id = await self._pipelines.user_id(email)
        lead_id = await self._lead(await self._contact(person_id))
        await self._write("PUT", f"/leads/{segment(lead_id)}", {"user_id": user_id})

    async def add_tags(self, person_id: str, tags: tuple[str, ...]) -> None:
        raise self._refused("ClinchPad has no tags; take `tags` out of `when`")

    async def set_do_not_contact(self, person_id: str, email: str) -> None:
        await self._set_field(person_id, self._options.do_not_contact_field, "yes")

    async def pull(self, wanted: Wanted, *, cursor: str | None) -> Page:
        reading = Reading(self._api, self._pipelines, wanted)
        names = (self._options.status_property, self._options.do_not_contact_field)
        return await reading.page(cursor, names=names, preferred=self._options.pipeline)

    async def _create(self, person: Person) -> dict[str, Any]:
        plain = {item.name: item.value for item in person.fields if item.name in _PLAIN and item.value}
        body = {"name": _name_of(person), **({"email": person.email} if person.email else {}), **plain}
        return await self._api.post("/contacts", json=body, read=record)

    async def _update(self, present: dict[str, Any], person: Person) -> Found:
        name = str(present.get("name") or "")
        after = {"name": _name_of(person)} if name.strip().lower() in ("", person.email.lower()) else {}
        after |= {
            item.name: item.value
            for item in person.fields
            if item.name in _PLAIN and item.value and _is_to_be_written(item, str(present.get(item.name) or ""))
        }
        if {key: present.get(key) for key in after} != after:
            body = {"name": name, "email": str(present.get("email") or ""), **after}
            await self._api.put(f"/contacts/{segment(present['_id'])}", json=body, read=lambda _: None)
        await self._update_own_fields(present, person)
        return Found(person_id=str(present["_id"]))

    async def _update_own_fields(self, present: Mapping[str, Any], person: Person) -> None:
        own = {str(one["name"]): one for one in present.get("fields") or ()}
        for item in person.fields:
            if item.name in _PLAIN or not item.value:
                continue
            if item.name not in own:
                known = ", ".join([*sorted(_PLAIN), *own])
                raise self._refused(f"contacts have no field '{item.name}'. There are: {known}")
            if _is_to_be_written(item, str(own[item.name].get("value") or "")):
                path = f"/contacts/{segment(str(present['_id']))}/fields/{segment(str(own[item.name]['_id']))}"
                await self._api.put(path, json={"value": item.value}, read=lambda _: None)

    async def _set_field(self, person_id: str, name: str, value: str) -> None:
        """A field of the lead; made if it is missing."""
        lead_id = await self._lead(await self._contact(person_id))
        path = f"/leads/{segment(lead_id)}/fields"
        present = next((one for one in await self._on_lead(path) if one.get("name") == name), None)
        if present is None:
            await self._write("POST", path, {"name": name, "value": value})
        elif str(present.get("value") or "") != value:
            await self._write("PUT", f"{path}/{segment(str(present['_id']))}", {"value": value})

    async def _lead(self, contact: Mapping[str, Any]) -> str:
        """The contact's open lead in the pipeline for notes, made if there is none."""
        pipeline_id = await self._pipelines.pipeline_id(self._options.pipeline)
        known = self._leads.get((str(contact["_id"]), pipeline_id))
        if known:
            return known
        async with self._locks.of(f"{contact['_id']} {pipeline_id}"):
            if lead := await self._present_lead(contact, pipeline_id):
                return str(lead["_id"])
            return await self._make_lead(contact, pipeline_id)

    async def _make_lead(self, contact: Mapping[str, Any], pipeline_id: str, *, value: str = "") -> str:
        body = {"name": _lead_name(contact), "pipeline_id": pipeline_id}
        lead = await self._api.post("/leads", json=body | ({"size": float(value)} if value else {}), read=record)
        await self._link(lead, contact)
        return self._remember(contact, pipeline_id, lead)

    async def _present_lead(self, contact: Mapping[str, Any], pipeline_id: str) -> dict[str, Any] | None:
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
        await self._write("PUT", path, None)

    def _remember(self, contact: Mapping[str, Any], pipeline_id: str, lead: Mapping[str, Any]) -> str:
        self._leads[str(contact["_id"]), pipeline_id] = str(lead["_id"])
        return str(lead["_id"])

    async def _marked_note(self, lead_id: str, activity: Activity) -> str | None:
        async for page in pages(self._api, f"/leads/{segment(lead_id)}/notes", {}):
            for note in page:
                if activity.is_marked(str(note.get("content") or "")):
                    return str(note["_id"])
        return None

    async def _contact(self, person_id: str) -> dict[str, Any]:
        return await self._api.get(f"/contacts/{segment(person_id)}", read=record)

    async def _on_lead(self, path: str) -> list[dict[str, Any]]:
        try:
            return await self._api.get(path, read=records)
        except Refused as error:
            raise self._without_lead(error) from None

    async def _write(self, method: str, path: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        """Something of a lead. That the lead is gone does not mean that the person is."""
        try:
            return await self._api.request(method, path, json=body, read=lambda reply: dict(reply or {}))
        except Refused as error:
            raise self._without_lead(error) from None

    def _without_lead(self, error: Refused) -> AdapterError:
        if error.outcome is not Outcome.NOT_FOUND:
            return error
        self._leads.clear()
        return Unavailable(self.provider, f"{error.said}; the lead was removed meanwhile, and is looked for again")

    def _refused(self, said: str, outcome: Outcome = Outcome.CONFIG) -> Refused:
        return Refused(self.provider, said, outcome=outcome)


def _is_to_be_written(item: Field, before: str) -> bool:
    return item.value != before and (item.mode is Mode.OVERWRITE or not before)


def _name_of(person: Person) -> str:
    return f"{person.first_name} {person.last_name}".strip() or person.email or person.company or person.key


def _lead_name(contact: Mapping[str, Any]) -> str:
    """The address in it tells whose lead it is, as nothing else does."""
    name, email = str(contact.get("name") or "").strip(), str(contact.get("email") or "").strip()
    return f"{name} ({email})" if email else name


def _note(activity: Activity) -> str:
    heading = heading_of(activity)
    return "\n\n".join(part for part in (heading, activity.text[:_LONGEST_TEXT], activity.marker) if part)


def _error_of(response: httpx.Response, body: Any) -> AdapterError | None:
    if response.status_code == 429:
        said = f"{response.request.method} {response.request.url.path}: 429"
        return RateLimited(ClinchPad.provider, said, retry_after=retry_after(response, _SPENT), code="429")
    return timed_out(ClinchPad.provider, response)
