"""One SMTP connection: dialled by aiosmtplib (connect, TLS, login), its mail transactions our own.

The library's exceptions do not tell on which side of the window one is, so the transaction is spoken here with the
phase known: until the first byte of the text nothing can have been accepted; from there to the final reply it may have.
Where the server announces PIPELINING (RFC 2920), MAIL, RCPT and DATA leave in one packet, and the text of one message
takes the opening of the next one along (§3.1 allows message content first and DATA last in a group).
"""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast

import aiosmtplib

from outreach.channel import LastLook
from outreach.channels.smtp_codes import GARBAGE, PROVIDER, SHUTTING_DOWN, Reply, Stage, refusal
from outreach.channels.smtp_replies import ReplyReader
from outreach.errors import AdapterError, Outcome, OutcomeUnknown, Refused, Unauthorized, Unavailable
from outreach.record import record

Access = Callable[[str], Awaitable[str]]
"""The access token that was refused, or nothing → one to sign in with (XOAUTH2)."""

_BLOCK = 64 * 1024
_RESET = b"RSET\r\n"
_OPENING = (Stage.MAIL, Stage.RCPT, Stage.DATA)
_AFTER_RESET = (Stage.RSET, *_OPENING)


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long to wait for the server: RFC 5321 §4.5.3.2. A shorter one at the dot makes copies, not speed."""

    connect: timedelta = timedelta(seconds=30)
    command: timedelta = timedelta(minutes=5)
    data: timedelta = timedelta(minutes=2)
    block: timedelta = timedelta(minutes=3)
    verdict: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where to connect and who we are there."""

    host: str
    port: int
    implicit_tls: bool
    start_tls: bool
    local_hostname: str
    username: str = ""
    password: str = field(default="", repr=False)
    access: Access | None = None
    tls: ssl.SSLContext | None = None
    pipelining: bool = True
    deadlines: Deadlines = field(default_factory=Deadlines)


@record(frozen=True, slots=True)
class Envelope:
    """What travels: checked addresses and the text as it stands on the wire, dots stuffed, final dot included."""

    sender: str
    recipient: str
    wire: bytes
    needs_utf8: bool = False  # a local part outside ASCII (RFC 6531)

    @property
    def size(self) -> int:
        return len(self.wire) - 3


def wire_form(text: bytes) -> bytes:
    """Lines that begin with a dot get another one (RFC 5321 §4.5.2); the end is CRLF, dot, CRLF."""
    if not text.endswith(b"\r\n"):
        text += b"\r\n"
    if text.startswith(b"."):
        text = b"." + text
    return text.replace(b"\r\n.", b"\r\n..") + b".\r\n"


def text_of(wire: bytes) -> bytes:
    """The text again, without the stuffed dots and the final one."""
    return wire[:-3].replace(b"\r\n..", b"\r\n.")


