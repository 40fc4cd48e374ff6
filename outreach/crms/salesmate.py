"""Salesmate, API v4 (https://apidocs.salesmate.io, a collection without schemas): community-verified, not by us.

A failure may come with HTTP 200. An update wants last name and owner again, so the contact is read before. Addresses
are compared here, whatever a search gives. Pipelines and stages are names, and nothing lists them: `pipelines` does.
Unverified: EQUALS on an address (`email_condition`), the filter of a contact's deals, the opt-out field
(`do_not_contact_field`; it is read again after it was written), the shape of the list of notes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import httpx

from outreach.api_client import ApiClient, segment
from outreach.crm import Account, Activity, Deal, Found, Operation, Page, Person, Selection, Wanted
from outreach.crms.address_locks import AddressLocks
from outreach.crms.entries import marked_among
from outreach.crms.merging import is_to_be_written
from outreach.crms.salesmate_deals import Deals
from outreach.crms.salesmate_options import LACKS, Options
from outreach.crms.salesmate_pull import Reading
from outreach.crms.salesmate_users import Users
from outreach.crms.salesmate_values import (
    PROVIDER,
    at,
    contact_search,
    data_in,
    error_of,
    found,
    last_name_of,
    made,
    names_of,
    note_of,
    notes_in,
    rule,
    search,
    stand_ins,
    tags_of,
    text_at,
)
from outreach.crms.the_one import the_one
from outreach.errors import Outcome, Refused

__all__ = ["Options", "Salesmate"]

_OURS = frozenset({"id", "owner", "tags"})  # fields that a mapping must not write


class Salesmate:
    """One account (link). Users are remembered."""

    provider: ClassVar[str] = "salesmate"
    lacks: ClassVar[Mapping[Operation, str]] = LACKS
    selections: ClassVar[frozenset[Selection]] = frozenset({Selection.STAGE, Selection.PERSON})

    def __init__(self, options: Options, http: httpx.AsyncClient) -> None:
        self._options = options
        self._api = ApiClient(
            self.provider,
            http,
            base_url=options.base_url or f"https://{options.linkname}.salesmate.io",
            headers={options.token_header: options.token, "x-linkname": f"{options.linkname}.salesmate.io"},
            secrets=(options.token,),  # `x-linkname` is none: without it errors keep their host names
            translate=error_of,
        )
        self._users = Users(self._api, options)
        self._deals = Deals(self._api, self._users, options)
        self._contacts = options.contacts
        self._locks = AddressLocks()

    @property
    def can(self) -> frozenset[Operation]:
        return self._options.can

    async def check(self) -> Account:
        await self._users.read()
        if self._options.owner:
            await self._users.id_of(self._options.owner)
        stages = dict.fromkeys(stage for stages in self._options.pipelines.values() for stage in stages)
        return Account(
            name=f"Salesmate {self._options.linkname}",
            stages=tuple(stages),
            users=self._users.addresses,
            pipelines=tuple(self._options.pipelines),
        )

    async def find_person(self, email: str) -> tuple[Found, ...]:
        wanted = rule("contact.email", self._options.email_condition, email, name="Email", kind="Email")
        rows = await search(self._api, self._contacts, contact_search([wanted]))
        same = [row for row in rows if text_at(row, "email").strip().lower() == email.strip().lower()]
        return tuple(found(row) for row in sorted(same, key=lambda row: int(str(at(row, "id")))))

    async def upsert_person(self, person: Person, *, person_id: str | None) -> Found:
        for item in person.fields:
            if item.name in _OURS:
                raise self._refused(f"field '{item.name}' is not for mapped values")
        if person_id is not None:
            return await self._update(person_id, person)
        async with self._locks.of(person.email):
            same = the_one(PROVIDER, await self.find_person(person.email) if person.email else (), person.email)
            return await (self._update(same.person_id, person) if same else self._create(person))

    async def log(self, person_id: str, activity: Activity, *, look_first: bool) -> str:
        if look_first and (note_id := await self._marked_note(person_id, activity)):
            return note_id
        body = {"note": note_of(activity), "type": "Note", "attachments": []}
        path = f"{self._contacts}/modules/1/object/{segment(person_id)}/notes"
        return await self._api.post(path, json=body, read=lambda reply: str(at(data_in(reply), "noteId")))

    async def set_status(self, person_id: str, status: str) -> None:
        if not self._options.status_property:
            raise self._refused(LACKS[Operation.STATUS])
        await self._put(await self._contact(person_id), {self._options.status_property: status})

    async def set_stage(self, person_id: str, stage: str) -> bool:
        self._options.pipelines_of(stage)
        await self._contact(person_id)
        return await self._deals.set_stage(person_id, stage)

    async def ensure_deal(self, person_id: str, deal: Deal) -> str:
        self._deals.prove(deal)
        return await self._deals.ensure(await self._contact(person_id), deal)

    async def assign_owner(self, person_id: str, email: str) -> None:
        owner = await self._users.id_of(email)
        await self._put(await self._contact(person_id), {"owner": owner})

    async def add_tags(self, person_id: str, tags: tuple[str, ...]) -> None:
        if bad := [tag for tag in tags if "," in tag]:
            raise self._refused(f"a tag cannot hold a comma: {bad[0]}", Outcome.VALIDATION)
        contact = await self._contact(person_id)
        before = tags_of(contact)
        after = list(dict.fromkeys([*before, *tags]))
        if after != before:
            await self._put(contact, {"tags": ",".join(after)})

    async def set_do_not_contact(self, person_id: str, email: str) -> None:
        name = self._options.do_not_contact_field
        if not name:
            raise self._refused(LACKS[Operation.DO_NOT_CONTACT])
        await self._put(await self._contact(person_id), {name: True})
        if at(await self._contact(person_id), name) not in (True, "true", "True", 1, "1", "Yes"):
            raise self._refused(f"'{name}' was not kept. Set `do_not_contact_field` to a checkbox of contacts")

    async def forget(self, person_id: str) -> None:
        """The contact; what becomes of its notes is unverified."""
        await self._contact(person_id)
        await self._api.delete(f"{self._contacts}/{segment(person_id)}", read=data_in)

    async def pull(self, wanted: Wanted, *, cursor: str | None) -> Page:
        if wanted.by is Selection.STAGE:
            self._options.pipelines_of(wanted.value)
        reading = Reading(self._api, self._options, wanted)
        return await reading.page(cursor, users=await self._users.by_id())

    async def _create(self, person: Person) -> Found:
        values = {"firstName": person.first_name, "email": person.email}
        values |= {item.name: item.value for item in person.fields}
        body = {"lastName": last_name_of(person), "owner": await self._users.default()}
        body |= {name: value for name, value in values.items() if value}
        return Found(person_id=await self._api.post(self._contacts, json=body, read=made))

    async def _update(self, person_id: str, person: Person) -> Found:
        contact = await self._contact(person_id)
        first, last = names_of(contact)
        names = {"firstName": "" if first else person.first_name}
        names["lastName"] = person.last_name if last in stand_ins(person) else ""
        after = {name: value for name, value in names.items() if value}
        for item in person.fields:
            before = text_at(contact, item.name)
            if item.value and is_to_be_written(item.value, item.mode, before=before):
                after[item.name] = item.value
        if after:
            await self._put(contact, after)
        return found(contact)

    async def _put(self, contact: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """An update, with what the service wants to have again each time."""
        first, last = names_of(contact)
        required = {"lastName": last or first, "owner": await self._users.owner_of(contact)}
        path = f"{self._contacts}/{segment(str(at(contact, 'id')))}"
        await self._api.put(path, json=required | dict(values), read=data_in)

    async def _contact(self, person_id: str) -> dict[str, Any]:
        if not person_id.isdigit():
            raise self._refused(f"'{person_id}' is no id of a contact", Outcome.NOT_FOUND)
        return await self._api.get(f"{self._contacts}/{segment(person_id)}", read=_record)

    async def _marked_note(self, person_id: str, activity: Activity) -> str | None:
        path = f"/apis/module/{self._options.api_version}/modules/1/objects/{segment(person_id)}/notes"
        notes = await self._api.get(path, read=lambda reply: list(notes_in(reply)))
        return marked_among(activity, notes)

    def _refused(self, said: str, outcome: Outcome = Outcome.CONFIG) -> Refused:
        return Refused(self.provider, said, outcome=outcome)


def _record(reply: Any) -> dict[str, Any]:
    data = data_in(reply)
    return {**data, "id": int(str(at(data, "id")))}
