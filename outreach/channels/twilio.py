"""Text messages and WhatsApp through Twilio (Messages resource, API 2010-04-01): twilio.com/docs/messaging/api.

There is no idempotency key on create, so an answer in doubt stays unknown until a status callback tells: its address
carries our key. The meanings of error codes are unverified, except 21610 (opted out); `meanings` of the options
corrects a row. Delivery is told later, by the status callback.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

import httpx

from outreach.api_client import ApiClient, code_of, segment, words_of
from outreach.channel import Abilities, LastLook, Message, Receipt, Sought
from outreach.channels import meanings
from outreach.channels.meanings import Meaning, error_of
from outreach.errors import AdapterError, Outcome, Refused, Unauthorized

PROVIDER = "twilio"
LONGEST = 1600  # characters of Body; Twilio divides them into segments
_NUMBER = re.compile(r"\+[1-9]\d{6,14}")
_SENDER_OF_WHATSAPP = "whatsapp:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`number` (E.164, or a sender id) or `messaging_service`. `key_sid` with `secret` in place of `auth_token`."""

    account_sid: str
    auth_token: str = field(default="", repr=False)
    key_sid: str = ""
    secret: str = field(default="", repr=False)
    number: str = ""
    messaging_service: str = ""
    status_url: str = ""  # where status callbacks go: https://…/webhooks/<connection>
    validity: int = 0  # seconds a message may wait at Twilio, 1 to 36,000; 0: Twilio's own
    base_url: str = "https://api.twilio.com"
    meanings: Mapping[str, str] = field(default_factory=dict)  # Twilio's code → an outcome, where ours is wrong

    def __post_init__(self) -> None:
        if not (self.auth_token or (self.key_sid and self.secret)):
            raise ValueError("'auth_token' is missing; or write 'key_sid' and 'secret' of an API key.")
        if not (self.number or self.messaging_service):
            raise ValueError("'number' is missing; or write 'messaging_service'.")
        if "_" in (urlsplit(self.status_url).hostname or ""):
            raise ValueError("'status_url' has an underscore in its host, which Twilio refuses. Use another name.")
        if not 0 <= self.validity <= 36_000:
            raise ValueError("'validity' is not from 1 to 36,000 seconds.")
        for code, outcome in self.meanings.items():
            if outcome not in _BY_OUTCOME:
                raise ValueError(f"'meanings' has '{outcome}' for {code}. Write one of: {', '.join(_BY_OUTCOME)}.")


class Twilio:
    """The channel `twilio`: `sms`, `whatsapp.message` and `whatsapp.template`."""

    provider: ClassVar[str] = PROVIDER
    can: ClassVar[Abilities] = Abilities(actions=("sms", "message", "template"), max_length=LONGEST, connections=4)

    def __init__(self, options: Options, http: httpx.AsyncClient) -> None:
        self._options = options
        user, password = options.key_sid or options.account_sid, options.secret or options.auth_token
        login = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._api = ApiClient(
            PROVIDER,
            http,
            base_url=options.base_url,
            headers={"authorization": f"Basic {login}"},
            secrets=(password,),
            translate=self._finer,
        )

    def __repr__(self) -> str:
        return f"Twilio({self._options!r})"

    async def send(self, message: Message, *, last_look: LastLook) -> Receipt:
        fields = self._fields(message)
        return await self._api.post(
            f"/2010-04-01/Accounts/{segment(self._options.account_sid)}/Messages.json",
            data=fields,
            before=last_look,
            read=_taken,
        )

    async def look_up(self, sought: Sought) -> Receipt | None:
        """What we wrote to that number about that time: the list of messages, by recipient and day."""
        prefix = _SENDER_OF_WHATSAPP if sought.action.startswith("whatsapp.") else ""
        return await self._api.get(
            f"/2010-04-01/Accounts/{segment(self._options.account_sid)}/Messages.json",
            params={
                "To": prefix + _number(sought.to),
                "DateSent>": f"{sought.since - timedelta(days=1):%Y-%m-%d}",
                "PageSize": "50",
            },
            read=lambda reply: _found(reply, sought),
        )

    async def sign_in(self) -> str:
        """Read the account; nothing is sent. Raises AdapterError."""
        return await self._api.get(f"/2010-04-01/Accounts/{segment(self._options.account_sid)}.json", read=_signed_in)

    async def close(self) -> None:
        """The connections belong to the httpx client, which its owner closes."""

    def _fields(self, message: Message) -> dict[str, str]:
        if message.action not in ("sms", "whatsapp.message", "whatsapp.template"):
            said = f"cannot do {message.action!r}; it does sms, whatsapp.message and whatsapp.template"
            raise Refused(PROVIDER, said, outcome=Outcome.CONFIG)
        is_whatsapp = message.action.startswith("whatsapp.")
        prefix = _SENDER_OF_WHATSAPP if is_whatsapp else ""
        fields = {"To": prefix + _number(message.to), **self._sender(prefix)}
        fields |= _template(message) if message.action == "whatsapp.template" else _body(message)
        if self._options.status_url:
            fields["StatusCallback"] = _with_key(self._options.status_url, message.key)
        if self._options.validity:
            fields["ValidityPeriod"] = str(self._options.validity)
        return fields

    def _sender(self, prefix: str) -> dict[str, str]:
        given = {"MessagingServiceSid": self._options.messaging_service} if self._options.messaging_service else {}
        number = self._options.number.removeprefix(_SENDER_OF_WHATSAPP)
        return given | ({"From": prefix + number} if number else {})

    def _finer(self, response: httpx.Response, body: Any) -> AdapterError | None:
        code = code_of(body)
        outcome = self._options.meanings.get(code)
        meaning = _BY_OUTCOME[outcome] if outcome else _BY_CODE.get(code)
        if meaning is None or response.status_code >= 500:
            return None
        said = f"{response.status_code} {code} {words_of(body)}"
        return error_of(PROVIDER, meaning, said, code=code, response=response)


