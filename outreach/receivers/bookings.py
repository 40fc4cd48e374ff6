"""A meeting that was booked, moved or cancelled as an event: the same meaning whichever calendar brought it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from outreach.domain.event import Clues, Event, EventKind
from outreach.mail.addresses import people_of
from outreach.mail.identifiers import unique

_TOKEN = re.compile(r"[A-Za-z0-9_.-]{8,200}")


class Change(StrEnum):
    """What happened to a meeting; the value is the event's `reason`."""

    BOOKED = ""
    MOVED = "rescheduled"
    CANCELLED = "cancelled"
    MISSED = "no_show"


_KINDS = {Change.BOOKED: EventKind.BOOKED, Change.MOVED: EventKind.BOOKED, Change.CANCELLED: EventKind.CANCELLED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """What calendars tell in common. `tokens` came back from the booking link; `data` goes with the event."""

    key: str
    at: datetime  # when it was booked, moved or cancelled
    emails: Iterable[str]
    tokens: Iterable[str] = ()
    title: str = ""
    data: Mapping[str, str]


def event_of(meeting: Meeting, change: Change) -> Event:
    """The event of a meeting. A missed one is kept, and is no kind of its own."""
    return Event(
        key=meeting.key,
        kind=_KINDS.get(change, EventKind.UNKNOWN),
        at=meeting.at,
        channel="other",
        clues=Clues(
            tokens=unique(token for token in meeting.tokens if _TOKEN.fullmatch(token)),
            addresses=tuple(dict.fromkeys(one for email in meeting.emails for one in people_of("email", email))),
        ),
        subject=meeting.title[:998],
        reason=str(change),
        data={name: value[:500] for name, value in meeting.data.items() if value},
    )
