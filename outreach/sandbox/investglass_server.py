"""A stand-in of a small REST CRM as InvestGlass is taken to be: objects under one key, notes in a list of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from outreach.sandbox.described import Description
from outreach.sandbox.investglass_requests import DESCRIPTION
from outreach.sandbox.stand_in import Refusal, StandIn, json_of, params_of, parts_of

KEY = "ig-sample-key-0123456789"
USERS = {"anna@example.com": 5, "deniz@example.com": 6}
_FIELDS = {
    "email",
    "first_name",
    "last_name",
    "company_name",
    "position",
    "status",
    "stage",
    "owner_id",
    "tags",
    "opt_out",
}


@dataclass
class FakeInvestGlass(StandIn):
    """`header`: where the key is looked for. `creates_by`: POST, or PUT as the help pages say."""

    header: str = "authorization"
    scheme: str = "Bearer "
    creates_by: str = "POST"
    updates_by: str = "PUT"
    people: dict[int, dict[str, Any]] = field(default_factory=dict)
    notes: list[dict[str, Any]] = field(default_factory=list)

    def add(self, values: Mapping[str, Any]) -> str:
        number = next(self.numbers)
        self.people[number] = {"id": number, **values}
        return str(number)

    @property
    def description(self) -> Description:
        return DESCRIPTION

    def shaped(self, status: int, said: str) -> Any:
        return {"error": said}

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get(self.header) != f"{self.scheme}{KEY}":
            raise Refusal(401, {"error": "Unauthorized"})
        return self._route(request, parts_of(request, base="/api/v1"))

    def _route(self, request: httpx.Request, parts: list[str]) -> httpx.Response:
        match (request.method, *parts):
            case ("GET", "users"):
                return _ok({"users": [{"id": one, "email": email} for email, one in USERS.items()]})
            case ("GET", "contacts"):
                email = params_of(request, ("email",)).get("email", "").lower()
                found = [one for one in self.people.values() if not email or str(one.get("email", "")).lower() == email]
                return _ok({"contacts": found})
            case (self.creates_by, "contacts"):
                return _ok({"contact": self.people[int(self.add(self._contact_in(request)))]}, 201)
            case ("GET", "contacts", number):
                return _ok({"contact": self._person(number)})
            case (self.updates_by, "contacts", number):
                self._person(number).update(self._contact_in(request))
                return httpx.Response(204)
            case ("GET", "contact_reports"):
                wanted = params_of(request, (), ("contact_id",))["contact_id"]
                return _ok({"contact_reports": [one for one in self.notes if one["contact_id"] == wanted]})
            case (self.creates_by, "contact_reports"):
                return self._new_note(request)
        raise Refusal(404, {"error": "Not Found"})

    def _contact_in(self, request: httpx.Request) -> dict[str, Any]:
        contact = json_of(request, (), ("contact",))["contact"]
        if not isinstance(contact, dict) or set(contact) - _FIELDS:
            raise Refusal(400, {"error": "unknown field"})
        return contact

    def _new_note(self, request: httpx.Request) -> httpx.Response:
        report = json_of(request, (), ("contact_report",))["contact_report"]
        if set(report) != {"contact_id", "title", "content"}:
            raise Refusal(400, {"error": "unknown field"})
        self._person(report["contact_id"])
        self.notes.append({"id": next(self.numbers), **report})
        return _ok({"contact_report": self.notes[-1]}, 201)

    def _person(self, number: str) -> dict[str, Any]:
        if not number.isdigit() or int(number) not in self.people:
            raise Refusal(404, {"error": "Not Found"})
        return self.people[int(number)]


def _ok(body: Any, status: int = 200) -> httpx.Response:
    return httpx.Response(status, json=body)
