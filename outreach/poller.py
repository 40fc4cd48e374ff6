"""The contract of a poller: a mailbox that is read by us, because nobody tells us of its mail. See `pollers/`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import ClassVar, Protocol


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder that is read. What lies in a Sent folder was written by us, whatever its headers say."""

    name: str
    is_sent: bool = False


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a folder is stored. It moves over stored mail only, never to what a server says will come next."""

    validity: int  # the folder's UIDVALIDITY (RFC 9051 §2.3.1.1); another one means that every uid has changed
    uid: int  # the last stored one; 0: none yet
    since: date  # while `uid` is 0: mail that came in earlier is not looked at


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as the server holds it. `problem` says why `raw` is not all of it; it may then even be empty."""

    uid: int
    raw: bytes = field(repr=False)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """What stands behind a cursor: mails in ascending uid, bounded in number and size, and the cursor behind them."""

    cursor: Cursor
    mails: tuple[Mail, ...] = ()
    is_end: bool = True  # False: more mail waits behind the cursor


class Poller(Protocol):
    """One mailbox, used by one thread; only `wake` may be called from others.

    Every method but `wake` and `close` raises Unavailable when the server cannot be reached or does not answer as it
    should, and Unauthorized when it does not let us in. After an error the next call connects anew.
    """

    provider: ClassVar[str]

    def folders(self) -> tuple[Folder, ...]:
        """The folders to look into, by their names on the server."""
        ...

    def look(self, folder: Folder, cursor: Cursor | None, *, since: date) -> Look:
        """The next mails behind the cursor; nothing on the server changes, not even what counts as read.

        Without a cursor, or when the folder's validity has changed, from the day `since` on. A mail that cannot be
        had is given with what could be had of it and a `problem`: one bad mail never stands in the way of others.
        """
        ...

    def wait(self, seconds: float) -> bool:
        """True as soon as the server tells of new mail or `wake` is called; False when the time is over."""
        ...

    def wake(self) -> None:
        """End the present or the next `wait` at once."""
        ...

    def keep(self, raw: bytes, at: datetime) -> None:
        """Put a copy of a mail we sent at that instant into the Sent folder, marked as read."""
        ...

    def has_sent(self, message_id: str) -> bool:
        """Does the Sent folder hold a mail of that Message-ID (without angle brackets)? False where there is none."""
        ...

    def close(self) -> None:
        """Say goodbye. It is not used afterwards; only `wake` may still be called, and does nothing."""
        ...
