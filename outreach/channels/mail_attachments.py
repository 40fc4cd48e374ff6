"""Attached files as providers take them in JSON: name, type, base64."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from outreach.channel import Message


@dataclass(frozen=True, slots=True)
class Encoded:
    """One file. `content_id` (without brackets) is set for an image that stands in the HTML."""

    name: str
    content_type: str
    content: str
    content_id: str = ""


def encoded(message: Message) -> tuple[Encoded, ...]:
    """Every file of the message, in order. Names and types were checked when the mail was built."""
    return tuple(
        Encoded(each.name, each.content_type, base64.b64encode(each.content).decode("ascii"), each.content_id)
        for each in message.attachments
    )
