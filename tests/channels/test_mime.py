"""The bytes of a mail say what was meant: each is parsed by the standard library and compared field by field."""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.quoprimime import header_decode
from typing import Any, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from outreach.channel import Message
from outreach.channels.mime import NotMail, build, envelope_address
from outreach.channels.smtp_connection import wire_form
from outreach.errors import Outcome

NOW = datetime(2026, 3, 2, 7, 0, 5, tzinfo=UTC)
MESSAGE = Message(
    key="e1.intro",
    action="email",
    to="ada@example.com",
    to_name="Ada Sample",
    from_name="Anna Yılmaz",
    from_address="anna@example.org",
    reply_to="anna+r1@example.org",
    subject="Kısa bir soru",
    text="Merhaba Ada,\n\nNasılsın?\n",
    html="<p>Merhaba Ada,</p>\n<p>Nasılsın?</p>\n",
    message_id="t1@example.org",
    in_reply_to="t0@example.org",
    references=("first@example.org", "t0@example.org"),
    unsubscribe_url="https://o.example.org/u/abc?x=1&y=2",
)

_CONTROLS = "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0)])) + "\u2028\u2029"
_HEADER_TEXT = st.text(st.characters(exclude_characters=_CONTROLS, exclude_categories=["Cs"]), max_size=300)
_BODIES = st.text(st.characters(exclude_categories=["Cs"]), max_size=2000)


def parsed(message: Message) -> EmailMessage:
    return message_from_bytes(build(message, now=NOW), policy=policy.default)


def bodies(mail: EmailMessage) -> dict[str, str]:
    """The decoded texts by content type, read below the library's own line handling."""
    parts = [part for part in mail.walk() if not part.is_multipart()]
    return {part.get_content_type(): cast(bytes, part.get_payload(decode=True)).decode() for part in parts}


def as_lines(body: str) -> str:
    """What a body becomes: every kind of line end is CRLF, and the last line has one."""
    text = re.sub("\r\n|\r|\n", "\r\n", body)
    return text if text.endswith("\r\n") else text + "\r\n"


def test_every_field_is_what_was_meant() -> None:
    mail = parsed(MESSAGE)

    assert mail.defects == []
    assert [header.defects for header in mail.values() if header.defects] == []
    sender, recipient = mail["From"].addresses[0], mail["To"].addresses[0]
    assert (sender.display_name, sender.addr_spec) == ("Anna Yılmaz", "anna@example.org")
    assert (recipient.display_name, recipient.addr_spec) == ("Ada Sample", "ada@example.com")
    assert mail["Reply-To"] == "anna+r1@example.org"
    assert mail["Subject"] == "Kısa bir soru"
    assert mail["Date"].datetime == NOW
    assert mail["Message-ID"] == "<t1@example.org>"
    assert mail["In-Reply-To"] == "<t0@example.org>"
    assert mail["References"] == "<first@example.org> <t0@example.org>"
    assert mail["List-Unsubscribe"] == "<https://o.example.org/u/abc?x=1&y=2>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["MIME-Version"] == "1.0"


def test_text_comes_before_html_in_one_alternative() -> None:
    mail = parsed(MESSAGE)

    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert bodies(mail) == {"text/plain": as_lines(MESSAGE.text), "text/html": as_lines(MESSAGE.html)}


def test_without_html_it_is_plain_text() -> None:
    mail = parsed(replace(MESSAGE, html=""))

    assert mail.get_content_type() == "text/plain"
    assert mail.get_content() == as_lines(MESSAGE.text)


