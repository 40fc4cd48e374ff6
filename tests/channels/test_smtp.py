"""E-mail by SMTP against a scripted server: the contract, and every row of the window between 354 and the verdict."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from outreach.channel import Message, Receipt
from outreach.channels.smtp import Options, Smtp
from outreach.channels.smtp_connection import Deadlines
from outreach.channels.smtp_pool import Limits
from outreach.clock import MovableClock
from outreach.errors import (
    AdapterError,
    NotNow,
    Outcome,
    OutcomeUnknown,
    Refused,
    Unauthorized,
    Unavailable,
    UsageError,
)
from outreach.testing.channel import SMTP_TABLE, run
from outreach.testing.scripted_smtp import Act, Script, ScriptedSmtp
from tests.channels.cases import (
    BLOCKED,
    CONTENT,
    DOUBT,
    LATER,
    LIMIT,
    NO_SERVICE,
    RECIPIENT,
    Cases,
    CasesContract,
    case,
)

PASSWORD = "correct-horse-battery"
CERTIFICATE = Path(__file__).parent / "answers" / "loopback.pem"
START = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
SHORT = timedelta(milliseconds=150)
PATIENT = Deadlines(*[timedelta(seconds=5)] * 5)
IMPATIENT = Deadlines(*[SHORT] * 5)

MESSAGE = Message(
    key="enrollment-1.intro",
    action="email",
    to="ada@example.com",
    to_name="Ada Sample",
    from_name="Anna Sample",
    from_address="anna@example.org",
    envelope_from="bounce+t1@example.org",
    subject="A question",
    text="Hello Ada,\n.a line that begins with a dot\n\nAnna\n",
    message_id="t1@example.org",
)

ACCEPTED_NOTHING = "554 5.5.1 no valid recipients"
MINUTES, HOUR = timedelta(minutes=10), timedelta(hours=1)
CASES: Cases = {
    "connection refused": case("no connection", {}, LATER),
    "greeting 421": case("421 as greeting", {"GREETING": "421 4.3.2 going down"}, LATER),
    "greeting 554": case("554 as greeting", {"GREETING": "554 no service for you"}, NO_SERVICE),
    "AUTH 535": case("535 to the login", {"AUTH": f"535 5.7.8 bad credentials, not {PASSWORD}"}, BLOCKED),
    "AUTH 454": case("454 to the login", {"AUTH": "454 4.7.0 temporary authentication failure"}, LATER),
    "MAIL 451": case("451 to MAIL", {"MAIL": "451 4.3.0 later"}, LATER),
    "MAIL 550": case("550 to MAIL", {"MAIL": "550 5.7.1 sender not allowed"}, BLOCKED),
    "RCPT 450": case("450 to RCPT", {"RCPT": "450 4.2.0 greylisted"}, LATER),
    "RCPT 550": case("550 to RCPT", {"RCPT": "550 5.1.1 no such user", "DATA": ACCEPTED_NOTHING}, RECIPIENT),
    "RCPT 550, yet 354": case("550 to RCPT, and 354 all the same", {"RCPT": "550 5.1.1 no such user"}, RECIPIENT),
    "RCPT 552 5.2.2": case("552 5.2.2 to RCPT", {"RCPT": "552 5.2.2 mailbox full", "DATA": ACCEPTED_NOTHING}, LATER),
    "DATA 451": case("451 to DATA", {"DATA": "451 4.3.0 later"}, LATER),
    "DATA 554": case("554 to DATA", {"DATA": "554 5.7.1 not wanted"}, CONTENT),
    "421 at RCPT": case("421 4.7.0 to RCPT", {"RCPT": ["421 4.7.0 slow down", Act.CLOSE]}, LIMIT, waits=MINUTES),
    "closed at RCPT": case("closed at RCPT", {"RCPT": Act.CLOSE}, LATER),
    "closed before 354": case("closed before 354", {"DATA": Act.CLOSE}, LATER),
    "silent before 354": case("time-out before 354", {"DATA": Act.SILENCE}, LATER),
    "garbage before 354": case("no reply code before 354", {"MAIL": "hello?"}, LATER),
    "reset inside the text": case("connection lost inside the text", {"TEXT": Act.RESET}, DOUBT),
    "closed after the dot": case("closed after the final dot", {"DOT": Act.CLOSE}, DOUBT),
    "silent after the dot": case("time-out after the final dot", {"DOT": Act.SILENCE}, DOUBT),
    "451 to the dot": case("451 to the final dot", {"DOT": "451 4.3.0 try later"}, LATER),
    "452 rate to the dot": case(
        "454 “Throttling failure” to the final dot",
        {"DOT": "454 Throttling failure: Maximum sending rate exceeded."},
        LIMIT,
        waits=MINUTES,
    ),
    "554 to the dot": case("554 to the final dot", {"DOT": "554 5.6.0 malformed"}, CONTENT),
    "421 to the dot": case("421 to the final dot", {"DOT": "421 4.3.0 going down"}, LATER),
    "garbage to the dot": case("no reply code to the final dot", {"DOT": "well done"}, DOUBT),
    "354 to the dot": case("354 to the final dot", {"DOT": "354 more please"}, DOUBT),
}
FAILING: Mapping[str, Script] = {name: each.answer for name, each in CASES.items() if each.answer}


@dataclass
class SmtpWorld:
    channel: Smtp
    server: ScriptedSmtp
    message: Message = MESSAGE
    secrets: tuple[str, ...] = (PASSWORD, "AGFubmFAZXhhbXBsZS5vcmcAY29ycmVjdC1ob3JzZS1iYXR0ZXJ5")

    def handed_over(self) -> list[Any]:
        texts = list(self.server.texts)
        return texts + [b"begun"] * (self.server.begun - len(texts))


@asynccontextmanager
async def mail(script: Script | None = None, **changes: Any) -> AsyncIterator[SmtpWorld]:
    """A channel and its server. `server` and the fields of Options may be given."""
    async with ScriptedSmtp(script, **changes.pop("server", {})) as server:
        defaults = {"username": "anna@example.org", "password": PASSWORD, "deadlines": PATIENT}
        options = Options(changes.pop("url", f"smtp://127.0.0.1:{server.port}"), **{**defaults, **changes})
        channel = Smtp(options, MovableClock(START))
        yield SmtpWorld(channel, server)
        await channel.close()


async def gladly() -> None:
    """A last look that finds nothing against it."""


def unused_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


class SmtpContract(CasesContract):
    table = SMTP_TABLE
    cases = CASES
    sample = MESSAGE
    extensions: ClassVar[tuple[str, ...]]

    @asynccontextmanager
    async def world(self, failure: str = "") -> AsyncIterator[SmtpWorld]:
        changes: dict[str, Any] = {"server": {"extensions": self.extensions}}
        if "silent" in failure:
            changes["deadlines"] = IMPATIENT
        if failure == "connection refused":
            changes["url"] = f"smtp://127.0.0.1:{unused_port()}"
        async with mail(FAILING.get(failure), **changes) as world:
            yield world


class TestSmtpInOnePacket(SmtpContract):
    extensions = ("PIPELINING", "SIZE 1000000", "AUTH PLAIN")


class TestSmtpStepByStep(SmtpContract):
    extensions = ("AUTH PLAIN",)


BEFORE_THE_TEXT = [name for name in FAILING if "dot" not in name and "inside" not in name]


@pytest.mark.parametrize("failure", BEFORE_THE_TEXT)
@pytest.mark.parametrize("extensions", [("PIPELINING", "AUTH PLAIN"), ("AUTH PLAIN",)])
def test_no_byte_of_a_text_leaves_before_354_for_its_recipient(failure: str, extensions: tuple[str, ...]) -> None:
    looked = []

    async def look() -> None:
        looked.append(1)

    async def story() -> ScriptedSmtp:
        deadlines = IMPATIENT if "silent" in failure else PATIENT
        async with mail(FAILING[failure], server={"extensions": extensions}, deadlines=deadlines) as world:
            with pytest.raises(AdapterError) as caught:
                await world.channel.send(MESSAGE, last_look=look)
            assert not isinstance(caught.value, OutcomeUnknown)
            return world.server

    server = run(story())

    assert (server.begun, server.texts, looked) == (0, [], [])


@pytest.mark.parametrize("verdict", ["250 ok", "251 taken", "252 perhaps", "200 fine"])
def test_every_positive_verdict_is_an_acceptance(verdict: str) -> None:
    async def story() -> Receipt:
        async with mail({"DOT": verdict}) as world:
            return await world.channel.send(MESSAGE, last_look=gladly)

    assert run(story()).reply == verdict


def test_a_lost_quit_changes_nothing() -> None:
    async def story() -> Receipt:
        async with mail({"QUIT": Act.RESET}) as world:
            return await world.channel.send(MESSAGE, last_look=gladly)

    assert run(story()).provider_id == "4XYZ7"


def test_the_text_arrives_as_it_was_built() -> None:
    async def story() -> bytes:
        async with mail() as world:
            await world.channel.send(MESSAGE, last_look=gladly)
            return world.server.texts[0]

    text = run(story())

    assert b"\r\n.a line that begins with a dot\r\n" in text
    assert text.endswith(b"\r\n")
    assert b"Message-ID: <t1@example.org>\r\n" in text


def test_opening_leaves_in_one_packet_where_the_server_takes_it() -> None:
    async def story() -> list[bytes]:
        async with mail() as world:
            await world.channel.send(MESSAGE, last_look=gladly)
            return world.server.packets

    opening = next(packet for packet in run(story()) if packet.startswith(b"MAIL"))

    lines = opening.split(b"\r\n")
    assert lines[0].startswith(b"MAIL FROM:<bounce+t1@example.org> SIZE=")
    assert lines[1:] == [b"RCPT TO:<ada@example.com>", b"DATA", b""]


def test_commands_wait_for_each_other_where_it_does_not() -> None:
    async def story() -> list[bytes]:
        async with mail(server={"extensions": ("AUTH PLAIN",)}) as world:
            await world.channel.send(MESSAGE, last_look=gladly)
            return world.server.packets

    packets = run(story())

    assert b"MAIL FROM:<bounce+t1@example.org>\r\n" in packets
    assert b"RCPT TO:<ada@example.com>\r\n" in packets
    assert b"DATA\r\n" in packets


def test_a_refusing_last_look_closes_without_a_byte() -> None:
    async def story() -> tuple[list[bytes], list[str]]:
        async def look() -> None:
            raise NotNow("a reply came in")

        async with mail() as world:
            with pytest.raises(NotNow):
                await world.channel.send(MESSAGE, last_look=look)
            await world.server.all_closed()
            return world.server.packets, world.server.commands

    packets, commands = run(story())

    assert packets[-1].endswith(b"DATA\r\n")
    assert "QUIT" not in commands


def test_a_connection_lost_during_the_last_look_hands_over_nothing() -> None:
    async def story() -> tuple[AdapterError, int]:
        async with mail() as world:

            async def look() -> None:
                for session in set(world.server.open):
                    session.abort()
                await world.server.all_closed()

            with pytest.raises(Unavailable) as caught:
                await world.channel.send(MESSAGE, last_look=look)
            return caught.value, world.server.begun

    error, begun = run(story())

    assert begun == 0
    assert "lost" in str(error) or "closed" in str(error)


def test_a_cancelled_send_closes_its_connection() -> None:
    """A connection kept would give the next message its predecessor's verdict."""

    async def story() -> tuple[int, int]:
        async with mail({"DOT": [Act.SILENCE, "250 ok"]}, connections=1) as world:
            sending = asyncio.ensure_future(world.channel.send(MESSAGE, last_look=gladly))
            await world.server.until(lambda: bool(world.server.texts))
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending
            await world.server.all_closed()
            await world.channel.send(replace(MESSAGE, key="another"), last_look=gladly)
            return world.server.connections, len(world.server.texts)

    assert run(story()) == (2, 2)


