"""Clues from the bytes of a raw mail (RFC 5322) without a MIME parser: a reply holds before it is understood.

Headers are read wherever they stand: on top, in a returned original further down, and inside parts that are
written in base64 or quoted-printable. Linear time, bounded memory, never an exception.
"""

from __future__ import annotations

import binascii
import re

from outreach.domain.event import Clues
from outreach.mail.addresses import emails_in
from outreach.mail.identifiers import message_ids_in, tokens_in, unique

MAX_BYTES = 10 * 1024 * 1024
_MAX_FIELDS = 2000
_NAME = re.compile(
    r"(in-reply-to|references|message-id|x-message-id|original-message-id|from|reply-to|sender|return-path"
    r"|x-failed-recipients|final-recipient|original-recipient|original-rcpt-to)[ \t]*+:"
)
_VALUE = re.compile(r"[^\n]{0,8192}(?:\n[ \t][^\n]{0,8192}){0,200}")
_INDENT = re.compile(r"(?:^|\n)[>| \t]{0,8}\Z")
_LOOSE_ID = re.compile(r"<([^<>\s@\"]{1,250}@[^<>\s@\"]{1,250})>")
_BASE64_LINES = re.compile(rb"(?:^[A-Za-z0-9+/]{20,998}={0,2}\r?+\n?+){1,}+", re.MULTILINE)
_PEOPLE = ("from", "reply-to", "sender", "return-path")
_FAILED = ("x-failed-recipients", "final-recipient", "original-recipient", "original-rcpt-to")


def raw_clues(raw: bytes) -> Clues:
    """Whom a mail may be about, strongest first: the answered message, the thread, returned originals, other ids."""
    texts = _readings(raw[:MAX_BYTES])
    fields = [field for text in texts for field in _fields(text)]
    ids = _ids_of(fields)
    loose = [one for text in texts for one in _loose_ids(text)]
    addresses = [address for name, value in fields if name in _PEOPLE + _FAILED for address in emails_in(value[:4096])]
    return Clues(
        message_ids=unique((*ids, *loose)),
        tokens=unique(token for text in texts for token in tokens_in(text)),
        addresses=tuple(("email", address) for address in unique(addresses)[:200]),
    )


def _ids_of(fields: list[tuple[str, str]]) -> list[str]:
    answered = [one for name, value in fields if name == "in-reply-to" for one in message_ids_in(value)]
    thread = [one for name, value in fields if name == "references" for one in reversed(message_ids_in(value))]
    written = [one for name, value in fields if name.endswith("message-id") for one in message_ids_in(value)]
    return answered + thread + written


def _readings(raw: bytes) -> tuple[str, ...]:
    readings = [raw]
    if b"=\n" in raw or b"=\r\n" in raw or b"=3C" in raw or b"=3c" in raw or b"=40" in raw:
        readings.append(binascii.a2b_qp(raw))
    decoded = b"\n".join(_decoded(match.group()) for match in _BASE64_LINES.finditer(raw))
    if decoded:
        readings.append(decoded)
    return tuple(reading.replace(b"\0", b"").replace(b"\r\n", b"\n").decode("latin-1") for reading in readings)


def _decoded(lines: bytes) -> bytes:
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", lines)
    return binascii.a2b_base64(letters[: len(letters) // 4 * 4])


def _fields(text: str) -> list[tuple[str, str]]:
    """Lines that begin with one of the names, perhaps quoted. Latin-1 keeps its length in lower case."""
    found: list[tuple[str, str]] = []
    for match in _NAME.finditer(text.lower()):
        start = match.start()
        if not _INDENT.search(text, max(0, start - 9), start):
            continue
        value = _VALUE.match(text, match.end())
        found.append((match.group(1), value.group() if value else ""))
        if len(found) >= _MAX_FIELDS:
            break
    return found


def _loose_ids(text: str) -> list[str]:
    found = zip(range(300), _LOOSE_ID.finditer(text), strict=False)
    return [one for _, match in found for one in message_ids_in(match.group())]
