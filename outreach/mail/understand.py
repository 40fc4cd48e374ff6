"""From a mail to what it means: bounce, complaint, our own copy, opt-out, auto-reply, or a person's reply.

The order of these questions is the order in which they are asked. No content raises: what cannot be read is
`other` and quarantined, with every id and address that the bytes show, so that it still holds and can be listed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from email.utils import parsedate_to_datetime

from outreach.mail.addresses import email_of, emails_in
from outreach.mail.auto_replies import Answer, auto_reply_reason
from outreach.mail.body import body_text
from outreach.mail.bounces import Sender, bounce_of
from outreach.mail.complaints import complaint_of
from outreach.mail.html_text import text_of_html
from outreach.mail.identifiers import message_ids_in, unique
from outreach.mail.new_text import NewText, split_text
from outreach.mail.opt_outs import is_chat_opt_out, is_opt_out, is_whole_opt_out
from outreach.mail.parse import Headers, Part, headers_of, parse_mail
from outreach.mail.raw_match import raw_clues
from outreach.mail.return_dates import return_date
from outreach.mail.storable import storable
from outreach.mail.understood import Kind, Understood

_MAX_ADDRESSES = 500
_FIRST_YEAR, _LAST_YEAR = 1970, 2200


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A mail that somebody else has already divided. `headers` are (name, value); `parts` (content type, bytes)."""

    subject: str = ""
    text: str = ""
    html: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    from_name: str = ""
    parts: tuple[tuple[str, bytes], ...] = ()  # message/delivery-status, message/feedback-report, message/rfc822


@dataclass(frozen=True, slots=True)
class _Mail:
    part: Part
    text: str  # all of its own text
    subject: str
    sender: Sender
    is_surely_an_answer: bool


def understand(raw: bytes, *, own: frozenset[str] = frozenset(), now: datetime | None = None) -> Understood:
    """A raw mail (RFC 5322), understood. `own` are our addresses; `now` stands in for a missing Date."""
    try:
        part = parse_mail(raw)
        sender = _sender(part.headers, "")
        mail = _Mail(part, body_text(part), part.headers.first("subject"), sender, is_surely_an_answer=False)
        return _understood(mail, own, now)
    except Exception:  # noqa: BLE001  # one odd mail must never stop the others; the raw match finds its lead
        return _quarantined(raw)


def understand_text(given: Given, *, own: frozenset[str] = frozenset(), now: datetime | None = None) -> Understood:
    """The same for a mail whose parts a provider hands over one by one."""
    text = given.text if given.text.strip() else text_of_html(given.html)
    try:
        headers = headers_of((*given.headers, ("Subject", given.subject)))
        mail = _Mail(_as_part(given, headers), text, given.subject, _sender(headers, given.from_name), True)
        return _understood(mail, own, now)
    except Exception:  # noqa: BLE001  # as above
        return Understood(
            kind=Kind.OTHER, text=storable(text).strip(), subject=given.subject or None, is_quarantined=True
        )


def understand_chat(text: str, *, subject: str = "") -> Understood:
    """A chat message, text message or InMail: an opt-out, or a reply. Its text is kept whole."""
    text = storable(text).strip()
    kind = Kind.UNSUBSCRIBE if is_chat_opt_out(text) else Kind.REPLY
    return Understood(kind=kind, text=text, subject=subject or None)


def _as_part(given: Given, headers: Headers) -> Part:
    children = tuple(
        Part(*_message_child(kind, body)) if kind == "message/rfc822" else Part(Headers(), kind, {}, body)
        for kind, body in given.parts
    )
    return Part(headers, "multipart/mixed" if children else "text/plain", {}, b"", children)


def _message_child(kind: str, body: bytes) -> tuple[Headers, str, dict[str, str], bytes, tuple[Part, ...]]:
    return Headers(), kind, {}, body, (parse_mail(body),)


def _sender(headers: Headers, name: str) -> Sender:
    written = headers.first("from")
    shown = name or written.partition("<")[0].strip(" \"'\t")
    address = email_of(written)
    if not shown and written.count("@") > 1:  # an address that is none still says who it was meant to be
        shown = written.partition("<")[2].partition("@")[0].rstrip("\\")
    return Sender(address, shown if shown != written or "@" not in shown else "")


