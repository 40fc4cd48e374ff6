"""Zoho CRM, API v8 (https://www.zoho.com/crm/developer/docs/api/v8/). A person is a lead or a contact: `Leads/5545…`.

A success may hold a failure: every write looks at its record's own status. 204 without a body means that nothing was
found. Search lags behind writes; a person it does not know is upserted by the server, by e-mail address.
A lead has no deals until somebody converts it: stages and deals are for connections with `module: Contacts`.
Unverified: API hosts outside the US, EU, India, Australia, Japan and China.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

import httpx

from outreach.api_client import ApiClient
from outreach.clock import Clock
from outreach.crm import Account, Activity, Deal, Found, Operation, Page, Person, Selection, Wanted
from outreach.crms.address_locks import AddressLocks
from outreach.crms.merging import Wishes, changes, last_name_of
from outreach.crms.unread import Parts, unread_of
from outreach.crms.zoho_catalogue import Catalogue
from outreach.crms.zoho_deals import Deals
from outreach.crms.zoho_options import DEALS, LACKS, Options, grant_of
from outreach.crms.zoho_people import People
from outreach.crms.zoho_records import Calls, Records
from outreach.crms.zoho_values import PEOPLE, PROVIDER, Key, addresses, error_of, found, key_of, twin_of
from outreach.errors import Outcome, Refused, Unauthorized, Unavailable
from outreach.oauth import Bearer, Tokens

__all__ = ["Options", "Zoho"]


class Zoho:
    """One organisation. Fields, stages and users are remembered; an unknown name is looked up before it is refused."""

    provider: ClassVar[str] = PROVIDER
    lacks: ClassVar[Mapping[Operation, str]] = LACKS
    selections: ClassVar[frozenset[Selection]] = frozenset(Selection)

    def __init__(self, options: Options, http: httpx.AsyncClient, tokens: Tokens, clock: Clock) -> None:
        self._options = options
        authority = Bearer(tokens.source(grant_of(options)), scheme="Zoho-oauthtoken")
        api = ApiClient(PROVIDER, http, base_url=options.host, translate=error_of, authority=authority)
        self._calls = Calls(api, f"/crm/{options.version}")
        self._records = Records(self._calls, triggers=options.triggers)
        self._catalogue = Catalogue(self._calls)
        self._people = People(self._calls, self._records, self._catalogue, options)
        closing = timedelta(days=options.closing_days)
        self._deals = Deals(self._records, self._catalogue, clock=clock, closing=closing)
        self._locks = AddressLocks()

    @property
    def can(self) -> frozenset[Operation]:
        return self._options.can

    async def check(self) -> Account:
        module = self._options.module
        fields = await self._catalogue.fields.of(module)
        parts: Parts = {("users",): self._catalogue.read_users}
        parts |= {("stages", "pipelines"): self._catalogue.read_stages} if self.can >= DEALS else {}
        unread = await unread_of(parts)
        status = fields.get(self._options.status[module])
        return Account(
            name=await self._organisation(),
            fields=tuple(one.name for one in fields.values() if one.is_writable),
            stages=tuple(dict.fromkeys(stage.name for stage in self._catalogue.stages)),
            users=tuple(self._catalogue.users),
            status_values=status.choices if status else (),
            pipelines=tuple(dict.fromkeys(stage.pipeline for stage in self._catalogue.stages)),
            unread=unread,
        )

    async def find_person(self, email: str) -> tuple[Found, ...]:
        module, records = await self._with(email)
        return tuple(found(module, one, self._options.web) for one in records)

    async def upsert_person(self, person: Person, *, person_id: str | None) -> Found:
        if person_id is not None:
            return await self._update(self._key(person_id), person)
        async with self._locks.of(person.email):
            module, records = await self._with(person.email) if person.email else ("", [])
            if records:
                return await self._update(Key(module, str(records[0]["id"])), person)
            return await self._upsert(person)

    async def log(self, person_id: str, activity: Activity, *, look_first: bool) -> str:
        key = self._key(person_id)
        await self._records.person(key)  # a note on a record in the recycle bin would be seen by nobody
        if look_first and (note_id := await self._records.marked_note(key, activity)):
            return note_id
        return await self._records.add_note(key, activity)

    async def set_status(self, person_id: str, status: str) -> None:
        key = self._key(person_id)
        name = self._options.status[key.module]
        await self._write(key, {name: await self._catalogue.fields.choice(key.module, name, status)})

    async def set_stage(self, person_id: str, stage: str) -> bool:
        return await self._deals.set_stage(self._key(person_id), stage)

    async def ensure_deal(self, person_id: str, deal: Deal) -> str:
        return await self._deals.ensure(self._key(person_id), deal)

    async def assign_owner(self, person_id: str, email: str) -> None:
        await self._write(self._key(person_id), {"Owner": {"id": await self._catalogue.user_id(email)}})

    async def add_tags(self, person_id: str, tags: tuple[str, ...]) -> None:
        await self._records.add_tags(self._key(person_id), tags)

    async def set_do_not_contact(self, person_id: str, email: str) -> None:
        await self._write(self._key(person_id), {"Email_Opt_Out": True})

    async def forget(self, person_id: str) -> None:
        """Into the recycle bin, which Zoho empties after 60 days."""
        key = self._key(person_id)
        await self._records.delete(key.module, key.id)

    async def pull(self, wanted: Wanted, *, cursor: str | None) -> Page:
        return await self._people.pull(wanted, cursor=cursor)

    def _key(self, person_id: str) -> Key:
        return key_of(person_id, self._options.module)

    async def _with(self, email: str) -> tuple[str, list[dict[str, Any]]]:
        """Contacts with that address, oldest first; where there are none, leads."""
        for module in PEOPLE:
            records = await self._records.with_address(module, email)
            same = [one for one in records if email.lower() in (each.lower() for each in addresses(one))]
            if same:
                return module, sorted(same, key=lambda one: int(one["id"]))
        return self._options.module, []

    async def _upsert(self, person: Person) -> Found:
        """The server finds whom search does not know yet, by the address."""
        module = self._options.module
        values = {name: value for name, (value, _) in (await self._wishes(person, module)).items()}
        values |= {"Email": person.email} if person.email else {}
        values = {"Last_Name": last_name_of(person), **self._stand_ins(module), **values}
        try:
            made = await self._records.upsert(module, values, by=["Email"] if person.email else [])
        except Refused as error:
            key = twin_of(error, module) if error.outcome is Outcome.DUPLICATE else None
            if key is None or key.module not in PEOPLE:
                raise
            return await self._update(key, person)
        return found(module, made, self._options.web)

    async def _update(self, key: Key, person: Person) -> Found:
        present = await self._records.person(key)
        wishes = await self._wishes(person, key.module)
        if after := changes(wishes, present, stand_ins=self._stand_ins("Leads")):
            await self._write(key, after)
        return found(key.module, present, self._options.web)

    async def _wishes(self, person: Person, module: str) -> Wishes:
        own = {"First_Name": person.first_name, "Last_Name": person.last_name}
        own |= {"Company": person.company} if module == "Leads" else {}
        return await self._catalogue.fields.wishes(module, person, own)

    def _stand_ins(self, module: str) -> dict[str, str]:
        """What a layout refuses to be without."""
        return {"Company": self._options.unknown_company} if module == "Leads" else {}

    async def _write(self, key: Key, values: Mapping[str, Any]) -> None:
        await self._records.write(key.module, key.id, values)

    async def _organisation(self) -> str:
        try:
            return await self._calls("GET", "/org", read=lambda body: f"Zoho CRM {body['org'][0]['company_name']}")
        except (Refused, Unauthorized, Unavailable):
            return "Zoho CRM"  # a name for people; the token was proved by the reads before
