"""Webhooks as SendGrid, Mailgun, Amazon SNS, Resend and the providers with basic auth make them, truly signed."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from outreach.receivers.mailgun import signature as mailgun_signature
from outreach.receivers.ses_topic import string_to_sign
from outreach.receivers.signed_webhook import signature as svix_signature
from outreach.sandbox.answers import Hook

BOUNDARY = "sandbox-form-boundary"


@dataclass(frozen=True, slots=True)
class File:
    """A file of a form."""

    name: str
    content_type: str
    content: bytes


def multipart(fields: Mapping[str, str | bytes | File]) -> tuple[str, bytes]:
    """(content type, body) of a form with files (RFC 7578)."""
    parts = []
    for name, value in fields.items():
        head, content = f'Content-Disposition: form-data; name="{name}"', value
        if isinstance(value, File):
            head += f'; filename="{value.name}"\r\nContent-Type: {value.content_type}'
            content = value.content
        raw = content.encode() if isinstance(content, str) else content
        assert isinstance(raw, bytes)
        parts.append(f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + raw + b"\r\n")
    return f"multipart/form-data; boundary={BOUNDARY}", b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def with_login(url: str, body: bytes, *, user: str, password: str, content_type: str = "application/json") -> Hook:
    """A call with user and password, as a URL that holds them makes it (RFC 7617)."""
    login = base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
    return Hook(url, body, {"authorization": f"Basic {login}", "content-type": content_type})


class SendGridHooks:
    """Signs as SendGrid does; `public_key` is what its page shows. The same number makes the same key."""

    def __init__(self, url: str, *, number: int = 20261121) -> None:
        self._url = url
        self._key = ec.derive_private_key(number, ec.SECP256R1())
        public = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.public_key = base64.b64encode(public).decode("ascii")

    def events(self, events: Sequence[Mapping[str, Any]], *, at: datetime) -> Hook:
        body = json.dumps(list(events)).encode() + b"\r\n"
        return self.signed(body, at=at, content_type="application/json")

    def mail(self, fields: Mapping[str, str | bytes | File], *, at: datetime) -> Hook:
        content_type, body = multipart(fields)
        return self.signed(body, at=at, content_type=content_type)

    def signed(self, body: bytes, *, at: datetime, content_type: str) -> Hook:
        timestamp = str(int(at.timestamp()))
        made = self._key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
        headers = {
            "content-type": content_type,
            "x-twilio-email-event-webhook-signature": base64.b64encode(made).decode("ascii"),
            "x-twilio-email-event-webhook-timestamp": timestamp,
        }
        return Hook(self._url, body, headers)


@dataclass(frozen=True, slots=True)
class MailgunHooks:
    """Signs as Mailgun does."""

    url: str
    signing_key: str = field(repr=False)

    def triple(self, token: str, *, at: datetime) -> dict[str, str]:
        timestamp = str(int(at.timestamp()))
        made = mailgun_signature(self.signing_key, timestamp, token)
        return {"timestamp": timestamp, "token": token, "signature": made}

    def event(self, event: Mapping[str, Any], *, token: str, at: datetime) -> Hook:
        body = {"signature": self.triple(token, at=at), "event-data": dict(event)}
        return Hook(self.url, json.dumps(body).encode(), {"content-type": "application/json"})

    def mail(self, fields: Mapping[str, str | bytes | File], *, token: str, at: datetime) -> Hook:
        content_type, body = multipart({**fields, **self.triple(token, at=at)})
        return Hook(self.url, body, {"content-type": content_type})


@dataclass(frozen=True, slots=True)
class ResendHooks:
    """Signs as Svix does."""

    url: str
    secret: str = field(repr=False)

    def event(self, payload: Mapping[str, Any], *, svix_id: str, at: datetime) -> Hook:
        body, timestamp = json.dumps(dict(payload)).encode(), str(int(at.timestamp()))
        headers = {
            "content-type": "application/json",
            "svix-id": svix_id,
            "svix-timestamp": timestamp,
            "svix-signature": svix_signature(self.secret, webhook_id=svix_id, timestamp=timestamp, body=body),
        }
        return Hook(self.url, body, headers)


class TopicHooks:
    """An SNS topic with a certificate of its own, valid for a year around `at`."""

    def __init__(self, url: str, *, topic: str, at: datetime) -> None:
        self.topic = topic
        self.certificate_url = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
        self._url = url
        self._at = at

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @cached_property
    def certificate(self) -> bytes:
        """The PEM that lies at `certificate_url`."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
        built = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(20261121)
            .not_valid_before(self._at - timedelta(days=180))
            .not_valid_after(self._at + timedelta(days=180))
        )
        return built.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)

    def notification(self, message: Mapping[str, Any] | str, *, version: str = "1", **more: str) -> Hook:
        text = message if isinstance(message, str) else json.dumps(dict(message))
        return self.call("Notification", {"Message": text, **more}, version=version)

    def confirmation(self) -> Hook:
        confirm = f"https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={self.topic}"
        return self.call("SubscriptionConfirmation", {"Message": "…", "SubscribeURL": confirm, "Token": "2336412f37"})

    def call(self, kind: str, content: Mapping[str, str], *, version: str = "1") -> Hook:
        """Any type of call, signed with SHA-1 (version 1) or SHA-256 (version 2)."""
        made_of = json.dumps([kind, dict(content)]).encode()
        payload = {
            "Type": kind,
            "MessageId": content.get("MessageId", hashlib.sha256(made_of).hexdigest()[:32]),
            "TopicArn": self.topic,
            "Timestamp": self._at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "SignatureVersion": version,
            "SigningCertURL": self.certificate_url,
            **content,
        }
        algorithm = hashes.SHA256() if version == "2" else hashes.SHA1()  # noqa: S303  # as Amazon signs by default
        made = self._key.sign(string_to_sign(payload), padding.PKCS1v15(), algorithm)
        body = json.dumps({**payload, "Signature": base64.b64encode(made).decode("ascii")}).encode()
        headers = {
            "content-type": "text/plain; charset=UTF-8",
            "x-amz-sns-message-type": kind,
            "x-amz-sns-message-id": payload["MessageId"],
        }
        return Hook(self._url, body, headers)
