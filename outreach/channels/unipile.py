"""LinkedIn invitations and messages through Unipile (API v1): developer.unipile.com.

The profile is resolved by a read; the last look stands immediately before the one POST. Nothing is deduplicated by the
provider, so an answer in doubt stays unknown until a person or the list of sent invitations and messages tells.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar, NamedTuple
from urllib.parse import unquote, urlsplit

import httpx

from outreach.api_client import ApiClient, code_of, retry_after, segment, words_of
from outreach.channel import Abilities, LastLook, Message, Receipt
from outreach.errors import AdapterError, Outcome, RateLimited, Refused, Unauthorized, Unavailable

PROVIDER = "unipile"
LONGEST_NOTE = 300  # characters; LinkedIn lets free accounts write 200


@dataclass(frozen=True, slots=True)
class Options:
    """One LinkedIn account connected at Unipile. `base_url` is the DSN of the dashboard, with https:// and port."""

    base_url: str
    account: str
    token: str = field(repr=False)
    longest_note: int = LONGEST_NOTE


class Unipile:
    """The channel `unipile`: actions `linkedin.invite` and `linkedin.message`."""

    provider: ClassVar[str] = PROVIDER
    can: ClassVar[Abilities] = Abilities(actions=("invite", "message"), connections=1)

    def __init__(self, options: Options, http: httpx.AsyncClient) -> None:
        self._options = options
        self._api = ApiClient(
            PROVIDER,
            http,
            base_url=f"{options.base_url.rstrip('/').removesuffix('/api/v1')}/api/v1",
            headers={"X-API-KEY": options.token},
            translate=_finer,
        )

    def __repr__(self) -> str:
        return f"Unipile({self._options!r})"

    async def send(self, message: Message, *, last_look: LastLook) -> Receipt:
        action = message.action.rpartition(".")[2]
        if action == "invite":
            return await self._invite(message, last_look)
        if action == "message":
            return await self._message(message, last_look)
        raise Refused(PROVIDER, f"cannot do {message.action!r}; it does invite and message", outcome=Outcome.CONFIG)

    async def close(self) -> None:
        """The connections belong to the httpx client, which its owner closes."""

    async def _invite(self, message: Message, last_look: LastLook) -> Receipt:
        if len(message.text) > self._options.longest_note:
            said = (
                f"the note has {len(message.text)} characters, LinkedIn takes {self._options.longest_note}; shorten it"
            )
            raise Refused(PROVIDER, said, outcome=Outcome.REJECTED_CONTENT)
        profile = await self._resolve(message.to)
        if profile.is_relation:
            raise Refused(PROVIDER, "already connected; go on to a message", outcome=Outcome.DUPLICATE, code=_CONNECTED)
        if profile.is_invited:
            await last_look()
            return Receipt(reply="an invitation was pending already", recipient_id=profile.provider_id)
        body = {"account_id": self._options.account, "provider_id": profile.provider_id}
        if message.text:
            body["message"] = message.text
        try:
            return await self._api.post(
                "/users/invite", json=body, before=last_look, read=lambda reply: _invited(reply, profile.provider_id)
            )
        except Refused as refused:
            if refused.code not in _ALREADY_DONE:
                raise
            return Receipt(reply=refused.said, recipient_id=profile.provider_id)

    async def _message(self, message: Message, last_look: LastLook) -> Receipt:
        if not message.text.strip():
            raise Refused(PROVIDER, "the message is empty", outcome=Outcome.REJECTED_CONTENT)
        if message.thread_id:
            return await self._api.post(
                f"/chats/{segment(message.thread_id)}/messages",
                files=[_field("text", message.text)],
                before=last_look,
                read=lambda reply: _sent(reply, message.thread_id),
            )
        profile = await self._resolve(message.to)
        if not profile.is_relation:
            raise Refused(PROVIDER, "not connected with this person yet; invite first", outcome=Outcome.NOT_READY)
        parts = {"account_id": self._options.account, "attendees_ids": profile.provider_id, "text": message.text}
        return await self._api.post(
            "/chats",
            files=[_field(name, value) for name, value in parts.items()],
            before=last_look,
            read=lambda reply: _chat_started(reply, profile.provider_id),
        )

    async def _resolve(self, to: str) -> _Profile:
        return await self._api.get(
            f"/users/{segment(identifier(to))}", params={"account_id": self._options.account}, read=_profile
        )


class _Profile(NamedTuple):
    provider_id: str
    is_relation: bool
    is_invited: bool


def identifier(to: str) -> str:
    """The public identifier in a profile's address, or the identifier itself. Raises Refused (rejected_recipient)."""
    value = to.strip()
    if "/" in value:
        url = urlsplit(value if "//" in value else f"https://{value}")
        host = (url.hostname or "").lower()
        found = _PROFILE_PATH.match(url.path)
        value = unquote(found.group(1)) if found and (host == "linkedin.com" or host.endswith(".linkedin.com")) else ""
    if not _IDENTIFIER.fullmatch(value) or not value.strip("."):
        raise Refused(
            PROVIDER,
            f"{to!r} is no LinkedIn profile; write https://www.linkedin.com/in/<name>",
            outcome=Outcome.REJECTED_RECIPIENT,
        )
    return value


_PROFILE_PATH = re.compile(r"/in/([^/]+)/?")
_IDENTIFIER = re.compile(r"[\w.\-]{1,200}")


def _field(name: str, value: str) -> tuple[str, tuple[None, str]]:
    """A plain form field; httpx sends multipart/form-data for these, which Unipile asks for on chats."""
    return name, (None, value)


