"""The text of a mail among its parts."""

from __future__ import annotations

import re

from outreach.mail.html_text import text_of_html
from outreach.mail.parse import MAX_TEXT_BYTES, Part

_STUB = re.compile(
    r"(?:does not|doesn't|cannot|can't|unable to) (?:support|display|view|show|read) html|html (?:version|format"
    r"|mail)|view (?:this|it) in",
    re.I,
)


def body_text(part: Part) -> str:
    """What a person reads: plain text where there is some, else the HTML as text; attachments and returned mails "
    "left out."""
    if part.is_attachment and part.content_type != "text/plain":
        return ""
    if part.content_type == "multipart/alternative":
        return _best([body_text(child) for child in part.children], [child.content_type for child in part.children])
    if part.content_type.startswith("multipart/"):
        texts = [text for child in part.children if (text := body_text(child)).strip()]
        return "\n".join(texts)[:MAX_TEXT_BYTES] or ("" if part.children else part.text())
    if part.content_type in ("text/html", "application/xhtml+xml"):
        return text_of_html(part.text())
    is_text = part.content_type in ("text/plain", "text/enriched", "text/x-amp-html", "message/notification", "text")
    if not is_text or part.is_attachment or part.content_type == "text/x-amp-html":
        return ""
    text = part.text()
    return text_of_html(text) if _is_html(text) else text


def _best(texts: list[str], types: list[str]) -> str:
    """The plain alternative, unless it is empty or only says that there is another one."""
    plain = next((text for text, kind in zip(texts, types, strict=True) if kind == "text/plain"), "")
    others = [text for text, kind in zip(texts, types, strict=True) if kind != "text/plain" and text.strip()]
    is_stub = len(plain) < 300 and bool(_STUB.search(plain)) and any(len(other) > len(plain) for other in others)
    return plain if plain.strip() and not is_stub else (others[0] if others else plain)


def _is_html(text: str) -> bool:
    start = text[:300].lstrip().lower()
    return start.startswith(("<!doctype html", "<html", "<div", "<body", "<p>"))
