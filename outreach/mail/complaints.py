"""Complaints that mailbox providers pass on (RFC 5965), and those that come without the format."""

from __future__ import annotations

import re
from dataclasses import dataclass

from outreach.mail.addresses import emails_in
from outreach.mail.identifiers import message_ids_in, unique
from outreach.mail.parse import Headers, Part, field_blocks
from outreach.mail.understood import Kind

_NO_COMPLAINT = ("not-spam", "auth-failure", "dmarc", "tlsrpt")
_SUBJECT = re.compile(
    r"complaint about message from|^\W{0,3}(?:fw[d:]?\W{0,3})?email feedback report|^\[spamcop|abuse report"
    r"|spam (?:complaint|report)"
    r"|^e-?mail abuse|feedback loop|junk (?:e-?mail )?report|^\W{0,3}arf report",
    re.IGNORECASE,
)
_SENDER = re.compile(
    r"^(?:staff@hotmail|feedbackloop@|fbl@|fbl-|scomp@|abuse-?reports?@|complaints?@|jmrpp@|spamcop|abuse@|arf@"
    r"|feedback@|postmaster@)"
    r"|@reports\.spamcop\.net$|@admin\.spamcop",
    re.IGNORECASE,
)
_ORIGINAL_ID = re.compile(r"^[ \t>]{0,8}message-id:[ \t\r\n]{0,4}(<[^<>\s]{1,500}>)", re.IGNORECASE | re.MULTILINE)
_MAX_TEXT = 20_000
_LOST_REPORT = re.compile(r"^Feedback-Type: ?[\w-]{3,30}\s*\n(?:User-Agent|Version): ", re.IGNORECASE | re.MULTILINE)
"""A report that stands in the text, because whoever passed it on lost its parts."""
_WORDS = re.compile(
    r"(?:this is an?|an) (?:email )?(?:abuse|spam|feedback|complaint) report|reported (?:this|the following"
    r"|your) .{0,40}(?:as )?(?:spam|junk|abuse)"
    r"|marked .{0,40}as (?:spam|junk)|spamcop\.net|user complained|complaint (?:was|has been) (?:received|made"
    r"|filed)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """`kind` is COMPLAINT, UNSUBSCRIBE for opt-out reports, or OTHER for reports of something else."""

    kind: Kind
    recipients: tuple[str, ...] = ()
    original_ids: tuple[str, ...] = ()


def complaint_of(mail: Part, text: str, from_address: str) -> Complaint | None:
    """The complaint a mail is, or None."""
    report = next((part for part in mail.walk() if part.content_type == "message/feedback-report"), None)
    if report is not None:
        return _from_report(mail, report)
    if lost := _LOST_REPORT.search(text[:_MAX_TEXT]):
        return _of_fields(field_blocks(text[lost.start() :][:_MAX_TEXT]), _originals(mail, text))
    is_declared = mail.content_type == "multipart/report" and "feedback" in mail.params.get("report-type", "").lower()
    reported = _reported_recipients(mail)
    if is_declared or reported or mail.headers.has("x-xarf", "x-arf") or _is_in_words(mail, text, from_address):
        return Complaint(kind=Kind.COMPLAINT, recipients=reported[:1], original_ids=_originals(mail, text))
    return None


def _reported_recipients(mail: Part) -> tuple[str, ...]:
    """Whom a complaint of the Junk Mail Reporting Program is from: it writes that into the message it returns."""
    found = [part.headers.first("x-hmxmroriginalrecipient") for part in mail.walk(into_messages=True)]
    return unique(address for value in found for address in emails_in(value))


def _from_report(mail: Part, report: Part) -> Complaint:
    return _of_fields(field_blocks(report.text()), _originals(mail, ""))


def _of_fields(blocks: list[Headers], originals: tuple[str, ...]) -> Complaint:
    fields = blocks[0] if blocks else Headers()
    kind = fields.first("feedback-type").strip().lower()
    recipients = [
        address for block in blocks for name in _NAMED for value in block.all(name) for address in emails_in(value)
    ]
    return Complaint(kind=_kind_of(kind), recipients=unique(recipients)[:20], original_ids=originals)


_NAMED = ("original-rcpt-to", "removal-recipient", "final-recipient")


def _kind_of(feedback_type: str) -> Kind:
    if feedback_type.startswith("opt-out"):
        return Kind.UNSUBSCRIBE
    return Kind.OTHER if feedback_type in _NO_COMPLAINT else Kind.COMPLAINT


def _is_in_words(mail: Part, text: str, from_address: str) -> bool:
    says = bool(_SUBJECT.search(mail.headers.first("subject")))
    return bool(_SENDER.search(from_address)) and says and (bool(_WORDS.search(text[:4000])) or _returns_a_mail(mail))


def _returns_a_mail(mail: Part) -> bool:
    return any(
        part.content_type in ("message/rfc822", "text/rfc822-headers") for part in mail.walk() if part is not mail
    )


def _originals(mail: Part, text: str) -> tuple[str, ...]:
    parts = [part for part in mail.walk(into_messages=True) if part is not mail]
    ids = [part.headers.first("message-id") for part in parts if part.headers.has("message-id")]
    ids += [
        one for part in parts if part.content_type == "text/rfc822-headers" for one in _ORIGINAL_ID.findall(part.text())
    ]
    ids += _ORIGINAL_ID.findall(text[:200_000])
    return unique(one for value in ids for one in message_ids_in(value))[:50]
