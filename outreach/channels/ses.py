"""E-mail through Amazon SES (API v2, SendEmail with a raw message): docs.aws.amazon.com/ses, "SendEmail".

The mail goes out as the MIME message we build, signed with Signature Version 4. SES has no idempotency key, and puts a
Message-ID of its own in place of ours: `<its id>@email.amazonses.com` in us-east-1, `<its id>@<region>.amazonses.com`
elsewhere (unverified). The receipt carries it, so that answers find their message and threads go on.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import urlsplit

import httpx

from outreach.api_client import ApiClient
from outreach.aws_signature import Key, Request, signed_headers
from outreach.channel import Abilities, LastLook, Message, Receipt
from outreach.channels import meanings
from outreach.channels.mail_api import first_meaning, mail_of, person, text_of, told
from outreach.channels.meanings import Meaning, error_of
from outreach.clock import Clock
from outreach.errors import AdapterError, Outcome, RateLimited, Unauthorized
from outreach.mail.tagged import MARK, narrow_mark

PROVIDER = "ses"
_PATH = "/v2/email/outbound-emails"
_ACCOUNT = "/v2/email/account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """An access key that may `ses:SendRawEmail`. `configuration_set` is what publishes events to SNS."""

    region: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)
    configuration_set: str = ""
    base_url: str = ""  # left out: https://email.<region>.amazonaws.com
    connections: int = 8

    @property
    def url(self) -> str:
        return (self.base_url or f"https://email.{self.region}.amazonaws.com").rstrip("/")


class Ses:
    """The channel `ses`: the action `email`."""

    provider: ClassVar[str] = PROVIDER
    can: ClassVar[Abilities] = Abilities(actions=("email",), connections=8)

    def __init__(self, options: Options, http: httpx.AsyncClient, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._key = Key(
            access_key_id=options.access_key_id,
            secret_access_key=options.secret_access_key,
            region=options.region,
            service="ses",
            session_token=options.session_token,
        )
        secrets = [one for one in (options.secret_access_key, options.session_token) if one]
        self._api = ApiClient(PROVIDER, http, base_url=options.url, secrets=secrets, translate=_finer)

    def __repr__(self) -> str:
        return f"Ses({self._options!r})"

    @property
    def connections(self) -> int:
        """How many messages of this account may be on the wire at the same time."""
        return self._options.connections

    async def send(self, message: Message, *, last_look: LastLook) -> Receipt:
        mail = mail_of(PROVIDER, message, now=self._clock.now())
        body = json.dumps(_body(message, mail, self._options.configuration_set)).encode()
        return await self._api.post(
            _PATH, content=body, headers=self._signed(body), before=last_look, read=self._receipt
        )

    async def sign_in(self) -> str:
        """Read the account; nothing is sent. A key that may only send is told by AccessDenied. Raises AdapterError."""
        try:
            return await self._api.get(_ACCOUNT, headers=self._signed_read(_ACCOUNT), read=_may_send)
        except Unauthorized as refused:
            if "AccessDenied" not in f"{refused.code} {refused.said}":
                raise
            return "signed in; the key may not read the account"

    async def close(self) -> None:
        """The connections belong to the httpx client, which its owner closes."""

    def _signed(self, body: bytes) -> dict[str, str]:
        headers = {"Content-Type": "application/json"}
        url = urlsplit(self._options.url)
        request = Request(method="POST", host=url.netloc, path=url.path + _PATH, headers=headers, body=body)
        return headers | signed_headers(self._key, request, now=self._clock.now())

    def _signed_read(self, path: str) -> dict[str, str]:
        url = urlsplit(self._options.url)
        request = Request(method="GET", host=url.netloc, path=url.path + path, headers={}, body=b"")
        return signed_headers(self._key, request, now=self._clock.now())

    def _receipt(self, reply: Any) -> Receipt:
        own_id = told(reply["MessageId"])
        place = "email" if self._options.region == "us-east-1" else self._options.region
        return Receipt(provider_id=own_id, message_id=f"{own_id}@{place}.amazonses.com", reply="accepted")


def _may_send(reply: Any) -> str:
    """GetAccount of the API v2 (docs.aws.amazon.com/ses, "GetAccount")."""
    if reply["SendingEnabled"] is not True:
        raise Unauthorized(PROVIDER, "sending is switched off for this account and region")
    is_sandbox = reply.get("ProductionAccessEnabled") is False
    return "signed in; still in the sandbox, which writes to verified addresses alone" if is_sandbox else "signed in"


def _body(message: Message, mail: bytes, configuration_set: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "FromEmailAddress": person("", message.from_address),
        "Destination": {"ToAddresses": [person("", message.to)]},
        "Content": {"Raw": {"Data": base64.b64encode(mail).decode("ascii")}},
    }
    if mark := narrow_mark(message.message_id):
        body["EmailTags"] = [{"Name": MARK, "Value": mark}]
    if configuration_set:
        body["ConfigurationSetName"] = configuration_set
    if message.envelope_from and message.envelope_from != message.from_address:
        body["FeedbackForwardingEmailAddress"] = message.envelope_from
    return body


_HOUR = Meaning(RateLimited, Outcome.THROTTLED, timedelta(hours=1))
_TEN_MINUTES = Meaning(RateLimited, Outcome.THROTTLED, timedelta(minutes=10))

# The type of an error: the header x-amzn-ErrorType, or `__type` in the body. InternalFailure is missing: in doubt.
_BY_TYPE: Mapping[str, Meaning] = {
    "TooManyRequestsException": _TEN_MINUTES,
    "ThrottlingException": _TEN_MINUTES,
    "Throttling": _TEN_MINUTES,
    "LimitExceededException": _HOUR,
    "AccessDeniedException": meanings.SET_UP,
    "AccountSuspendedException": meanings.BLOCKED,
    "SendingPausedException": meanings.BLOCKED,
    "MailFromDomainNotVerifiedException": meanings.SET_UP,
    "NotFoundException": meanings.SET_UP,
    "MessageRejected": meanings.CONTENT,
    "MessageRejectedException": meanings.CONTENT,
    "BadRequestException": meanings.WRONG_REQUEST,
    "ServiceUnavailable": meanings.LATER,
}
_BY_WORDS: tuple[tuple[str, Meaning], ...] = (
    ("daily message quota", _HOUR),
    ("is not verified", meanings.SET_UP),
    ("sending paused", meanings.BLOCKED),
    ("missing final '@domain'", meanings.RECIPIENT),
    ("illegal address", meanings.RECIPIENT),
    ("invalid domain name", meanings.RECIPIENT),
    ("local address contains", meanings.RECIPIENT),
    ("domain contains", meanings.RECIPIENT),
)


def _finer(response: httpx.Response, body: Any) -> AdapterError | None:
    kind = response.headers.get("x-amzn-errortype", "") or text_of(body, "__type", "code")
    kind = kind.partition(":")[0].rpartition("#")[2].strip()
    said = text_of(body, "message", "Message")
    meaning = _BY_TYPE.get(kind)
    if meaning is not None and response.status_code != 503:
        meaning = first_meaning(_BY_WORDS, said) or meaning
    if meaning is None and response.status_code == 413:
        meaning = meanings.CONTENT
    if meaning is None:
        return None
    return error_of(PROVIDER, meaning, f"{response.status_code} {kind} {said}".strip(), code=kind, response=response)
