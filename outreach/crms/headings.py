"""The first line of a timeline entry, in systems that have no type of their own for it."""

from __future__ import annotations

from outreach.crm import Activity


def heading_of(activity: Activity) -> str:
    """`Reply on linkedin: Re: A question`; of a note its subject; empty where there is nothing to say."""
    if activity.kind != "reply":
        return activity.subject
    return f"Reply on {activity.channel}" + (f": {activity.subject}" if activity.subject else "")
