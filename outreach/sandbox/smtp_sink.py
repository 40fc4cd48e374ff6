"""An SMTP server on loopback that swallows mail as fast as Python can: for benchmarks and fault tests.

It speaks RFC 5321 with PIPELINING (RFC 2920), 8BITMIME and SMTPUTF8, keeps what it is asked to keep, and tells a
watcher at each stage of a transaction, so that a test can pull the plug there.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum


class Stage(StrEnum):
    """Where a transaction stands when the watcher is told."""

    CONNECTED = "connected"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"  # asked for; 354 is not said yet
    GO_AHEAD = "go_ahead"  # 354 is said
    BODY = "body"  # the first bytes of the body are here
    DOT = "dot"  # the whole message is here; nothing is said yet
    ACCEPTED = "accepted"  # 250 is said


@dataclass(frozen=True, slots=True)
class Mail:
    """One accepted message."""

    sender: str
    recipient: str
    content: bytes = field(repr=False)

    def header(self, name: str) -> str:
        """The first header of that name, unfolded; empty if there is none."""
        head = self.content.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ")
        for line in head.split(b"\r\n"):
            label, _, value = line.partition(b":")
            if label.lower() == name.lower().encode():
                return value.strip().decode(errors="replace")
        return ""


Watcher = Callable[[Stage, str], None]
"""Told the stage and the recipient (empty before RCPT); called on the sink's own thread."""


class Sink:
    """Runs in a thread of its own. `mails` holds what was accepted (with `keep`), `accepted` counts it."""

    def __init__(self, *, keep: bool = True, watch: Watcher | None = None, delay: float = 0.0) -> None:
        self.keep = keep
        self.watch = watch
        self.delay = delay  # seconds before each answer: a round trip
        self.mails: list[Mail] = []
        self.accepted = 0
        self.connections = 0
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="smtp-sink", daemon=True)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Transport] = set()

    def start(self, port: int = 0) -> Sink:
        """Listen on loopback; port 0 chooses a free one."""
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(port), self._loop).result(10)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def _listen(self, port: int) -> asyncio.Server:
        return await self._loop.create_server(lambda: _Session(self), "127.0.0.1", port, backlog=512)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._shut)
        self._thread.join(10)
        self._loop.close()

    def _shut(self) -> None:
        if self._server:
            self._server.close()
        for transport in self._open.copy():
            transport.abort()
        self._loop.call_soon(self._loop.stop)  # after the connections have heard of their end

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def recipients(self) -> list[str]:
        """Whom every accepted message went to, in order."""
        return [mail.recipient for mail in list(self.mails)]


_EHLO = b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 10485760\r\n"
_END = b"\r\n.\r\n"


class _Session(asyncio.Protocol):
    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._buffer = bytearray()
        self._in_body = False
        self._saw_body = False
        self._sender = self._recipient = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._sink.connections += 1
        self._sink._open.add(transport)  # noqa: SLF001  # a session is a part of its sink
        self._tell(Stage.CONNECTED)
        self._say(b"220 sink ESMTP\r\n")

    def connection_lost(self, exc: Exception | None) -> None:
        self._sink._open.discard(self._transport)  # noqa: SLF001  # as above

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._buffer and (self._body() if self._in_body else self._command()):
            pass

    def _say(self, answer: bytes) -> None:
        if self._sink.delay:
            asyncio.get_running_loop().call_later(self._sink.delay, self._transport.write, answer)
        else:
            self._transport.write(answer)

    def _tell(self, stage: Stage) -> None:
        if self._sink.watch:
            self._sink.watch(stage, self._recipient)

    def _command(self) -> bool:
        end = self._buffer.find(b"\r\n")
        if end < 0:
            return False
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        verb = line[:4].upper()
        if verb == b"QUIT":
            self._say(b"221 bye\r\n")
            self._transport.close()
            return False
        self._answer(verb, line)
        return True

    def _answer(self, verb: bytes, line: bytes) -> None:
        match verb:
            case b"EHLO" | b"HELO":
                self._say(_EHLO)
            case b"MAIL":
                self._sender = _address(line)
                self._tell(Stage.MAIL)
                self._say(b"250 ok\r\n")
            case b"RCPT":
                self._recipient = _address(line)
                self._tell(Stage.RCPT)
                self._say(b"250 ok\r\n")
            case b"DATA":
                self._tell(Stage.DATA)
                self._in_body, self._saw_body = True, False
                self._say(b"354 go ahead\r\n")
                self._tell(Stage.GO_AHEAD)
            case _:
                self._say(b"250 ok\r\n")

    def _body(self) -> bool:
        if not self._saw_body:
            self._saw_body = True
            self._tell(Stage.BODY)
        end = self._buffer.find(_END)
        if end < 0:
            return False
        content = bytes(self._buffer[: end + 2])
        del self._buffer[: end + len(_END)]
        self._in_body = False
        self._tell(Stage.DOT)
        self._accept(content)
        return True

    def _accept(self, content: bytes) -> None:
        self._sink.accepted += 1
        if self._sink.keep:
            self._sink.mails.append(Mail(self._sender, self._recipient, content))
        self._say(b"250 queued\r\n")
        self._tell(Stage.ACCEPTED)


def _address(line: bytes) -> str:
    return line.partition(b"<")[2].partition(b">")[0].decode(errors="replace")
