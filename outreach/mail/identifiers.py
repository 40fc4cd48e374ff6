"""Message-IDs and reply tokens as they appear in header values, recipient lists and payloads. Linear in the input."""

from __future__ import annotations

import re
from collections.abc import Iterable

_MAX_VALUE = 8192
_BRACKETED = re.compile(r"<\s{0,8}([^<>\s]{1,512})\s{0,8}>")
_TOKEN = re.compile(r"\+([A-Za-z0-9_.=~-]{1,200})@")


def message_ids_in(value: str) -> tuple[str, ...]:
    """The ids of a header value (In-Reply-To, References), in order, each once, without angle brackets.

    A value without brackets is read as ids divided by spaces or commas, because some senders leave the brackets out.
    """
    if len(value) > _MAX_VALUE:
        value = value[: _MAX_VALUE // 2] + " " + value[-_MAX_VALUE // 2 :]
    found = _BRACKETED.findall(value) or _bare_ids(value)
    return unique(normalised_id(one) for one in found)


def strongest_first(in_reply_to: str, references: str) -> tuple[str, ...]:
    """The order of evidence: what is answered, then the thread from its end to its beginning."""
    return unique((*message_ids_in(in_reply_to), *reversed(message_ids_in(references))))


def normalised_id(identifier: str) -> str:
    """Left part as it is, domain in lower case: the form in which ids are compared."""
    left, at, domain = identifier.rpartition("@")
    return f"{left}@{domain.lower()}" if at else identifier


def tokens_in(text: str) -> tuple[str, ...]:
    """What stands between plus and at-sign of addresses: `in+TOKEN@example.com`."""
    return unique(_TOKEN.findall(text))


def unique(values: Iterable[str]) -> tuple[str, ...]:
    """The strings of an iterable, each once, in order of first appearance, empty ones left out."""
    return tuple(dict.fromkeys(value for value in values if value))


def _bare_ids(value: str) -> list[str]:
    words = value.replace(",", " ").split()
    with_at = [word for word in words if "@" in word]
    return (with_at or (words if len(words) == 1 else []))[:100]
