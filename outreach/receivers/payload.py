"""Reading JSON payloads: a sentence instead of a KeyError, tolerant instants, texts that any database takes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from outreach.mail.storable import storable
from outreach.receivers.proof import digest, short_key

Json = Mapping[str, object]

_FRACTION = re.compile(r"(\.\d{6})\d+")


def json_object(body: bytes) -> Json:
    """The body as a JSON object. ValueError, with a sentence, when it is something else."""
    value = _json_in(body)
    if not isinstance(value, dict):
        raise ValueError("The body is JSON, but no object: write {…}.")
    return value


def json_objects(body: bytes) -> tuple[Json, ...]:
    """The objects of a JSON list, or the one that stands alone. ValueError when there is none, or something else."""
    value = _json_in(body)
    listed = value if isinstance(value, list) else [value]
    if not listed or not all(isinstance(one, dict) for one in listed):
        raise ValueError("The body is JSON, but neither an object nor a list of objects: write [{…}].")
    return tuple(listed)


def _json_in(body: bytes) -> object:
    try:
        return json.loads(body.decode("utf-8-sig", "replace"))
    except RecursionError as error:
        raise ValueError("The body is nested too deeply.") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.") from error


def text_at(payload: Json, name: str) -> str:
    """A property as text: strings without NUL and lone surrogates, whole numbers as digits, everything else empty."""
    value = payload.get(name)
    if isinstance(value, str):
        return storable(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def object_at(payload: Json, name: str) -> Json:
    value = payload.get(name)
    return value if isinstance(value, dict) else {}


def objects_at(payload: Json, name: str) -> tuple[Json, ...]:
    value = payload.get(name)
    return tuple(one for one in value if isinstance(one, dict)) if isinstance(value, list) else ()


def instant_of(text: str, *, latest: datetime) -> datetime:
    """An ISO 8601 or mail date as an aware UTC instant, never later than `latest`, which stands in for nonsense."""
    try:
        at = _parsed(text.strip()[:64])
    except (ValueError, OverflowError, TypeError, IndexError):
        return latest
    return min(at, latest)


def _parsed(text: str) -> datetime:
    if text[:4].isdigit() and not text.isdigit():
        at = datetime.fromisoformat(_FRACTION.sub(r"\1", text))
    elif text.isdigit():
        at = datetime.fromtimestamp(int(text) / (1000 if len(text) > 11 else 1), UTC)
    else:
        at = parsedate_to_datetime(text)
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def is_mapping(value: object) -> bool:
    """Names with something behind them, as a settings file should have written it; an empty one is none."""
    return isinstance(value, Mapping) and bool(value)


def said_in(body: bytes, name: str) -> str:
    """What the JSON of a body says under a name; empty when it cannot be read."""
    try:
        return text_at(json_object(body), name)
    except ValueError:
        return ""


def key_said_in(body: bytes, name: str) -> str:
    """A delivery's key from the provider's own number of it; a digest of the body where it has none."""
    known = said_in(body, name)
    return short_key(known) if known else digest(body)
