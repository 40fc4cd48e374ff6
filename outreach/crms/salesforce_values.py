"""Salesforce's values: SOQL texts, fields of every type, tasks and errors, to and from our words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from outreach.api_client import retry_after
from outreach.crm import Activity, Found
from outreach.crms.in_doubt import in_doubt
from outreach.crms.instants import instant_of
from outreach.errors import AdapterError, Outcome, RateLimited, Refused, Unauthorized, Unavailable

PROVIDER = "salesforce"
OBJECTS = {"00Q": "Lead", "003": "Contact"}  # the first three characters of an id say what it is
BUSY = timedelta(minutes=15)
LARGEST_DESCRIPTION = 16 * 1024 * 1024  # an object with long picklists takes megabytes to describe
_LONGEST_SUBJECT, _LONGEST_TEXT = 255, 30_000  # of a task; its description takes about 32,000 characters
_ESCAPES = {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
_GONE = {"NOT_FOUND", "ENTITY_IS_DELETED"}
_DUPLICATE = {"DUPLICATES_DETECTED", "DUPLICATE_VALUE"}
_AGAIN = {"UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE"}
_CLOSED = ("INSUFFICIENT_ACCESS", "API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED", "INVALID_SESSION_ID")
_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")


def quoted(text: str) -> str:
    """A text in SOQL, from which nothing can break out."""
    return "'" + "".join(_ESCAPES.get(letter, letter) for letter in text) + "'"


def select(names: Iterable[str], kind: str, *conditions: str, tail: str = "") -> str:
    """A query in SOQL. Empty conditions are left out; texts in the others went through `quoted`."""
    where = " AND ".join(one for one in conditions if one)
    parts = ["SELECT", ", ".join(names), "FROM", kind, *(["WHERE", where] if where else []), tail]
    return " ".join(part for part in parts if part)


def literal(at: datetime) -> str:
    """An instant in SOQL: no quotes, milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def object_of(person_id: str) -> str:
    """Lead or Contact. Raises `not_found` for an id of anything else."""
    if not _ID.fullmatch(person_id) or person_id[:3] not in OBJECTS:
        raise Refused(PROVIDER, f"'{person_id}' is no lead or contact", outcome=Outcome.NOT_FOUND)
    return OBJECTS[person_id[:3]]


def is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def task(activity: Activity, person_id: str, status: str) -> dict[str, Any]:
    """A completed task: the timeline's entry for a message."""
    is_mail = activity.kind == "reply" and activity.channel == "email"
    channel = "Email" if is_mail else f"Reply on {activity.channel or 'another channel'}"
    heading = f"{channel}: {activity.subject}".removesuffix(": ") if activity.kind == "reply" else activity.subject
    return {
        "Subject": (heading or "Note")[:_LONGEST_SUBJECT],
        "Description": f"{activity.text[:_LONGEST_TEXT]}\n\n{activity.marker}".lstrip("\n"),
        "WhoId": person_id,
        "Status": status,
        "TaskSubtype": "Email" if is_mail else "Task",
        "ActivityDate": activity.at.astimezone(UTC).date().isoformat(),
    }


def found(record: Mapping[str, Any], web: str) -> Found:
    person_id = str(record["Id"])
    url = f"{web}/{person_id}" if web else ""
    return Found(person_id=person_id, url=url, created_at=instant_of(record.get("CreatedDate")))


def made(body: Any) -> str:
    """The id of what was made. `success: false` may come with 200 for parts of a bigger request."""
    if body["success"] is not True:
        raise failure(body.get("errors") or [], "")
    return str(body["id"])


def error_of(response: httpx.Response, body: Any) -> AdapterError | None:
    """By error code; codes nobody told us of by their status."""
    request, status = response.request, response.status_code
    prefix = f"{request.method} {request.url.path}: {status}"
    if status == 300:
        said = f"{prefix} several records have this external id"
        return Refused(PROVIDER, said, outcome=Outcome.AMBIGUOUS, code="300")
    errors = [one for one in body if isinstance(one, dict)] if isinstance(body, list) else []
    if status == 429:
        return RateLimited(PROVIDER, prefix, retry_after=retry_after(response, BUSY), code="429")
    if status == 408 or status >= 500:
        return in_doubt(PROVIDER, response, f"{prefix} {_words(errors)}".strip())
    if status == 410:
        said = f"{prefix} this version of the API is retired: write a newer `version`"
        return Refused(PROVIDER, said, outcome=Outcome.CONFIG, code="GONE")
    if status >= 400 and errors:
        return failure(errors, prefix, status)
    return None


def failure(errors: list[Any], prefix: str, status: int = 400) -> AdapterError:
    code = str(errors[0].get("errorCode") or errors[0].get("statusCode") or status) if errors else str(status)
    words = f"{prefix} {_words(errors)}".strip()
    if code == "REQUEST_LIMIT_EXCEEDED":
        return RateLimited(PROVIDER, words, retry_after=BUSY, code=code)
    if code in _AGAIN:
        return Unavailable(PROVIDER, words, code=code)
    if status in (401, 403) or code.startswith(_CLOSED):
        return Unauthorized(PROVIDER, words, code=code)
    if code in _DUPLICATE:
        return Refused(PROVIDER, words, outcome=Outcome.DUPLICATE, code=code)
    is_gone = code in _GONE or status == 404
    return Refused(PROVIDER, words, outcome=Outcome.NOT_FOUND if is_gone else Outcome.VALIDATION, code=code)


def _words(errors: list[Any]) -> str:
    """Such as: REQUIRED_FIELD_MISSING Required fields are missing: [LastName] (LastName)"""
    return " · ".join(_one(error) for error in errors)[:1000]


def _one(error: Mapping[str, Any]) -> str:
    said = [str(error.get(name) or "") for name in ("errorCode", "statusCode", "message")]
    said += [f"({', '.join(map(str, error['fields']))})"] if error.get("fields") else []
    said += [f"[record {twin}]" for twin in _matches(error)]
    return " ".join(part for part in said if part)


def _matches(error: Mapping[str, Any]) -> list[str]:
    """Records a duplicate rule found. The key is spelt in two ways: `duplicateResult` and `duplicateResut`."""
    result = error.get("duplicateResult") or error.get("duplicateResut") or {}
    return [
        str(match["record"]["Id"])
        for each in result.get("matchResults") or []
        for match in each.get("matchRecords") or []
        if (match.get("record") or {}).get("Id")
    ]


def twins_of(error: Refused) -> list[str]:
    """Leads and contacts that are in the way, by what was said about them."""
    named = re.findall(r"(?:record |record with id: ?)([A-Za-z0-9]{15,18})\b", error.said)
    return [one for one in named if one[:3] in OBJECTS]
