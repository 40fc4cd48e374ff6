"""Salesforce, REST API (https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/).

A person is a lead or a contact; the first characters of an id say which. With `external_id_field` the server itself
keeps a person from being made twice; without it who is looked for and made is so by one task at a time for an address.
Leads have no opportunities before they are converted: stages and deals are for connections with `object: Contact`.
Unverified: the spelling of error codes beyond those of 401, 403, 404 and 410 (unknown ones count by their status); that
a task of subtype Email may be made in every edition.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

import httpx

from outreach.api_client import ApiClient, segment
from outreach.clock import Clock
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
from outreach.crms.salesforce_calls import Calls, Catalogue
from outreach.crms.salesforce_people import People
from outreach.crms.salesforce_values import (
    OBJECTS,
    PROVIDER,
    as_text,
    encoded,
    error_of,
    failure,
    found,
    is_id,
    made,
    object_of,
    quoted,
    select,
    task,
    twins_of,
)
from outreach.errors import Outcome, Refused, Unauthorized, Unavailable
from outreach.oauth import Bearer, Grant, GrantKind, Tokens, signed_assertion

_DEALS = frozenset({Operation.STAGE, Operation.DEAL})
_LACKS = dict.fromkeys(_DEALS, "opportunities belong to contacts; set `object: Contact`") | {
    Operation.TAGS: "tags need `tags_property`",
    Operation.STATUS: "a status of contacts needs `contact_status_property`",
}
_OPEN = {"Lead": "IsConverted = false", "Contact": ""}
_TASKS = 100  # newest entries looked through for a marker
_RECORD_TYPE = "012"
_JWT_LIFE = timedelta(minutes=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """One of three grants: a `refresh_token` (or a `code` with its `redirect_uri`); a `private_key` in PEM with
    `username`; else client credentials, for which `my_domain` is needed.

    `object`: what new people become, Lead or Contact. `status_property`: a field of leads, and of contacts if somebody
    made it there too (`…__c`); `contact_status_property` names another one. `tags_property`: a multi-select picklist.
    `external_id_field`: an own field of that kind. `share`: how much of the organisation's daily calls may be used
    before this connection waits.
    """

    client_id: str
    client_secret: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    code: str = field(default="", repr=False)
    redirect_uri: str = ""
    private_key: str = field(default="", repr=False)
    username: str = ""
    my_domain: str = ""
    login_url: str = "https://login.salesforce.com"
    base_url: str = ""
    version: str = "68.0"
    object: str = "Lead"
    external_id_field: str = ""
    status_property: str = "Status"
    contact_status_property: str = ""
    tags_property: str = ""
    unknown_company: str = "[not provided]"
    task_status: str = "Completed"
    closing_days: int = 30
    saves_duplicates: bool = False
    share: float = 0.9

    def __post_init__(self) -> None:
        if not self.client_id.strip():
            raise ValueError("client_id is empty. Write the consumer key of the External Client App.")
        if not (self.refresh_token or self.code or self.private_key) and not (self.client_secret and self.host):
            raise ValueError("Write a refresh_token, a private_key and username, or client_secret and my_domain.")
        if self.private_key and not self.username:
            raise ValueError("a private_key needs the user it signs for. Write username.")
        if self.private_key:
            signed_assertion({}, self.private_key)
        if self.object not in OBJECTS.values():
            raise ValueError(f"unknown object '{self.object}'. Write Lead or Contact.")
        if not re.fullmatch(r"\d{2,3}\.0", str(self.version)):  # written without quotes it is a number
            raise ValueError(f"'{self.version}' is no version of the API. Write 68.0.")
        if self.external_id_field and not re.fullmatch(r"\w{1,80}", self.external_id_field):
            raise ValueError(f"'{self.external_id_field}' is no field. Write Outreach_Id__c.")
        for part in self.my_domain.split(".") if self.my_domain else ():
            label(part, "my_domain")

    @property
    def host(self) -> str:
        return self.base_url or (f"https://{self.my_domain.lower()}.my.salesforce.com" if self.my_domain else "")

    @property
    def status(self) -> dict[str, str]:
        """Object → its status field; contacts have none but one that somebody made."""
        of_contacts = self.status_property if self.status_property.endswith("__c") else ""
        return {"Lead": self.status_property, "Contact": self.contact_status_property or of_contacts}

    @property
    def can(self) -> frozenset[Operation]:
        missing = frozenset() if self.object == "Contact" else _DEALS
        missing |= frozenset() if self.tags_property else {Operation.TAGS}
        return READS_AND_WRITES - missing - (frozenset() if self.status[self.object] else {Operation.STATUS})


class Salesforce:
    """One organisation. Fields, stages and users are remembered; an unknown name is looked up before it is refused."""

    provider: ClassVar[str] = PROVIDER
    lacks: ClassVar[Mapping[Operation, str]] = _LACKS
    selections: ClassVar[frozenset[Selection]] = frozenset(Selection)

    def __init__(self, options: Options, http: httpx.AsyncClient, tokens: Tokens, clock: Clock) -> None:
        self._options, self._clock = options, clock
        rule = {"sforce-duplicate-rule-header": "allowSave=true"} if options.saves_duplicates else {}
        api = ApiClient(
            PROVIDER,
            http,
            base_url=options.host or options.login_url,
            headers=rule,
            translate=error_of,
            authority=Bearer(tokens.source(_grant(options))),
        )
        self._calls = Calls(api, root=f"/services/data/v{options.version}", share=options.share, clock=clock)
        self._catalogue = Catalogue(self._calls)
        self._people = People(
            self._calls,
            self._catalogue,
            kind=options.object,
            status=options.status,
            tags=options.tags_property,
            web=options.host,
        )
        self._locks = AddressLocks()

    @property
    def can(self) -> frozenset[Operation]:
        return self._options.can

    async def check(self) -> Account:
        options = self._options
        fields = await self._catalogue.fields(options.object)
        for name in (options.tags_property, options.external_id_field):
            if name:
                await self._catalogue.field(options.object, name)
        unread: dict[str, str] = {}
        users: tuple[str, ...] = ()
        try:
            users = await self._catalogue.users()
        except (Refused, Unauthorized) as error:
            unread["users"] = error.said
        if self.can >= _DEALS:
            try:
                await self._catalogue.read_stages()
            except (Refused, Unauthorized) as error:
                unread["stages"] = error.said
        status = fields.get(options.status[options.object])
        return Account(
            name=await self._organisation(),
            fields=tuple(one.name for one in fields.values() if one.is_writable),
            stages=tuple(self._catalogue.stages),
            users=users,
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
            rows = rows or await self._with_key(person.key)
            if rows:
                return await self._update(str(rows[0]["Id"]), person)
            try:
                return await self._create(person)
            except Refused as error:
                if error.outcome is not Outcome.DUPLICATE or not twins_of(error):
                    raise
                return await self._update(twins_of(error)[0], person)

    async def log(self, person_id: str, activity: Activity, *, look_first: bool) -> str:
        await self._read(person_id, [])  # a task of somebody who is gone would be seen by nobody
        if look_first and (task_id := await self._marked_task(person_id, activity)):
            return task_id
        body = task(activity, person_id, self._options.task_status)
        return await self._calls("POST", "/sobjects/Task", json=body, read=made)

    async def set_status(self, person_id: str, status: str) -> None:
        kind = object_of(person_id)
        name = self._options.status[kind]
        if not name:
            raise _refused("contacts have no status: write `contact_status_property`", Outcome.CONFIG)
        info = await self._catalogue.field(kind, name)
        if info.choices and status not in info.choices:
            said = f"'{status}' is no choice of {name}. There are: {', '.join(info.choices)}"
            raise _refused(said, Outcome.VALIDATION)
        await self._write(kind, person_id, {name: status})

    async def set_stage(self, person_id: str, stage: str) -> bool:
        await self._catalogue.prove_stage(stage)
        deals = await self._deals(person_id)
        still_open = [one for one in deals if not one["IsClosed"]]
        if not still_open or still_open[-1]["StageName"] == stage:
            return any(one["StageName"] == stage for one in deals)
        await self._move(str(still_open[-1]["Id"]), stage)
        return True

    async def ensure_deal(self, person_id: str, deal: Deal) -> str:
        """One open opportunity; a pipeline that is the id of a record type (012…) keeps them apart."""
        await self._catalogue.prove_stage(deal.stage)
        kind = object_of(person_id)
        line = deal.pipeline if is_id(deal.pipeline) and deal.pipeline.startswith(_RECORD_TYPE) else ""
        for present in reversed(await self._deals(person_id)):
            if not present["IsClosed"] and line in ("", as_text(present.get("RecordTypeId"))):
                return str(present["Id"])
        if kind != "Contact":
            raise _refused(
                "a lead has no opportunities before it is converted; use `object: Contact`", Outcome.VALIDATION
            )
        return await self._open_deal(person_id, deal, line)

    async def assign_owner(self, person_id: str, email: str) -> None:
        await self._write(object_of(person_id), person_id, {"OwnerId": await self._catalogue.user_id(email)})

    async def add_tags(self, person_id: str, tags: tuple[str, ...]) -> None:
        name = self._options.tags_property
        if not name:
            raise _refused("tags need `tags_property`, a multi-select picklist", Outcome.CONFIG)
        present = as_text((await self._read(person_id, [name])).get(name))
        before = [tag for tag in present.split(";") if tag]
        after = list(dict.fromkeys([*before, *tags]))
        if after != before:
            await self._write(object_of(person_id), person_id, {name: ";".join(after)})

    async def set_do_not_contact(self, person_id: str, email: str) -> None:
        await self._write(object_of(person_id), person_id, {"HasOptedOutOfEmail": True})

    async def pull(self, wanted: Wanted, *, cursor: str | None) -> Page:
        return await self._people.pull(wanted, cursor=cursor)

    async def _with(self, email: str) -> list[dict[str, Any]]:
        """Records with that address, oldest first: of our own object, and where there are none of the other."""
        own = self._options.object
        for kind in (own, *(other for other in OBJECTS.values() if other != own)):
            conditions = (f"Email = {quoted(email)}", _OPEN[kind])
            tail = "ORDER BY CreatedDate, Id LIMIT 200"
            if rows := await self._calls.query(select(["Id", "CreatedDate"], kind, *conditions, tail=tail)):
                return rows
        return []

    async def _with_key(self, key: str) -> list[dict[str, Any]]:
        name, kind = self._options.external_id_field, self._options.object
        if not name or not key:
            return []
        conditions = (f"{name} = {quoted(key)}", _OPEN[kind])
        return await self._calls.query(select(["Id", "CreatedDate"], kind, *conditions, tail="LIMIT 2"))

    async def _create(self, person: Person) -> Found:
        kind, name = self._options.object, self._options.external_id_field
        values = {one: value for one, (value, _) in (await self._values(person, kind)).items()}
        values = self._required(person, kind) | values | ({"Email": person.email} if person.email else {})
        if name and person.key:
            path = f"/sobjects/{kind}/{name}/{segment(person.key)}"
            person_id = await self._calls("PATCH", path, json=values, read=made)
        else:
            person_id = await self._calls("POST", f"/sobjects/{kind}", json=values, read=made)
        return found({"Id": person_id}, self._options.host)

    def _required(self, person: Person, kind: str) -> dict[str, str]:
        """What Salesforce refuses to be without."""
        required = {"LastName": person.last_name or person.first_name or person.email.partition("@")[0] or "-"}
        return required | ({"Company": self._options.unknown_company} if kind == "Lead" else {})

    async def _values(self, person: Person, kind: str) -> dict[str, tuple[Any, Mode]]:
        """Field → (value, mode); a mapped field goes before our own idea of it."""
        names = {"FirstName": person.first_name, "LastName": person.last_name}
        names |= {"Company": person.company} if kind == "Lead" else {}
        values: dict[str, tuple[Any, Mode]] = {name: (value, Mode.FILL) for name, value in names.items() if value}
        for item in person.fields:
            if item.value:
                info = await self._catalogue.field(kind, item.name)
                values[item.name] = (encoded(info, item.value), item.mode)
        return values

    async def _update(self, person_id: str, person: Person) -> Found:
        kind = object_of(person_id)
        values = await self._values(person, kind)
        present = await self._read(person_id, list(values))
        placeholders = {"Company": self._options.unknown_company}
        after = {}
        for name, (value, mode) in values.items():
            before = as_text(present.get(name))
            is_empty = before in ("", placeholders.get(name, ""))
            if before != as_text(value) and (mode is Mode.OVERWRITE or is_empty):
                after[name] = value
        if after:
            await self._write(kind, person_id, after)
        return found(present, self._options.host)

    async def _read(self, person_id: str, names: list[str]) -> dict[str, Any]:
        kind = object_of(person_id)
        converted = ["IsConverted"] if kind == "Lead" else []
        params = {"fields": ",".join(dict.fromkeys(["Id", "CreatedDate", *converted, *names]))}
        record = await self._calls("GET", f"/sobjects/{kind}/{segment(person_id)}", params=params, read=dict)
        if record.get("IsConverted") is True:
            raise _refused(f"lead {person_id} was converted", Outcome.NOT_FOUND)
        return record

    async def _write(self, kind: str, record_id: str, values: Mapping[str, Any]) -> None:
        path = f"/sobjects/{kind}/{segment(record_id)}"
        await self._calls("PATCH", path, json=dict(values), read=lambda _: None)

    async def _marked_task(self, person_id: str, activity: Activity) -> str | None:
        tail = f"ORDER BY CreatedDate DESC LIMIT {_TASKS}"
        soql = select(["Id", "Description"], "Task", f"WhoId = {quoted(person_id)}", tail=tail)
        tasks = await self._calls.query(soql)
        return next((str(one["Id"]) for one in tasks if activity.is_marked(as_text(one.get("Description")))), None)

    async def _deals(self, person_id: str) -> list[dict[str, Any]]:
        """The person's opportunities, oldest first. Raises `not_found` for a person who is gone."""
        deals: list[dict[str, Any]] = []
        if object_of(person_id) == "Contact":
            roles = select(["OpportunityId"], "OpportunityContactRole", f"ContactId = {quoted(person_id)}")
            line = await self._catalogue.visible("Opportunity", ["RecordTypeId"])  # absent where there are none
            names = ("Id", "StageName", "IsClosed", *line)
            tail = "ORDER BY CreatedDate, Id"
            deals = await self._calls.query(select(names, "Opportunity", f"Id IN ({roles})", tail=tail))
        if not deals:
            await self._read(person_id, [])
        return deals

    async def _open_deal(self, person_id: str, deal: Deal, line: str) -> str:
        """The opportunity and its contact in one request: never one without the other."""
        account = (await self._read(person_id, ["AccountId"])).get("AccountId")
        closing_on = (self._clock.now() + timedelta(days=self._options.closing_days)).date().isoformat()
        values: dict[str, Any] = {"Name": deal.name[:120], "StageName": deal.stage, "CloseDate": closing_on}
        values |= {"Amount": _amount(deal.value)} if deal.value else {}
        values |= {"AccountId": account} if account else {}
        values |= {"RecordTypeId": line} if line else {}
        role = {"OpportunityId": "@{deal.id}", "ContactId": person_id, "IsPrimary": True}
        parts = [
            self._part("deal", "Opportunity", values | dict(deal.data)),
            self._part("role", "OpportunityContactRole", role),
        ]
        body = {"allOrNone": True, "compositeRequest": parts}
        return await self._calls("POST", "/composite", json=body, read=_deal_of)

    def _part(self, name: str, kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
        url = f"{self._calls.root}/sobjects/{kind}"
        return {"method": "POST", "url": url, "referenceId": name, "body": dict(body)}

    async def _move(self, deal_id: str, stage: str) -> None:
        try:
            await self._write("Opportunity", deal_id, {"StageName": stage})
        except Refused as error:
            if error.outcome is not Outcome.NOT_FOUND:
                raise
            raise Unavailable(PROVIDER, f"opportunity {deal_id} was removed while it was to be moved") from None

    async def _organisation(self) -> str:
        try:
            rows = await self._calls.query(select(["Name"], "Organization", tail="LIMIT 1"))
        except (Refused, Unauthorized, Unavailable):
            return "Salesforce"  # a name for people; the token was proved by the reads before
        return f"Salesforce {rows[0]['Name']}" if rows else "Salesforce"


def _grant(options: Options) -> Grant:
    def base_url_of(answer: Mapping[str, Any]) -> str:
        return "" if options.base_url else origin_below(answer, "instance_url", ("salesforce.com", "force.com"))

    def assertion(now: datetime) -> str:
        claims = {"iss": options.client_id, "sub": options.username, "aud": options.login_url}
        return signed_assertion(claims | {"exp": int((now + _JWT_LIFE).timestamp())}, options.private_key)

    kind = GrantKind.REFRESH if options.refresh_token or options.code else GrantKind.CLIENT_CREDENTIALS
    kind = GrantKind.JWT_BEARER if options.private_key else kind
    login = options.host if kind is GrantKind.CLIENT_CREDENTIALS else options.login_url
    return Grant(
        provider=PROVIDER,
        token_url=f"{login}/services/oauth2/token",
        client_id=options.client_id,
        client_secret=options.client_secret,
        kind=kind,
        refresh_token=options.refresh_token,
        code=options.code,
        redirect_uri=options.redirect_uri,
        assertion=assertion,
        base_url_of=base_url_of,
    )


def _deal_of(reply: Any) -> str:
    """The new opportunity. A part that failed undid the other, and is told inside a success."""
    parts = list(reply["compositeResponse"])
    wrong = [one for one in parts if int(one["httpStatusCode"]) >= 400]
    telling = [one for one in wrong if one["body"][0].get("errorCode") != "PROCESSING_HALTED"] or wrong
    if telling:
        raise failure(list(telling[0]["body"]), f"{telling[0]['referenceId']}:", int(telling[0]["httpStatusCode"]))
    return next(str(one["body"]["id"]) for one in parts if one["referenceId"] == "deal")


def _amount(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise _refused(f"'{value}' is no amount of a deal. Write digits with a point", Outcome.VALIDATION) from None


def _refused(said: str, outcome: Outcome) -> Refused:
    return Refused(PROVIDER, said, outcome=outcome)
