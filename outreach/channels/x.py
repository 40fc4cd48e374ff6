"""X (API v2): direct messages, follows and likes, in the name of one user: docs.x.com/x-api.

X forbids automated messages to people who have not written first, and automated follows and likes; enforcement is
suspension. So a message goes out only into a conversation in which the person has written, and follows and likes not
at all, unless `cold` is set. The token is one of a user (OAuth 2.0 with PKCE: dm.write, dm.read, tweet.read,
users.read, follows.write, like.write). The texts of a 403 are unverified: what they name decides between the person
and our set-up. Requests follow X's own API description (2.62).
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

import httpx

from outreach.api_client import LONGEST_WAIT, ApiClient, retry_after, segment, words_of
from outreach.channel import Abilities, LastLook, Message, Receipt, Sought
from outreach.channels import meanings
from outreach.channels.meanings import error_of
from outreach.clock import Clock
from outreach.errors import AdapterError, Outcome, RateLimited, Refused, Unauthorized
from outreach.grants import Grant
from outreach.oauth import Bearer, Tokens

PROVIDER = "x"
LONGEST = 10_000  # characters of a direct message
_SPELL = timedelta(minutes=15)  # the length of every window of limits but the daily ones
_HANDLE = re.compile(r"@?([A-Za-z0-9_]{1,15})")
_ID = re.compile(r"\d{1,19}")
_POST = re.compile(r"(?:https?://)?(?:www\.|mobile\.)?(?:x|twitter)\.com/\w{1,15}/status/(\d{1,19})|(\d{5,19})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`user_id` is the number of the account. `token`, or `client_id` with `refresh_token`: access lasts two hours."""

    user_id: str
    token: str = field(default="", repr=False)
    client_id: str = ""
    client_secret: str = field(default="", repr=False)  # confidential apps have one
    refresh_token: str = field(default="", repr=False)  # the first one; X gives another with each use
    cold: bool = False  # also write to people who have not written first, follow and like: against X's rules
    base_url: str = "https://api.x.com"

    def __post_init__(self) -> None:
        if not _ID.fullmatch(str(self.user_id)):
            raise ValueError("'user_id' is the number of the account on X, in quotes.")
        if bool(self.token) == bool(self.refresh_token and self.client_id):
            raise ValueError("'token' is missing; or write 'client_id' and 'refresh_token', and no token.")

    @property
    def actions(self) -> tuple[str, ...]:
        """What this account can do: without `cold` X allows answers alone, so follows and likes are for people."""
        return ("dm", "follow", "like") if self.cold else ("dm",)


