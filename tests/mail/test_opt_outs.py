"""No more messages, please: in words, and in the languages people say it in."""

from __future__ import annotations

from pathlib import Path

import pytest

from outreach.mail.opt_outs import is_chat_opt_out, is_opt_out
from outreach.mail.understand import understand
from outreach.mail.understood import Kind

LINES = [
    line
    for line in (Path(__file__).parent / "cases" / "opt_outs.txt").read_text("utf-8").split("\n")
    if line[:2] in ("+ ", "- ")
]


@pytest.mark.parametrize("line", LINES)
def test_a_text_asks_for_no_more_messages_or_does_not(line: str) -> None:
    assert is_opt_out(line[2:].replace("\\n", "\n")) == (line[0] == "+")


@pytest.mark.parametrize("line", [line for line in LINES if line[0] == "+" and "\\n" not in line])
def test_it_asks_in_capitals_and_with_blanks_around_it_too(line: str) -> None:
    if line.isascii():
        assert is_opt_out(f"\n  {line[2:].upper()}  \n\n")


@pytest.mark.parametrize("subject", ["unsubscribe", "Unsubscribe", "ABMELDEN", "Désinscription", "baja", "iptal"])
def test_a_subject_that_is_nothing_else_asks_too(subject: str) -> None:
    assert is_opt_out("", subject=subject)
    assert is_opt_out("This mail was sent by a mail program.", subject=subject)


@pytest.mark.parametrize("subject", ["Re: unsubscribe page", "Unsubscribe rates in 2026", "Re: stop"])
def test_a_subject_that_says_more_does_not(subject: str) -> None:
    assert not is_opt_out("Shall we talk about the numbers on Tuesday?", subject=subject)


@pytest.mark.parametrize(
    "text", ["STOP", "stop", "Stop.", "STOPALL", "UNSUBSCRIBE", "END", "QUIT", "ARRET", "DUR", "Baja", "STOPP"]
)
def test_a_chat_message_of_one_word_asks(text: str) -> None:
    assert is_chat_opt_out(text)


@pytest.mark.parametrize("text", ["Stop by later", "Yes", "the end", "cancel the meeting"])
def test_a_chat_message_that_says_something_else_does_not(text: str) -> None:
    assert not is_chat_opt_out(text)


def test_a_quoted_footer_never_counts_but_the_answer_above_it_does() -> None:
    raw = "From: ada@example.com\r\nSubject: Re: x\r\n\r\n{}\r\n\r\n> Hello\r\n> To stop these, reply unsubscribe.\r\n"

    assert understand(raw.format("Gladly").encode()).kind is Kind.REPLY
    assert understand(raw.format("Please take me off your list").encode()).kind is Kind.UNSUBSCRIBE


def test_an_out_of_office_note_is_no_opt_out() -> None:
    head = b"From: ada@example.com\r\nAuto-Submitted: auto-replied\r\nSubject: Automatic reply: x\r\n\r\n"

    assert understand(head + b"I am away. Do not email me, call Bob.").kind is Kind.AUTO_REPLY
