"""Our own signed webhook: every change goes as a small JSON object to an address of the team's choosing.

Signed as Standard Webhooks 1.0.0 has it (https://www.standardwebhooks.com). The lead's address is its record: there is
nothing to look up, and the receiver keeps what it is told. `webhook-id` is the same at every attempt of the same news,
so that a receiver may drop repeats; states (a status, a stage, a person) get a fresh one, because the same state may
truly come again. A refusal of the address as such (404, a redirect, 410) makes the connection wait and says why.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urlsplit

import httpx

from outreach.api_client import ApiClient, retry_after
from outreach.clock import Clock, SystemClock
from outreach.crm import Account, Activity, Deal, Found, Operation, Person
from outreach.crms.webhook_news import body_of, key_of, known, person_id_of, signature, text_of, webhook_id
from outreach.crms.webhook_options import ALWAYS, PING, PROVIDER, TYPES, Options
from outreach.errors import AdapterError, Outcome, RateLimited, Refused, Unauthorized, Unavailable
from outreach.public_address import NotAllowed, Resolve, Target, networks, target_of

__all__ = ["TYPES", "Options", "Webhook", "signature"]

_VERSION = 1  # of the data
_SLOW_DOWN = frozenset({429, 502, 503, 504})
_A_WHILE = timedelta(minutes=5)
_USER_AGENT = "outreach-webhook/1"


class Webhook:
    """One address. Each call looks its name up again and checks where it leads."""

    provider: ClassVar[str] = PROVIDER
    lacks: ClassVar[Mapping[Operation, str]] = {one: f"'{name}' is not among `types`" for one, name in TYPES.items()}

    def __init__(
        self,
        options: Options,
        http: httpx.AsyncClient,
        clock: Clock | None = None,
        *,
        resolve: Resolve | None = None,
    ) -> None:
        self._options = options
        self._http = http
        self._clock = clock or SystemClock()
        self._resolve = resolve
        self._allowed = networks(options.allow)
        self._keys = tuple(key_of(secret) for secret in options.secrets)

    @property
    def can(self) -> frozenset[Operation]:
        return self._options.can

    async def check(self) -> Account:
        await self._post(PING, {}, at=self._clock.now(), identity=self._clock.fresh_id())
        return Account(name=f"webhook at {urlsplit(self._options.url).hostname}")

    async def find_person(self, email: str) -> tuple[Found, ...]:
        """The address itself is the record."""
        return (Found(person_id=person_id_of(email)),) if email.strip() else ()

    async def upsert_person(self, person: Person, *, person_id: str | None) -> Found:
        names = {"first_name": person.first_name, "last_name": person.last_name, "company": person.company}
        fields = {item.name: item.value for item in person.fields if item.value}
        lead = {"id": person_id or person_id_of(person.email or person.key), "key": person.key, "email": person.email}
        await self._tell(Operation.PERSON, {"lead": {**lead, **names, "fields": fields}})
        return Found(person_id=lead["id"])

    async def log(self, person_id: str, activity: Activity, *, look_first: bool) -> str:
        # The id is the same at every attempt: `look_first` says nothing new.
        text = activity.text[: self._options.longest_text]
        told = {
            "id": activity.key,
            "channel": activity.channel,
            "direction": activity.direction,
            "received_at": text_of(activity.at),
            "subject": activity.subject,
            "text": text,
            "is_cut": len(text) < len(activity.text),
            "from": activity.from_address,
            "to": activity.to_address,
        }
        operation, name = (Operation.LOG_REPLY, "reply") if activity.kind == "reply" else (Operation.LOG, "note")
        data = {"lead": {"id": person_id}, name: told}
        return await self._tell(operation, data, at=activity.at, identity=activity.key)

    async def set_status(self, person_id: str, status: str) -> None:
        await self._tell(Operation.STATUS, {"lead": {"id": person_id, "status": status}})

    async def set_stage(self, person_id: str, stage: str) -> bool:
        await self._tell(Operation.STAGE, {"lead": {"id": person_id, "stage": stage}})
        return True

    async def ensure_deal(self, person_id: str, deal: Deal) -> str:
        deal_id = hashlib.sha256(f"{person_id}\n{deal.pipeline}".encode()).hexdigest()[:32]
        told = {"id": deal_id, "name": deal.name, "pipeline": deal.pipeline, "stage": deal.stage, "value": deal.value}
        await self._tell(Operation.DEAL, {"lead": {"id": person_id}, "deal": told}, identity=deal_id)
        return deal_id

    async def assign_owner(self, person_id: str, email: str) -> None:
        await self._tell(Operation.OWNER, {"lead": {"id": person_id, "owner": email}})

    async def add_tags(self, person_id: str, tags: tuple[str, ...]) -> None:
        await self._tell(Operation.TAGS, {"lead": {"id": person_id, "tags": list(tags)}})

    async def set_do_not_contact(self, person_id: str, email: str) -> None:
        await self._tell(Operation.DO_NOT_CONTACT, {"lead": {"id": person_id, "email": email}})

    async def forget(self, person_id: str) -> None:
        """The identity is the person: however often it is told, it is one piece of news."""
        await self._tell(Operation.FORGET, {"lead": {"id": person_id}}, identity=person_id)

    async def _tell(
        self, operation: Operation, data: Mapping[str, Any], *, at: datetime | None = None, identity: str = ""
    ) -> str:
        """The id of the news. What is not among `types` is not sent."""
        name = TYPES[operation]
        if self._sends(name):
            return await self._post(name, data, at=at or self._clock.now(), identity=identity or self._clock.fresh_id())
        if operation in ALWAYS:
            return ""
        raise Refused(PROVIDER, f"'{name}' is not among `types`", outcome=Outcome.CONFIG)

    def _sends(self, name: str) -> bool:
        return not self._options.types or name in self._options.types

    async def _post(self, name: str, data: Mapping[str, Any], *, at: datetime, identity: str) -> str:
        news_id = webhook_id(name, identity)
        body = body_of(name, {"version": _VERSION, **known(data)}, at)
        target = await self._look_up()
        api = ApiClient(
            PROVIDER,
            self._http,
            base_url=target.base_url,
            secrets=(*self._options.secrets, *self._options.headers.values(), self._path()),
            translate=_error_of,
        )
        await api.post(
            self._path(),
            content=body,
            headers=self._headers(target, news_id, body),
            extensions=target.extensions,
            is_text=True,
            read=lambda _: None,
        )
        return news_id

    def _path(self) -> str:
        parts = urlsplit(self._options.url)
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    async def _look_up(self) -> Target:
        try:
            return await target_of(self._options.url, allowed=self._allowed, resolve=self._resolve)
        except NotAllowed as error:
            raise Unauthorized(PROVIDER, str(error), outcome=Outcome.CONFIG) from None
        except OSError as error:
            said = f"the name of the address cannot be looked up ({type(error).__name__})"
            raise Unavailable(PROVIDER, said) from None

    def _headers(self, target: Target, news_id: str, body: bytes) -> dict[str, str]:
        at = str(int(self._clock.now().timestamp()))
        signatures = (signature(key, news_id, at, body) for key in self._keys)
        # `connection: close`: two names at one address must never share a connection whose TLS was made for one.
        return {
            "user-agent": _USER_AGENT,
            **self._options.headers,
            "host": target.host,
            "connection": "close",
            "content-type": "application/json",
            "webhook-id": news_id,
            "webhook-timestamp": at,
            "webhook-signature": " ".join(signatures),
        }


def _error_of(response: httpx.Response, body: Any) -> AdapterError | None:
    """No answer of an address says anything about a person: 404 and 410 are about the address."""
    status = response.status_code
    said = f"the address answered {status}"
    if status == 410:
        return Unauthorized(
            PROVIDER, f"{said}: it wants no more news. Take the connection out, or change `url`", code="410"
        )
    if 300 <= status < 400 or status in (404, 405):
        return Unauthorized(
            PROVIDER, f"{said}; correct `url` (redirects are not followed)", outcome=Outcome.CONFIG, code=str(status)
        )
    if status in _SLOW_DOWN and (status == 429 or "retry-after" in response.headers):
        return RateLimited(PROVIDER, said, retry_after=retry_after(response, _A_WHILE), code=str(status))
    if status == 409:
        return Refused(PROVIDER, said, outcome=Outcome.VALIDATION, code="409")
    if status in (408, 425):
        return Unavailable(PROVIDER, said, code=str(status))
    return None
