"""The signature of Standard Webhooks 1.0.0, symmetric (`v1`), which Svix and its senders use as well.

Signed is `<id>.<timestamp>.<raw body>`; the key is what the secret's base64 stands for, never the printable text.
Specification: https://www.standardwebhooks.com. Headers are `webhook-…`, at Svix `svix-…`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import datetime, timedelta

from outreach.errors import WebhookRejected
from outreach.receiver import Delivery
from outreach.receivers.proof import exact_base64

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


def signature(secret: str, *, webhook_id: str, timestamp: str, body: bytes) -> str:
    """One token of the `webhook-signature` header, for those who send (and for tests)."""
    return "v1," + base64.b64encode(_mac(secret_bytes(secret), webhook_id, timestamp, body)).decode("ascii")


def require_signature(delivery: Delivery, secrets: tuple[bytes, ...], *, prefix: str, now: datetime) -> None:
    """Raise WebhookRejected unless one of the secrets signed this delivery within the last five minutes."""
    webhook_id = delivery.headers.get(f"{prefix}-id", "")
    timestamp = delivery.headers.get(f"{prefix}-timestamp", "").strip()
    if not webhook_id:
        raise WebhookRejected(f"the header {prefix}-id is missing")
    _require_fresh(timestamp, now)
    tokens = delivery.headers.get(f"{prefix}-signature", "").split()[:_MOST_TOKENS]
    given = [mac for token in tokens if (mac := _token_bytes(token))]
    expected = [_mac(secret, webhook_id, timestamp, delivery.body) for secret in secrets]
    if not _any_equal(given, expected):
        raise WebhookRejected(f"no signature in {prefix}-signature matches")


def _require_fresh(timestamp: str, now: datetime) -> None:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise WebhookRejected("the timestamp is missing or is no number")
    if abs(int(now.timestamp()) - int(timestamp)) > TOLERANCE.total_seconds():
        raise WebhookRejected("the timestamp is more than five minutes away")


def _mac(secret: bytes, webhook_id: str, timestamp: str, body: bytes) -> bytes:
    signed = f"{webhook_id}.{timestamp}.".encode("utf-8", "surrogatepass") + body
    return hmac.new(secret, signed, hashlib.sha256).digest()


def _token_bytes(token: str) -> bytes:
    """The digest in a token; empty for another version, a missing comma, odd characters or broken base64."""
    version, _, encoded = token.partition(",")
    return exact_base64(encoded) if version == "v1" else b""


def _any_equal(given: list[bytes], expected: list[bytes]) -> bool:
    found = False
    for one in given:
        for other in expected:
            found |= hmac.compare_digest(one, other)
    return found
