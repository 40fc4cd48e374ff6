"""Zoho CRM's values: ids with their module, fields of every type, answers about each record, and errors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from outreach.api_client import retry_after
from outreach.crm import Activity, Found
from outreach.crms import fields
from outreach.crms.entries import heading_of
from outreach.crms.fields import FieldInfo
from outreach.crms.in_doubt import in_doubt
from outreach.crms.instants import instant_of
from outreach.errors import AdapterError, Outcome, OutcomeUnknown, RateLimited, Refused, Unauthorized

PROVIDER = "zoho"
PEOPLE = ("Contacts", "Leads")  # who is a contact already is looked for first
_LONGEST_TITLE, _LONGEST_TEXT = 120, 30_000  # of a note; its content takes 65,535 characters
_BUSY = timedelta(minutes=1)
_GONE = {"CONVERTED_RECORD", "RECORD_NOT_FOUND"}
_CONFIG = {"INVALID_MODULE", "INVALID_URL_PATTERN", "NOT_SUPPORTED"}
_CLOSED = {"NO_PERMISSION", "AUTHORIZATION_FAILED"}
_BUSY_CODES = {"TOO_MANY_REQUESTS", "RATE_LIMIT_EXCEEDED"}
_AGAIN = {"INTERNAL_ERROR", "AMBIGUITY_DURING_PROCESSING"}


@dataclass(frozen=True, slots=True)
class Key:
    """A person: `Leads/5545…`. Record ids do not say of which module they are."""

    module: str
    id: str

    def __str__(self) -> str:
        return f"{self.module}/{self.id}"


def key_of(person_id: str, module: str) -> Key:
    """`module`: whose ids are meant where none is named. Raises `not_found` for what cannot be an id."""
    named, _, record = person_id.rpartition("/")
    key = Key(named or module, record)
    if key.module not in PEOPLE or not re.fullmatch(r"[0-9]{1,19}", key.id):
        raise Refused(PROVIDER, f"'{person_id}' is no lead or contact", outcome=Outcome.NOT_FOUND)
    return key


def encoded(info: FieldInfo, text: str) -> Any:
    """What a field of that type takes. Raises Refused for what it does not."""
    match info.type:
        case "multiselectpicklist":
            return [part.strip() for part in text.split(";") if part.strip()]
        case "lookup" | "ownerlookup" | "userlookup":
            return {"id": text}
    return fields.encoded(PROVIDER, info, text)


def note(activity: Activity) -> dict[str, str]:
    """A note is plain text."""
    title = heading_of(activity)
    text = f"{activity.text[:_LONGEST_TEXT]}\n\n{activity.marker}".lstrip("\n")
    return {"Note_Title": (title or "Note")[:_LONGEST_TITLE], "Note_Content": text}


def found(module: str, record: Mapping[str, Any], web: str) -> Found:
    key = Key(module, str(record["id"]))
    url = f"{web}/tab/{module}/{key.id}" if web else ""
    return Found(person_id=str(key), url=url, created_at=instant_of(record.get("Created_Time")))


def addresses(record: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(record[name]) for name in ("Email", "Secondary_Email") if record.get(name))


def written(body: Any) -> dict[str, Any]:
    """The details of the one record that was written. A failure of it may come inside a success (207, 202, 200)."""
    [row] = body["data"]
    if row["status"] != "success":
        raise _record_error(row)
    return dict(row.get("details") or {})


def rows(body: Any) -> list[dict[str, Any]]:
    """Records of a list or search; 204 without a body says that there are none."""
    return [dict(one) for one in body["data"]] if body else []


def following(body: Any) -> tuple[bool, str]:
    """Is there more, and its page token."""
    info = (body or {}).get("info") or {}
    return bool(info.get("more_records")), str(info.get("next_page_token") or "")


def _record_error(row: Mapping[str, Any], prefix: str = "", status: int = 200) -> AdapterError:
    code, details = str(row.get("code") or ""), row.get("details") or {}
    words = f"{prefix}{code} {row.get('message') or ''}{_where(details)}".strip()
    if code in _BUSY_CODES:
        return RateLimited(PROVIDER, words, retry_after=_BUSY, code=code)
    if code in _CLOSED:
        return Unauthorized(PROVIDER, words, code=code)
    if code in _AGAIN:
        return OutcomeUnknown(PROVIDER, f"{words}; it may have been accepted", code=code)
    return Refused(PROVIDER, words, outcome=_outcome(code, details, status), code=code)


def _outcome(code: str, details: Mapping[str, Any], status: int) -> Outcome:
    if code == "DUPLICATE_DATA":
        return Outcome.DUPLICATE
    if code in _CONFIG:
        return Outcome.CONFIG
    if code in _GONE or status == 404 or (code == "INVALID_DATA" and _is_about_the_record(details)):
        return Outcome.NOT_FOUND
    return Outcome.VALIDATION


def _is_about_the_record(details: Mapping[str, Any]) -> bool:
    """The id in the path or body names nothing: a record that was deleted, or merged into another."""
    return "resource_path_index" in details or details.get("api_name") == "id"


def _where(details: Mapping[str, Any]) -> str:
    """The field's name, what it takes, and the record that is in the way."""
    said = [str(details[name]) for name in ("api_name", "param_name", "expected_data_type") if details.get(name)]
    said += [", ".join(map(str, details[name])) for name in ("supported_values", "permissions") if details.get(name)]
    said += [f"{one.get('code')}{_where(one.get('details') or {})}" for one in details.get("errors") or []]
    twin = details.get("duplicate_record") or details
    module = (twin.get("module") or {}).get("api_name") or ""
    said += [f"record {module}/{twin['id']}"] if twin.get("id") else []
    return f" ({'; '.join(said)})" if said else ""


def twin_of(error: Refused, module: str) -> Key | None:
    """The record a duplicate is told to be of, in our module if none is told with it."""
    named = re.search(r"record (\w*)/(\d{1,19})", error.said)
    return Key(named[1] or module, named[2]) if named else None


def error_of(response: httpx.Response, body: Any) -> AdapterError | None:
    """By HTTP status first, Zoho's code second."""
    request, status = response.request, response.status_code
    prefix = f"{request.method} {request.url.path}: {status} "
    row = _first(body)
    if status == 429:
        said = f"{prefix}{row.get('code') or ''} {row.get('message') or ''}".strip()
        return RateLimited(PROVIDER, said, retry_after=retry_after(response, _BUSY), code="429")
    if status in (401, 403):
        said = f"{prefix}{row.get('code') or ''} {row.get('message') or ''}{_where(row.get('details') or {})}"
        return Unauthorized(PROVIDER, said, code=str(row.get("code") or status))
    if status == 408 or status >= 500:
        return in_doubt(PROVIDER, response, f"{prefix}{row.get('code') or ''} {row.get('message') or ''}".strip())
    if status >= 400 and row.get("code"):
        return _record_error(row, prefix, status)
    return None


def _first(body: Any) -> Mapping[str, Any]:
    """The error: at the top, or of the first record or tag."""
    if not isinstance(body, dict):
        return {}
    for name in ("data", "tags"):
        inner = body.get(name)
        if isinstance(inner, list) and inner and isinstance(inner[0], dict):
            return inner[0]
    return body


@dataclass(frozen=True, slots=True)
class Stage:
    """A deal stage as people see it. `state`: open, won or lost, as Zoho forecasts it."""

    name: str
    pipeline: str
    state: str = field(default="open")