def _number(to: str) -> str:
    number = to.strip().removeprefix(_SENDER_OF_WHATSAPP)
    if not _NUMBER.fullmatch(number):
        said = f"{to!r} is no telephone number; write it with its country, as +905321234567"
        raise Refused(PROVIDER, said, outcome=Outcome.REJECTED_RECIPIENT)
    return number


def _with_key(url: str, key: str) -> str:
    """Our key travels in the callback's address: so a message whose answer was lost is settled by its own news."""
    return f"{url}{'&' if '?' in url else '?'}touch={quote(key, safe='')}"


def _body(message: Message) -> dict[str, str]:
    text = message.text.strip()
    if not text or len(text) > LONGEST:
        said = f"the text has {len(text)} characters; Twilio takes 1 to {LONGEST}"
        raise Refused(PROVIDER, said, outcome=Outcome.REJECTED_CONTENT)
    return {"Body": text}


def _template(message: Message) -> dict[str, str]:
    """A content template; its variables are numbered, or named as they are in the template."""
    if not message.template.startswith("HX"):
        said = "a WhatsApp template is named by its content sid: write `approved_as: HX…` at the head of the text"
        raise Refused(PROVIDER, said, outcome=Outcome.CONFIG)
    variables = {"ContentVariables": json.dumps(dict(message.values))} if message.values else {}
    return {"ContentSid": message.template, **variables}


def _found(reply: Any, sought: Sought) -> Receipt | None:
    """Newest first; `date_created` is RFC 2822. One that Twilio could not send at all is none of ours."""
    for message in reply["messages"]:
        is_ours = str(message["direction"]).startswith("outbound") and message.get("status") != "failed"
        if is_ours and sought.is_near(parsedate_to_datetime(message["date_created"])):
            return Receipt(provider_id=message["sid"], reply=str(message.get("status") or "found"))
    return None


def _signed_in(reply: Any) -> str:
    if reply["status"] != "active":
        raise Unauthorized(PROVIDER, f"the account is {reply['status']}")
    return f"signed in as {reply.get('friendly_name') or reply['sid']}"


def _taken(reply: Any) -> Receipt:
    """201 tells that it is queued; a message may also be refused in the answer itself, by its status."""
    sid, status = reply["sid"], reply["status"]
    if not isinstance(sid, str) or not sid:
        raise ValueError("expected the sid of the message")
    if status in ("failed", "undelivered", "canceled"):
        code = str(reply.get("error_code") or "")
        said = f"{status} {code} {reply.get('error_message') or ''}".strip()
        raise error_of(PROVIDER, _BY_CODE.get(code, meanings.CONTENT), said, code=code)
    return Receipt(provider_id=sid, reply=str(status))


_BY_OUTCOME: Mapping[str, Meaning] = {
    "rejected_recipient": meanings.RECIPIENT,
    "rejected_content": meanings.CONTENT,
    "suppressed": meanings.SUPPRESSED,
    "not_ready": meanings.NOT_READY,
    "account_blocked": meanings.BLOCKED,
    "config": meanings.SET_UP,
    "deferred": meanings.LATER,
    "throttled": meanings.LIMIT,
}
_BY_CODE: Mapping[str, Meaning] = {
    "21610": meanings.SUPPRESSED,  # the recipient sent STOP
    "21211": meanings.RECIPIENT,  # no valid number
    "21614": meanings.RECIPIENT,  # not a mobile number
    "21217": meanings.RECIPIENT,
    "21408": meanings.RECIPIENT,  # the region is not enabled for this account
    "21612": meanings.RECIPIENT,  # no route from our number to this one
    "21603": meanings.SET_UP,  # From
    "21606": meanings.SET_UP,
    "21659": meanings.SET_UP,
    "21605": meanings.CONTENT,  # too long
    "21617": meanings.CONTENT,
    "20003": meanings.BLOCKED,
    "20429": meanings.LIMIT,
    "14107": meanings.LIMIT,
    "30022": meanings.LIMIT,
    "30001": meanings.LIMIT,  # the queue is full
    "30002": meanings.BLOCKED,  # the account is suspended
    "30003": meanings.LATER,  # the handset cannot be reached
    "30004": meanings.RECIPIENT,  # blocked
    "30005": meanings.RECIPIENT,  # unknown number
    "30006": meanings.RECIPIENT,  # landline
    "30007": meanings.CONTENT,  # filtered
    "30008": meanings.LATER,
    "30032": meanings.BLOCKED,  # registration of the number
    "30034": meanings.BLOCKED,
    "63016": meanings.NOT_READY,  # outside WhatsApp's window
}