def test_an_orderly_refusal_keeps_the_connection() -> None:
    async def story() -> tuple[int, list[str]]:
        script = {"RCPT": ["550 5.1.1 no such user", "250 ok"], "DATA": ["554 5.5.1 nobody to send to", "354 go on"]}
        async with mail(script) as world:
            with pytest.raises(Refused):
                await world.channel.send(MESSAGE, last_look=gladly)
            await world.channel.send(MESSAGE, last_look=gladly)
            return world.server.connections, [line[:4] for line in world.server.commands]

    connections, commands = run(story())

    assert connections == 1
    assert commands[2:] == ["MAIL", "RCPT", "DATA", "RSET", "MAIL", "RCPT", "DATA"]


def test_a_message_too_large_for_the_server_is_not_begun() -> None:
    async def story() -> tuple[AdapterError, list[str]]:
        async with mail(server={"extensions": ("PIPELINING", "SIZE 200", "AUTH PLAIN")}) as world:
            with pytest.raises(Refused) as caught:
                await world.channel.send(MESSAGE, last_look=gladly)
            return caught.value, world.server.commands

    error, commands = run(story())

    assert error.outcome is Outcome.REJECTED_CONTENT
    assert not [line for line in commands if line.startswith("MAIL")]


def test_a_large_text_goes_in_blocks_and_arrives_whole() -> None:
    async def story() -> bytes:
        async with mail(server={"extensions": ("PIPELINING", "AUTH PLAIN")}) as world:
            large = replace(MESSAGE, text="0123456789 and so on for a while\n" * 30_000)
            await world.channel.send(large, last_look=gladly)
            return world.server.texts[0]

    assert run(story()).count(b"0123456789") == 30_000


