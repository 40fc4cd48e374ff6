"""Waits on loopback for the browser that comes back from a consent page (RFC 8252 §7.3), or takes what it brought."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from outreach.consent import Asked, answer_of, is_ours
from outreach.errors import UsageError

LOOPBACK = ("localhost", "127.0.0.1", "::1")
_LONGEST_LINE = 16 * 1024
_MOST_LINES = 100
_ONE_BROWSER = 10.0  # seconds it may take to send its request

_PAGE = "<!doctype html><meta charset=utf-8><title>Outreach</title><p>{}</p>"
_TAKEN = _PAGE.format("Thank you. You can close this page and go back to the terminal.")
_NOT_OURS = _PAGE.format("This page was not asked for by the command that is running.")


def port_of(redirect_uri: str) -> int | None:
    """Where to wait; None if the browser ends somewhere else than on this machine."""
    parts = urlsplit(redirect_uri)
    if parts.scheme != "http" or parts.hostname not in LOOPBACK:
        return None
    return parts.port or 80


async def wait_for_answer(
    asked: Asked, *, seconds: float, on_listening: Callable[[], None] = lambda: None
) -> Mapping[str, str]:
    """The answer with our state; whatever else comes in is turned away. Raises UsageError when the time is over."""
    port = port_of(asked.redirect_uri)
    assert port is not None
    path = urlsplit(asked.redirect_uri).path or "/"
    found: asyncio.Future[Mapping[str, str]] = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_ONE_BROWSER):
                await _serve(reader, writer, asked, path, found)
        except (OSError, ValueError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # a browser that went away, or something that is none
        finally:
            writer.close()

    async with await _listen(serve, port):
        on_listening()
        try:
            async with asyncio.timeout(seconds):
                return await found
        except TimeoutError:
            said = f"nobody came back within {seconds:.0f} seconds. Run it again, or with --paste."
            raise UsageError(said) from None


async def _listen(serve: Callable[..., object], port: int) -> asyncio.Server:
    try:
        return await asyncio.start_server(serve, "127.0.0.1", port, limit=_LONGEST_LINE)  # type: ignore[arg-type]
    except OSError as error:
        said = f"port {port} cannot be used ({error.strerror}). Write another one with --redirect-uri, or use --paste."
        raise UsageError(said) from None


async def _serve(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    asked: Asked,
    path: str,
    found: asyncio.Future[Mapping[str, str]],
) -> None:
    method, target = (await reader.readuntil(b"\n")).decode("latin-1").split(" ")[:2]
    for _ in range(_MOST_LINES):
        if (await reader.readuntil(b"\n")).strip() == b"":
            break
    answer = answer_of(target)
    is_answer = method == "GET" and urlsplit(target).path == path and is_ours(asked, answer)
    writer.write(_response("200 OK", _TAKEN) if is_answer else _response("400 Bad Request", _NOT_OURS))
    await writer.drain()
    if is_answer and not found.done():
        found.set_result(answer)


def _response(status: str, page: str) -> bytes:
    body = page.encode()
    heads = f"content-type: text/html; charset=utf-8\r\ncontent-length: {len(body)}\r\nreferrer-policy: no-referrer"
    return f"HTTP/1.1 {status}\r\n{heads}\r\nconnection: close\r\n\r\n".encode() + body
