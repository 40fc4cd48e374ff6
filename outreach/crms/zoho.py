"""Zoho CRM, API v8 (https://www.zoho.com/crm/developer/docs/api/v8/). A person is a lead or a contact: `Leads/5545…`.

A success may hold a failure: every write looks at its record's own status. 204 without a body means that nothing was
found. Search lags behind writes; a person it does not know is upserted by the server, by e-mail address.
A lead has no deals until somebody converts it: stages and deals are for connections with `module: Contacts`.
Unverified: API hosts outside the US, EU, India, Australia, Japan and China.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

import httpx

from outreach.api_client import ApiClient
from outreach.clock import Clock
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
from outreach.crms.hosts import origin_below
from outreach.crms.zoho_catalogue import Calls, Catalogue
from outreach.crms.zoho_people import People
from outreach.crms.zoho_values import (
    PEOPLE,
    PROVIDER,
    Key,
    addresses,
    as_text,
    encoded,
    error_of,
    found,
    key_of,
    note,
    rows,
    twin_of,
    written,
)
from outreach.errors import Outcome, Refused, Unauthorized, Unavailable
from outreach.oauth import Bearer, Grant, Tokens

REGIONS = {
    "us": ("accounts.zoho.com", "www.zohoapis.com", "crm.zoho.com"),
    "eu": ("accounts.zoho.eu", "www.zohoapis.eu", "crm.zoho.eu"),
    "in": ("accounts.zoho.in", "www.zohoapis.in", "crm.zoho.in"),
    "au": ("accounts.zoho.com.au", "www.zohoapis.com.au", "crm.zoho.com.au"),
    "jp": ("accounts.zoho.jp", "www.zohoapis.jp", "crm.zoho.jp"),
    "cn": ("accounts.zoho.com.cn", "www.zohoapis.com.cn", "crm.zoho.com.cn"),
    "ca": ("accounts.zohocloud.ca", "www.zohoapis.ca", "crm.zohocloud.ca"),
    "sa": ("accounts.zoho.sa", "www.zohoapis.sa", "crm.zoho.sa"),
    "uk": ("accounts.zoho.uk", "www.zohoapis.uk", "crm.zoho.uk"),
}
_API_HOSTS = tuple(api.removeprefix("www.") for _, api, _ in REGIONS.values())
_DEALS = frozenset({Operation.STAGE, Operation.DEAL})
_LACKS = dict.fromkeys(_DEALS, "deals belong to contacts; set `module: Contacts`")
_TAGS_AT_ONCE, _LONGEST_TAG = 3, 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """OAuth: `client_id`, `client_secret` and a `refresh_token`, or a `code` with its `redirect_uri`, exchanged once.

    `region`: where the account lives. `module`: what new people become, Leads or Contacts. `status_property` is a field
    of leads, and of contacts unless `contact_status_property` names another. `triggers`: which automations of Zoho run
    after a write; left out all, an empty list none. `unknown_company`: leads must have a company.
    """

    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    code: str = field(default="", repr=False)
    redirect_uri: str = ""
    region: str = "us"
    base_url: str = ""
    accounts_url: str = ""
    version: str = "v8"
    module: str = "Leads"
    status_property: str = "Lead_Status"
    contact_status_property: str = ""
    triggers: tuple[str, ...] | None = None
    unknown_company: str = "-"
    closing_days: int = 30

    def __post_init__(self) -> None:
        if not (self.client_id.strip() and self.client_secret.strip() and (self.refresh_token or self.code)):
            raise ValueError("Write client_id, client_secret and a refresh_token, or a code with its redirect_uri.")
        if self.region not in REGIONS:
            raise ValueError(f"unknown region '{self.region}'. Write one of: {', '.join(REGIONS)}.")
        if self.module not in PEOPLE:
            raise ValueError(f"unknown module '{self.module}'. Write Leads or Contacts.")
        if not self.version.startswith("v") or not self.version[1:].replace(".", "").isdigit():
            raise ValueError(f"'{self.version}' is no version of the API. Write v8.")

    @property
    def status(self) -> dict[str, str]:
        """Module → its status field."""
        return {"Leads": self.status_property, "Contacts": self.contact_status_property or self.status_property}

    @property
    def can(self) -> frozenset[Operation]:
        return READS_AND_WRITES - (frozenset() if self.module == "Contacts" else _DEALS)


class Zoho:
    """One organisation. Fields, stages and users are remembered; an unknown name is looked up before it is refused."""

    provider: ClassVar[str] = PROVIDER
    lacks: ClassVar[Mapping[Operation, str]] = _LACKS
    selections: ClassVar[frozenset[Selection]] = frozenset(Selection)

    def __init__(self, options: Options, http: httpx.AsyncClient, tokens: Tokens, clock: Clock) -> None:
        self._options, self._clock = options, clock
        _, host, web = REGIONS[options.region]
        api = ApiClient(
            PROVIDER,
            http,
            base_url=options.base_url or f"https://{host}",
            translate=error_of,
            authority=Bearer(tokens.source(_grant(options)), scheme="Zoho-oauthtoken"),
        )
        self._calls = Calls(api, f"/crm/{options.version}")
        self._catalogue = Catalogue(self._calls)
        self._web = f"https://{web}/crm"
        self._people = People(self._calls, self._catalogue, module=options.module, status=options.status, web=self._web)
        self._locks = AddressLocks()

    @property
    def can(self) -> frozenset[Operation]:
        return self._options.can

    async def check(self) -> Account:
        fields = await self._catalogue.fields(self._options.module)
        unread: dict[str, str] = {}
        parts = {"users": self._catalogue.read_users}
        if self.can >= _DEALS:
            parts["stages"] = self._catalogue.read_stages
        for part, read in parts.items():
            try:
                await read()
            except Unauthorized as error:
                unread |= {part: error.said} | ({"pipelines": error.said} if part == "stages" else {})
        status = fields.get(self._options.status[self._options.module])
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
        return tuple(found(module, one, self._web) for one in records)

    async def upsert_person(self, person: Person, *, person_id: str | None) -> Found:
        if person_id is not None:
            key = key_of(person_id, self._options.module)
            return await self._update(key, await self._read(key), person)
        async with self._locks.of(person.email):
            module, records = await self._with(person.email) if person.email else ("", [])
            if records:
                key = Key(module, str(records[0]["id"]))
                return await self._update(key, await self._read(key), person)
            return await self._upsert(person)

    async def log(self, person_id: str, activity: Activity, *, look_first: bool) -> str:
        key = key_of(person_id, self._options.module)
        await self._read(key)  # a note on a record in the recycle bin would be seen by nobody
        if look_first and (note_id := await self._marked_note(key, activity)):
            return note_id
        body = {"data": [note(activity)]}
        return await self._calls("POST", f"/{key}/Notes", json=body, read=lambda reply: str(written(reply)["id"]))

    async def set_status(self, person_id: str, status: str) -> None:
        key = key_of(person_id, self._options.module)
        info = await self._catalogue.field(key.module, self._options.status[key.module])
        if info.choices and status not in info.choices:
            said = f"'{status}' is no choice of {info.name}. There are: {', '.join(info.choices)}"
            raise _refused(said, Outcome.VALIDATION)
        await self._write(key.module, key.id, {info.name: status})

    async def set_stage(self, person_id: str, stage: str) -> bool:
        pipelines = {one.pipeline for one in await self._catalogue.stages_called(stage)}
        key = key_of(person_id, self._options.module)
        deals = [one for one in await self._deals(key) if as_text(one.get("Pipeline")) in pipelines | {""}]
        still_open = [one for one in deals if await self._is_open(one)]
        if not still_open or still_open[-1]["Stage"] == stage:
            return any(one["Stage"] == stage for one in deals)
        await self._move(str(still_open[-1]["id"]), stage)
        return True

    async def ensure_deal(self, person_id: str, deal: Deal) -> str:
        pipelines = [one.pipeline for one in await self._catalogue.stages_called(deal.stage)]
        if deal.pipeline not in pipelines:
            said = f"stage '{deal.stage}' belongs to {', '.join(pipelines)}, not to the pipeline '{deal.pipeline}'"
            raise _refused(said, Outcome.CONFIG)
        key = key_of(person_id, self._options.module)
        for present in reversed(await self._deals(key)):
            if present.get("Pipeline") == deal.pipeline and await self._is_open(present):
                return str(present["id"])
        if key.module != "Contacts":
            raise _refused("a lead has no deals before it is converted; use `module: Contacts`", Outcome.VALIDATION)
        return await self._open_deal(key, deal)

    async def assign_owner(self, person_id: str, email: str) -> None:
        key = key_of(person_id, self._options.module)
        await self._write(key.module, key.id, {"Owner": {"id": await self._catalogue.user_id(email)}})

    async def add_tags(self, person_id: str, tags: tuple[str, ...]) -> None:
        key = key_of(person_id, self._options.module)
        if long := [tag for tag in tags if len(tag) > _LONGEST_TAG]:
            raise _refused(f"a tag has at most {_LONGEST_TAG} characters: {', '.join(long)}", Outcome.VALIDATION)
        for start in range(0, len(tags), _TAGS_AT_ONCE):
            body = {"tags": [{"name": tag} for tag in tags[start : start + _TAGS_AT_ONCE]]}
            params = {"over_write": "false"}
            await self._calls("POST", f"/{key}/actions/add_tags", params=params, json=body, read=_all_tags)

    async def set_do_not_contact(self, person_id: str, email: str) -> None:
        key = key_of(person_id, self._options.module)
        await self._write(key.module, key.id, {"Email_Opt_Out": True})

    async def pull(self, wanted: Wanted, *, cursor: str | None) -> Page:
        return await self._people.pull(wanted, cursor=cursor)

    async def _with(self, email: str) -> tuple[str, list[dict[str, Any]]]:
        """Contacts with that address, oldest first; where there are none, leads."""
        for module in PEOPLE:
            params = {"email": email, "per_page": "200"}
            records = await self._calls("GET", f"/{module}/search", params=params, read=rows)
            same = [one for one in records if email.lower() in (each.lower() for each in addresses(one))]
            if same:
                return module, sorted(same, key=lambda one: int(one["id"]))
        return self._options.module, []

    async def _upsert(self, person: Person) -> Found:
        """The server finds whom search does not know yet, by the address."""
        module = self._options.module
        values = {name: value for name, (value, _) in (await self._values(person, module)).items()}
        values |= {"Email": person.email} if person.email else {}
        values = self._required(person, module) | values
        body = self._body([values]) | ({"duplicate_check_fields": ["Email"]} if person.email else {})
        try:
            made = await self._calls("POST", f"/{module}/upsert", json=body, read=written)
        except Refused as error:
            key = twin_of(error, module) if error.outcome is Outcome.DUPLICATE else None
            if key is None or key.module not in PEOPLE:
                raise
            return await self._update(key, await self._read(key), person)
        return found(module, made, self._web)

    def _required(self, person: Person, module: str) -> dict[str, str]:
        """What a layout refuses to be without."""
        required = {"Last_Name": person.last_name or person.first_name or person.email.partition("@")[0] or "-"}
        return required | ({"Company": self._options.unknown_company} if module == "Leads" else {})

    async def _values(self, person: Person, module: str) -> dict[str, tuple[Any, Mode]]:
        """Field → (value, mode); a mapped field goes before our own idea of it."""
        names = {"First_Name": person.first_name, "Last_Name": person.last_name}
        names |= {"Company": person.company} if module == "Leads" else {}
        values: dict[str, tuple[Any, Mode]] = {name: (value, Mode.FILL) for name, value in names.items() if value}
        for item in person.fields:
            if item.value:
                info = await self._catalogue.field(module, item.name)
                values[item.name] = (encoded(info, item.value), item.mode)
        return values

    async def _update(self, key: Key, present: Mapping[str, Any], person: Person) -> Found:
        after = {}
        placeholders = {"Company": self._options.unknown_company}
        for name, (value, mode) in (await self._values(person, key.module)).items():
            before = present.get(name)
            is_empty = as_text(before) in ("", placeholders.get(name, ""))
            if as_text(before) != as_text(value) and (mode is Mode.OVERWRITE or is_empty):
                after[name] = value
        if after:
            await self._write(key.module, key.id, after)
        return found(key.module, present, self._web)

    async def _read(self, key: Key) -> dict[str, Any]:
        records = await self._calls("GET", f"/{key}", read=rows)
        if not records:
            raise _refused(f"{key} is not there", Outcome.NOT_FOUND)
        if records[0].get("$converted") is True:
            raise _refused(f"{key} was converted", Outcome.NOT_FOUND)
        return records[0]

    async def _write(self, module: str, record_id: str, values: Mapping[str, Any]) -> None:
        body = self._body([{"id": record_id, **values}])
        await self._calls("PUT", f"/{module}/{record_id}", json=body, read=written)

    def _body(self, records: list[dict[str, Any]]) -> dict[str, Any]:
        triggers = self._options.triggers
        return {"data": records} | ({"trigger": list(triggers)} if triggers is not None else {})

    async def _marked_note(self, key: Key, activity: Activity) -> str | None:
        params = {"fields": "Note_Content", "sort_by": "id", "sort_order": "desc"}  # the newest 200
        notes = await self._calls("GET", f"/{key}/Notes", params=params, read=rows)
        return next((str(one["id"]) for one in notes if activity.is_marked(str(one.get("Note_Content") or ""))), None)

    async def _deals(self, key: Key) -> list[dict[str, Any]]:
        """The person's deals, oldest first. Raises `not_found` for a person who is gone."""
        deals = await self._people.deals_of(key)
        if not deals:
            await self._read(key)
        return deals

    async def _is_open(self, deal: Mapping[str, Any]) -> bool:
        state = await self._catalogue.state_of(as_text(deal.get("Pipeline")), as_text(deal.get("Stage")))
        return state is DealState.OPEN

    async def _open_deal(self, key: Key, deal: Deal) -> str:
        closing_on = (self._clock.now() + timedelta(days=self._options.closing_days)).date()
        values: dict[str, Any] = {
            "Deal_Name": deal.name,
            "Stage": deal.stage,
            "Pipeline": deal.pipeline,
            "Closing_Date": closing_on.isoformat(),
            "Contact_Name": {"id": key.id},
        }
        values |= {"Amount": _amount(deal.value)} if deal.value else {}
        body = self._body([values | dict(deal.data)])
        return await self._calls("POST", "/Deals", json=body, read=lambda reply: str(written(reply)["id"]))

    async def _move(self, deal_id: str, stage: str) -> None:
        try:
            await self._write("Deals", deal_id, {"Stage": stage})
        except Refused as error:
            if error.outcome is not Outcome.NOT_FOUND:
                raise
            raise Unavailable(PROVIDER, f"deal {deal_id} was removed while it was to be moved") from None

    async def _organisation(self) -> str:
        try:
            return await self._calls("GET", "/org", read=lambda body: f"Zoho CRM {body['org'][0]['company_name']}")
        except (Refused, Unauthorized, Unavailable):
            return "Zoho CRM"  # a name for people; the token was proved by the reads before


def _grant(options: Options) -> Grant:
    accounts, _, _ = REGIONS[options.region]

    def base_url_of(answer: Mapping[str, Any]) -> str:
        return "" if options.base_url else origin_below(answer, "api_domain", _API_HOSTS)

    return Grant(
        provider=PROVIDER,
        token_url=f"{options.accounts_url or f'https://{accounts}'}/oauth/v2/token",
        client_id=options.client_id,
        client_secret=options.client_secret,
        refresh_token=options.refresh_token,
        code=options.code,
        redirect_uri=options.redirect_uri,
        base_url_of=base_url_of,
    )


def _all_tags(reply: Any) -> None:
    """A tag that was not added stands in the details of a success."""
    details = written(reply)
    if refused := details.get("not_added_tags"):
        names = ", ".join(str(one.get("name")) for one in refused)
        raise _refused(f"tags that were not added: {names}", Outcome.VALIDATION)


def _amount(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise _refused(f"'{value}' is no amount of a deal. Write digits with a point", Outcome.VALIDATION) from None


def _refused(said: str, outcome: Outcome) -> Refused:
    return Refused(PROVIDER, said, outcome=outcome)
