"""ClinchPad, API v1 (https://clinchpad.com/api/docs): the contact is the person, a lead of a pipeline is the deal.

Notes, fields of ours, owner and stage belong to leads, so writing one makes a lead if the contact has none. Nothing
leads from a contact to its leads: ours carry the address in their names, others are found by the contact's name.
Unverified: whether the service is still run (`check` says so clearly), the error body, the first page's number.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
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
    Operation,
    Page,
    Person,
    Selection,
    Wanted,
)
from outreach.crms.address_locks import AddressLocks
from outreach.crms.clinchpad_account import Pipelines, record, records
from outreach.crms.clinchpad_leads import Leads
from outreach.crms.clinchpad_pull import Reading
from outreach.crms.in_doubt import timed_out
from outreach.crms.merging import changes, wishes_of
from outreach.crms.the_one import the_one
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
    lacks: ClassVar[Mapping[Operation, str]] = {
        Operation.TAGS: "ClinchPad has no tags",
        Operation.FORGET: "a contact's leads carry the person's name, and would stay",
    }
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
        self._leads = Leads(self._api, self._pipelines, pipeline=options.pipeline)
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
            same = the_one(self.provider, await self.find_person(person.email) if person.email else (), person.email)
            present = await self._contact(same.person_id) if same else await self._create(person)
            return await self._update(present, person)

    async def log(self, person_id: str, activity: Activity, *, look_first: bool) -> str:
        lead_id = await self._leads.of(await self._contact(person_id))
        if look_first and (note_id := await self._leads.marked_note(lead_id, activity)):
            return note_id
        return await self._leads.add_note(lead_id, activity, user=self._options.user)

    async def set_status(self, person_id: str, status: str) -> None:
        await self._leads.set_field(await self._contact(person_id), self._options.status_property, status)

    async def set_stage(self, person_id: str, stage: str) -> bool:
        pipeline_id, stage_id = await self._pipelines.stage(stage, preferred=self._options.pipeline)
        contact = await self._contact(person_id)
        lead = await self._leads.present(contact, pipeline_id)
        if lead is None:
            return False
        if str((lead.get("stage") or {}).get("_id")) != stage_id:
            await self._leads.change(str(lead["_id"]), {"stage_id": stage_id})
        return True

    async def ensure_deal(self, person_id: str, deal: Deal) -> str:
        pipeline_id, stage_id = await self._pipelines.stage(deal.stage, within=deal.pipeline)
        contact = await self._contact(person_id)
        return await self._leads.ensure(contact, pipeline_id, stage_id, value=deal.value)

    async def assign_owner(self, person_id: str, email: str) -> None:
        user_id = await self._pipelines.user_id(email)
        lead_id = await self._leads.of(await self._contact(person_id))
        await self._leads.change(lead_id, {"user_id": user_id})

    async def add_tags(self, person_id: str, tags: tuple[str, ...]) -> None:
        raise self._refused("ClinchPad has no tags; take `tags` out of `when`")

    async def set_do_not_contact(self, person_id: str, email: str) -> None:
        await self._leads.set_field(await self._contact(person_id), self._options.do_not_contact_field, "yes")

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
        after |= changes(wishes_of([item for item in person.fields if item.name in _PLAIN]), present)
        if {key: present.get(key) for key in after} != after:
            body = {"name": name, "email": str(present.get("email") or ""), **after}
            await self._api.put(f"/contacts/{segment(present['_id'])}", json=body, read=lambda _: None)
        await self._update_own_fields(present, [item for item in person.fields if item.name not in _PLAIN])
        return Found(person_id=str(present["_id"]))

    async def _update_own_fields(self, present: Mapping[str, Any], items: Sequence[Field]) -> None:
        own = {str(one["name"]): one for one in present.get("fields") or ()}
        wishes = wishes_of(items)
        if unknown := next((name for name in wishes if name not in own), ""):
            raise self._refused(f"contacts have no field '{unknown}'. There are: {', '.join([*sorted(_PLAIN), *own])}")
        for name, value in changes(wishes, {name: one.get("value") for name, one in own.items()}).items():
            path = f"/contacts/{segment(str(present['_id']))}/fields/{segment(str(own[name]['_id']))}"
            await self._api.put(path, json={"value": value}, read=lambda _: None)

    async def _contact(self, person_id: str) -> dict[str, Any]:
        return await self._api.get(f"/contacts/{segment(person_id)}", read=record)

    def _refused(self, said: str, outcome: Outcome = Outcome.CONFIG) -> Refused:
        return Refused(self.provider, said, outcome=outcome)


def _name_of(person: Person) -> str:
    return f"{person.first_name} {person.last_name}".strip() or person.email or person.company or person.key


def _error_of(response: httpx.Response, body: Any) -> AdapterError | None:
    if response.status_code == 429:
        said = f"{response.request.method} {response.request.url.path}: 429"
        return RateLimited(ClinchPad.provider, said, retry_after=retry_after(response, _SPENT), code="429")
    return timed_out(ClinchPad.provider, response)
