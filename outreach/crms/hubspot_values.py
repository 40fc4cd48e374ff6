"""HubSpot's values: timeline entries, properties and errors, to and from our words."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, timedelta
from typing import Any

import httpx

from outreach.api_client import retry_after
from outreach.crm import Activity, Found
from outreach.crms.entries import heading_of
from outreach.crms.in_doubt import in_doubt
from outreach.crms.instants import instant_of
from outreach.errors import AdapterError, Outcome, RateLimited, Refused, Unauthorized, Unavailable

PROVIDER = "hubspot"
TEXT_OF = {"emails": "hs_email_text", "communications": "hs_communication_body", "notes": "hs_note_body"}
_COMMUNICATIONS = {"linkedin": "LINKEDIN_MESSAGE", "whatsapp": "WHATS_APP", "sms": "SMS"}
_LONGEST_TEXT = 60_000  # characters; HubSpot declines longer bodies (65,536 with the mark-up)
_BURST = timedelta(seconds=10)  # the window of TEN_SECONDLY_ROLLING
_UNTIL_TOMORROW = timedelta(hours=1)  # DAILY ends at the account's midnight, in a zone we do not know: look each hour
_BUSY = frozenset({423, 477})  # locked by much traffic; being moved to another data centre


def entry(activity: Activity) -> tuple[str, dict[str, str]]:
    """The object type and its properties. What HubSpot has no type for becomes a note."""
    at = activity.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if activity.kind == "reply" and activity.channel == "email":
        return "emails", {"hs_timestamp": at, **_email(activity)}
    if activity.kind == "reply" and activity.channel in _COMMUNICATIONS:
        return "communications", {
            "hs_timestamp": at,
            "hs_communication_channel_type": _COMMUNICATIONS[activity.channel],
            "hs_communication_logged_from": "CRM",
            "hs_communication_body": _as_html(activity),
        }
    return "notes", {
        "hs_timestamp": at,
        "hs_note_body": _as_html(activity, heading=heading_of(activity, separator=" · ")),
    }


def _email(activity: Activity) -> dict[str, str]:
    people = {
        "from": {"email": activity.from_address},
        "to": [{"email": activity.to_address}] if activity.to_address else [],
        "cc": [],
        "bcc": [],
    }
    return {
        "hs_email_direction": "INCOMING_EMAIL" if activity.direction == "in" else "EMAIL",
        "hs_email_status": "SENT",
        "hs_email_subject": activity.subject,
        "hs_email_text": f"{activity.text[:_LONGEST_TEXT]}\n\n{activity.marker}".lstrip("\n"),
        "hs_email_headers": json.dumps(people),
    }


def _as_html(activity: Activity, heading: str = "") -> str:
    parts = [html.escape(part, quote=False) for part in (heading, activity.text[: _LONGEST_TEXT // 2]) if part]
    return "<br><br>".join([*(part.replace("\n", "<br>") for part in parts), activity.marker])


def found(record: Mapping[str, Any]) -> Found:
    """A contact object, as the record it is."""
    return Found(
        person_id=str(record["id"]), url=str(record.get("url") or ""), created_at=instant_of(record.get("createdAt"))
    )


def known_fields(properties: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Names of the properties that can be written."""
    return tuple(
        str(one["name"]) for one in properties if not (one.get("modificationMetadata") or {}).get("readOnlyValue")
    )


def option_values(properties: Sequence[Mapping[str, Any]], name: str) -> tuple[str, ...]:
    """The values a property of choices takes; none for any other property."""
    return tuple(
        str(option["value"])
        for one in properties
        if one["name"] == name
        for option in one.get("options") or []
        if not option.get("hidden")
    )


def error_of(response: httpx.Response, body: Any) -> AdapterError | None:
    """By HTTP status first, category second; what HubSpot said, with property names and its correlation id."""
    status, words = response.status_code, _words(response, body)
    if status == 429:
        return RateLimited(PROVIDER, words, retry_after=_wait(response, body), code="429")
    if status in (401, 403):
        return Unauthorized(PROVIDER, words, code=str(status))
    if status in _BUSY:
        return Unavailable(PROVIDER, words, code=str(status))
    if status < 400:
        return None  # a redirect: ApiClient knows
    if status == 408 or status >= 500:
        return in_doubt(PROVIDER, response, words)
    return Refused(PROVIDER, words, outcome=_outcome(status, body), code=_category(body) or str(status))


def _wait(response: httpx.Response, body: Any) -> timedelta:
    is_daily = isinstance(body, dict) and body.get("policyName") == "DAILY"
    return retry_after(response, default=_UNTIL_TOMORROW if is_daily else _BURST)


def _outcome(status: int, body: Any) -> Outcome:
    if status in (404, 410):
        return Outcome.NOT_FOUND
    if status == 409:
        return Outcome.DUPLICATE
    if any(error.get("code") == "PROPERTY_DOESNT_EXIST" for error in _errors(body)):
        return Outcome.CONFIG
    return Outcome.VALIDATION


def _words(response: httpx.Response, body: Any) -> str:
    """Such as: PATCH /crm/…: 400 VALIDATION_ERROR Property values were not valid: bad value (email) [correlation id]"""
    request = response.request
    said = [f"{request.method} {request.url.path}: {response.status_code}", _category(body)]
    if isinstance(body, dict):
        said.append(str(body.get("message") or ""))
        said += [_one_error(error) for error in _errors(body)]
        said.append(f"(correlation id {body['correlationId']})" if body.get("correlationId") else "")
    return " ".join(" ".join(part.split())[:400] for part in said if part)


def _one_error(error: Mapping[str, Any]) -> str:
    names = (error.get("context") or {}).get("propertyName") or ([error["in"]] if error.get("in") else [])
    names = [names] if isinstance(names, str) else names
    return f"· {error.get('message', '')} ({', '.join(map(str, names))})" if names else f"· {error.get('message', '')}"


def _errors(body: Any) -> list[Mapping[str, Any]]:
    errors = body.get("errors") if isinstance(body, dict) else None
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []


def _category(body: Any) -> str:
    return str(body.get("category") or body.get("errorType") or "") if isinstance(body, dict) else ""
