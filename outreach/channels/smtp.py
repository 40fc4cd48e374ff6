"""E-mail by SMTP: one account on one server, over a few kept connections.

The last look stands between the server's 354 and the first byte of the text. An error before it says nothing was
accepted; one after it and before the server's verdict says that it may have been (OutcomeUnknown).
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import ClassVar
from urllib.parse import SplitResult, urlsplit

from outreach.channel import Abilities, LastLook, Message, Receipt
from outreach.channels.mime import NotMail, build, envelope_address
from outreach.channels.smtp_codes import PROVIDER, queue_id
from outreach.channels.smtp_connection import Access, Connection, Deadlines, Envelope, Server, text_of, wire_form
from outreach.channels.smtp_pool import Limits, Pool
from outreach.clock import Clock
from outreach.errors import Refused, UsageError

_DEFAULT_PORTS = {"smtps": 465, "smtp+starttls": 587, "smtp": 25}


@dataclass(frozen=True, slots=True)
class Options:
    """One account. `smtps://` is TLS from the start, `smtp+starttls://` insists on STARTTLS, `smtp://` has no TLS."""

    url: str
    username: str = ""
    password: str = field(default="", repr=False)
    local_hostname: str = ""  # our name in EHLO; empty: the domain of the username, else localhost
    connections: int = 4
    messages_per_connection: int = 100
    allow_plaintext: bool = False  # smtp:// to another machine
    pipelining: bool = True  # False for a server that announces it and loses its place
    ca_file: str = ""  # certificates to trust beside the system's
    deadlines: Deadlines = field(default_factory=Deadlines)
    limits: Limits | None = None  # everything about reuse; replaces the two numbers above


class Smtp:
    """The channel `smtp`. Lives on one event loop; its tasks share it and wait fairly for a connection."""

    provider: ClassVar[str] = PROVIDER
    can: ClassVar[Abilities] = Abilities(actions=("email",), connections=4)

    def __init__(
        self,
        options: Options,
        clock: Clock,
        *,
        access: Access | None = None,
        sign: Callable[[bytes], bytes] | None = None,
        keep_copy: Callable[[bytes], None] | None = None,
    ) -> None:
        """`access` gives tokens in place of a password, `sign` the finished message with its signatures on top.

        `keep_copy` is told each message the server took; it returns at once.
        Raises UsageError for a url that is not SMTP, or that would send mail and password in clear.
        """
        self._options = options
        self._clock = clock
        self._access = access
        self._sign = sign
        self._keep_copy = keep_copy
        self._url = _checked(options)
        self._tls: ssl.SSLContext | None = None
        self._limits = options.limits or Limits(options.connections, options.messages_per_connection)
        self._pool = Pool(self._dial, self._limits)

    def __repr__(self) -> str:
        return f"Smtp({self._options!r})"

    @property
    def connections(self) -> int:
        """How many messages of this account may be on the wire at the same time."""
        return self._limits.connections

    async def send(self, message: Message, *, last_look: LastLook) -> Receipt:
        envelope = self._envelope(message)
        if self._tls is None and self._url.scheme != "smtp":
            await self._prepare_tls()
        verdict = await self._pool.deliver(envelope, last_look)
        if self._keep_copy is not None:
            self._keep_copy(text_of(envelope.wire))
        return Receipt(provider_id=queue_id(verdict.text), reply=f"{verdict.code} {verdict.text}")

    async def sign_in(self) -> str:
        """Connect, sign in and say goodbye, for a check; what was reached. Raises AdapterError."""
        await self._prepare_tls()
        connection = self._dial()
        await connection.open()
        await connection.bow_out()
        return f"signed in to {self._url.hostname}" if self._options.username else f"reached {self._url.hostname}"

    async def close(self) -> None:
        await self._pool.close()

    async def _prepare_tls(self) -> None:
        if self._tls is None and self._url.scheme != "smtp":
            self._tls = await asyncio.to_thread(_tls_context, self._options.ca_file)

    def _envelope(self, message: Message) -> Envelope:
        try:
            sender = envelope_address(message.envelope_from or message.from_address)
            recipient = envelope_address(message.to)
            raw = build(message, now=self._clock.now())
        except NotMail as error:
            raise Refused(PROVIDER, str(error), outcome=error.outcome) from None
        wire = wire_form(raw if self._sign is None else self._sign(raw))
        return Envelope(sender, recipient, wire, needs_utf8=not (sender.isascii() and recipient.isascii()))

    def _dial(self) -> Connection:
        return Connection(
            Server(
                host=self._url.hostname or "",
                port=self._url.port or _DEFAULT_PORTS[self._url.scheme],
                implicit_tls=self._url.scheme == "smtps",
                start_tls=self._url.scheme == "smtp+starttls",
                local_hostname=self._options.local_hostname or _domain_of(self._options.username) or "localhost",
                username=self._options.username,
                password=self._options.password,
                access=self._access,
                tls=self._tls,
                pipelining=self._options.pipelining,
                deadlines=self._options.deadlines,
            )
        )


def _domain_of(username: str) -> str:
    _, at, domain = username.rpartition("@")
    return domain if at and domain.isascii() else ""


def _checked(options: Options) -> SplitResult:
    url = urlsplit(options.url)
    if url.scheme not in _DEFAULT_PORTS or not url.hostname or not _has_sane_port(url):
        raise UsageError(
            "the SMTP url must read smtps://host:465, smtp+starttls://host:587, "
            "or smtp://host:25 (without TLS, for loopback)"
        )
    if url.username or url.password:
        raise UsageError("the SMTP url carries a login; write it as username: and password: beside the url")
    if url.scheme == "smtp" and not (options.allow_plaintext or _is_loopback(url.hostname)):
        raise UsageError(
            f"smtp://{url.hostname} would send mail and password in clear; write smtp+starttls:// or smtps://, "
            "or allow_plaintext: true if the network is yours"
        )
    return url


def _has_sane_port(url: SplitResult) -> bool:
    try:
        return url.port is None or url.port > 0
    except ValueError:
        return False


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _tls_context(ca_file: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file:
        context.load_verify_locations(cafile=ca_file)
    return context