@pytest.mark.parametrize("offered", [True, False])
def test_a_local_part_outside_ascii_needs_smtputf8(offered: bool) -> None:
    message = replace(MESSAGE, to="günay@example.com")

    async def story() -> list[str]:
        extensions = ("PIPELINING", "AUTH PLAIN", *(["SMTPUTF8", "8BITMIME"] if offered else []))
        async with mail(server={"extensions": extensions}) as world:
            if offered:
                await world.channel.send(message, last_look=gladly)
            else:
                with pytest.raises(Refused, match="SMTPUTF8"):
                    await world.channel.send(message, last_look=gladly)
            return world.server.commands

    commands = run(story())

    assert ("RCPT TO:<günay@example.com>" in commands) is offered
    assert any(line.endswith("SMTPUTF8 BODY=8BITMIME") for line in commands) is offered


def test_a_domain_outside_ascii_travels_as_punycode() -> None:
    async def story() -> list[str]:
        async with mail() as world:
            await world.channel.send(replace(MESSAGE, to="ada@straße.example"), last_look=gladly)
            return world.server.commands

    assert "RCPT TO:<ada@xn--strae-oqa.example>" in run(story())


@pytest.mark.parametrize(
    "to",
    ["", "ada", "ada@", "@example.com", "a b@example.com", "a@b.example,c@d.example", "a>@b.example", "a\r\nRSET@b.c"],
)
def test_an_address_that_is_none_is_refused_before_the_wire(to: str) -> None:
    async def story() -> tuple[AdapterError, int]:
        async with mail() as world:
            with pytest.raises(Refused) as caught:
                await world.channel.send(replace(MESSAGE, to=to), last_look=gladly)
            return caught.value, world.server.connections

    error, connections = run(story())

    assert (error.outcome, connections) == (Outcome.REJECTED_RECIPIENT, 0)


