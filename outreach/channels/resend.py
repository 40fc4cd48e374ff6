"""E-mail through Resend's API: resend.com/docs, "Send Email", "Errors", "Idempotency Keys".

The touch key goes along as `Idempotency-Key`, so that a repeat within 24 hours is no second mail but gets the answer of
the first one; with another text it is refused (409), and the first one stays in doubt.
Resend may replace our Message-ID (unverified); the id in its events finds the message either way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

import httpx

from outreach.api_client import ApiClient
from outreach.channel import Abilities, LastLook, Message, Receipt
from outreach.channels import meanings
from outreach.channels.mail_api import headers_of, mail_of, person, plain_key, text_of, told, wait_until
from outreach.channels.mail_attachments import Encoded, encoded
from outreach.channels.meanings import Meaning, error_of
from outreach.clock import Clock
from outreach.errors import AdapterError, Outcome, RateLimited, Unauthorized
from outreach.mail.tagged import MARK, narrow_mark

PROVIDER = "resend"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """An API key with sending access."""

    token: str = field(repr=False)
    base_url: str = "https://api.resend.com"
    connections: int = 2


class Resend:
    """The channel `resend`: the action `email`."""

    provider: ClassVar[str] = PROVIDER
    can: ClassVar[Abilities] = Abilities(actions=("email",), keys_last=timedelta(hours=24), connections=2)

    def __init__(self, options: Options, http: httpx.AsyncClient, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._api = ApiClient(
            PROVIDER,
            http,
            base_url=options.base_url,
            headers={"Authorization": f"Bearer {options.token}"},
            key_header="Idempotency-Key",
            translate=_finer,
        )

    def __repr__(self) -> str:
        return f"Resend({self._options!r})"

    @property
    def connections(self) -> int:
        """How many messages of this account may be on the wire at the same time."""
        return self._options.connections

    async def send(self, message: Message, *, last_look: LastLook) -> Receipt:
        mail_of(PROVIDER, message, now=self._clock.now())
        return await self._api.post(
            "/emails", key=plain_key(message.key), json=_body(message), before=last_look, read=_receipt
        )

    async def sign_in(self) -> str:
        """List domains; nothing is sent. A key that may only send says so. Raises AdapterError."""
        try:
            return await self._api.get("/domains", read=lambda reply: f"signed in; {len(reply['data'])} domains")
        except Unauthorized as refused:
            if refused.code != "restricted_api_key":
                raise
            return "signed in; the key may only send"

    async def close(self) -> None:
        """The connections belong to the httpx client, which its owner closes."""


def _body(message: Message) -> dict[str, Any]:
    body: dict[str, Any] = {
        "from": person(message.from_name, message.from_address),
        "to": [person(message.to_name, message.to)],
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
        "reply_to": person("", message.reply_to) if message.reply_to else "",
        "headers": headers_of(message),
        "tags": [{"name": MARK, "value": mark}] if (mark := narrow_mark(message.message_id)) else [],
        "attachments": [_attachment(each) for each in encoded(message)],
    }
    return {name: value for name, value in body.items() if value}


def _attachment(each: Encoded) -> dict[str, str]:
    found = {"filename": each.name, "content": each.content, "content_type": each.content_type}
    return found | ({"content_id": each.content_id} if each.content_id else {})


def _receipt(reply: Any) -> Receipt:
    return Receipt(provider_id=told(reply["id"]), reply="accepted")


_SECOND = Meaning(RateLimited, Outcome.THROTTLED, timedelta(seconds=1))
_DAY = Meaning(RateLimited, Outcome.THROTTLED, timedelta(hours=24))

# The `name` of an error. `application_error` and `internal_server_error` (500) are missing on purpose: in doubt.
_BY_NAME: Mapping[str, Meaning] = {
    "missing_api_key": meanings.BLOCKED,
    "invalid_api_key": meanings.BLOCKED,
    "suspended_api_key": meanings.BLOCKED,
    "restricted_api_key": meanings.SET_UP,
    "invalid_from_address": meanings.SET_UP,
    "invalid_access": meanings.SET_UP,
    "invalid_region": meanings.SET_UP,
    "security_error": meanings.CONTENT,
    "invalid_attachment": meanings.CONTENT,
    "invalid_idempotency_key": meanings.WRONG_REQUEST,
    "invalid_idempotent_request": meanings.IN_DOUBT,  # the key was used for another text: one of the two is out
    "concurrent_idempotent_requests": meanings.IN_DOUBT,  # the first of two is still on its way
    "missing_required_field": meanings.WRONG_REQUEST,
    "invalid_parameter": meanings.WRONG_REQUEST,
    "rate_limit_exceeded": _SECOND,
    "daily_quota_exceeded": _DAY,
    "monthly_quota_exceeded": _DAY,
}


def _finer(response: httpx.Response, body: Any) -> AdapterError | None:
    name, status = text_of(body, "name"), response.status_code
    said = f"{status} {text_of(body, 'message') or name}".rstrip()
    meaning = _validation(status, said) if name == "validation_error" else _BY_NAME.get(name)
    if meaning is None and status == 413:
        meaning = meanings.CONTENT
    if meaning is _SECOND and "retry-after" not in response.headers:
        wait = wait_until(response, "ratelimit-reset", default=_SECOND.wait)
        return RateLimited(PROVIDER, said, retry_after=wait, code=name)
    return error_of(PROVIDER, meaning, said, code=name or str(status), response=response) if meaning else None


def _validation(status: int, said: str) -> Meaning:
    """403: the domain of the sender is not verified. 400 and 422: a field, which the sentence names."""
    if status == 403:
        return meanings.SET_UP
    return meanings.RECIPIENT if "`to`" in said else meanings.WRONG_REQUEST
