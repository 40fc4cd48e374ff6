"""The fields of a form in a delivery, in either of its two encodings (RFC 7578, HTML's urlencoded), as bytes.

Bounded and linear; a body that is no form has no fields. A file is a field with a `filename`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from outreach.mail.parse import Part, as_text, parse_mail
from outreach.mail.storable import storable
from outreach.receiver import Delivery

_MOST_FIELDS = 500
_QUOTED = r'\s*=\s*(?:"((?:[^"\\]|\\.){0,500})"|([^\s;"]{1,500}))'
_NAME = re.compile(r"(?:^|;)\s*name" + _QUOTED, re.IGNORECASE)
_FILENAME = re.compile(r"(?:^|;)\s*filename" + _QUOTED, re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Field:
    """One field as it was sent."""

    name: str
    value: bytes = field(repr=False)
    filename: str = ""
    content_type: str = "text/plain"
    charset: str = ""

    @property
    def text(self) -> str:
        return as_text(self.value, self.charset)


@dataclass(frozen=True, slots=True)
class Form:
    """All fields, in their order."""

    fields: tuple[Field, ...] = ()

    def __contains__(self, name: str) -> bool:
        return any(each.name == name for each in self.fields)

    def first(self, name: str, charset: str = "") -> str:
        """The first field of that name as text; empty when there is none."""
        found = next((each for each in self.fields if each.name == name), None)
        return as_text(found.value, charset or found.charset) if found else ""

    def last(self, name: str) -> str:
        return next((each.text for each in reversed(self.fields) if each.name == name), "")

    def raw(self, name: str) -> bytes:
        return next((each.value for each in self.fields if each.name == name), b"")

    @property
    def files(self) -> tuple[Field, ...]:
        return tuple(each for each in self.fields if each.filename)


def form_of(delivery: Delivery) -> Form:
    """The form a delivery is, by its content type. Never raises."""
    kind = delivery.headers.get("content-type", "").strip()
    if kind.lower().startswith("multipart/"):
        return Form(tuple(_parts(kind, delivery.body)))
    if kind.lower().startswith("application/x-www-form-urlencoded"):
        return Form(tuple(_pairs(delivery.body)))
    return Form()


def _parts(kind: str, body: bytes) -> Iterator[Field]:
    head = b"Content-Type: " + re.sub(r"[\r\n]", " ", kind).encode("latin-1", "replace") + b"\r\n\r\n"
    for part in parse_mail(head + body).children:
        placed = part.headers.first("content-disposition")
        name = _value(_NAME, placed)
        if name:
            yield Field(
                name, _content(part), _value(_FILENAME, placed), part.content_type, part.params.get("charset", "")
            )


def _content(part: Part) -> bytes:
    """Whole, unless it came in a transfer encoding, which browsers and providers do not use in forms."""
    encoding = part.headers.first("content-transfer-encoding").strip().lower()
    return part.payload() if encoding in ("base64", "quoted-printable") else part.body


def _value(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text[:2000])
    return storable((found.group(1) or found.group(2) or "").replace('\\"', '"')) if found else ""


def _pairs(body: bytes) -> Iterator[Field]:
    try:
        pairs = parse_qsl(
            body.decode("ascii", "replace"),
            keep_blank_values=True,
            encoding="latin-1",  # bytes as they are; the charset is read later
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        return
    for name, value in pairs:
        yield Field(storable(name), value.encode("latin-1", "replace"))
