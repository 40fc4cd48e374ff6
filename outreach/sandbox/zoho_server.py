"""A stand-in of Zoho CRM v8: leads, contacts and deals with notes and tags, answered record by record.

It refuses what the published description does not have. A record that is written wrongly fails inside a 200, as the
real service does; nothing found is 204 without a body; search does not know what was made last if told so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx

from outreach.sandbox.described import Description
from outreach.sandbox.stand_in import Refusal, StandIn, parts_of
from outreach.sandbox.token_desk import TokenDesk
from outreach.sandbox.zoho_requests import DESCRIPTION

API, ACCOUNTS = "www.zohoapis.eu", "accounts.zoho.eu"
USERS = {"554000000000000001": "anna@example.com", "554000000000000002": "deniz@example.com"}
STATUSES = ("Not Contacted", "Contacted", "Responded")
PIPELINES = {
    "Standard": {"Qualification": "Open", "Proposal": "Open", "Closed Won": "Closed Won", "Closed Lost": "Closed Lost"},
    "Partners": {"First call": "Open", "Closed Won": "Closed Won"},
}
_LAYOUT = "554000000000009001"
_PERSON = {
    **dict.fromkeys(("First_Name", "Last_Name", "Title", "Phone"), "text"),
    "Email": "email",
    "Secondary_Email": "email",
    "Lead_Status": "picklist",
    "Owner": "ownerlookup",
    "Email_Opt_Out": "boolean",
    "Employees": "integer",
    "Topics": "multiselectpicklist",
}
FIELDS = {
    "Leads": {**_PERSON, "Company": "text"},
    "Contacts": {**_PERSON, "Account_Name": "lookup"},
    "Deals": {
        "Deal_Name": "text",
        "Stage": "picklist",
        "Pipeline": "picklist",
        "Closing_Date": "date",
        "Amount": "currency",
        "Contact_Name": "lookup",
    },
}
_REQUIRED = {"Leads": ("Last_Name", "Company"), "Contacts": ("Last_Name",), "Deals": ("Deal_Name", "Stage")}
_START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

Record = dict[str, Any]


@dataclass
class FakeZoho(StandIn):
    """`modules`: records by id; `deleted`: when they went; `is_lagging`: search does not know what was made last."""

    desk: TokenDesk = field(default_factory=lambda: TokenDesk(extra={"api_domain": f"https://{API}"}))
    page: int = 3
    is_lagging: bool = False
    org_is_closed: bool = False
    unique: dict[str, str] = field(default_factory=dict)  # field → value that one record has already
    modules: dict[str, dict[str, Record]] = field(default_factory=lambda: {name: {} for name in FIELDS})
    notes: dict[str, list[Record]] = field(default_factory=dict)
    views: dict[str, list[str]] = field(default_factory=dict)
    deleted: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    numbers: count[int] = field(default_factory=lambda: count(554_000_000_000_100_001))
    now: datetime = _START

    def later(self) -> datetime:
        self.now += timedelta(hours=1)
        return self.now

    def add(self, module: str, **values: Any) -> Record:
        """As if typed in, or made through the API."""
        owner = {"id": next(iter(USERS)), "name": "Anna", "email": "anna@example.com"}
        at = {"Created_Time": _text(self.now), "Modified_Time": _text(self.now)}
        record = {"id": str(next(self.numbers)), "Owner": owner, "Tag": [], "Email_Opt_Out": False, **at, **values}
        self.modules[module][record["id"]] = record
        return record

    def touch(self, record: Record, **values: Any) -> None:
        record |= {**values, "Modified_Time": _text(self.now)}

    def remove(self, module: str, record_id: str) -> None:
        del self.modules[module][record_id]
        self.deleted[record_id] = (module, self.now)

    @property
    def description(self) -> Description:
        return DESCRIPTION

    def shaped(self, status: int, said: str) -> Any:
        code = {404: "INVALID_URL_PATTERN", 415: "INVALID_REQUEST"}.get(status, "INVALID_DATA")
        return _failure(code, said)

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth/v2/token":
            return self.desk.answer(request)
        if request.headers.get("authorization", "").removeprefix("Zoho-oauthtoken ") not in self.desk.valid:
            raise _refusal(401, "INVALID_TOKEN", "invalid oauth token")
        parts = parts_of(request, base="/crm/v8")
        status, body = (
            self._settings(request, parts)
            if parts[0] in ("settings", "users", "org")
            else (self._records(request, parts))
        )
        return httpx.Response(status, json=body) if body is not None else httpx.Response(status)

    def _settings(self, request: httpx.Request, parts: list[str]) -> tuple[int, Any]:
        if request.method != "GET":
            raise _refusal(400, "INVALID_REQUEST_METHOD", "The http request method type is not a valid one")
        match parts:
            case ["org"]:
                if self.org_is_closed:
                    raise _refusal(401, "OAUTH_SCOPE_MISMATCH", "invalid oauth scope to access this URL")
                return 200, {"org": [{"company_name": "Example Ltd", "zgid": "1"}]}
            case ["users"]:
                users = [{"id": one, "email": email, "status": "active"} for one, email in USERS.items()]
                return 200, {"users": users, "info": {"more_records": False}}
            case ["settings", "fields"]:
                module = request.url.params["module"]
                return 200, {"fields": [_field(name, kind) for name, kind in FIELDS[module].items()]}
            case ["settings", "layouts"]:
                return 200, {"layouts": [{"id": _LAYOUT, "name": "Standard"}]}
            case ["settings", "pipeline"]:
                if request.url.params["layout_id"] != _LAYOUT:
                    raise _refusal(400, "INVALID_DATA", "Invalid layoutid", param_name="layout_id")
                return 200, {"pipeline": [_pipeline(name, stages) for name, stages in PIPELINES.items()]}
        raise _refusal(404, "INVALID_URL_PATTERN", "Please check if the URL trying to access is a correct one")

    def _records(self, request: httpx.Request, parts: list[str]) -> tuple[int, Any]:  # noqa: C901, PLR0912  # one case a path
        module, *rest = parts
        if module not in self.modules:
            raise _refusal(400, "INVALID_MODULE", "the module name given seems to be invalid", resource_path_index=0)
        match (request.method, *rest):
            case ("GET",):
                return self._list(module, request)
            case ("GET", "search"):
                return self._search(module, request)
            case ("GET", "deleted"):
                return self._gone(module, request)
            case ("POST", "upsert"):
                return self._upsert(module, request)
            case ("POST",):
                return 201, {"data": [self._made(module, one) for one in _data(request)]}
            case ("GET", record_id):
                found = self.modules[module].get(record_id)
                return (200, {"data": [found]}) if found else (204, None)
            case ("DELETE", record_id):
                return self._delete(module, record_id)
            case ("PUT", record_id):
                return self._update(module, record_id, request)
            case ("POST", record_id, "Notes"):
                return self._note(module, record_id, request)
            case ("GET", record_id, "Notes"):
                return self._notes(record_id, request)
            case ("POST", record_id, "actions", "add_tags"):
                return 200, {"data": [self._tag(module, record_id, request)]}
            case ("GET", record_id, "Deals"):
                deals = self.modules["Deals"].values()
                return self._paged(
                    [one for one in deals if one["Contact_Name"]["id"] == record_id], {"per_page": "200"}
                )
        raise _refusal(404, "INVALID_URL_PATTERN", "Please check if the URL trying to access is a correct one")

    def _delete(self, module: str, record_id: str) -> tuple[int, Any]:
        if record_id not in self.modules[module]:
            raise _refusal(404, "INVALID_DATA", "the id given seems to be invalid", param_name="id")
        self.remove(module, record_id)
        row = {"code": "SUCCESS", "details": {"id": record_id}, "message": "record deleted", "status": "success"}
        return 200, {"data": [row]}

    def _list(self, module: str, request: httpx.Request) -> tuple[int, Any]:
        params = dict(request.url.params)
        if len(params["fields"].split(",")) > 50:
            raise _refusal(400, "LIMIT_EXCEEDED", "limit exceeded", limit=50, param_name="fields")
        rows = list(self.modules[module].values())
        if "ids" in params:
            rows = [one for one in rows if one["id"] in params["ids"].split(",")]
        if "cvid" in params:
            if params["cvid"] not in self.views:
                raise _refusal(400, "INVALID_DATA", "invalid data", param_name="cvid")
            rows = [one for one in rows if one["id"] in self.views[params["cvid"]]]
        by = params.get("sort_by", "id")
        rows.sort(key=lambda one: str(one[by]), reverse=params.get("sort_order", "desc") == "desc")
        return self._paged(rows, params)

    def _paged(self, rows: list[Record], params: Mapping[str, str]) -> tuple[int, Any]:
        if int(params.get("per_page", "200")) > 200 or ("page" in params and "page_token" in params):
            raise _refusal(400, "INVALID_DATA", "invalid data", param_name="per_page")
        token = params.get("page_token", "")
        if token and not token.startswith("token-"):
            raise _refusal(400, "EXPIRED_VALUE", "Page token expired", api_name="page_token")
        page = int(token.removeprefix("token-")) if token else int(params.get("page", "1"))
        size = 200 if params.get("per_page") == "200" else self.page
        shown = rows[(page - 1) * size : page * size]
        has_more = page * size < len(rows)
        info = {"page": page, "per_page": size, "count": len(shown), "more_records": has_more}
        info["next_page_token"] = f"token-{page + 1}" if has_more else None  # type: ignore[assignment]  # texts beside numbers
        return (200, {"data": shown, "info": info}) if shown else (204, None)

    def _search(self, module: str, request: httpx.Request) -> tuple[int, Any]:
        params = dict(request.url.params)
        rows = [one for one in self.modules[module].values() if not self._is_fresh(one)]
        if "email" in params:
            wanted = params["email"].lower()
            rows = [
                one for one in rows if wanted in [str(one.get(name)).lower() for name in ("Email", "Secondary_Email")]
            ]
            return self._paged(rows, {"per_page": "200"})
        condition = re.fullmatch(r"\((\w+):equals:((?:[^\\(),]|\\.)*)\)", params.get("criteria", ""))
        if not condition:
            raise _refusal(400, "INVALID_QUERY", "invalid query formed")
        name, value = condition[1], re.sub(r"\\(.)", r"\1", condition[2])
        return self._paged([one for one in rows if one.get(name) == value], params)

    def _is_fresh(self, record: Record) -> bool:
        return self.is_lagging and record["Created_Time"] == _text(self.now)

    def _gone(self, module: str, request: httpx.Request) -> tuple[int, Any]:
        params = dict(request.url.params)
        since = datetime.fromisoformat(request.headers["if-modified-since"])
        gone = [
            {"id": one, "display_name": "x", "type": "recycle", "deleted_time": _text(at)}
            for one, (where, at) in self.deleted.items()
            if where == module and at >= since
        ]
        return self._paged(gone, params)

    def _upsert(self, module: str, request: httpx.Request) -> tuple[int, Any]:
        body = json.loads(request.content)
        answers = []
        for values in body["data"]:
            same = [
                one
                for one in self.modules[module].values()
                for name in body.get("duplicate_check_fields", [])
                if values.get(name) and str(one.get(name, "")).lower() == values[name].lower()
            ]
            answers.append(self._changed(module, same[0], values) if same else self._made(module, values))
        return 200, {"data": answers}

    def _update(self, module: str, record_id: str, request: httpx.Request) -> tuple[int, Any]:
        [values] = _data(request)
        if values.pop("id") != record_id:
            raise _refusal(400, "INVALID_DATA", "id differs", api_name="id")
        if record_id not in self.modules[module]:
            raise Refusal(400, {"data": [_unknown_id(1)]})
        return 200, {"data": [self._changed(module, self.modules[module][record_id], values)]}

    def _made(self, module: str, values: Record) -> Record:
        missing = [name for name in _REQUIRED[module] if not values.get(name)]
        if missing:
            return _failure("MANDATORY_NOT_FOUND", "required field not found", api_name=missing[0])
        if wrong := self._wrong(module, values):
            return wrong
        return _success(self.add(module, **self._stored(values)), "insert")

    def _changed(self, module: str, record: Record, values: Record) -> Record:
        if record.get("$in_blueprint") and "Stage" in values:
            return _failure("RECORD_IN_BLUEPRINT", "record is in blueprint")
        if record.get("$locked"):
            return _failure("RECORD_LOCKED", "record is locked")
        if wrong := self._wrong(module, values):
            return wrong
        self.touch(record, **self._stored(values))
        return _success(record, "update")

    def _stored(self, values: Record) -> Record:
        owner = values.get("Owner")
        return values | ({"Owner": {**owner, "email": USERS[owner["id"]]}} if owner else {})

    def _wrong(self, module: str, values: Record) -> Record | None:
        for name, value in values.items():
            kind = FIELDS[module].get(name)
            if kind is None or not _fits(kind, value):
                return _failure("INVALID_DATA", "invalid data", api_name=name, expected_data_type=kind or "unknown")
            if name == "Lead_Status" and value not in STATUSES:
                return _failure("INVALID_DATA", "invalid data", api_name=name, supported_values=list(STATUSES))
            if name in self.unique and value == "taken":
                return _failure(
                    "DUPLICATE_DATA", "duplicate data", api_name=name, duplicate_record={"id": self.unique[name]}
                )
        return None

    def _note(self, module: str, record_id: str, request: httpx.Request) -> tuple[int, Any]:
        [values] = _data(request)
        if record_id not in self.modules[module]:
            raise Refusal(400, {"data": [_unknown_id(1)]})
        if set(values) - {"Note_Title", "Note_Content", "Parent_Id"} or len(values["Note_Title"]) > 120:
            raise Refusal(400, {"data": [_failure("INVALID_DATA", "invalid data", api_name="Note_Title")]})
        note = {"id": str(next(self.numbers)), **values}
        self.notes.setdefault(record_id, []).append(note)
        return 201, {"data": [_success(note, "insert")]}

    def _notes(self, record_id: str, request: httpx.Request) -> tuple[int, Any]:
        params = dict(request.url.params)
        if (params.get("sort_by"), params.get("sort_order")) != ("id", "desc"):
            raise _refusal(400, "INVALID_DATA", "the stand-in gives the newest first", param_name="sort_by")
        return self._paged(list(reversed(self.notes.get(record_id, []))), {"per_page": "200"})

    def _tag(self, module: str, record_id: str, request: httpx.Request) -> Record:
        if json.loads(request.content).get("over_write") is not False:
            raise _refusal(400, "INVALID_DATA", "tags would be replaced", param_name="over_write")
        tags = json.loads(request.content)["tags"]
        if len(tags) > 3 or any(len(tag["name"]) > 25 for tag in tags):
            raise _refusal(400, "INVALID_DATA", "Invalid data", api_name="tags")
        if record_id not in self.modules[module]:
            raise Refusal(400, _unknown_id(1))
        record = self.modules[module][record_id]
        known = [tag["name"] for tag in record["Tag"]]
        added = [tag for tag in tags if tag["name"] not in known and tag["name"] != "forbidden"]
        self.touch(record, Tag=[*record["Tag"], *added])
        refused = [tag for tag in tags if tag["name"] == "forbidden"]
        return {"code": "SUCCESS", "status": "success", "details": {"id": record_id, "not_added_tags": refused}}


def _fits(kind: str, value: Any) -> bool:
    types: dict[str, type | tuple[type, ...]] = {
        "integer": int,
        "boolean": bool,
        "currency": (int, float),
        "multiselectpicklist": list,
        "lookup": dict,
        "ownerlookup": dict,
    }
    if kind == "ownerlookup":
        return isinstance(value, dict) and value.get("id") in USERS
    if kind == "email":
        return isinstance(value, str) and re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value) is not None
    return isinstance(value, types.get(kind, str))


def _data(request: httpx.Request) -> list[Record]:
    body = json.loads(request.content)
    if not isinstance(body["data"], list) or not 0 < len(body["data"]) <= 100:
        raise _refusal(400, "INVALID_DATA", "data must be an array", api_name="data")
    return [dict(one) for one in body["data"]]


def _success(record: Record, action: str) -> Record:
    details = {
        "id": record["id"],
        "Created_Time": record.get("Created_Time"),
        "Modified_Time": record.get("Modified_Time"),
    }
    return {"code": "SUCCESS", "status": "success", "action": action, "details": details, "message": f"record {action}"}


def _failure(code: str, message: str, **details: Any) -> Record:
    return {"code": code, "status": "error", "message": message, "details": details}


def _unknown_id(index: int) -> Record:
    return _failure("INVALID_DATA", "the id given seems to be invalid", resource_path_index=index)


def _refusal(status: int, code: str, message: str, **details: Any) -> Refusal:
    return Refusal(status, _failure(code, message, **details))


def _field(name: str, kind: str) -> Record:
    values = (
        [{"display_value": one, "actual_value": one} for one in ("-None-", *STATUSES)] if kind == "picklist" else []
    )
    label = name.replace("_", " ")
    return {"api_name": name, "field_label": label, "data_type": kind, "pick_list_values": values, "read_only": False}


def _pipeline(name: str, stages: Mapping[str, str]) -> Record:
    maps = [{"display_value": one, "actual_value": one, "forecast_type": kind} for one, kind in stages.items()]
    return {"id": json.dumps(name), "display_value": name, "actual_value": name, "default": False, "maps": maps}


def _text(at: datetime) -> str:
    return at.isoformat()
