"""A mail server on loopback that behaves like a provider's: it asks for a login, refuses, puts off, and queues.

It is aiosmtpd with a mind of its own. Whoever takes part in a story is told of each mail by `on_mail`.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

_SECONDS_TO_START = 15


@dataclass(frozen=True)
class Mail:
    """One accepted message. `provider_id` is what the server said it queued it as."""

    sender: str
    recipient: str
    provider_id: str
    content: bytes = field(repr=False)

    @cached_property
    def parsed(self) -> EmailMessage:
        return message_from_bytes(self.content, policy=policy.default)

    def header(self, name: str) -> str:
        """The first header of that name, unfolded; empty if there is none."""
        return str(self.parsed.get(name, ""))

    @property
    def message_id(self) -> str:
        """Without angle brackets."""
        return self.header("Message-ID").strip().strip("<>")

    @property
    def text(self) -> str:
        """The plain part."""
        part = self.parsed.get_body(("plain",))
        return str(part.get_content()) if part is not None else ""


class MailServer:
    """`accounts` maps addresses to passwords. `refused` never get anything; each of `put_off` gets a 451 at first."""

    def __init__(
        self,
        accounts: Mapping[str, str],
        on_mail: Callable[[Mail], None],
        *,
        refused: frozenset[str] = frozenset(),
        put_off: frozenset[str] = frozenset(),
        on_refusal: Callable[[str, str], None] = lambda recipient, answer: None,
    ) -> None:
        self.mails: list[Mail] = []
        self.port = 0
        self._sessions: list[SMTP] = []
        self._desk = _Desk(self, accounts, on_mail, refused=refused, put_off=set(put_off), on_refusal=on_refusal)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="mail-server", daemon=True)
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(_SECONDS_TO_START)
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._shut(), self._loop).result(_SECONDS_TO_START)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_SECONDS_TO_START)
        self._loop.close()

    async def _listen(self) -> asyncio.Server:
        return await self._loop.create_server(self._session, "127.0.0.1", 0)

    def _session(self) -> SMTP:
        session = SMTP(
            self._desk,
            hostname="mail.sandbox.example",
            ident="ready",
            enable_SMTPUTF8=True,
            auth_require_tls=False,  # it listens on loopback alone
            authenticator=self._desk.authenticate,
            loop=self._loop,
        )
        self._sessions.append(session)
        return session

    async def _shut(self) -> None:
        """Whoever is still connected is cut off."""
        if self._server:
            self._server.close()
        for session in self._sessions:
            if session.transport:
                session.transport.close()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


class _Desk:
    """What the server answers. aiosmtpd finds the methods by their names."""

    def __init__(
        self,
        server: MailServer,
        accounts: Mapping[str, str],
        on_mail: Callable[[Mail], None],
        *,
        refused: frozenset[str],
        put_off: set[str],
        on_refusal: Callable[[str, str], None],
    ) -> None:
        self._server = server
        self._accounts = accounts
        self._on_mail = on_mail
        self._refused = refused
        self._put_off = put_off
        self._on_refusal = on_refusal

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        if not isinstance(data, LoginPassword):
            return AuthResult(success=False, handled=False)
        address = data.login.decode(errors="replace")
        is_right = self._accounts.get(address) == data.password.decode(errors="replace")
        return AuthResult(success=is_right, handled=False, auth_data=address)

    async def handle_MAIL(  # noqa: N802  # aiosmtpd finds it by this name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not session.authenticated:
            return "530 5.7.0 Authentication required"
        owned: object = session.auth_data
        if address != owned:
            return "550 5.7.1 Sender address rejected: not owned by this account"
        envelope.mail_from = address
        return "250 2.1.0 Ok"

    async def handle_RCPT(  # noqa: N802  # as above
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self._answer_to(address)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        else:
            self._on_refusal(address, answer)
        return answer

    def _answer_to(self, address: str) -> str:
        if address in self._refused:
            return f"550 5.1.1 <{address}>: Recipient address rejected: User unknown in virtual mailbox table"
        if address in self._put_off:
            self._put_off.remove(address)
            return f"451 4.7.1 <{address}>: Recipient address rejected: Greylisted, please come back later"
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # as above
        content = envelope.original_content or b""
        provider_id = hashlib.sha256(content).hexdigest()[:20]
        for recipient in envelope.rcpt_tos:
            mail = Mail(envelope.mail_from or "", recipient, provider_id, content)
            self._server.mails.append(mail)
            self._on_mail(mail)
        return f"250 2.0.0 Ok: queued as {provider_id}"
