"""What the team is told by itself, and who hears which kind of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class NoticeKind(StrEnum):
    """What happened."""

    RESTRICTION = "restriction"  # a provider refuses an account, or one of its actions
    GUARD = "guard"  # a sender was paused by a check of ours
    CIRCUIT = "circuit"  # a provider fails, or a limit holds for an hour and longer
    CRM_FAILED = "crm_failed"  # something that could not be written to a CRM
    UNKNOWN = "unknown"  # a message of which nobody can know whether it went out
    OVERDUE = "overdue"  # a task whose time is over
    WINNER = "winner"  # a variant is surely better, and everybody gets it from now on
    STAGE = "stage"  # a lead entered a stage whose pipeline asks for a word
    REPLY = "reply"  # somebody answered


USUAL = frozenset(NoticeKind) - {NoticeKind.REPLY}
"""Told where nothing else is said: what somebody has to act on."""

EMAIL = "email"
"""The way whose rows carry an address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing to tell, in a sentence. The same `key` is told once to each who hears it."""

    kind: NoticeKind
    key: str
    text: str
    lead_id: str | None = None  # whom it names: erased together with that person


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Somebody who is told: by `slack`, `http`, or `email` with an address."""

    name: str
    to: str = ""
    kinds: frozenset[NoticeKind] = USUAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """Whom the team wants to be told. `mail_from` is the sender whose mailbox writes the mails."""

    ways: Sequence[Way] = ()
    mail_from: str = ""

    def hears(self, kind: NoticeKind) -> list[Way]:
        """Everybody who wants to know of this kind."""
        return [way for way in self.ways if kind in way.kinds]


NOBODY = Notify()
