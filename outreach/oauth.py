"""Access tokens of OAuth 2.0 (RFC 6749), kept valid: one refresh for any number of waiting tasks.

An adapter whose account needs one asks for `tokens: Tokens` in its constructor and describes its grant:

    source = tokens.source(Grant(provider="google", token_url="https://…/token", client_id=…, refresh_token=…))

    token = (await source.token()).access_token     # valid for a while yet; XOAUTH2 and the like take it from here
    again = await source.token(refused=token)       # after a 401, or 535 at a mail server: another one

An adapter on HTTP hands `Bearer(source)` to its ApiClient, which does both by itself: it replays once after a 401.

A token is renewed ahead of its end. What comes back is in the vault before it is used, so that a refresh token that
changes with each use is never lost; a newer token that another process put there is taken instead of asking again.
Errors: Unauthorized when the grant is declined, RateLimited and Unavailable when the answer has to be waited for.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

import httpx
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from outreach.api_client import ApiClient, Credentials, Translate, code_of, retry_after, words_of
from outreach.clock import Clock
from outreach.errors import AdapterError, RateLimited, Unauthorized, Unavailable

_AHEAD = timedelta(minutes=5)  # renewed when less than this is left …
_SHARE_AHEAD = 10  # … or a tenth of its life, for tokens that live for minutes
_PATIENCE = timedelta(seconds=30)
_TURN = timedelta(seconds=90)  # the longest a refresh can take, and some
_SOON = timedelta(seconds=2)  # when another process will have done it
_TOO_MANY = timedelta(minutes=10)


class Vault(Protocol):
    """Secrets that change, kept for every process of this installation. Synchronous: called in a thread."""

    def get(self, name: str) -> str | None: ...

    def put(self, name: str, value: str) -> None: ...

    def take_turn(self, name: str, *, lasting: timedelta) -> bool:
        """May this process change the entry now? False while another one is at it."""
        ...

    def end_turn(self, name: str) -> None: ...


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


class Tokens:
    """Makes token sources, one for each grant, so that a mailbox that sends and reads refreshes once."""

    def __init__(self, http: httpx.AsyncClient, *, vault: Callable[[], Vault], clock: Clock) -> None:
        """`vault` is opened with the first token, not before: whoever only reads settings needs no database."""
        self._http, self._vault, self._clock = http, vault, clock
        self._sources: dict[str, TokenSource] = {}

    def source(self, grant: Grant) -> TokenSource:
        if grant.name not in self._sources:
            self._sources[grant.name] = TokenSource(grant, self._http, vault=self._vault, clock=self._clock)
        return self._sources[grant.name]


class TokenSource:
    """Valid access tokens of one grant. Tasks share it; the httpx client belongs to the caller."""

    def __init__(self, grant: Grant, http: httpx.AsyncClient, *, vault: Callable[[], Vault], clock: Clock) -> None:
        self.grant = grant
        self._http, self._open_vault, self._clock = http, vault, clock
        self._token: Token | None = None
        self._unsaved: Token | None = None
        self._patient_until: datetime | None = None  # a refresh ahead of time failed: not with every call
        self._flight: asyncio.Task[Token] | None = None

    async def token(self, *, refused: str = "") -> Token:
        """A token to begin something with. `refused`: the access token the provider did not take."""
        if fitting := self._fitting(self._token, refused):
            return fitting
        for _ in range(2):  # the one under way may have begun before this token was refused
            # A refresh under way serves all who wait; shielded, for its result must not be lost with one of them.
            renewed = await asyncio.shield(self._under_way(refused))
            if renewed.access_token != refused:
                return renewed
        raise Unauthorized(self.grant.provider, "the access token that was refused is the only one to be had")

    async def begin(self, code: str, *, redirect_uri: str, verifier: str) -> str | None:
        """Exchange the code of a person's consent and keep what comes back; the scopes the provider says it granted.

        `verifier`: of PKCE (RFC 7636). None: the provider names no scopes. Raises Unauthorized without a refresh token.
        """
        scopes: list[str] = []
        proof = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        token = await self._exchange({**proof, "code_verifier": verifier}, told=scopes)
        if not token.refresh_token:
            raise Unauthorized(self.grant.provider, "the consent brought no refresh token, so it would end by itself")
        await self._keep(token)
        return " ".join(scopes) or None

    def _under_way(self, refused: str) -> asyncio.Task[Token]:
        loop = asyncio.get_running_loop()
        if self._flight is None or self._flight.done() or self._flight.get_loop() is not loop:
            self._flight = loop.create_task(self._renew(refused))
            self._flight.add_done_callback(_seen)
        return self._flight

    async def _renew(self, refused: str) -> Token:
        if self._unsaved:
            return await self._keep(self._unsaved)
        if stored := self._fitting(await self._stored(), refused):
            self._token = stored
            return stored
        vault, name = self._open_vault(), self.grant.name
        if not await asyncio.to_thread(vault.take_turn, name, lasting=_TURN):
            return await self._of_another(refused)
        try:
            return await self._refresh(refused)
        finally:
            await asyncio.to_thread(vault.end_turn, name)

    async def _of_another(self, refused: str) -> Token:
        """Another process is asking: what we have will do until then, or nothing does."""
        token = self._fitting(await self._stored(), refused) or self._usable(refused)
        if token is None:
            said = "another process is refreshing the access token"
            raise RateLimited(self.grant.provider, said, retry_after=_SOON)
        return token

    async def _refresh(self, refused: str) -> Token:
        stored = await self._stored()
        if fitting := self._fitting(stored, refused):
            self._token = fitting
            return fitting
        try:
            return await self._keep(await self._ask(stored))
        except Unavailable:
            usable = self._usable(refused)
            if usable is None:
                raise
            self._patient_until = self._clock.now() + _PATIENCE
            return usable
        except Unauthorized:
            newer = self._fitting(await self._stored(), refused)  # somebody used up the refresh token before us
            if newer is None:
                raise
            self._token = newer
            return newer

    async def _ask(self, stored: Token | None) -> Token:
        """Each proof we have in turn: a stored refresh token may be older than the one in the settings."""
        declined: AdapterError | None = None
        for proof in self._proofs(stored):
            try:
                return await self._exchange(proof)
            except Unauthorized as error:
                declined = declined or error
        raise declined or Unauthorized(self.grant.provider, "there is no refresh token. Run: outreach crm authorize")

    def _proofs(self, stored: Token | None) -> Iterator[dict[str, str]]:
        grant = self.grant
        if grant.kind is GrantKind.CLIENT_CREDENTIALS:
            yield {"grant_type": "client_credentials"}
            return
        if grant.kind is GrantKind.JWT_BEARER:
            assert grant.assertion is not None
            kind = "urn:ietf:params:oauth:grant-type:jwt-bearer"
            yield {"grant_type": kind, "assertion": grant.assertion(self._clock.now())}
            return
        known = dict.fromkeys([stored.refresh_token if stored else "", grant.refresh_token])
        yield from ({"grant_type": "refresh_token", "refresh_token": each} for each in known if each)
        if grant.code and stored is None:
            yield {"grant_type": "authorization_code", "code": grant.code, "redirect_uri": grant.redirect_uri}

    async def _exchange(self, proof: Mapping[str, str], *, told: list[str] | None = None) -> Token:
        """`told` gets the scopes as the provider spells them."""
        grant, now = self.grant, self._clock.now()
        url = httpx.URL(grant.token_url)
        secrets = [value for value in (grant.client_secret, *proof.values()) if value not in _NO_SECRETS]

        def read(body: Any) -> Token:
            token = _token(grant, body, now=now, used=proof.get("refresh_token", ""))
            if told is not None:
                told.extend(_scopes(body))
            return token

        headers = {"authorization": _basic(grant)} if grant.is_basic else {}
        api = ApiClient(
            grant.provider,
            self._http,
            base_url=str(url.copy_with(raw_path=b"/")),
            headers=headers,
            secrets=secrets,
            translate=_refusal(grant.provider),
        )
        return await api.post(
            url.raw_path.decode(),
            data=_form(grant, proof),
            is_write=False,
            read=read,
        )

    async def _keep(self, token: Token) -> Token:
        """In the vault first: a refresh token that replaces the one before must not be known to us alone."""
        self._unsaved = token
        await asyncio.to_thread(self._open_vault().put, self.grant.name, _as_text(token))
        self._token, self._unsaved = token, None
        return token

    async def _stored(self) -> Token | None:
        text = await asyncio.to_thread(self._open_vault().get, self.grant.name)
        return _from_text(text) if text else None

    def _fitting(self, token: Token | None, refused: str) -> Token | None:
        """The token, if something can be begun with it and it is not older than what we know."""
        now = self._clock.now()
        if token is None or token.access_token == refused:
            return None
        if self._token and token.issued_at < self._token.issued_at:
            return None
        is_patient = self._patient_until is not None and now < self._patient_until
        return token if token.is_fresh(now) or (is_patient and token.is_valid(now)) else None

    def _usable(self, refused: str) -> Token | None:
        token = self._token
        is_usable = token and token.access_token != refused and token.is_valid(self._clock.now())
        return token if is_usable else None


class Bearer:
    """A token source in the shape an ApiClient asks: the header, and the host if the token names one."""

    def __init__(self, source: TokenSource, *, scheme: str = "Bearer") -> None:
        self._source, self._scheme = source, scheme

    async def credentials(self, *, refused: Credentials | None = None) -> Credentials:
        before = refused.headers["authorization"].removeprefix(f"{self._scheme} ") if refused else ""
        token = await self._source.token(refused=before)
        return Credentials({"authorization": f"{self._scheme} {token.access_token}"}, token.base_url)


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


_NO_SECRETS = frozenset({"", "refresh_token", "authorization_code", "client_credentials"})


def _form(grant: Grant, proof: Mapping[str, str]) -> dict[str, str]:
    client = {} if grant.is_basic else {"client_id": grant.client_id, "client_secret": grant.client_secret}
    if grant.kind is GrantKind.JWT_BEARER:
        client = {}  # the assertion names the client
    form = {**proof, **client, "scope": grant.scope}
    return {name: value for name, value in form.items() if value}


def _basic(grant: Grant) -> str:
    return "Basic " + base64.b64encode(f"{grant.client_id}:{grant.client_secret}".encode()).decode()


def _token(grant: Grant, body: Any, *, now: datetime, used: str) -> Token:
    """Some providers decline with 200 (Zoho CRM): only an access token is a success."""
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


def _scopes(body: Mapping[str, Any]) -> list[str]:
    """`scope` is a text (RFC 6749 §5.1), divided by commas at Pipedrive; HubSpot sends a list, `scopes`."""
    said = body.get("scopes") or body.get("scope") or ""
    return [str(each) for each in said] if isinstance(said, list) else str(said).replace(",", " ").split()


def _refusal(provider: str) -> Translate:
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


def _as_text(token: Token) -> str:
    ends = token.expires_at.isoformat() if token.expires_at else None
    return json.dumps(asdict(token) | {"issued_at": token.issued_at.isoformat(), "expires_at": ends})


def _from_text(text: str) -> Token:
    kept = json.loads(text)
    ends = kept["expires_at"]
    instants = {
        "issued_at": datetime.fromisoformat(kept["issued_at"]).astimezone(UTC),
        "expires_at": datetime.fromisoformat(ends).astimezone(UTC) if ends else None,
    }
    return Token(**kept | instants)


def _seen(flight: asyncio.Task[Token]) -> None:
    """An error nobody waits for any more is no news: the next who asks gets it again."""
    if not flight.cancelled():
        flight.exception()
