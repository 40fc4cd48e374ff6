"""Returned mail: whether a mail is one, for whom, and why.

A delivery report (RFC 3464) is read where there is one; about half of all bounces have none, and are known by
headers, sender and words. Hard or soft is decided by the reason; the class of a status code alone decides nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from outreach.mail.addresses import emails_in
from outreach.mail.bounce_codes import CODES, SMTP_CODES
from outreach.mail.bounce_general_words import WEAK
from outreach.mail.bounce_signs import (
    COPY_BELOW,
    DAEMON,
    DAEMON_NAME,
    DELAY,
    DIALOGUE,
    FAILURE_SUBJECT,
    FAILURE_TEXT,
    OF_GOODS,
    OF_MAIL,
    OPENING,
    PERSONAL,
    SURE_DAEMON,
    TO_MANY,
)
from outreach.mail.bounce_words import STRONG
from outreach.mail.identifiers import message_ids_in, unique
from outreach.mail.parse import Headers, Part, field_blocks
from outreach.mail.understood import HARD, BounceReason, Kind
from outreach.mail.words import folded

_MAX_TEXT = 6000
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?!\.?\d)")
_SMTP = re.compile(r"(?<![\d.])([45]\d\d)(?=[ \-#]|$)")
_REFUSAL = re.compile(r"(?<![\d.])55[0-4](?=[ \-#])")
_ORIGINAL_ID = re.compile(
    r"^[ \t>]{0,8}(?:x-)?(?:original-)?message-id:[ \t\r\n]{0,4}(<[^<>\s]{1,500}>)", re.IGNORECASE | re.MULTILINE
)
_OF_MANY = ("list-id", "list-unsubscribe", "list-post")
_TO_LINE = re.compile(r"^[ \t>]{0,8}(?:to|rcpt to): ?(.{3,300})$", re.IGNORECASE | re.MULTILINE)
_LOST_REPORT = re.compile(r"^(?:Original-Recipient|Final-Recipient): ?(?:rfc822|utf-8);", re.IGNORECASE | re.MULTILINE)
_REPLY_SUBJECT = re.compile(
    r"^\s*(?:re|aw|sv|antw|odp|ynt|yan|vs|rif|res|fwd?|wg|tr|rv|enc|i|doorst|ilt)\s*(?:\[\d+\])?\s*:", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """What came back. `kind` is OTHER for reports of delivery or relaying."""

    kind: Kind
    reason: BounceReason | None = None
    status: str | None = None
    recipients: tuple[str, ...] = ()
    original_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sender:
    """Who a mail says it comes from."""

    address: str
    name: str

    @property
    def is_surely_a_daemon(self) -> bool:
        local = self.address.partition("@")[0]
        return bool(SURE_DAEMON.match(local)) or (not self.address and bool(DAEMON_NAME.search(self.name)))

    @property
    def is_like_a_daemon(self) -> bool:
        return bool(DAEMON.match(self.address.partition("@")[0]) or DAEMON_NAME.search(self.name))


def bounce_of(mail: Part, text: str, sender: Sender) -> Bounce | None:
    """The bounce a mail is, or None. `text` is all of its own text."""
    report = next((part for part in mail.walk() if part.content_type.endswith("delivery-status")), None)
    if report is not None and _is_a_report(mail, sender):
        found = _from_report(report, text)
        if found:
            return _with_ids(found, mail, text)
    if mail.headers.has("x-failed-recipients") or _looks_returned(mail.headers, text, sender):
        found = _from_lost_report(text) or _from_words(mail, text)
        return _with_ids(found, mail, text)
    return None


def reason_of_text(text: str) -> BounceReason:
    """Why a server refused, from what it said: particular words, then its codes, then general words."""
    status, smtp = _status_in(text), _smtp_in(text)
    return (
        _by_words(text, STRONG) or _by_status(status) or _by_words(text, WEAK) or _by_smtp(smtp) or BounceReason.OTHER
    )


def _is_a_report(mail: Part, sender: Sender) -> bool:
    is_null = _has_null_path(mail.headers)
    return mail.content_type == "multipart/report" or sender.is_like_a_daemon or is_null or not _is_answer(mail.headers)


def _is_answer(headers: Headers) -> bool:
    return headers.has("in-reply-to", "references") or bool(_REPLY_SUBJECT.match(headers.first("subject")))


def _has_null_path(headers: Headers) -> bool:
    return headers.first("return-path").replace(" ", "") == "<>"


def _from_report(report: Part, text: str) -> Bounce | None:
    blocks = [block for block in field_blocks(_report_text(report)) if block.has("action", "final-recipient", "status")]
    failed = [block for block in blocks if _action_of(block) == "failed"]
    if failed:
        return _failed(failed, text)
    if any(_action_of(block) == "delayed" for block in blocks):
        return _delayed(blocks)
    if blocks and all(_action_of(block) in ("delivered", "relayed", "expanded") for block in blocks):
        return Bounce(kind=Kind.OTHER, recipients=_recipients_of(blocks), status=blocks[0].first("status")[:16] or None)
    return None


def _from_lost_report(text: str) -> Bounce | None:
    """A report that stands in the text, because whoever passed it on lost its parts."""
    start = _LOST_REPORT.search(text[:_MAX_TEXT])
    if start is None:
        return None
    blocks = [block for block in field_blocks(text[start.start() :][:_MAX_TEXT]) if block.has("action", "status")]
    failed = [block for block in blocks if _action_of(block) == "failed"]
    return _failed(failed, text) if failed else None


def _report_text(report: Part) -> str:
    """Some servers attach the report's blocks as parts of their own below it."""
    return report.text() or "\n\n".join(child.text() for child in report.children)


