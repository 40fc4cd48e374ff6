"""Telegram messages by a bot (Bot API, sendMessage): core.telegram.org/bots/api.

A bot cannot write first to a person who never started it, so this is no channel for first contact: a chat id is
learned when the person writes (`receivers/telegram.py`). The token stands in the URL and is kept out of every text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

import httpx

from outreach.api_client import LONGEST_WAIT, ApiClient
from outreach.channel import Abilities, LastLook, Message, Receipt
from outreach.channels import meanings
from outreach.channels.meanings import Meaning, error_of
from outreach.errors import AdapterError, Outcome, RateLimited, Refused

PROVIDER = "telegram"
LONGEST = 4096  # characters, after entities are parsed
_CHAT = re.compile(r"-?\d{1,20}")
_TOKEN = re.compile(r"[A-Za-z0-9:_=-]{8,200}")  # it stands in a path, so nothing may end one


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The token BotFather gave, `123456:AA…`."""

    token: str = field(repr=False)
    is_silent: bool = False  # deliver without a sound
    base_url: str = "https://api.telegram.org"

    def __post_init__(self) -> None:
        if not _TOKEN.fullmatch(self.token):
            raise ValueError("'token' is not the token of a bot. Write it as BotFather gave it: 123456:AA…")


class Telegram:
    """The channel `telegram`: `telegram.message`."""

    provider: ClassVar[str] = PROVIDER
    can: ClassVar[Abilities] = Abilities(actions=("message",), max_length=LONGEST, connections=2)

    def __init__(self, options: Options, http: httpx.AsyncClient) -> None:
        self._options = options
        self._path = f"/bot{options.token}"
        self._api = ApiClient(
            PROVIDER, http, base_url=options.base_url, secrets=(options.token, self._path), translate=_finer
        )

    def __repr__(self) -> str:
        return f"Telegram({self._options!r})"

    async def send(self, message: Message, *, last_look: LastLook) -> Receipt:
        return await self._api.post(
            f"{self._path}/sendMessage", json=self._body(message), before=last_look, read=_taken
        )

    async def sign_in(self) -> str:
        """Ask who the bot is; nothing is sent. Raises AdapterError."""
        return await self._api.post(
            f"{self._path}/getMe", is_write=False, read=lambda reply: f"signed in as @{reply['result']['username']}"
        )

    async def close(self) -> None:
        """The connections belong to the httpx client, which its owner closes."""

    def _body(self, message: Message) -> dict[str, Any]:
        if message.action.rpartition(".")[2] != "message":
            raise Refused(PROVIDER, f"cannot do {message.action!r}; it does message", outcome=Outcome.CONFIG)
        chat = message.thread_id or message.to
        if not _CHAT.fullmatch(chat):
            raise Refused(PROVIDER, f"{chat!r} has not written to the bot yet", outcome=Outcome.NOT_READY)
        text = message.text.strip()
        if not text or len(text) > LONGEST:
            said = f"the text has {len(text)} characters; Telegram takes 1 to {LONGEST}"
            raise Refused(PROVIDER, said, outcome=Outcome.REJECTED_CONTENT)
        return {
            "chat_id": int(chat),
            "text": text,
            "link_preview_options": {"is_disabled": True},
            "disable_notification": self._options.is_silent,
        }


def _taken(reply: Any) -> Receipt:
    result = reply["result"]
    if reply["ok"] is not True:
        raise ValueError("expected ok")
    chat = str(int(result["chat"]["id"]))
    # A message id counts within its chat alone.
    return Receipt(provider_id=f"{chat}/{int(result['message_id'])}", thread_id=chat, reply="ok", recipient_id=chat)


def _finer(response: httpx.Response, body: Any) -> AdapterError | None:
    """By `error_code` and description; a limit names its seconds in the body."""
    if not isinstance(body, dict) or body.get("ok") is not False:
        return None
    said = f"{response.status_code} {body.get('description') or ''}".strip()
    words = said.lower()
    if response.status_code == 429:
        return RateLimited(PROVIDER, said, retry_after=_wait(body), code="429")
    for word, meaning in _BY_WORDS:
        if word in words:
            return error_of(PROVIDER, meaning, said, code=str(response.status_code), response=response)
    if response.status_code == 403:
        return error_of(PROVIDER, meanings.RECIPIENT, said, code="403")
    return None


def _wait(body: dict[str, Any]) -> timedelta:
    parameters = body.get("parameters")
    seconds = parameters.get("retry_after") if isinstance(parameters, dict) else None
    named = timedelta(seconds=min(seconds, 86_400)) if isinstance(seconds, int) and seconds > 0 else None
    return min(named or timedelta(minutes=1), LONGEST_WAIT)


# 403 speaks of the chat and not of our token: blocked by the user, kicked, never started.
_BY_WORDS: tuple[tuple[str, Meaning], ...] = (
    ("can't initiate conversation", meanings.NOT_READY),
    ("bot was blocked", meanings.RECIPIENT),
    ("user is deactivated", meanings.RECIPIENT),
    ("chat not found", meanings.RECIPIENT),
    ("peer_id_invalid", meanings.RECIPIENT),
    ("group chat was upgraded", meanings.RECIPIENT),  # `migrate_to_chat_id`: a group, and no person
    ("message is too long", meanings.CONTENT),
    ("message text is empty", meanings.CONTENT),
    ("can't parse entities", meanings.CONTENT),
    ("bot token", meanings.BLOCKED),
)
