"""Our Message-ID as a mark on a message, under one name at every provider: it comes back in events.

Some providers take letters, digits, `_` and `-` alone in a mark, so it is written there in base64url (RFC 4648 §5).
"""

from __future__ import annotations

import base64
import binascii

from outreach.mail.identifiers import message_ids_in

MARK = "outreach_message_id"
_LONGEST = 250


def plain_mark(message_id: str) -> str:
    """The id itself, where a mark may hold any text; empty when it is too long to be one."""
    return message_id if len(message_id) <= _LONGEST else ""


def narrow_mark(message_id: str) -> str:
    """The id where a mark may hold letters, digits, `_` and `-`; empty when it is too long to be one."""
    mark = base64.urlsafe_b64encode(message_id.encode("utf-8", "replace")).decode("ascii").rstrip("=")
    return mark if len(mark) <= _LONGEST else ""


def ids_of_mark(mark: str) -> tuple[str, ...]:
    """The Message-IDs a mark stands for, in either form; nothing for a mark that is not ours."""
    if "@" in mark:
        return message_ids_in(mark)
    try:
        written = base64.urlsafe_b64decode(mark[: _LONGEST * 2].encode("ascii") + b"=" * (-len(mark) % 4))
    except (binascii.Error, ValueError):
        return ()
    text = written.decode("utf-8", "replace")
    return message_ids_in(text) if "@" in text and text.isprintable() else ()
