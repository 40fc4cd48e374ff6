"""The stand-in of Unipile, asked by our own channel and by whoever makes mistakes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import httpx
import pytest

from outreach.channel import Attachment, Message, Receipt
from outreach.channels.unipile import Options, Unipile
from outreach.errors import Refused, Unauthorized, Unavailable
from outreach.sandbox.unipile_server import Done, Refusal, UnipileServer

_ADA = "https://www.linkedin.com/in/ada-sample"


@pytest.fixture
def done() -> list[Done]:
    return []


@pytest.fixture
def server(done: list[Done]) -> UnipileServer:
    made = UnipileServer(token="right", account="acc_1", on_done=done.append, busy={"bob-sample"})
    made.add_member("ada-sample", "Ada Sample")
    made.add_member("bob-sample", "Bob Sample")
    return made


def _with_client(
    server: UnipileServer, work: Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]
) -> httpx.Response:
    async def run() -> httpx.Response:
        transport = httpx.ASGITransport(server.application)
        async with httpx.AsyncClient(transport=transport, base_url="http://unipile.example") as http:
            return await work(http)

    return asyncio.run(run())


def _send(
    server: UnipileServer,
    action: str,
    *,
    to: str = _ADA,
    text: str = "Hi",
    token: str = "right",
    thread: str = "",
    attachments: tuple[Attachment, ...] = (),
) -> Receipt:
    async def run() -> Receipt:
        transport = httpx.ASGITransport(server.application)
        async with httpx.AsyncClient(transport=transport) as http:
            channel = Unipile(Options("http://unipile.example", "acc_1", token), http)
            message = Message(key="1.x", action=f"linkedin.{action}", to=to, text=text, thread_id=thread)
            message = replace(message, attachments=attachments)
            return await channel.send(message, last_look=_fine)

    return asyncio.run(run())


async def _fine() -> None:
    return None


def test_an_invitation_a_yes_and_a_chat(server: UnipileServer, done: list[Done]) -> None:
    invited = _send(server, "invite", text="A note")
    server.accept("ada-sample")
    started = _send(server, "message", text="Thank you")
    answered = _send(server, "message", text="One more thing", thread=started.thread_id)

    assert invited.provider_id.startswith("inv_")
    assert answered.thread_id == started.thread_id != ""
    assert [(each.what, each.text) for each in done] == [
        ("invite", "A note"),
        ("message", "Thank you"),
        ("message", "One more thing"),
    ]


def test_a_stranger_gets_no_message(server: UnipileServer, done: list[Done]) -> None:
    with pytest.raises(Refused, match="not connected"):
        _send(server, "message")

    assert done == []


def test_nobody_is_invited_twice(server: UnipileServer, done: list[Done]) -> None:
    _send(server, "invite")
    _send(server, "invite")

    assert len(done) == 1


def test_a_wrong_token_is_refused(server: UnipileServer) -> None:
    with pytest.raises(Unauthorized):
        _send(server, "invite", token="wrong")


def test_an_unknown_profile_is_refused(server: UnipileServer) -> None:
    with pytest.raises(Refused, match="User not found"):
        _send(server, "invite", to="https://www.linkedin.com/in/nobody-sample")


def test_a_busy_linkedin_answers_the_second_time(server: UnipileServer) -> None:
    with pytest.raises(Unavailable):
        _send(server, "invite", to="https://www.linkedin.com/in/bob-sample")

    assert _send(server, "invite", to="https://www.linkedin.com/in/bob-sample").provider_id


def test_only_who_was_invited_can_accept(server: UnipileServer) -> None:
    with pytest.raises(ValueError, match="no invitation"):
        server.accept("ada-sample")


@pytest.mark.parametrize(
    ("path", "options", "status", "kind"),
    [
        ("/api/v1/users/invite", {"content": b"[1]"}, 400, "errors/invalid_parameters"),
        ("/api/v1/users/invite", {"json": {"account_id": "acc_2"}}, 404, "errors/resource_not_found"),
        ("/api/v1/users/invite", {"json": {"account_id": "acc_1"}}, 400, "errors/invalid_parameters"),
        (
            "/api/v1/users/invite",
            {"json": {"account_id": "acc_1", "provider_id": "ACoAAadasample", "message": "x" * 301}},
            400,
            "errors/too_many_characters",
        ),
        ("/api/v1/chats", {"json": {"account_id": "acc_1"}}, 400, "errors/invalid_parameters"),
        ("/api/v1/chats/chat_9/messages", {"files": {"text": (None, "Hi")}}, 404, "errors/resource_not_found"),
    ],
)
def test_a_wrong_shape_is_refused(
    server: UnipileServer, path: str, options: dict[str, object], status: int, kind: str
) -> None:
    headers = {"x-api-key": "right"}

    answer = _with_client(server, lambda http: http.post(path, headers=headers, **options))  # type: ignore[arg-type]

    assert (answer.status_code, answer.json()["type"]) == (status, kind)


_RECORDING = Attachment(name="hello.m4a", content_type="audio/mp4", content=b"sample sound")


def test_every_action_is_done_once(server: UnipileServer, done: list[Done]) -> None:
    server.members["ada-sample"].posts += ["urn:li:activity:7332661864792854528"]

    told = [_send(server, action, text="").reply for action in ("visit", "follow", "like", "like", "invite")]
    inmail = _send(server, "inmail", text="A question")
    server.accept("ada-sample")
    _send(server, "voice", text="Hello", thread=inmail.thread_id, attachments=(_RECORDING,))

    assert [each.what for each in done] == ["visit", "follow", "like", "invite", "inmail", "voice"]
    assert told[:3] == ["visited", "followed", "liked urn:li:activity:7332661864792854528"]
    assert "action already performed" in told[3].lower() or "reacted" in told[3]


def test_a_pending_invitation_is_taken_back_and_an_accepted_one_is_not(server: UnipileServer, done: list[Done]) -> None:
    for number in range(120):
        server.add_member(f"person-{number}", f"Person {number}").invitation_id = f"old_{number}"
    server.members["bob-sample"].invitation_id = "inv_bob"
    server.accept("bob-sample")

    far_down = _send(server, "withdraw", to="https://www.linkedin.com/in/person-110")
    again = _send(server, "withdraw", to="https://www.linkedin.com/in/person-110")
    accepted = _send(server, "withdraw", to="ACoAAbobsample")

    assert (far_down.reply, again.reply) == ("withdrawn old_110", "no invitation is pending")
    assert accepted.reply == "no invitation is pending"
    assert [(each.what, each.member.slug) for each in done] == [("withdraw", "person-110")]


def test_who_has_written_nothing_is_not_liked(server: UnipileServer, done: list[Done]) -> None:
    assert _send(server, "like", text="").reply == "nothing to like: there is no post"
    assert done == []


def test_an_account_can_be_restricted_for_one_action(server: UnipileServer, done: list[Done]) -> None:
    server.refusing["invite"] = Refusal(403, "account_restricted", "You cannot invite at the moment")

    with pytest.raises(Unauthorized, match="cannot invite"):
        _send(server, "invite")
    _send(server, "visit")

    assert [each.what for each in done] == ["visit"]
