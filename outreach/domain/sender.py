"""The identity that sends: its name, zone, connected channels and limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from outreach.domain.quota import Limits
from outreach.domain.turns import EVEN_SHARES, Shares

NO_LIMITS = Limits()


def account_of(sender: str, channel: str) -> str:
    """The account of a sender on a channel, as pauses name it: `anna/linkedin`."""
    return f"{sender}/{channel}"


def queue_of(sender: str, action: str) -> str:
    """What fails and recovers as one: a mailbox by its sender, social actions each (`anna/linkedin.invite`)."""
    return sender if action in ("email", "task") else f"{sender}/{action}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """`channels` holds the channels with a connected account; touches on others become tasks for a person."""

    name: str
    display_name: str = ""
    zone: str = "UTC"
    email: str = ""
    mail_provider: str = ""  # google, microsoft; empty: its mailbox is somewhere else
    reply_to: str = ""  # empty: answers go to `email`
    reply_token: bool = False  # each mail has its own Reply-To, which names the touch
    return_path: str = ""  # empty: bounces go to `email`
    return_token: bool = False  # each mail has its own return path
    signature: str = ""
    booking_url: str = ""
    channels: frozenset[str] = frozenset()
    limits: Mapping[str, Limits] = field(default_factory=dict)  # by action
    freeze: frozenset[date] = frozenset()  # days, in its zone, on which it sends nothing
    shares: Shares = EVEN_SHARES  # how its sequences, and follow-ups and first touches, share what it may do

    def limits_for(self, action: str) -> Limits:
        return self.limits.get(action, NO_LIMITS)

    def has_limits(self, action: str) -> bool:
        """Is there anything that could keep a due touch waiting for its turn?"""
        return self.limits_for(action) != NO_LIMITS

    def is_frozen(self, now: datetime) -> bool:
        """Is today one of its days without sending?"""
        return now.astimezone(ZoneInfo(self.zone)).date() in self.freeze

    @property
    def domain(self) -> str:
        """The domain its Message-IDs are made in."""
        return self.email.rpartition("@")[2] or "outreach.invalid"
