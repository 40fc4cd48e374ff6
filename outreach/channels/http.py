"""Any HTTP endpoint as a step: `http.<name>` sends the request that the sender's account knows by that name.

The address is looked up and checked before every call (`public_address.py`), redirects are not followed, the answer is
bounded, and `Idempotency-Key` carries the key of the touch, the same at every attempt. Requests may be signed as
Standard Webhooks 1.0 (standardwebhooks.com).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import httpx

from outreach.api_client import ApiClient, code_of, words_of
from outreach.channel import Abilities, LastLook, Message, Receipt
from outreach.channels import meanings
from outreach.channels.http_endpoint import Endpoint, Filled, at_path, fill, read_endpoint
from outreach.channels.meanings import error_of
from outreach.clock import Clock
from outreach.errors import AdapterError, Outcome, OutcomeUnknown, Refused, Unavailable
from outreach.grants import Grant, GrantKind
from outreach.oauth import Bearer, Tokens
from outreach.public_address import NotAllowed, Resolve, Target, networks, target_of

PROVIDER = "http"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`endpoints`: name → request. `allow`: networks that may be called although they are not public."""

    endpoints: Mapping[str, Mapping[str, Any]] = field(repr=False)
    allow: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.endpoints:
            raise ValueError("'endpoints' is empty. Write `endpoints: {gift: {url: https://…}}`.")
        networks(self.allow)
        for name, written in self.endpoints.items():
            endpoint = read_endpoint(name, written)
            if endpoint.sign:
                _key_bytes(endpoint.sign)

    @property
    def actions(self) -> tuple[str, ...]:
        """What this account can do: the requests it knows."""
        return tuple(self.endpoints)


