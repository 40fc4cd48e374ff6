"""Salesmate, API v4 (https://apidocs.salesmate.io, a collection without schemas): community-verified, not by us.

A failure may come with HTTP 200. An update wants last name and owner again, so the contact is read before. Addresses
are compared here, whatever a search gives. Pipelines and stages are names, and nothing lists them: `pipelines` does.
Unverified: EQUALS on an address (`email_condition`), the filter of a contact's deals, the opt-out field
(`do_not_contact_field`; it is read again after it was written), the shape of the list of notes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import httpx

from outreach.api_client import ApiClient, segment
from outreach.crm import (
    READS_AND_WRITES,
    Account,
    Activity,
    Deal,
    DealState,
    Found,
    Mode,
    Operation,
    Page,
    Person,
    Selection,
    Wanted,
)
from outreach.crms.address_locks import AddressLocks
from outreach.crms.option_types import require_list, require_mapping
from outreach.crms.salesmate_pull import Reading
from outreach.crms.salesmate_values import (
    at,
    contact_search,
    data_in,
    deal_of,
    deal_search,
    error_of,
    found,
    last_name_of,
    names_of,
    note_of,
    notes_in,
    rows_in,
    rule,
    stand_ins,
    tags_of,
    text_at,
)
from outreach.errors import Outcome, Refused

_LACKS = {
    Operation.STATUS: "a status needs `status`, with a field of contacts as its property",
    Operation.DO_NOT_CONTACT: "an opt-out needs `do_not_contact_field`",
}
_ROWS = 250
_MOST_PAGES = 8
_LINK = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)
_OURS = frozenset({"id", "owner", "tags"})  # fields that a mapping must not write


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`token`: an access key; `linkname`: the account's part of `<linkname>.salesmate.io`.

    `owner`: the address of the user who gets new contacts, the first one if left out. `pipelines`: name → its stages.
    """

    token: str = field(repr=False)
    linkname: str
    base_url: str = ""
    api_version: str = "v4"
    token_header: str = "accessToken"  # noqa: S105  # a header's name
    owner: str = ""
    pipelines: Mapping[str, Sequence[str]] = field(default_factory=dict)
    status_property: str = ""
    do_not_contact_field: str = "emailOptOut"
    email_condition: str = "EQUALS"
    deal_contact_field: str = "deal.primaryContact.id"

    def __post_init__(self) -> None:
        if not self.token.strip():
            raise ValueError('the token is empty. Write token: "${SALESMATE_TOKEN}" and set it in the environment.')
        if not _LINK.fullmatch(self.linkname):
            raise ValueError(f"'{self.linkname}' is no linkname. Write what stands before .salesmate.io.")
        require_mapping("pipelines", self.pipelines, "{<pipeline>: [<stage>, <stage>]}")
        for name, stages in self.pipelines.items():
            require_list(f"pipelines.{name}", stages, "[<stage>, <stage>]")
        if not re.fullmatch(r"v\d{1,2}", self.api_version):
            raise ValueError(f"'{self.api_version}' is no version of the API. Write v4.")

    @property
    def can(self) -> frozenset[Operation]:
        settings = {Operation.STATUS: self.status_property, Operation.DO_NOT_CONTACT: self.do_not_contact_field}
        return READS_AND_WRITES - {operation for operation, setting in settings.items() if not setting}