def _action_of(block: Headers) -> str:
    words = block.first("action").lower().split()
    action = words[0].strip(";,.()") if words else ""
    if action in ("failed", "delayed", "delivered", "relayed", "expanded"):
        return action
    status = block.first("status").strip()[:1]
    return {"5": "failed", "4": "failed", "2": "delivered"}.get(status, "failed" if action.startswith("fail") else "")


def _failed(blocks: list[Headers], text: str) -> Bounce:
    said = " ".join(block.first("diagnostic-code") for block in blocks[:1])
    written = _first_code(blocks[0].first("status"))
    status = _status_in(said) if written in ("", "5.0.0", "4.0.0") else written
    status = status or written
    reason = _reason(said, status, text)
    return Bounce(
        kind=_kind(reason, status, said),
        reason=reason,
        status=status or None,
        recipients=_recipients_of(blocks),
    )


def _delayed(blocks: list[Headers]) -> Bounce:
    status = next((code for block in blocks if (code := _first_code(block.first("status")))), None)
    reason = BounceReason.DELAYED
    return Bounce(kind=Kind.BOUNCE_SOFT, reason=reason, status=status, recipients=_recipients_of(blocks))


def _reason(said: str, status: str, text: str) -> BounceReason:
    """What the server said counts before what the code means, and that before what the report says to people."""
    speech = _speech(text)
    reason = (
        _by_words(said, STRONG)
        or _by_status(status)
        or _by_words(speech, STRONG)
        or _by_words(said, WEAK)
        or _by_smtp(_smtp_in(said))
        or _by_words(speech, WEAK)
        or BounceReason.OTHER
    )
    return BounceReason.EXPIRED if reason is BounceReason.DELAYED else reason


def _recipients_of(blocks: list[Headers]) -> tuple[str, ...]:
    values = [block.first("final-recipient") or block.first("original-recipient") for block in blocks]
    return unique(address for value in values for address in emails_in(value.partition(";")[2] or value)[:1])[:100]


def _looks_returned(headers: Headers, text: str, sender: Sender) -> bool:
    subject = headers.first("subject")
    said = bool(FAILURE_SUBJECT.search(folded(subject))) and not _REPLY_SUBJECT.match(subject)
    start = folded(_speech(text)[:3000])
    opens = bool(OPENING.match(start.lstrip()[:600]))
    speaks = bool(DIALOGUE.search(start))
    tells = speaks or bool(FAILURE_TEXT.search(start))
    if sender.is_surely_a_daemon:
        return said or tells or opens
    names = said and _names_a_reason(start)
    if sender.is_like_a_daemon or _has_null_path(headers):
        return (said and (tells or names) and not TO_MANY.search(start[:200])) or opens
    about = f"{folded(subject)} {start[:600]}"
    names = names and bool(OF_MAIL.search(about)) and not OF_GOODS.search(about)
    names = names and (tells or _is_automatic(headers) or bool(COPY_BELOW.search(text[:_MAX_TEXT])))
    speaks = speaks or names
    speaks = speaks and "@" in text[:_MAX_TEXT] and not PERSONAL.search(start[:1500]) and not headers.has(*_OF_MANY)
    return said and (opens or speaks) and not _is_answer(headers)