def test_a_header_without_a_value_is_left_out() -> None:
    mail = parsed(Message(key="k", action="email", to="ada@example.com", from_address="anna@example.org", text="Hi"))

    assert set(mail.keys()) == {
        *("From", "To", "Subject", "Date", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"),
    }


def test_the_same_message_gives_the_same_bytes_and_another_key_another_boundary() -> None:
    again = build(MESSAGE, now=NOW)
    other = build(replace(MESSAGE, key="e2.intro"), now=NOW)

    assert build(MESSAGE, now=NOW) == again
    assert other != again
    assert other.replace(boundary_of(other), boundary_of(again)) == again


def boundary_of(mail: bytes) -> bytes:
    found = re.search(rb'boundary="([^"]+)"', mail)
    assert found
    return found.group(1)


def test_the_date_keeps_the_instant_in_any_zone() -> None:
    now = NOW.astimezone(timezone(timedelta(hours=3)))

    mail = message_from_bytes(build(MESSAGE, now=now), policy=policy.default)

    assert mail["Date"].datetime == NOW


@settings(max_examples=150, deadline=None)
@given(subject=_HEADER_TEXT, to_name=_HEADER_TEXT, from_name=_HEADER_TEXT)
@example("x" * 900, "y" * 400, "=?utf-8?q?trick?=")
@example(" padded  twice ", 'a "quoted" \\ name', "Yılmaz, Anna")
@example("ünï " * 60, "🎉" * 40, "(comment) <x@y>")
@example("word " * 60, "Ada", "A; B: C")
def test_any_letters_in_headers_arrive(subject: str, to_name: str, from_name: str) -> None:
    raw = build(replace(MESSAGE, subject=subject, to_name=to_name, from_name=from_name), now=NOW)

    assert decoded(raw, b"Subject") == subject
    assert phrase(decoded_raw(raw, b"To"), " <ada@example.com>") == to_name
    assert phrase(decoded_raw(raw, b"From"), " <anna@example.org>") == from_name


def decoded_raw(raw: bytes, name: bytes) -> str:
    """One header's value, unfolded (RFC 5322 §2.2.3) and nothing else."""
    head = raw.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ")
    line = next(line for line in head.split(b"\r\n") if line.startswith(name + b": "))
    return line[len(name) + 2 :].decode("ascii")


def words(value: str) -> str:
    """Encoded words decoded one by one (RFC 2047 §6.2: blanks between two of them do not count)."""
    joined = re.sub(r"\?= =\?", "?==?", value)

    def plain(found: re.Match[str]) -> str:
        coded = found.group(2)
        return b64decode(coded).decode() if found.group(1) == "B" else header_decode(coded).encode("latin-1").decode()

    return re.sub(r"=\?utf-8\?([QB])\?([^?]*)\?=", plain, joined)


def decoded(raw: bytes, name: bytes) -> str:
    return words(decoded_raw(raw, name))


def phrase(value: str, address: str) -> str:
    """The display name before an address: bare, quoted, or in encoded words."""
    if value == address.strip(" <>"):
        return ""
    assert value.endswith(address)
    name = value.removesuffix(address)
    return re.sub(r"\\(.)", r"\1", name[1:-1]) if name.startswith('"') else words(name)


@settings(max_examples=150, deadline=None)
@given(text=_BODIES, html=_BODIES)
@example("", "x")
@example(".\n..\n.dot\r\n.", "<p>.</p>")
@example("bare\rcarriage\nreturn\r\nboth\n\r", "\r\r\n\n")
@example("x" * 3000, "ş" * 3000)
@example("trailing blanks   \t\n   \n", "=3D =\n==")
@example("--=_\nFrom me\n", "\x00\x1b[0m\x85\u2028")
@example("日本語のメール" * 200, "<p>日本語</p>")
def test_any_body_arrives(text: str, html: str) -> None:
    mail = parsed(replace(MESSAGE, text=text, html=html))

    expected = {"text/plain": as_lines(text)} | ({"text/html": as_lines(html)} if html else {})
    assert bodies(mail) == expected


@settings(max_examples=100, deadline=None)
@given(text=_BODIES, subject=_HEADER_TEXT, name=_HEADER_TEXT)
def test_the_bytes_keep_to_the_format(text: str, subject: str, name: str) -> None:
    raw = build(replace(MESSAGE, text=text, subject=subject, to_name=name), now=NOW)

    assert raw.isascii()
    assert raw.endswith(b"\r\n")
    assert raw.replace(b"\r\n", b"").count(b"\r") == raw.replace(b"\r\n", b"").count(b"\n") == 0
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert max(len(line) for line in raw.split(b"\r\n") if b"=?" in line) <= 90
    assert raw.count(b"\r\nSubject: ") == 1
    assert wire_form(raw).count(b"\r\n.\r\n") == 1


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([b".", b"..", b"a", b".a", b"", b"\r\n.", b"x\r\n"]), max_size=12).map(b"\r\n".join))
def test_dots_are_stuffed_so_that_only_the_last_line_is_a_dot(text: bytes) -> None:
    wire = wire_form(text)

    lines = wire.split(b"\r\n")
    assert lines[-2:] == [b".", b""]
    assert b"." not in lines[:-2]
    unstuffed = b"\r\n".join(line.removeprefix(b".") for line in lines[:-2]) + b"\r\n"
    assert unstuffed == (text if text.endswith(b"\r\n") else text + b"\r\n")


