"""Types of single values in files people write. Each refuses with a sentence that says what to write instead."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Annotated
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, WithJsonSchema

from outreach.content.suggestions import did_you_mean
from outreach.domain.span import Span, parse_span

_CONTROL = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]")
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_LOCAL_PART = re.compile(r"[^\s@<>(),;:\"\[\]\\\x00-\x20\x7f]{1,64}")
_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?")
_MOST_DIGITS = 9
_LONGEST = timedelta(days=3_660)


def one_line(text: str) -> str:
    """The text without white space around it; refuses an empty one and control characters."""
    if _CONTROL.search(text):
        raise ValueError("must be a single line without control characters.")
    if not text.strip():
        raise ValueError("is empty. Write a text.")
    return text.strip()


def secret(text: str) -> str:
    """The text exactly as it is; refuses an empty one and control characters."""
    one_line(text)
    return text


def not_empty(text: str) -> str:
    """The text without white space around it, of any number of lines."""
    if not text.strip():
        raise ValueError("is empty. Write a text.")
    return text.strip()


def slug(text: str) -> str:
    """A name that can stand in commands, addresses and file names."""
    if not _SLUG.fullmatch(text):
        raise ValueError(f"'{text[:80]}' is not a name. Use small letters a-z, digits, '-' and '_', at most 64.")
    return text


def span(value: object) -> Span:
    """`3 days`."""
    if not isinstance(value, str):
        raise ValueError(f"'{value}' is not a duration. Write a number and a unit, such as '3 days' or '4 hours'.")
    if value.strip().lower().startswith("until "):
        raise ValueError("'until …' stands only behind 'wait'. Write a duration, such as '3 days' or '4 hours'.")
    return parse_span(value)


def positive_span(value: object) -> Span:
    """`3 days`, neither no time at all nor more than ten years."""
    found = span(value)
    if not found.amount:
        raise ValueError(f"'{found}' is no time at all. Write a longer duration, or leave it out.")
    if found.elapsed > _LONGEST:
        raise ValueError(f"'{found}' is longer than ten years. Write a shorter duration.")
    return found


def elapsed(value: object) -> timedelta:
    """`9 minutes` as elapsed time."""
    return span(value).elapsed


def zone_name(value: str) -> str:
    """An IANA time zone."""
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        remedy = did_you_mean(value, available_timezones()) or "Write an IANA name, such as 'Europe/Istanbul'."
        raise ValueError(f"'{value[:80]}' is not a time zone. {remedy}") from None
    return value


def email_address(value: str) -> str:
    """An address as `local@domain`, checked for its form only."""
    local, at, domain = value.strip().rpartition("@")
    labels = domain.split(".")
    if at and _LOCAL_PART.fullmatch(local) and len(domain) <= 253 and all(map(_LABEL.fullmatch, labels)):
        return f"{local}@{domain}"
    raise ValueError(f"'{value[:80]}' is not an e-mail address. Write it as name@example.com.")


def split_url(value: str) -> SplitResult:
    """The parts of a URL with a proper port. Raises ValueError without repeating it, as it may hold a secret."""
    try:
        parts = urlsplit(one_line(value))
        _ = parts.port
    except ValueError:
        raise ValueError("is not a URL. Write it as scheme://host:port.") from None
    return parts


def web_url(value: str) -> str:
    """An http or https URL without a slash at its end."""
    parts = split_url(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is not a web address. Write it as https://outreach.example.com.")
    if parts.username or parts.password:
        raise ValueError("must not hold a user name or password.")
    return value.strip().rstrip("/")


def calendar_day(value: object) -> date:
    """`2026-12-24`."""
    try:
        return date.fromisoformat(value if isinstance(value, str) and len(value) == 10 else "")
    except ValueError:
        raise ValueError(f"'{str(value)[:80]}' is not a date. Write it as 2026-12-24.") from None


def _number(value: object) -> object:
    """Whole numbers only: neither booleans nor numbers no counter can hold."""
    if isinstance(value, bool) or (isinstance(value, int) and len(str(abs(value))) > _MOST_DIGITS):
        raise ValueError("must be a whole number of at most nine digits.")
    return value


DURATION_SCHEMA = WithJsonSchema(
    {"type": "string", "pattern": r"^ *[0-9]{1,6} +(second|minute|hour|day|business day|week)s? *$"}
)

Line = Annotated[str, AfterValidator(one_line)]
Text = Annotated[str, AfterValidator(not_empty)]
Secret = Annotated[str, AfterValidator(secret)]
Slug = Annotated[str, AfterValidator(slug)]
Duration = Annotated[Span, PlainValidator(positive_span), DURATION_SCHEMA]
Elapsed = Annotated[timedelta, PlainValidator(elapsed), DURATION_SCHEMA]
Zone = Annotated[str, AfterValidator(one_line), AfterValidator(zone_name)]
EmailAddress = Annotated[str, AfterValidator(one_line), AfterValidator(email_address)]
WebUrl = Annotated[str, AfterValidator(web_url)]
Day = Annotated[
    date, PlainValidator(calendar_day), WithJsonSchema({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"})
]
Count = Annotated[int, BeforeValidator(_number), Field(ge=0)]
Positive = Annotated[int, BeforeValidator(_number), Field(ge=1)]
Port = Annotated[int, BeforeValidator(_number), Field(ge=0, le=65535)]
