"""The calls Calendly and Cal.com make when somebody books, moves or cancels a meeting, signed as they sign them.

Shapes as developer.calendly.com and cal.com/docs describe them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from outreach.sandbox.answers import Hook

_CALENDLY = "https://api.calendly.com"


class BookingServer:
    """Both services. `calendly_key` and `calcom_secret` are what they were given with our address."""

    def __init__(self, *, calendly_key: str, calcom_secret: str) -> None:
        self._calendly_key = calendly_key
        self._calcom_secret = calcom_secret
        self._numbers = count(1)

    def calendly(self, url: str, event: str, *, email: str, at: datetime, **more: Any) -> Hook:
        """`event` is Calendly's: invitee.created, invitee.canceled, invitee_no_show.created, …"""
        start, name = at + timedelta(days=2), f"EV{next(self._numbers)}"
        uri = f"{_CALENDLY}/scheduled_events/{name}/invitees/INV{next(self._numbers)}"
        tracking = {f"utm_{word}": None for word in ("source", "medium", "campaign", "content", "term")}
        payload: dict[str, Any] = {
            "uri": uri,
            "email": email,
            "name": "Ada Sample",
            "status": "canceled" if event == "invitee.canceled" else "active",
            "timezone": "Europe/Istanbul",
            "event": f"{_CALENDLY}/scheduled_events/{name}",
            "rescheduled": False,
            "old_invitee": None,
            "new_invitee": None,
            "tracking": tracking | more.pop("tracking", {}),
            "questions_and_answers": [],
            "scheduled_event": {
                "name": "Intro",
                "start_time": _iso(start),
                "end_time": _iso(start),
                "status": "active",
            },
            **more,
        }
        body = {"event": event, "created_at": _iso(at), "created_by": f"{_CALENDLY}/users/U1", "payload": payload}
        return self.signed_calendly(url, body, at=at)

    def signed_calendly(self, url: str, payload: Mapping[str, Any], *, at: datetime) -> Hook:
        body, stamp = json.dumps(payload).encode(), str(int(at.timestamp()))
        mac = hmac.new(self._calendly_key.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        headers = {"calendly-webhook-signature": f"t={stamp},v1={mac}", "content-type": "application/json"}
        return Hook(url, body, headers)

    def calcom(self, url: str, trigger: str, *, email: str, at: datetime, **more: Any) -> Hook:
        """`trigger` is Cal.com's: BOOKING_CREATED, BOOKING_RESCHEDULED, BOOKING_CANCELLED, …"""
        start = at + timedelta(days=2)
        payload: dict[str, Any] = {
            "uid": f"uid{next(self._numbers)}",
            "bookingId": 91,
            "type": "30min",
            "title": "Intro",
            "startTime": _iso(start),
            "endTime": _iso(start + timedelta(minutes=30)),
            "organizer": {"email": "anna@example.org", "name": "Anna", "timeZone": "Europe/Istanbul"},
            "attendees": [{"email": email, "name": "Ada Sample", "timeZone": "Europe/Istanbul"}],
            "responses": {"email": {"label": "email_address", "value": email}},
            "metadata": {},
            "status": "ACCEPTED",
            **more,
        }
        return self.signed_calcom(url, {"triggerEvent": trigger, "createdAt": _iso(at), "payload": payload})

    def signed_calcom(self, url: str, payload: Mapping[str, Any]) -> Hook:
        body = json.dumps(payload).encode()
        mac = hmac.new(self._calcom_secret.encode(), body, hashlib.sha256).hexdigest()
        return Hook(url, body, {"x-cal-signature-256": mac, "content-type": "application/json"})


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
