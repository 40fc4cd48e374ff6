"""Mail as it is found: parts, charsets and headers of every kind."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.mail.body import body_text
from outreach.mail.parse import decoded_words, parse_mail
from outreach.mail.report import as_json
from outreach.mail.understand import Given, understand, understand_text
from outreach.mail.understood import Kind

KEYS = [
    "file",
    "kind",
    "reason",
    "text",
    "in_reply_to",
    "references",
    "to",
    "recipients",
    "from",
    "subject",
    "until",
    "status",
]


def text_of(raw: bytes) -> str:
    return body_text(parse_mail(raw)).strip()


@pytest.mark.parametrize(
    ("charset", "codec"),
    [
        ("utf-8", "utf-8"),
        ("iso-8859-9", "iso-8859-9"),
        ("windows-1254", "cp1254"),
        ("x-unknown", "utf-8"),
        ("utf-16", "utf-16"),
        ('"UTF-8"', "utf-8"),
    ],
)
def test_texts_in_many_charsets_are_read(charset: str, codec: str) -> None:
    raw = f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode()

    assert text_of(raw + base64.b64encode("Günaydın şef".encode(codec))) == "Günaydın şef"


@pytest.mark.parametrize(
    "charset", ["punycode", "idna", "hex", "rot13", "unicode_escape", "zip", "", "utf-8; x", "\x00"]
)
def test_a_charset_that_is_none_never_raises(charset: str) -> None:
    assert text_of(f"Content-Type: text/plain; charset={charset}\r\n\r\nHello".encode()) == "Hello"


def test_quoted_printable_and_broken_base64_are_read_as_far_as_they_go() -> None:
    printable = (
        b"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nG=C3=BCn=\naydin"
    )
    broken = b"Content-Transfer-Encoding: base64\n\nSGVsbG8gd29ybGQ*"

    assert text_of(printable) == "Günaydin"
    assert text_of(broken).startswith("Hello worl")


def test_the_plain_alternative_is_preferred_unless_it_says_nothing() -> None:
    mail = (
        "Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n{}\n"
        "--b\nContent-Type: text/html\n\n<p>From <b>HTML</b> with many more words than the other one has</p>\n--b--"
    )

    assert text_of(mail.format("Plain").encode()) == "Plain"
    assert text_of(mail.format("").encode()) == "From HTML with many more words than the other one has"
    assert (
        text_of(mail.format("Your mail program does not support HTML.").encode())
        == "From HTML with many more words than the other one has"
    )


def test_attachments_and_attached_mails_are_no_text() -> None:
    mail = (
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHello\n"
        b"--b\nContent-Type: text/plain\nContent-Disposition: attachment\n\nsecret\n"
        b"--b\nContent-Type: message/rfc822\n\nSubject: x\n\nold\n--b\n\nBye\n--b--"
    )

    assert text_of(mail).split() == ["Hello", "Bye"]


def test_a_missing_boundary_a_missing_blank_line_and_an_envelope_line_are_survived() -> None:
    assert text_of(b"Content-Type: multipart/mixed\n\nHello") == "Hello"
    assert text_of(b"Content-Type: multipart/mixed; boundary=b\n\nHello") == "Hello"
    assert text_of(b"From ada@example.com Mon Mar  2\nSubject: x\n\nHello") == "Hello"
    assert text_of(b"Subject: x\nHello there you\n") == "Hello there you"
    assert text_of(b"\n\nSubject: x\n\nHello") == "Hello"


def test_encoded_words_are_joined_and_read() -> None:
    assert decoded_words("=?utf-8?q?G=C3=BCn?= =?utf-8?b?YXlkxLFu?= x") == "Günaydın x"
    assert decoded_words("=?nonsense?q?abc?=") == "abc"
    assert decoded_words("=?utf-8?q?open") == "=?utf-8?q?open"


def test_the_report_has_every_key_in_its_order() -> None:
    raw = (
        b"From: Ada Example <Ada@Example.com>\n"
        b"To: Anna <anna@example.org>, bob@example.org\nSubject: Re: =?utf-8?q?G=C3=BCn?=\n"
        b"In-Reply-To: <A.1@Example.ORG>\nReferences: <A.0@example.org> <A.1@example.org>\n\nHi\n"
    )

    found = as_json("a.eml", raw)

    assert list(found) == KEYS
    assert found == {
        "file": "a.eml",
        "kind": "reply",
        "reason": None,
        "text": "Hi",
        "in_reply_to": "A.1@example.org",
        "references": ["A.0@example.org", "A.1@example.org"],
        "to": ["anna@example.org", "bob@example.org"],
        "recipients": [],
        "from": "ada@example.com",
        "subject": "Re: Gün",
        "until": None,
        "status": None,
    }


def test_the_report_of_nothing_has_every_key_too() -> None:
    assert list(as_json("empty.eml", b"")) == KEYS


def test_our_own_copy_is_own() -> None:
    raw = b"From: Anna <Anna@Example.org>\n\nUnsubscribe"

    assert understand(raw, own=frozenset({"anna@example.org"})).kind is Kind.OWN


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=600))
def test_no_bytes_raise(raw: bytes) -> None:
    understand(raw)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                b"From: a@example.com\n",
                b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n",
                b"Content-Type: message/rfc822\n",
                b"Content-Type: text/html; charset=\xff\n",
                b"Content-Transfer-Encoding: base64\n",
                b"Content-Transfer-Encoding: quoted-printable\n",
                b"\n",
                b"--b\n",
                b"--b--\n",
                b"Content-Type: message/delivery-status\n",
                b"Final-Recipient: rfc822; x@example.com\n",
                b"Action: failed\n",
                b"Status: 5.1.1\n",
                b"=?utf-8?b?////?=\n",
                b"\x00\xff\xfe",
                b"<blockquote><div class=",
            ]
        ),
        max_size=20,
    )
)
def test_pieces_of_mail_in_any_order_are_understood_without_quarantine(pieces: list[bytes]) -> None:
    assert not understand(b"".join(pieces)).is_quarantined


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=200),
    st.text(max_size=200),
    st.lists(st.tuples(st.text(max_size=20), st.text(max_size=60)), max_size=5),
)
def test_parts_given_one_by_one_never_raise_either(text: str, html: str, headers: list[tuple[str, str]]) -> None:
    found = understand_text(Given(subject=text[:50], text=text, html=html, headers=tuple(headers)))

    assert not found.is_quarantined
