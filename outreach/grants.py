"""What access tokens of OAuth 2.0 are asked for with, and how the answers read (RFC 6749, RFC 7523)."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import httpx
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from outreach.api_client import Translate, code_of, retry_after, words_of
from outreach.errors import AdapterError, RateLimited, Unauthorized, Unavailable

_AHEAD = timedelta(minutes=5)  # renewed when less than this is left …
_SHARE_AHEAD = 10  # … or a tenth of its life, for tokens that live for minutes
_TOO_MANY = timedelta(minutes=10)


class GrantKind(StrEnum):
    """How tokens are had (RFC 6749 §1.3, RFC 7523). REFRESH begins with a refresh token or, once, with a code."""

    REFRESH = "refresh_token"
    CLIENT_CREDENTIALS = "client_credentials"
    JWT_BEARER = "jwt_bearer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What one account's tokens are asked for with.

    `code` is exchanged once, with `redirect_uri`, when there is no refresh token yet; what came back is in the vault
    from then on. `assertion` makes the signed statement of JWT_BEARER. `base_url_of` reads the host to call from the
    token's answer and refuses, with ValueError, one that may not be called. `account` tells accounts of one client
    apart as long as neither a refresh token nor a code does: a person's consent brings the tokens (`consent.py`).
    """

    provider: str
    token_url: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    kind: GrantKind = GrantKind.REFRESH
    refresh_token: str = field(default="", repr=False)
    code: str = field(default="", repr=False)
    redirect_uri: str = ""
    scope: str = ""
    account: str = ""
    is_basic: bool = False  # client id and secret by HTTP Basic instead of in the form
    assertion: Callable[[datetime], str] | None = field(default=None, repr=False)
    base_url_of: Callable[[Mapping[str, Any]], str] = field(default=lambda _: "", repr=False)

    @property
    def name(self) -> str:
        """The entry in the vault. New credentials in the settings are a new entry: nothing old is in their way."""
        given = (self.refresh_token, self.code) if self.refresh_token or self.code else (self.account, "")
        what = (self.token_url, self.client_id, self.kind, self.scope, *given)
        return f"{self.provider}:{hashlib.sha256(json.dumps(what).encode()).hexdigest()[:32]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An access token. `expires_at` None: the provider does not say, and it is used until it is refused."""

    access_token: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    base_url: str = ""
    issued_at: datetime
    expires_at: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        return self.expires_at is None or now < self.expires_at

    def is_fresh(self, now: datetime) -> bool:
        """Is there enough of its life left to begin something with it?"""
        if self.expires_at is None:
            return True
        ahead = min(_AHEAD, (self.expires_at - self.issued_at) / _SHARE_AHEAD)
        return now < self.expires_at - ahead


def signed_assertion(claims: Mapping[str, Any], private_key: str) -> str:
    """A JSON Web Token signed with RS256 (RFC 7519, RFC 7518 §3.3). In the key, PEM, `\\n` may stand for line ends.

    Raises ValueError for what is no RSA key.
    """
    try:
        key = load_pem_private_key(private_key.replace("\\n", "\n").encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("the private key cannot be read. Write an RSA key in PEM, without a passphrase.")
    signed = f"{_base64url(_compact({'alg': 'RS256', 'typ': 'JWT'}))}.{_base64url(_compact(claims))}"
    return f"{signed}.{_base64url(key.sign(signed.encode(), PKCS1v15(), SHA256()))}"


def _compact(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def form_of(grant: Grant, proof: Mapping[str, str]) -> dict[str, str]:
    """The form of a token request; `proof` is what entitles us to it."""
    client = {} if grant.is_basic else {"client_id": grant.client_id, "client_secret": grant.client_secret}
    if grant.kind is GrantKind.JWT_BEARER:
        client = {}  # the assertion names the client
    form = {**proof, **client, "scope": grant.scope}
    return {name: value for name, value in form.items() if value}


def basic_credentials(grant: Grant) -> str:
    """The client's id and secret for the header `Authorization` (RFC 6749 §2.3.1)."""
    return "Basic " + base64.b64encode(f"{grant.client_id}:{grant.client_secret}".encode()).decode()


def token_of(grant: Grant, body: Any, *, now: datetime, used: str) -> Token:
    """The token in an answer. Some providers decline with 200 (Zoho CRM): only an access token is a success.

    `used` is the refresh token that was sent, which stays ours where the answer brings no other. Raises AdapterError.
    """
    if not isinstance(body.get("access_token"), str) or not body["access_token"]:
        raise _declined(grant.provider, body)
    lifetime = body.get("expires_in")
    return Token(
        access_token=body["access_token"],
        refresh_token=body.get("refresh_token") or used,
        base_url=grant.base_url_of(body),
        issued_at=now,
        expires_at=now + timedelta(seconds=int(lifetime)) if lifetime else None,
    )


def scopes_of(body: Mapping[str, Any]) -> list[str]:
    """`scope` is a text (RFC 6749 §5.1), divided by commas at Pipedrive; HubSpot sends a list, `scopes`."""
    said = body.get("scopes") or body.get("scope") or ""
    return [str(each) for each in said] if isinstance(said, list) else str(said).replace(",", " ").split()


def refusal_of(provider: str) -> Translate:
    """How refusals of token requests read."""

    def translate(response: httpx.Response, body: Any) -> AdapterError | None:
        status = response.status_code
        if status == 429:
            return RateLimited(provider, "too many token requests", retry_after=retry_after(response, _TOO_MANY))
        if status == 408:
            return Unavailable(provider, "the token request took too long", code="408")
        if 400 <= status < 500:
            return _declined(provider, body if isinstance(body, dict) else {"error": str(status)})
        return None

    return translate


def _declined(provider: str, body: Mapping[str, Any]) -> AdapterError:
    code = str(body.get("error") or code_of(body))
    said = f"no access token: {code} {body.get('error_description') or words_of(body)}".rstrip()
    if "too many requests" in said.lower():
        return RateLimited(provider, said, retry_after=_TOO_MANY, code=code)
    return Unauthorized(provider, said, code=code)


def as_text(token: Token) -> str:
    """As it is kept in the vault."""
    ends = token.expires_at.isoformat() if token.expires_at else None
    return json.dumps(asdict(token) | {"issued_at": token.issued_at.isoformat(), "expires_at": ends})


def from_text(text: str) -> Token:
    """The token that was kept so."""
    kept = json.loads(text)
    ends = kept["expires_at"]
    instants = {
        "issued_at": datetime.fromisoformat(kept["issued_at"]).astimezone(UTC),
        "expires_at": datetime.fromisoformat(ends).astimezone(UTC) if ends else None,
    }
    return Token(**kept | instants)
