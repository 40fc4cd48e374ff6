"""The signed token Google's Pub/Sub pushes with (OpenID Connect; JWS RFC 7515 with RS256), checked by Google's keys."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256

from outreach.errors import AdapterError, Unavailable, WebhookRejected
from outreach.receiver import Fetch

KEYS_URL = "https://www.googleapis.com/oauth2/v3/certs"  # unverified, as is how often they change
_ISSUERS = ("https://accounts.google.com", "accounts.google.com")
_LEEWAY = timedelta(minutes=1)
_KEPT = timedelta(hours=1)
_SOONEST = timedelta(minutes=1)  # a token that names an unknown key makes us ask no more often than this
_LONGEST = 8192

_Keys = Mapping[str, RSAPublicKey]


class GoogleTokens:
    """Checks tokens of one service account for one audience. Threads share it."""

    def __init__(self, fetch: Fetch, *, audience: str, service_account: str, keys_url: str = KEYS_URL) -> None:
        if urlsplit(keys_url).scheme != "https":
            raise ValueError("keys_url must begin with https://.")
        self._fetch, self._keys_url = fetch, keys_url
        self._audience, self._service_account = audience, service_account
        self._keys: _Keys = {}
        self._asked_at: datetime | None = None

    def check(self, authorization: str, now: datetime) -> None:
        """Raise WebhookRejected for a token that is not Google's, not ours, or over; Unavailable without keys."""
        scheme, _, token = authorization.strip().partition(" ")
        if scheme.lower() != "bearer" or len(token) > _LONGEST or token.count(".") != 2:
            raise WebhookRejected("the bearer token is missing")
        signed, _, signature = token.rpartition(".")
        head, _, claims = signed.partition(".")
        self._check_signature(_object(head), signed.encode("ascii", "replace"), _bytes(signature), now)
        self._check_claims(_object(claims), now)

    def _check_signature(self, head: Mapping[str, object], signed: bytes, signature: bytes, now: datetime) -> None:
        if head.get("alg") != "RS256":
            raise WebhookRejected("the token is signed in another way than RS256")
        key = self._key(str(head.get("kid")), now)
        try:
            key.verify(signature, signed, PKCS1v15(), SHA256())
        except InvalidSignature:
            raise WebhookRejected("the token's signature is wrong") from None

    def _check_claims(self, claims: Mapping[str, object], now: datetime) -> None:
        expected = {"aud": self._audience, "email": self._service_account, "email_verified": True}
        if claims.get("iss") not in _ISSUERS or any(claims.get(name) != value for name, value in expected.items()):
            raise WebhookRejected("the token was made for somebody else")
        begins, ends = claims.get("iat"), claims.get("exp")
        if not isinstance(begins, int) or not isinstance(ends, int):
            raise WebhookRejected("the token has no times")
        if not begins - _LEEWAY.total_seconds() <= now.timestamp() <= ends + _LEEWAY.total_seconds():
            raise WebhookRejected("the token is over, or not valid yet")

    def _key(self, kid: str, now: datetime) -> RSAPublicKey:
        age = now - self._asked_at if self._asked_at else _KEPT
        if age >= _KEPT or (kid not in self._keys and age >= _SOONEST):
            self._keys, self._asked_at = self._fetched(), now
        found = self._keys.get(kid)
        if found is None:
            raise WebhookRejected("the token names a key that Google does not have")
        return found

    def _fetched(self) -> _Keys:
        try:
            listed = json.loads(self._fetch(self._keys_url))["keys"]
            return {str(each["kid"]): _public_key(each) for each in listed if each.get("kty") == "RSA"}
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Unavailable("google", "its keys cannot be read") from None
        except AdapterError as error:
            raise Unavailable("google", f"its keys cannot be had: {error.said}") from None


def _public_key(jwk: Mapping[str, str]) -> RSAPublicKey:
    return RSAPublicNumbers(_number(jwk["e"]), _number(jwk["n"])).public_key()


def _number(text: str) -> int:
    return int.from_bytes(_bytes(text), "big")


def _object(text: str) -> Mapping[str, object]:
    try:
        value = json.loads(_bytes(text))
    except (ValueError, RecursionError):
        raise WebhookRejected("the token cannot be read") from None
    return value if isinstance(value, dict) else {}


def _bytes(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text.encode("ascii", "replace") + b"=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise WebhookRejected("the token cannot be read") from None
