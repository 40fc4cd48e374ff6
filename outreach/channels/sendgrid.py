"""E-mail through SendGrid's Mail Send API (v3): docs.sendgrid.com, "Mail Send" and "Errors".

The API has no idempotency key and answers 202 without a body; the id stands in a header. 200 means that the message was
only checked (sandbox mode), so it is no success here. Tracking is switched off in each request. SendGrid's description
has `custom_args` as an object with a recipient, and as a text beside the recipients.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

import httpx

from outreach.api_client import ApiClient, words_of
from outreach.channel import Abilities, LastLook, Message, Receipt
from outreach.channels import meanings
from outreach.channels.mail_api import first_meaning, headers_of, mail_of, named, text_of, wait_until
from outreach.channels.mail_attachments import Encoded, encoded
from outreach.channels.meanings import Meaning, error_of
from outreach.clock import Clock
from outreach.errors import AdapterError, Outcome, RateLimited, Refused, Unauthorized
from outreach.mail.tagged import MARK, plain_mark

PROVIDER = "sendgrid"
_WAIT = timedelta(minutes=1)
_OFF = {
    "click_tracking": {"enable": False, "enable_text": False},
    "open_tracking": {"enable": False},
    "subscription_tracking": {"enable": False},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """An API key with the permission Mail Send. `base_url` is https://api.eu.sendgrid.com for accounts in the EU."""

    token: str = field(repr=False)
    base_url: str = "https://api.sendgrid.com"
    connections: int = 8


class SendGrid:
    """The channel `sendgrid`: the action `email`."""

    provider: ClassVar[str] = PROVIDER
    can: ClassVar[Abilities] = Abilities(actions=("email",), connections=8)

    def __init__(self, options: Options, http: httpx.AsyncClient, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        headers = {"Authorization": f"Bearer {options.token}"}
        self._api = ApiClient(PROVIDER, http, base_url=options.base_url, headers=headers, translate=_finer)

    def __repr__(self) -> str:
        return f"SendGrid({self._options!r})"

    @property
    def connections(self) -> int:
        """How many messages of this account may be on the wire at the same time."""
        return self._options.connections

    async def send(self, message: Message, *, last_look: LastLook) -> Receipt:
        mail_of(PROVIDER, message, now=self._clock.now())
        answers: list[httpx.Response] = []
        return await self._api.post(
            "/v3/mail/send",
            json=_body(message),
            before=last_look,
            heard=answers.append,
            read=lambda reply: _receipt(answers[0], reply),
        )

    async def sign_in(self) -> str:
        """Ask what the key may do; nothing is sent. Raises AdapterError."""
        return await self._api.get("/v3/scopes", read=_may_send)

    async def close(self) -> None:
        """The connections belong to the httpx client, which its owner closes."""


def _body(message: Message) -> dict[str, Any]:
    recipient: dict[str, Any] = {"to": [named(message.to_name, message.to)]}
    if mark := plain_mark(message.message_id):
        recipient["custom_args"] = {MARK: mark}
    body: dict[str, Any] = {
        "personalizations": [recipient],
        "from": named(message.from_name, message.from_address),
        "subject": message.subject,
        "content": [{"type": "text/plain", "value": message.text}],
        "headers": headers_of(message),
        "tracking_settings": _OFF,
    }
    if message.html:
        body["content"].append({"type": "text/html", "value": message.html})
    if message.reply_to:
        body["reply_to"] = named("", message.reply_to)
    if attachments := [_attachment(each) for each in encoded(message)]:
        body["attachments"] = attachments
    return body


def _attachment(each: Encoded) -> dict[str, str]:
    found = {"content": each.content, "type": each.content_type, "filename": each.name}
    return found | ({"disposition": "inline", "content_id": each.content_id} if each.content_id else {})


def _may_send(reply: Any) -> str:
    if "mail.send" not in reply["scopes"]:
        raise Unauthorized(PROVIDER, "the key has no permission Mail Send", outcome=Outcome.CONFIG)
    return "signed in; the key may send"


def _receipt(answer: httpx.Response, reply: Any) -> Receipt:
    if answer.status_code == 200 and not reply:
        raise Refused(PROVIDER, "200: checked and not sent (sandbox mode is on)", outcome=Outcome.CONFIG, code="200")
    if answer.status_code != 202 or reply not in (None, {}):
        raise ValueError("expected 202 without a body")
    return Receipt(provider_id=answer.headers.get("x-message-id", "").strip(), reply="202 Accepted")


# What stands in `errors[].message`; SendGrid gives no codes.
_BY_WORDS: tuple[tuple[str, Meaning], ...] = (
    ("does not contain a valid address", meanings.RECIPIENT),
    ("maximum credits exceeded", Meaning(RateLimited, Outcome.THROTTLED, timedelta(hours=1))),
    ("does not match a verified sender", meanings.SET_UP),
    ("access forbidden", meanings.BLOCKED),
)


def _finer(response: httpx.Response, body: Any) -> AdapterError | None:
    said = words_of(body)
    status = str(response.status_code)
    if response.status_code == 429:
        wait = wait_until(response, "x-ratelimit-reset", default=_WAIT)
        return RateLimited(PROVIDER, f"429 {said}".rstrip(), retry_after=wait, code=status)
    if response.status_code == 413:
        return Refused(PROVIDER, "413 the message is too large", outcome=Outcome.REJECTED_CONTENT, code=status)
    meaning = first_meaning(_BY_WORDS, said) if response.status_code in (400, 401, 403) else None
    if meaning is meanings.RECIPIENT and not _is_about_the_recipient(body):
        meaning = meanings.WRONG_REQUEST
    return error_of(PROVIDER, meaning, f"{status} {said}", code=status) if meaning else None


def _is_about_the_recipient(body: Any) -> bool:
    errors = body.get("errors") if isinstance(body, dict) else None
    fields = [text_of(each, "field") for each in errors] if isinstance(errors, list) else []
    return any(each.startswith("personalizations") for each in fields)