def _understood(mail: _Mail, own: frozenset[str], now: datetime | None) -> Understood:
    new = split_text(mail.text)
    plain = _envelope(mail, new)
    return (
        _returned(mail, plain)
        or _complained(mail, plain)
        or _not_a_reply(mail, plain, own)
        or _answered(mail, plain, new, now)
    )


def _envelope(mail: _Mail, new: NewText) -> Understood:
    headers = mail.part.headers
    answered = message_ids_in(headers.first("in-reply-to"))
    return Understood(
        kind=Kind.REPLY,
        text=new.text,
        in_reply_to=answered[0] if answered else None,
        references=unique(one for value in headers.all("references") for one in message_ids_in(value)),
        to=unique(address for value in headers.all("to") for address in emails_in(value))[:_MAX_ADDRESSES],
        from_address=mail.sender.address or None,
        from_name=mail.sender.name[:200],
        subject=storable(mail.subject).strip() or None,
        message_id=next(iter(message_ids_in(headers.first("message-id"))), None),
    )


def _returned(mail: _Mail, plain: Understood) -> Understood | None:
    if any(part.content_type == "message/feedback-report" for part in mail.part.walk()):
        return None
    bounce = bounce_of(mail.part, mail.text, mail.sender)
    if bounce is None:
        return None
    return replace(
        plain,
        kind=bounce.kind,
        reason=str(bounce.reason) if bounce.reason else None,
        status=bounce.status,
        recipients=bounce.recipients,
        original_ids=bounce.original_ids,
    )


def _complained(mail: _Mail, plain: Understood) -> Understood | None:
    complaint = complaint_of(mail.part, mail.text, mail.sender.address)
    if complaint is None:
        return None
    return replace(plain, kind=complaint.kind, recipients=complaint.recipients, original_ids=complaint.original_ids)


def _not_a_reply(mail: _Mail, plain: Understood, own: frozenset[str]) -> Understood | None:
    if plain.from_address in own:
        return replace(plain, kind=Kind.OWN)
    is_receipt = mail.part.content_type == "multipart/report" and "disposition" in mail.part.params.get(
        "report-type", ""
    )
    return replace(plain, kind=Kind.OTHER, reason="read_receipt") if is_receipt else None


def _answered(mail: _Mail, plain: Understood, new: NewText, now: datetime | None) -> Understood:
    reason = auto_reply_reason(_answer(mail, plain, new))
    asks = not new.is_all_there_was or not new.has_quote
    if asks and is_opt_out(new.text, subject=mail.subject) and (reason is None or is_whole_opt_out(new.text)):
        return replace(plain, kind=Kind.UNSUBSCRIBE)
    if reason is None:
        return plain
    return replace(plain, kind=Kind.AUTO_REPLY, reason=reason, until=_until(mail, new, now))


def _answer(mail: _Mail, plain: Understood, new: NewText) -> Answer:
    copied = [address for value in mail.part.headers.all("cc") for address in emails_in(value)]
    return Answer(
        headers=mail.part.headers,
        subject=mail.subject,
        text=new.text,
        from_address=mail.sender.address,
        recipients=len(plain.to) + len(copied),
        has_quote=new.has_quote,
        is_surely_an_answer=mail.is_surely_an_answer,
    )


def _until(mail: _Mail, new: NewText, now: datetime | None) -> date | None:
    sent_on = _sent_on(mail.part.headers.first("date")) or (now.date() if now else None)
    if sent_on is None or not _FIRST_YEAR <= sent_on.year <= _LAST_YEAR:  # a Date may name any year there is
        return None
    return return_date(new.text, sent_on=sent_on) or return_date(mail.subject, sent_on=sent_on)


def _sent_on(value: str) -> date | None:
    try:
        return parsedate_to_datetime(value[:100]).date() if value else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _quarantined(raw: bytes) -> Understood:
    clues = raw_clues(raw)
    senders = [value for kind, value in clues.addresses if kind == "email"]
    return Understood(
        kind=Kind.OTHER,
        in_reply_to=clues.message_ids[0] if clues.message_ids else None,
        references=clues.message_ids,
        from_address=senders[0] if senders else None,
        is_quarantined=True,
    )
