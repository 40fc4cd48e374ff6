"""Salesmate's values: the envelope with its failures inside a success, searches and notes, to and from our words."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from outreach.api_client import ApiClient, retry_after
from outreach.crm import Activity, DealState, Found, Person, RemoteDeal
from outreach.crms.entries import heading_of
from outreach.crms.in_doubt import timed_out
from outreach.crms.instants import instant_of
from outreach.errors import AdapterError, Outcome, RateLimited, Refused, Unauthorized

PROVIDER = "salesmate"
_SPENT = timedelta(minutes=5)  # 1,500 calls an hour for a link, and no header that says when there are more
_LONGEST_TEXT = 30_000
_ROWS = 250
_MOST_PAGES = 8
_CLOSED = {"close": DealState.WON, "closed": DealState.WON, "won": DealState.WON, "lost": DealState.LOST}
_CONTACT = ("id", "name", "firstName", "lastName", "email", "owner.id", "tags", "createdAt", "lastModifiedAt")
_DEAL = (
    *("id", "title", "pipeline", "stage", "status", "owner.id", "primaryContact.id", "dealValue", "currency"),
    *("createdAt", "lastModifiedAt"),
)


def data_in(body: Any) -> Any:
    """What a success holds. Raises the AdapterError of a failure, which may come with HTTP 200."""
    if str(at(body, "status")).lower() == "success":
        return at(body, "data")
    failure = at(body, "error")
    if not isinstance(failure, dict):
        raise ValueError("neither a success nor a failure")
    raise failure_of(failure, status=200, what="")


def at(record: Any, name: str) -> Any:
    """A value by its name whatever its case, or None; `owner.id` steps down."""
    first, _, rest = name.partition(".")
    if not isinstance(record, dict):
        raise TypeError(f"no object where '{name}' should be")
    found = next((value for key, value in record.items() if str(key).lower() == first.lower()), None)
    if rest:
        return at(found, rest) if isinstance(found, dict) else None
    return found


def text_at(record: Any, name: str) -> str:
    value = at(record, name)
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def error_of(response: httpx.Response, body: Any) -> AdapterError | None:
    """By the name in the envelope first; without one the table of ApiClient decides, but for time-outs and limits."""
    request, status = response.request, response.status_code
    what = f"{request.method} {request.url.path}: {status}"
    if status == 429:
        return RateLimited(PROVIDER, what, retry_after=retry_after(response, _SPENT), code="429")
    if status == 408:
        return timed_out(PROVIDER, response)
    failure = at(body, "error") if isinstance(body, dict) else None
    if status >= 500 or not isinstance(failure, dict):
        return None
    return failure_of(failure, status=status, what=what)


def failure_of(failure: Mapping[str, Any], *, status: int, what: str) -> AdapterError:
    name, code, message = (text_at(failure, key) for key in ("name", "code", "message"))
    said = " ".join(part for part in (what, name, code, message) if part)
    if status in (401, 403) or code in ("401", "403") or name in ("AuthorizationFailed", "NoSuchLinkExist"):
        return Unauthorized(PROVIDER, said, code=name or str(status))
    if "limit" in name.lower() or code == "429":
        return RateLimited(PROVIDER, said, retry_after=_SPENT, code=name or code)
    return Refused(PROVIDER, said, outcome=_outcome(name, code, message, status=status), code=name or code)


def _outcome(name: str, code: str, message: str, *, status: int) -> Outcome:
    words = message.lower()
    if name == "ObjectNotFound" or "404" in (code, str(status)):
        return Outcome.NOT_FOUND
    if "already exist" in words or "duplicate" in words:
        return Outcome.DUPLICATE
    if any(setting in words for setting in ("stage", "pipeline", "owner", "field")):
        return Outcome.CONFIG  # these are names of the configuration; there is no list to prove them against before
    return Outcome.VALIDATION


def contact_search(rules: list[dict[str, Any]], fields: tuple[str, ...] = ()) -> dict[str, Any]:
    names = dict.fromkeys(f"contact.{name}" for name in (*_CONTACT, *fields) if name)
    return _search(list(names), rules, "contact.createdAt", module_id=1)


def deal_search(rules: list[dict[str, Any]]) -> dict[str, Any]:
    return _search([f"deal.{name}" for name in _DEAL], rules, "deal.createdAt", module_id=4)


def rule(field: str, condition: str, value: str, *, name: str, kind: str) -> dict[str, Any]:
    """One condition of a search, such as EQUALS or IS_AFTER."""
    return {
        "condition": condition,
        "moduleName": field.partition(".")[0].title(),
        "field": {"fieldName": field, "displayName": name, "type": kind},
        "data": value,
        "eventType": kind,
    }


def moment(at: datetime) -> str:
    """An instant as searches have it. In which zone it is read is not known: ask for a day more."""
    return at.astimezone(UTC).strftime("%b %d, %Y %I:%M %p")


def _search(names: list[str], rules: list[dict[str, Any]], sort: str, *, module_id: int) -> dict[str, Any]:
    return {
        "displayingFields": names,
        "filterQuery": {"group": {"operator": "AND", "rules": rules}},
        "sort": {"fieldName": sort, "order": "asc"},
        "moduleId": module_id,
        "reportType": "get_data",
        "getRecordsCount": True,
    }


def rows_in(body: Any) -> tuple[list[dict[str, Any]], int]:
    """Records of a search page, their names without the module, and how many there are in all."""
    data = data_in(body)
    rows = [{str(key).rpartition(".")[2]: value for key, value in row.items()} for row in at(data, "data")]
    return rows, int(at(data, "totalRows") or 0)


async def search(api: ApiClient, path: str, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every row of the first pages."""
    rows: list[dict[str, Any]] = []
    for number in range(_MOST_PAGES):
        params = {"rows": str(_ROWS), "from": str(number * _ROWS)}
        page, total = await api.post(f"{path}/search", params=params, json=dict(body), is_write=False, read=rows_in)
        rows += page
        if not page or len(rows) >= total:
            break
    return rows


