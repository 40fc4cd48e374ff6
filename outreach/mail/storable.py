"""Texts that any database takes."""

from __future__ import annotations

import re

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """The text without NUL and lone surrogates, neither of which PostgreSQL takes."""
    return _UNSTORABLE.sub("", text)