class Http:
    """The channel `http`: `http.<name>` for every name in `endpoints`."""

    provider: ClassVar[str] = PROVIDER
    can: ClassVar[Abilities] = Abilities(actions=("*",), connections=4)

    def __init__(
        self,
        options: Options,
        http: httpx.AsyncClient,
        clock: Clock,
        *,
        tokens: Tokens | None = None,
        resolve: Resolve | None = None,
    ) -> None:
        self._http = http
        self._tokens = tokens
        self._clock = clock
        self._resolve = resolve
        self._allowed = networks(options.allow)
        self._endpoints = {name: read_endpoint(name, each) for name, each in options.endpoints.items()}

    def __repr__(self) -> str:
        return f"Http({', '.join(self._endpoints)})"

    async def send(self, message: Message, *, last_look: LastLook) -> Receipt:
        name = message.action.removeprefix("http.")
        endpoint = self._endpoints.get(name)
        if endpoint is None:
            said = f"no request '{name}'; there are {', '.join(self._endpoints)}"
            raise Refused(PROVIDER, said, outcome=Outcome.CONFIG)
        try:
            filled = fill(endpoint, message)
        except ValueError as error:
            raise Refused(PROVIDER, f"{name}: {error}", outcome=Outcome.REJECTED_CONTENT) from None
        target = await self._look_up(endpoint.url)
        if endpoint.oauth:
            await self._look_up(endpoint.oauth["token_url"])
        try:
            return await self._call(endpoint, target, filled, message=message, last_look=last_look)
        except OutcomeUnknown as error:
            if not endpoint.idempotent:
                raise
            raise Unavailable(PROVIDER, f"{error.said}; it is idempotent", code=error.code) from None
        except Refused as refused:
            if refused.code not in map(str, endpoint.success):
                raise
            return Receipt(reply=refused.said)

    async def close(self) -> None:
        """The connections belong to the httpx client, which its owner closes."""

    async def _look_up(self, url: str) -> Target:
        try:
            return await target_of(url.partition("{{")[0], allowed=self._allowed, resolve=self._resolve)
        except NotAllowed as error:
            raise Refused(PROVIDER, str(error), outcome=Outcome.CONFIG) from None
        except OSError as error:
            said = f"the name cannot be looked up ({type(error).__name__})"
            raise Unavailable(PROVIDER, said) from None

    async def _call(
        self, endpoint: Endpoint, target: Target, filled: Filled, *, message: Message, last_look: LastLook
    ) -> Receipt:
        api = ApiClient(
            PROVIDER,
            self._http,
            base_url=target.base_url,
            secrets=endpoint.secrets,
            key_header="idempotency-key",
            translate=_finer,
            authority=self._authority(endpoint),
        )
        return await api.request(
            endpoint.method,
            filled.path,
            headers=self._headers(endpoint, target, filled, key=message.key),
            content=filled.content,
            files=filled.parts,
            key=message.key,
            before=last_look,
            is_write=True,
            is_text=not endpoint.reads_the_answer,
            extensions=target.extensions,
            read=lambda answer: _receipt(endpoint, answer),
        )

    def _authority(self, endpoint: Endpoint) -> Bearer | None:
        if not endpoint.oauth or self._tokens is None:
            return None
        grant = Grant(
            provider=PROVIDER,
            kind=GrantKind.CLIENT_CREDENTIALS,
            token_url=endpoint.oauth["token_url"],
            client_id=endpoint.oauth["client_id"],
            client_secret=endpoint.oauth.get("client_secret", ""),
            scope=endpoint.oauth.get("scope", ""),
            is_basic=True,
        )
        return Bearer(self._tokens.source(grant))

    def _headers(self, endpoint: Endpoint, target: Target, filled: Filled, *, key: str) -> dict[str, str]:
        # `connection: close`: two names at one address must never share a connection whose TLS was made for one.
        headers = {**filled.headers, "host": target.host, "connection": "close", "accept-encoding": "identity"}
        if endpoint.user:
            login = base64.b64encode(f"{endpoint.user}:{endpoint.password}".encode()).decode()
            headers["authorization"] = f"Basic {login}"
        if endpoint.bearer:
            headers["authorization"] = f"Bearer {endpoint.bearer}"
        if endpoint.sign:
            headers |= self._signature(endpoint.sign, key, filled.content or b"")
        return headers

    def _signature(self, secret: str, key: str, body: bytes) -> dict[str, str]:
        """A fresh time at every attempt, the same id at each."""
        at = str(int(self._clock.now().timestamp()))
        mac = hmac.new(_key_bytes(secret), f"{key}.{at}.".encode() + body, hashlib.sha256).digest()
        signature = "v1," + base64.b64encode(mac).decode()
        return {"webhook-id": key, "webhook-timestamp": at, "webhook-signature": signature}


def _key_bytes(secret: str) -> bytes:
    encoded = secret.strip().removeprefix("whsec_").rstrip("=")
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise ValueError("'sign' is no secret. Write whsec_ and the base64 of 24 to 64 random bytes.")
    return key


def _receipt(endpoint: Endpoint, answer: Any) -> Receipt:
    if not endpoint.reads_the_answer:
        return Receipt(reply=" ".join(str(answer).split())[:200] or "taken")
    for path, wanted in endpoint.expect.items():
        found = at_path(answer, path)
        if found != wanted:
            said = f"the answer says {path} = {found[:80]!r} where {wanted!r} was expected"
            raise Refused(PROVIDER, said, outcome=Outcome.REJECTED_CONTENT)
    return Receipt(
        provider_id=at_path(answer, endpoint.id) if endpoint.id else "",
        thread_id=at_path(answer, endpoint.thread) if endpoint.thread else "",
        reply="taken",
    )


def _finer(response: httpx.Response, body: Any) -> AdapterError | None:
    """408 and 425 say that nothing was done (RFC 9110 §15.5.9, RFC 8470); a refusal is known by its status."""
    status = response.status_code
    said = f"{status} {words_of(body) or code_of(body)}".strip()[:300]
    if status in (408, 425):
        return error_of(PROVIDER, meanings.LATER, said, code=str(status))
    if 400 <= status < 500 and status not in (401, 403, 429):
        outcome = Outcome.NOT_FOUND if status in (404, 410) else Outcome.VALIDATION
        return Refused(PROVIDER, said, outcome=outcome, code=str(status))
    return None
