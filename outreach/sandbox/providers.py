"""The world's side of every webhook: a reply service, Postmark and Unipile as they call us, and people in a browser.

Payloads and proofs are made here from the providers' documentation, not by the code that reads them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from itertools import count
from typing import Any

import httpx

from outreach.clock import Clock
from outreach.sandbox.mail_server import Mail
from outreach.sandbox.unipile_server import Done, Member

_SECONDS = 20
_URL = re.compile(r"<(https?://[^>\s]+)>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What the providers and our workspace agreed on."""

    replies: str = field(repr=False)  # whsec_…
    postmark_user: str
    postmark_password: str = field(repr=False)
    unipile_header: str
    unipile_value: str = field(repr=False)


class Providers:
    """Every method makes one call over HTTP and returns the answer, whatever it is."""

    def __init__(self, public_url: str, secrets: Secrets, clock: Clock) -> None:
        self._url = public_url
        self._secrets = secrets
        self._clock = clock
        self._numbers = count(1)
        self._http = httpx.Client(timeout=_SECONDS, trust_env=False)

    def close(self) -> None:
        self._http.close()

    def fresh_id(self, kind: str) -> str:
        return f"{kind}-{next(self._numbers):04d}"

    def reply(self, mail: Mail, text: str, *, webhook_id: str = "", secret: str = "") -> httpx.Response:
        """A reply to a mail through the generic webhook, signed as Standard Webhooks 1.0 asks."""
        payload = {
            "channel": "email",
            "from": mail.recipient,
            "to": mail.sender,
            "subject": _re(mail.header("Subject")),
            "text": text,
            "in_reply_to": f"<{mail.message_id}>",
            "received_at": _iso(self._clock.now()),
        }
        body = json.dumps({"type": "reply.received", "timestamp": _iso(self._clock.now()), "data": payload}).encode()
        headers = _signed(webhook_id or self.fresh_id("msg"), self._clock.now(), body, secret or self._secrets.replies)
        return self._http.post(f"{self._url}/webhooks/replies", content=body, headers=headers)

    def inbound(self, mail: Mail, text: str, *, subject: str = "", headers: Mapping[str, str] = {}) -> httpx.Response:
        """A mail that Postmark took in for us: an answer to one of ours."""
        own = {"Message-ID": f"<{self.fresh_id('answer')}@{mail.recipient.partition('@')[2]}>"}
        own |= {"In-Reply-To": f"<{mail.message_id}>", "References": f"<{mail.message_id}>"}
        own |= headers
        return self._postmark(
            {
                "From": mail.recipient,
                "FromName": "",
                "FromFull": {"Email": mail.recipient, "Name": "", "MailboxHash": ""},
                "To": mail.sender,
                "ToFull": [{"Email": mail.sender, "Name": "", "MailboxHash": ""}],
                "CcFull": [],
                "BccFull": [],
                "OriginalRecipient": mail.sender,
                "MailboxHash": "",
                "Subject": subject or _re(mail.header("Subject")),
                "Date": format_datetime(self._clock.now()),
                "MessageID": self.fresh_id("inbound"),
                "MessageStream": "inbound",
                "TextBody": text,
                "HtmlBody": "",
                "StrippedTextReply": "",
                "Tag": "",
                "Headers": [{"Name": name, "Value": value} for name, value in own.items()],
                "Attachments": [],
            }
        )

    def delivered(self, mail: Mail) -> httpx.Response:
        details = "smtp;250 2.0.0 Ok"
        return self._postmark(self._about(mail, "Delivery", DeliveredAt=_iso(self._clock.now()), Details=details))

    def opened(self, mail: Mail) -> httpx.Response:
        return self._postmark(
            self._about(mail, "Open", FirstOpen=True, ReceivedAt=_iso(self._clock.now()), UserAgent="Sample/1.0")
        )

    def bounced(self, mail: Mail, kind: str, details: str) -> httpx.Response:
        """`kind` is Postmark's: HardBounce, SoftBounce, …"""
        codes = {"HardBounce": 1, "SoftBounce": 4096, "SpamComplaint": 512}
        return self._postmark(
            self._about(mail, "SpamComplaint" if kind == "SpamComplaint" else "Bounce")
            | {
                "ID": 4_000_000 + next(self._numbers),
                "Type": kind,
                "TypeCode": codes[kind],
                "Email": mail.recipient,
                "From": mail.sender,
                "BouncedAt": _iso(self._clock.now()),
                "Details": details,
                "Description": "",
                "Inactive": kind != "SoftBounce",
                "CanActivate": kind == "HardBounce",
                "Subject": mail.header("Subject"),
            }
        )

    def _about(self, mail: Mail, record: str, **more: Any) -> dict[str, Any]:
        fields = {"RecordType": record, "MessageID": mail.provider_id, "Recipient": mail.recipient}
        return {**fields, "Tag": "", "Metadata": {}, "MessageStream": "outbound", **more}

    def _postmark(self, payload: Mapping[str, Any]) -> httpx.Response:
        login = (self._secrets.postmark_user, self._secrets.postmark_password)
        return self._http.post(f"{self._url}/webhooks/postmark", json=payload, auth=login)

    def relation(self, member: Member) -> httpx.Response:
        """Unipile noticed that an invitation was accepted."""
        return self._unipile(
            {
                "event": "new_relation",
                "account_id": "acc_anna",
                "account_type": "LINKEDIN",
                "webhook_name": "relations",
                "user_full_name": member.name,
                "user_provider_id": member.provider_id,
                "user_public_identifier": member.slug,
                "user_profile_url": member.url,
            }
        )

    def chat(self, member: Member, text: str, *, account_user_id: str) -> httpx.Response:
        """A message that a person wrote on LinkedIn."""
        return self._unipile(self._message(member, text, self.fresh_id("theirs"), account_user_id, is_own=False))

    def own_chat(self, done: Done, *, account_user_id: str) -> httpx.Response:
        """Our own message, which Unipile delivers to us as well."""
        return self._unipile(self._message(done.member, done.text, done.message_id, account_user_id, is_own=True))

    def _message(self, member: Member, text: str, message_id: str, account: str, *, is_own: bool) -> dict[str, Any]:
        them = {
            "attendee_id": f"att_{member.slug}",
            "attendee_name": member.name,
            "attendee_provider_id": member.provider_id,
            "attendee_profile_url": member.url,
        }
        own = {"attendee_id": "att_own", "attendee_name": "Anna Yılmaz", "attendee_provider_id": account}
        return {
            "event": "message_received",
            "account_id": "acc_anna",
            "account_type": "LINKEDIN",
            "account_info": {"user_id": account},
            "chat_id": member.chat_id,
            "message_id": message_id,
            "message": text,
            "timestamp": _iso(self._clock.now()),
            "webhook_name": "messages",
            "sender": own if is_own else them,
            "attendees": [them],
            "attachments": [],
            "reaction": None,
        }

    def _unipile(self, payload: Mapping[str, Any]) -> httpx.Response:
        """Without a JSON content type, as hooks made through the API are called."""
        headers = {self._secrets.unipile_header: self._secrets.unipile_value, "content-type": "text/plain"}
        return self._http.post(f"{self._url}/webhooks/linkedin", content=json.dumps(payload).encode(), headers=headers)

    def one_click(self, mail: Mail) -> httpx.Response:
        """What a mail program does when its user presses `unsubscribe` (RFC 8058)."""
        if mail.header("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click":
            raise ValueError("the mail offers no one-click opt-out")
        return self._http.post(opt_out_url(mail), data={"List-Unsubscribe": "One-Click"})

    def opt_out_page(self, mail: Mail) -> httpx.Response:
        """A person opens the page behind the link and presses its button."""
        url = opt_out_url(mail)
        shown = self._http.get(url)
        if shown.status_code != 200 or "<button" not in shown.text:
            return shown
        return self._http.post(url, headers={"origin": self._url})

    def look_at(self, path: str) -> httpx.Response:
        """A page of the dashboard."""
        return self._http.get(f"{self._url}{path}")


def opt_out_url(mail: Mail) -> str:
    """The address in List-Unsubscribe. Raises ValueError when the mail has none."""
    found = _URL.search(mail.header("List-Unsubscribe"))
    if not found:
        raise ValueError("the mail has no List-Unsubscribe address")
    return found[1]


def _signed(webhook_id: str, at: datetime, body: bytes, secret: str) -> dict[str, str]:
    timestamp = str(int(at.timestamp()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = hmac.new(key, f"{webhook_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    signature = "v1," + base64.b64encode(mac).decode()
    names = {"webhook-id": webhook_id, "webhook-timestamp": timestamp, "webhook-signature": signature}
    return {**names, "content-type": "application/json"}


def _re(subject: str) -> str:
    return subject if subject.lower().startswith("re:") else f"Re: {subject}"


def _iso(at: datetime) -> str:
    """To seven digits of a second, as Postmark writes them."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
