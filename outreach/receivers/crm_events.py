"""News of a CRM as events: for every receiver that hears from one."""

from __future__ import annotations

from datetime import datetime

from outreach.domain.crm_news import CrmNews
from outreach.domain.event import Clues, Event, EventKind


def event_of_news(news: CrmNews, *, key: str, at: datetime) -> Event:
    """The event of one change. `key` as for every event: the same change always gives the same one."""
    return Event(
        key=key,
        kind=EventKind.CHANGED,
        at=at,
        channel="other",
        clues=Clues(addresses=news.clues),
        reason=str(news.change),
        data=news.as_data(),
    )
