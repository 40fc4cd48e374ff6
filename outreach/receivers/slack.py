"""Slack: proof and handshake of the Events API (api.slack.com/authentication/verifying-requests-from-slack).

What the team says in Slack is no news about a lead, so every event is kept as `unknown`, visible and replayable.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from outreach.domain.event import Clues, Event, EventKind
from outreach.mail.identifiers import unique
from outreach.receiver import Answer, Delivery
from outreach.receivers.hmac_proof import hex_macs, require_fresh, require_mac, require_user
from outreach.receivers.payload import Json, instant_of, json_object, key_said_in, object_at, said_in, text_at

TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The app's signing secret; `secrets` while one is exchanged for another."""

    secret: str = field(default="", repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    user: str = ""
    passwords: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if not self.accepted:
            raise ValueError("A connection with `use: slack` needs `secret`, the signing secret of the app.")

    @property
    def accepted(self) -> tuple[str, ...]:
        return unique((self.secret, *self.secrets))


class Slack:
    """The receiver behind every connection with `use: slack`."""

    provider: ClassVar[str] = "slack"
    accepted_status: ClassVar[int] = 200
    unavailable_status: ClassVar[int] = 503
    max_bytes: ClassVar[int] = 1024 * 1024

    def __init__(self, options: Options) -> None:
        self._options = options

    def verify(self, delivery: Delivery, *, now: datetime) -> None:
        require_user(delivery.headers, self._options.user, self._options.passwords)
        stamp = delivery.headers.get("x-slack-request-timestamp", "")
        require_fresh(stamp, now=now, within=TOLERANCE)
        expected = hex_macs(self._options.accepted, f"v0:{stamp}:".encode() + delivery.body, start="v0=")
        require_mac(delivery.headers.get("x-slack-signature", ""), expected, "X-Slack-Signature")

    def answer(self, delivery: Delivery) -> Answer | None:
        if said_in(delivery.body, "type") != "url_verification":
            return None
        return Answer(body=said_in(delivery.body, "challenge"))

    def key(self, delivery: Delivery) -> str:
        return key_said_in(delivery.body, "event_id")

    def clues(self, delivery: Delivery) -> Clues:
        """Nobody outside."""
        return Clues()

    def parse(self, delivery: Delivery) -> tuple[Event, ...]:
        payload = json_object(delivery.body)
        return (
            Event(
                key=f"{delivery.connection}/{self.key(delivery)}",
                kind=EventKind.UNKNOWN,
                at=instant_of(text_at(payload, "event_time"), latest=delivery.received_at),
                channel="other",
                data=_data(payload),
            ),
        )


def _data(payload: Json) -> dict[str, object]:
    event = object_at(payload, "event")
    found = {"type": text_at(event, "type") or text_at(payload, "type"), "team": text_at(payload, "team_id")}
    return {name: value[:64] for name, value in found.items() if value}
