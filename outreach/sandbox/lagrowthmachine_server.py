"""A stand-in of La Growth Machine's flow API: leads in audiences, statuses of one campaign, notes of conversations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx

from outreach.crms.lagrowthmachine import FIELDS, STATUSES
from outreach.sandbox.described import Description
from outreach.sandbox.lagrowthmachine_requests import DESCRIPTION
from outreach.sandbox.stand_in import Refusal, StandIn, json_of, params_of, parts_of

KEY = "lgm-sample-key-0123456789"
AUDIENCE = "Outreach"
_IDENTITIES = {"leadId", "proEmail", "linkedinUrl", "persoEmail"}
_START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass
class FakeLaGrowthMachine(StandIn):
    """`auth_mode`: where the key is looked for; `has_conversation` and `in_campaign`: what leads have."""

    auth_mode: str = "bearer"
    has_conversation: bool = True
    in_campaign: bool = True
    nobody: tuple[int, str] = (404, "Lead not found")
    leads: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    statuses: dict[str, str] = field(default_factory=dict)
    now: datetime = _START

    def add(self, values: Mapping[str, Any]) -> str:
        lead_id = f"{int(self.now.timestamp()):08x}{next(self.numbers):016x}"
        self.leads[lead_id] = {"id": lead_id, "audiences": [AUDIENCE], **values, "updatedAt": self._stamp()}
        return lead_id

    def later(self) -> datetime:
        self.now += timedelta(hours=1)
        return self.now

    def _stamp(self) -> str:
        return self.now.isoformat().replace("+00:00", "Z")

    @property
    def description(self) -> Description:
        return DESCRIPTION

    def shaped(self, status: int, said: str) -> Any:
        return {"error": said}

    def answer(self, request: httpx.Request) -> httpx.Response:
        self._prove_key(request)
        return httpx.Response(200, json=self._route(request, parts_of(request, base="/flow")))

    def _prove_key(self, request: httpx.Request) -> None:
        given = {
            "bearer": request.headers.get("authorization", "").removeprefix("Bearer "),
            "x-api-key": request.headers.get("x-api-key"),
            "query": request.url.params.get("apikey"),
        }
        if given[self.auth_mode] != KEY:
            raise Refusal(401, {"error": "Invalid apikey"})

    def _route(self, request: httpx.Request, parts: list[str]) -> Any:
        match (request.method, *parts):
            case ("GET", "members"):
                return {"statusCode": 200, "members": [{"id": "m1", "name": "Anna"}]}
            case ("GET", "audiences"):
                return {"statusCode": 200, "audiences": [{"id": "64f0c0ffee", "name": AUDIENCE}]}
            case ("GET", "audiences", "64f0c0ffee", "leads"):
                return self._page(request)
            case ("GET", "leads", "search"):
                return self._search(request)
            case ("POST", "leads"):
                return self._upsert(json_of(request, {*_IDENTITIES, *FIELDS, "excludeContactedLeads"}, ("audience",)))
            case ("POST", "leads", "status"):
                return self._set_status(request)
            case ("POST", "inbox", "conversations", "note"):
                return self._note(json_of(request, (), ("leadId", "note", "mode")))
        raise Refusal(404, {"error": "Not found"})

    def _page(self, request: httpx.Request) -> Any:
        params = params_of(request, ("skip", "limit", "apikey"))
        skip, limit = int(params["skip"]), int(params["limit"])
        if not 0 < limit <= 100:
            raise Refusal(400, {"error": "limit must be at most 100"})
        return {"statusCode": 200, "data": list(self.leads.values())[skip : skip + limit]}

    def _search(self, request: httpx.Request) -> Any:
        params = params_of(request, ("email", "leadId", "linkedinUrl", "crmId", "apikey"))
        email, lead_id = params.get("email", "").lower(), params.get("leadId")
        addresses = {one: str(lead.get("proEmail", "")).lower() for one, lead in self.leads.items()}
        found = [lead for one, lead in self.leads.items() if lead_id == one or (email and addresses[one] == email)]
        if not found:
            raise Refusal(self.nobody[0], {"error": self.nobody[1]})
        if len(found) > 1:
            return {"statusCode": 200, "leads": found}
        return {"statusCode": 200, "lead": found[0], "recentLogs": []}

    def _upsert(self, body: dict[str, Any]) -> Any:
        """Fills what is empty."""
        audience, lead_id = body.pop("audience"), body.pop("leadId", None)
        if not body.get("proEmail") and not lead_id:
            raise Refusal(400, {"error": "an identity is required"})
        if lead_id and lead_id not in self.leads:
            raise Refusal(404, {"error": "Lead not found"})
        same = [
            one
            for one, lead in self.leads.items()
            if lead.get("proEmail", "").lower() == body.get("proEmail", "").lower()
        ]
        lead = self.leads[lead_id or (same or [self.add({})])[0]]
        lead |= {name: value for name, value in body.items() if not lead.get(name)}
        lead |= {"audiences": list(dict.fromkeys([*lead["audiences"], audience])), "updatedAt": self._stamp()}
        return {"statusCode": 200, "leadId": lead["id"], "message": "ok"}

    def _set_status(self, request: httpx.Request) -> Any:
        if request.headers.get("content-type") != "application/x-www-form-urlencoded":
            raise Refusal(415, {"error": "form expected"})
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        if set(form) != {"status", "campaign", "identifier"} or form["status"] not in STATUSES:
            raise Refusal(400, {"error": "status is not valid"})
        lead_id = next((one for one, lead in self.leads.items() if lead.get("proEmail") == form["identifier"]), None)
        if lead_id is None:
            raise Refusal(404, {"error": "Lead not found"})
        if not self.in_campaign:
            return {"statusCode": 200, "logs": []}
        self.statuses[lead_id] = form["status"]
        return {"statusCode": 200, "logs": [{"campaign": "c1", "leadStatus": form["status"], "leadUpdated": True}]}

    def _note(self, body: dict[str, Any]) -> Any:
        lead_id = body["leadId"]
        if lead_id not in self.leads or not self.has_conversation:
            raise Refusal(404, {"error": "Conversation not found"})
        before = self.notes.get(lead_id, "")
        after = body["note"] if body["mode"] == "replace" else f"{before}\n{body['note']}".lstrip("\n")
        self.notes[lead_id] = after
        told = {"conversationId": f"c-{lead_id}", "leadId": lead_id, "mode": body["mode"], "note": after}
        return {"success": True, "data": told | {"noteLength": len(after), "truncated": False}}
