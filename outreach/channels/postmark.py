"""E-mail through Postmark's API: postmarkapp.com/developer, "Send a single email" and "API error codes".

The API has no idempotency key. `X-PM-KeepID` keeps our Message-ID. Tracking is switched off in each request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

import httpx

from outreach.api_client import ApiClient, words_of
from outreach.channel import Abilities, LastLook, Message, Receipt
from outreach.channels import meanings
from outreach.channels.mail_api import headers_of, mail_of, person, text_of, told
from outreach.channels.mail_attachments import Encoded, encoded
from outreach.channels.meanings import Meaning, error_of
from outreach.clock import Clock
from outreach.errors import AdapterError, Outcome, RateLimited
from outreach.mail.tagged import MARK, plain_mark

PROVIDER = "postmark"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The token of one server, and the stream the mail belongs to; cold outreach is not for `outbound`."""

    token: str = field(repr=False)
    stream: str = "outbound"
    base_url: str = "https://api.postmarkapp.com"
    connections: int = 8


class Postmark:
    """The channel `postmark`: the action `email`."""

    provider: ClassVar[str] = PROVIDER
    can: ClassVar[Abilities] = Abilities(actions=("email",), connections=8)

    def __init__(self, options: Options, http: httpx.AsyncClient, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        headers = {"X-Postmark-Server-Token": options.token}
        self._api = ApiClient(PROVIDER, http, base_url=options.base_url, headers=headers, translate=_finer)

    def __repr__(self) -> str:
        return f"Postmark({self._options!r})"

    @property
    def connections(self) -> int:
        """How many messages of this account may be on the wire at the same time."""
        return self._options.connections

    async def send(self, message: Message, *, last_look: LastLook) -> Receipt:
        mail_of(PROVIDER, message, now=self._clock.now())
        body = _body(message, self._options.stream)
        return await self._api.post("/email", json=body, before=last_look, read=_receipt)

    async def sign_in(self) -> str:
        """Read the server the token belongs to; nothing is sent. Raises AdapterError."""
        return await self._api.get("/server", read=lambda reply: f"signed in to the server {reply['Name']}")

    async def close(self) -> None:
        """The connections belong to the httpx client, which its owner closes."""


def _body(message: Message, stream: str) -> dict[str, Any]:
    headers = headers_of(message) | ({"X-PM-KeepID": "true"} if message.message_id else {})
    body: dict[str, Any] = {
        "From": person(message.from_name, message.from_address),
        "To": person(message.to_name, message.to),
        "Subject": message.subject,
        "TextBody": message.text,
        "HtmlBody": message.html,
        "ReplyTo": person("", message.reply_to) if message.reply_to else "",
        "Headers": [{"Name": name, "Value": value} for name, value in headers.items()],
        "Metadata": {MARK: mark} if (mark := plain_mark(message.message_id)) else {},
        "MessageStream": stream,
        "TrackOpens": False,
        "TrackLinks": "None",
        "Attachments": [_attachment(each) for each in encoded(message)],
    }
    return {name: value for name, value in body.items() if value or value is False}


def _attachment(each: Encoded) -> dict[str, str]:
    found = {"Name": each.name, "Content": each.content, "ContentType": each.content_type}
    return found | ({"ContentID": f"cid:{each.content_id}"} if each.content_id else {})


def _receipt(reply: Any) -> Receipt:
    if reply["ErrorCode"] != 0:
        raise ValueError("a success with an error code")
    return Receipt(provider_id=told(reply["MessageID"]), reply=str(reply.get("Message", ""))[:200])


# The `ErrorCode` of answers to a single message, most of them with status 422.
_BY_CODE: Mapping[str, Meaning] = {
    "10": meanings.BLOCKED,  # bad or missing token
    "100": meanings.LATER,  # maintenance
    "400": meanings.SET_UP,  # the sender signature is not known
    "401": meanings.SET_UP,  # … or not confirmed
    "402": meanings.WRONG_REQUEST,
    "403": meanings.WRONG_REQUEST,
    "405": meanings.BLOCKED,  # no credits left
    "406": meanings.SUPPRESSED,  # a hard bounce, a complaint or an opt-out before
    "409": meanings.WRONG_REQUEST,
    "411": meanings.CONTENT,  # a type of attachment that is not allowed
    "412": meanings.BLOCKED,  # the account waits for approval
    "413": meanings.BLOCKED,  # the account may not send
    "429": Meaning(RateLimited, Outcome.THROTTLED, timedelta(minutes=1)),
    "1235": meanings.SET_UP,  # the stream does not exist
}


def _finer(response: httpx.Response, body: Any) -> AdapterError | None:
    code, said = text_of(body, "ErrorCode"), text_of(body, "Message") or words_of(body)
    meaning = _invalid(said) if code == "300" else _BY_CODE.get(code)
    if meaning is None and response.status_code == 413:
        meaning = meanings.CONTENT
    if meaning is None:
        return None
    return error_of(PROVIDER, meaning, f"{response.status_code} {said}".rstrip(), code=code, response=response)


def _invalid(said: str) -> Meaning:
    """300 is "invalid e-mail request": the address of the recipient, ours, or the content."""
    words = said.lower()
    if "'to'" in words:
        return meanings.RECIPIENT
    return meanings.SET_UP if "'from'" in words or "'replyto'" in words else meanings.CONTENT