class Connection(aiosmtplib.SMTP):
    """A logged-in connection that carries one message at a time."""

    def __init__(self, server: Server) -> None:
        super().__init__(
            hostname=server.host,
            port=server.port,
            username=server.username or None,
            password=server.password or None if server.access is None else None,
            oauth_token_generator=self._token if server.access else None,
            local_hostname=server.local_hostname,
            timeout=server.deadlines.command.total_seconds(),
            use_tls=server.implicit_tls,
            start_tls=server.start_tls,
            tls_context=server.tls,
        )
        self.server = server
        self._access_token = ""
        self.pipelines = False
        self.sent = 0
        self.idle_since = 0.0
        self._deadlines = server.deadlines
        self._is_out_of_step = False
        self._needs_reset = False
        self._opened: tuple[Stage, ...] = ()
        self._announces_size = False
        self._size_limit = 0

    async def open(self) -> None:
        """Connect, encrypt, log in. Raises one AdapterError; nothing can have been accepted."""
        try:
            await self._dial()
            if self.is_ehlo_or_helo_needed:
                await self._introduce()
        except (aiosmtplib.SMTPException, OSError) as error:
            self.drop()
            raise self._connect_failure(error) from None
        except BaseException:
            self.drop()
            raise
        self._take_over()

    @property
    def is_usable(self) -> bool:
        """True if the next message may go this way: it stands, and nothing unasked has come."""
        return self.is_in_step and self._reader.is_quiet

    @property
    def is_in_step(self) -> bool:
        """True if it stands and every reply so far belonged to its question; replies to a written opening may wait."""
        return not self._is_out_of_step and self.is_connected and not self._reader.trouble

    async def is_alive(self) -> bool:
        """Ask by NOOP, for a connection that stood idle for a while; no longer than a new one would take."""
        replies = await self._say(b"NOOP\r\n", 1, self._deadlines.connect)
        return bool(replies) and replies[0].is_positive

    def opening(self, envelope: Envelope) -> bytes:
        """MAIL, RCPT and DATA in one piece. Raises Refused if this server cannot take the message."""
        self._opened, lines = self._commands(envelope)
        return lines

    async def deliver(
        self, envelope: Envelope, last_look: LastLook, *, follow: Callable[[], bytes], is_open: bool
    ) -> Reply:
        """One message. `follow` gives what else to write behind the text; `is_open`: its opening was written so.

        Whatever ends this other than by the server's orderly word closes the connection at once, without QUIT.
        """
        self._is_out_of_step = True
        try:
            await self._begin(envelope, is_open)
            await last_look()
            verdict = await self._hand_over(envelope, follow)
        finally:
            if self._is_out_of_step:
                self.drop()
        if not verdict.is_positive:
            raise refusal(Stage.TEXT, verdict)
        self.sent += 1
        return verdict

    def drop(self) -> None:
        """Close now. What still waits to be written is thrown away, so that no half message gets its dot later."""
        self._is_out_of_step = True
        if self.transport is not None:
            cast(asyncio.Transport, self.transport).abort()
        self.close()

    async def bow_out(self) -> None:
        """QUIT and close, waiting a moment for the other side. A lost QUIT changes nothing."""
        if not self.is_usable:
            self.drop()
            return
        transport, closed = self._wire, self._reader.closed
        transport.write(b"QUIT\r\n")
        self.close()
        done, _ = await asyncio.wait([closed], timeout=1.0)
        if not done:
            transport.abort()

    async def _dial(self) -> None:
        """A refused access token is renewed once: it may have been withdrawn before its end."""
        seconds = self._deadlines.connect.total_seconds()
        try:
            await self.connect(timeout=seconds)
        except aiosmtplib.SMTPAuthenticationError as error:
            if not self._access_token or error.code < 500:
                raise
            self.close()
            await self.connect(timeout=seconds)

    async def _token(self) -> str:
        """Asked at each connect. What was had before by this connection was refused."""
        assert self.server.access
        self._access_token = await self.server.access(self._access_token)
        return self._access_token

    async def _introduce(self) -> None:
        try:
            await self.ehlo()
        except aiosmtplib.SMTPHeloError:
            if not self.is_connected:
                raise
            await self.helo()

    def _take_over(self) -> None:
        transport = cast(asyncio.Transport, self.transport)
        self._wire = transport
        self._reader = ReplyReader(asyncio.get_running_loop(), transport)
        transport.set_protocol(self._reader)
        self.pipelines = self.server.pipelining and self.supports_extension("pipelining")
        size = self.esmtp_extensions.get("size", "")
        self._announces_size = "size" in self.esmtp_extensions
        self._size_limit = int(size) if size.isascii() and size.isdigit() else 0

    def _commands(self, envelope: Envelope) -> tuple[tuple[Stage, ...], bytes]:
        """What opens a message, and its lines, one for each."""
        if envelope.needs_utf8 and not self.supports_extension("smtputf8"):
            said = f"the address needs SMTPUTF8, which {self.hostname} does not offer; use an address in ASCII letters"
            raise Refused(PROVIDER, said, outcome=Outcome.CONFIG)
        if self._size_limit and envelope.size > self._size_limit:
            said = f"the message has {envelope.size} bytes, {self.hostname} takes {self._size_limit}; shorten it"
            raise Refused(PROVIDER, said, outcome=Outcome.REJECTED_CONTENT)
        more = f" SIZE={envelope.size}" if self._announces_size else ""
        more += " SMTPUTF8 BODY=8BITMIME" if envelope.needs_utf8 else ""
        lines = f"MAIL FROM:<{envelope.sender}>{more}\r\nRCPT TO:<{envelope.recipient}>\r\nDATA\r\n".encode()
        return (_AFTER_RESET, _RESET + lines) if self._needs_reset else (_OPENING, lines)

    async def _begin(self, envelope: Envelope, is_open: bool) -> None:
        """Up to the server's 354, or an error that says nothing was accepted."""
        try:
            stages, lines = (self._opened, b"") if is_open else self._commands(envelope)
        except Refused:
            self._is_out_of_step = False
            raise
        if is_open:
            self._judge(stages, await self._reader.collect(len(stages), _seconds(self._deadlines.command)))
        elif self.pipelines:
            self._judge(stages, await self._say(lines, len(stages), self._deadlines.command))
        else:
            await self._begin_step_by_step(zip(stages, lines.splitlines(keepends=True), strict=True))

    async def _begin_step_by_step(self, commands: Iterable[tuple[Stage, bytes]]) -> None:
        for stage, line in commands:
            deadline = self._deadlines.data if stage is Stage.DATA else self._deadlines.command
            self._judge((stage,), await self._say(line, 1, deadline))

    async def _say(self, line: bytes, count: int, deadline: timedelta) -> list[Reply]:
        if self._reader.trouble:
            return []
        self._wire.write(line)
        return await self._reader.collect(count, _seconds(deadline))

    def _judge(self, stages: tuple[Stage, ...], replies: list[Reply]) -> None:
        """Return if every reply is the one hoped for. The first other one tells what happened."""
        for stage, reply in zip(stages, replies, strict=False):
            if not _is_hoped_for(stage, reply):
                self._stay_in_step(stages, replies)
                raise refusal(stage, reply)
        if len(replies) < len(stages):
            stage = stages[len(replies)]
            raise Unavailable(PROVIDER, f"{stage}: {self._reader.trouble or 'no reply'}; nothing was accepted")
        if Stage.RSET in stages:
            self._needs_reset = False

    def _stay_in_step(self, stages: tuple[Stage, ...], replies: list[Reply]) -> None:
        """After a refusal: keep the connection if every command was answered and the server does not wait for a text.

        RFC 2920 §3.1 would end such a text with a lone dot. That is an empty message if the server counts it, so the
        connection is closed instead; only servers that open a text for nobody cost a new connection.
        """
        codes = [reply.code for reply in replies]
        is_waiting_for_text = any(300 <= code < 400 for code in codes)
        is_complete = len(codes) == len(stages) and GARBAGE not in codes and SHUTTING_DOWN not in codes
        self._needs_reset = True
        self._is_out_of_step = is_waiting_for_text or not is_complete

    async def _hand_over(self, envelope: Envelope, follow: Callable[[], bytes]) -> Reply:
        if not self._reader.is_quiet:
            # It broke while we looked a last time. No byte of the text has left.
            raise Unavailable(PROVIDER, f"{Stage.DATA}: {self._reader.trouble or 'the server spoke out of turn'}")
        await self._write(envelope.wire + follow())
        replies = await self._reader.collect(1, _seconds(self._deadlines.verdict))
        if not replies:
            raise OutcomeUnknown(PROVIDER, f"{Stage.TEXT}: {self._reader.trouble}; it may have been accepted")
        verdict = replies[0]
        if verdict.code == GARBAGE or 300 <= verdict.code < 400:
            raise OutcomeUnknown(PROVIDER, f"{Stage.TEXT}: no verdict in {verdict.text!r}; it may have been accepted")
        self._needs_reset = False
        self._is_out_of_step = verdict.code == SHUTTING_DOWN
        return verdict

    async def _write(self, data: bytes) -> None:
        if len(data) <= _BLOCK:
            self._wire.write(data)
            return
        for start in range(0, len(data), _BLOCK):
            if self._reader.trouble:
                return
            self._wire.write(data[start : start + _BLOCK])
            await self._reader.room_to_write(_seconds(self._deadlines.block))

    def _connect_failure(self, error: Exception) -> AdapterError:
        if isinstance(error, aiosmtplib.SMTPResponseException):
            return refusal(_stage_of(error), Reply(error.code, self._without_secrets(error.message)))
        said = f"{self.hostname}: {self._without_secrets(str(error)) or type(error).__name__}"
        if isinstance(error, ssl.SSLCertVerificationError) or isinstance(error.__cause__, ssl.SSLCertVerificationError):
            return Unavailable(PROVIDER, said, outcome=Outcome.CONFIG)
        if type(error) is aiosmtplib.SMTPException:  # STARTTLS or AUTH is not offered, or no method we know
            return Unauthorized(PROVIDER, said, outcome=Outcome.CONFIG)
        return Unavailable(PROVIDER, said)

    def _without_secrets(self, text: str) -> str:
        """The server's text, should it quote the login: the password, and the forms in which AUTH carries it."""
        username, password = self.server.username, self.server.password or self._access_token
        if not password:
            return text
        coded = [f"\0{username}\0{password}", password]
        for secret in (password, *(b64encode(form.encode()).decode() for form in coded)):
            text = text.replace(secret, "***")
        return text


def _stage_of(error: aiosmtplib.SMTPResponseException) -> Stage:
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return Stage.AUTH
    return Stage.GREETING if isinstance(error, aiosmtplib.SMTPConnectResponseError) else Stage.HELO


def _is_hoped_for(stage: Stage, reply: Reply) -> bool:
    return reply.code == 354 if stage is Stage.DATA else reply.is_positive


def _seconds(span: timedelta) -> float:
    return span.total_seconds()
