"""One piece of news as the signed webhook sends it: its id, its body, and its signature (Standard Webhooks 1.0.0)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

_LARGEST = 20_000  # bytes of a body


def signature(key: bytes, webhook_id: str, timestamp: str, body: bytes) -> str:
    """One token of `webhook-signature`."""
    mac = hmac.new(key, f"{webhook_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(mac).decode('ascii')}"


def key_of(secret: str) -> bytes:
    encoded = secret.strip().removeprefix("whsec_").rstrip("=")
    try:
        decoded = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        decoded = b""
    if not 24 <= len(decoded) <= 64:
        raise ValueError("a key of `secrets` cannot be used. Write whsec_ and the base64 of 24 to 64 random bytes.")
    return decoded


def person_id_of(identity: str) -> str:
    return identity.strip().lower()


def webhook_id(name: str, identity: str) -> str:
    return f"msg_{hashlib.sha256(f'{name} {identity}'.encode()).hexdigest()[:32]}"


def known(value: Any) -> Any:
    """Without what we do not know."""
    if isinstance(value, Mapping):
        kept = {key: known(inner) for key, inner in value.items()}
        return {key: inner for key, inner in kept.items() if inner not in ("", None, {}, [], False)}
    return value


def body_of(name: str, data: dict[str, Any], at: datetime) -> bytes:
    """Serialised once: what is signed is what is sent. The text of a reply gives way until the rest fits."""
    while True:
        whole = {"type": name, "timestamp": text_of(at), "data": data}
        body = json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        text = next((part["text"] for part in data.values() if isinstance(part, dict) and part.get("text")), "")
        if len(body) <= _LARGEST or not text:
            return body
        data = {key: _with_half(part) for key, part in data.items()}


def _with_half(part: Any) -> Any:
    if not isinstance(part, dict) or not part.get("text"):
        return part
    return part | {"text": part["text"][: len(part["text"]) // 2], "is_cut": True}


def text_of(at: datetime) -> str:
    return re.sub(r"\+00:00$", "Z", at.isoformat(timespec="milliseconds"))
