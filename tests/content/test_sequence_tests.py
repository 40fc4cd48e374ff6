"""sequences/tests/*.yaml: what a case says, and what is said of one that is wrong."""

from __future__ import annotations

import json
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.content import yaml_file
from outreach.content.sequence_tests import Case, CaseFile, read_cases
from outreach.domain.enrollment import FinishReason
from outreach.domain.lead import Address, AddressKind
from outreach.domain.pipeline import Status
from outreach.domain.span import Span, Unit
from outreach.errors import ConfigError, Problem

NAME = "sequences/tests/welcome.yaml"

LEAD = "{email: ayse@example.com, timezone: Europe/Istanbul}"
CASE = f"""sequence: welcome
cases:
  - name: one
    lead: {LEAD}
    start: 2026-03-02 10:00
    happens:
      - {{after: 2 days, reply: "Sounds good"}}
    expect:
      - {{at: 2026-03-02 10:00, email: intro}}
      - {{finished: replied, stage: responded}}
"""


def read(text: str) -> tuple[CaseFile | None, list[Problem]]:
    problems: list[Problem] = []
    return read_cases(yaml_file.parse(text.encode(), name=NAME), problems), problems


def only_case(text: str) -> Case:
    found, problems = read(text)
    assert problems == []
    assert found is not None
    (case,) = found.cases
    return case


def complaint(text: str) -> str:
    """The one thing that is wrong, without the name of the file."""
    _, problems = read(text)
    (problem,) = problems
    assert problem.file == NAME
    return str(problem).removeprefix(f"{NAME}:")


def test_a_case_is_read_with_the_places_of_what_it_expects() -> None:
    case = only_case(CASE)

    assert (case.sequence, case.name, case.where) == ("welcome", "one", f"{NAME}:3")
    assert case.start == datetime.fromisoformat("2026-03-02 10:00")
    assert (case.happens[0].what, case.happens[0].value) == ("reply", "Sounds good")
    assert case.happens[0].after == Span(2, Unit.DAYS)
    assert (case.touches[0].action, case.touches[0].template, case.touches[0].place.line) == ("email", "intro", 9)
    assert case.end is not None
    assert (case.end.finished, case.end.stage, case.end.place.line) == (FinishReason.REPLIED, "responded", 10)


def test_a_lead_is_written_in_the_words_of_an_import() -> None:
    lead = "{email: Ayse@Example.com, country: Türkiye, phone: 0212 555 11 22, score: 25, tags: [vip], size: 60}"

    draft = only_case(CASE.replace(LEAD, lead)).lead

    assert draft.addresses[0] == Address(AddressKind.EMAIL, "ayse@example.com")
    assert draft.addresses[-1] == Address(AddressKind.PHONE, "+902125551122")
    assert (draft.country, draft.score, draft.tags, draft.source) == ("TR", 25, ("vip",), "test")
    assert dict[str, object](draft.fields) == {"size": 60}


def test_a_company_is_a_name_or_a_mapping() -> None:
    named = only_case(CASE.replace(LEAD, "{email: a@one.example, company: One Ltd}")).lead.company
    told = only_case(CASE.replace(LEAD, "{email: a@one.example, company: {name: One, size: 60}}")).lead.company

    assert (named.name, named.domain) == ("One Ltd", "one.example")
    assert (told.name, told.domain, dict[str, object](told.fields)) == ("One", "one.example", {"size": 60})


@pytest.mark.parametrize(
    ("written", "what", "value"),
    [
        ("open: true", "open", None),
        ("click", "click", None),
        ("bounce: soft", "bounce", "soft"),
        ("auto_reply: {until: 2026-03-20}", "auto_reply", date(2026, 3, 20)),
        ("auto_reply", "auto_reply", None),
        ("task_done: called", "task_done", "called"),
        ("stage: won", "stage", "won"),
    ],
)
def test_what_happens_is_one_key(written: str, what: str, value: object) -> None:
    case = only_case(CASE.replace('reply: "Sounds good"', written))

    assert (case.happens[0].what, case.happens[0].value) == (what, value)


