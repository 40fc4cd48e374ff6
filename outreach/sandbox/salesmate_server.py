"""A stand-in of Salesmate v4: contacts, deals and notes of one account. Failures may come with HTTP 200, as there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from outreach.sandbox.described import Description
from outreach.sandbox.salesmate_requests import DESCRIPTION
from outreach.sandbox.stand_in import Refusal, StandIn, json_of, params_of, parts_of

TOKEN = "11111111-sample-access-key"  # noqa: S105  # sample data
LINK = "demo"
USERS = {"anna@example.com": 5, "deniz@example.com": 6}
PIPELINES = {"Sales": ["New", "Contacted", "Won deal"], "Partners": ["First talk"]}
_FIELDS = {"firstName", "lastName", "email", "owner", "tags", "designation", "outreachStatus", "emailOptOut", "phone"}
_DEAL = {"title", "primaryContact", "owner", "pipeline", "status", "stage", "dealValue", "currency", "description"}
_REQUIRED_OF_A_DEAL = {"title", "primaryContact", "owner", "pipeline", "status", "stage"}
_SEARCH = {"displayingFields", "filterQuery", "sort", "moduleId", "reportType", "getRecordsCount"}
_START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass
class FakeSalesmate(StandIn):
    """`is_kind` False: failures come with HTTP 200 and `Status: failure` inside."""

    contacts: dict[int, dict[str, Any]] = field(default_factory=dict)
    deals: dict[int, dict[str, Any]] = field(default_factory=dict)
    notes: dict[int, list[tuple[int, str]]] = field(default_factory=dict)
    is_kind: bool = True
    keeps_opt_out: bool = True
    now: datetime = _START

    def add(self, values: Mapping[str, Any]) -> int:
        number = next(self.numbers)
        self.contacts[number] = {"lastName": "-", "owner": 5, "createdAt": self._stamp()} | dict(values)
        self.touch(self.contacts[number])
        return number

    def touch(self, record: dict[str, Any]) -> None:
        record["lastModifiedAt"] = self._stamp()

    def later(self) -> datetime:
        self.now += timedelta(hours=1)
        return self.now

    def _stamp(self) -> str:
        return self.now.isoformat().replace("+00:00", "Z")

    @property
    def description(self) -> Description:
        return DESCRIPTION

    def shaped(self, status: int, said: str) -> Any:
        name = "ObjectNotFound" if status == 404 else "ValidationError"
        return {"Status": "failure", "Error": {"Name": name, "Code": str(status), "Message": said}}

    def answer(self, request: httpx.Request) -> httpx.Response:
        try:
            if request.headers.get("accesstoken") != TOKEN:
                raise Refusal(403, {"Name": "AuthorizationFailed", "Code": "403", "Message": "Access denied"})
            if request.headers.get("x-linkname") != f"{LINK}.salesmate.io":
                raise Refusal(404, {"Name": "NoSuchLinkExist", "Message": "No such link exists"})
            data = self._route(request, parts_of(request, base="/apis"))
        except Refusal as refusal:
            error = refusal.body if isinstance(refusal.body, dict) else {"Name": "Error", "Message": refusal.body}
            status = refusal.status if self.is_kind else 200
            return httpx.Response(status, json={"Status": "failure", "Error": error})
        return httpx.Response(200, json={"Status": "success", "Data": data})

    def _route(self, request: httpx.Request, parts: list[str]) -> Any:  # noqa: C901  # one case a path
        match (request.method, *parts):
            case ("GET", "core", "v4", "users"):
                params_of(request, (), ("status",))
                return [{"id": number, "email": email, "isActive": True} for email, number in USERS.items()]
            case ("POST", "contact", "v4", "search"):
                return self._search(request, "contact", self.contacts)
            case ("POST", "deal", "v4", "search"):
                return self._search(request, "deal", self.deals)
            case ("POST", "contact", "v4"):
                return {"id": self.add(self._contact_in(request))}
            case ("GET", "contact", "v4", number):
                return _shown(self._contact(number), int(number))
            case ("DELETE", "contact", "v4", number):
                self._contact(number)
                del self.contacts[int(number)]
                return {"id": int(number)}
            case ("PUT", "contact", "v4", number):
                return self._update(self._contact(number), self._contact_in(request), int(number))
            case ("POST", "contact", "v4", "modules", "1", "object", number, "notes"):
                return self._note(request, number)
            case ("GET", "module", "v4", "modules", "1", "objects", number, "notes"):
                self._contact(number)
                return [{"id": one, "note": text} for one, text in self.notes.get(int(number), [])]
            case ("POST", "deal", "v4"):
                return self._new_deal(request)
            case ("PUT", "deal", "v4", number) if int(number) in self.deals:
                return self._update(self.deals[int(number)], self._deal_in(request), int(number))
        raise Refusal(404, {"Name": "ObjectNotFound", "Code": "404", "Message": "not found"})

    def _contact(self, number: str) -> dict[str, Any]:
        if not number.isdigit() or int(number) not in self.contacts:
            raise Refusal(404, {"Name": "ObjectNotFound", "Code": "404", "Message": "Contact not found"})
        return self.contacts[int(number)]

    def _contact_in(self, request: httpx.Request) -> dict[str, Any]:
        body = json_of(request, _FIELDS)
        if not body.get("lastName"):
            raise _invalid("Last Name is required")
        if not isinstance(body.get("owner"), int) or body["owner"] not in USERS.values():
            raise _invalid("Owner is required")
        if "email" in body and "@" not in body["email"]:
            raise _invalid("Enter a valid email")
        if not self.keeps_opt_out:
            body.pop("emailOptOut", None)
        return body

    def _update(self, record: dict[str, Any], values: Mapping[str, Any], number: int) -> Any:
        record |= values
        self.touch(record)
        return {"id": number}

    def _note(self, request: httpx.Request, number: str) -> Any:
        body = json_of(request, (), ("note", "type", "attachments"))
        self._contact(number)
        if body["type"] != "Note" or body["attachments"] != [] or not body["note"].startswith("<div>"):
            raise _invalid("Note is required")
        note_id = next(self.numbers)
        self.notes.setdefault(int(number), []).append((note_id, body["note"]))
        return {"noteId": note_id}

    def _new_deal(self, request: httpx.Request) -> Any:
        number = next(self.numbers)
        self.deals[number] = self._deal_in(request) | {"createdAt": self._stamp()}
        self.touch(self.deals[number])
        return {"id": number}

    def _deal_in(self, request: httpx.Request) -> dict[str, Any]:
        body = json_of(request, _DEAL, _REQUIRED_OF_A_DEAL)
        if body["pipeline"] not in PIPELINES or body["stage"] not in PIPELINES[body["pipeline"]]:
            raise _invalid("No such stage exists")
        if body["status"] not in ("Open", "Close", "Lost") or body["primaryContact"] not in self.contacts:
            raise _invalid("Primary contact is required")
        return body

    def _search(self, request: httpx.Request, module: str, records: Mapping[int, dict[str, Any]]) -> Any:
        params = params_of(request, (), ("rows", "from"))
        body = json_of(request, _SEARCH, ("displayingFields", "filterQuery", "sort"))
        if not 0 < int(params["rows"]) <= 250 or body["moduleId"] != {"contact": 1, "deal": 4}[module]:
            raise _invalid("rows")
        rules = body["filterQuery"]["group"]["rules"]
        found = [(one, record) for one, record in records.items() if all(_fits(one, record, rule) for rule in rules)]
        start = int(params["from"])
        rows = [_shown(record, one) for one, record in found[start : start + int(params["rows"])]]
        return {"data": rows, "totalRows": len(found), "totalPages": 1, "selectedView": 25}


def _fits(number: int, record: Mapping[str, Any], rule: Mapping[str, Any]) -> bool:
    name = rule["field"]["fieldName"].partition(".")[2]
    if rule["condition"] == "IS_AFTER":
        after = datetime.strptime(rule["data"], "%b %d, %Y %I:%M %p").replace(tzinfo=UTC)
        return datetime.fromisoformat(record[name]) > after
    value = record.get(name.removesuffix(".id"), number)
    return str(value).lower() == str(rule["data"]).lower()


def _shown(record: Mapping[str, Any], number: int) -> dict[str, Any]:
    """Owners and contacts are objects when they are read."""
    shown = {"id": number, **record, "owner": {"id": record["owner"]}}
    if "primaryContact" in record:
        shown |= {"PrimaryContact": {"id": record["primaryContact"]}}
        del shown["primaryContact"]
    return shown


def _invalid(message: str) -> Refusal:
    return Refusal(400, {"Code": "4001", "Name": "ValidationError", "Message": message})
