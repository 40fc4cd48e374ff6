"""Short notes of absence that carry no mark, in nine languages; and people who answer while they are away."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from outreach.mail.return_dates import return_date
from outreach.mail.understand import understand
from outreach.mail.understood import Kind
from tests.mail.conftest import read_cases

if TYPE_CHECKING:
    from tests.mail.conftest import Case

_ANSWER = (
    "From: ada@example.com\nTo: anna@example.org\nSubject: Re: A question\nIn-Reply-To: <e1@example.org>\n"
    "Date: Mon, 2 Mar 2026 10:15:00 +0000\nContent-Type: text/plain; charset=utf-8\n\n"
)
NOTES = read_cases("short_notes.txt")
PEOPLE = read_cases("people_about_absence.txt")


@pytest.mark.parametrize("note", NOTES, ids=[case.name for case in NOTES])
def test_a_short_note_is_told_by_its_words_alone(note: Case) -> None:
    understood = understand((_ANSWER + note.text).encode())

    assert (understood.kind, understood.reason in ("out_of_office", "left", "automatic")) == (Kind.AUTO_REPLY, True)


@pytest.mark.parametrize("text", PEOPLE, ids=[case.name for case in PEOPLE])
def test_a_person_who_writes_of_an_absence_has_answered(text: Case) -> None:
    assert understand((_ANSWER + text.text).encode()).kind in (Kind.REPLY, Kind.UNSUBSCRIBE)


@pytest.mark.parametrize("note", NOTES[::7], ids=[case.name for case in NOTES[::7]])
def test_the_same_words_to_many_prove_nothing(note: Case) -> None:
    to_many = _ANSWER.replace("To: anna@example.org", "To: anna@example.org, bob@example.org")

    assert understand((to_many + note.text).encode()).kind is not Kind.AUTO_REPLY


@pytest.mark.parametrize("note", NOTES[::7], ids=[case.name for case in NOTES[::7]])
def test_a_question_after_such_words_is_a_persons(note: Case) -> None:
    asked = f"{note.text}\nWhat does it cost for forty people?\n"

    assert understand((_ANSWER + asked).encode()).kind is Kind.REPLY


def test_a_person_who_thanks_for_our_note_has_answered() -> None:
    text = "Thanks, I got your automatic reply. Please call me once you are back.\n"

    assert understand((_ANSWER + text).encode()).kind is Kind.REPLY


def test_the_day_of_return_of_a_short_note_is_read() -> None:
    understood = understand((_ANSWER + "On holiday. Back 16 March.\n").encode())

    assert (understood.kind, str(understood.until)) == (Kind.AUTO_REPLY, "2026-03-16")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Estoy de vacaciones hasta el 12 de marzo. Vuelvo el lunes 16.", 16),
        ("Sono in vacanza fino al 12 marzo. Torno lunedì 16.", 16),
        ("Ik ben op vakantie tot 12 maart. Vanaf 16 maart ben ik er weer.", 16),
        ("Estou de férias até 12 de março. Volto dia 16.", 16),
        ("Actuellement en vacances, je répondrai à votre message à partir du 16 mars.", 16),
        ("Yıllık iznimi kullanıyorum, ayın 20'sinde işbaşı yapacağım.", 20),
        ("¡Vacaciones! Hasta el 16 no leo correos.", 16),
        ("I am away from 2 to 13 March. Back on Monday.", 13),
        ("Vuelvo el 12 de marzo; llame al 91 555 0100.", 12),
    ],
)
def test_a_day_without_its_month_is_the_next_one_and_no_return_comes_before_the_last_day(text: str, day: int) -> None:
    assert return_date(text, sent_on=date(2026, 3, 2)) == date(2026, 3, day)