def _names_a_reason(start: str) -> bool:
    return _by_words(start[:600], STRONG) in (*HARD, BounceReason.FULL)


def _is_automatic(headers: Headers) -> bool:
    return headers.first("auto-submitted").strip().lower() not in ("", "no") or headers.has("x-autoreply")


def _from_words(mail: Part, text: str) -> Bounce:
    speech = _speech(text)
    subject = mail.headers.first("subject")
    status = _status_in(speech)
    reason = reason_of_text(speech)
    if reason is BounceReason.OTHER:
        reason = _by_words(subject, STRONG) or reason
    is_late = bool(DELAY.search(folded(subject))) or (reason is BounceReason.DELAYED)
    if is_late and reason not in HARD:
        reason = BounceReason.DELAYED
    return Bounce(
        kind=_kind(reason, status, speech),
        reason=reason,
        status=status or None,
        recipients=_named_in(mail.headers, speech, text[len(speech) :][:_MAX_TEXT]),
    )


def _named_in(headers: Headers, speech: str, copy: str) -> tuple[str, ...]:
    """Whom a returned mail is about: by the header that says so, its own words, or the copy of the message in it."""
    failed = [address for value in headers.all("x-failed-recipients") for address in emails_in(value)]
    own = set(emails_in(headers.first("to"))) | set(emails_in(headers.first("from")))
    own |= {one for written in _ids_in(speech) for one in emails_in(written)}  # an id looks like an address
    named = failed or [address for address in emails_in(speech) if address not in own]
    return unique(named or [one for line in _TO_LINE.findall(copy) for one in emails_in(line) if one not in own])[:20]


def _with_ids(found: Bounce, mail: Part, text: str) -> Bounce:
    returned = [part for part in mail.walk(into_messages=True) if part is not mail]
    ids = [part.headers.first("message-id") for part in returned if part.headers.has("message-id")]
    ids += [one for part in returned if part.content_type == "text/rfc822-headers" for one in _ids_in(part.text())]
    ids += _ids_in(text) + [mail.headers.first(name) for name in ("in-reply-to", "x-original-message-id")]
    answered = list(reversed(message_ids_in(mail.headers.first("references"))))
    originals = unique([one for value in ids for one in message_ids_in(value)] + answered)
    return Bounce(
        kind=found.kind,
        reason=found.reason,
        status=found.status,
        recipients=found.recipients,
        original_ids=originals[:50],
    )


def _ids_in(text: str) -> list[str]:
    return _ORIGINAL_ID.findall(text[:200_000])[:20]


def _speech(text: str) -> str:
    """What the mail system says itself, without the message it returns."""
    text = text[: _MAX_TEXT * 4]
    copy = next((match for match in COPY_BELOW.finditer(text) if text[: match.start()].strip()), None)
    return (text[: copy.start()] if copy else text)[:_MAX_TEXT]


def _kind(reason: BounceReason, status: str, said: str) -> Kind:
    """A gateway's own 4xx does not soften the 550 it repeats; an enhanced code of class 4 with a meaning does."""
    is_temporary = (status or _smtp_in(said)).startswith("4")
    if is_temporary and status in ("", "4.0.0") and _REFUSAL.search(said[:_MAX_TEXT]):
        is_temporary = False
    return Kind.BOUNCE_HARD if reason in HARD and not is_temporary else Kind.BOUNCE_SOFT


def _by_words(text: str, table: tuple[tuple[BounceReason, re.Pattern[str]], ...]) -> BounceReason | None:
    flat = " ".join(folded(text[:_MAX_TEXT]).split())
    return next((reason for reason, pattern in table if pattern.search(flat)), None) if flat else None


def _by_status(status: str) -> BounceReason | None:
    return next((reason for pattern, reason in CODES if pattern.match(status)), None) if status else None


def _by_smtp(code: str) -> BounceReason | None:
    return SMTP_CODES.get(code)


def _status_in(text: str) -> str:
    """The first enhanced code; a particular one before x.0.0."""
    found = [code for code in _STATUS.findall(text[:_MAX_TEXT]) if code[0] in "45"]
    return next((code for code in found if not code.endswith(".0.0")), found[0] if found else "")


def _first_code(text: str) -> str:
    match = _STATUS.search(text[:200])
    return match.group(1) if match else ""


def _smtp_in(text: str) -> str:
    match = _SMTP.search(text[:_MAX_TEXT])
    return match.group(1) if match else ""
