"""Pipedrive's values: fields of every type, notes and errors, to and from our words."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from outreach.api_client import retry_after
from outreach.crm import Activity, DealState, Found, RemoteDeal
from outreach.crms.entries import heading_of
from outreach.crms.in_doubt import in_doubt
from outreach.crms.instants import instant_of
from outreach.errors import AdapterError, Outcome, RateLimited, Refused, Unauthorized

PROVIDER = "pipedrive"
CLOSED = {"won": DealState.WON, "lost": DealState.LOST}  # a deal ends by its status, not by a stage
_LONGEST_TEXT = 30_000  # characters; a note takes about 100 KB with its mark-up
_BURST = timedelta(seconds=2)
_TEXTS = frozenset({"varchar", "varchar_auto", "text", "phone", "date"})


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """A field of persons. `options`: label → id, for fields of choices."""

    code: str
    name: str
    type: str
    is_custom: bool
    options: Mapping[str, int] = field(default_factory=dict)


def number(value: str, what: str) -> int:
    """An id in a body is a JSON number. Raises `not_found` for what cannot be one."""
    if not (value.isascii() and value.isdigit()):
        raise Refused(PROVIDER, f"there is no {what} '{value}'", outcome=Outcome.NOT_FOUND)
    return int(value)


def encoded(info: FieldInfo, text: str) -> Any:
    """What a custom field of that type takes. Raises Refused for a value or type that cannot be written."""
    try:
        return _encoded(info, text)
    except ValueError:
        said = f"'{text[:80]}' is no value of the field '{info.name}', which is of type {info.type}"
        raise Refused(PROVIDER, said, outcome=Outcome.VALIDATION) from None


def _encoded(info: FieldInfo, text: str) -> Any:
    match info.type:
        case kind if kind in _TEXTS:
            return text
        case "double" | "int":
            return _amount(text)
        case "enum":
            return _option(info, text)
        case "set":
            return [_option(info, part.strip()) for part in text.split(";") if part.strip()]
        case "monetary":
            value, _, currency = text.partition(" ")
            return {"value": _amount(value), "currency": currency.strip().upper()}
    said = f"the field '{info.name}' is of type {info.type}, which is not written. Map a text, number or choice"
    raise Refused(PROVIDER, said, outcome=Outcome.CONFIG)


def _amount(text: str) -> float | int:
    value = float(text.replace(",", "."))
    return int(value) if value.is_integer() else value


def _option(info: FieldInfo, text: str) -> int:
    if text in info.options:
        return info.options[text]
    if text.isdigit() and int(text) in info.options.values():
        return int(text)
    said = f"'{text}' is no choice of the field '{info.name}'. There are: {', '.join(info.options)}"
    raise Refused(PROVIDER, said, outcome=Outcome.VALIDATION)


def decoded(info: FieldInfo, value: Any) -> str:
    """The same value as text; empty where there is none."""
    if value in (None, "", []):
        return ""
    labels = {option_id: label for label, option_id in info.options.items()}
    if info.type == "set" and isinstance(value, list):
        return ";".join(labels.get(one, str(one)) for one in value)
    if info.type == "enum":
        return labels.get(value, str(value))
    if isinstance(value, dict):
        return " ".join(str(part) for part in (value.get("value"), value.get("currency")) if part not in (None, ""))
    return str(value)


def note(activity: Activity) -> str:
    """The HTML of a note; the marker stands plain in its last line."""
    heading = heading_of(activity, separator=" · ")
    parts = [html.escape(part, quote=False) for part in (heading, activity.text[:_LONGEST_TEXT]) if part]
    return "".join(f"<p>{part.replace(chr(10), '<br>')}</p>" for part in [*parts, activity.marker])


def addresses(record: Mapping[str, Any]) -> tuple[str, ...]:
    """Of a person, the main one first. Search gives texts where everything else gives objects."""
    emails = [one if isinstance(one, dict) else {"value": one} for one in record.get("emails") or []]
    main_first = sorted(emails, key=lambda one: not one.get("primary"))
    return tuple(str(one["value"]) for one in main_first if one.get("value"))


def found(record: Mapping[str, Any], web: str) -> Found:
    """`web`: where the company's pages are, empty if we do not know."""
    person_id = str(record["id"])
    url = f"{web}/person/{person_id}" if web else ""
    return Found(person_id=person_id, url=url, created_at=instant_of(record.get("add_time")))


def remote_deal(deal: Mapping[str, Any]) -> RemoteDeal:
    value = deal.get("value")
    return RemoteDeal(
        deal_id=str(deal["id"]),
        state=CLOSED.get(str(deal["status"]), DealState.OPEN),
        pipeline=str(deal.get("pipeline_id") or ""),
        stage=str(deal.get("stage_id") or ""),
        value=f"{value:.15g}" if isinstance(value, int | float) and value else "",
        currency=str(deal.get("currency") or ""),
    )


def error_of(response: httpx.Response, body: Any) -> AdapterError | None:
    """By HTTP status; what Pipedrive said in `error` and `error_info`."""
    status, words = response.status_code, _words(response, body)
    code = str(body.get("code") or status) if isinstance(body, dict) else str(status)
    if status == 429:
        return RateLimited(PROVIDER, words, retry_after=_wait(response), code=code)
    if status in (401, 402, 403):  # 402: the company's account is closed
        return Unauthorized(PROVIDER, words, code=str(status))
    if status < 400:
        return None
    if status == 408 or status >= 500:
        return in_doubt(PROVIDER, response, words)
    outcomes = {404: Outcome.NOT_FOUND, 410: Outcome.NOT_FOUND, 409: Outcome.DUPLICATE}
    return Refused(PROVIDER, words, outcome=outcomes.get(status, Outcome.VALIDATION), code=code)


def _wait(response: httpx.Response) -> timedelta:
    reset = response.headers.get("x-ratelimit-reset", "").strip()
    default = timedelta(seconds=int(reset[:6])) if reset.isascii() and reset.isdigit() else _BURST
    return retry_after(response, default=default)


def _words(response: httpx.Response, body: Any) -> str:
    request = response.request
    said = [f"{request.method} {request.url.path}: {response.status_code}"]
    if isinstance(body, dict):
        said += [value if isinstance(value, str) else json.dumps(value) for value in _sayings(body)]
    return " ".join(" ".join(part.split())[:400] for part in said)


def _sayings(body: Mapping[str, Any]) -> list[Any]:
    informative = [body.get("error"), body.get("code"), body.get("error_info")]
    return [one for one in informative if one and one != "Please check developers.pipedrive.com"]
