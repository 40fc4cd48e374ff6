"""Tokens of images and links that tell of opens and clicks: what they name, and 128 bits of its HMAC-SHA256.

They tell nothing about the lead, cannot be made up, and one made for an image is none for a link.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from enum import StrEnum

_BYTES = 16


class Purpose(StrEnum):
    OPEN = "open"
    CLICK = "click"


def sign(purpose: Purpose, named: str, secret: bytes) -> str:
    """`named` in characters that a URL takes as they are: a touch id, or a touch id and a link id."""
    return f"{named}.{_mark(purpose, named, secret)}"


def named_by(purpose: Purpose, token: str, secret: bytes) -> str | None:
    """What the token was made for; None for one we did not make."""
    named, _, mark = token.rpartition(".")
    is_ours = hmac.compare_digest(mark.encode(), _mark(purpose, named, secret).encode())
    return named if named and is_ours else None


def _mark(purpose: Purpose, named: str, secret: bytes) -> str:
    digest = hmac.digest(secret, f"{purpose}:{named}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest[:_BYTES]).rstrip(b"=").decode()