class Salesmate:
    """One account (link). Users are remembered."""

    provider: ClassVar[str] = "salesmate"
    lacks: ClassVar[Mapping[Operation, str]] = _LACKS
    selections: ClassVar[frozenset[Selection]] = frozenset({Selection.STAGE, Selection.PERSON})

    def __init__(self, options: Options, http: httpx.AsyncClient) -> None:
        self._options = options
        self._api = ApiClient(
            self.provider,
            http,
            base_url=options.base_url or f"https://{options.linkname}.salesmate.io",
            headers={options.token_header: options.token, "x-linkname": f"{options.linkname}.salesmate.io"},
            secrets=(options.token,),
            translate=error_of,
        )
        self._users: dict[str, int] = {}
        self._locks = AddressLocks()
        # `x-linkname` is no secret: without it errors keep their host names
        self._contacts = f"/apis/contact/{options.api_version}"
        self._deals = f"/apis/deal/{options.api_version}"

    @property
    def can(self) -> frozenset[Operation]:
        return self._options.can

    async def check(self) -> Account:
        await self._read_users()
        if self._options.owner:
            await self._user(self._options.owner)
        stages = dict.fromkeys(stage for stages in self._options.pipelines.values() for stage in stages)
        return Account(
            name=f"Salesmate {self._options.linkname}",
            stages=tuple(stages),
            users=tuple(self._users),
            pipelines=tuple(self._options.pipelines),
        )

    async def find_person(self, email: str) -> tuple[Found, ...]:
        wanted = rule("contact.email", self._options.email_condition, email, name="Email", kind="Email")
        rows = await self._search(self._contacts, contact_search([wanted]))
        same = [row for row in rows if text_at(row, "email").strip().lower() == email.strip().lower()]
        return tuple(found(row) for row in sorted(same, key=lambda row: int(str(at(row, "id")))))

    async def upsert_person(self, person: Person, *, person_id: str | None) -> Found:
        for item in person.fields:
            if item.name in _OURS:
                raise self._refused(f"field '{item.name}' is not for mapped values")
        if person_id is not None:
            return await self._update(person_id, person)
        async with self._locks.of(person.email):
            same = await self.find_person(person.email) if person.email else ()
            if len(same) > 1:
                ids = ", ".join(one.person_id for one in same)
                raise self._refused(f"{len(same)} contacts have {person.email}: {ids}", Outcome.AMBIGUOUS)
            return await (self._update(same[0].person_id, person) if same else self._create(person))

    async def log(self, person_id: str, activity: Activity, *, look_first: bool) -> str:
        if look_first and (note_id := await self._marked_note(person_id, activity)):
            return note_id
        body = {"note": note_of(activity), "type": "Note", "attachments": []}
        path = f"{self._contacts}/modules/1/object/{segment(person_id)}/notes"
        return await self._api.post(path, json=body, read=lambda reply: str(at(data_in(reply), "noteId")))

    async def set_status(self, person_id: str, status: str) -> None:
        if not self._options.status_property:
            raise self._refused(_LACKS[Operation.STATUS])
        await self._put(await self._contact(person_id), {self._options.status_property: status})

    async def set_stage(self, person_id: str, stage: str) -> bool:
        pipelines = self._pipelines_of(stage)
        await self._contact(person_id)
        deals = [row for row in await self._deals_of(person_id) if not pipelines or deal_of(row).pipeline in pipelines]
        is_open = [row for row in deals if deal_of(row).state is DealState.OPEN]
        if not is_open or deal_of(is_open[-1]).stage == stage:
            return any(deal_of(row).stage == stage for row in deals)
        await self._move(is_open[-1], person_id, stage)
        return True

    async def ensure_deal(self, person_id: str, deal: Deal) -> str:
        if self._options.pipelines and deal.pipeline not in self._pipelines_of(deal.stage):
            known = ", ".join(self._options.pipelines)
            raise self._refused(f"stage '{deal.stage}' is none of pipeline '{deal.pipeline}'. Pipelines: {known}")
        contact = await self._contact(person_id)
        for row in reversed(await self._deals_of(person_id)):
            if deal_of(row).pipeline == deal.pipeline and deal_of(row).state is DealState.OPEN:
                return str(at(row, "id"))
        body = {
            **deal.data,
            "title": deal.name,
            "primaryContact": int(person_id),
            "owner": await self._owner_of(contact),
            "pipeline": deal.pipeline,
            "status": "Open",
            "stage": deal.stage,
        } | ({"dealValue": deal.value} if deal.value else {})
        return await self._api.post(self._deals, json=body, read=_made)

    async def assign_owner(self, person_id: str, email: str) -> None:
        owner = await self._user(email)
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
            raise self._refused(_LACKS[Operation.DO_NOT_CONTACT])
        await self._put(await self._contact(person_id), {name: True})
        if at(await self._contact(person_id), name) not in (True, "true", "True", 1, "1", "Yes"):
            raise self._refused(f"'{name}' was not kept. Set `do_not_contact_field` to a checkbox of contacts")

    async def pull(self, wanted: Wanted, *, cursor: str | None) -> Page:
        if wanted.by is Selection.STAGE:
            self._pipelines_of(wanted.value)
        reading = Reading(
            self._api, contacts=self._contacts, deals=self._deals, wanted=wanted, status=self._options.status_property
        )
        users = {number: email for email, number in self._users.items()} or await self._read_users()
        return await reading.page(cursor, users=users, opt_out=self._options.do_not_contact_field)

    async def _create(self, person: Person) -> Found:
        values = {"firstName": person.first_name, "email": person.email}
        values |= {item.name: item.value for item in person.fields}
        body = {"lastName": last_name_of(person), "owner": await self._default_owner()}
        body |= {name: value for name, value in values.items() if value}
        return Found(person_id=await self._api.post(self._contacts, json=body, read=_made))

    async def _update(self, person_id: str, person: Person) -> Found:
        contact = await self._contact(person_id)
        first, last = names_of(contact)
        names = {"firstName": "" if first else person.first_name}
        names["lastName"] = person.last_name if last in stand_ins(person) else ""
        after = {name: value for name, value in names.items() if value}
        for item in person.fields:
            before = text_at(contact, item.name)
            if item.value and item.value != before and (item.mode is Mode.OVERWRITE or not before):
                after[item.name] = item.value
        if after:
            await self._put(contact, after)
        return found(contact)

    async def _put(self, contact: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """An update, with what the service wants to have again each time."""
        first, last = names_of(contact)
        required = {"lastName": last or first, "owner": await self._owner_of(contact)}
        path = f"{self._contacts}/{segment(str(at(contact, 'id')))}"
        await self._api.put(path, json=required | dict(values), read=data_in)

    async def _move(self, row: Mapping[str, Any], person_id: str, stage: str) -> None:
        body = {
            "title": text_at(row, "title"),
            "primaryContact": int(person_id),
            "owner": await self._owner_of(row),
            "pipeline": text_at(row, "pipeline"),
            "status": text_at(row, "status") or "Open",
            "stage": stage,
        }
        await self._api.put(f"{self._deals}/{segment(str(at(row, 'id')))}", json=body, read=data_in)

    async def _contact(self, person_id: str) -> dict[str, Any]:
        if not person_id.isdigit():
            raise self._refused(f"'{person_id}' is no id of a contact", Outcome.NOT_FOUND)
        return await self._api.get(f"{self._contacts}/{segment(person_id)}", read=_record)

    async def _deals_of(self, person_id: str) -> list[dict[str, Any]]:
        """Oldest first. Whatever the filter does there, only the contact's own deals are taken here."""
        name = self._options.deal_contact_field
        rules = [rule(name, "EQUALS", person_id, name="Primary Contact", kind="Number")] if name else []
        rows = await self._search(self._deals, deal_search(rules))
        mine = [row for row in rows if str(at(row, "primaryContact.id") or at(row, "primaryContact")) == person_id]
        return sorted(mine, key=lambda row: int(str(at(row, "id"))))

    async def _search(self, path: str, body: Mapping[str, Any]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for number in range(_MOST_PAGES):
            params = {"rows": str(_ROWS), "from": str(number * _ROWS)}
            page, total = await self._api.post(
                f"{path}/search", params=params, json=dict(body), is_write=False, read=rows_in
            )
            rows += page
            if not page or len(rows) >= total:
                break
        return rows

    async def _marked_note(self, person_id: str, activity: Activity) -> str | None:
        path = f"/apis/module/{self._options.api_version}/modules/1/objects/{segment(person_id)}/notes"
        notes = await self._api.get(path, read=lambda reply: list(notes_in(reply)))
        return next((note_id for note_id, text in notes if activity.is_marked(text)), None)

    def _pipelines_of(self, stage: str) -> list[str]:
        """The pipelines that have such a stage; none where `pipelines` is not set."""
        pipelines = [name for name, stages in self._options.pipelines.items() if stage in stages]
        if self._options.pipelines and not pipelines:
            known = ", ".join(stage for stages in self._options.pipelines.values() for stage in stages)
            raise self._refused(f"unknown stage '{stage}'. Stages in `pipelines`: {known}")
        return pipelines

    async def _owner_of(self, record: Mapping[str, Any]) -> int:
        owner = at(record, "owner.id") or at(record, "owner")
        return int(owner) if isinstance(owner, int | str) and str(owner).isdigit() else await self._default_owner()

    async def _default_owner(self) -> int:
        if self._options.owner:
            return await self._user(self._options.owner)
        if not self._users:
            await self._read_users()
        if not self._users:
            raise self._refused("the account has no active user, and contacts need an owner")
        return next(iter(self._users.values()))

    async def _user(self, email: str) -> int:
        if email.lower() not in self._users:
            await self._read_users()
        if email.lower() not in self._users:
            raise self._refused(f"no active user has the address {email}. There are: {', '.join(self._users)}")
        return self._users[email.lower()]

    async def _read_users(self) -> dict[int, str]:
        path = f"/apis/core/{self._options.api_version}/users"
        users = await self._api.get(path, params={"status": "active"}, read=lambda reply: list(data_in(reply)))
        self._users = {text_at(user, "email").lower(): int(str(at(user, "id"))) for user in users}
        return {number: email for email, number in self._users.items()}

    def _refused(self, said: str, outcome: Outcome = Outcome.CONFIG) -> Refused:
        return Refused(self.provider, said, outcome=outcome)


def _made(reply: Any) -> str:
    return str(int(str(at(data_in(reply), "id"))))


def _record(reply: Any) -> dict[str, Any]:
    data = data_in(reply)
    return {**data, "id": int(str(at(data, "id")))}
