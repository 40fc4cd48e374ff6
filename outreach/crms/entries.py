"""Entries of a timeline, in systems that have no type of their own for them, and the one among them that is ours."""

from __future__ import annotations

from collections.abc import Iterable

from outreach.crm import Activity


def heading_of(activity: Activity, *, separator: str = ": ") -> str:
    """`Reply on linkedin: Re: A question`; of a note its subject; empty where there is nothing to say."""
    if activity.kind != "reply":
        return activity.subject
    channel = activity.channel or "another channel"
    return f"Reply on {channel}" + (f"{separator}{activity.subject}" if activity.subject else "")


def marked_among(activity: Activity, entries: Iterable[tuple[str, str]]) -> str | None:
    """The id of the first of these (id, text) that carries our marker."""
    return next((entry_id for entry_id, text in entries if activity.is_marked(text)), None)
