"""A stand-in of Slack: incoming webhooks, and the signed calls of its Events API.

Words of answers as api.slack.com/messaging/webhooks has them; signing as api.slack.com/authentication describes it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime
from itertools import count
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from outreach.sandbox.answers import Answers, Hook, json_of


class SlackServer:
    """`application` is to be served; `said` are the texts that were posted. `path` is the secret part of the URL."""

    def __init__(self, *, path: str, signing_secret: str) -> None:
        self.answers = Answers()
        self.said: list[str] = []
        self.is_archived = False
        self._path = path
        self._secret = signing_secret
        self._numbers = count(1)
        post = self.answers.guarded(self._post)
        self.application = Starlette(routes=[Route("/{path:path}", post, methods=["POST"])])

    async def _post(self, request: Request) -> Response:
        if f"/{request.path_params['path']}" != self._path:
            return PlainTextResponse("no_service", 404)
        if self.is_archived:
            return PlainTextResponse("channel_is_archived", 410)
        body = await json_of(request)
        if not isinstance(body.get("text"), str) or not body["text"]:
            return PlainTextResponse("invalid_payload" if not body else "no_text", 400)
        self.said.append(body["text"])
        return PlainTextResponse("ok")

    def handshake(self, url: str, challenge: str, *, at: datetime) -> Hook:
        """How Slack asks whether an address is ours."""
        return self.signed(url, {"type": "url_verification", "token": "old", "challenge": challenge}, at=at)

    def event(self, url: str, event: dict[str, Any], *, at: datetime) -> Hook:
        envelope = {"type": "event_callback", "team_id": "T0SAMPLE", "event_id": f"Ev{next(self._numbers):08d}"}
        return self.signed(url, {**envelope, "event_time": int(at.timestamp()), "event": event}, at=at)

    def signed(self, url: str, payload: dict[str, Any], *, at: datetime) -> Hook:
        body, stamp = json.dumps(payload).encode(), str(int(at.timestamp()))
        mac = hmac.new(self._secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
        headers = {"x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={mac}"}
        return Hook(url, body, {**headers, "content-type": "application/json"})
