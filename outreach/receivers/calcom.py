"""Cal.com: meetings that people book, move and cancel (cal.com/docs, webhooks).

Signed is the body, without a time: a repeat is known by the booking, the trigger and when it was made. A payload
template of one's own replaces the shape, so the default one is required.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from outreach.domain.event import Clues, Event, EventKind
from outreach.mail.identifiers import unique
from outreach.mail.raw_json import Keys, clues_in_json
from outreach.receiver import Delivery
from outreach.receivers.bookings import Change, Meeting, event_of
from outreach.receivers.hmac_proof import hex_macs, require_mac, require_user
from outreach.receivers.payload import Json, instant_of, json_object, object_at, objects_at, text_at
from outreach.receivers.proof import digest, short_key

_HEADER = "x-cal-signature-256"
_KEYS = Keys(tokens=("outreach_token",), people=("email", "value"))
_CHANGES = {
    "BOOKING_CREATED": Change.BOOKED,
    "INSTANT_MEETING": Change.BOOKED,
    "BOOKING_RESCHEDULED": Change.MOVED,
    "BOOKING_CANCELLED": Change.CANCELLED,
    "BOOKING_REJECTED": Change.CANCELLED,
    "BOOKING_NO_SHOW_UPDATED": Change.MISSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The secret of the webhook; `secrets` while one is exchanged for another."""

    secret: str = field(default="", repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    user: str = ""
    passwords: tuple[str, ...] = field(default=(), repr=False)
    own: tuple[str, ...] = ()  # our own addresses: an attendee with one of them is one of us

    def __post_init__(self) -> None:
        if not self.accepted:
            raise ValueError("A connection with `use: calcom` needs `secret`, the secret of the webhook.")

    @property
    def accepted(self) -> tuple[str, ...]:
        return unique((self.secret, *self.secrets))


class CalCom:
    """The receiver behind every connection with `use: calcom`."""

    provider: ClassVar[str] = "calcom"
    accepted_status: ClassVar[int] = 200
    unavailable_status: ClassVar[int] = 503
    max_bytes: ClassVar[int] = 1024 * 1024

    def __init__(self, options: Options) -> None:
        self._options = options
        self._own = frozenset(address.strip().lower() for address in options.own)

    def verify(self, delivery: Delivery, *, now: datetime) -> None:
        require_user(delivery.headers, self._options.user, self._options.passwords)
        expected = hex_macs(self._options.accepted, delivery.body)
        require_mac(delivery.headers.get(_HEADER, ""), expected, "X-Cal-Signature-256")

    def key(self, delivery: Delivery) -> str:
        try:
            return _key(json_object(delivery.body)) or digest(delivery.body)
        except ValueError:
            return digest(delivery.body)

    def clues(self, delivery: Delivery) -> Clues:
        return clues_in_json(delivery.body, _KEYS)

    def parse(self, delivery: Delivery) -> tuple[Event, ...]:
        body = json_object(delivery.body)
        trigger = text_at(body, "triggerEvent")
        if not trigger:
            raise ValueError("The payload has no triggerEvent: leave the webhook's payload template as it is given.")
        key = f"{delivery.connection}/{self.key(delivery)}"
        change = _CHANGES.get(trigger)
        if change is None:
            data: dict[str, object] = {"type": trigger[:64]}
            return (Event(key=key, kind=EventKind.UNKNOWN, at=delivery.received_at, channel="other", data=data),)
        at = instant_of(text_at(body, "createdAt"), latest=delivery.received_at)
        return (event_of(self._meeting(object_at(body, "payload"), key, at), change),)

    def _meeting(self, payload: Json, key: str, at: datetime) -> Meeting:
        people = [text_at(one, "email").strip() for one in objects_at(payload, "attendees")]
        answered = text_at(object_at(object_at(payload, "responses"), "email"), "value")
        return Meeting(
            key=key,
            at=at,
            emails=[email for email in (*people, answered) if email.lower() not in self._own],
            tokens=(text_at(object_at(payload, "metadata"), "outreach_token"),),
            title=text_at(payload, "title"),
            data={
                "starts_at": text_at(payload, "startTime"),
                "ends_at": text_at(payload, "endTime"),
                "meeting": text_at(payload, "uid"),
                "replaces": text_at(payload, "rescheduleUid"),
                "why": text_at(payload, "cancellationReason"),
            },
        )


def _key(body: Json) -> str:
    uid = text_at(object_at(body, "payload"), "uid")
    parts = (text_at(body, "triggerEvent"), uid, text_at(body, "createdAt"))
    return short_key("/".join(parts)) if uid else ""
