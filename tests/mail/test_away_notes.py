"""Notes of absence without any mark in their headers, and people who write about their own absence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outreach.mail.understand import understand
from outreach.mail.understood import Kind
from tests.mail.conftest import read_cases

if TYPE_CHECKING:
    from tests.mail.conftest import Case

_HEAD = "From: ada@example.com\nTo: anna@example.org\nContent-Type: text/plain; charset=utf-8\n"
_ANSWER = _HEAD + "Subject: Re: A question\nIn-Reply-To: <e1@example.org>\n\n"
_OOO = _HEAD + "Subject: Automatic reply: A question\n\n"
NOTES = read_cases("away_notes.txt")
PEOPLE = read_cases("people_away.txt")


@pytest.mark.parametrize("note", NOTES, ids=[case.name for case in NOTES])
@pytest.mark.parametrize("head", [_ANSWER, _OOO], ids=["by words", "by subject"])
def test_a_note_of_absence_is_told_by_what_it_says(note: Case, head: str) -> None:
    assert understand((head + note.text).encode()).kind is Kind.AUTO_REPLY


@pytest.mark.parametrize("text", PEOPLE, ids=[case.name for case in PEOPLE])
def test_a_person_who_speaks_of_being_away_has_answered(text: Case) -> None:
    assert understand((_ANSWER + text.text).encode()).kind is Kind.REPLY


@pytest.mark.parametrize("note", NOTES, ids=[case.name for case in NOTES])
def test_a_person_who_quotes_such_a_note_has_answered(note: Case) -> None:
    quoted = "\n".join(f"> {line}" for line in note.text.splitlines())
    body = f"I see, I will try again then.\n\nOn 2 March 2026 at 10:15, Ada <ada@example.com> wrote:\n{quoted}\n"

    assert understand((_ANSWER + body).encode()).kind is Kind.REPLY
