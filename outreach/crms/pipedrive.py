"""Pipedrive, by API v2 (https://developers.pipedrive.com/docs/api/v1), with v1 for notes and users only.

Numbers are JSON numbers and ids integers; `emails` is a list of objects. There is no upsert: who is looked for and made
is looked for and made by one task at a time for each address. Search lags, so what we made ourselves is remembered.
Unverified: whether PATCH replaces or adds to `emails` (the whole list is written); the code of the field that holds the
labels (`label_ids` and `label` are both tried).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, ClassVar

import httpx

from outreach.api_client import ApiClient
from outreach.crm import Account, Activity, Deal, Found, Mode, Operation, Page, Person, Selection, Wanted
from outreach.crms.address_locks import AddressLocks
from outreach.crms.gone import none_if_gone
from outreach.crms.merging import is_to_be_written
from outreach.crms.pipedrive_catalogue import Catalogue
from outreach.crms.pipedrive_deals import Deals
from outreach.crms.pipedrive_options import LACKS, Options, grant_of
from outreach.crms.pipedrive_people import People
from outreach.crms.pipedrive_records import Records
from outreach.crms.pipedrive_values import CLOSED, PROVIDER, FieldInfo, addresses, decoded, encoded, error_of, found
from outreach.crms.unread import Parts, unread_of
from outreach.errors import Outcome, Refused
from outreach.oauth import Bearer, Tokens

__all__ = ["Options", "Pipedrive"]

_REMEMBERED = 1000


class Pipedrive:
    """One company. Fields, stages and users are remembered; an unknown name is looked up again before it is refused."""

    provider: ClassVar[str] = PROVIDER
    lacks: ClassVar[Mapping[Operation, str]] = LACKS
    selections: ClassVar[frozenset[Selection]] = frozenset(Selection) - {Selection.LIST}

    def __init__(self, options: Options, http: httpx.AsyncClient, tokens: Tokens) -> None:
        self._options = options
        authority = None if options.token else Bearer(tokens.source(grant_of(options)))
        headers = {"x-api-token": options.token} if options.token else {}
        api = ApiClient(PROVIDER, http, base_url=options.host, headers=headers, translate=error_of, authority=authority)
        self._records = Records(api, options.paths)
        self._catalogue = Catalogue(self._records)
        self._deals = Deals(self._records, self._catalogue)
        self._people = People(self._records, self._catalogue, options)
        self._locks = AddressLocks()
        self._made: OrderedDict[str, str] = OrderedDict()  # lower-cased address → person, for search may not know yet

    @property
    def can(self) -> frozenset[Operation]:
        return self._options.can

    async def check(self) -> Account:
        me = await self._records.me()
        fields = [one for one in await self._catalogue.fields() if one.is_custom]
        options = self._options
        status = await self._catalogue.field(options.status_property) if options.status_property else None
        await self._catalogue.label_ids([options.do_not_contact_label] if options.do_not_contact_label else [])
        parts: Parts = {("stages", "pipelines"): self._catalogue.read_stages, ("users",): self._catalogue.read_users}
        unread = await unread_of(parts)
        return Account(
            name=f"Pipedrive {me.get('company_name') or me.get('company_domain')} as {me.get('name')}",
            fields=tuple(dict.fromkeys(["phone", *(one.code for one in fields), *(one.name for one in fields)])),
            stages=(*self._catalogue.stages, *CLOSED) if "stages" not in unread else (),
            users=tuple(self._catalogue.users),
            status_values=tuple(status.options) if status else (),
            pipelines=tuple(dict.fromkeys(self._catalogue.stages.values())),
            labels=self._catalogue.names,
            unread=unread,
        )

    async def find_person(self, email: str) -> tuple[Found, ...]:
        ids = await self._ids_with(email)
        return tuple(found({"id": one}, self._options.web) for one in ids)

    async def upsert_person(self, person: Person, *, person_id: str | None) -> Found:
        if person_id is not None:
            return await self._update(await self._records.read("persons", person_id), person)
        async with self._locks.of(person.email):
            ids = await self._ids_with(person.email) if person.email else []
            if ids:
                return await self._update(await self._records.read("persons", str(ids[0])), person)
            return await self._create(person)

    async def log(self, person_id: str, activity: Activity, *, look_first: bool) -> str:
        await self._records.read("persons", person_id)  # a note on a person who is gone would be seen by nobody
        if look_first and (note_id := await self._records.marked_note(person_id, activity)):
            return note_id
        return await self._records.add_note(person_id, activity)

    async def set_status(self, person_id: str, status: str) -> None:
        info = await self._catalogue.field(self._options.status_property)
        await self._records.write("persons", person_id, {"custom_fields": {info.code: encoded(info, status)}})

    async def set_stage(self, person_id: str, stage: str) -> bool:
        return await self._deals.set_stage(person_id, stage)

    async def ensure_deal(self, person_id: str, deal: Deal) -> str:
        return await self._deals.ensure(person_id, deal)

    async def assign_owner(self, person_id: str, email: str) -> None:
        await self._records.write("persons", person_id, {"owner_id": await self._catalogue.user_id(email)})

    async def add_tags(self, person_id: str, tags: tuple[str, ...]) -> None:
        """Labels. The list is written whole, so what is there is read first."""
        present = [int(one) for one in (await self._records.read("persons", person_id)).get("label_ids") or []]
        wanted = await self._catalogue.label_ids(tags)
        after = list(dict.fromkeys([*present, *wanted]))
        if after != present:
            await self._records.write("persons", person_id, {"label_ids": after})

    async def set_do_not_contact(self, person_id: str, email: str) -> None:
        if not self._options.do_not_contact_label:
            raise _refused("opt-outs need `do_not_contact_label`, a label of persons", Outcome.CONFIG)
        await self.add_tags(person_id, (self._options.do_not_contact_label,))

    async def forget(self, person_id: str) -> None:
        """Out of sight at once; Pipedrive deletes it for good after 30 days."""
        await self._records.delete("persons", person_id)

    async def pull(self, wanted: Wanted, *, cursor: str | None) -> Page:
        return await self._people.pull(wanted, cursor=cursor)

    async def _ids_with(self, email: str) -> list[int]:
        """Persons with that address, oldest first; of what we made ourselves we know before search does."""
        items = await self._records.found("persons", email, field="email")
        same = {int(one["id"]) for one in items if email.lower() in (each.lower() for each in addresses(one))}
        made = self._made.get(email.lower())
        if made and int(made) not in same:
            present = await none_if_gone(self._records.read("persons", made))
            same |= {int(made)} if present else set()
        return sorted(same)

    async def _create(self, person: Person) -> Found:
        body: dict[str, Any] = {"name": _name(person) or person.email or person.key}
        body |= {"emails": [_main(person.email)]} if person.email else {}
        body |= await self._changes(person, {})
        made = await self._records.create("persons", body)
        self._made[person.email.lower()] = str(made["id"])
        if len(self._made) > _REMEMBERED:
            self._made.popitem(last=False)
        return found(made, self._options.web)

    async def _update(self, present: dict[str, Any], person: Person) -> Found:
        after = await self._changes(person, present)
        nameless = str(present.get("name") or "").strip().lower() in ("", *map(str.lower, addresses(present)))
        after |= {"name": _name(person)} if nameless and _name(person) else {}
        after |= {"emails": [_main(person.email)]} if person.email and not addresses(present) else {}
        if after:
            await self._records.write("persons", str(present["id"]), after)
        return found(present, self._options.web)

    async def _changes(self, person: Person, present: Mapping[str, Any]) -> dict[str, Any]:
        """Fields of the mapping and the organisation, as far as they are to be written."""
        after: dict[str, Any] = {}
        custom: dict[str, Any] = {}
        for item in person.fields:
            if item.name == "phone" and item.value:
                after |= _phones(present, item.value, item.mode)
            elif item.value:
                info = await self._catalogue.field(item.name)
                custom |= _custom(info, item.value, item.mode, (present.get("custom_fields") or {}).get(info.code))
        if person.company and self._options.organizations and not present.get("org_id"):
            after["org_id"] = await self._organization(person.company)
        return after | ({"custom_fields": custom} if custom else {})

    async def _organization(self, name: str) -> int:
        """The oldest organisation of that name, made if there is none; by one task at a time."""
        async with self._locks.of(f"organisation {name}"):
            present = await self._records.found("organizations", name, field="name") if len(name) > 1 else []
            if present:
                return min(int(one["id"]) for one in present)
            return int((await self._records.create("organizations", {"name": name}))["id"])


def _name(person: Person) -> str:
    return f"{person.first_name} {person.last_name}".strip()


def _main(email: str) -> dict[str, Any]:
    return {"value": email, "primary": True, "label": "work"}


def _phones(present: Mapping[str, Any], value: str, mode: Mode) -> dict[str, Any]:
    """The number becomes the main one; those that are there stay behind it."""
    before = [dict(one) for one in present.get("phones") or [] if one.get("value")]
    if any(one["value"] == value for one in before) or (before and mode is Mode.FILL):
        return {}
    others = [{**one, "primary": False} for one in before]
    return {"phones": [{"value": value, "primary": True, "label": "work"}, *others]}


def _custom(info: FieldInfo, value: str, mode: Mode, before: Any) -> dict[str, Any]:
    is_wanted = is_to_be_written(value, mode, before=decoded(info, before))
    return {info.code: encoded(info, value)} if is_wanted else {}


def _refused(said: str, outcome: Outcome) -> Refused:
    return Refused(PROVIDER, said, outcome=outcome)
