"""Pipedrive, by API v2 (https://developers.pipedrive.com/docs/api/v1), with v1 for notes and users only.

Numbers are JSON numbers and ids integers; `emails` is a list of objects. There is no upsert: who is looked for and made
is looked for and made by one task at a time for each address. Search lags, so what we made ourselves is remembered.
A deal ends by its status: `won` and `lost` stand in the mapping where a stage id would.
Unverified: whether PATCH replaces or adds to `emails` (the whole list is written); the code of the field that holds the
labels (`label_ids` and `label` are both tried).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import httpx

from outreach.api_client import ApiClient
from outreach.crm import (
    READS_AND_WRITES,
    Account,
    Activity,
    Deal,
    Found,
    Mode,
    Operation,
    Page,
    Person,
    Selection,
    Wanted,
)
from outreach.crms.address_locks import AddressLocks
from outreach.crms.hosts import label, origin_below
from outreach.crms.pipedrive_catalogue import Catalogue, Paths
from outreach.crms.pipedrive_people import People, counting
from outreach.crms.pipedrive_values import (
    CLOSED,
    PROVIDER,
    FieldInfo,
    addresses,
    decoded,
    encoded,
    error_of,
    found,
    note,
    number,
)
from outreach.errors import Outcome, Refused, Unauthorized, Unavailable
from outreach.oauth import Bearer, Grant, Tokens

_ALWAYS = READS_AND_WRITES - {Operation.STATUS, Operation.DO_NOT_CONTACT}
_LACKS = {
    Operation.STATUS: "a status needs `status`, with a field of persons as its property",
    Operation.DO_NOT_CONTACT: "an opt-out needs `do_not_contact_label`",
}
_HOST = "https://api.pipedrive.com"
_NOTES = 100  # newest entries looked through for a marker
_REMEMBERED = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`token`, a person's API token; or OAuth: `client_id`, `client_secret` and a `refresh_token`, or a `code` with its
    `redirect_uri`, which is exchanged once.

    `company`: the first part of the company's address, for links and as the host. `status_property`: a custom field of
    persons, by its key or name. `do_not_contact_label`: a label of persons.
    """

    token: str = field(default="", repr=False)
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    code: str = field(default="", repr=False)
    redirect_uri: str = ""
    company: str = ""
    base_url: str = ""
    v1_path: str = ""
    v2_path: str = "/api/v2"
    token_url: str = "https://oauth.pipedrive.com/oauth/token"  # noqa: S105  # an address
    status_property: str = ""
    do_not_contact_label: str = ""
    organizations: bool = True

    def __post_init__(self) -> None:
        has_grant = bool(self.client_id and self.client_secret and (self.refresh_token or self.code))
        if bool(self.token.strip()) == has_grant:
            raise ValueError(
                'either a token or OAuth is needed. Write token: "${PIPEDRIVE_TOKEN}", or client_id, client_secret and '
                "refresh_token."
            )
        if self.company:
            label(self.company, "company")

    @property
    def host(self) -> str:
        return self.base_url or (f"https://{self.company.lower()}.pipedrive.com" if self.company else _HOST)

    @property
    def paths(self) -> Paths:
        """Below a company's own host v1 stands under /api; OAuth always ends there."""
        v1 = "/v1" if self.host == _HOST and self.token else "/api/v1"
        return Paths(v1=self.v1_path or v1, v2=self.v2_path)

    @property
    def can(self) -> frozenset[Operation]:
        wants = {Operation.STATUS: self.status_property, Operation.DO_NOT_CONTACT: self.do_not_contact_label}
        return _ALWAYS | {operation for operation, setting in wants.items() if setting}


