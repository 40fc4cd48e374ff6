"""A stand-in of ClinchPad's API v1: contacts, and leads with notes, fields and activities."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from outreach.sandbox.clinchpad_requests import DESCRIPTION
from outreach.sandbox.described import Description
from outreach.sandbox.stand_in import Refusal, StandIn, json_of, params_of, parts_of

KEY = "4e65146b302a2a2e-sample"
USERS = {"anna@example.com": "521f26ebcce8b4310e000001", "deniz@example.com": "521f26ebcce8b4310e000002"}
PIPELINES = {
    "Sales": (
        "521f26eccce8b4310e00000a",
        {"Prospect": "521f26eccce8b4310e0000a1", "Offer": "521f26eccce8b4310e0000a2"},
    ),
    "Partners": ("521f26eccce8b4310e00000b", {"First talk": "521f26eccce8b4310e0000b1"}),
}
OWN_FIELD = "521f26eccce8b4310e0000f1"
_LOGIN = base64.b64encode(f"api-key:{KEY}".encode()).decode()
_STAGES = dict(PIPELINES.values())
_START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass(slots=True)
class Lead:
    id: str
    name: str
    pipeline: str
    stage: str  # its name
    user: str | None = None
    size: float | None = None
    archived: bool = False
    contacts: list[str] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    fields: dict[str, tuple[str, str]] = field(default_factory=dict)  # id → (name, value)


@dataclass
class FakeClinchPad(StandIn):
    """`first_page`: the number of the first page, which the real pages do not tell."""

    first_page: int = 1
    contacts: dict[str, dict[str, Any]] = field(default_factory=dict)
    leads: dict[str, Lead] = field(default_factory=dict)
    activities: list[dict[str, Any]] = field(default_factory=list)  # oldest first
    now: datetime = _START

    def fresh_id(self) -> str:
        return f"{int(self.now.timestamp()):08x}{next(self.numbers):016x}"

    def add(self, values: Mapping[str, Any]) -> str:
        """A contact, as if typed in; `Title` is its own field."""
        contact_id = self.fresh_id()
        own = [{"_id": OWN_FIELD, "name": "Title", "value": values.get("Title")}]
        plain = {name: value for name, value in values.items() if name != "Title"}
        self.contacts[contact_id] = {"_id": contact_id, "name": "", "email": "", "fields": own} | plain
        return contact_id

    def add_lead(self, name: str, contact_id: str, stage: str = "Prospect") -> Lead:
        lead = Lead(self.fresh_id(), name, PIPELINES["Sales"][0], stage, contacts=[contact_id])
        self.leads[lead.id] = lead
        self.note("lead:created", lead)
        return lead

    def note(self, kind: str, lead: Lead) -> None:
        at = self.now.isoformat().replace("+00:00", "Z")
        about = {"lead": {"_id": lead.id, "name": lead.name}, "pipeline": {"_id": lead.pipeline}}
        self.activities.append({"_id": self.fresh_id(), "created_at": at, "type": kind} | about)

    def later(self) -> datetime:
        self.now += timedelta(hours=1)
        return self.now

    @property
    def description(self) -> Description:
        return DESCRIPTION

    def shaped(self, status: int, said: str) -> Any:
        return {"message": said}

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get("authorization") != f"Basic {_LOGIN}":
            raise Refusal(401, {"message": "Invalid API key"})
        parts = parts_of(request, base="/api/v1")
        reading = self._reading if request.method == "GET" else self._writing
        return httpx.Response(200, json=reading(request, parts))

    def _reading(self, request: httpx.Request, parts: list[str]) -> Any:
        match parts:
            case ["users"]:
                return [{"_id": one, "name": email.partition("@")[0], "email": email} for email, one in USERS.items()]
            case ["pipelines"]:
                return [{"_id": one, "name": name} for name, (one, _) in PIPELINES.items()]
            case ["pipelines", pipeline, "stages"] if pipeline in _STAGES:
                return [{"_id": one, "name": name} for name, one in _STAGES[pipeline].items()]
            case ["contacts"]:
                return self._found(request)
            case ["contacts", contact_id]:
                return self._contact(contact_id)
            case ["leads"]:
                pipeline = params_of(request, ("page", "size"), ("pipeline_id",))["pipeline_id"]
                return self._page(
                    request, [self._shown(one) for one in self.leads.values() if one.pipeline == pipeline]
                )
            case ["activities"]:
                return self._page(request, self.activities[::-1])
            case ["leads", lead_id, *rest]:
                return self._of_lead(request, self._lead(lead_id), rest)
        raise Refusal(404, {"message": "not found"})

    def _of_lead(self, request: httpx.Request, lead: Lead, rest: list[str]) -> Any:
        match rest:
            case []:
                return self._shown(lead)
            case ["contacts"]:
                return [self.contacts[one] for one in lead.contacts if one in self.contacts]
            case ["notes"]:
                return self._page(request, [{"_id": one, "content": text} for one, text in lead.notes[::-1]])
            case ["fields"]:
                return [{"_id": one, "name": name, "value": value} for one, (name, value) in lead.fields.items()]
        raise Refusal(404, {"message": "not found"})

    def _writing(self, request: httpx.Request, parts: list[str]) -> Any:
        match (request.method, *parts):
            case ("POST", "contacts"):
                allowed = ("email", "designation", "phone", "address", "organization_id", "fields")
                return self.contacts[self.add(json_of(request, allowed, ("name",)))]
            case ("PUT", "contacts", contact_id):
                body = json_of(request, ("name", "email", "designation", "phone", "address"))
                self._contact(contact_id).update(body)
                return self.contacts[contact_id]
            case ("PUT", "contacts", contact_id, "fields", field_id):
                [own] = [one for one in self._contact(contact_id)["fields"] if one["_id"] == field_id]
                own["value"] = json_of(request, (), ("value",))["value"]
                return own
            case ("POST", "leads"):
                return self._new_lead(request)
            case (_, "leads", lead_id, *rest):
                return self._change(request, self._lead(lead_id), rest)
        raise Refusal(404, {"message": "not found"})

    def _new_lead(self, request: httpx.Request) -> Any:
        body = json_of(request, ("size", "user_id", "fields"), ("name", "pipeline_id"))
        if body["pipeline_id"] not in _STAGES:
            raise Refusal(400, {"message": "pipeline_id is invalid"})
        stage = next(iter(_STAGES[body["pipeline_id"]]))
        lead = Lead(self.fresh_id(), body["name"], body["pipeline_id"], stage, size=body.get("size"))
        self.leads[lead.id] = lead
        self.note("lead:created", lead)
        return self._shown(lead)

    def _change(self, request: httpx.Request, lead: Lead, rest: list[str]) -> Any:
        match (request.method, *rest):
            case ("PUT",):
                return self._update(lead, json_of(request, ("name", "size", "user_id", "stage_id")))
            case ("PUT", "contacts", contact_id):
                self._contact(contact_id)
                lead.contacts = list(dict.fromkeys([*lead.contacts, contact_id]))
                return {}
            case ("POST", "notes"):
                body = json_of(request, (), ("content", "user_id"))
                _known(body["user_id"], USERS.values(), "user_id")
                lead.notes.append((self.fresh_id(), body["content"]))
                self.note("note:created", lead)
                return {"_id": lead.notes[-1][0], "content": body["content"]}
            case ("POST", "fields"):
                body = json_of(request, (), ("name", "value"))
                lead.fields[self.fresh_id()] = (body["name"], body["value"])
                return {}
            case ("PUT", "fields", field_id) if field_id in lead.fields:
                value = json_of(request, (), ("value",))["value"]
                lead.fields[field_id] = (lead.fields[field_id][0], value)
                return {}
        raise Refusal(404, {"message": "not found"})

    def _update(self, lead: Lead, body: Mapping[str, Any]) -> Any:
        if "stage_id" in body:
            _known(body["stage_id"], _STAGES[lead.pipeline].values(), "stage_id")
            lead.stage = next(name for name, one in _STAGES[lead.pipeline].items() if one == body["stage_id"])
            self.note("lead:moved", lead)
        if "user_id" in body:
            _known(body["user_id"], USERS.values(), "user_id")
            lead.user = body["user_id"]
        return self._shown(lead)

    def _found(self, request: httpx.Request) -> Any:
        params = params_of(request, ("page", "size", "email"))
        wanted = params.get("email", "").lower()
        return self._page(request, [one for one in self.contacts.values() if wanted in ("", one["email"].lower())])

    def _page(self, request: httpx.Request, everything: list[Any]) -> list[Any]:
        params = request.url.params
        size, number = int(params.get("size", "25")), int(params.get("page", str(self.first_page)))
        start = (number - self.first_page) * size
        return everything[start : start + size]

    def _contact(self, contact_id: str) -> dict[str, Any]:
        if contact_id not in self.contacts:
            raise Refusal(404, {"message": "Contact not found"})
        return self.contacts[contact_id]

    def _lead(self, lead_id: str) -> Lead:
        if lead_id not in self.leads:
            raise Refusal(404, {"message": "Lead not found"})
        return self.leads[lead_id]

    def _shown(self, lead: Lead) -> dict[str, Any]:
        stage = {"_id": _STAGES[lead.pipeline][lead.stage], "name": lead.stage}
        user = {"_id": lead.user, "name": "somebody"} if lead.user else None
        shown = {"_id": lead.id, "name": lead.name, "size": lead.size, "archived": lead.archived}
        return shown | {"user": user, "stage": stage}


def _known(value: str, known: Any, name: str) -> None:
    if value not in known:
        raise Refusal(400, {"message": f"{name} is invalid"})
