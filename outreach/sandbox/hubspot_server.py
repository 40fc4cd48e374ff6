"""A stand-in of HubSpot: it keeps state and refuses what the real one refuses.

What is read back (lists, search, associations) stands in `hubspot_reading`. Its search lags as the real one does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import unquote

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from outreach.sandbox import hubspot_reading as reading
from outreach.sandbox.described import Undescribed
from outreach.sandbox.hubspot_reading import Refusal
from outreach.sandbox.hubspot_requests import DESCRIPTION

TOKEN = "pat-sample-0123456789"  # noqa: S105  # sample data
VERSION = "2026-09"
STATUS_VALUES = ("NEW", "OPEN", "IN_PROGRESS", "CONNECTED", "UNQUALIFIED")
FIRST_DAY = datetime(2026, 2, 1, 9, 0, tzinfo=UTC)
PROPERTIES = (
    *("email", "firstname", "lastname", "company", "jobtitle", "phone", "hs_lead_status", "hubspot_owner_id"),
    *("outreach_tags", "outreach_opt_out"),
)
PIPELINES = {
    "default": {"appointmentscheduled": "0.2", "qualifiedtobuy": "0.4", "closedwon": "1.0", "closedlost": "0.0"},
    "enterprise": {"9001": "0.1", "9002": "1.0"},
}
OWNERS = {"anna@example.com": "77", "deniz@example.com": "78"}
TYPES = {"emails": 198, "notes": 202, "communications": 81, "deals": 3}

Interference = Callable[[httpx.Request], "httpx.Response | Exception | None"]


@dataclass(slots=True)
class Thing:
    """A stored object of any type; `contact` is whom a timeline entry or deal belongs to."""

    id: str
    properties: dict[str, str]
    contact: str = ""
    updated_at: datetime = FIRST_DAY
    archived_at: datetime | None = None


@dataclass
class FakeHubSpot:
    """Use `transport()` in an httpx client, or serve `served(…)`.

    `before` may answer (or raise) in its stead; `after` loses its answers. `now` stands still until it is moved.
    """

    token: str = TOKEN
    portal: str = ""
    association_page: int = 100
    may_unsubscribe: bool = True
    before: Interference = lambda request: None
    after: Interference = lambda request: None
    objects: dict[str, dict[str, Thing]] = field(default_factory=lambda: {kind: {} for kind in ("contacts", *TYPES)})
    unsubscribed: set[str] = field(default_factory=set)
    archived: dict[str, Thing] = field(default_factory=dict)  # contacts
    lists: dict[str, tuple[str, list[str]]] = field(default_factory=dict)  # id → name, contact ids
    may_read_deals: bool = True
    page_size: int = 100  # never more on one page, whatever is asked for
    index_lag: timedelta = timedelta(seconds=30)
    now: datetime = FIRST_DAY
    requests: list[httpx.Request] = field(default_factory=list)
    numbers: count[int] = field(default_factory=lambda: count(101))

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self.handle)

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if disturbed := _interfere(self.before, request):
            return disturbed
        response = self._answer(request)
        return _interfere(self.after, request) or response

    def add(self, kind: str, properties: dict[str, str], contact: str = "") -> Thing:
        thing = Thing(str(next(self.numbers)), properties, contact, updated_at=self.now)
        self.objects[kind][thing.id] = thing
        return thing

    def archive(self, contact: str, *, into: str = "") -> None:
        """Delete a contact, or merge it into another, as somebody of the team would."""
        thing = self.objects["contacts"].pop(contact)
        if into:
            present = self.objects["contacts"][into].properties
            also = {"hs_merged_object_ids": contact, "hs_additional_emails": thing.properties.get("email", "")}
            self.edit(
                "contacts", into, {name: f"{present.get(name, '')};{one}".strip(";") for name, one in also.items()}
            )
            return
        thing.archived_at = self.now
        self.archived[contact] = thing

    def edit(self, kind: str, record: str, properties: Mapping[str, str]) -> None:
        """Write properties, as somebody of the team would."""
        thing = self.objects[kind][record]
        thing.properties |= properties
        thing.updated_at = self.now

    def contact(self, email: str) -> Thing | None:
        """Its first address or another one: a contact keeps those of whom it was merged with."""
        wanted, contacts = email.lower(), self.objects["contacts"].values()
        return next((one for one in contacts if wanted and wanted in _addresses(one)), None)

    def of(self, kind: str, contact: str) -> list[Thing]:
        return [thing for thing in self.objects[kind].values() if thing.contact == contact]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        try:
            if request.headers.get("authorization") != f"Bearer {self.token}":
                raise Refusal(401, "INVALID_AUTHENTICATION", "Authentication credentials not found.")
            _prove_described(request)
            status, body = self._route(request)
        except Refusal as refusal:
            return httpx.Response(refusal.status, json=refusal.body)
        return httpx.Response(status, json=body) if body is not None else httpx.Response(status)

    def _route(self, request: httpx.Request) -> tuple[int, Any]:  # noqa: C901  # one case a path
        path = request.url.raw_path.decode().partition("?")[0]
        parts = [unquote(part) for part in path.strip("/").split("/")]
        body = json.loads(request.content) if request.content else None
        params = dict(request.url.params)
        if (answer := reading.answer(self, request.method, parts, params=params, body=body)) is not None:
            return answer
        match (request.method, *parts):
            case ("POST", "crm", "objects", version, kind) if version == VERSION:
                return self._create(kind, body)
            case ("POST", "crm", "objects", version, kind, "batch", "read") if version == VERSION:
                return self._batch(kind, body)
            case ("GET", "crm", "objects", version, kind, record) if version == VERSION:
                return 200, self._read(kind, record, params)
            case ("GET", "crm", "objects", version, "contacts", record, "associations", kind) if version == VERSION:
                return 200, self._page(kind, self._thing("contacts", record).id, params.get("after"))
            case ("POST", "crm", "objects", version, "contacts", "gdpr-delete") if version == VERSION:
                return self._purge(body)
            case ("PATCH", "crm", "objects", version, kind, record) if version == VERSION:
                return self._update(kind, record, body)
            case ("GET", "crm", "properties", version, "contacts") if version == VERSION:
                return 200, {"results": [_property(name) for name in PROPERTIES]}
            case ("GET", "crm", "pipelines", version, "deals") if version == VERSION:
                return 200, {"results": [_pipeline(name, stages) for name, stages in PIPELINES.items()]}
            case ("GET", "crm", "owners", version) if version == VERSION:
                return 200, _owners(params)
            case ("GET", "account-info", "2026-09", "details"):
                return 200, {"portalId": 4711, "portalName": self.portal, "timeZone": "Europe/Istanbul"}
            case ("POST", "communication-preferences", version, "statuses", email, "unsubscribe-all"):
                return self._unsubscribe(email, params, version)
        raise Refusal(404, "OBJECT_NOT_FOUND", f"nothing at {request.method} {path}")

    def _purge(self, body: Any) -> tuple[int, Any]:
        contact = self._thing("contacts", body["objectId"], body.get("idProperty")).id
        del self.objects["contacts"][contact]
        return 204, None

    def _create(self, kind: str, body: Any) -> tuple[int, Any]:
        if kind not in self.objects:
            raise Refusal(400, "VALIDATION_ERROR", f"Unable to infer object type from: {kind}")
        if not isinstance(body, dict) or not isinstance(body.get("associations"), list):
            raise Refusal(400, "VALIDATION_ERROR", "Some required fields were not set: [associations]")
        properties = self._valid(kind, body.get("properties"))
        if kind == "contacts" and (present := self.contact(properties.get("email", ""))):
            raise Refusal(409, "CONFLICT", f"Contact already exists. Existing ID: {present.id}")
        contact = self._associated(kind, body["associations"]) if kind != "contacts" else ""
        _require(kind, properties)
        return 201, shown_as(self.add(kind, properties, contact), properties)

    def _associated(self, kind: str, associations: list[Any]) -> str:
        [association] = associations
        wanted = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": TYPES[kind]}]
        contact = association["to"]["id"]
        if association["types"] != wanted:
            raise Refusal(400, "VALIDATION_ERROR", f"association types {association['types']} are not valid")
        if contact not in self.objects["contacts"]:
            raise Refusal(400, "VALIDATION_ERROR", f"One or more associations are not valid: no contact {contact}")
        return str(contact)

    def _batch(self, kind: str, body: Any) -> tuple[int, Any]:
        if kind == "deals":
            self.prove_deals_scope()
        wanted = [one["id"] for one in body["inputs"]]
        if not 0 < len(wanted) <= 100:
            raise Refusal(400, "VALIDATION_ERROR", "between 1 and 100 inputs are allowed")
        present = [self.objects[kind][one] for one in wanted if one in self.objects[kind]]
        results = [shown_as(thing, body["properties"]) for thing in reversed(present)]  # in no order one could rely on
        return (200 if len(present) == len(wanted) else 207), {"status": "COMPLETE", "results": results}

    def _read(self, kind: str, record: str, params: Mapping[str, str]) -> Any:
        thing = self._thing(kind, record, params.get("idProperty"))
        names = [*params.get("properties", "").split(","), "email", "firstname", "lastname"]
        shown = shown_as(thing, names)
        if asked := params.get("associations"):
            shown["associations"] = {asked: self._page(asked, thing.id, None)} if self.of(asked, thing.id) else {}
        return shown

    def _page(self, kind: str, contact: str, after: str | None) -> dict[str, Any]:
        ids = [thing.id for thing in self.of(kind, contact)]
        start = int(after or 0)
        page = ids[start : start + self.association_page]
        key = "id" if after is None else "toObjectId"
        end = start + self.association_page
        paging = {"paging": {"next": {"after": str(end)}}} if end < len(ids) else {}
        return {"results": [{key: one} for one in page], **paging}

    def _update(self, kind: str, record: str, body: Any) -> tuple[int, Any]:
        thing = self._thing(kind, record)
        self.edit(kind, thing.id, self._valid(kind, body["properties"]))
        return 200, shown_as(thing, thing.properties)

    def prove_deals_scope(self) -> None:
        if not self.may_read_deals:
            raise Refusal(403, "MISSING_SCOPES", "This app hasn't been granted all required scopes")

    def prove_subscriptions_scope(self) -> None:
        if not self.may_unsubscribe:
            raise Refusal(403, "MISSING_SCOPES", "This app hasn't been granted all required scopes")

    def _thing(self, kind: str, record: str, id_property: str | None = None) -> Thing:
        by_email = kind == "contacts" and id_property == "email"
        thing = self.contact(record) if by_email else self.objects.get(kind, {}).get(record)
        if thing is None:
            raise Refusal(404, "OBJECT_NOT_FOUND", "resource not found")
        return thing

    def _valid(self, kind: str, properties: Any) -> dict[str, str]:
        if not isinstance(properties, dict):
            raise Refusal(400, "VALIDATION_ERROR", "Some required fields were not set: [properties]")
        for name, value in properties.items():
            if not isinstance(value, str):
                raise Refusal(400, "VALIDATION_ERROR", f"Invalid input JSON: {name} is not a string")
            if kind == "contacts":
                _prove_contact(name, value)
            if kind == "deals" and name == "dealstage" and not any(value in stages for stages in PIPELINES.values()):
                raise _bad_value(name, value, "INVALID_OPTION")
        return {name: value.lower() if name == "email" else value for name, value in properties.items()}

    def _unsubscribe(self, email: str, params: Mapping[str, str], version: str) -> tuple[int, Any]:
        self.prove_subscriptions_scope()
        if params != {"channel": "EMAIL"} or version != VERSION:
            raise Refusal(400, "VALIDATION_ERROR", "channel is required")
        self.unsubscribed.add(email.lower())
        if contact := self.contact(email):
            self.edit("contacts", contact.id, {"hs_email_optout": "true"})
        return 200, {"status": "COMPLETE", "results": []}


def _addresses(contact: Thing) -> list[str]:
    return [contact.properties.get("email", ""), *contact.properties.get("hs_additional_emails", "").split(";")]


def _prove_described(request: httpx.Request) -> None:
    try:
        DESCRIPTION.prove(request)
    except Undescribed as error:
        category = "OBJECT_NOT_FOUND" if error.status == 404 else "VALIDATION_ERROR"
        raise Refusal(error.status, category, f"Invalid input: {error.said}") from None


def _interfere(how: Interference, request: httpx.Request) -> httpx.Response | None:
    result = how(request)
    if isinstance(result, Exception):
        raise result
    return result


def _prove_contact(name: str, value: str) -> None:
    if name not in PROPERTIES:
        raise _bad_value(name, value, "PROPERTY_DOESNT_EXIST")
    if name == "hs_lead_status" and value and value not in STATUS_VALUES:
        raise _bad_value(name, value, "INVALID_OPTION")
    if name == "email" and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value):
        raise _bad_value(name, value, "INVALID_EMAIL")
    if name == "hubspot_owner_id" and value not in OWNERS.values():
        raise _bad_value(name, value, "INVALID_OWNER_ID")


def _bad_value(name: str, value: str, code: str) -> Refusal:
    error = {"message": f"{value} is not valid", "code": code, "in": name, "context": {"propertyName": [name]}}
    return Refusal(400, "VALIDATION_ERROR", "Property values were not valid", error)


def _require(kind: str, properties: Mapping[str, str]) -> None:
    if kind not in ("contacts", "deals") and not properties.get("hs_timestamp", "").startswith("20"):
        raise _bad_value("hs_timestamp", "", "REQUIRED_FIELD")
    if kind == "communications" and properties.get("hs_communication_logged_from") != "CRM":
        raise _bad_value("hs_communication_logged_from", "", "REQUIRED_FIELD")
    if kind == "emails" and not isinstance(json.loads(properties["hs_email_headers"])["to"], list):
        raise _bad_value("hs_email_headers", "", "INVALID_JSON")
    if kind == "deals" and properties["dealstage"] not in PIPELINES.get(properties["pipeline"], {}):
        raise _bad_value("dealstage", properties["dealstage"], "INVALID_OPTION")


def shown_as(thing: Thing, names: Any) -> dict[str, Any]:
    properties: dict[str, str | None] = {"hs_object_id": thing.id}
    properties |= {name: thing.properties.get(name) for name in names if name}
    updated = written(thing.updated_at)
    properties |= {name: updated for name in ("lastmodifieddate", "hs_lastmodifieddate") if name in properties}
    times = {"createdAt": "2026-02-01T09:00:00.000Z", "updatedAt": updated}
    url = f"https://app.hubspot.example/contacts/4711/record/0-1/{thing.id}"
    return {"id": thing.id, "properties": properties, **times, "archived": False, "url": url}


def written(at: datetime) -> str:
    """An instant as HubSpot writes it."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _property(name: str) -> dict[str, Any]:
    values = STATUS_VALUES if name == "hs_lead_status" else ()
    options = [{"value": value, "label": value.title(), "hidden": False} for value in values]
    return {"name": name, "label": name, "type": "string", "options": options}