class Pipedrive:
    """One company. Fields, stages and users are remembered; an unknown name is looked up again before it is refused."""

    provider: ClassVar[str] = PROVIDER
    lacks: ClassVar[Mapping[Operation, str]] = _LACKS
    selections: ClassVar[frozenset[Selection]] = frozenset(Selection) - {Selection.LIST}

    def __init__(self, options: Options, http: httpx.AsyncClient, tokens: Tokens) -> None:
        self._options = options
        self._paths = options.paths
        authority = None if options.token else Bearer(tokens.source(_grant(options)))
        headers = {"x-api-token": options.token} if options.token else {}
        self._api = ApiClient(
            PROVIDER, http, base_url=options.host, headers=headers, translate=error_of, authority=authority
        )
        self._catalogue = Catalogue(self._api, self._paths)
        self._web = f"https://{options.company.lower()}.pipedrive.com" if options.company else ""
        self._people = People(
            self._api,
            self._catalogue,
            v2=self._paths.v2,
            web=self._web,
            status_field=options.status_property,
            do_not_contact_label=options.do_not_contact_label,
        )
        self._locks = AddressLocks()
        self._made: OrderedDict[str, str] = OrderedDict()  # lower-cased address → person, for search may not know yet

    @property
    def can(self) -> frozenset[Operation]:
        return self._options.can

    async def check(self) -> Account:
        me = await self._api.get(f"{self._paths.v1}/users/me", read=lambda body: dict(body["data"]))
        fields = [one for one in await self._catalogue.fields() if one.is_custom]
        options = self._options
        status = await self._catalogue.field(options.status_property) if options.status_property else None
        await self._catalogue.label_ids([options.do_not_contact_label] if options.do_not_contact_label else [])
        unread: dict[str, str] = {}
        for part, read in (("stages", self._catalogue.read_stages), ("users", self._catalogue.read_users)):
            try:
                await read()
            except Unauthorized as error:
                unread |= {part: error.said} | ({"pipelines": error.said} if part == "stages" else {})
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
        return tuple(found({"id": one}, self._web) for one in ids)

    async def upsert_person(self, person: Person, *, person_id: str | None) -> Found:
        if person_id is not None:
            return await self._update(await self._read(person_id), person)
        async with self._locks.of(person.email):
            ids = await self._ids_with(person.email) if person.email else []
            if ids:
                return await self._update(await self._read(str(ids[0])), person)
            return await self._create(person)

    async def log(self, person_id: str, activity: Activity, *, look_first: bool) -> str:
        await self._read(person_id)  # a note on a person who is gone would be seen by nobody
        if look_first and (note_id := await self._marked_note(person_id, activity)):
            return note_id
        body = {"content": note(activity), "person_id": number(person_id, "person")}
        return await self._api.post(f"{self._paths.v1}/notes", json=body, read=lambda reply: str(reply["data"]["id"]))

    async def set_status(self, person_id: str, status: str) -> None:
        info = await self._catalogue.field(self._options.status_property)
        await self._write("persons", person_id, {"custom_fields": {info.code: encoded(info, status)}})

    async def set_stage(self, person_id: str, stage: str) -> bool:
        pipeline = None if stage in CLOSED else await self._catalogue.pipeline_of(stage)
        deals = await self._deals(person_id)
        deals = [one for one in deals if pipeline in (None, str(one["pipeline_id"]))]
        deal = counting(deals)
        if deal is None or deal["status"] != "open":
            return any(stage in (one["status"], str(one["stage_id"])) for one in deals)
        if pipeline is None or str(deal["stage_id"]) != stage:
            await self._move(str(deal["id"]), {"stage_id": int(stage)} if pipeline else {"status": stage})
        return True

    async def ensure_deal(self, person_id: str, deal: Deal) -> str:
        pipeline = await self._catalogue.pipeline_of(deal.stage)
        if pipeline != deal.pipeline:
            known = ", ".join(dict.fromkeys(self._catalogue.stages.values()))
            said = f"stage '{deal.stage}' belongs to pipeline '{pipeline}', not '{deal.pipeline}'. Pipelines: {known}"
            raise _refused(said, Outcome.CONFIG)
        for present in reversed(await self._deals(person_id)):
            if str(present["pipeline_id"]) == pipeline and present["status"] == "open":
                return str(present["id"])
        body: dict[str, Any] = {"title": deal.name, "person_id": number(person_id, "person")}
        body |= {"stage_id": int(deal.stage)} | ({"value": _amount(deal.value)} if deal.value else {})
        body |= {name: deal.data[name] for name in ("currency", "expected_close_date") if name in deal.data}
        return await self._api.post(f"{self._paths.v2}/deals", json=body, read=_id)

    async def assign_owner(self, person_id: str, email: str) -> None:
        await self._write("persons", person_id, {"owner_id": await self._catalogue.user_id(email)})

    async def add_tags(self, person_id: str, tags: tuple[str, ...]) -> None:
        """Labels. The list is written whole, so what is there is read first."""
        present = [int(one) for one in (await self._read(person_id)).get("label_ids") or []]
        wanted = await self._catalogue.label_ids(tags)
        after = list(dict.fromkeys([*present, *wanted]))
        if after != present:
            await self._write("persons", person_id, {"label_ids": after})

    async def set_do_not_contact(self, person_id: str, email: str) -> None:
        if not self._options.do_not_contact_label:
            raise _refused("opt-outs need `do_not_contact_label`, a label of persons", Outcome.CONFIG)
        await self.add_tags(person_id, (self._options.do_not_contact_label,))

    async def pull(self, wanted: Wanted, *, cursor: str | None) -> Page:
        return await self._people.pull(wanted, cursor=cursor)

    async def _ids_with(self, email: str) -> list[int]:
        """Persons with that address, oldest first; of what we made ourselves we know before search does."""
        params = {"term": email, "fields": "email", "exact_match": "true", "limit": "100"}
        items = await self._api.get(
            f"{self._paths.v2}/persons/search",
            params=params,
            read=lambda body: [dict(one["item"]) for one in body["data"]["items"]],
        )
        same = {int(one["id"]) for one in items if email.lower() in (each.lower() for each in addresses(one))}
        if (made := self._made.get(email.lower())) and int(made) not in same and await self._is_there(made):
            same.add(int(made))
        return sorted(same)

    async def _is_there(self, person_id: str) -> bool:
        try:
            await self._read(person_id)
        except Refused as error:
            if error.outcome is not Outcome.NOT_FOUND:
                raise
            return False
        return True

    async def _create(self, person: Person) -> Found:
        body: dict[str, Any] = {"name": _name(person) or person.email or person.key}
        body |= {"emails": [_main(person.email)]} if person.email else {}
        body |= await self._changes(person, {})
        made = await self._api.post(f"{self._paths.v2}/persons", json=body, read=lambda reply: dict(reply["data"]))
        self._made[person.email.lower()] = str(made["id"])
        if len(self._made) > _REMEMBERED:
            self._made.popitem(last=False)
        return found(made, self._web)

    async def _update(self, present: dict[str, Any], person: Person) -> Found:
        after = await self._changes(person, present)
        nameless = str(present.get("name") or "").strip().lower() in ("", *map(str.lower, addresses(present)))
        after |= {"name": _name(person)} if nameless and _name(person) else {}
        after |= {"emails": [_main(person.email)]} if person.email and not addresses(present) else {}
        if after:
            await self._write("persons", str(present["id"]), after)
        return found(present, self._web)

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
        params = {"term": name, "fields": "name", "exact_match": "true", "limit": "100"}
        path = f"{self._paths.v2}/organizations"
        async with self._locks.of(f"organisation {name}"):
            if len(name) > 1 and (present := await self._api.get(f"{path}/search", params=params, read=_items)):
                return min(present)
            return int(await self._api.post(path, json={"name": name}, read=_id))

    async def _read(self, person_id: str) -> dict[str, Any]:
        path = f"{self._paths.v2}/persons/{number(person_id, 'person')}"
        record = await self._api.get(path, read=lambda body: dict(body["data"]))
        if record.get("is_deleted"):
            raise _refused(f"person {person_id} is deleted", Outcome.NOT_FOUND)
        return record

    async def _write(self, kind: str, record_id: str, values: Mapping[str, Any]) -> None:
        await self._api.patch(f"{self._paths.v2}/{kind}/{number(record_id, kind)}", json=dict(values), read=_id)

    async def _marked_note(self, person_id: str, activity: Activity) -> str | None:
        params = {"person_id": person_id, "sort": "add_time DESC", "limit": str(_NOTES)}
        notes = await self._api.get(
            f"{self._paths.v1}/notes", params=params, read=lambda body: list(body["data"] or [])
        )
        return next((str(one["id"]) for one in notes if activity.is_marked(str(one.get("content") or ""))), None)

    async def _deals(self, person_id: str) -> list[dict[str, Any]]:
        """The person's deals, oldest first. Raises `not_found` for a person who is gone."""
        number(person_id, "person")
        deals = await self._catalogue.listed("/deals", {"person_id": person_id})
        if not deals:
            await self._read(person_id)
        return sorted((one for one in deals if not one.get("is_deleted")), key=lambda one: int(one["id"]))

    async def _move(self, deal_id: str, values: Mapping[str, Any]) -> None:
        try:
            await self._write("deals", deal_id, values)
        except Refused as error:
            if error.outcome is not Outcome.NOT_FOUND:
                raise
            raise Unavailable(PROVIDER, f"deal {deal_id} was removed while it was to be moved") from None


def _grant(options: Options) -> Grant:
    def base_url_of(answer: Mapping[str, Any]) -> str:
        return "" if options.base_url else origin_below(answer, "api_domain", ("pipedrive.com",))

    return Grant(
        provider=PROVIDER,
        token_url=options.token_url,
        client_id=options.client_id,
        client_secret=options.client_secret,
        refresh_token=options.refresh_token,
        code=options.code,
        redirect_uri=options.redirect_uri,
        is_basic=True,
        base_url_of=base_url_of,
    )


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
    present = decoded(info, before)
    if present == value or (present and mode is Mode.FILL):
        return {}
    return {info.code: encoded(info, value)}


def _amount(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise _refused(f"'{value}' is no amount of a deal. Write digits with a point", Outcome.VALIDATION) from None


def _id(reply: Any) -> str:
    return str(reply["data"]["id"])


def _items(reply: Any) -> list[int]:
    return [int(one["item"]["id"]) for one in reply["data"]["items"]]


def _refused(said: str, outcome: Outcome) -> Refused:
    return Refused(PROVIDER, said, outcome=outcome)
