"""InvestGlass, and any small REST API that keeps people: paths, methods, wrappers and field names are settings.

Confirmed by the help pages of InvestGlass: base address, JSON under one key (`{"users": […]}`), status codes, keys
with permissions per module. Unverified, every one of them: the header of the key, paths and fields of contacts and
notes, and which method creates (the pages say that POST updates and PUT creates). Compare the settings with the API
reference of your account; `check` makes one read and refuses what is not answered with 2xx.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any, ClassVar

import httpx

from outreach.api_client import ApiClient, segment
from outreach.crm import Account, Activity, Deal, Found, Operation, Person
from outreach.crms.address_locks import AddressLocks
from outreach.crms.entries import heading_of, marked_among
from outreach.crms.in_doubt import timed_out
from outreach.crms.investglass_options import LACKS, PROVIDER, Options
from outreach.crms.merging import Wishes, changes, filling, wishes_of
from outreach.crms.the_one import the_one
from outreach.errors import AdapterError, Outcome, Refused

__all__ = ["InvestGlass", "Options"]

_LONGEST_TEXT = 20_000
_HOLE = re.compile(r"\{(\w+)\}")


class InvestGlass:
    """One account, as the settings describe it. Users are remembered."""

    provider: ClassVar[str] = PROVIDER
    lacks: ClassVar[Mapping[Operation, str]] = LACKS

    def __init__(self, options: Options, http: httpx.AsyncClient) -> None:
        self._options = options
        value = f"{options.auth_scheme} {options.key}".strip()
        self._api = ApiClient(
            self.provider,
            http,
            base_url=options.base_url,
            headers={options.auth_header: value},
            secrets=(options.key,),
            translate=_error_of,
        )
        self._users: dict[str, Any] = {}
        self._locks = AddressLocks()

    @property
    def can(self) -> frozenset[Operation]:
        return self._options.can

    async def check(self) -> Account:
        path, wrapper = self._options.users_path, self._options.users_wrapper
        if not self._options.owner_field:
            path, wrapper = self._options.person_path, self._options.people_wrapper
            await self._api.get(path, read=lambda body: _records(body, wrapper))
            return Account(name="InvestGlass", stages=self._options.known_stages)
        await self._read_users()
        return Account(name="InvestGlass", stages=self._options.known_stages, users=tuple(self._users))

    async def find_person(self, email: str) -> tuple[Found, ...]:
        params = {name: _filled(value, {"email": email}) for name, value in self._options.find_params.items()}
        wrapper, theirs = self._options.people_wrapper, self._options.field_map["email"]
        found = await self._api.get(self._options.person_path, params=params, read=lambda body: _records(body, wrapper))
        same = [one for one in found if str(one.get(theirs) or "").strip().lower() == email.strip().lower()]
        return tuple(self._found(one) for one in same)

    async def upsert_person(self, person: Person, *, person_id: str | None) -> Found:
        if person_id is not None:
            return await self._update(await self._read(person_id), person)
        async with self._locks.of(person.email):
            same = the_one(PROVIDER, await self.find_person(person.email) if person.email else (), person.email)
            if same:
                return await self._update(await self._read(same.person_id), person)
            return await self._create({name: value for name, (value, _) in self._wishes(person).items()})

    async def log(self, person_id: str, activity: Activity, *, look_first: bool) -> str:
        if look_first and (note_id := await self._marked_note(person_id, activity)):
            return note_id
        await self._read(person_id)
        text = f"{activity.text[:_LONGEST_TEXT]}\n\n{activity.marker}".lstrip("\n")
        heading = activity.subject or heading_of(activity) or "Note"
        said = {"person_id": person_id, "subject": heading, "at": activity.at.isoformat(), "text": self._as_note(text)}
        body = {name: _filled(value, said) for name, value in self._options.note_body.items()}
        path, wrapper = self._options.note_path, self._options.note_wrapper
        note = await self._api.request(
            self._options.create_method, path, json=_wrapped(body, wrapper), read=lambda reply: _record(reply, wrapper)
        )
        return str(note[self._options.id_field])

    async def set_status(self, person_id: str, status: str) -> None:
        await self._set(person_id, Operation.STATUS, self._options.status_property, status)

    async def set_stage(self, person_id: str, stage: str) -> bool:
        known = self._options.known_stages
        if known and stage not in known and self._options.stage_field:
            raise self._refused(f"unknown stage '{stage}'. Known: {', '.join(known)}")
        await self._set(person_id, Operation.STAGE, self._options.stage_field, stage)
        return True

    async def ensure_deal(self, person_id: str, deal: Deal) -> str:
        raise self._refused(LACKS[Operation.DEAL])

    async def assign_owner(self, person_id: str, email: str) -> None:
        if self._options.owner_field and email.lower() not in self._users:
            await self._read_users()
        if self._options.owner_field and email.lower() not in self._users:
            raise self._refused(f"no user has the address {email}. There are: {', '.join(self._users)}")
        await self._set(person_id, Operation.OWNER, self._options.owner_field, self._users.get(email.lower()))

    async def add_tags(self, person_id: str, tags: tuple[str, ...]) -> None:
        name = self._options.tags_field
        before = (await self._read(person_id)).get(name) or [] if name else []
        present = before.split(",") if isinstance(before, str) else [str(tag) for tag in before]
        after = list(dict.fromkeys([*(tag.strip() for tag in present), *tags]))
        await self._set(person_id, Operation.TAGS, name, ",".join(after) if isinstance(before, str) else after)

    async def set_do_not_contact(self, person_id: str, email: str) -> None:
        await self._set(person_id, Operation.DO_NOT_CONTACT, self._options.do_not_contact_field, True)

    async def _set(self, person_id: str, operation: Operation, name: str, value: Any) -> None:
        if not name:
            raise self._refused(LACKS[operation])
        if (await self._read(person_id)).get(name) != value:
            await self._write(person_id, {name: value})

    async def _update(self, present: Mapping[str, Any], person: Person) -> Found:
        wishes = self._wishes(person)
        wishes.pop(self._options.field_map["email"], None)
        found = self._found(present)
        if after := changes(wishes, present):
            await self._write(found.person_id, after)
        return found

    def _wishes(self, person: Person) -> Wishes:
        """Their field → value; a mapped field goes before our own idea of it."""
        ours = {"email": person.email, "first_name": person.first_name, "last_name": person.last_name}
        ours |= {"company": person.company}
        named = self._options.field_map.items()
        return filling({theirs: ours.get(name, "") for name, theirs in named if theirs}) | wishes_of(person.fields)

    async def _create(self, values: Mapping[str, Any]) -> Found:
        wrapper = self._options.person_wrapper
        return await self._api.request(
            self._options.create_method,
            self._options.person_path,
            json=_wrapped(values, wrapper),
            read=lambda reply: self._found(_record(reply, wrapper)),
        )

    async def _marked_note(self, person_id: str, activity: Activity) -> str | None:
        params = {name: _filled(value, {"person_id": person_id}) for name, value in self._options.note_params.items()}
        wrapper = self._options.notes_wrapper
        notes = await self._api.get(self._options.note_path, params=params, read=lambda body: _records(body, wrapper))
        theirs = next(name for name, value in self._options.note_body.items() if "{text}" in value)
        return marked_among(activity, ((str(one[self._options.id_field]), str(one.get(theirs) or "")) for one in notes))

    async def _read(self, person_id: str) -> dict[str, Any]:
        wrapper = self._options.person_wrapper
        return await self._api.get(self._person(person_id), read=lambda body: _record(body, wrapper))

    async def _write(self, person_id: str, values: Mapping[str, Any]) -> None:
        body = _wrapped(values, self._options.person_wrapper)
        await self._api.request(self._options.update_method, self._person(person_id), json=body, read=lambda _: None)

    async def _read_users(self) -> None:
        wrapper = self._options.users_wrapper
        users = await self._api.get(self._options.users_path, read=lambda body: _records(body, wrapper))
        self._users = {str(one.get("email") or "").lower(): one[self._options.id_field] for one in users}

    def _person(self, person_id: str) -> str:
        return f"{self._options.person_path}/{segment(person_id)}"

    def _found(self, record: Mapping[str, Any]) -> Found:
        return Found(person_id=str(record[self._options.id_field]))

    def _as_note(self, text: str) -> str:
        return html.escape(text, quote=False).replace("\n", "<br>") if self._options.note_is_html else text

    def _refused(self, said: str, outcome: Outcome = Outcome.CONFIG) -> Refused:
        return Refused(self.provider, said, outcome=outcome)


def _filled(template: str, values: Mapping[str, str]) -> str:
    """Holes are filled once: what is filled in is not looked at again."""
    return _HOLE.sub(lambda hole: values.get(hole[1], hole[0]), template)


def _wrapped(values: Mapping[str, Any], wrapper: str) -> dict[str, Any]:
    return {wrapper: dict(values)} if wrapper else dict(values)


def _record(body: Any, wrapper: str) -> dict[str, Any]:
    return dict(body[wrapper]) if wrapper and wrapper in body else dict(body)


def _records(body: Any, wrapper: str) -> list[dict[str, Any]]:
    return [dict(one) for one in (body[wrapper] if wrapper else body)]


def _error_of(response: httpx.Response, body: Any) -> AdapterError | None:
    return timed_out(PROVIDER, response)
