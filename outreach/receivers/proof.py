"""Proof that a delivery comes from the provider: comparisons in constant time, over bytes, one answer for all."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

from outreach.errors import WebhookRejected


def is_one_of(given: str, accepted: tuple[str, ...]) -> bool:
    """Whether a text equals one of the secrets. Every secret is compared, so that time tells nothing."""
    found = False
    for secret in accepted:
        found |= hmac.compare_digest(_bytes(given), _bytes(secret))
    return found


def require_word(given: str, accepted: tuple[str, ...], what: str) -> None:
    """Raise WebhookRejected unless a word that came along is one of those agreed; `what` names it in the answer."""
    if not is_one_of(given, accepted):
        raise WebhookRejected(f"{what} is missing or wrong")


def require_basic_auth(headers: Mapping[str, str], user: str, passwords: tuple[str, ...]) -> None:
    """Raise WebhookRejected unless the Authorization header carries the user and one of the passwords (RFC 7617)."""
    scheme, _, encoded = headers.get("authorization", "").strip().partition(" ")
    given_user, colon, given_password = _decoded(encoded).partition(":")
    right = is_one_of(given_user, (user,)) & is_one_of(given_password, passwords)
    if not (right and colon and scheme.lower() == "basic"):
        raise WebhookRejected("user or password is missing or wrong")


def require_login(
    headers: Mapping[str, str], *, login: tuple[str, tuple[str, ...]], header: tuple[str, tuple[str, ...]]
) -> None:
    """Raise WebhookRejected unless every proof that is configured is there: (user, passwords), (header, values)."""
    if login[1]:
        require_basic_auth(headers, *login)
    if header[1] and not is_one_of(headers.get(header[0].lower(), ""), header[1]):
        raise WebhookRejected("the agreed header is missing or wrong")


def exact_base64(text: str) -> bytes:
    """The bytes behind a signature in base64; empty when it is none, or written in another way than encoders write it.

    The last letter may hold bits that decoding drops: without this, one altered letter could go unseen.
    """
    try:
        found = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        return b""
    return found if base64.b64encode(found) == text.encode("ascii") else b""


def short_key(text: str) -> str:
    """The text itself where it fits a key column, else its digest. The same text always gives the same key."""
    plain = "".join(character for character in text if character.isprintable())
    return plain if plain == text and len(text) <= 160 else digest(text.encode("utf-8", "replace"))


def digest(body: bytes) -> str:
    return "sha256:" + hashlib.sha256(body).hexdigest()


def _decoded(encoded: str) -> str:
    try:
        return base64.b64decode(encoded.strip().encode("ascii", "replace"), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
