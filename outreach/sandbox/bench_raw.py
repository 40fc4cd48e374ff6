"""The limit: prebuilt messages over kept connections, MAIL, RCPT and DATA in one packet, and nothing else."""

from __future__ import annotations

import asyncio
import time

_BODY = b"Subject: bench\r\n\r\n" + b"x" * 70 + b"\r\n"


def message(size: int = 2_000) -> bytes:
    """A body of about that many bytes, ending in CRLF."""
    return _BODY + (b"y" * 76 + b"\r\n") * (size // 78)


def measure(port: int, *, messages: int, connections: int) -> float:
    """Messages a second."""
    return asyncio.run(_measure(port, messages, connections))


async def _measure(port: int, messages: int, connections: int) -> float:
    body = message() + b".\r\n"
    begun = time.perf_counter()
    await asyncio.gather(*(_send(port, body, messages // connections) for _ in range(connections)))
    return (messages // connections) * connections / (time.perf_counter() - begun)


async def _send(port: int, body: bytes, count: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await reader.readline()
    writer.write(b"EHLO bench\r\n")
    await reader.readuntil(b"250 SIZE 10485760\r\n")
    for number in range(count):
        writer.write(b"MAIL FROM:<a@bench.example>\r\nRCPT TO:<p%d@bench.example>\r\nDATA\r\n" % number)
        await reader.readuntil(b"354 go ahead\r\n")
        writer.write(body)
        await reader.readline()
    writer.write(b"QUIT\r\n")
    await reader.readline()
    writer.close()
    await writer.wait_closed()
