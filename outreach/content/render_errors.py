"""Why a message cannot be made for this lead. Each is a reason to hold the touch, never to send it with a gap."""

from __future__ import annotations

from outreach.errors import OutreachError


class RenderError(OutreachError):
    """The template is fine, but not with these values."""


class MissingValue(RenderError):
    """A value without fallback is absent. `name` is dotted, `lead.first_name`; the text names its last part."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"missing {name.rpartition('.')[2]}")


class UnsafeLink(RenderError):
    """A link would lead somewhere else than to http, https or mailto."""

    def __init__(self, target: str) -> None:
        super().__init__(f"unsafe link '{target[:80]}': links begin with https://, http:// or mailto:")


class TooLong(RenderError):
    """A value, subject or message is longer than any message should be."""

    def __init__(self, what: str, limit: int) -> None:
        super().__init__(f"{what} is longer than {limit:,} characters")


class NotPrintable(RenderError):
    """A value is a group of values or something that has no text."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"a {kind} has no text of its own; name one of its values")


class EmptyMessage(RenderError):
    """With these values nothing is left of the subject or the message."""

    def __init__(self, part: str) -> None:
        super().__init__(f"empty {part}")