@pytest.mark.parametrize("character", ["\r", "\n", "\x00", "\t", "\x0b", "\x7f", "\x85", "\u2028", "\ud800"])
@pytest.mark.parametrize("field", ["subject", "to_name", "from_name"])
def test_a_control_character_in_a_header_is_refused(field: str, character: str) -> None:
    changes: dict[str, Any] = {field: f"before{character}after"}

    with pytest.raises(NotMail, match="control characters") as caught:
        build(replace(MESSAGE, **changes), now=NOW)

    assert caught.value.outcome is Outcome.REJECTED_CONTENT


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("message_id", "a b@example.org"),
        ("message_id", "<a@example.org>"),
        ("message_id", "a@example.org\r\nBcc: eve@example.com"),
        ("in_reply_to", "a>\r\n"),
        ("references", ("fine@example.org", "b\n@example.org")),
        ("reply_to", "a@example.org, b@example.org"),
        ("from_address", "anna"),
        ("from_address", "anna@example.org\r\nX: y"),
        ("unsubscribe_url", "javascript:alert(1)"),
        ("unsubscribe_url", "https://o.example.org/u>\r\nBcc: eve@example.com"),
        ("unsubscribe_url", "https://o.example.org/ü"),
    ],
)
def test_a_value_that_breaks_out_of_its_header_is_refused(field: str, value: Any) -> None:
    with pytest.raises(NotMail) as caught:
        build(replace(MESSAGE, **{field: value}), now=NOW)

    assert caught.value.outcome is Outcome.REJECTED_CONTENT


def test_a_bad_recipient_is_told_as_that() -> None:
    with pytest.raises(NotMail) as caught:
        build(replace(MESSAGE, to="ada@@example.com"), now=NOW)

    assert caught.value.outcome is Outcome.REJECTED_RECIPIENT


def test_half_a_surrogate_pair_in_a_body_is_refused() -> None:
    with pytest.raises(NotMail, match="surrogate"):
        build(replace(MESSAGE, text="\ud83c"), now=NOW)


@pytest.mark.parametrize(
    ("address", "on_the_wire"),
    [
        ("ada@example.com", "ada@example.com"),
        ("o'brien+x=y@sub.example.com", "o'brien+x=y@sub.example.com"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@straße.example", "ada@xn--strae-oqa.example"),
        ("günay@example.com", "günay@example.com"),
        ("ada@[192.0.2.1]", "ada@[192.0.2.1]"),
    ],
)
def test_addresses_as_they_travel(address: str, on_the_wire: str) -> None:
    assert envelope_address(address) == on_the_wire


@pytest.mark.parametrize(
    "address",
    ["x" * 65 + "@example.com", "a@" + "b" * 256, "a@" + "b" * 64, '"a b"@example.com', "a@-.", "a@b..c", "a@\ud800.x"],
)
def test_addresses_that_cannot_travel(address: str) -> None:
    with pytest.raises(NotMail):
        build(replace(MESSAGE, to=address), now=NOW)


def test_the_library_reads_names_and_subjects_alike() -> None:
    """The parser most receivers in this language use, over names people have."""
    for name in [
        "Ada Sample",
        "Sample, Ada",
        'Ada "Countess" Sample',
        "Ayşe Gül",
        "李明",
        "Ada (HR)",
        "Müller & Söhne",
    ]:
        mail = parsed(replace(MESSAGE, to_name=name, subject=f"{name}: hello"))

        assert mail["To"].addresses[0].display_name == name
        assert mail["Subject"] == f"{name}: hello"