class X:
    """The channel `x`: `x.dm`, `x.follow`, `x.like`."""

    provider: ClassVar[str] = PROVIDER
    can: ClassVar[Abilities] = Abilities(actions=("dm", "follow", "like"), max_length=LONGEST, connections=1)

    def __init__(
        self, options: Options, http: httpx.AsyncClient, clock: Clock, *, tokens: Tokens | None = None
    ) -> None:
        self._options = options
        self._clock = clock
        authority = Bearer(tokens.source(_grant(options))) if tokens and options.refresh_token else None
        self._api = ApiClient(
            PROVIDER,
            http,
            base_url=options.base_url,
            headers={"authorization": f"Bearer {options.token}"} if options.token else {},
            translate=self._finer,
            authority=authority,
        )

    def __repr__(self) -> str:
        return f"X({self._options!r})"

    async def send(self, message: Message, *, last_look: LastLook) -> Receipt:
        act = self._acts().get(message.action.rpartition(".")[2])
        if act is None:
            said = f"cannot do {message.action!r}; it does dm, follow and like"
            raise Refused(PROVIDER, said, outcome=Outcome.CONFIG)
        return await act(message, last_look)

    async def look_up(self, sought: Sought) -> Receipt | None:
        """Messages alone: what we wrote in the conversation about that time."""
        if sought.action.rpartition(".")[2] != "dm":
            return None
        person = await self._person(sought.to)
        fields = {"dm_event.fields": "sender_id,created_at,dm_conversation_id", "event_types": "MessageCreate"}
        return await self._api.get(
            f"/2/dm_conversations/with/{segment(person)}/dm_events",
            params=fields | {"max_results": "100"},
            read=lambda reply: self._own_message(reply, sought, person),
        )

    def _own_message(self, reply: Any, sought: Sought, person: str) -> Receipt | None:
        for one in reply.get("data") or ():
            is_ours = str(one["sender_id"]) == str(self._options.user_id)
            if is_ours and sought.is_near(datetime.fromisoformat(one["created_at"])):
                thread = str(one.get("dm_conversation_id") or "")
                return Receipt(provider_id=_id(one["id"]), thread_id=thread, reply="found", recipient_id=person)
        return None

    async def sign_in(self) -> str:
        """Ask whose token it is; nothing is sent. Raises AdapterError."""
        return await self._api.get("/2/users/me", read=self._is_me)

    def _is_me(self, reply: Any) -> str:
        if str(reply["data"]["id"]) != str(self._options.user_id):
            said = f"the token is of {reply['data']['id']}, and user_id says {self._options.user_id}"
            raise Unauthorized(PROVIDER, said, outcome=Outcome.CONFIG)
        return f"signed in as @{reply['data']['username']}"

    async def close(self) -> None:
        """The connections belong to the httpx client, which its owner closes."""

    def _acts(self) -> Mapping[str, Callable[[Message, LastLook], Awaitable[Receipt]]]:
        return {"dm": self._dm, "follow": self._follow, "like": self._like}

    async def _dm(self, message: Message, last_look: LastLook) -> Receipt:
        text = message.text.strip()
        if not text or len(text) > LONGEST:
            said = f"the text has {len(text)} characters; X takes 1 to {LONGEST}"
            raise Refused(PROVIDER, said, outcome=Outcome.REJECTED_CONTENT)
        person = await self._person(message.to)
        if not self._options.cold and not await self._has_written(person):
            said = "has not written to us, and X forbids to write first; let a person do it, or set `cold: true`"
            raise Refused(PROVIDER, said, outcome=Outcome.NOT_READY)
        return await self._api.post(
            f"/2/dm_conversations/with/{segment(person)}/messages",
            json={"text": text},
            before=last_look,
            read=lambda reply: _messaged(reply, person),
        )

    async def _follow(self, message: Message, last_look: LastLook) -> Receipt:
        self._require_cold("follow")
        person = await self._person(message.to)
        return await self._api.post(
            f"/2/users/{segment(str(self._options.user_id))}/following",
            json={"target_user_id": person},
            before=last_look,
            read=lambda reply: _followed(reply, person),
        )

    async def _like(self, message: Message, last_look: LastLook) -> Receipt:
        self._require_cold("like")
        post = _POST.fullmatch(message.text.strip())
        person = "" if post else await self._person(message.to)
        post_id = (post.group(1) or post.group(2)) if post else await self._latest_post(person)
        return await self._api.post(
            f"/2/users/{segment(str(self._options.user_id))}/likes",
            json={"tweet_id": post_id},
            before=last_look,
            read=lambda reply: _liked(reply, post_id, person),
        )

    def _require_cold(self, action: str) -> None:
        if not self._options.cold:
            said = f"X forbids to {action} automatically; let a person do it, or set `cold: true`"
            raise Refused(PROVIDER, said, outcome=Outcome.CONFIG)

    async def _person(self, to: str) -> str:
        """The number of a person; a handle is looked up."""
        if _ID.fullmatch(to.strip()):
            return to.strip()
        handle = _HANDLE.fullmatch(to.strip())
        if not handle:
            raise Refused(PROVIDER, f"{to!r} is no handle on X", outcome=Outcome.REJECTED_RECIPIENT)
        return await self._api.get(f"/2/users/by/username/{segment(handle.group(1))}", read=_user)

    async def _has_written(self, person: str) -> bool:
        fields = {"dm_event.fields": "sender_id,event_type", "event_types": "MessageCreate", "max_results": "100"}
        return await self._api.get(
            f"/2/dm_conversations/with/{segment(person)}/dm_events",
            params=fields,
            read=lambda reply: any(str(one.get("sender_id")) == person for one in reply.get("data") or ()),
        )

    async def _latest_post(self, person: str) -> str:
        return await self._api.get(
            f"/2/users/{segment(person)}/tweets",
            params={"max_results": "5", "exclude": "replies,retweets"},
            read=_post,
        )

    def _finer(self, response: httpx.Response, body: Any) -> AdapterError | None:
        words = f"{words_of(body)} {_first_error(body)}".strip()
        said = f"{response.status_code} {words}"[:300]
        if response.status_code == 429:
            return RateLimited(PROVIDER, said, retry_after=self._reset(response), code="429")
        if response.status_code != 403:
            return None
        about_us = any(word in words.lower() for word in _OUR_FAULT)
        if "/dm_conversations/" in response.request.url.path and response.request.method == "POST" and not about_us:
            return error_of(PROVIDER, meanings.RECIPIENT, said, code="403")
        return None

    def _reset(self, response: httpx.Response) -> timedelta:
        """`x-rate-limit-reset` in unix seconds; X counts in windows of 15 minutes."""
        value = response.headers.get("x-rate-limit-reset", "")
        if not (value.isascii() and value.isdigit()):
            return retry_after(response, default=_SPELL)
        left = int(value[:12]) - int(self._clock.now().timestamp())
        return min(max(timedelta(seconds=left), timedelta(seconds=1)), LONGEST_WAIT)


