"""LinkedIn through Unipile: the contract for both actions, its error types, and what is particular."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email import message_from_bytes, policy
from typing import Any, ClassVar

import httpx
import pytest

from outreach.channel import Attachment, Message
from outreach.channels.unipile import Options, Unipile, identifier
from outreach.errors import AdapterError, Outcome, Refused, Unavailable
from outreach.sandbox.unipile_server import UnipileServer
from outreach.testing.channel import World, run
from tests.channels.cases import (
    BLOCKED,
    CONTENT,
    DONE,
    DOUBT,
    LATER,
    LIMIT,
    NOT_READY,
    RECIPIENT,
    SET_UP,
    Cases,
    CasesContract,
    Meaning,
    case,
    common,
    with_reset,
)
from tests.channels.wire import Stand, Told

TOKEN = "unipile-secret-token"
BASE = "https://api1.example.com:13111"
NOTE = Message(
    key="e1.invite", action="linkedin.invite", to="https://www.linkedin.com/in/ada-sample/", text="Hello Ada"
)
CHAT = replace(NOTE, key="e1.chat", action="linkedin.message", text="Thank you for connecting, Ada.")
SECOND = {"provider_id": "ACoAA1", "network_distance": "SECOND_DEGREE"}
FIRST = {"provider_id": "ACoAA1", "network_distance": "FIRST_DEGREE"}
INVITED = {"object": "UserInvitationSent", "invitation_id": "inv-1"}
STARTED = {"object": "ChatStarted", "chat_id": "chat-1", "message_id": "msg-1"}

Answer = httpx.Response | Exception


def problem(status: int, kind: str, **headers: str) -> httpx.Response:
    body = {"status": status, "type": f"errors/{kind}", "title": "No", "detail": f"{kind}, says LinkedIn ({TOKEN})"}
    return httpx.Response(status, json=body, headers=headers)


DAY, HOUR = timedelta(hours=24), timedelta(hours=1)
V1_ERRORS = "developer.unipile.com, error types of v1"
BY_TYPE: Mapping[tuple[int, Meaning, timedelta | None], tuple[str, ...]] = {
    (422, LIMIT, DAY): ("cannot_resend_yet", "cannot_resend_within_24hrs"),
    (422, LIMIT, HOUR): ("limit_exceeded", "connection_limit_reached"),
    (429, LIMIT, HOUR): ("too_many_requests",),
    (422, DONE, None): ("already_invited_recently", "already_connected", "action_already_performed"),
    (422, NOT_READY, None): ("no_connection_with_recipient", "not_allowed_inmail", "insufficient_credits"),
    (422, RECIPIENT, None): ("invalid_recipient", "user_unreachable", "blocked_recipient", "cannot_invite_attendee"),
    (403, RECIPIENT, None): ("recipient_rejected", "cant_send_message"),
    (400, CONTENT, None): ("too_many_characters", "invalid_message", "content_too_large"),
    (401, BLOCKED, None): (
        *("invalid_credentials", "expired_credentials", "disconnected_account", "checkpoint_error"),
        *("multiple_sessions", "wrong_account"),
    ),
    (403, BLOCKED, None): ("account_restricted", "sender_rejected", "ip_rejected_by_server", "unauthorized"),
    (403, SET_UP, None): ("insufficient_permissions", "feature_not_subscribed", "subscription_required"),
    (503, LATER, None): ("provider_unreachable", "no_client_session"),
    (500, DOUBT, None): ("unexpected_error", "provider_error"),
    (504, DOUBT, None): ("request_timeout",),
}


def told(status: int, kind: str, detail: str = "", **headers: str) -> Told:
    body = {"status": status, "type": f"errors/{kind}", "title": "No", "detail": detail or f"{kind} ({TOKEN})"}
    return Told(status, body, headers)


TYPED: Cases = {
    kind: case(f"{status} `{kind}`", told(status, kind), meaning, why=V1_ERRORS, waits=waits)
    for (status, meaning, waits), kinds in BY_TYPE.items()
    for kind in kinds
}
COMMON: Cases = {
    **common(TOKEN, unexpected={"object": "Something"}, status=201),
    "404 account": case(
        "404 `resource_not_found` of the account",
        told(404, "resource_not_found", "Account not found"),
        SET_UP,
        why=V1_ERRORS,
    ),
    "429 with reset": with_reset(),
}


@dataclass
class UnipileWorld:
    """A stand-in of the provider: `profile` answers reads, `answer` answers the one write."""

    message: Message
    profile: Answer
    answer: Answer
    secrets: tuple[str, ...] = (TOKEN,)
    requests: list[httpx.Request] = field(default_factory=list)
    writes: list[Any] = field(default_factory=list)
    channel: Unipile = field(init=False)
    posts: list[Any] = field(default_factory=lambda: [{"id": "1", "social_id": "urn:li:activity:7000000000000000001"}])
    invitations: list[Any] = field(default_factory=lambda: [{"id": "inv-7", "invited_user_id": "ACoAA1"}])

    def handed_over(self) -> list[Any]:
        return list(self.writes)

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        is_write = request.method != "GET" or "notify" in request.url.params
        if is_write:
            self.writes.append((request.url.path, fields_of(request)))
        answer = self.answer if is_write else self.reading(request)
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    def reading(self, request: httpx.Request) -> Answer:
        path = request.url.path
        if path.endswith("/posts"):
            return httpx.Response(200, json={"items": self.posts})
        if path.endswith("/invite/sent"):
            return httpx.Response(200, json={"items": self.invitations, "cursor": None})
        return self.profile


def fields_of(request: httpx.Request) -> Any:
    """What a form or JSON body says, without its boundary."""
    kind = request.headers.get("content-type", "")
    if not kind:
        return dict(request.url.params)
    if kind == "application/json":
        return json.loads(request.content)
    parsed = message_from_bytes(f"Content-Type: {kind}\n\n".encode() + request.content, policy=policy.HTTP)
    return [(part.get_param("name", header="content-disposition"), part.get_content()) for part in parsed.iter_parts()]


@asynccontextmanager
async def linkedin(message: Message, answer: Answer, profile: Any = None) -> AsyncIterator[UnipileWorld]:
    known = profile or (FIRST if message.action in ("linkedin.message", "linkedin.voice") else SECOND)
    shown = known if isinstance(known, httpx.Response | Exception) else httpx.Response(200, json=known)
    world = UnipileWorld(message, shown, answer)
    async with httpx.AsyncClient(transport=httpx.MockTransport(world.handle)) as http:
        world.channel = Unipile(Options(BASE, "acc_1", TOKEN), http)
        yield world


def is_write(request: httpx.Request) -> bool:
    return request.method != "GET" or "notify" in request.url.params


class UnipileContract(CasesContract):
    """Failures come from the stand-in; it remembers whom it invited, so what goes well comes from a plainer one."""

    accepted: ClassVar[dict[str, Any]]

    def world(self, failure: str = "") -> AbstractAsyncContextManager[World]:
        if failure:
            return super().world(failure)
        return linkedin(self.sample, httpx.Response(201, json=self.accepted))

    def stand(self) -> Stand:
        server = UnipileServer(token=TOKEN, account="acc_1", on_done=lambda _: None, busy=set())
        ada = server.add_member("ada-sample", "Ada Sample")
        ada.is_relation = self.sample.action in ("linkedin.message", "linkedin.voice")
        ada.posts.append("urn:li:activity:7000000000000000001")
        if self.sample.action == "linkedin.withdraw":
            ada.invitation_id = "inv-7"
        options = Options(BASE, "acc_1", TOKEN)
        return Stand(server.application, server.answers, lambda http: Unipile(options, http), (TOKEN,), is_write)


def without(*kinds: str) -> Cases:
    return {name: each for name, each in TYPED.items() if name not in kinds}


def done(*kinds: str) -> Mapping[str, Any]:
    """What means for some actions that nothing is left to do."""
    return {f"422 `{kind}`": told(422, kind) for kind in kinds}


class TestUnipileInvitation(UnipileContract):
    cases: ClassVar[Cases] = {
        **COMMON,
        **without("already_invited_recently", "action_already_performed"),
        "404 profile": case(
            "404 `resource_not_found` of the profile",
            told(404, "resource_not_found", "User not found"),
            RECIPIENT,
            why=V1_ERRORS,
        ),
    }
    taken = done("already_invited_recently", "action_already_performed")
    sample = NOTE
    accepted = INVITED


class TestUnipileMessage(UnipileContract):
    cases: ClassVar[Cases] = {**COMMON, **TYPED}
    sample = CHAT
    accepted = STARTED


SOME: Cases = {
    **COMMON,
    **{name: TYPED[name] for name in ("cannot_resend_yet", "account_restricted", "checkpoint_error")},
}
_RECORDING = Attachment(name="hello.m4a", content_type="audio/mp4", content=b"sound")


class TestUnipileVoice(UnipileContract):
    cases = SOME
    sample = replace(CHAT, action="linkedin.voice", attachments=(_RECORDING,))
    accepted = STARTED


class TestUnipileInmail(UnipileContract):
    cases: ClassVar[Cases] = {
        **SOME,
        **{name: TYPED[name] for name in ("not_allowed_inmail", "insufficient_credits")},
    }
    sample = replace(CHAT, action="linkedin.inmail", subject="Your audit")
    accepted = STARTED


class UndocumentedAnswer(UnipileContract):
    """Actions whose answer has no documented name: any object that names itself is one."""

    cases: ClassVar[Cases] = {
        **SOME,
        "unexpected body": replace(COMMON["unexpected body"], answer=Told(201, ["Done"], is_taken=True)),
    }
    accepted: ClassVar[dict[str, Any]] = {"object": "Done"}


class TestUnipileFollow(UndocumentedAnswer):
    sample = replace(NOTE, action="linkedin.follow", text="")
    taken = done("action_already_performed")


class TestUnipileLike(UndocumentedAnswer):
    sample = replace(NOTE, action="linkedin.like", text="")
    taken = done("action_already_performed")


class TestUnipileWithdrawal(UndocumentedAnswer):
    sample = replace(NOTE, action="linkedin.withdraw", text="")


class TestUnipileVisit(UndocumentedAnswer):
    sample = replace(NOTE, action="linkedin.visit", text="")
    accepted = SECOND


async def gladly() -> None:
    """A last look that finds nothing against it."""


def send(message: Message, answer: Answer, profile: Any = None) -> tuple[Any, UnipileWorld]:
    """The receipt or the error of one send, and the world it went to."""

    async def story() -> tuple[Any, UnipileWorld]:
        async with linkedin(message, answer, profile) as world:
            try:
                return await world.channel.send(message, last_look=gladly), world
            except AdapterError as error:
                return error, world

    return run(story())


def taken(body: Mapping[str, Any]) -> httpx.Response:
    return httpx.Response(201, json=dict(body))


def test_a_note_that_a_free_account_may_not_write_is_refused_before_the_wire() -> None:
    async def story() -> tuple[Refused, list[httpx.Request]]:
        async with linkedin(replace(NOTE, text="x" * 201), taken(INVITED)) as world:
            http = httpx.AsyncClient(transport=httpx.MockTransport(world.handle))
            free = Unipile(Options(BASE, "acc_1", TOKEN, longest_note=200), http)
            with pytest.raises(Refused) as caught:
                await free.send(world.message, last_look=gladly)
            return caught.value, world.requests

    error, requests = run(story())

    assert (error.outcome, requests) == (Outcome.REJECTED_CONTENT, [])
    assert "LinkedIn takes 200" in str(error)


def test_an_invitation_names_the_resolved_person() -> None:
    receipt, world = send(NOTE, taken(INVITED))

    read, write = world.requests
    assert str(read.url) == f"{BASE}/api/v1/users/ada-sample?account_id=acc_1"
    assert read.headers["x-api-key"] == TOKEN
    assert world.writes == [
        ("/api/v1/users/invite", {"account_id": "acc_1", "provider_id": "ACoAA1", "message": "Hello Ada"})
    ]
    assert write.headers["x-api-key"] == TOKEN
    assert (receipt.provider_id, receipt.recipient_id) == ("inv-1", "ACoAA1")


def test_an_invitation_without_a_note_sends_none() -> None:
    _, world = send(replace(NOTE, text=""), taken(INVITED))

    assert world.writes[0][1] == {"account_id": "acc_1", "provider_id": "ACoAA1"}


def test_a_message_to_a_relation_starts_a_chat() -> None:
    receipt, world = send(CHAT, taken(STARTED))

    assert world.writes == [
        ("/api/v1/chats", [("account_id", "acc_1"), ("attendees_ids", "ACoAA1"), ("text", CHAT.text)])
    ]
    assert (receipt.provider_id, receipt.thread_id, receipt.recipient_id) == ("msg-1", "chat-1", "ACoAA1")


def test_a_message_in_a_thread_answers_there_without_looking_the_person_up() -> None:
    receipt, world = send(replace(CHAT, thread_id="chat/7"), taken({"object": "MessageSent", "message_id": "msg-2"}))

    assert [request.method for request in world.requests] == ["POST"]
    assert world.requests[0].url.raw_path == b"/api/v1/chats/chat%2F7/messages"
    assert (receipt.provider_id, receipt.thread_id) == ("msg-2", "chat/7")


def test_text_outside_ascii_arrives_whole() -> None:
    text = "Merhaba Ayşe,\nşirketinizi gördüm 🎉"

    _, world = send(replace(CHAT, text=text), taken(STARTED))

    request = world.requests[-1]
    assert text.encode() in request.content


def test_a_chat_whose_ids_are_null_is_a_receipt_all_the_same() -> None:
    receipt, _ = send(CHAT, taken({"object": "ChatStarted", "chat_id": None, "message_id": None}))

    assert (receipt.provider_id, receipt.thread_id, receipt.reply) == ("", "", "ChatStarted")


def test_a_message_to_somebody_not_connected_is_not_ready() -> None:
    error, world = send(CHAT, taken(STARTED), profile=SECOND)

    assert (type(error), error.outcome, world.writes) == (Refused, Outcome.NOT_READY, [])


def test_an_invitation_to_a_relation_is_refused_as_done() -> None:
    error, world = send(NOTE, taken(INVITED), profile=FIRST)

    assert (type(error), error.outcome, world.writes) == (Refused, Outcome.DUPLICATE, [])
    assert error.code == "errors/already_connected"


def test_a_pending_invitation_counts_as_sent_and_is_not_repeated() -> None:
    profile = {**SECOND, "invitation": {"type": "SENT", "status": "PENDING"}}

    receipt, world = send(NOTE, taken(INVITED), profile=profile)

    assert (receipt.recipient_id, world.writes) == ("ACoAA1", [])
    assert "already" in receipt.reply


@pytest.mark.parametrize("kind", ["already_invited_recently", "action_already_performed"])
def test_an_invitation_already_out_counts_as_sent(kind: str) -> None:
    receipt, _ = send(NOTE, problem(422, kind))

    assert receipt.recipient_id == "ACoAA1"


def test_a_note_too_long_is_refused_before_the_wire() -> None:
    error, world = send(replace(NOTE, text="x" * 301), taken(INVITED))

    assert (type(error), error.outcome, world.requests) == (Refused, Outcome.REJECTED_CONTENT, [])
    assert "300" in str(error)


def test_a_note_of_exactly_the_limit_goes_out() -> None:
    receipt, _ = send(replace(NOTE, text="ş" * 300), taken(INVITED))

    assert receipt.provider_id == "inv-1"


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_failing_look_up_sent_nothing(status: int) -> None:
    error, world = send(NOTE, taken(INVITED), profile=httpx.Response(status, text="oops"))

    assert (type(error), world.writes) == (Unavailable, [])


def test_a_profile_that_does_not_exist_is_a_bad_address() -> None:
    error, world = send(NOTE, taken(INVITED), profile=problem(404, "resource_not_found"))

    assert (type(error), error.outcome, world.writes) == (Refused, Outcome.REJECTED_RECIPIENT, [])


def test_a_chat_that_does_not_exist_says_nothing_against_the_person() -> None:
    error, _ = send(replace(CHAT, thread_id="chat-9"), problem(404, "resource_not_found"))

    assert (type(error), error.outcome) == (Refused, Outcome.NOT_FOUND)


def test_a_limit_without_a_time_is_a_day_for_invitations() -> None:
    error, _ = send(NOTE, problem(422, "cannot_resend_yet"))

    assert error.retry_after == timedelta(hours=24)


def test_a_limit_with_a_time_waits_that_long() -> None:
    error, _ = send(NOTE, problem(429, "too_many_requests", **{"retry-after": "120"}))

    assert error.retry_after == timedelta(minutes=2)


def test_an_action_it_does_not_know_is_refused_by_name() -> None:
    error, world = send(replace(NOTE, action="linkedin.poke"), taken(INVITED))

    assert (type(error), error.outcome, world.requests) == (Refused, Outcome.CONFIG, [])
    assert "linkedin.poke" in str(error)


@pytest.mark.parametrize(
    ("to", "found"),
    [
        ("https://www.linkedin.com/in/ada-sample", "ada-sample"),
        ("https://tr.linkedin.com/in/ada-sample/?trk=x", "ada-sample"),
        ("linkedin.com/in/ada-sample/details", "ada-sample"),
        ("http://www.linkedin.com/in/ay%C5%9Fe-sample/", "ayşe-sample"),
        ("ada-sample", "ada-sample"),
        ("ACoAAB12_x", "ACoAAB12_x"),
    ],
)
def test_a_profile_is_found_in_each_way_to_write_it(to: str, found: str) -> None:
    assert identifier(to) == found


@pytest.mark.parametrize(
    "to",
    [
        "",
        "..",
        "ada sample",
        "https://example.com/in/ada",
        "https://notlinkedin.com/in/ada",
        "https://linkedin.com/co/x",
    ],
)
def test_what_is_no_profile_is_refused(to: str) -> None:
    find: Callable[[str], str] = identifier

    with pytest.raises(Refused) as caught:
        find(to)

    assert caught.value.outcome is Outcome.REJECTED_RECIPIENT


def test_a_voice_message_is_the_recording_and_nothing_else() -> None:
    _, world = send(TestUnipileVoice.sample, taken(STARTED))

    assert world.writes == [
        ("/api/v1/chats", [("account_id", "acc_1"), ("attendees_ids", "ACoAA1"), ("voice_message", b"sound")])
    ]


def test_a_voice_message_without_a_recording_is_refused_before_the_wire() -> None:
    error, world = send(replace(CHAT, action="linkedin.voice"), taken(STARTED))

    assert (type(error), error.outcome, world.requests) == (Refused, Outcome.REJECTED_CONTENT, [])


def test_an_inmail_goes_to_a_stranger_with_its_subject() -> None:
    _, world = send(TestUnipileInmail.sample, taken(STARTED))

    assert dict(world.writes[0][1]) == {
        "account_id": "acc_1",
        "attendees_ids": "ACoAA1",
        "text": CHAT.text,
        "linkedin[api]": "classic",
        "linkedin[inmail]": "true",
        "subject": "Your audit",
    }


def test_an_inmail_of_another_product_is_told_by_its_name_alone() -> None:
    """`linkedin[inmail]` is described for classic only."""

    async def story() -> list[tuple[str, Any]]:
        async with linkedin(TestUnipileInmail.sample, taken(STARTED)) as world:
            http = httpx.AsyncClient(transport=httpx.MockTransport(world.handle))
            navigator = Unipile(Options(BASE, "acc_1", TOKEN, inmail_api="sales_navigator"), http)
            await navigator.send(TestUnipileInmail.sample, last_look=gladly)
            return world.writes

    fields = dict(run(story())[0][1])

    assert (fields["linkedin[api]"], "linkedin[inmail]" in fields) == ("sales_navigator", False)


@pytest.mark.parametrize(
    ("text", "post"),
    [
        ("", "urn:li:activity:7000000000000000001"),
        (
            "https://www.linkedin.com/feed/update/urn:li:activity:7332661864792854528/",
            "urn:li:activity:7332661864792854528",
        ),
        (
            "https://www.linkedin.com/posts/ada_hello-ugcPost-7332661864792854528-aBcD",
            "urn:li:ugcPost:7332661864792854528",
        ),
        ("7332661864792854528", "7332661864792854528"),
    ],
)
def test_the_post_to_like_is_the_one_named_or_the_newest(text: str, post: str) -> None:
    _, world = send(replace(TestUnipileLike.sample, text=text), taken({"object": "Done"}))

    assert world.writes == [
        ("/api/v1/posts/reaction", {"account_id": "acc_1", "post_id": post, "reaction_type": "like"})
    ]


def test_what_is_no_post_is_refused() -> None:
    error, world = send(replace(TestUnipileLike.sample, text="https://example.com/a b"), taken({"object": "Done"}))

    assert (type(error), error.outcome, world.writes) == (Refused, Outcome.REJECTED_CONTENT, [])


@pytest.mark.parametrize("wrong", [{"inmail_api": "gold"}, {"follow_path": "/follow"}, {"reaction": "clap"}])
def test_options_that_cannot_be_are_told(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Options(BASE, "acc_1", TOKEN, **wrong)  # type: ignore[arg-type]  # all texts
