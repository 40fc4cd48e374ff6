"""Bodies that were made to hang whoever reads them."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from outreach.mail.raw_json import Keys, clues_in_json
from outreach.mail.raw_match import raw_clues
from outreach.mail.understand import understand

HEAD = b"From: ada@example.com\nTo: anna@example.org\nSubject: Re: x\nIn-Reply-To: <e1.first@example.org>\n\n"
HTML = b"Content-Type: text/html\n\n"
DAEMON = b"From: MAILER-DAEMON@mx.example.net\nSubject: failure notice\n\n"
MIXED = b"Content-Type: multipart/mixed; boundary=b\n\n"
LIMIT = 2.0  # seconds of processor time; each takes well under one

BODIES: dict[str, bytes] = {
    "45 KB of On": HEAD + b"On " * 15_000,
    "50 KB of dashes": HEAD + b"-" * 50_000,
    "lines of dashes": HEAD + b"-\n" * 50_000,
    "5,000 lines that begin with On": HEAD + b"On Monday 5 May 2020, something\n" * 5_000,
    "5,000 heads of quotes": HEAD + b"On 5 May 2020 Ada wrote:\n" * 5_000,
    "25,000 blank lines": HEAD + b"\n" * 25_000,
    "25,000 lines of blanks": HEAD + b" \n" * 25_000,
    "3,000 From lines": HEAD + b"From: x\n" * 3_000,
    "30,000 header blocks": HEAD + b"From: x\nSent: y\n" * 30_000,
    "100,000 addresses": b"To: " + b", ".join(b"u%d@example.com" % number for number in range(100_000)) + b"\n\nhi",
    "100,000 folded addresses": b"To: "
    + b",\n ".join(b"u%d@example.com" % number for number in range(100_000))
    + b"\n\nhi",
    "20,000 encoded words": b"Subject: " + b"=?utf-8?q?a?= " * 20_000 + b"\n\nhi",
    "100,000 parts": MIXED + b"--b\nContent-Type: text/plain\n\nx\n" * 100_000,
    "5,000 nested parts": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(5_000)
    ),
    "5,000 nested mails": b"Content-Type: message/rfc822\n\n" * 5_000,
    "300,000 headers": b"".join(b"X-%d: y\n" % number for number in range(300_000)) + b"\nhi",
    "a header of 10 MB": b"X: " + b"a" * 10_000_000 + b"\n\nhi",
    "10 MB in one line": HEAD + b"a" * 10_000_000,
    "10 MB of quotes": HEAD + b"> q\n" * 2_500_000,
    "10 MB of NUL": b"\0" * 10_000_000,
    "a million ids": HEAD + b"<a@b.c> " * 1_000_000,
    "open tags": HTML + b"<a " * 1_000_000,
    "open comments": HTML + b"<!--" * 1_000_000,
    "open scripts": HTML + b"<script>" * 1_000_000,
    "open attributes": HTML + b'<a href="' * 1_000_000,
    "nested quotes": HTML + b"<blockquote>x" * 300_000,
    "entities": HTML + b"&amp" * 1_000_000,
    "base64 without lines": b"Content-Transfer-Encoding: base64\n\n" + b"QUJD" * 2_000_000,
    "punycode": b"Content-Type: text/plain; charset=punycode\n\n" + b"a-" * 1_000_000,
    "failing users": DAEMON + b"user " * 20_000,
    "failing mailboxes": DAEMON + b"mailbox is " * 20_000,
    "failing addresses": DAEMON + b"a@b.c " * 100_000,
    "thanks": b"Subject: Automatic reply\n\n" + b"thank you for " * 3_000,
    "dates": b"Subject: Automatic reply\n\n" + b"12/12/12 until " * 30_000,
    "stops": HEAD + b"please stop " * 10_000,
    "removes": HEAD + b"please remove me from your your your your your your your " * 3_000,
    "reports": b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n"
    + b"Final-Recipient: rfc822;a@b.c\nAction: failed\nStatus: 5.1.1\n\n" * 50_000,
    "boundaries": MIXED + b"\n--" * 2_000_000,
    "signatures": HEAD + b"-- \n" * 20_000,
    "separators": HEAD + b"-----Original Message-----\n" * 20_000,
    "a million lines": HEAD + b"yes\n" * 1_000_000,
    "a million short words": HEAD + b"a " * 1_000_000,
    "100,000 tags": HTML + b"<b><i></i></b>" * 50_000,
    "100,000 nested tags": HTML + b"<div><span>x" * 50_000,
    "100,000 tags with a class": HTML + b'<div class="' + b"a " * 50 + b'">x</div>' * 100_000,
    "wrappers": HTML + b'<div id="divRplyFwdMsg">x</div>' * 30_000,
    "endless styles": HTML + b"<style>" * 500 + b"a{}" * 1_000_000,
    "doctypes": HTML + b"<!doctype html>" * 300_000,
    "an archive": b"Content-Type: application/zip\nContent-Transfer-Encoding: base64\n\nUEsDBBQ" + b"AAAA" * 2_500_000,
    "an archive that claims to be text": b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\nUEsDBBQ"
    + b"AAAA" * 2_500_000,
    "quoted-printable without end": b"Content-Transfer-Encoding: quoted-printable\n\n" + b"=3D=\n" * 2_000_000,
    "a boundary of dashes": b"Content-Type: multipart/mixed; boundary=-\n\n" + b"---" * 3_000_000,
    "an empty boundary line": MIXED + b"--b" * 3_000_000,
    "nested mails with files": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\nContent-Type: message/rfc822\n\n" % (n, n)
        for n in range(2_000)
    ),
    "a charset that is none": b"Content-Type: text/plain; charset=x-" + b"y" * 5_000 + b"\n\n" + b"\xff" * 2_000_000,
    "half of a charset": b"Content-Type: text/plain; charset=utf-16\n\n" + b"\xd8" * 3_000_001,
    "escapes of a charset": b"Content-Type: text/plain; charset=iso-2022-jp\n\n" + b"\x1b$B\x1b(B" * 300_000,
    "shifts of a charset": b"Content-Type: text/plain; charset=utf-7\n\n" + b"+AAA-" * 400_000,
    "heads between rules": HEAD + (b"-" * 590 + b"x\n") * 15_000,
    "almost heads": HEAD + b"On 5 May 2020 at 10:15 Ada <a@b.example> and\n" * 20_000,
    "addresses and colons": HEAD + b"<a@b.example>:\n" * 30_000,
    "names via lists": HEAD + b"a via b via c via d via e via f wrote\n" * 10_000,
    "pipes": HEAD + b"| a | b |\n" * 100_000,
    "escaped From": HEAD + b">From a\n\n" * 100_000,
    "dialogues": DAEMON + b"<<< 550 [a b] said: 5" * 20_000,
    "lost reports": DAEMON + b"Final-Recipient: rfc822;a@b.c\nAction: failed\nStatus: 5.1.1\n\n" * 50_000,
    "to whom it went": DAEMON + b"To: a@b.c\n" * 100_000,
    "moved users": DAEMON + b"user a has a moved " * 20_000,
    "away for ever": HEAD + b"i am " * 60_000 + b"out of the office",
    "personal data": HEAD + b"my personal data and my address? " * 20_000,
    "greetings": HEAD + b"Hello,\n" * 100_000,
    "turns": HEAD + b"no more " * 100_000,
    "invisible": HEAD + "\u200b".encode() * 2_000_000,
}
PAYLOADS: dict[str, bytes] = {
    "keys": b'"from":"' * 1_000_000,
    "escaped keys": b'\\"from\\":\\"' * 800_000,
    "escapes": b"\\u0041" * 1_500_000,
    "quotes": b'"' * 10_000_000,
    "backslashes": b"\\" * 10_000_000,
    "blanks": (b'"from"' + b" " * 1_000) * 10_000,
    "one long value": b'"from":"' + b"a" * 10_000_000,
}


@pytest.mark.parametrize("name", BODIES)
def test_a_hostile_mail_is_understood_in_bounded_time(name: str) -> None:
    before = time.process_time()

    found = understand(BODIES[name])

    assert time.process_time() - before < LIMIT
    assert not found.is_quarantined
    assert len(found.text) <= 400_000
    assert len(found.to) <= 500


@pytest.mark.parametrize("name", ["10 MB of quotes", "an archive that claims to be text"])
def test_a_hostile_mail_takes_bounded_memory(name: str) -> None:
    tracemalloc.start()
    try:
        understand(BODIES[name])
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < 120 * 1024 * 1024


@pytest.mark.parametrize("name", BODIES)
def test_the_raw_match_of_a_hostile_mail_is_bounded_too(name: str) -> None:
    before = time.process_time()

    clues = raw_clues(BODIES[name])

    assert time.process_time() - before < LIMIT
    assert len(clues.message_ids) <= 10_000


@pytest.mark.parametrize("name", PAYLOADS)
def test_the_clues_of_a_hostile_payload_are_bounded_too(name: str) -> None:
    keys = Keys(answered=("in_reply_to",), people=("from",), thread_ids=("thread",))
    before = time.process_time()

    clues_in_json(PAYLOADS[name], keys)

    assert time.process_time() - before < LIMIT
