"""A message in the words of the person who read it: the text as it was written, and an HTML part made from it."""

from __future__ import annotations

import re
from dataclasses import replace

from markupsafe import escape

from outreach.channel import Message
from outreach.domain.action import find
from outreach.errors import UsageError

_SUBJECT = "Subject: "
_ADDRESS = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")
_OPT_OUT = re.compile(r"https?://\S+/u/[\w.\-]+")
_PAGE = '<!doctype html>\n<html>\n<head><meta charset="utf-8"></head>\n<body>\n{}</body>\n</html>\n'


def edited(message: Message, text: str) -> Message:
    """The same message with other words. Everything else (thread, files, opt-out headers) stays."""
    subject, body = _parts(text) if message.subject else ("", text)
    html = _PAGE.format(_html(body)) if message.html else ""
    return replace(message, subject=subject or message.subject, text=body, html=html)


def check(before: str, after: str, action: str) -> str:
    """The words a person may put in place of what was written. Raises UsageError for what may not go out."""
    after = after.replace("\r\n", "\n").strip("\n")
    has_subject = before.startswith(_SUBJECT)
    if has_subject and not after.startswith(_SUBJECT):
        raise UsageError("the first line of a mail is its subject. Write `Subject: …` there.")
    subject, body = _parts(after) if has_subject else ("", after)
    if not body.strip() or (has_subject and not subject):
        raise UsageError("there is nothing left to be sent. To send nothing: outreach review reject ID")
    opt_out = _OPT_OUT.search(before)
    if opt_out and opt_out.group() not in body:
        raise UsageError(f"the way to opt out has to stay in the text: {opt_out.group()}")
    known = find(action)
    if known and known.longest is not None and len(body) > known.longest:
        raise UsageError(f"the text has {len(body)} characters; {action} takes {known.longest}. Shorten it.")
    return after


def _parts(text: str) -> tuple[str, str]:
    """(subject, body) of `Subject: …`, an empty line, and the text."""
    first, _, rest = text.partition("\n")
    return " ".join(first.removeprefix(_SUBJECT).split()), rest.strip("\n") + "\n"


def _html(body: str) -> str:
    paragraphs = (each for each in re.split(r"\n{2,}", body.strip("\n")) if each.strip())
    return "".join(f"<p>{_linked(each)}</p>\n" for each in paragraphs)


def _linked(text: str) -> str:
    """Escaped, with line breaks, and with links where addresses stand."""
    found, at = [], 0
    for match in _ADDRESS.finditer(text):
        address = str(escape(match.group()))
        found += [str(escape(text[at : match.start()])), f'<a href="{address}">{address}</a>']
        at = match.end()
    return "".join((*found, str(escape(text[at:])))).replace("\n", "<br>\n")
