"""Salesforce, REST API (https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/).

A person is a lead or a contact; the first characters of an id say which. With `external_id_field` the server itself
keeps a person from being made twice; without it who is looked for and made is so by one task at a time for an address.
Leads have no opportunities before they are converted: stages and deals are for connections with `object: Contact`.
Unverified: the spelling of error codes beyond those of 401, 403, 404 and 410 (unknown ones count by their status); that
a task of subtype Email may be made in every edition.
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
from outreach.crms.merging import Wishes, as_text, changes, last_name_of
from outreach.crms.salesforce_calls import Calls
from outreach.crms.salesforce_catalogue import Catalogue
from outreach.crms.salesforce_deals import Deals
from outreach.crms.salesforce_options import DEALS, LACKS, Options, grant_of
from outreach.crms.salesforce_people import People
from outreach.crms.salesforce_records import Records
from outreach.crms.salesforce_values import OBJECTS, PROVIDER, error_of, found, object_of, select, twins_of
from outreach.crms.unread import Parts, unread_of
from outreach.errors import Outcome, Refused, Unauthorized, Unavailable
from outreach.oauth import Bearer, Tokens

__all__ = ["Options", "Salesforce"]


class Salesforce:
    """One organisation. Fields, stages and users are remembered; an unknown name is looked up before it is refused."""

    provider: ClassVar[str] = PROVIDER
    lacks: ClassVar[Mapping[Operation, str]] = LACKS
    selections: ClassVar[frozenset[Selection]] = frozenset(Selection)

    def __init__(self, options: Options, http: httpx.AsyncClient, tokens: Tokens, clock: Clock) -> None:
        self._options = options
        api = ApiClient(
            PROVIDER,
            http,
            base_url=options.host or options.login_url,
            headers={"sforce-duplicate-rule-header": "allowSave=true"} if options.saves_duplicates else {},
            translate=error_of,
            authority=Bearer(tokens.source(grant_of(options))),
        )
        self._calls = Calls(api, root=f"/services/data/v{options.version}", share=options.share, clock=clock)
        self._records = Records(self._calls, key_field=options.external_id_field)
        self._catalogue = Catalogue(self._calls)
        closing = timedelta(days=options.closing_days)
        self._deals = Deals(self._calls, self._records, self._catalogue, clock=clock, closing=closing)
        self._people = People(self._calls, self._catalogue, options)
        self._locks = AddressLocks()

    @property
    def can(self) -> frozenset[Operation]:
        return self._options.can

    async def check(self) -> Account:
        options, catalogue = self._options, self._catalogue
        fields = await catalogue.fields.of(options.object)
        for name in filter(None, (options.tags_property, options.external_id_field)):
            await catalogue.fields.named(options.object, name)
        parts: Parts = {("users",): catalogue.read_users}
        parts |= {("stages",): catalogue.read_stages} if self.can >= DEALS else {}
        unread = await unread_of(parts, closed=(Refused, Unauthorized))
        status = fields.get(options.status[options.object])
        return Account(
            name=await self._organisation(),
            fields=tuple(one.name for one in fields.values() if one.is_writable),
            stages=tuple(catalogue.stages),
            users=catalogue.users,
            status_values=status.choices if status else (),
            unread=unread,
            remaining_quota=self._calls.remaining,
        )

    async def find_person(self, email: str) -> tuple[Found, ...]:
        return tuple(found(row, self._options.host) for row in await self._with(email))

    async def upsert_person(self, person: Person, *, person_id: str | None) -> Found:
        if person_id is not None:
            return await self._update(person_id, person)
        async with self._locks.of(person.email or person.key):
            rows = await self._with(person.email) if person.email else []
            rows = rows or await self._records.with_key(self._options.object, person.key)
            if rows:
                return await self._update(str(rows[0]["Id"]), person)
            try:
                return await self._create(person)
            except Refused as error:
                if error.outcome is not Outcome.DUPLICATE or not twins_of(error):
                    raise
                return await self._update(twins_of(error)[0], person)

    async def log(self, person_id: str, activity: Activity, *, look_first: bool) -> str:
        await self._records.person(person_id)  # a task of somebody who is gone would be seen by nobody
        if look_first and (task_id := await self._records.marked_task(person_id, activity)):
            return task_id
        return await self._records.add_task(person_id, activity, status=self._options.task_status)

    async def set_status(self, person_id: str, status: str) -> None:
        kind = object_of(person_id)
        name = self._options.status[kind]
        if not name:
            raise self._config("contacts have no status: write `contact_status_property`")
        await self._records.write(kind, person_id, {name: await self._catalogue.fields.choice(kind, name, status)})

    async def set_stage(self, person_id: str, stage: str) -> bool:
        return await self._deals.set_stage(person_id, stage)

    async def ensure_deal(self, person_id: str, deal: Deal) -> str:
        return await self._deals.ensure(person_id, deal)

    async def assign_owner(self, person_id: str, email: str) -> None:
        owner = {"OwnerId": await self._catalogue.user_id(email)}
        await self._records.write(object_of(person_id), person_id, owner)

    async def add_tags(self, person_id: str, tags: tuple[str, ...]) -> None:
        name = self._options.tags_property
        if not name:
            raise self._config("tags need `tags_property`, a multi-select picklist")
        present = as_text((await self._records.person(person_id, [name])).get(name))
        before = [tag for tag in present.split(";") if tag]
        after = list(dict.fromkeys([*before, *tags]))
        if after != before:
            await self._records.write(object_of(person_id), person_id, {name: ";".join(after)})

    async def set_do_not_contact(self, person_id: str, email: str) -> None:
        await self._records.write(object_of(person_id), person_id, {"HasOptedOutOfEmail": True})

    async def forget(self, person_id: str) -> None:
        """Into the recycle bin, which Salesforce empties after 15 days."""
        await self._records.delete(object_of(person_id), person_id)

    async def pull(self, wanted: Wanted, *, cursor: str | None) -> Page:
        return await self._people.pull(wanted, cursor=cursor)

    async def _with(self, email: str) -> list[dict[str, Any]]:
        """Records with that address, oldest first: of our own object, and where there are none of the other."""
        own = self._options.object
        for kind in (own, *(other for other in OBJECTS.values() if other != own)):
            if rows := await self._records.with_value(kind, "Email", email):
                return rows
        return []

    async def _create(self, person: Person) -> Found:
        kind = self._options.object
        values = {name: value for name, (value, _) in (await self._wishes(person, kind)).items()}
        values |= {"Email": person.email} if person.email else {}
        required = {"LastName": last_name_of(person)} | (self._stand_ins if kind == "Lead" else {})
        person_id = await self._records.create(kind, required | values, key=person.key)
        return found({"Id": person_id}, self._options.host)

    async def _update(self, person_id: str, person: Person) -> Found:
        kind = object_of(person_id)
        wishes = await self._wishes(person, kind)
        present = await self._records.person(person_id, wishes)
        if after := changes(wishes, present, stand_ins=self._stand_ins):
            await self._records.write(kind, person_id, after)
        return found(present, self._options.host)

    async def _wishes(self, person: Person, kind: str) -> Wishes:
        own = {"FirstName": person.first_name, "LastName": person.last_name}
        own |= {"Company": person.company} if kind == "Lead" else {}
        return await self._catalogue.fields.wishes(kind, person, own)

    @property
    def _stand_ins(self) -> dict[str, str]:
        """What leads may not be without."""
        return {"Company": self._options.unknown_company}

    async def _organisation(self) -> str:
        try:
            rows = await self._calls.query(select(["Name"], "Organization", tail="LIMIT 1"))
        except (Refused, Unauthorized, Unavailable):
            return "Salesforce"  # a name for people; the token was proved by the reads before
        return f"Salesforce {rows[0]['Name']}" if rows else "Salesforce"

    def _config(self, said: str) -> Refused:
        return Refused(PROVIDER, said, outcome=Outcome.CONFIG)