def _grant(options: Options) -> Grant:
    """docs.x.com, OAuth 2.0: a confidential app authenticates by Basic, a public one by its client id alone."""
    return Grant(
        provider=PROVIDER,
        token_url=f"{options.base_url.rstrip('/')}/2/oauth2/token",
        client_id=options.client_id,
        client_secret=options.client_secret,
        refresh_token=options.refresh_token,
        is_basic=bool(options.client_secret),
    )


_OUR_FAULT = ("scope", "permission", "oauth", "client", "suspended", "access level", "unsupported authentication")


def _first_error(body: Any) -> str:
    errors = body.get("errors") if isinstance(body, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    return str(first.get("detail") or first.get("message") or "") if isinstance(first, dict) else ""


def _user(reply: Any) -> str:
    """200 without `data` means that there is no such user."""
    found = reply.get("data")
    if found is None and reply.get("errors"):
        raise Refused(PROVIDER, f"no such user: {_first_error(reply)}", outcome=Outcome.REJECTED_RECIPIENT)
    return _id(found["id"])


def _post(reply: Any) -> str:
    posts = reply.get("data") or ()
    if not posts:
        raise Refused(PROVIDER, "has no post that could be liked", outcome=Outcome.NOT_READY)
    return _id(posts[0]["id"])


def _messaged(reply: Any, person: str) -> Receipt:
    data = reply["data"]
    conversation = str(data.get("dm_conversation_id") or "")
    return Receipt(provider_id=_id(data["dm_event_id"]), thread_id=conversation, reply="taken", recipient_id=person)


def _followed(reply: Any, person: str) -> Receipt:
    data = reply["data"]
    if data["following"] is not True and data.get("pending_follow") is not True:
        raise ValueError("expected a follow")
    return Receipt(reply="following" if data["following"] else "asked to follow", recipient_id=person)


def _liked(reply: Any, post_id: str, person: str) -> Receipt:
    if reply["data"]["liked"] is not True:
        raise ValueError("expected a like")
    return Receipt(provider_id=post_id, reply="liked", recipient_id=person)


def _id(value: Any) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise ValueError("expected an id")
    return value
