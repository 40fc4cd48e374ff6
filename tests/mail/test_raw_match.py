"""Whom a raw mail may be about, from its bytes alone."""

from __future__ import annotations

import base64
import binascii

from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.mail.raw_match import raw_clues
from outreach.mail.understand import understand

REPLY = (
    b"From: Ada <Ada@Example.com>\r\nTo: <in+tok_1@example.org>\r\nSubject: Re: x\r\n"
    b"In-Reply-To: <e1.second@Example.ORG>\r\n"
    b"References: <e1.first@example.org>\r\n <e1.second@example.org>\r\n\r\nHello\r\n"
)


def test_ids_come_strongest_first_then_tokens_and_the_sender() -> None:
    clues = raw_clues(REPLY)

    assert clues.message_ids[:2] == ("e1.second@example.org", "e1.first@example.org")
    assert clues.tokens == ("tok_1",)
    assert ("email", "ada@example.com") in clues.addresses


def test_a_returned_original_is_found_whatever_it_is_written_in() -> None:
    original = b"Message-ID: <e1.first@example.org>\r\nSubject: x\r\n\r\nHello there, this is the message.\r\n"
    head = b"From: MAILER-DAEMON@mx.example.net\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\n"
    encoded = base64.encodebytes(original)
    printable = binascii.b2a_qp(original).replace(b"<", b"=3C").replace(b"@", b"=40")

    for body in (original, encoded, printable):
        assert "e1.first@example.org" in raw_clues(head + b"\r\n" + body + b"\r\n--b--").message_ids


def test_whom_a_bounce_names_is_found() -> None:
    clues = raw_clues(
        b"From: x@mx.example.net\nX-Failed-Recipients: gone@example.com\n\nFinal-Recipient: rfc822; also@example.com\n"
    )

    assert {("email", "gone@example.com"), ("email", "also@example.com")} <= set(clues.addresses)


def test_a_mail_cut_off_in_the_middle_shows_what_is_visible() -> None:
    clues = raw_clues(REPLY[: REPLY.index(b"References")])

    assert clues.message_ids[0] == "e1.second@example.org"


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=500))
def test_no_bytes_raise(raw: bytes) -> None:
    raw_clues(raw)


_ids = st.from_regex(r"[A-Za-z0-9.]{1,20}@[a-z]{1,10}\.example", fullmatch=True)


@settings(max_examples=200, deadline=None)
@given(answered=_ids, earlier=st.lists(_ids, max_size=6), newline=st.sampled_from(["\n", "\r\n"]), fold=st.booleans())
def test_the_raw_match_finds_whatever_understanding_finds(
    answered: str, earlier: list[str], newline: str, fold: bool
) -> None:
    between = newline + " " if fold else " "
    fields = [
        "From: Ada <ada@example.com>",
        f"In-Reply-To: <{answered}>",
        "References: " + between.join(f"<{one}>" for one in earlier),
    ]
    raw = (newline.join(fields) + newline * 2 + "Hello").encode()

    found = understand(raw)

    assert {found.in_reply_to, *found.references} <= set(raw_clues(raw).message_ids)
