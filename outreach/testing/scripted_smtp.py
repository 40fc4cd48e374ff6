"""An SMTP server on loopback that answers by a script: any reply at any place, silence, a close, a reset.

    async with ScriptedSmtp({"RCPT": "550 5.1.1 no such user"}) as server: ...

Places are `GREETING, EHLO, AUTH, NOOP, RSET, MAIL, RCPT, DATA, TEXT` (inside the text, before its dot) and `DOT`. An
answer is a line, several lines, one of the acts below, or a list of those: one for each time, the last for the rest.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import cast


class Act(Enum):
    """What a server may do in place of answering."""

    CLOSE = "close in order"
    RESET = "reset the connection"
    SILENCE = "say nothing more, and hear nothing more"


Answer = str | Act
Script = Mapping[str, Answer | Sequence[Answer]]

_REPLIES: dict[str, Answer] = {
    "GREETING": "220 mail.example.com ready",
    "AUTH": "235 2.7.0 welcome",
    "NOOP": "250 ok",
    "RSET": "250 ok",
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "DATA": "354 go on",
    "DOT": "250 2.0.0 Ok: queued as 4XYZ7",
    "QUIT": "221 bye",
}


class ScriptedSmtp:
    """Counts what it hears. `packets` are the client's writes as they came; `texts` are finished messages."""

    def __init__(
        self,
        script: Script | None = None,
        *,
        extensions: Sequence[str] = ("PIPELINING", "SIZE 1000000", "AUTH PLAIN"),
        tls: ssl.SSLContext | None = None,
        implicit_tls: bool = False,
        on_text: Callable[[], None] | None = None,
    ) -> None:
        """`on_text` is called when the first byte of a text comes in."""
        self.script: dict[str, Answer | Sequence[Answer]] = {**_REPLIES, **(script or {})}
        self.extensions = extensions
        self.on_text = on_text
        self.texts: list[bytes] = []  # between DATA and the dot, dots unstuffed, whatever the verdict was
        self.begun = 0  # texts of which at least one byte came
        self.commands: list[str] = []
        self.packets: list[bytes] = []
        self.connections = 0
        self.most_open = 0
        self.open: set[_Session] = set()
        self.port = 0
        self._tls = tls
        self._implicit = implicit_tls
        self._asked: dict[str, int] = {}
        self._changed = asyncio.Condition()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> ScriptedSmtp:
        loop = asyncio.get_running_loop()
        context = self._tls if self._implicit else None
        self._server = await loop.create_server(lambda: _Session(self), "127.0.0.1", 0, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for session in set(self.open):
            session.abort()
        await self.all_closed()

    async def all_closed(self) -> None:
        """Wait until no connection is open."""
        await self.until(lambda: not self.open)

    async def until(self, is_true: Callable[[], bool]) -> None:
        """Wait until something the server counts has become true; five seconds at most."""
        async with asyncio.timeout(5), self._changed:
            await self._changed.wait_for(is_true)

    def answer(self, place: str) -> Answer:
        scripted = self.script[place]
        if isinstance(scripted, str | Act):
            return scripted
        time = self._asked.get(place, 0)
        self._asked[place] = time + 1
        return scripted[min(time, len(scripted) - 1)]

    def greeting_of_ehlo(self, is_encrypted: bool) -> Answer:
        if "EHLO" in self.script:
            return self.answer("EHLO")
        offers = [each for each in self.extensions if not (is_encrypted and each == "STARTTLS")]
        lines = ["mail.example.com", *offers]
        return "\r\n".join([f"250-{line}" for line in lines[:-1]] + [f"250 {lines[-1]}"])

    def note(self) -> None:
        """Tell those who wait that something has changed."""
        task = asyncio.ensure_future(self._tell())
        task.add_done_callback(lambda _: None)

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    @property
    def tls(self) -> ssl.SSLContext | None:
        return self._tls


class _Session(asyncio.Protocol):
    def __init__(self, server: ScriptedSmtp) -> None:
        self._server = server
        self._buffer = b""
        self._is_in_text = False
        self._has_begun = False
        self._is_deaf = False
        self._is_encrypted = False
        self._is_shaking_hands = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        server = self._server
        server.open.add(self)
        if not self._is_encrypted:
            server.connections += 1
            server.most_open = max(server.most_open, len(server.open))
            self._give(server.answer("GREETING"))
        server.note()

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.open.discard(self)
        self._server.note()

    def abort(self) -> None:
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._is_deaf:
            return
        self._server.packets.append(data)
        self._buffer += data
        self._go_on()
        self._server.note()

    def _go_on(self) -> None:
        while not (self._is_deaf or self._is_shaking_hands):
            if not (self._take_text() if self._is_in_text else self._take_command()):
                return

    def _take_command(self) -> bool:
        line, found, rest = self._buffer.partition(b"\r\n")
        if not found:
            return False
        self._buffer = rest
        self._server.commands.append(line.decode("utf-8", "replace"))
        verb = line[:4].upper().decode("ascii", "replace")
        if verb == "STAR":
            self._encrypt()
        elif verb in ("EHLO", "HELO"):
            self._give(self._server.greeting_of_ehlo(self._is_encrypted))
        elif verb in self._server.script:
            self._command(verb)
        else:
            self._give("502 5.5.2 not known")
        return True

    def _command(self, verb: str) -> None:
        answer = self._server.answer(verb)
        self._give(answer)
        if verb == "DATA" and str(answer).startswith("354"):
            self._is_in_text, self._has_begun = True, False
        if verb == "QUIT":
            self._transport.close()

    def _take_text(self) -> bool:
        if self._buffer and not self._has_begun:
            self._has_begun = True
            self._server.begun += 1
            if self._server.on_text:
                self._server.on_text()
            if "TEXT" in self._server.script:
                self._give(self._server.answer("TEXT"))
                return False
        marked = b"\r\n" + self._buffer
        text, found, rest = marked.partition(b"\r\n.\r\n")
        if not found:
            return False
        self._buffer, self._is_in_text = rest, False
        self._server.texts.append((text[2:] + b"\r\n").replace(b"\r\n..", b"\r\n."))
        self._give(self._server.answer("DOT"))
        return True

    def _give(self, answer: Answer) -> None:
        if isinstance(answer, str):
            self._transport.write(answer.encode() + b"\r\n")
        elif answer is Act.CLOSE:
            self._is_deaf = True
            self._transport.close()
        elif answer is Act.RESET:
            self._is_deaf = True
            _linger_nothing(self._transport)
            self._transport.abort()
        else:
            self._is_deaf = True

    def _encrypt(self) -> None:
        if self._server.tls is None:
            self._give("502 5.5.1 not offered")
            return
        self._is_shaking_hands = True
        self._transport.pause_reading()
        self._transport.write(b"220 go on\r\n")
        task = asyncio.ensure_future(self._start_tls(self._server.tls))
        task.add_done_callback(lambda done: done.exception())

    async def _start_tls(self, context: ssl.SSLContext) -> None:
        loop = asyncio.get_running_loop()
        try:
            transport = await loop.start_tls(self._transport, self, context, server_side=True)
        except OSError:
            transport = None
        if transport is None or transport.is_closing():
            self.connection_lost(None)  # asyncio does not tell a protocol whose handshake failed
            return
        self._transport = transport
        self._is_encrypted, self._is_shaking_hands = True, False
        self._go_on()


def _linger_nothing(transport: asyncio.Transport) -> None:
    """A close then resets the connection, so that the other side reads an error and not an end."""
    sock = transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
