"""LinkedIn through Unipile: the contract for both actions, its error types, and what is particular."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email import message_from_bytes, policy
from typing import Any, ClassVar

import httpx
import pytest

from outreach.channel import Attachment, Message
from outreach.channels.unipile import Options, Unipile, identifier
from outreach.errors import AdapterError, Outcome, OutcomeUnknown, RateLimited, Refused, Unauthorized, Unavailable
from outreach.testing.channel import HTTP_TABLE, ChannelContract, Expected, run

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


COMMON: Mapping[str, Answer] = {
    "connection refused": httpx.ConnectError(f"refused {TOKEN}"),
    "connect timeout": httpx.ConnectTimeout("slow"),
    "no free connection": httpx.PoolTimeout("full"),
    "read timeout": httpx.ReadTimeout("silent"),
    "broken connection": httpx.RemoteProtocolError(f"gone {TOKEN}"),
    "not JSON": httpx.Response(201, text="<html>welcome"),
    "unexpected body": httpx.Response(201, json={"object": "Something"}),
    **{str(status): httpx.Response(status, text=f"no {TOKEN}") for status in (400, 401, 403, 404, 422, 429)},
    **{str(status): httpx.Response(status, text="oops") for status in (500, 502, 503, 504)},
}

V1_ERRORS = "developer.unipile.com, error types of v1"
TYPED: Mapping[str, tuple[Answer, Expected]] = {
    "422 cannot_resend_yet": (problem(422, "cannot_resend_yet"), Expected(RateLimited, Outcome.THROTTLED, V1_ERRORS)),
    "422 limit_exceeded": (problem(422, "limit_exceeded"), Expected(RateLimited, Outcome.THROTTLED, V1_ERRORS)),
    "422 no connection": (problem(422, "no_connection_with_recipient"), Expected(Refused, Outcome.NOT_READY)),
    "422 invalid_recipient": (problem(422, "invalid_recipient"), Expected(Refused, Outcome.REJECTED_RECIPIENT)),
    "422 already_connected": (problem(422, "already_connected"), Expected(Refused, Outcome.DUPLICATE)),
    "403 recipient_rejected": (
        problem(403, "recipient_rejected"),
        Expected(Refused, Outcome.REJECTED_RECIPIENT, V1_ERRORS),
    ),
    "403 cant_send_message": (
        problem(403, "cant_send_message"),
        Expected(Refused, Outcome.REJECTED_RECIPIENT, V1_ERRORS),
    ),
    "403 account_restricted": (problem(403, "account_restricted"), Expected(Unauthorized, Outcome.ACCOUNT_BLOCKED)),
    "403 not subscribed": (problem(403, "feature_not_subscribed"), Expected(Unauthorized, Outcome.CONFIG)),
    "401 checkpoint": (problem(401, "checkpoint_error"), Expected(Unauthorized, Outcome.ACCOUNT_BLOCKED)),
    "400 too_many_characters": (problem(400, "too_many_characters"), Expected(Refused, Outcome.REJECTED_CONTENT)),
    "404 account": (
        httpx.Response(404, json={"type": "errors/resource_not_found", "detail": "Account not found"}),
        Expected(Unauthorized, Outcome.CONFIG, V1_ERRORS),
    ),
    "503 provider_unreachable": (problem(503, "provider_unreachable"), Expected(Unavailable, Outcome.DEFERRED)),
    "500 unexpected_error": (problem(500, "unexpected_error"), Expected(OutcomeUnknown, Outcome.UNKNOWN)),
    "504 request_timeout": (problem(504, "request_timeout"), Expected(OutcomeUnknown, Outcome.UNKNOWN)),
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


class UnipileContract(ChannelContract):
    table = HTTP_TABLE
    failures: ClassVar[Mapping[str, Expected]] = {**HTTP_TABLE, **{name: row[1] for name, row in TYPED.items()}}
    sample: ClassVar[Message]
    accepted: ClassVar[dict[str, Any]]

    @asynccontextmanager
    async def world(self, failure: str = "") -> AsyncIterator[UnipileWorld]:
        answer: Answer = httpx.Response(201, json=self.accepted)
        if failure:
            answer = COMMON[failure] if failure in COMMON else TYPED[failure][0]
        async with linkedin(self.sample, answer) as world:
            yield world


class TestUnipileInvitation(UnipileContract):
    sample = NOTE
    accepted = INVITED


class TestUnipileMessage(UnipileContract):
    sample = CHAT
    accepted = STARTED


_RECORDING = Attachment(name="hello.m4a", content_type="audio/mp4", content=b"sound")


class TestUnipileVoice(UnipileContract):
    sample = replace(CHAT, action="linkedin.voice", attachments=(_RECORDING,))
    accepted = STARTED


class TestUnipileInmail(UnipileContract):
    sample = replace(CHAT, action="linkedin.inmail", subject="Your audit")
    accepted = STARTED


class UndocumentedAnswer(UnipileContract):
    """Actions whose answer has no documented name: any object that names itself is one."""

    accepted: ClassVar[dict[str, Any]] = {"object": "Done"}

    @asynccontextmanager
    async def world(self, failure: str = "") -> AsyncIterator[UnipileWorld]:
        if failure == "unexpected body":
            async with linkedin(self.sample, httpx.Response(201, json=["Done"])) as world:
                yield world
            return
        async with super().world(failure) as world:
            yield world


class TestUnipileFollow(UndocumentedAnswer):
    sample = replace(NOTE, action="linkedin.follow", text="")


class TestUnipileLike(UndocumentedAnswer):
    sample = replace(NOTE, action="linkedin.like", text="")


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


@pytest.mark.parametrize("wrong", [{"inmail_api": "gold"}, {"follow_path": "/follow"}])
def test_options_that_cannot_be_are_told(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Options(BASE, "acc_1", TOKEN, **wrong)  # type: ignore[arg-type]  # all texts
