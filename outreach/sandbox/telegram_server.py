"""A stand-in of Telegram's Bot API: it writes to chats that somebody opened, and calls the webhook it was given.

Shapes and descriptions as core.telegram.org/bots/api describes them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from outreach.sandbox.answers import Answers, Hook, Refusal, json_of


@dataclass(frozen=True, slots=True)
class Post:
    """One message of the bot."""

    id: int
    chat: int
    text: str


class TelegramServer:
    """`chats`: those a person opened; `blocked`: those in which the person blocked the bot."""

    def __init__(self, *, token: str, secret: str) -> None:
        self.answers = Answers()
        self.sent: list[Post] = []
        self.chats: set[int] = set()
        self.blocked: set[int] = set()
        self._token = token
        self._secret = secret
        self._numbers = count(1)
        send = self.answers.guarded(self._send, before=self._check)
        self.application = Starlette(routes=[Route("/bot{token}/sendMessage", send, methods=["POST"])])

    def _check(self, request: Request) -> None:
        if request.path_params["token"] != self._token:
            raise _refusal(401, "Unauthorized")

    async def _send(self, request: Request) -> Response:
        body = await json_of(request)
        chat, text = body.get("chat_id"), body.get("text")
        if not isinstance(text, str) or not text.strip():
            raise _refusal(400, "Bad Request: message text is empty")
        if len(text) > 4096:
            raise _refusal(400, "Bad Request: message is too long")
        if chat in self.blocked:
            raise _refusal(403, "Forbidden: bot was blocked by the user")
        if not isinstance(chat, int) or chat not in self.chats:
            raise _refusal(400, "Bad Request: chat not found")
        post = Post(next(self._numbers), chat, text)
        self.sent.append(post)
        return JSONResponse({"ok": True, "result": {"message_id": post.id, "chat": {"id": chat}, "text": text}})

    def update(self, url: str, *, chat: int, username: str, text: str, at: datetime) -> Hook:
        """A message of a person to the bot; it opens the chat."""
        self.chats.add(chat)
        person = {"id": chat, "is_bot": False, "first_name": "Ada", "username": username}
        message = {
            "message_id": next(self._numbers),
            "date": int(at.timestamp()),
            "chat": {"id": chat, "type": "private", "username": username},
            "from": person,
            "text": text,
        }
        body = json.dumps({"update_id": 10_000 + next(self._numbers), "message": message}).encode()
        headers = {"content-type": "application/json", "x-telegram-bot-api-secret-token": self._secret}
        return Hook(url, body, headers)


def _refusal(status: int, words: str) -> Refusal:
    return Refusal(status, {"ok": False, "error_code": status, "description": words})
