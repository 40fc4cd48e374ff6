"""Stand-ins of the mail APIs of SendGrid, Mailgun, Postmark, Amazon SES, Brevo and Resend, on one application.

Each lives below its own name (`/sendgrid/v3/mail/send`), checks credentials and shapes as its provider documents them,
and refuses what the real one refuses. `answers` puts any other documented answer in place of its own.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from itertools import count
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from outreach.aws_signature import Key, Request, signed_headers
from outreach.sandbox.answers import Answers, Refusal, json_of

SECRET = "sandbox-mail-api-key"  # noqa: S105  # of a stand-in, on loopback
REGION = "eu-central-1"
DOMAIN = "example.org"


@dataclass(frozen=True, slots=True)
class Taken:
    """One message a stand-in took: equal for equal requests."""

    provider: str
    to: str
    request: Any
    message_id: str


@dataclass(slots=True)
class MailApiServers:
    """`application` is to be served. `inactive` are addresses Postmark has suppressed."""

    secret: str = SECRET
    taken: list[Taken] = field(default_factory=list)
    inactive: set[str] = field(default_factory=set)
    answers: Answers = field(default_factory=Answers)
    _seen: dict[str, tuple[Any, str]] = field(default_factory=dict)
    _numbers: Any = field(default_factory=lambda: count(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def application(self) -> Starlette:
        handlers: dict[str, Callable[[HttpRequest], Awaitable[Response]]] = {
            "/sendgrid/v3/mail/send": self._sendgrid,
            "/mailgun/v3/{domain}/messages.mime": self._mailgun,
            "/postmark/email": self._postmark,
            "/ses/v2/email/outbound-emails": self._ses,
            "/brevo/v3/smtp/email": self._brevo,
            "/resend/emails": self._resend,
        }
        guarded = {path: self.answers.guarded(handler) for path, handler in handlers.items()}
        return Starlette(routes=[Route(path, handler, methods=["POST"]) for path, handler in guarded.items()])

    def _take(self, provider: str, to: str, request: Any, message_id: str = "") -> str:
        with self._lock:
            own_id = f"{provider}-{next(self._numbers):05d}"
            self.taken.append(Taken(provider, to, request, message_id))
        return own_id

    async def _sendgrid(self, request: HttpRequest) -> Response:
        if request.headers.get("authorization") != f"Bearer {self.secret}":
            said = "The provided authorization grant is invalid, expired, or revoked"
            raise Refusal(401, {"errors": [{"message": said, "field": None, "help": None}]})
        payload = await _json(request, _sendgrid_error)
        to = payload["personalizations"][0]["to"][0]["email"]
        if not _is_address(to):
            raise _sendgrid_error("Does not contain a valid address.", "personalizations.0.to.0.email")
        if not _is_ours(payload["from"]["email"]):
            said = "The from address does not match a verified Sender Identity. Mail cannot be sent."
            raise Refusal(403, {"errors": [{"message": said, "field": "from", "help": None}]})
        if payload["content"][0]["type"] != "text/plain":
            raise _sendgrid_error("If present, text/plain must be first", "content")
        message_id = payload.get("headers", {}).get("Message-ID", "")
        return Response("", 202, {"X-Message-Id": self._take("sendgrid", to, payload, message_id)})

    async def _mailgun(self, request: HttpRequest) -> Response:
        login = base64.b64encode(f"api:{self.secret}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {login}":
            raise Refusal(401, "Forbidden")
        if request.path_params["domain"] != DOMAIN:
            raise Refusal(404, {"message": f"Domain not found: {request.path_params['domain']}"})
        async with request.form() as form:
            to, file = str(form.get("to", "")), form.get("message")
            mail = await file.read() if isinstance(file, UploadFile) else b""
            fields = {name: value for name, value in form.items() if isinstance(value, str)}
        if not _is_address(to):
            raise Refusal(400, {"message": "to parameter is not a valid address. please check documentation"})
        if not mail:
            raise Refusal(400, {"message": "message parameter is missing"})
        headers = message_from_bytes(mail, policy=policy.default)
        self._take("mailgun", to, (fields, mail), str(headers["Message-ID"]))
        return JSONResponse({"id": str(headers["Message-ID"]), "message": "Queued. Thank you."}, 200)

    async def _postmark(self, request: HttpRequest) -> Response:
        if request.headers.get("x-postmark-server-token") != self.secret:
            raise Refusal(401, {"ErrorCode": 10, "Message": "The Server Token is missing or invalid."})
        payload = await _json(request, lambda said, _: Refusal(422, {"ErrorCode": 402, "Message": said}))
        to = payload["To"].rpartition("<")[2].rstrip(">")
        if not _is_address(to):
            raise Refusal(422, {"ErrorCode": 300, "Message": f"Error parsing 'To': Illegal email domain in '{to}'."})
        if not _is_ours(payload["From"].rpartition("<")[2].rstrip(">")):
            raise Refusal(422, {"ErrorCode": 400, "Message": "The 'From' address is not a Sender Signature."})
        if to in self.inactive:
            said = f"You tried to send to a recipient that has been marked as inactive. Found inactive addresses: {to}."
            raise Refusal(422, {"ErrorCode": 406, "Message": said})
        headers = {each["Name"]: each["Value"] for each in payload.get("Headers", [])}
        own_id = self._take("postmark", to, payload, headers.get("Message-ID", ""))
        return JSONResponse({"To": to, "MessageID": own_id, "ErrorCode": 0, "Message": "OK"}, 200)

    async def _ses(self, request: HttpRequest) -> Response:
        if request.headers.get("authorization") != self._ses_signature(request, await request.body()):
            said = "The request signature we calculated does not match the signature you provided."
            raise Refusal(403, {"message": said}, {"x-amzn-ErrorType": "SignatureDoesNotMatch"})
        payload = await _json(
            request, lambda said, _: Refusal(400, {"message": said}, {"x-amzn-ErrorType": "BadRequestException"})
        )
        to = payload["Destination"]["ToAddresses"][0]
        if not _is_address(to):
            raise Refusal(400, {"message": "Missing final '@domain'"}, {"x-amzn-ErrorType": "BadRequestException"})
        if not _is_ours(payload["FromEmailAddress"]):
            said = f"Email address is not verified. The following identities failed: {payload['FromEmailAddress']}"
            raise Refusal(400, {"message": said}, {"x-amzn-ErrorType": "MessageRejected"})
        mail = message_from_bytes(base64.b64decode(payload["Content"]["Raw"]["Data"]), policy=policy.default)
        return JSONResponse({"MessageId": self._take("ses", to, payload, str(mail["Message-ID"]))}, 200)

    def _ses_signature(self, request: HttpRequest, body: bytes) -> str:
        stamp = request.headers.get("x-amz-date", "")
        try:
            at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        except ValueError:
            return ""
        key = Key(access_key_id="AKIDSANDBOX", secret_access_key=self.secret, region=REGION, service="ses")
        headers = {"Content-Type": request.headers.get("content-type", "")}
        host = request.headers.get("host", "")
        signed = Request(method="POST", host=host, path=request.url.path, headers=headers, body=body)
        return signed_headers(key, signed, now=at)["Authorization"]

    async def _brevo(self, request: HttpRequest) -> Response:
        if request.headers.get("api-key") != self.secret:
            raise Refusal(401, {"code": "unauthorized", "message": "Key not found"})
        payload = await _json(request, lambda said, _: Refusal(400, {"code": "bad_request", "message": said}))
        to = payload["to"][0]["email"]
        if not _is_address(to):
            raise Refusal(400, {"code": "invalid_parameter", "message": "email is not valid in to"})
        if not _is_ours(payload["sender"]["email"]):
            raise Refusal(400, {"code": "invalid_parameter", "message": "sender is not valid or not activated"})
        key = payload.get("headers", {}).get("idempotencyKey", "")
        if key and key in self._seen:
            return JSONResponse({"messageId": self._seen[key][1]}, 201)
        own_id = self._take("brevo", to, payload, payload.get("headers", {}).get("Message-ID", ""))
        wire_id = f"<{own_id}@smtp-relay.mailin.fr>"
        self._seen[key] = (payload, wire_id)
        return JSONResponse({"messageId": wire_id}, 201)

    async def _resend(self, request: HttpRequest) -> Response:
        given = request.headers.get("authorization")
        if given != f"Bearer {self.secret}":
            raise Refusal(403, {"statusCode": 403, "name": "invalid_api_key", "message": "API key is invalid"})
        payload = await _json(request, lambda said, _: _resend_error(400, "validation_error", said))
        to = payload["to"][0].rpartition("<")[2].rstrip(">")
        if not _is_address(to):
            raise _resend_error(422, "validation_error", "Invalid `to` field. The email address needs to be valid.")
        if not _is_ours(payload["from"].rpartition("<")[2].rstrip(">")):
            raise _resend_error(403, "validation_error", "The domain is not verified.")
        key = request.headers.get("idempotency-key", "")
        if key in self._seen:
            known, own_id = self._seen[key]
            if known != payload:
                raise _resend_error(409, "invalid_idempotent_request", "Same key with another body")
            return JSONResponse({"id": own_id}, 200)
        own_id = self._take("resend", to, (key, payload), payload.get("headers", {}).get("Message-ID", ""))
        if key:
            self._seen[key] = (payload, own_id)
        return JSONResponse({"id": own_id}, 200)


async def _json(request: HttpRequest, refusal: Callable[[str, str], Refusal]) -> dict[str, Any]:
    payload = await json_of(request)
    if not payload:
        raise refusal("the body is no JSON object", "")
    return payload


def _sendgrid_error(said: str, place: str) -> Refusal:
    return Refusal(400, {"errors": [{"message": said, "field": place, "help": None}]})


def _resend_error(status: int, name: str, said: str) -> Refusal:
    return Refusal(status, {"statusCode": status, "name": name, "message": said})


def _is_address(address: str) -> bool:
    return "@" in address and "." in address.rpartition("@")[2]


def _is_ours(address: str) -> bool:
    return address.rpartition("@")[2] == DOMAIN
