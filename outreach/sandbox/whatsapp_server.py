"""A stand-in of the WhatsApp Cloud API: it knows templates, keeps windows, and signs the webhooks it makes.

Shapes and codes as developers.facebook.com/docs/whatsapp/cloud-api describes them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from outreach.sandbox.answers import Answers, Hook, Refusal, json_of


@dataclass(frozen=True, slots=True)
class Note:
    """One message the business sent."""

    id: str
    to: str
    body: Mapping[str, Any]


class WhatsAppServer:
    """`templates`: name → how many parameters its body has. `open_windows`: numbers that wrote in the last 24 hours."""

    def __init__(
        self, *, phone_number_id: str, token: str, app_secret: str, verify_token: str, templates: Mapping[str, int]
    ) -> None:
        self.answers = Answers()
        self.sent: list[Note] = []
        self.open_windows: set[str] = set()
        self.stopped: set[str] = set()
        self._phone = phone_number_id
        self._token = token
        self._secret = app_secret
        self._verify = verify_token
        self._templates = dict(templates)
        self._numbers = count(1)
        send = self.answers.guarded(self._send, before=self._check)
        self.application = Starlette(routes=[Route("/{version}/{phone}/messages", send, methods=["POST"])])

    def _check(self, request: Request) -> None:
        if request.headers.get("authorization") != f"Bearer {self._token}":
            raise _refusal(401, 190, "Invalid OAuth access token")
        if request.path_params["phone"] != self._phone or not request.path_params["version"].startswith("v"):
            raise _refusal(400, 100, "Unsupported post request")

    async def _send(self, request: Request) -> Response:
        body = await json_of(request)
        if body.get("messaging_product") != "whatsapp":
            raise _refusal(400, 100, "The parameter messaging_product is required.")
        to = body.get("to") or body.get("recipient")
        if not isinstance(to, str) or not to or to.startswith("+"):
            raise _refusal(400, 131009, "Parameter value is not valid")
        self._check_content(to, body)
        note = Note(f"wamid.{next(self._numbers):016d}", to, body)
        self.sent.append(note)
        contact = {"input": to, "wa_id": to, "user_id": f"US.{int(to) if to.isdigit() else 1}"}
        message = {"id": note.id, "message_status": "accepted"}
        return JSONResponse({"messaging_product": "whatsapp", "contacts": [contact], "messages": [message]})

    def _check_content(self, to: str, body: Mapping[str, Any]) -> None:
        if to in self.stopped:
            raise _refusal(400, 131050, "Unable to deliver the message: the recipient stopped marketing messages")
        if body.get("type") == "template":
            self._check_template(body.get("template") or {})
        elif body.get("type") != "text" or not (body.get("text") or {}).get("body"):
            raise _refusal(400, 131008, "Required parameter is missing")
        elif to not in self.open_windows:
            raise _refusal(400, 131047, "Re-engagement message", "More than 24 hours have passed")

    def _check_template(self, template: Mapping[str, Any]) -> None:
        wanted = self._templates.get(str(template.get("name")))
        if wanted is None or set(template.get("language") or {}) != {"policy", "code"}:
            raise _refusal(404, 132001, "Template name does not exist in the translation")
        bodies = [one for one in template.get("components") or () if one.get("type") == "body"]
        given = bodies[0]["parameters"] if bodies else []
        if len(given) != wanted or not all(one.get("type") == "text" and one.get("text") for one in given):
            raise _refusal(400, 132000, "Number of parameters does not match the expected number of params")

    def handshake(self, url: str, challenge: str, *, verify_token: str = "") -> Hook:
        """How Meta asks whether an address is ours."""
        asked = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": verify_token or self._verify}
        return Hook(f"{url}?{urlencode(asked)}", method="GET")

    def status(self, url: str, note: Note, status: str, *, at: datetime, code: int = 0) -> Hook:
        found: dict[str, Any] = {"id": note.id, "status": status, "timestamp": _stamp(at), "recipient_id": note.to}
        found["biz_opaque_callback_data"] = note.body.get("biz_opaque_callback_data", "")
        if code:
            found["errors"] = [{"code": code, "title": "Not delivered", "message": "Not delivered"}]
        return self._hook(url, {"statuses": [found]})

    def inbound(self, url: str, *, number: str, text: str, at: datetime, answers: str = "") -> Hook:
        """A message of a person; with an empty number the person is known by the user id alone."""
        message = {"id": f"wamid.in{next(self._numbers):06d}", "timestamp": _stamp(at), "type": "text"}
        person = {"from": number} if number else {"from_user_id": "US.13491208655302741918"}
        more: dict[str, Any] = {"text": {"body": text}} | ({"context": {"id": answers}} if answers else {})
        contact = {"profile": {"name": "Ada Sample"}, "wa_id": number, "user_id": "US.13491208655302741918"}
        return self._hook(url, {"contacts": [contact], "messages": [message | person | more]})

    def _hook(self, url: str, value: Mapping[str, Any]) -> Hook:
        metadata = {"display_phone_number": "15550783881", "phone_number_id": self._phone}
        change = {"field": "messages", "value": {"messaging_product": "whatsapp", "metadata": metadata, **value}}
        payload = {"object": "whatsapp_business_account", "entry": [{"id": "102290129340398", "changes": [change]}]}
        body = json.dumps(payload).encode()
        mac = hmac.new(self._secret.encode(), body, hashlib.sha256).hexdigest()
        return Hook(url, body, {"content-type": "application/json", "x-hub-signature-256": f"sha256={mac}"})


def _stamp(at: datetime) -> str:
    return str(int(at.timestamp()))


def _refusal(status: int, code: int, words: str, details: str = "") -> Refusal:
    error = {"message": f"(#{code}) {words}", "type": "OAuthException", "code": code, "fbtrace_id": "Az8or2yhqkZf"}
    return Refusal(status, {"error": error | {"error_data": {"details": details or words}}})
