"""The contract of a channel: a way to reach a person through one provider. Implementations live in `channels/`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Protocol

from outreach.record import record

LastLook = Callable[[], Awaitable[None]]
"""Awaited once, just before the point of no return; it marks the touch `handed_over`, or raises NotNow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One file of a mail. With a `content_id` it is an image that the HTML shows as `cid:<content_id>`."""

    name: str  # as the reader sees it: no path, no control characters
    content_type: str  # application/pdf, image/png, …
    content: bytes = field(repr=False)
    content_id: str = ""  # without angle brackets


@record(frozen=True, slots=True, kw_only=True)
class Message:
    """A rendered text with an address and a key. Every value is plain text without CR, LF or NUL in header fields."""

    key: str  # the touch key; the same at every attempt, and the provider's idempotency key where it has one
    action: str  # email, linkedin.invite, linkedin.message, …
    to: str  # e-mail address, profile URL or provider id, E.164 number
    address: str = ""  # the lead's own address, where `to` is the provider's id of the person
    text: str
    html: str = ""
    subject: str = ""
    to_name: str = ""
    from_name: str = ""
    from_address: str = ""
    message_id: str = ""  # without angle brackets
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    reply_to: str = ""
    envelope_from: str = ""  # the return path; empty: from_address
    unsubscribe_url: str = ""  # https; becomes List-Unsubscribe with one-click (RFC 8058)
    thread_id: str = ""  # the provider's thread to answer in
    template: str = ""  # the name of a text the provider approved before (WhatsApp); `values` fill it
    language: str = ""  # of the text, where the template says it: en, pt-BR
    values: Mapping[str, str] = field(default_factory=dict)  # more that a template names: for approved texts, for HTTP
    attachments: tuple[Attachment, ...] = ()  # e-mail only
    wording: str = ""  # what `spin` chose in the text; for our own records
    is_test: bool = False


@record(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The provider's word that it took the message."""

    provider_id: str = ""  # the provider's id of the message, if it gave one
    thread_id: str = ""  # the provider's thread or chat
    reply: str = ""  # what the server said, for people
    recipient_id: str = ""  # the provider's id of the person, if it told one
    message_id: str = ""  # the Message-ID the mail really carries, where the provider puts another in place of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What a provider is able to do; the feature table in the documentation is made from it."""

    actions: tuple[str, ...]  # email; invite, message, …; `*`: whatever steps ask for
    dedupes_by_key: bool = False  # the same key is accepted once only
    keys_last: timedelta | None = None  # a key is accepted once only for so long; `dedupes_by_key` is for ever
    max_length: int | None = None  # characters of a text, where the provider has one limit for all actions
    connections: int = 1  # messages one sender may have on the wire at the same time


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """A message of which nobody knows whether it went out: what a provider may be asked about it."""

    key: str  # the touch key
    action: str
    to: str  # as Message.to was
    message_id: str = ""
    since: datetime  # when it was handed over

    def is_near(self, at: datetime) -> bool:
        """Might something of that instant be it? A minute of difference between clocks, and a quarter to be late."""
        return self.since - timedelta(minutes=1) <= at <= self.since + timedelta(minutes=15)


class Channel(Protocol):
    """One provider account. Two tasks may share it. It does one thing once: no retry, no sleep, no database."""

    provider: ClassVar[str]
    can: ClassVar[Abilities]

    async def send(self, message: Message, *, last_look: LastLook) -> Receipt:
        """Hand over one message; await last_look() before the point of no return.

        Raises exactly one AdapterError if the message was not accepted (or may have been: OutcomeUnknown).
        A NotNow from last_look() passes through after the transaction was ended with nothing handed over.
        """
        ...

    async def close(self) -> None:
        """Let go of every connection. A later send opens new ones."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """Somebody who is connected with the account. `at`: since when, if the provider says."""

    provider_id: str
    profile_url: str = ""
    at: datetime | None = None


class TellsRelations(Protocol):
    """What a channel may have beside, where acceptance of invitations has to be looked for."""

    async def relations(self, since: datetime) -> Sequence[Relation]:
        """Who became a relation since then, the newest first, with a bounded number of calls. Raises AdapterError."""
        ...


class SignsIn(Protocol):
    """What a channel may have beside: `doctor` asks for it."""

    async def sign_in(self) -> str:
        """One cheap call that reads; what was found, as a sentence. Raises AdapterError."""
        ...


class LooksUp(Protocol):
    """What a channel may have beside, where the provider can be asked what became of a message in doubt."""

    async def look_up(self, sought: Sought) -> Receipt | None:
        """The receipt of that message, if the provider has it; None is no proof that it did not go out.

        Reads only. Raises AdapterError.
        """
        ...
