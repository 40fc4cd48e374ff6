"""Mails that were damaged on the way, or made to be odd: each is understood, none of them raises, none takes long."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as any_of

from outreach.domain.reply import ReplyClass, ReplyText
from outreach.mail.raw_match import raw_clues
from outreach.mail.reply_class import suggest_class
from outreach.mail.understand import Given, understand, understand_text
from tests.mail.conftest import read_cases

_RAWS = [
    case.text.encode() for path in (Path(__file__).parent / "cases").glob("*.txt") for case in read_cases(path.name)
]
_CHARSETS = (
    "utf-7",
    "utf-16",
    "iso-2022-jp",
    "hz",
    "punycode",
    "idna",
    "x-none",
    "",
    "big5",
    "zip",
    "undefined",
    "utf-32",
)
_ENCODINGS = ("base64", "quoted-printable", "8bit", "x-uuencode", "7BIT", "")
_ODDITIES = (
    *(b"\r", b"\n\n", b"\0\0\0", b"\xff\xfe", b"\xef\xbb\xbf", b"&#xD800;", b"&#99999999999;", b"<blockquote>" * 50),
    *(b"=?x-none?b?!!!!?=", b"=?utf-8?q?=", b"Status: 5.1.1\n", b"Action: failed\n", b"Feedback-Type: abuse\n"),
    *(
        b" until 31.12.9999 ",
        b" back on 30 February ",
        b" bis 99.99.2026 ",
        " ² ocak ".encode(),
        " ٣١/١٢/٢٠٢٦ ".encode(),
    ),
    *(b"From x\n>From y\n", b"Date: Fri, 31 Dec 9999 23:59:59 -1200\n", b"Date: Mon, 1 Jan 0001 00:00:00 +2400\n"),
)
_QUICK = settings(max_examples=150, deadline=2000, suppress_health_check=list(HealthCheck), derandomize=True)


@any_of.composite
def damaged_mails(draw: any_of.DrawFn) -> bytes:
    """A sample mail with a few things put in, cut out or doubled."""
    raw = draw(any_of.sampled_from(_RAWS))
    for _ in range(draw(any_of.integers(1, 5))):
        at = draw(any_of.integers(0, len(raw)))
        act = draw(any_of.sampled_from(("odd", "bytes", "cut", "end", "head", "lines")))
        if act == "odd":
            raw = raw[:at] + draw(any_of.sampled_from(_ODDITIES)) + raw[at:]
        elif act == "bytes":
            raw = raw[:at] + draw(any_of.binary(max_size=30)) + raw[at:]
        elif act == "cut":
            raw = raw[:at] + raw[at + draw(any_of.integers(1, 200)) :]
        elif act == "end":
            raw = raw[:at]
        elif act == "head":
            raw = _head(draw) + raw
        else:
            raw = raw.replace(b"\n", draw(any_of.sampled_from((b"\r\n", b"\r", b"\n "))))
    return raw


def _head(draw: any_of.DrawFn) -> bytes:
    charset, encoding = draw(any_of.sampled_from(_CHARSETS)), draw(any_of.sampled_from(_ENCODINGS))
    return f"Content-Type: text/html; charset={charset}\nContent-Transfer-Encoding: {encoding}\n".encode()


@_QUICK
@given(raw=damaged_mails())
def test_a_damaged_mail_is_understood_without_an_exception(raw: bytes) -> None:
    found = understand(raw, now=datetime(2026, 12, 18, tzinfo=UTC))

    assert not found.is_quarantined
    raw_clues(raw)


@_QUICK
@given(raw=any_of.binary(max_size=2000))
def test_bytes_that_are_no_mail_are_understood_without_an_exception(raw: bytes) -> None:
    assert not understand(raw).is_quarantined


@_QUICK
@given(text=any_of.text(max_size=500), subject=any_of.text(max_size=80))
def test_any_text_has_a_class(text: str, subject: str) -> None:
    reply = ReplyText(text=text, subject=subject, writer="ada@example.com", sent_on=date(2026, 3, 2))

    assert suggest_class(reply).reply_class in ReplyClass
    assert not understand_text(Given(subject=subject, text=text)).is_quarantined


def test_a_note_from_the_last_year_there_is_is_read() -> None:
    raw = b"Date: Fri, 31 Dec 9999 23:59:59 +0000\nSubject: Out of office\n\nI am out of office until Monday.\n"

    found = understand(raw)

    assert (found.kind, found.until, found.is_quarantined) == ("auto_reply", None, False)
