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
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

import httpx

from outreach.api_client import ApiClient, Credentials
from outreach.clock import Clock
from outreach.errors import AdapterError, RateLimited, Unauthorized, Unavailable
from outreach.grants import (
    Grant,
    GrantKind,
    Token,
    as_text,
    basic_credentials,
    form_of,
    from_text,
    refusal_of,
    scopes_of,
    token_of,
)

_PATIENCE = timedelta(seconds=30)
_TURN = timedelta(seconds=90)  # the longest a refresh can take, and some
_SOON = timedelta(seconds=2)  # when another process will have done it
_NO_SECRETS = frozenset({"", "refresh_token", "authorization_code", "client_credentials"})


class Vault(Protocol):
    """Secrets that change, kept for every process of this installation. Synchronous: called in a thread."""

    def get(self, name: str) -> str | None: ...

    def put(self, name: str, value: str) -> None: ...

    def take_turn(self, name: str, *, lasting: timedelta) -> bool:
        """May this process change the entry now? False while another one is at it."""
        ...

    def end_turn(self, name: str) -> None: ...


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
            token = token_of(grant, body, now=now, used=proof.get("refresh_token", ""))
            if told is not None:
                told.extend(scopes_of(body))
            return token

        headers = {"authorization": basic_credentials(grant)} if grant.is_basic else {}
        api = ApiClient(
            grant.provider,
            self._http,
            base_url=str(url.copy_with(raw_path=b"/")),
            headers=headers,
            secrets=secrets,
            translate=refusal_of(grant.provider),
        )
        return await api.post(
            url.raw_path.decode(),
            data=form_of(grant, proof),
            is_write=False,
            read=read,
        )

    async def _keep(self, token: Token) -> Token:
        """In the vault first: a refresh token that replaces the one before must not be known to us alone."""
        self._unsaved = token
        await asyncio.to_thread(self._open_vault().put, self.grant.name, as_text(token))
        self._token, self._unsaved = token, None
        return token

    async def _stored(self) -> Token | None:
        text = await asyncio.to_thread(self._open_vault().get, self.grant.name)
        return from_text(text) if text else None

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


def _seen(flight: asyncio.Task[Token]) -> None:
    """An error nobody waits for any more is no news: the next who asks gets it again."""
    if not flight.cancelled():
        flight.exception()
