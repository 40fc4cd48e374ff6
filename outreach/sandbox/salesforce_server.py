"""A stand-in of Salesforce's REST API: leads, contacts, opportunities and tasks, with queries and duplicate rules.

It refuses what the real one refuses: unknown fields, missing ones, texts where numbers belong, closed picklists.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from outreach.sandbox import soql
from outreach.sandbox.described import Description
from outreach.sandbox.salesforce_requests import DESCRIPTION
from outreach.sandbox.stand_in import Refusal, StandIn, parts_of
from outreach.sandbox.token_desk import TokenDesk

HOST = "example.my.salesforce.com"
ROOT = "/services/data/v68.0"
USERS = {"005000000000001AAA": "anna@example.com", "005000000000002AAA": "deniz@example.com"}
STATUSES = ("Open", "Responded", "Closed")
STAGES = {
    "Prospecting": (False, False),
    "Proposal": (False, False),
    "Closed Won": (True, True),
    "Closed Lost": (True, False),
}
_PREFIX = {
    "Lead": "00Q", "Contact": "003", "Opportunity": "006", "OpportunityContactRole": "00K", "Task": "00T",
    "Campaign": "701", "CampaignMember": "00v", "Account": "001",
}  # fmt: skip
_PERSON = {
    "FirstName": "string", "LastName": "string", "Email": "email", "Title": "string", "Phone": "phone",
    "HasOptedOutOfEmail": "boolean", "OwnerId": "reference", "Employees__c": "int", "Tags__c": "multipicklist",
    "Outreach_Id__c": "string", "Outreach_Status__c": "picklist",
}  # fmt: skip
FIELDS: dict[str, dict[str, str]] = {
    "Lead": {**_PERSON, "Company": "string", "Status": "picklist", "IsConverted": "boolean"},
    "Contact": {**_PERSON, "AccountId": "reference"},
    "Opportunity": {
        "Name": "string", "StageName": "picklist", "CloseDate": "date", "Amount": "currency", "AccountId": "reference",
        "RecordTypeId": "reference",
    },
    "OpportunityContactRole": {"OpportunityId": "reference", "ContactId": "reference", "IsPrimary": "boolean"},
    "Task": {
        "Subject": "string", "Description": "textarea", "WhoId": "reference", "Status": "picklist",
        "TaskSubtype": "picklist", "ActivityDate": "date",
    },
}  # fmt: skip
_REQUIRED = {
    "Lead": ("LastName", "Company"),
    "Contact": ("LastName",),
    "Opportunity": ("Name", "StageName", "CloseDate"),
}
_SYSTEM = (
    "Id", "CreatedDate", "SystemModstamp", "IsDeleted", "MasterRecordId", "ConvertedContactId", "IsClosed", "IsWon",
    "Owner.Email", "Account.Name", "CampaignId", "LeadId",
)  # fmt: skip
_START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

Record = dict[str, Any]


@dataclass
class FakeSalesforce(StandIn):
    """`tables`: records by object and id. `duplicates`: a rule that finds leads and contacts of one address.

    `hidden`: fields the connection's user may not see. `used`: calls of the last 24 hours, of `allowed`.
    """

    desk: TokenDesk = field(default_factory=lambda: TokenDesk(lifetime=None, extra={"instance_url": f"https://{HOST}"}))
    tables: dict[str, dict[str, Record]] = field(default_factory=lambda: {kind: {} for kind in _PREFIX})
    duplicates: bool = False
    hidden: set[str] = field(default_factory=set)
    page: int = 2
    used: int = 18
    allowed: int = 5000
    now: datetime = _START
    left: dict[str, list[Record]] = field(default_factory=dict)  # the rest of long results

    def later(self) -> datetime:
        self.now += timedelta(hours=1)
        return self.now

    def add(self, kind: str, **values: Any) -> Record:
        """As if typed in, or made through the API."""
        at = {"CreatedDate": _text(self.now), "SystemModstamp": _text(self.now), "IsDeleted": False}
        own = {"OwnerId": next(iter(USERS)), "HasOptedOutOfEmail": False} if kind in ("Lead", "Contact") else {}
        own |= {"IsConverted": False, "Status": "Open"} if kind == "Lead" else {}
        record_id = f"{_PREFIX[kind]}{next(self.numbers):012d}AAA"
        record = {**dict.fromkeys(FIELDS.get(kind, {})), **own, **at, "Id": record_id, **values}
        self.tables[kind][record_id] = record
        return record

    def touch(self, record: Record, **values: Any) -> None:
        record |= {**values, "SystemModstamp": _text(self.now)}

    @property
    def description(self) -> Description:
        return DESCRIPTION

    def shaped(self, status: int, said: str) -> Any:
        code = {404: "NOT_FOUND", 415: "UNSUPPORTED_MEDIA_TYPE"}.get(status, "JSON_PARSER_ERROR")
        return [{"message": said, "errorCode": code}]

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/services/oauth2/token":
            return self.desk.answer(request)
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.desk.valid:
            raise _refusal(401, "INVALID_SESSION_ID", "Session expired or invalid")
        if self.used >= self.allowed:
            raise _refusal(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        self.used += 1
        status, body = self._route(request, parts_of(request, base=ROOT))
        told = f"api-usage={self.used}/{self.allowed}; per-app-api-usage=1/100(appName=sample)"
        usage = {"sforce-limit-info": told}
        return (
            httpx.Response(status, json=body, headers=usage)
            if body is not None
            else (httpx.Response(status, headers=usage))
        )

    def _route(self, request: httpx.Request, parts: list[str]) -> tuple[int, Any]:
        match (request.method, *parts):
            case ("GET", "query" | "queryAll" as how):
                return 200, self._query(request.url.params["q"], with_deleted=how == "queryAll")
            case ("GET", "query", token):
                return 200, self._rest(token)
            case ("GET", "sobjects", kind, "describe"):
                return 200, self._described(kind)
            case ("GET", "sobjects", kind, record_id):
                names = request.url.params.get("fields", "Id").split(",")
                return 200, self._shown(kind, self._one(kind, record_id), names)
            case ("POST", "sobjects", kind):
                return 201, self._made(kind, json.loads(request.content), request)
            case ("DELETE", "sobjects", kind, record_id):
                self._one(kind, record_id)["IsDeleted"] = True
                return 204, None
            case ("PATCH", "sobjects", kind, record_id):
                return self._changed(kind, self._one(kind, record_id), json.loads(request.content))
            case ("PATCH", "sobjects", kind, name, value):
                return self._upserted(kind, name, value, request)
            case ("POST", "composite"):
                return 200, {"compositeResponse": self._composite(json.loads(request.content), request)}
        raise _refusal(404, "NOT_FOUND", "The requested resource does not exist")

    def _query(self, text: str, *, with_deleted: bool) -> Record:
        try:
            query = soql.parse(text, self._rows)
        except soql.Malformed as error:
            raise _refusal(400, "MALFORMED_QUERY", str(error)) from None
        for name in (*query.names, *query.asked):
            self._prove_name(query.kind, name)
        rows = [row for row in self._rows(query.kind) if with_deleted or not row.get("IsDeleted")]
        return self._paged(query.answer(rows))

    def _prove_name(self, kind: str, name: str) -> None:
        if name in self.hidden or kind not in (*FIELDS, "User", "Campaign", "OpportunityStage", "Organization"):
            raise _refusal(400, "INVALID_FIELD", f"No such column '{name}' on entity '{kind}'")
        if kind in FIELDS and name not in (*FIELDS[kind], *_SYSTEM) and not name.startswith("Opportunity."):
            raise _refusal(400, "INVALID_FIELD", f"No such column '{name}' on entity '{kind}'")

    def _rows(self, kind: str) -> list[soql.Row]:
        match kind:
            case "User":
                users = [{"Id": one, "Email": email, "IsActive": True} for one, email in USERS.items()]
                return [{**user, "UserType": "Standard", "CreatedDate": ""} for user in users]
            case "OpportunityStage":
                rows = [(name, is_closed, is_won) for name, (is_closed, is_won) in STAGES.items()]
                return [
                    {"ApiName": name, "IsClosed": closed, "IsWon": won, "IsActive": True, "SortOrder": number}
                    for number, (name, closed, won) in enumerate(rows)
                ]
            case "Organization":
                return [{"Name": "Example Ltd"}]
        if kind not in self.tables:
            raise _refusal(400, "INVALID_TYPE", f"sObject type '{kind}' is not supported.")
        return [self._related(kind, row) for row in self.tables[kind].values()]

    def _related(self, kind: str, row: Record) -> Record:
        related: Record = {"Owner": {"Email": USERS.get(row.get("OwnerId", ""), "")}}
        if kind == "Opportunity":
            related |= _ends(row)
        if kind == "OpportunityContactRole":
            opportunity = self.tables["Opportunity"][row["OpportunityId"]]
            related["Opportunity"] = opportunity | _ends(opportunity)
        if row.get("AccountId"):
            related["Account"] = self.tables["Account"][row["AccountId"]]
        return {**row, **related}

    def _paged(self, rows: list[Record]) -> Record:
        if len(rows) <= self.page or len(rows) > 100:
            return {"totalSize": len(rows), "done": True, "records": rows}
        token = f"01g{next(self.numbers)}-{self.page}"
        self.left[token] = rows[self.page :]
        following = {"nextRecordsUrl": f"{ROOT}/query/{token}"}
        return {"totalSize": len(rows), "done": False, "records": rows[: self.page], **following}

    def _rest(self, token: str) -> Record:
        if token not in self.left:
            raise _refusal(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return {"totalSize": 0, "done": True, "records": self.left.pop(token)}

    def _described(self, kind: str) -> Record:
        if kind not in FIELDS:
            raise _refusal(404, "NOT_FOUND", "The requested resource does not exist")
        choices = {"Status": STATUSES, "Outreach_Status__c": STATUSES, "StageName": tuple(STAGES)}
        fields = [
            {
                "name": name,
                "type": type_name,
                "updateable": name != "IsConverted",
                "createable": True,
                "picklistValues": [{"value": one, "active": True} for one in choices.get(name, ())],
            }
            for name, type_name in {"Id": "id", **FIELDS[kind]}.items()
            if name not in self.hidden
        ]
        return {"name": kind, "fields": fields}

    def _one(self, kind: str, record_id: str) -> Record:
        record = self.tables.get(kind, {}).get(record_id)
        if record is None:
            raise _refusal(404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible")
        if record["IsDeleted"]:
            raise _refusal(404, "ENTITY_IS_DELETED", "entity is deleted")
        return record

    def _shown(self, kind: str, record: Record, names: list[str]) -> Record:
        for name in names:
            self._prove_name(kind, name)
        return {"attributes": {"type": kind}, **{name: record.get(name) for name in ["Id", *names]}}

    def _made(self, kind: str, values: Record, request: httpx.Request) -> Record:
        missing = [name for name in _REQUIRED.get(kind, ()) if not values.get(name)]
        if missing:
            raise _refusal(400, "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{missing[0]}]", *missing)
        self._prove_values(kind, values)
        self._prove_alone(kind, values, request)
        return {"id": self.add(kind, **values)["Id"], "success": True, "errors": []}

    def _prove_alone(self, kind: str, values: Mapping[str, Any], request: httpx.Request) -> None:
        may_save = "allowSave=true" in request.headers.get("sforce-duplicate-rule-header", "")
        email = str(values.get("Email") or "").lower()
        people = [*self.tables["Lead"].values(), *self.tables["Contact"].values()]
        same = [one["Id"] for one in people if str(one["Email"]).lower() == email]
        if not self.duplicates or may_save or not same:
            return
        matches = [{"matchRecords": [{"record": {"Id": one}} for one in same]}]
        error = {"errorCode": "DUPLICATES_DETECTED", "message": "Use one of these records?", "fields": []}
        raise Refusal(400, [{**error, "duplicateResut": {"matchResults": matches}}])

    def _changed(self, kind: str, record: Record, values: Record) -> tuple[int, Any]:
        self._prove_values(kind, values)
        self.touch(record, **values)
        return 204, None

    def _upserted(self, kind: str, name: str, value: str, request: httpx.Request) -> tuple[int, Any]:
        values = json.loads(request.content)
        if not name.endswith("__c") or name in values:
            raise _refusal(400, "INVALID_FIELD", "no external id")
        same = [one for one in self.tables[kind].values() if one.get(name) == value and not one["IsDeleted"]]
        if len(same) > 1:
            raise Refusal(300, [f"{ROOT}/sobjects/{kind}/{one['Id']}" for one in same])
        if same:
            self._changed(kind, same[0], values)
            return 200, {"id": same[0]["Id"], "success": True, "errors": [], "created": False}
        return 201, {**self._made(kind, values | {name: value}, request), "created": True}

    def _composite(self, body: Record, request: httpx.Request) -> list[Record]:
        """All or none: the first failure undoes and halts the rest."""
        made: list[tuple[str, str, str]] = []
        answers: list[Record] = []
        for part in body["compositeRequest"]:
            kind = part["url"].removeprefix(f"{ROOT}/sobjects/")
            values = _filled(part["body"], {name: record_id for name, _, record_id in made})
            try:
                answer = self._made(kind, values, request)
            except Refusal as refusal:
                for _, undone, record_id in made:
                    del self.tables[undone][record_id]
                halted = [{"errorCode": "PROCESSING_HALTED", "message": "The transaction was rolled back"}]
                answers = [{**one, "httpStatusCode": 400, "body": halted} for one in answers]
                return [*answers, _part(part, refusal.status, refusal.body)]
            made.append((part["referenceId"], kind, answer["id"]))
            answers.append(_part(part, 201, answer))
        return answers

    def _prove_values(self, kind: str, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            known = FIELDS[kind].get(name)
            if known is None or name in self.hidden or not _fits(known, value):
                raise _refusal(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {kind}", name)
            if name in ("Status", "Outreach_Status__c") and kind != "Task" and value not in STATUSES:
                code = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
                raise _refusal(400, code, f"bad value for restricted picklist field: {value}", name)
            if name == "StageName" and value not in STAGES:
                raise _refusal(400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", f"stage {value}", name)


def _fits(kind: str, value: Any) -> bool:
    types: dict[str, type | tuple[type, ...]] = {"int": int, "currency": (int, float), "boolean": bool}
    return isinstance(value, types.get(kind, str))


def _ends(opportunity: Record) -> Record:
    is_closed, is_won = STAGES[opportunity["StageName"]]
    return {"IsClosed": is_closed, "IsWon": is_won}


def _filled(body: Record, made: Mapping[str, str]) -> Record:
    text = json.dumps(body)
    for name, record_id in made.items():
        text = text.replace(f"@{{{name}.id}}", record_id)
    return dict(json.loads(text))


def _part(part: Record, status: int, body: Any) -> Record:
    return {"body": body, "httpHeaders": {}, "httpStatusCode": status, "referenceId": part["referenceId"]}


def _text(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _refusal(status: int, code: str, message: str, *fields: str) -> Refusal:
    return Refusal(status, [{"message": message, "errorCode": code, "fields": list(fields)}])
