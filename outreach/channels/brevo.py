"""E-mail through Brevo's API (v3, `smtp/email`): developers.brevo.com, "Send a transactional email", "Idempotency".

A key goes along (`idempotencyKey` among the headers, a UUID made from the touch key), which Brevo remembers for
15 to 30 minutes, its pages differ. That guards against a request that arrives twice; it is too short to repeat an
answer in doubt by ourselves. Brevo may replace our Message-ID (unverified): the id it answers is kept and matched.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

import httpx

from outreach.api_client import ApiClient
from outreach.channel import Abilities, LastLook, Message, Receipt
from outreach.channels import meanings
from outreach.channels.mail_api import first_meaning, headers_of, mail_of, named, text_of, told, wait_until
from outreach.channels.mail_attachments import encoded
from outreach.channels.meanings import Meaning, error_of
from outreach.clock import Clock
from outreach.errors import AdapterError, Outcome, RateLimited
from outreach.mail.tagged import plain_mark

PROVIDER = "brevo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """An API key (`xkeysib-…`, not an SMTP key)."""

    token: str = field(repr=False)
    base_url: str = "https://api.brevo.com"
    connections: int = 8


class Brevo:
    """The channel `brevo`: the action `email`."""

    provider: ClassVar[str] = PROVIDER
    can: ClassVar[Abilities] = Abilities(actions=("email",), connections=8)

    def __init__(self, options: Options, http: httpx.AsyncClient, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        headers = {"api-key": options.token}
        self._api = ApiClient(PROVIDER, http, base_url=options.base_url, headers=headers, translate=_finer)

    def __repr__(self) -> str:
        return f"Brevo({self._options!r})"

    @property
    def connections(self) -> int:
        """How many messages of this account may be on the wire at the same time."""
        return self._options.connections

    async def send(self, message: Message, *, last_look: LastLook) -> Receipt:
        mail_of(PROVIDER, message, now=self._clock.now())
        return await self._api.post("/v3/smtp/email", json=_body(message), before=last_look, read=_receipt)

    async def sign_in(self) -> str:
        """Read the account; nothing is sent. Raises AdapterError."""
        return await self._api.get("/v3/account", read=lambda reply: f"signed in as {reply['email']}")

    async def close(self) -> None:
        """The connections belong to the httpx client, which its owner closes."""


def _body(message: Message) -> dict[str, Any]:
    headers = headers_of(message) | {"idempotencyKey": _uuid(message.key)}
    if mark := plain_mark(message.message_id):
        headers["X-Mailin-custom"] = mark
    body: dict[str, Any] = {
        "sender": named(message.from_name, message.from_address),
        "to": [named(message.to_name, message.to)],
        "subject": message.subject,
        "textContent": message.text,
        "htmlContent": message.html,
        "replyTo": named("", message.reply_to) if message.reply_to else None,
        "headers": headers,
        "attachment": [{"content": each.content, "name": each.name} for each in encoded(message)],
    }
    return {name: value for name, value in body.items() if value}


def _uuid(key: str) -> str:
    """The same UUID for the same touch, at every attempt."""
    return str(UUID(bytes=hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()[:16], version=4))


def _receipt(reply: Any) -> Receipt:
    return Receipt(provider_id=told(reply["messageId"]), reply="201 accepted")


_MINUTE = Meaning(RateLimited, Outcome.THROTTLED, timedelta(minutes=1))

# The `code` of an error body.
_BY_CODE: Mapping[str, Meaning] = {
    "unauthorized": meanings.BLOCKED,
    "permission_denied": meanings.BLOCKED,
    "account_under_validation": meanings.BLOCKED,
    "not_enough_credits": meanings.BLOCKED,
    "reseller_permission_denied": meanings.BLOCKED,
    "duplicate_request": meanings.IN_DOUBT,  # the key was used before: the first request decides
    "duplicate_parameter": meanings.IN_DOUBT,  # "Idempotency": the key was used within the last 30 minutes
    "missing_parameter": meanings.WRONG_REQUEST,
    "out_of_range": meanings.WRONG_REQUEST,
    "method_not_allowed": meanings.WRONG_REQUEST,
    "not_acceptable": meanings.WRONG_REQUEST,
    "bad_request": meanings.WRONG_REQUEST,
    "document_not_found": meanings.SET_UP,
    "too_many_requests": _MINUTE,
}

# `invalid_parameter` is said of everything; the sentence tells what.
_INVALID: tuple[tuple[str, Meaning], ...] = (
    ("email is not valid in to", meanings.RECIPIENT),
    ("to is not valid", meanings.RECIPIENT),
    ("blacklisted", meanings.SUPPRESSED),
    ("unsubscribed", meanings.SUPPRESSED),
    ("sender", meanings.SET_UP),
    ("attachment", meanings.CONTENT),
    ("content", meanings.CONTENT),
)


def _finer(response: httpx.Response, body: Any) -> AdapterError | None:
    code, status = text_of(body, "code"), response.status_code
    said = text_of(body, "message") or code
    if status == 429 and "x-sib-ratelimit-reset" in response.headers:
        return _until_the_reset(response, said)
    meaning = _BY_CODE.get(code)
    if code == "invalid_parameter":
        meaning = first_meaning(_INVALID, said) or meanings.WRONG_REQUEST
    if meaning is None:
        meaning = {402: meanings.BLOCKED, 413: meanings.CONTENT}.get(status)
    text = f"{status} {said}".rstrip()
    return error_of(PROVIDER, meaning, text, code=code or str(status), response=response) if meaning else None


def _until_the_reset(response: httpx.Response, said: str) -> RateLimited:
    """`x-sib-ratelimit-reset` counts seconds (Brevo, "Rate limits"); a large one is read as an instant."""
    value = response.headers["x-sib-ratelimit-reset"].strip()
    seconds = int(value) if value.isascii() and value.isdigit() and len(value) < 7 else 0
    wait = timedelta(seconds=max(seconds, 1)) if seconds else _reset_instant(response)
    return RateLimited(PROVIDER, f"429 {said}".rstrip(), retry_after=min(wait, timedelta(hours=24)), code="429")


def _reset_instant(response: httpx.Response) -> timedelta:
    return wait_until(response, "x-sib-ratelimit-reset", default=_MINUTE.wait)
