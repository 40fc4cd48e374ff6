"""A stand-in of Pipedrive: v2 for what it has, v1 for notes and users; it refuses what the published description does
not have. Search lags if told so; deleted persons answer with `is_deleted`; a merged one is gone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from outreach.sandbox.described import Description
from outreach.sandbox.pipedrive_requests import DESCRIPTIONS
from outreach.sandbox.stand_in import Refusal, StandIn, parts_of
from outreach.sandbox.token_desk import TokenDesk

TOKEN = "0123456789abcdef-pipedrive-sample"  # noqa: S105  # sample data, as are all of these
PIPELINES = {1: "Sales", 2: "Partners"}
STAGES = {11: 1, 12: 1, 13: 1, 21: 2}  # stage → pipeline
USERS = {7: "anna@example.com", 8: "deniz@example.com"}
LABELS = {1: "fintech", 2: "berlin", 3: "warm", 4: "Do not contact"}
TITLE, STATUS, REGIONS, BUDGET = (letter * 40 for letter in "abcd")
FIELDS: dict[str, tuple[str, str, dict[int, str]]] = {
    TITLE: ("Job title", "varchar", {}),
    STATUS: ("Outreach status", "enum", {31: "Responded", 32: "Not interested"}),
    REGIONS: ("Regions", "set", {41: "North", 42: "South"}),
    BUDGET: ("Budget", "monetary", {}),
    "label_ids": ("Labels", "set", LABELS),
    "name": ("Name", "varchar", {}),
}
_START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

Record = dict[str, Any]


@dataclass
class FakePipedrive(StandIn):
    """`persons`, `deals`, `organizations` and `notes` by id. `is_lagging`: search does not know what was made last."""

    token: str = TOKEN
    desk: TokenDesk = field(default_factory=lambda: TokenDesk(is_basic=True))
    v1: str = "/api/v1"
    page: int = 3
    is_lagging: bool = False
    persons: dict[int, Record] = field(default_factory=dict)
    deals: dict[int, Record] = field(default_factory=dict)
    organizations: dict[int, Record] = field(default_factory=dict)
    notes: dict[int, Record] = field(default_factory=dict)
    filters: dict[int, list[int]] = field(default_factory=dict)
    now: datetime = _START

    def later(self) -> datetime:
        self.now += timedelta(hours=1)
        return self.now

    def add_person(self, **values: Any) -> Record:
        """As if typed in, or made through the API."""
        blank: Record = {"name": "", "owner_id": 7, "org_id": None, "emails": [], "phones": [], "label_ids": []}
        return self._add(
            self.persons, blank | {"custom_fields": dict.fromkeys([TITLE, STATUS, REGIONS, BUDGET])}, values
        )

    def add_deal(self, **values: Any) -> Record:
        return self._add(self.deals, {"status": "open", "value": 0, "currency": "EUR"}, values)

    def touch(self, record: Record, **values: Any) -> None:
        """What a person does in the browser."""
        record |= {**values, "update_time": _text(self.now)}

    def _add(self, shelf: dict[int, Record], blank: Record, values: Mapping[str, Any]) -> Record:
        number = next(self.numbers)
        at = {"add_time": _text(self.now), "update_time": _text(self.now), "is_deleted": False}
        shelf[number] = {**blank, **at, "id": number, **values}
        return shelf[number]

    @property
    def description(self) -> Description:
        return DESCRIPTIONS[self.v1]

    def shaped(self, status: int, said: str) -> Any:
        return _error(said)

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth/token":
            return self.desk.answer(request)
        self._prove_token(request)
        is_v2 = request.url.path.startswith("/api/v2/")
        parts = parts_of(request, base="/api/v2" if is_v2 else self.v1)
        body = (self._v2 if is_v2 else self._v1)(request, parts)
        return httpx.Response(200, json={"success": True, **body})

    def _prove_token(self, request: httpx.Request) -> None:
        headers = request.headers
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        if headers.get("x-api-token") != self.token and bearer not in self.desk.valid:
            raise _refusal(401, "unauthorized access")

    def _v2(self, request: httpx.Request, parts: list[str]) -> Record:  # noqa: C901  # one case a path
        match (request.method, *parts):
            case ("GET", "persons", "search"):
                return self._search(request, self.persons, "email")
            case ("GET", "organizations", "search"):
                return self._search(request, self.organizations, "name")
            case ("GET", "persons" | "deals" | "stages" | "personFields" as kind):
                return self._list(request, kind)
            case ("GET", "persons" | "deals" as kind, number):
                return {"data": self._one(kind, number)}
            case ("POST", "persons"):
                return {"data": self.add_person(**self._person(request))}
            case ("POST", "organizations"):
                return {"data": self._add(self.organizations, {}, json.loads(request.content))}
            case ("POST", "deals"):
                return {"data": self.add_deal(**self._deal(request))}
            case ("DELETE", "persons", number):
                return {"data": {"id": self._patched(self._one("persons", number), {"is_deleted": True})["id"]}}
            case ("PATCH", "persons", number):
                return {"data": self._patched(self._one("persons", number), self._person(request))}
            case ("PATCH", "deals", number):
                return {"data": self._patched(self._one("deals", number), self._deal(request))}
        raise _refusal(404, "Unknown method .")

    def _v1(self, request: httpx.Request, parts: list[str]) -> Record:
        match (request.method, *parts):
            case ("GET", "users", "me"):
                me = {"id": 7, "name": "Anna", "company_name": "Example Ltd", "company_domain": "example"}
                return {"data": me}
            case ("GET", "users"):
                users = [{"id": one, "email": email, "active_flag": True} for one, email in USERS.items()]
                return {"data": [*users, {"id": 9, "email": "gone@example.com", "active_flag": False}]}
            case ("POST", "notes"):
                return {"data": self._add(self.notes, {}, json.loads(request.content))}
            case ("GET", "notes"):
                return {"data": self._notes(dict(request.url.params))}
        raise _refusal(404, "Unknown method .")

    def _notes(self, params: Mapping[str, str]) -> list[Record] | None:
        if params.get("sort") != "add_time DESC":
            raise _refusal(400, "sort is not valid")
        newest = sorted(self.notes.values(), key=lambda note: -note["id"])
        found = [note for note in newest if str(note.get("person_id")) == params["person_id"]]
        return found[: int(params["limit"])] or None

    def _search(self, request: httpx.Request, shelf: Mapping[int, Record], by: str) -> Record:
        params = dict(request.url.params)
        if (params.get("fields"), params.get("exact_match")) != (by, "true") or int(params["limit"]) > 100:
            raise _refusal(400, "the stand-in knows exact search by one field")
        wanted = params["term"].lower()
        known = [
            one for one in shelf.values() if not one["is_deleted"] and not (self.is_lagging and _is_fresh(self, one))
        ]
        found = [one for one in known if wanted in [value.lower() for value in _values(one, by)]]
        items = [{"result_score": 0.5, "item": {"id": one["id"], **_item(one, by)}} for one in reversed(found)]
        return {"data": {"items": items}, "additional_data": {"next_cursor": None}}

    def _list(self, request: httpx.Request, kind: str) -> Record:
        params = dict(request.url.params)
        match kind:
            case "stages":
                rows = [{"id": one, "name": f"Stage {one}", "pipeline_id": line} for one, line in STAGES.items()]
            case "personFields":
                rows = [_field(code, *said) for code, said in FIELDS.items()]
            case "deals":
                rows = self._deals(params)
            case _:
                rows = self._persons(params)
        return self._paged(rows, params)

    def _paged(self, rows: list[Record], params: Mapping[str, str]) -> Record:
        start = int(params.get("cursor", "0"))
        end = min(start + self.page, start + int(params.get("limit", "100")))
        following = str(end) if end < len(rows) else None
        return {"data": rows[start:end], "additional_data": {"next_cursor": following}}

    def _persons(self, params: Mapping[str, str]) -> list[Record]:
        rows = [one for one in self.persons.values() if not one["is_deleted"]]
        if "ids" in params:
            wanted = params["ids"].split(",")
            rows = [one for one in rows if str(one["id"]) in wanted]
        if "filter_id" in params:
            if int(params["filter_id"]) not in self.filters:
                raise _refusal(404, "Filter not found")
            rows = [one for one in rows if one["id"] in self.filters[int(params["filter_id"])]]
        return _since(rows, params)

    def _deals(self, params: Mapping[str, str]) -> list[Record]:
        rows = [one for one in self.deals.values() if not one["is_deleted"]]
        for name in ("person_id", "stage_id", "status"):
            if name in params:
                rows = [one for one in rows if str(one.get(name)) == params[name]]
        return _since(rows, params)

    def _one(self, kind: str, number: str) -> Record:
        shelf = self.persons if kind == "persons" else self.deals
        if not number.isdigit():
            raise _refusal(400, f"{number} is not an integer")
        if int(number) not in shelf:
            raise _refusal(404, f"{kind} not found")
        return shelf[int(number)]

    def _patched(self, record: Record, values: Record) -> Record:
        if record["is_deleted"]:
            raise _refusal(410, "deleted")
        custom = {**record.get("custom_fields", {}), **values.pop("custom_fields", {})}
        record |= values | ({"custom_fields": custom} if custom else {}) | {"update_time": _text(self.now)}
        return record

    def _person(self, request: httpx.Request) -> Record:
        body: Record = json.loads(request.content)
        if body.get("owner_id", 7) not in USERS or not set(body.get("label_ids", [])) <= set(LABELS):
            raise _refusal(400, "owner_id or label_ids is not valid")
        blank = dict.fromkeys([TITLE, STATUS, REGIONS, BUDGET]) if request.method == "POST" else {}
        custom = {code: _custom(code, value) for code, value in body.pop("custom_fields", {}).items()}
        return body | ({"custom_fields": blank | custom} if blank or custom else {})

    def _deal(self, request: httpx.Request) -> Record:
        body: Record = json.loads(request.content)
        if body.get("stage_id", 11) not in STAGES or body.get("status", "open") not in ("open", "won", "lost"):
            raise _refusal(400, "stage_id or status is not valid")
        if "person_id" in body and body["person_id"] not in self.persons:
            raise _refusal(400, "person_id: person not found")
        return body | ({"pipeline_id": STAGES[body["stage_id"]]} if "stage_id" in body else {})


def _custom(code: str, value: Any) -> Any:
    if code not in FIELDS:
        raise _refusal(400, f"custom_fields.{code} is not allowed")
    _, kind, options = FIELDS[code]
    good: dict[str, Callable[[Any], bool]] = {
        "varchar": lambda one: isinstance(one, str),
        "enum": lambda one: one in options,
        "set": lambda one: isinstance(one, list) and one != [] and set(one) <= set(options),
        "monetary": lambda one: isinstance(one, dict) and set(one) == {"value", "currency"},
    }
    if value is not None and not good[kind](value):
        raise _refusal(400, f"custom_fields.{code} is not valid")
    return value


def _since(rows: list[Record], params: Mapping[str, str]) -> list[Record]:
    since = params.get("updated_since", "")
    by = params.get("sort_by", "id")
    return sorted((one for one in rows if one["update_time"] >= since), key=lambda one: one[by])


def _values(record: Record, by: str) -> list[str]:
    return [one["value"] for one in record["emails"]] if by == "email" else [record["name"]]


def _item(record: Record, by: str) -> Record:
    """Search shows addresses as texts."""
    return {"type": "person", "name": record["name"]} | ({"emails": _values(record, by)} if by == "email" else {})


def _is_fresh(fake: FakePipedrive, record: Record) -> bool:
    return bool(record["add_time"] == _text(fake.now))


def _field(code: str, name: str, kind: str, options: Mapping[int, str]) -> Record:
    shown = [{"id": one, "label": label} for one, label in options.items()]
    is_custom = len(code) == 40
    return {"field_code": code, "field_name": name, "field_type": kind, "is_custom_field": is_custom, "options": shown}


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _refusal(status: int, error: str) -> Refusal:
    return Refusal(status, _error(error))


def _error(said: str) -> Record:
    info = "Please check developers.pipedrive.com for more information about Pipedrive API."
    return {"success": False, "error": said, "error_info": info, "data": None}
