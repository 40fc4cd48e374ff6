"""Names of templates: the path below templates/, without `.md`."""

from __future__ import annotations

import re

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}(/[a-z0-9][a-z0-9_-]{0,63}){0,5}")


def template_name(text: str) -> str:
    """Check a name as it stands in a sequence: `founders/intro`."""
    if text.endswith(".md"):
        raise ValueError(f"'{text[:80]}' is a file, not a name. Write it without .md.")
    if not _NAME.fullmatch(text):
        raise ValueError(f"'{text[:80]}' is no name of a template. Write its path below templates/, in small letters.")
    return text
