"""Proof that a call comes from an Amazon SNS topic of ours: docs.aws.amazon.com/sns, "Verifying the signatures".

The certificate is fetched from Amazon's own hosts alone and kept; it is trusted because TLS proves that host. Nobody
can make us fetch often: only for our own topics, and ten times in five minutes.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509 import Certificate, load_pem_x509_certificate

from outreach.errors import Refused, Unavailable, WebhookRejected
from outreach.receiver import Delivery, Fetch
from outreach.receivers.payload import Json, json_object, text_at
from outreach.receivers.proof import exact_base64

NOTIFICATION, CONFIRMATION, FAREWELL = "Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"

_HOST = re.compile(r"sns\.[a-zA-Z0-9-]{3,}\.amazonaws\.com(\.cn)?")
_SIGNED = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    CONFIRMATION: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    FAREWELL: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
_MOST_KEPT = 16
_MOST_FETCHES = 10
_A_WHILE = timedelta(minutes=5)


def is_amazons(url: str, *, suffix: str = "") -> bool:
    """An https address of SNS: the whole host, no port, no user, no control characters."""
    if not url.isascii() or not url.isprintable() or any(letter in url for letter in " \\"):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and _HOST.fullmatch(parts.netloc) is not None and parts.path.endswith(suffix)


def string_to_sign(payload: Json) -> bytes:
    """Name and value of each signed property that is there, a line each."""
    names = _SIGNED[text_at(payload, "Type")]
    found = ((name, payload.get(name)) for name in names)
    lines = (f"{name}\n{value}\n" for name, value in found if isinstance(value, str))
    return "".join(lines).encode("utf-8", "surrogatepass")


class TopicProof:
    """Checks deliveries of the topics it was given. Keeps certificates; threads share it."""

    def __init__(self, topics: tuple[str, ...], fetch: Fetch) -> None:
        self._topics = frozenset(topics)
        self._fetch = fetch
        self._kept: dict[str, Certificate] = {}
        self._fetched_at: list[datetime] = []

    def require(self, delivery: Delivery, *, now: datetime) -> None:
        """Raise WebhookRejected unless one of our topics signed it; Unavailable while the certificate cannot be had."""
        payload = _payload(delivery)
        url = text_at(payload, "SigningCertURL")
        algorithm = _algorithm(payload)
        if not is_amazons(url, suffix=".pem"):
            raise WebhookRejected("SigningCertURL is no address of Amazon SNS")
        self._require_ours(payload, delivery)
        signature = exact_base64(text_at(payload, "Signature"))
        key = self._key(url, now)
        try:
            key.verify(signature, string_to_sign(payload), padding.PKCS1v15(), algorithm)
        except InvalidSignature:
            raise WebhookRejected("the signature does not match") from None

    def _require_ours(self, payload: Json, delivery: Delivery) -> None:
        if text_at(payload, "TopicArn") not in self._topics:
            raise WebhookRejected("the topic is none of ours")
        headers = (("x-amz-sns-message-type", "Type"), ("x-amz-sns-message-id", "MessageId"))
        if any(delivery.headers.get(header, "") != text_at(payload, name) for header, name in headers):
            raise WebhookRejected("headers and body differ")

    def _key(self, url: str, now: datetime) -> rsa.RSAPublicKey:
        certificate = self._kept.get(url) or self._fetched(url, now)
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            self._kept.pop(url, None)
            raise WebhookRejected("the certificate is not valid now")
        key = certificate.public_key()
        if not isinstance(key, rsa.RSAPublicKey) or key.key_size < 2048:
            raise WebhookRejected("the certificate has no RSA key of 2048 bits or more")
        return key

    def _fetched(self, url: str, now: datetime) -> Certificate:
        self._fetched_at = [at for at in self._fetched_at if at > now - _A_WHILE]
        if len(self._fetched_at) >= _MOST_FETCHES:
            raise Unavailable("ses", "too many certificates were asked for; later")
        self._fetched_at.append(now)
        try:
            certificate = load_pem_x509_certificate(self._fetch(url))
        except (Refused, ValueError):
            raise WebhookRejected("SigningCertURL leads to no certificate") from None
        while len(self._kept) >= _MOST_KEPT:
            self._kept.pop(next(iter(self._kept)), None)
        self._kept[url] = certificate
        return certificate


def _payload(delivery: Delivery) -> Json:
    try:
        payload = json_object(delivery.body)
    except ValueError:
        raise WebhookRejected("the body is no message of SNS") from None
    if text_at(payload, "Type") not in _SIGNED:
        raise WebhookRejected("the type is none of SNS")
    return payload


def _algorithm(payload: Json) -> hashes.HashAlgorithm:
    version = text_at(payload, "SignatureVersion")
    if version == "2":
        return hashes.SHA256()
    if version == "1":
        return hashes.SHA1()  # noqa: S303  # version 1 is Amazon's default, and what it signs is not ours to choose
    raise WebhookRejected("SignatureVersion is neither 1 nor 2")
