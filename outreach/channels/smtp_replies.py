"""The hearing half of an SMTP connection: bytes in, whole replies out, several at once where we pipelined."""

from __future__ import annotations

import asyncio
from functools import lru_cache

from outreach.channels.smtp_codes import GARBAGE, SHUTTING_DOWN, Reply

LONGEST_LINE = 8192
LONGEST_REPLY = 4 * LONGEST_LINE
MOST_WAITING = 64  # replies nobody asked for; a server that says more is talking to itself


class ReplyReader(asyncio.Protocol):
    """Takes the place of the library's protocol on a transport that is connected, encrypted and logged in."""

    def __init__(self, loop: asyncio.AbstractEventLoop, transport: asyncio.Transport) -> None:
        self.trouble = ""  # why nothing more will come; empty while all is well
        self.closed: asyncio.Future[None] = loop.create_future()
        self._loop = loop
        self._transport = transport
        self._partial = b""
        self._lines: list[bytes] = []
        self._replies: list[Reply] = []
        self._wanted = 0
        self._waiter: asyncio.Future[None] | None = None
        self._is_paused = False
        self._room: asyncio.Future[None] | None = None

    @property
    def is_quiet(self) -> bool:
        """True while the connection stands and nothing unasked has come: the next reply answers what is said next."""
        return not (self.trouble or self._replies or self._lines or self._partial)

    async def collect(self, count: int, seconds: float) -> list[Reply]:
        """The next `count` replies. Fewer if the server closed, fell silent, shut down (421) or spoke no SMTP."""
        if not self._has(count) and not self.trouble:
            self._wanted = count
            self._waiter = self._loop.create_future()
            timer = self._loop.call_later(seconds, self._give_up, seconds)
            try:
                await self._waiter
            finally:
                timer.cancel()
                self._waiter = None
        replies = self._replies[:count]
        del self._replies[:count]
        return replies

    async def room_to_write(self, seconds: float) -> None:
        """Return when the transport takes more; on silence or a lost connection return at once, with `trouble` set."""
        if not self._is_paused or self.trouble:
            return
        self._room = self._loop.create_future()
        timer = self._loop.call_later(seconds, self._give_up, seconds)
        try:
            await self._room
        finally:
            timer.cancel()
            self._room = None

    def data_received(self, data: bytes) -> None:
        buffer = self._partial + data if self._partial else data
        start = 0
        while (end := buffer.find(b"\n", start)) >= 0:
            self._take(buffer[start:end].rstrip(b"\r"))
            start = end + 1
        self._partial = buffer[start:]
        if len(self._partial) > LONGEST_LINE:
            self._garbage(self._partial[:80])
        if len(self._replies) > MOST_WAITING:
            self._fail("the server sends replies nobody asked for")
            self._transport.abort()
        self._wake_if_enough()

    def eof_received(self) -> bool:
        self._fail("the server closed the connection")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail("the connection was lost" if exc is None else f"the connection was lost ({type(exc).__name__})")
        if not self.closed.done():
            self.closed.set_result(None)

    def pause_writing(self) -> None:
        self._is_paused = True

    def resume_writing(self) -> None:
        self._is_paused = False
        _finish(self._room)

    def _take(self, line: bytes) -> None:
        """One line of a reply (RFC 5321 §4.2.1): `250-text` goes on, `250 text` or `250` ends it."""
        if not self._lines and (whole := _whole(line)):
            self._replies.append(whole)
            return
        code, mark = line[:3], line[3:4]
        if not (code.isdigit() and len(code) == 3 and b"200" <= code <= b"599" and mark in (b"", b" ", b"-")):
            self._garbage(line)
            return
        if self._lines and self._lines[0][:3] != code:
            self._garbage(line)
            return
        self._lines.append(line)
        if mark != b"-":
            text = b"\n".join(each[4:] for each in self._lines)
            self._lines = []
            self._replies.append(Reply(int(code), text.decode("utf-8", "replace")))
        elif sum(map(len, self._lines)) > LONGEST_REPLY:
            self._garbage(line)

    def _garbage(self, line: bytes) -> None:
        self._lines = []
        self._partial = b""
        self._replies.append(Reply(GARBAGE, line[:80].decode("ascii", "replace")))

    def _has(self, count: int) -> bool:
        return len(self._replies) >= count or any(each.code in (GARBAGE, SHUTTING_DOWN) for each in self._replies)

    def _wake_if_enough(self) -> None:
        if self._waiter and self._has(self._wanted):
            _finish(self._waiter)

    def _give_up(self, seconds: float) -> None:
        self._fail(f"no answer within {seconds:g} s")

    def _fail(self, trouble: str) -> None:
        self.trouble = self.trouble or trouble
        _finish(self._waiter)
        _finish(self._room)


@lru_cache(maxsize=256)
def _whole(line: bytes) -> Reply | None:
    """The reply of one line; None for any other line. Most lines a server says, it says all the time."""
    if line[3:4] != b" " or not (line[:3].isdigit() and b"200" <= line[:3] <= b"599"):
        return None
    return Reply(int(line[:3]), line[4:].decode("utf-8", "replace"))


def _finish(waiter: asyncio.Future[None] | None) -> None:
    if waiter and not waiter.done():
        waiter.set_result(None)
