"""Calendly: meetings that people book, move and cancel (developer.calendly.com, webhook signatures and payloads).

A lead or touch named in `utm_content` or `utm_term` of the booking link comes back in `tracking`; else the invitee's
address tells who it is. A move is a new booking that names the old one; the cancellation that comes with it is not
news. Three minutes of tolerance are what Calendly's examples use, which is unverified; `tolerance` changes it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from outreach.domain.event import Clues, Event, EventKind
from outreach.mail.identifiers import unique
from outreach.mail.raw_json import Keys, clues_in_json
from outreach.receiver import Delivery
from outreach.receivers.bookings import Change, Meeting, event_of
from outreach.receivers.hmac_proof import hex_macs, require_fresh, require_mac, require_user
from outreach.receivers.payload import Json, instant_of, json_object, object_at, text_at
from outreach.receivers.proof import digest, short_key

_HEADER = "calendly-webhook-signature"
_KEYS = Keys(tokens=("utm_content", "utm_term"), people=("email",))
_CHANGES = {"invitee.created": Change.BOOKED, "invitee.canceled": Change.CANCELLED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The signing key of the subscription; `secrets` while one is exchanged. `tolerance` in seconds."""

    secret: str = field(default="", repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    tolerance: int = 180
    user: str = ""
    passwords: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if not self.accepted:
            raise ValueError("A connection with `use: calendly` needs `secret`, the signing key of the subscription.")
        if not 0 < int(self.tolerance) <= 86_400:
            raise ValueError("'tolerance' is not from 1 to 86,400 seconds.")

    @property
    def accepted(self) -> tuple[str, ...]:
        return unique((self.secret, *self.secrets))


class Calendly:
    """The receiver behind every connection with `use: calendly`."""

    provider: ClassVar[str] = "calendly"
    accepted_status: ClassVar[int] = 200
    unavailable_status: ClassVar[int] = 503
    max_bytes: ClassVar[int] = 1024 * 1024

    def __init__(self, options: Options) -> None:
        self._options = options

    def verify(self, delivery: Delivery, *, now: datetime) -> None:
        require_user(delivery.headers, self._options.user, self._options.passwords)
        pairs = [part.strip().partition("=")[::2] for part in delivery.headers.get(_HEADER, "").split(",")[:16]]
        stamp = next((value for name, value in pairs if name == "t"), "")
        require_fresh(stamp, now=now, within=timedelta(seconds=int(self._options.tolerance)))
        expected = hex_macs(self._options.accepted, f"{stamp}.".encode() + delivery.body)
        given = next((value for name, value in pairs if name == "v1"), "")
        require_mac(given, expected, "Calendly-Webhook-Signature")

    def key(self, delivery: Delivery) -> str:
        try:
            return _key(json_object(delivery.body)) or digest(delivery.body)
        except ValueError:
            return digest(delivery.body)

    def clues(self, delivery: Delivery) -> Clues:
        return clues_in_json(delivery.body, _KEYS)

    def parse(self, delivery: Delivery) -> tuple[Event, ...]:
        body = json_object(delivery.body)
        name = text_at(body, "event")
        if not name:
            raise ValueError("The payload has no event: it is no webhook of Calendly.")
        key = f"{delivery.connection}/{self.key(delivery)}"
        payload = object_at(body, "payload")
        change = _change(name, payload)
        if change is None:
            data: dict[str, object] = {"type": name[:64]}
            return (Event(key=key, kind=EventKind.UNKNOWN, at=delivery.received_at, channel="other", data=data),)
        at = instant_of(text_at(body, "created_at"), latest=delivery.received_at)
        return (event_of(_meeting(payload, key, at), change),)


def _change(name: str, payload: Json) -> Change | None:
    """None: an event nobody has to know of."""
    if name == "invitee_no_show.created":
        return Change.MISSED
    change = _CHANGES.get(name)
    if change is Change.BOOKED and payload.get("old_invitee"):
        return Change.MOVED
    return None if change is Change.CANCELLED and payload.get("rescheduled") is True else change


def _meeting(payload: Json, key: str, at: datetime) -> Meeting:
    scheduled, tracking = object_at(payload, "scheduled_event"), object_at(payload, "tracking")
    return Meeting(
        key=key,
        at=at,
        emails=(text_at(payload, "email"),),
        tokens=(text_at(tracking, "utm_content"), text_at(tracking, "utm_term")),
        title=text_at(scheduled, "name"),
        data={
            "starts_at": text_at(scheduled, "start_time"),
            "ends_at": text_at(scheduled, "end_time"),
            "meeting": text_at(scheduled, "uri") or text_at(payload, "event"),
            "from_name": text_at(payload, "name"),
            "timezone": text_at(payload, "timezone"),
        },
    )


def _key(body: Json) -> str:
    payload = object_at(body, "payload")
    uri = text_at(payload, "uri") or text_at(object_at(payload, "invitee"), "uri") or text_at(payload, "invitee")
    return short_key(f"{text_at(body, 'event')}/{uri}") if uri else ""
