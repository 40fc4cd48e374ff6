"""E-mail through Mailgun's API (v3, `messages.mime`): documentation.mailgun.com, "Messages" and "API Response Codes".

The mail goes out as the MIME message we build, so that every header and our Message-ID stay as they are. The API has no
idempotency key. Tracking is switched off in each request.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

import httpx

from outreach.api_client import ApiClient, segment, words_of
from outreach.channel import Abilities, LastLook, Message, Receipt
from outreach.channels import meanings
from outreach.channels.mail_api import first_meaning, mail_of, person, told
from outreach.channels.meanings import Meaning, error_of
from outreach.clock import Clock
from outreach.errors import AdapterError, Outcome, RateLimited, Refused
from outreach.mail.tagged import MARK, plain_mark

PROVIDER = "mailgun"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """A sending key of one domain. `base_url` is https://api.eu.mailgun.net for domains in the EU."""

    token: str = field(repr=False)
    domain: str
    base_url: str = "https://api.mailgun.net"
    connections: int = 8

    def __post_init__(self) -> None:
        segment(self.domain)


class Mailgun:
    """The channel `mailgun`: the action `email`."""

    provider: ClassVar[str] = PROVIDER
    can: ClassVar[Abilities] = Abilities(actions=("email",), connections=8)

    def __init__(self, options: Options, http: httpx.AsyncClient, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        login = base64.b64encode(f"api:{options.token}".encode()).decode("ascii")
        self._api = ApiClient(
            PROVIDER,
            http,
            base_url=options.base_url,
            headers={"Authorization": f"Basic {login}"},
            secrets=(options.token,),
            translate=_finer,
        )

    def __repr__(self) -> str:
        return f"Mailgun({self._options!r})"

    @property
    def connections(self) -> int:
        """How many messages of this account may be on the wire at the same time."""
        return self._options.connections

    async def send(self, message: Message, *, last_look: LastLook) -> Receipt:
        mail = mail_of(PROVIDER, message, now=self._clock.now())
        fields = {
            "to": person("", message.to),
            "o:tracking": "no",
            "o:tracking-clicks": "no",
            "o:tracking-opens": "no",
        }
        if mark := plain_mark(message.message_id):
            fields[f"v:{MARK}"] = mark
        parts: list[tuple[str, Any]] = [(name, (None, value)) for name, value in fields.items()]
        parts.append(("message", ("message.eml", mail, "message/rfc822")))
        path = f"/v3/{segment(self._options.domain)}/messages.mime"
        headers = {"Content-Type": f"multipart/form-data; boundary={_boundary(message.key)}"}
        return await self._api.post(path, files=parts, headers=headers, before=last_look, read=_receipt)

    async def sign_in(self) -> str:
        """Ask to send nothing to nobody: a sending key may read nothing, and is refused with 400 alone (unverified).

        Raises AdapterError.
        """
        path = f"/v3/{segment(self._options.domain)}/messages"
        try:
            await self._api.post(path, data={"o:testmode": "yes"}, is_write=False, read=lambda _: None)
        except Refused as refused:
            if refused.code != "400":
                raise
        return f"signed in for {self._options.domain}"

    async def close(self) -> None:
        """The connections belong to the httpx client, which its owner closes."""


def _boundary(key: str) -> str:
    """From the key, so that the same message makes the same request."""
    return "form-" + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def _receipt(reply: Any) -> Receipt:
    return Receipt(provider_id=told(reply["id"]), reply=str(reply.get("message", ""))[:200])


_HOUR = Meaning(RateLimited, Outcome.THROTTLED, timedelta(hours=1))

# Mailgun gives no codes; these words stand in `message`, with 400 or 403.
_BY_WORDS: tuple[tuple[str, Meaning], ...] = (
    ("limit exceeded", _HOUR),
    ("exceeded the maximum", _HOUR),
    ("to parameter is not a valid", meanings.RECIPIENT),
    ("'to' parameter is not a valid", meanings.RECIPIENT),
    ("not allowed to send", meanings.BLOCKED),
    ("domain is disabled", meanings.BLOCKED),
    ("free accounts are for test purposes only", meanings.SET_UP),
    ("unverified and requires dns", meanings.SET_UP),
)
_BY_STATUS = {402: meanings.BLOCKED, 404: meanings.SET_UP, 413: meanings.CONTENT}


def _finer(response: httpx.Response, body: Any) -> AdapterError | None:
    said, status = words_of(body), response.status_code
    meaning = first_meaning(_BY_WORDS, said) if status in (400, 403) else _BY_STATUS.get(status)
    return error_of(PROVIDER, meaning, f"{status} {said}".rstrip(), code=str(status)) if meaning else None
