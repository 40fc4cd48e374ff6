"""Who sends in a simulation, and what recipients get of all of them together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from outreach.domain.recipients import NO_CAPS, RecipientCaps, Whom, kinds_of
from outreach.domain.sender import Sender


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """Who sends, and the order in which actions are claimed."""

    senders: Mapping[str, Sender]
    actions: tuple[str, ...]
    recipients: RecipientCaps = NO_CAPS

    @property
    def capped(self) -> tuple[Whom, ...]:
        """Whom anybody has caps for."""
        own = (limits.recipients for sender in self.senders.values() for limits in sender.limits.values())
        return kinds_of(self.recipients, *own)

    def sender(self, name: str) -> Sender:
        return self.senders.get(name) or Sender(name=name)

    def turn(self, sender: Sender, action: str) -> int:
        """When its queue is claimed, among those that are due at one instant."""
        names = sorted(self.senders)
        place = names.index(sender.name) if sender.name in self.senders else len(names)
        order = self.actions.index(action) if action in self.actions else len(self.actions)
        return place * (len(self.actions) + 1) + order