def made(reply: Any) -> str:
    """The id of what was made."""
    return str(int(str(at(data_in(reply), "id"))))


def found(row: Mapping[str, Any]) -> Found:
    return Found(person_id=str(at(row, "id")), created_at=instant_of(at(row, "createdAt")))


def last_name_of(person: Person) -> str:
    """It is required: what we know best stands in for it."""
    return person.last_name or ("-" if person.first_name else _local(person)) or person.company or person.key or "-"


def stand_ins(person: Person) -> tuple[str, ...]:
    """What may stand where a last name is missing, and is written over when one is known."""
    return ("", "-", _local(person))


def _local(person: Person) -> str:
    return person.email.partition("@")[0]


def names_of(contact: Mapping[str, Any]) -> tuple[str, str]:
    """First and last name, also of an answer that holds the whole name alone."""
    first, last = text_at(contact, "firstName"), text_at(contact, "lastName")
    if not (first or last):
        first, _, last = text_at(contact, "name").rpartition(" ")
    return first, last


def tags_of(contact: Mapping[str, Any]) -> list[str]:
    """`a,b`, or a list of texts, or of objects with a name."""
    value = at(contact, "tags")
    parts = value.split(",") if isinstance(value, str) else value or []
    texts = [text_at(part, "name") if isinstance(part, dict) else str(part) for part in parts]
    return [text.strip() for text in texts if text.strip()]


def note_of(activity: Activity) -> str:
    """HTML; the marker is its last line."""
    heading = heading_of(activity)
    parts = [html.escape(part, quote=False) for part in (heading, activity.text[:_LONGEST_TEXT]) if part]
    lines = "<br><br>".join([*(part.replace("\n", "<br>") for part in parts), activity.marker])
    return f"<div>{lines}</div>"


def notes_in(body: Any) -> Iterator[tuple[str, str]]:
    """(id, text) of every note; the list stands in `Data`, or in a `data` of it."""
    data = data_in(body)
    for note in at(data, "data") if isinstance(data, dict) else data or []:
        yield str(at(note, "noteId") or at(note, "id")), text_at(note, "note")


def deal_of(row: Mapping[str, Any]) -> RemoteDeal:
    return RemoteDeal(
        deal_id=str(at(row, "id")),
        state=_CLOSED.get(text_at(row, "status").lower(), DealState.OPEN),
        pipeline=text_at(row, "pipeline"),
        stage=text_at(row, "stage"),
        value=text_at(row, "dealValue"),
        currency=text_at(row, "currency"),
    )
