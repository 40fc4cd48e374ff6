"""HMAC over a body: what most providers sign with. Several active secrets, constant time, one answer for every flaw."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from outreach.errors import WebhookRejected
from outreach.receivers.proof import is_one_of, require_basic_auth


def hex_macs(secrets: Iterable[str], signed: bytes, *, start: str = "") -> tuple[str, ...]:
    """What each secret makes of the signed bytes, in hexadecimal, behind `start` (`sha256=`)."""
    return tuple(start + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets)


def base64_macs(secrets: Iterable[str], signed: bytes, *, start: str = "") -> tuple[str, ...]:
    return tuple(start + base64_mac(secret, signed, "sha256") for secret in secrets)


def base64_mac(secret: str, signed: bytes, algorithm: str) -> str:
    """`algorithm` by hashlib's name: sha1, sha256."""
    return base64.b64encode(hmac.new(secret.encode(), signed, algorithm).digest()).decode()


def require_mac(given: str, expected: tuple[str, ...], header: str) -> None:
    """Raise WebhookRejected unless the header is one of the signatures. Every one is compared."""
    if not is_one_of(given, expected):
        raise WebhookRejected(f"the header {header} is missing or wrong")


def require_fresh(stamp: str, *, now: datetime, within: timedelta) -> None:
    """Raise WebhookRejected unless a signed time, in unix seconds, is near: an old delivery is not played again."""
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise WebhookRejected("the signed time is missing or is no number")
    if abs(int(now.timestamp()) - int(stamp)) > within.total_seconds():
        raise WebhookRejected("the signed time is too far away")


def require_user(headers: Mapping[str, str], user: str, passwords: tuple[str, ...]) -> None:
    """User and password of the URL, where some are configured, on top of the signature."""
    if passwords:
        require_basic_auth(headers, user, passwords)
