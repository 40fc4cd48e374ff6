"""A stand-in of Twilio's Messages resource: it checks login and shape, and signs the webhooks it makes.

Parameters, bodies and codes as twilio.com/docs/messaging/api describes them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from outreach.sandbox.answers import Answers, Hook, Refusal

_NUMBER = re.compile(r"(?:whatsapp:)?\+[1-9]\d{6,14}")
_KNOWN = {
    *("To", "From", "MessagingServiceSid", "Body", "ContentSid", "ContentVariables", "MediaUrl", "StatusCallback"),
    *("ValidityPeriod", "ScheduleType", "SendAt", "SmartEncoded", "ShortenUrls", "RiskCheck", "MessageIntent"),
}


@dataclass(frozen=True, slots=True)
class Text:
    """One message the account sent."""

    sid: str
    to: str
    body: str
    fields: tuple[tuple[str, str], ...]


class TwilioServer:
    """`application` is to be served. Numbers in `stopped` have sent STOP; those in `outside` have no open window."""

    def __init__(self, *, account_sid: str, auth_token: str) -> None:
        self.answers = Answers()
        self.sent: list[Text] = []
        self.stopped: set[str] = set()
        self.outside: set[str] = set()
        self._account = account_sid
        self._token = auth_token
        self._numbers = count(1)
        path = "/2010-04-01/Accounts/{account}/Messages.json"
        create = self.answers.guarded(self._create, before=self._check)
        self.application = Starlette(routes=[Route(path, create, methods=["POST"])])

    def _check(self, request: Request) -> None:
        login = base64.b64encode(f"{self._account}:{self._token}".encode()).decode()
        wrong = request.headers.get("authorization") != f"Basic {login}"
        if wrong or request.path_params["account"] != self._account:
            raise _refusal(401, 20003, "Authenticate")
        if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            raise _refusal(400, 21601, "The body is no form")

    async def _create(self, request: Request) -> Response:
        form = await request.form()
        _check_shape(form)
        to = str(form["To"])
        if to in self.stopped:
            raise _refusal(400, 21610, "Attempt to send to unsubscribed recipient")
        if to in self.outside and "ContentSid" not in form:
            raise _refusal(400, 63016, "Failed to send freeform message outside the allowed window")
        sid = f"SM{next(self._numbers):032x}"
        fields = tuple(sorted((name, str(value)) for name, value in form.multi_items()))
        self.sent.append(Text(sid, to, str(form.get("Body", "")), fields))
        answer = {"sid": sid, "account_sid": self._account, "to": to, "status": "queued", "num_segments": "1"}
        return JSONResponse({**answer, "error_code": None, "error_message": None}, 201)

    def status(self, url: str, sid: str, status: str, *, error_code: str = "") -> Hook:
        """What became of a message, told to the address in StatusCallback."""
        to = next((text.to for text in self.sent if text.sid == sid), "+905321234567")
        fields = {"MessageSid": sid, "MessageStatus": status, "AccountSid": self._account, "To": to}
        return self._hook(url, fields | ({"ErrorCode": error_code} if error_code else {}))

    def inbound(self, url: str, *, sender: str, text: str, **more: str) -> Hook:
        """A message that somebody wrote to our number."""
        sid = f"SM{next(self._numbers):032x}"
        fields = {"MessageSid": sid, "SmsSid": sid, "AccountSid": self._account, "From": sender, "To": "+15005550006"}
        return self._hook(url, {**fields, "Body": text, "NumMedia": "0", "NumSegments": "1", **more})

    def _hook(self, url: str, fields: dict[str, str]) -> Hook:
        signed = url + "".join(name + fields[name] for name in sorted(fields))
        mac = hmac.new(self._token.encode(), signed.encode(), hashlib.sha1).digest()
        headers = {
            "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
            "x-twilio-signature": base64.b64encode(mac).decode(),
        }
        return Hook(url, urlencode(fields).encode(), headers)


def _check_shape(form: FormData) -> None:
    strange = sorted(set(form) - _KNOWN)
    if strange:
        raise _refusal(400, 21100, f"unknown parameter {strange[0]}")
    if not _NUMBER.fullmatch(str(form.get("To", ""))):
        raise _refusal(400, 21211, "The 'To' number is not a valid phone number")
    if not (form.get("From") or form.get("MessagingServiceSid")):
        raise _refusal(400, 21603, "A 'From' or 'MessagingServiceSid' is required")
    body = str(form.get("Body", ""))
    if not (body or form.get("ContentSid")):
        raise _refusal(400, 21602, "Message body is required")
    if len(body) > 1600:
        raise _refusal(400, 21617, "The concatenated message body exceeds the 1600 character limit")


def _refusal(status: int, code: int, words: str) -> Refusal:
    body: dict[str, Any] = {"code": code, "message": words, "status": status}
    return Refusal(status, body | {"more_info": f"https://www.twilio.com/docs/errors/{code}"})
