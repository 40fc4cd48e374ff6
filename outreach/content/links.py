"""Link targets made of literal text and values: only http, https and mailto leave the house; cid is an image inside."""

from __future__ import annotations

import re
from urllib.parse import quote

from outreach.content.operations import text
from outreach.content.render_errors import UnsafeLink

_SAFE = re.compile(r"(https?://[^/?#\s]|mailto:[^\s?]|cid:[a-z0-9_-]{1,40}\Z)", re.IGNORECASE)
_SAFE_BEGINNING = re.compile(r"(https?://|mailto:|cid:[a-z0-9_-])", re.IGNORECASE)
_BARE_DOMAIN = re.compile(r"[^\s/:@?#\\]+\.[^\s/:@?#\\.]{2,}(/.*)?", re.DOTALL)
_NOT_IN_A_URL = re.compile(r"[\x00-\x20\x7f\"'<>`{}|\\^]")


def link(*parts: str) -> str:
    """The finished target. Raises UnsafeLink."""
    target = "".join(parts)
    if not _SAFE.match(target):
        raise UnsafeLink(target)
    return target


def whole_address(value: object) -> str:
    """A value that begins a target: an address as people write it, a bare domain included."""
    address = text(value).strip()
    if _BARE_DOMAIN.fullmatch(address):
        address = "https://" + address
    return _NOT_IN_A_URL.sub(lambda match: quote(match.group()), address)


def part_of_address(value: object) -> str:
    """A value inside a target: it cannot leave the place it is put in."""
    return quote(text(value), safe="")


def begins_safely(target: str) -> bool:
    """Whether literal text in front of the first value already says where the link goes."""
    return bool(_SAFE_BEGINNING.match(target))
