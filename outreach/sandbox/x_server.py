"""A stand-in of X's API v2 for messages, follows and likes, with its windows of limits, its CRC and signed events.

Shapes and headers as docs.x.com describes them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from outreach.sandbox.answers import Answers, Hook, Refusal, json_of

_WINDOW = timedelta(minutes=15)
_MOST = {"dm": 15, "follow": 50, "like": 50}


@dataclass(slots=True)
class Account:
    """One person on X."""

    id: str
    handle: str
    takes_messages: bool = True
    posts: list[str] = field(default_factory=list)
    has_written: bool = False


@dataclass(frozen=True, slots=True)
class Act:
    """`dm`, `follow` or `like`, of whom, with what."""

    what: str
    account: str
    text: str


class XServer:
    """`application` is to be served; `now` says which window of limits it is."""

    def __init__(self, *, token: str, user_id: str, consumer_secret: str, now: Callable[[], datetime]) -> None:
        self.answers = Answers()
        self.accounts: dict[str, Account] = {}
        self.done: list[Act] = []
        self._token = token
        self._me = user_id
        self._secret = consumer_secret
        self._now = now
        self._numbers = count(1)
        self._used: Counter[tuple[str, int]] = Counter()
        self.application = Starlette(routes=[self._route(*each) for each in self._paths()])

    def add(self, account: Account) -> Account:
        self.accounts[account.id] = account
        return account

    def _paths(self) -> list[tuple[str, Callable[[Request], Any], str]]:
        return [
            ("/2/users/by/username/{handle}", self._look_up, "GET"),
            ("/2/users/{id}/tweets", self._posts, "GET"),
            ("/2/dm_conversations/with/{id}/dm_events", self._conversation, "GET"),
            ("/2/dm_conversations/with/{id}/messages", self._dm, "POST"),
            ("/2/users/{me}/following", self._follow, "POST"),
            ("/2/users/{me}/likes", self._like, "POST"),
        ]

    def _route(self, path: str, handle: Callable[[Request], Any], method: str) -> Route:
        return Route(path, self.answers.guarded(handle, before=self._check), methods=[method])

    def _check(self, request: Request) -> None:
        if request.headers.get("authorization") != f"Bearer {self._token}":
            raise _refusal(401, "Unauthorized", "Unauthorized")
        if request.path_params.get("me", self._me) != self._me:
            raise _refusal(403, "Forbidden", "You are not permitted to perform this action: the client is not allowed")

    def _count(self, what: str) -> dict[str, str]:
        """The limit of this window, as headers; 429 when it is used up."""
        window = int(self._now().timestamp() // _WINDOW.total_seconds())
        reset = int((window + 1) * _WINDOW.total_seconds())
        self._used[(what, window)] += 1
        left = _MOST[what] - self._used[(what, window)]
        headers = {"x-rate-limit-limit": str(_MOST[what]), "x-rate-limit-remaining": str(max(left, 0))}
        headers["x-rate-limit-reset"] = str(reset)
        if left < 0:
            raise Refusal(429, {"title": "Too Many Requests", "detail": "Too Many Requests", "status": 429}, headers)
        return headers

    async def _look_up(self, request: Request) -> Response:
        handle = request.path_params["handle"].lower()
        found = next((one for one in self.accounts.values() if one.handle.lower() == handle), None)
        if found is None:
            error = {"title": "Not Found Error", "detail": f"Could not find user with username: [{handle}]."}
            return JSONResponse({"errors": [error]})
        return JSONResponse({"data": {"id": found.id, "name": found.handle, "username": found.handle}})

    async def _posts(self, request: Request) -> Response:
        posts = self._account(request.path_params["id"]).posts
        return JSONResponse({"data": [{"id": one} for one in posts], "meta": {"result_count": len(posts)}})

    async def _conversation(self, request: Request) -> Response:
        account = self._account(request.path_params["id"])
        events = [{"id": "1", "event_type": "MessageCreate", "sender_id": account.id}] if account.has_written else []
        return JSONResponse({"data": events, "meta": {"result_count": len(events)}})

    async def _dm(self, request: Request) -> Response:
        account, body = self._account(request.path_params["id"]), await json_of(request)
        if not isinstance(body.get("text"), str) or not body["text"]:
            raise _refusal(400, "Invalid Request", "One or more parameters to your request was invalid.")
        headers = self._count("dm")
        if not account.takes_messages:
            raise _refusal(403, "Forbidden", "You cannot send messages to this user.")
        self.done.append(Act("dm", account.id, body["text"]))
        data = {"dm_conversation_id": f"{self._me}-{account.id}", "dm_event_id": str(10**15 + next(self._numbers))}
        return JSONResponse({"data": data}, 201, headers)

    async def _follow(self, request: Request) -> Response:
        account = self._account(str((await json_of(request)).get("target_user_id")))
        headers = self._count("follow")
        self.done.append(Act("follow", account.id, ""))
        return JSONResponse({"data": {"following": True, "pending_follow": False}}, 200, headers)

    async def _like(self, request: Request) -> Response:
        post = str((await json_of(request)).get("tweet_id"))
        owner = next((one for one in self.accounts.values() if post in one.posts), None)
        if owner is None:
            raise _refusal(404, "Not Found Error", "Could not find the post.")
        headers = self._count("like")
        self.done.append(Act("like", owner.id, post))
        return JSONResponse({"data": {"liked": True}}, 200, headers)

    def _account(self, number: str) -> Account:
        if number not in self.accounts:
            raise _refusal(404, "Not Found Error", "Could not find user.")
        return self.accounts[number]

    def crc(self, url: str, token: str) -> Hook:
        """How X asks whether an address is ours."""
        return Hook(f"{url}?{urlencode({'crc_token': token})}", method="GET")

    def crc_answer(self, token: str) -> dict[str, str]:
        """What it wants to hear."""
        return {"response_token": f"sha256={self._signed(token.encode())}"}

    def event(self, url: str, kind: str, payload: dict[str, Any]) -> Hook:
        """One event of the activity API."""
        data = {"event_uuid": f"-{next(self._numbers):06d}", "event_type": kind, "filter": {"user_id": self._me}}
        return self._hook(url, {"data": data | {"tag": "", "payload": payload}})

    def message(self, url: str, sender: str, text: str, *, at: datetime) -> Hook:
        """A person wrote to us."""
        return self.event(url, "dm.received", self.message_events(sender, text, at=at))

    def message_events(self, sender: str, text: str, *, at: datetime) -> dict[str, Any]:
        create = {"sender_id": sender, "target": {"recipient_id": self._me}, "message_data": {"text": text}}
        event = {"type": "message_create", "id": str(2 * 10**15 + next(self._numbers)), "message_create": create}
        event["created_timestamp"] = str(int(at.timestamp() * 1000))
        known = self.accounts.get(sender)
        user = {"data": {"username": known.handle if known else "nobody", "name": "Ada Sample"}}
        return {"direct_message_events": [event], "users": {sender: user}}

    def _hook(self, url: str, payload: dict[str, Any]) -> Hook:
        body = json.dumps(payload).encode()
        headers = {
            "content-type": "application/json",
            "x-twitter-webhooks-signature": f"sha256={self._signed(body)}",
        }
        return Hook(url, body, headers)

    def _signed(self, text: bytes) -> str:
        return base64.b64encode(hmac.new(self._secret.encode(), text, hashlib.sha256).digest()).decode()


def _refusal(status: int, title: str, detail: str) -> Refusal:
    return Refusal(status, {"title": title, "detail": detail, "type": "about:blank", "status": status})
