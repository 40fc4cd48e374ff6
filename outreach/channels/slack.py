"""Notifications to the team by an incoming webhook of Slack: api.slack.com/messaging/webhooks.

The URL is the secret. The answer to a message that was taken is the bare word `ok`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import urlsplit

import httpx

from outreach.api_client import ApiClient
from outreach.channel import Abilities, LastLook, Message, Receipt
from outreach.channels import meanings
from outreach.channels.meanings import Meaning, error_of
from outreach.errors import AdapterError, Outcome, Refused

PROVIDER = "slack"
LONGEST = 40_000  # characters; Slack cuts longer texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The address Slack gave for one channel of the team, https://hooks.slack.com/services/T…/B…/…"""

    url: str = field(repr=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("https", "http") or not parts.hostname or len(parts.path) < 2:
            raise ValueError("'url' is not an incoming webhook. Write https://hooks.slack.com/services/T…/B…/…")


class Slack:
    """The channel `slack`: `slack.message`, to the team and not to a lead."""

    provider: ClassVar[str] = PROVIDER
    can: ClassVar[Abilities] = Abilities(actions=("message",), max_length=LONGEST, connections=1)

    def __init__(self, options: Options, http: httpx.AsyncClient) -> None:
        parts = urlsplit(options.url)
        self._options = options
        self._path = parts.path
        self._api = ApiClient(
            PROVIDER,
            http,
            base_url=f"{parts.scheme}://{parts.netloc}",
            secrets=(options.url, parts.path, *parts.path.strip("/").split("/")[1:]),
            translate=_finer,
        )

    def __repr__(self) -> str:
        return f"Slack({self._options!r})"

    async def send(self, message: Message, *, last_look: LastLook) -> Receipt:
        if message.action.rpartition(".")[2] != "message":
            raise Refused(PROVIDER, f"cannot do {message.action!r}; it does message", outcome=Outcome.CONFIG)
        text = message.text.strip()
        if not text or len(text) > LONGEST:
            said = f"the text has {len(text)} characters; Slack takes 1 to {LONGEST}"
            raise Refused(PROVIDER, said, outcome=Outcome.REJECTED_CONTENT)
        body = {"text": escaped(text), "unfurl_links": False}
        return await self._api.post(self._path, json=body, before=last_look, is_text=True, read=_taken)

    async def sign_in(self) -> str:
        """Post nothing: Slack refuses that with 400 where the webhook is there (unverified). Raises AdapterError."""
        try:
            await self._api.post(self._path, json={}, is_write=False, is_text=True, read=lambda _: None)
        except Refused as refused:
            if refused.code != "400":
                raise
        return "the webhook is there"

    async def close(self) -> None:
        """The connections belong to the httpx client, which its owner closes."""


def escaped(text: str) -> str:
    """The three characters that Slack's markup is made of, so that a lead's name can mention nobody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _taken(reply: Any) -> Receipt:
    if reply.strip() != "ok":
        raise ValueError("expected ok")
    return Receipt(reply="ok")


def _finer(response: httpx.Response, _body: Any) -> AdapterError | None:
    """By status: the words of the answer (`no_service`, `channel_is_archived`) are shown, and name one status each."""
    meaning = _BY_STATUS.get(response.status_code)
    if meaning is None:
        return None
    said = f"{response.status_code} {_SAYS[response.status_code]}"
    return error_of(PROVIDER, meaning, said, code=str(response.status_code), response=response)


# 400 invalid_payload, 403 action_prohibited, 404 no_service, 410 channel_is_archived. Nothing is wrong with a lead.
_BY_STATUS: Mapping[int, Meaning] = {
    403: meanings.BLOCKED,
    404: meanings.SET_UP,
    410: meanings.SET_UP,
}
_SAYS: Mapping[int, str] = {
    403: "the webhook may not post there (action_prohibited)",
    404: "there is no such webhook any more (no_service)",
    410: "the channel is archived (channel_is_archived)",
}