@pytest.mark.parametrize("field", ["subject", "to_name", "from_name", "message_id", "in_reply_to", "reply_to"])
def test_a_line_break_in_a_header_is_refused_before_the_wire(field: str) -> None:
    changes: dict[str, Any] = {field: "a\r\nBcc: eve@example.com"}

    async def story() -> tuple[AdapterError, int]:
        async with mail() as world:
            with pytest.raises(Refused) as caught:
                await world.channel.send(replace(MESSAGE, **changes), last_look=gladly)
            return caught.value, world.server.connections

    error, connections = run(story())

    assert (error.outcome, connections) == (Outcome.REJECTED_CONTENT, 0)


def tls_server(scheme: str) -> ScriptedSmtp:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    extensions = ("PIPELINING", "STARTTLS", "AUTH PLAIN")
    return ScriptedSmtp(extensions=extensions, tls=context, implicit_tls=scheme == "smtps")


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
def test_it_sends_over_tls(scheme: str) -> None:
    async def story() -> tuple[int, str]:
        async with tls_server(scheme) as server:
            url = f"{scheme}://localhost:{server.port}"
            options = Options(url, "anna@example.org", PASSWORD, ca_file=str(CERTIFICATE), deadlines=PATIENT)
            channel = Smtp(options, MovableClock(START))
            await channel.send(MESSAGE, last_look=gladly)
            await channel.send(MESSAGE, last_look=gladly)
            await channel.close()
            return len(server.texts), server.commands[-1]

    assert run(story()) == (2, "QUIT")


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
def test_a_certificate_nobody_vouches_for_stops_it(scheme: str) -> None:
    async def story() -> AdapterError:
        async with tls_server(scheme) as server:
            url = f"{scheme}://localhost:{server.port}"
            channel = Smtp(Options(url, "anna@example.org", PASSWORD, deadlines=PATIENT), MovableClock(START))
            with pytest.raises(Unavailable) as caught:
                await channel.send(MESSAGE, last_look=gladly)
            assert not [line for line in server.commands if line.startswith("AUTH")]
            return caught.value

    assert run(story()).outcome is Outcome.CONFIG


def test_a_server_without_starttls_gets_no_password() -> None:
    async def story() -> tuple[AdapterError, list[str]]:
        async with ScriptedSmtp() as server:
            url = f"smtp+starttls://localhost:{server.port}"
            channel = Smtp(Options(url, "anna@example.org", PASSWORD, deadlines=PATIENT), MovableClock(START))
            with pytest.raises(Unauthorized) as caught:
                await channel.send(MESSAGE, last_look=gladly)
            return caught.value, server.commands

    error, commands = run(story())

    assert error.outcome is Outcome.CONFIG
    assert "STARTTLS" in str(error)
    assert commands == ["EHLO example.org"]


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("smtp://mail.example.com:25", "in clear"),
        ("smtp://anna:secret@127.0.0.1", "username:"),
        ("imaps://mail.example.com", "smtps://"),
        ("smtps://", "smtps://"),
        ("smtps://mail.example.com:99999", "smtps://"),
    ],
)
def test_a_url_that_cannot_be_is_refused_with_what_to_write(url: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        Smtp(Options(url), MovableClock(START))


def test_plaintext_to_another_machine_has_to_be_allowed() -> None:
    assert Smtp(Options("smtp://mail.example.com", allow_plaintext=True), MovableClock(START)).connections == 4


def test_limits_say_how_many_may_be_on_the_wire() -> None:
    assert Smtp(Options("smtp://127.0.0.1", limits=Limits(connections=2)), MovableClock(START)).connections == 2
