"""A stand-in of Unipile's API v1 for LinkedIn: it keeps state, checks shapes, and refuses what the real one refuses.

Paths, bodies and error types as developer.unipile.com describes them.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from outreach.sandbox.answers import Answers, Handler

_LONGEST_NOTE = 300
_PAID = ("sales_navigator", "recruiter")  # products that send nothing but InMail


@dataclass(slots=True)
class Member:
    """One person on LinkedIn, seen from the connected account."""

    slug: str
    name: str
    provider_id: str
    is_relation: bool = False
    invitation_id: str = ""
    chat_id: str = ""
    posts: list[str] = field(default_factory=list)  # their ids, the newest first

    @property
    def url(self) -> str:
        return f"https://www.linkedin.com/in/{self.slug}"


@dataclass(frozen=True, slots=True)
class Done:
    """What the account did, by the word of its action, to whom, with which text (of `like`: the post)."""

    what: str
    member: Member
    text: str
    message_id: str = ""


class Refusal(Exception):
    """An answer other than 2xx."""

    def __init__(self, status: int, kind: str, detail: str) -> None:
        self.status = status
        self.body = {"status": status, "type": f"errors/{kind}", "title": kind.replace("_", " "), "detail": detail}
        super().__init__(detail)


class UnipileServer:
    """`application` is to be served. `done` lists what was done; `busy` are members whose first look-up fails."""

    def __init__(self, *, token: str, account: str, on_done: Callable[[Done], None], busy: set[str]) -> None:
        self.account_user_id = "ACoAAsandbox0000"
        self.answers = Answers()
        self.members: dict[str, Member] = {}
        self.done: list[Done] = []
        self.refusing: dict[str, Refusal] = {}  # by action: what the account is answered from now on
        self._token = token
        self._account = account
        self._on_done = on_done
        self._busy = busy
        self._numbers = count(1)
        self._lock = threading.Lock()
        self.application = Starlette(
            routes=[
                Route("/api/v1/users/invite", self._guarded(self._invite), methods=["POST"]),
                Route("/api/v1/users/invite/sent", self._guarded(self._pending), methods=["GET"]),
                Route("/api/v1/users/invite/sent/{invitation_id}", self._guarded(self._withdraw), methods=["DELETE"]),
                Route("/api/v1/users/relations", self._guarded(self._relations), methods=["GET"]),
                Route("/api/v1/users/{identifier}", self._guarded(self._profile), methods=["GET"]),
                Route("/api/v1/users/{identifier}/posts", self._guarded(self._posts), methods=["GET"]),
                Route("/api/v1/users/{identifier}/follow", self._guarded(self._follow), methods=["POST"]),
                Route("/api/v1/posts/reaction", self._guarded(self._react), methods=["POST"]),
                Route("/api/v1/chats", self._guarded(self._start_chat), methods=["POST"]),
                Route("/api/v1/chats/{chat_id}/messages", self._guarded(self._write), methods=["POST"]),
            ]
        )

    def add_member(self, slug: str, name: str) -> Member:
        member = Member(slug, name, f"ACoAA{slug.replace('-', '')[:20]}")
        self.members[slug] = member
        return member

    def accept(self, slug: str) -> Member:
        """The person accepts the invitation that is pending. Raises ValueError if there is none."""
        with self._lock:
            member = self.members[slug]
            if not member.invitation_id or member.is_relation:
                raise ValueError(f"{member.name} has no invitation to accept")
            member.is_relation = True
            return member

    def fresh_id(self, kind: str) -> str:
        return f"{kind}_{next(self._numbers):05d}"

    def _guarded(self, answer: Callable[[Request], Any]) -> Handler:
        async def handle(request: Request) -> Response:
            try:
                if request.headers.get("x-api-key") != self._token:
                    raise Refusal(401, "missing_credentials", "X-API-KEY is missing or wrong")
                status, body = await answer(request)
            except Refusal as refusal:
                return JSONResponse(refusal.body, refusal.status)
            return JSONResponse(body, status)

        return self.answers.guarded(handle, is_write=_is_write)

    def _check_account(self, account: object) -> None:
        if account != self._account:
            raise Refusal(404, "resource_not_found", f"Account not found: {account!r}")

    async def _profile(self, request: Request) -> tuple[int, Any]:
        self._check_account(request.query_params.get("account_id"))
        identifier = request.path_params["identifier"]
        if identifier in self._busy:
            self._busy.remove(identifier)
            raise Refusal(503, "provider_unreachable", "LinkedIn does not answer at the moment")
        member = self._member(identifier)
        if request.query_params.get("notify") == "true":
            self._tell(Done("visit", member, ""))
        return 200, _shown(member)

    async def _posts(self, request: Request) -> tuple[int, Any]:
        self._check_account(request.query_params.get("account_id"))
        posts = [{"id": each, "social_id": each} for each in self._member(request.path_params["identifier"]).posts]
        return 200, {"object": "PostList", "items": posts[: _limit(request)], "cursor": None}

    async def _follow(self, request: Request) -> tuple[int, Any]:
        self._check_account((await _json(request)).get("account_id"))
        self._tell(Done("follow", self._member(request.path_params["identifier"]), ""))
        return 201, {"object": "UserFollowed"}

    async def _react(self, request: Request) -> tuple[int, Any]:
        body = await _json(request)
        self._check_account(body.get("account_id"))
        post, _ = _text(body, "post_id"), _text(body, "reaction_type")
        member = next((each for each in self.members.values() if post in each.posts), None)
        if member is None:
            raise Refusal(404, "resource_not_found", f"Post not found: {post}")
        if any(each.what == "like" and each.text == post for each in self.done):
            raise Refusal(422, "action_already_performed", "You reacted to this post already")
        self._tell(Done("like", member, post))
        return 201, {"object": "PostReactionAdded"}

    async def _pending(self, request: Request) -> tuple[int, Any]:
        """Pages of `limit`; the cursor is where the next one begins."""
        self._check_account(request.query_params.get("account_id"))
        open_ones = [each for each in self.members.values() if each.invitation_id and not each.is_relation]
        start, limit = int(request.query_params.get("cursor") or 0), _limit(request)
        shown = [_invitation(each) for each in open_ones[start : start + limit]]
        cursor = str(start + limit) if start + limit < len(open_ones) else None
        return 200, {"object": "InvitationList", "items": shown, "cursor": cursor}

    async def _relations(self, request: Request) -> tuple[int, Any]:
        """Everybody who is connected, the newest first."""
        self._check_account(request.query_params.get("account_id"))
        people = [each for each in self.members.values() if each.is_relation]
        start, limit = int(request.query_params.get("cursor") or 0), _limit(request)
        shown = [
            {"object": "UserRelation", "member_id": each.provider_id, "public_identifier": each.slug}
            for each in people[start : start + limit]
        ]
        cursor = str(start + limit) if start + limit < len(people) else None
        return 200, {"object": "UserRelationsList", "items": shown, "cursor": cursor}

    async def _withdraw(self, request: Request) -> tuple[int, Any]:
        self._check_account(request.query_params.get("account_id"))
        invitation_id = request.path_params["invitation_id"]
        with self._lock:
            open_ones = (each for each in self.members.values() if not each.is_relation)
            member = next((each for each in open_ones if each.invitation_id == invitation_id), None)
            if member is None:
                raise Refusal(404, "resource_not_found", f"Invitation not found: {invitation_id}")
            self._refuse("withdraw")
            member.invitation_id = ""
        self._tell(Done("withdraw", member, ""))
        return 200, {"object": "InvitationCanceled"}

    def _member(self, identifier: str) -> Member:
        found = self.members.get(identifier) or next(
            (member for member in self.members.values() if member.provider_id == identifier), None
        )
        if found is None:
            raise Refusal(404, "resource_not_found", f"User not found: {identifier}")
        return found

    async def _invite(self, request: Request) -> tuple[int, Any]:
        body = await _json(request)
        self._check_account(body.get("account_id"))
        text = body.get("message", "")
        if not isinstance(text, str) or len(text) > _LONGEST_NOTE:
            raise Refusal(400, "too_many_characters", f"message has more than {_LONGEST_NOTE} characters")
        with self._lock:
            member = self._member(_text(body, "provider_id"))
            if member.is_relation:
                raise Refusal(422, "already_connected", "The recipient is a first degree relation")
            if member.invitation_id:
                raise Refusal(422, "already_invited_recently", "An invitation was sent recently")
            self._refuse("invite")
            member.invitation_id = self.fresh_id("inv")
        self._tell(Done("invite", member, text))
        return 201, {"object": "UserInvitationSent", "invitation_id": member.invitation_id}

    async def _start_chat(self, request: Request) -> tuple[int, Any]:
        form = await _form(request)
        self._check_account(form.get("account_id"))
        what, text = await _said(form)
        with self._lock:
            member = self._member(_filled(form, "attendees_ids"))
            if what != "inmail" and not member.is_relation:
                raise Refusal(422, "no_connection_with_recipient", "The recipient is no first degree relation")
            member.chat_id = member.chat_id or self.fresh_id("chat")
        message_id = self.fresh_id("msg")
        self._tell(Done(what, member, text, message_id))
        return 201, {"object": "ChatStarted", "chat_id": member.chat_id, "message_id": message_id}

    async def _write(self, request: Request) -> tuple[int, Any]:
        form = await _form(request)
        chat_id = request.path_params["chat_id"]
        member = next((each for each in self.members.values() if each.chat_id == chat_id), None)
        if member is None:
            raise Refusal(404, "resource_not_found", f"Chat not found: {chat_id}")
        what, text = await _said(form)
        message_id = self.fresh_id("msg")
        self._tell(Done(what, member, text, message_id))
        return 201, {"object": "MessageSent", "message_id": message_id}

    def _refuse(self, what: str) -> None:
        if what in self.refusing:
            raise self.refusing[what]

    def _tell(self, done: Done) -> None:
        self._refuse(done.what)
        self.done.append(done)
        self._on_done(done)


def _is_write(request: Request) -> bool:
    """A visit is a look-up that LinkedIn tells the person about."""
    return request.method != "GET" or "notify" in request.query_params


def _shown(member: Member) -> dict[str, Any]:
    first, _, last = member.name.partition(" ")
    shown: dict[str, Any] = {
        "object": "UserProfile",
        "provider": "LINKEDIN",
        "provider_id": member.provider_id,
        "public_identifier": member.slug,
        "first_name": first,
        "last_name": last,
        "network_distance": "FIRST_DEGREE" if member.is_relation else "SECOND_DEGREE",
        "is_relationship": member.is_relation,
    }
    if member.invitation_id and not member.is_relation:
        shown["invitation"] = {"type": "SENT", "status": "PENDING"}
    return shown


def _invitation(member: Member) -> dict[str, Any]:
    return {
        "id": member.invitation_id,
        "invited_user_id": member.provider_id,
        "invited_user_public_id": member.slug,
        "date": "a week ago",
    }


def _limit(request: Request) -> int:
    return min(int(request.query_params.get("limit") or 100), 100)


async def _said(form: FormData) -> tuple[str, str]:
    """What a chat message is, and its text; a voice message has none, so its size stands for it."""
    recording = form.get("voice_message")
    if recording is not None and not isinstance(recording, str):
        size = len(await recording.read())
        await recording.close()
        return "voice", f"{size} bytes"
    is_inmail = form.get("linkedin[inmail]") == "true" or form.get("linkedin[api]") in _PAID
    return ("inmail" if is_inmail else "message"), _filled(form, "text")


async def _json(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refusal(400, "invalid_parameters", "the body is no JSON object")
    return body


async def _form(request: Request) -> FormData:
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise Refusal(400, "invalid_parameters", "the body is not multipart/form-data")
    return await request.form()


def _filled(form: FormData, name: str) -> str:
    value = form.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Refusal(400, "invalid_parameters", f"{name} is missing")
    return value


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise Refusal(400, "invalid_parameters", f"{name} is missing")
    return value