def test_the_end_may_be_that_it_goes_on() -> None:
    case = only_case(CASE.replace("{finished: replied, stage: responded}", "{still_active: true, status: in_sequence}"))

    assert case.end is not None
    assert (case.end.finished, case.end.status) == (None, Status.IN_SEQUENCE)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("sequence: welcome\n", "", "1:1: 'sequence' is missing. Write `sequence: …`."),
        ("name: one", "nmae: one", "3:5: unknown key 'nmae'. Did you mean 'name'?"),
        ("    start: 2026-03-02 10:00\n", "", "3:5: in entry 1 of 'cases', 'start' is missing. Write `start: …`."),
        (
            "start: 2026-03-02 10:00",
            "start: 2 March",
            "5:12: 'start': '2 March' is not a time. Write it as 2026-03-02 10:00.",
        ),
        (
            "start: 2026-03-02 10:00",
            "start: 2026-02-30 10:00",
            "5:12: 'start': '2026-02-30 10:00' is not a time. Write it as 2026-03-02 10:00.",
        ),
        (
            "email: ayse@example.com",
            "email: ayse",
            (
                "4:19: 'ayse' is not an e-mail address: an email address must have an @-sign."
                " Write it as name@example.com."
            ),
        ),
        (
            "{email: ayse@example.com, ",
            "{",
            "4:11: the lead has no address. Write `email: ayse@example.com`, for example.",
        ),
        (
            "timezone: Europe/Istanbul",
            "timezone: Europe/Istambul",
            "4:47: 'timezone': 'Europe/Istambul' is not a time zone. Did you mean 'Europe/Istanbul'?",
        ),
        (
            "timezone: Europe/Istanbul",
            "first_nam: Ayşe",
            "4:37: unknown key 'first_nam'. Did you mean 'first_name'? A field of your own may stand under 'fields'.",
        ),
        ("timezone: Europe/Istanbul", "pipeline: other", "4:37: 'pipeline' is set by the engine. Remove it."),
        (
            "timezone: Europe/Istanbul",
            "country: Atlantis",
            "4:46: 'country': 'Atlantis' is not a country. Write its code, such as TR.",
        ),
        (
            "timezone: Europe/Istanbul",
            "size: {a: 1}",
            "4:43: 'size' must be a text, a number, true, false, or a list of them.",
        ),
        (
            "after: 2 days, ",
            "",
            "7:9: nothing says when this happens. Write `after: 2 days`, or `at: 2026-03-04 10:00`.",
        ),
        (
            "after: 2 days",
            "after: 2 days, at: 2026-03-04 10:00",
            "7:9: 'after' and 'at' both say when. Write `after: 2 days`, or `at: 2026-03-04 10:00`.",
        ),
        (
            "after: 2 days",
            "at: 2026-03-01 10:00",
            "7:14: this happens before the start, 2026-03-02 10:00. Write a later time.",
        ),
        ('reply: "Sounds good"', "repyl: x", "7:25: unknown key 'repyl'. Did you mean 'reply'?"),
        ('reply: "Sounds good"', "bounce: loud", "7:33: 'bounce' cannot be 'loud'. Write one of: hard, soft."),
        (
            'reply: "Sounds good"',
            'reply: "x", open: true',
            "7:37: 'reply' and 'open' stand in one entry. Make two entries of it.",
        ),
        ('reply: "Sounds good"', "open: false", "7:31: 'open' cannot be false. Remove the entry."),
        (
            'reply: "Sounds good"',
            "auto_reply: {until: soon}",
            "7:45: 'until': 'soon' is not a date. Write it as 2026-12-24.",
        ),
        ("email: intro", "emial: intro", "9:32: unknown key 'emial'. Did you mean 'email'?"),
        (
            ", email: intro",
            "",
            "9:9: nothing says which touch is expected. Write `email: founders/intro` or `step: intro`.",
        ),
        (
            "email: intro",
            "email: intro, task: call",
            "9:46: 'email' and 'task' stand in one entry. Make two entries of it.",
        ),
        (
            "at: 2026-03-02 10:00, email",
            "at: 2026-03-02 10:00, on: 2026-03-02, email",
            "9:32: 'at' says the day already. Remove it.",
        ),
        ("finished: replied", "finished: answered", "10:20: 'finished' cannot be 'answered'."),
        (
            "finished: replied",
            "finished: replied, still_active: true",
            "10:9: it is either finished or still active. Keep one of them.",
        ),
        (
            "finished: replied, ",
            "still_active: false, ",
            "10:24: 'still_active' cannot be false. Write `finished: completed`.",
        ),
        (
            "      - {finished: replied, stage: responded}\n",
            "",
            "9:7: nothing says how it ends. Add `- {finished: completed}` or `- {still_active: true}`.",
        ),
        (
            "      - {at: 2026",
            "      - {finished: replied}\n      - {at: 2026",
            "9:9: the end must be the last entry. Move it, or remove what follows.",
        ),
        ("    expect:", "    only: maybe\n    expect:", "8:11: 'only' must be true or false."),
    ],
)
def test_what_is_wrong_is_said_with_its_place(old: str, new: str, said: str) -> None:
    assert old in CASE

    assert complaint(CASE.replace(old, new, 1)) == said


def test_the_same_name_twice_is_said() -> None:
    again = CASE.split("cases:\n", 1)[1]

    assert complaint(CASE + again) == "11:11: the case 'one' is there already, in line 3. Give it another name."


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ["name", "lead", "start", "happens", "expect", "only", "limits", "reply", "after", "email", "at"]
)


@given(st.dictionaries(KEYS | st.text(max_size=6), JSON, max_size=6))
def test_no_case_brings_a_traceback(case: dict[str, object]) -> None:
    try:
        file = yaml_file.parse(json.dumps({"sequence": "welcome", "cases": [case]}).encode(), name=NAME)
    except ConfigError:
        return
    problems: list[Problem] = []

    read_cases(file, problems)

    assert problems
