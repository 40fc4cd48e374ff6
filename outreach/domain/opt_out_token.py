"""The token of an opt-out link: it says which touch it was sent with, nothing about the lead, and cannot be made up.

A touch id and 128 bits of its HMAC-SHA256 (RFC 2104; truncated as its §5 allows). It never expires: an opt-out link
has to work for as long as the mail lies in somebody's mailbox.
"""

from __future__ import annotations

import binascii
import hmac
from functools import lru_cache

_BYTES = 16
_CHARACTERS = 22  # of the base64 of 16 bytes, without its padding
_FOR_URLS = bytes.maketrans(b"+/", b"-_")  # base64url, RFC 4648 §5


def sign(touch_id: str, secret: bytes) -> str:
    """The token of that touch, in characters that a URL takes as they are."""
    return f"{touch_id}.{_mark(touch_id, secret)}"


def touch_of(token: str, secret: bytes) -> str | None:
    """The touch the token was made for; None for one we did not make."""
    touch_id, _, mark = token.rpartition(".")
    is_ours = hmac.compare_digest(mark.encode(), _mark(touch_id, secret).encode())
    return touch_id if touch_id and is_ours else None


def _mark(touch_id: str, secret: bytes) -> str:
    mac = _begun(secret).copy()
    mac.update(touch_id.encode())
    return binascii.b2a_base64(mac.digest()[:_BYTES], newline=False)[:_CHARACTERS].translate(_FOR_URLS).decode()


@lru_cache(maxsize=4)
def _begun(secret: bytes) -> hmac.HMAC:
    """Copied for each token: taking the key in costs as much as the rest."""
    return hmac.new(secret, b"opt-out:", "sha256")
