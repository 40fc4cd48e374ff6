"""A stand-in of any service behind a generic HTTP step: it checks a signature, and takes the same key once."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from itertools import count
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from outreach.sandbox.answers import Answers, Refusal, json_of


@dataclass(frozen=True, slots=True)
class Order:
    """One request that was taken."""

    key: str
    body: dict[str, Any]


class RequestServer:
    """Takes orders at `/orders/{kind}`, signed by Standard Webhooks 1.0 with `secret` (whsec_…)."""

    def __init__(self, *, secret: str) -> None:
        self.answers = Answers()
        self.orders: list[Order] = []
        self._secret = base64.b64decode(secret.removeprefix("whsec_"))
        self._numbers = count(1)
        take = self.answers.guarded(self._take)
        self.application = Starlette(
            routes=[
                Route("/orders/{kind}", take, methods=["POST"]),
                Route("/moved", self._moved, methods=["POST"]),
            ]
        )

    async def _moved(self, request: Request) -> Response:
        return Response(status_code=302, headers={"location": "/orders/gift"})

    async def _take(self, request: Request) -> Response:
        body = await request.body()
        key, at = request.headers.get("webhook-id", ""), request.headers.get("webhook-timestamp", "")
        mac = hmac.new(self._secret, f"{key}.{at}.".encode() + body, hashlib.sha256).digest()
        if request.headers.get("webhook-signature") != "v1," + base64.b64encode(mac).decode():
            raise Refusal(401, {"error": "the signature is wrong"})
        if request.headers.get("idempotency-key") != key:
            raise Refusal(400, {"error": "Idempotency-Key is missing"})
        if any(order.key == key for order in self.orders):
            raise Refusal(409, {"error": "this order was taken before"})
        self.orders.append(Order(key, await json_of(request)))
        return JSONResponse({"ok": True, "order": {"id": f"order-{next(self._numbers)}"}}, 201)