def _profile(reply: Any) -> _Profile:
    invitation = reply.get("invitation") or {}
    return _Profile(
        provider_id=_text(reply["provider_id"]),
        is_relation=reply.get("network_distance") == "FIRST_DEGREE" or reply.get("is_relationship") is True,
        is_invited=invitation.get("type") == "SENT" and invitation.get("status") == "PENDING",
    )


def _invited(reply: Any, recipient_id: str) -> Receipt:
    _expect(reply, "UserInvitationSent")
    return Receipt(provider_id=reply.get("invitation_id") or "", reply=reply["object"], recipient_id=recipient_id)


def _sent(reply: Any, thread_id: str) -> Receipt:
    _expect(reply, "MessageSent")
    return Receipt(provider_id=reply.get("message_id") or "", thread_id=thread_id, reply=reply["object"])


def _chat_started(reply: Any, recipient_id: str) -> Receipt:
    """`chat_id` and `message_id` may both be null (developer.unipile.com, startNewChat)."""
    _expect(reply, "ChatStarted")
    return Receipt(
        provider_id=reply.get("message_id") or "",
        thread_id=reply.get("chat_id") or "",
        reply=reply["object"],
        recipient_id=recipient_id,
    )


def _expect(reply: Any, kind: str) -> None:
    if reply["object"] != kind:
        raise ValueError(f"expected {kind}")


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("expected an id")
    return value


_CONNECTED = "errors/already_connected"
_ALREADY_DONE = frozenset({"errors/already_invited_recently", "errors/action_already_performed"})


class _Meaning(NamedTuple):
    kind: type[AdapterError]
    outcome: Outcome
    wait: timedelta = timedelta(hours=1)


_RECIPIENT = _Meaning(Refused, Outcome.REJECTED_RECIPIENT)
_CONTENT = _Meaning(Refused, Outcome.REJECTED_CONTENT)
_NOT_READY = _Meaning(Refused, Outcome.NOT_READY)
_DONE = _Meaning(Refused, Outcome.DUPLICATE)
_BLOCKED = _Meaning(Unauthorized, Outcome.ACCOUNT_BLOCKED)
_SET_UP = _Meaning(Unauthorized, Outcome.CONFIG)
_LATER = _Meaning(Unavailable, Outcome.DEFERRED)
_LIMIT = _Meaning(RateLimited, Outcome.THROTTLED)
_LIMIT_OF_A_DAY = _Meaning(RateLimited, Outcome.THROTTLED, timedelta(hours=24))

# The error types of v1. Those that do not tell whether LinkedIn took it (unexpected_error, provider_error,
# request_timeout) are missing on purpose: the common table calls them unknown when sending.
_BY_TYPE: Mapping[str, _Meaning] = {
    "cannot_resend_yet": _LIMIT_OF_A_DAY,
    "cannot_resend_within_24hrs": _LIMIT_OF_A_DAY,
    "limit_exceeded": _LIMIT,
    "connection_limit_reached": _LIMIT,
    "too_many_requests": _LIMIT,
    "already_invited_recently": _DONE,
    "already_connected": _DONE,
    "action_already_performed": _DONE,
    "no_connection_with_recipient": _NOT_READY,
    "not_allowed_inmail": _NOT_READY,
    "insufficient_credits": _NOT_READY,
    "invalid_recipient": _RECIPIENT,
    "user_unreachable": _RECIPIENT,
    "blocked_recipient": _RECIPIENT,
    "cannot_invite_attendee": _RECIPIENT,
    "recipient_rejected": _RECIPIENT,
    "cant_send_message": _RECIPIENT,
    "too_many_characters": _CONTENT,
    "invalid_message": _CONTENT,
    "content_too_large": _CONTENT,
    "invalid_credentials": _BLOCKED,
    "expired_credentials": _BLOCKED,
    "disconnected_account": _BLOCKED,
    "checkpoint_error": _BLOCKED,
    "multiple_sessions": _BLOCKED,
    "wrong_account": _BLOCKED,
    "account_restricted": _BLOCKED,
    "sender_rejected": _BLOCKED,
    "ip_rejected_by_server": _BLOCKED,
    "unauthorized": _BLOCKED,
    "insufficient_permissions": _SET_UP,
    "feature_not_subscribed": _SET_UP,
    "subscription_required": _SET_UP,
    "provider_unreachable": _LATER,
    "no_client_session": _LATER,
}


def _finer(response: httpx.Response, body: Any) -> AdapterError | None:
    code = code_of(body)
    said = f"{response.status_code} {words_of(body) or code}"
    if code == "errors/resource_not_found":
        return _not_found(response.request.url.path, said, code)
    meaning = _BY_TYPE.get(code.removeprefix("errors/"))
    if meaning is None:
        return None
    if meaning.kind is RateLimited:
        wait = retry_after(response, default=meaning.wait)
        return RateLimited(PROVIDER, said, retry_after=wait, outcome=meaning.outcome, code=code)
    return meaning.kind(PROVIDER, said, outcome=meaning.outcome, code=code)


def _not_found(path: str, said: str, code: str) -> AdapterError | None:
    """One type for three things: our account, the profile, a chat. Only a missing profile speaks against the person."""
    if "account" in said.lower():
        return Unauthorized(PROVIDER, said, outcome=Outcome.CONFIG, code=code)
    if "/users/" in path:
        return Refused(PROVIDER, said, outcome=Outcome.REJECTED_RECIPIENT, code=code)
    return None
