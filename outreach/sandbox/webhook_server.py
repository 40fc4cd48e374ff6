"""A receiver of our signed webhook: it checks every header and the signature, and takes the same news once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from outreach.sandbox.stand_in import Refusal, StandIn

SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"  # noqa: S105  # sample data
_TOLERANCE = 300


@dataclass
class FakeReceiver(StandIn):
    """`news` by its id, in the order it came; `seen` counts every delivery that was taken."""

    secret: str = SECRET
    now: datetime = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
    news: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)

    def told(self, name: str) -> list[dict[str, Any]]:
        """The data of every news of that type."""
        return [each["data"] for each in self.news.values() if each["type"] == name]

    def answer(self, request: httpx.Request) -> httpx.Response:
        webhook_id, body = self._proved(request), json.loads(request.content)
        if set(body) != {"type", "timestamp", "data"} or not re.fullmatch(r"[a-z0-9_.]+", body["type"]):
            raise Refusal(422, {"message": "no news of ours"})
        datetime.fromisoformat(body["timestamp"])
        self.seen.append(webhook_id)
        self.news.setdefault(webhook_id, body)
        return httpx.Response(204)

    def _proved(self, request: httpx.Request) -> str:
        webhook_id: str = request.headers.get("webhook-id", "")
        at = request.headers.get("webhook-timestamp", "")
        if request.method != "POST" or request.headers.get("content-type") != "application/json":
            raise Refusal(415, "write application/json")
        if not re.fullmatch(r"msg_[0-9a-f]{32}", webhook_id) or not at.isdigit():
            raise Refusal(400, "webhook-id or webhook-timestamp is wrong")
        if abs(int(at) - self.now.timestamp()) > _TOLERANCE:
            raise Refusal(400, "webhook-timestamp is too old")
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        mac = hmac.new(key, f"{webhook_id}.{at}.".encode() + request.content, hashlib.sha256).digest()
        expected = f"v1,{base64.b64encode(mac).decode()}"
        if expected not in request.headers.get("webhook-signature", "").split(" "):
            raise Refusal(401, "no signature matches")
        return webhook_id
