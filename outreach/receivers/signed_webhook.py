"""The signature of Standard Webhooks 1.0.0, which Svix and its senders use as well.

Signed is `<id>.<timestamp>.<raw body>`: by HMAC-SHA256 (`v1`), whose key is what the secret's base64 stands for, never
the printable text; or by ed25519 (`v1a`), proved with a public key.
Specification: https://www.standardwebhooks.com. Headers are `webhook-…`, at Svix `svix-…`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from outreach.errors import WebhookRejected
from outreach.receiver import Delivery
from outreach.receivers.proof import exact_base64

Key = bytes | Ed25519PublicKey

TOLERANCE = timedelta(minutes=5)
_REMEDY = "write whsec_ and the base64 of 24 to 64 random bytes."
_MOST_TOKENS = 32


def secret_bytes(secret: str) -> bytes:
    """The HMAC key behind `whsec_…`. ValueError when it is empty or not base64."""
    encoded = secret.strip().removeprefix("whsec_").rstrip("=")
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"A webhook secret is not base64: {_REMEDY}") from error
    if not key:
        raise ValueError(f"A webhook secret is empty: {_REMEDY}")
    return key


def key_of(secret: str) -> Key:
    """What proves signatures: the HMAC key of `whsec_…`, or the public key of `whpk_…`. ValueError for neither."""
    if not secret.strip().startswith("whpk_"):
        return secret_bytes(secret)
    try:
        return Ed25519PublicKey.from_public_bytes(secret_bytes(secret.strip().removeprefix("whpk_")))
    except ValueError as error:
        raise ValueError(
            "A webhook key is no public key of ed25519: write whpk_ and the base64 of 32 bytes."
        ) from error


def signature(secret: str, *, webhook_id: str, timestamp: str, body: bytes) -> str:
    """One token of the `webhook-signature` header, for those who send (and for tests)."""
    return "v1," + base64.b64encode(_mac(secret_bytes(secret), webhook_id, timestamp, body)).decode("ascii")


def require_signature(delivery: Delivery, keys: tuple[Key, ...], *, prefix: str, now: datetime) -> None:
    """Raise WebhookRejected unless one of the keys signed this delivery within the last five minutes."""
    webhook_id = delivery.headers.get(f"{prefix}-id", "")
    timestamp = delivery.headers.get(f"{prefix}-timestamp", "").strip()
    if not webhook_id:
        raise WebhookRejected(f"the header {prefix}-id is missing")
    _require_fresh(timestamp, now)
    tokens = delivery.headers.get(f"{prefix}-signature", "").split()[:_MOST_TOKENS]
    signed = _signed(webhook_id, timestamp, delivery.body)
    proofs = [_is_proof(key, token, signed) for key in keys for token in tokens]
    if not any(proofs):
        raise WebhookRejected(f"no signature in {prefix}-signature matches")


def _require_fresh(timestamp: str, now: datetime) -> None:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise WebhookRejected("the timestamp is missing or is no number")
    if abs(int(now.timestamp()) - int(timestamp)) > TOLERANCE.total_seconds():
        raise WebhookRejected("the timestamp is more than five minutes away")


def _signed(webhook_id: str, timestamp: str, body: bytes) -> bytes:
    return f"{webhook_id}.{timestamp}.".encode("utf-8", "surrogatepass") + body


def _mac(secret: bytes, webhook_id: str, timestamp: str, body: bytes) -> bytes:
    return hmac.new(secret, _signed(webhook_id, timestamp, body), hashlib.sha256).digest()


def _is_proof(key: Key, token: str, signed: bytes) -> bool:
    """False for another version, a missing comma, odd characters or broken base64."""
    version, _, encoded = token.partition(",")
    given = exact_base64(encoded)
    if not given:
        return False
    if isinstance(key, bytes):
        return version == "v1" and hmac.compare_digest(given, hmac.new(key, signed, hashlib.sha256).digest())
    return version == "v1a" and _matches(key, given, signed)


def _matches(key: Ed25519PublicKey, given: bytes, signed: bytes) -> bool:
    try:
        key.verify(given, signed)
    except InvalidSignature:
        return False
    return True