def _pipeline(name: str, stages: Mapping[str, str]) -> dict[str, Any]:
    shown = [
        {"id": stage, "label": stage, "archived": False, "metadata": {"probability": probability}}
        for stage, probability in stages.items()
    ]
    return {"id": name, "label": name.title(), "stages": shown}


def _owners(params: Mapping[str, str]) -> dict[str, Any]:
    """One a page, so that whoever wants all has to turn pages."""
    wanted = [email for email in OWNERS if params.get("email") in (None, email)]
    start = int(params.get("after", "0"))
    results = [{"id": OWNERS[email], "email": email, "userId": 9} for email in wanted[start : start + 1]]
    more = {"paging": {"next": {"after": str(start + 1)}}} if start + 1 < len(wanted) else {}
    return {"results": results, **more}


def served(hubspot: FakeHubSpot) -> Starlette:
    """The stand-in as an application that a server can serve: one request at a time, as its state wants."""

    async def answer(request: Request) -> Response:
        asked = httpx.Request(
            request.method, str(request.url), headers=request.headers.raw, content=await request.body()
        )
        given = hubspot.handle(asked)
        kept = {name: value for name, value in given.headers.items() if name in ("content-type", "retry-after")}
        if "x-cut" in given.headers:
            kept["content-length"] = str(len(given.content) + 1)  # the connection ends before the answer does
        return Response(given.content, given.status_code, headers=kept)

    return Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST", "PATCH", "DELETE"])])
