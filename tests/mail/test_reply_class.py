"""What a reply means, by rules, in nine languages: the class, the words that told, the day and the person named."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from time import perf_counter

import pytest

from outreach.domain.reply import ReplyClass, ReplyText, Suggestion
from outreach.mail.later_dates import later_date
from outreach.mail.reply_class import suggest_class

_SENT_ON = date(2026, 3, 2)  # a Monday
_CASES = [
    line.split("\t", 1)
    for line in (Path(__file__).parent / "cases" / "reply_classes.txt").read_text("utf-8").splitlines()
    if "\t" in line
]


def suggested(text: str, *, subject: str = "") -> Suggestion:
    return suggest_class(ReplyText(text=text, subject=subject, writer="ada@example.com", sent_on=_SENT_ON))


@pytest.mark.parametrize(("expected", "text"), _CASES)
def test_a_reply_is_of_the_class_that_its_words_say(expected: str, text: str) -> None:
    assert suggested(text.replace("\\n", "\n")).reply_class == expected


@pytest.mark.parametrize(("expected", "text"), [case for case in _CASES if case[0] != "unclear"])
def test_the_evidence_stands_in_the_reply(expected: str, text: str) -> None:
    text = text.replace("\\n", "\n")

    evidence = suggested(text).evidence

    assert evidence
    assert all(words in " ".join(text.split()) for words in evidence)


@pytest.mark.parametrize(
    ("text", "name", "email"),
    [
        ("Please contact my colleague Jane Roe (jane.roe@example.com).", "Jane Roe", "jane.roe@example.com"),
        ("I am not the right person, Jane Roe handles this.", "Jane Roe", ""),
        ("Wenden Sie sich bitte an Frau Petra Muster, p.m@example.de", "Petra Muster", "p.m@example.de"),
        ("Neem contact op met Jan de Vries, jan@example.nl", "Jan de Vries", "jan@example.nl"),
        ("Lütfen Ayşe Yılmaz ile iletişime geçin.", "Ayşe Yılmaz", ""),
        ("Better talk to bob.miller@example.com about it.", "Bob Miller", "bob.miller@example.com"),
    ],
)
def test_a_referral_names_the_person(text: str, name: str, email: str) -> None:
    found = suggested(text)

    assert found.reply_class is ReplyClass.REFERRAL
    assert found.person is not None
    assert (found.person.name, found.person.email) == (name, email)


def test_the_writers_own_address_is_nobody_else() -> None:
    found = suggested("I am not the right person.\n\nAda Example\nada@example.com")

    assert found.reply_class is ReplyClass.WRONG_PERSON


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("please write again in June", date(2026, 6, 1)),
        ("in two months", date(2026, 5, 1)),
        ("in 10 days", date(2026, 3, 12)),
        ("Q4", date(2026, 10, 1)),
        ("Q1 2027", date(2027, 1, 1)),
        ("in the third quarter", date(2026, 7, 1)),
        ("next month", date(2026, 4, 1)),
        ("next week", date(2026, 3, 9)),
        ("after 15 April", date(2026, 4, 15)),
        ("nach dem Sommer", date(2026, 9, 1)),
        ("im nächsten Quartal", date(2026, 4, 1)),
        ("le mois prochain", date(2026, 4, 1)),
        ("el año que viene", date(2027, 1, 7)),
        ("za trzy tygodnie", date(2026, 3, 23)),
        ("eylül ayında", date(2026, 9, 1)),
        ("some time", None),
    ],
)
def test_a_later_day_is_understood(text: str, day: date | None) -> None:
    assert later_date(text, sent_on=_SENT_ON) == day


def test_a_reply_that_names_a_day_to_talk_on_is_no_putting_off() -> None:
    assert suggested("Let's talk next week, Tuesday works.").reply_class is ReplyClass.MEETING


@pytest.mark.parametrize(
    "text", ["no " * 20_000, "in " * 20_000, "contact " * 20_000, "Ada Roe " * 10_000, "?" * 50_000]
)
def test_any_text_is_classed_within_bounded_time(text: str) -> None:
    started = perf_counter()

    suggested(text)

    assert perf_counter() - started < 2
