"""What came beside what was expected, and the difference in words."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from outreach.content.sequence_tests import Case, ExpectedEnd, ExpectedTouch
from outreach.content.yaml_file import Place
from outreach.domain.enrollment import FinishReason
from outreach.domain.lead import Address, AddressKind, LeadDraft
from outreach.domain.pipeline import Status
from outreach.services.rehearsing.expectations import judge
from outreach.services.rehearsing.play import Came, Ended, Played

MONDAY = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)  # 10:00 in Istanbul
TEN = datetime.fromisoformat("2026-03-02 10:00")  # on the wall, so without a zone
INTRO = Came(at=MONDAY, step="intro", action="email", templates=("intro",), sender="anna", subject="Hello Ayşe")
BUMP = Came(at=MONDAY + timedelta(days=3), step="bump", action="email", templates=("bump",), sender="anna")
CALL = Came(at=MONDAY + timedelta(days=5), step="call", action="task", templates=("call",), sender="anna")
ENDED = Ended(
    at=MONDAY + timedelta(days=5),
    reason=FinishReason.COMPLETED,
    detail="",
    stage="nurture",
    status="new",
    tags=("seen", "vip"),
)


def touch(line: int = 1, **values: Any) -> ExpectedTouch:
    return ExpectedTouch(place=Place(line, 1), **values)


def end(line: int = 9, **values: Any) -> ExpectedEnd:
    return ExpectedEnd(place=Place(line, 1), **values)


def case(*touches: ExpectedTouch, ended: ExpectedEnd | None = None, is_partial: bool = False) -> Case:
    lead = LeadDraft(addresses=(Address(AddressKind.EMAIL, "ayse@example.com"),), source="test")
    return Case(
        file="sequences/tests/s.yaml",
        place=Place(3, 1),
        sequence="s",
        name="one",
        lead=lead,
        start=TEN,
        happens=(),
        touches=touches,
        end=ended,
        is_partial=is_partial,
    )


def story(of: Case, *came: Came, ended: Ended = ENDED) -> list[str]:
    """Signs and words of the verdict."""
    verdict = judge(of, Played(zone="Europe/Istanbul", touches=came, end=ended))
    return [f"{line.sign} {line.text}" for line in verdict.lines]


def is_passed(of: Case, *came: Came, ended: Ended = ENDED) -> bool:
    return judge(of, Played(zone="Europe/Istanbul", touches=came, end=ended)).is_passed


def test_what_comes_as_expected_passes() -> None:
    expected = case(
        touch(at=TEN, action="email", template="intro"), touch(step="bump"), ended=end(finished="completed")
    )

    assert is_passed(expected, INTRO, BUMP)


@pytest.mark.parametrize(
    "asked",
    [
        {"at": TEN + timedelta(minutes=1)},
        {"on": date(2026, 3, 3)},
        {"variant": "story"},
        {"sender": "deniz"},
        {"subject_contains": "Goodbye"},
        {"blocked": "missing first_name"},
        {"action": "email", "template": "bump"},
    ],
)
def test_each_thing_that_is_asked_for_must_be_so(asked: dict[str, Any]) -> None:
    fine: dict[str, Any] = {
        "at": TEN,
        "on": MONDAY.date(),
        "variant": "main",
        "sender": "anna",
        "subject_contains": "Ayşe",
    }
    same = {name: fine[name] for name in asked if name in fine}

    assert not is_passed(case(touch(**{"step": "intro", **asked} if "action" not in asked else asked)), INTRO)
    assert is_passed(case(touch(step="intro", **same)), INTRO)


def test_a_step_is_called_by_its_own_template_or_the_one_that_was_used() -> None:
    came = Came(at=MONDAY, step="intro", action="email", templates=("intro", "story"), variant="story")

    assert is_passed(case(touch(action="email", template="intro")), came)
    assert is_passed(case(touch(action="email", template="story", variant="story")), came)


def test_what_was_not_expected_is_a_difference_unless_only_some_are_listed() -> None:
    assert story(case(touch(step="intro"), touch(step="call")), INTRO, BUMP, CALL) == [
        "  Mon 2026-03-02 10:00  email intro (intro)",
        "+ Thu 2026-03-05 10:00  email bump (bump)",
        "  Sat 2026-03-07 10:00  task call (call)",
    ]
    assert is_passed(case(touch(step="intro"), touch(step="call"), is_partial=True), INTRO, BUMP, CALL)


def test_what_did_not_come_is_a_difference() -> None:
    assert story(case(touch(step="intro"), touch(on=date(2026, 3, 5), step="bump")), INTRO) == [
        "  Mon 2026-03-02 10:00  email intro (intro)",
        "- Thu 2026-03-05        step bump",
    ]


def test_the_same_step_at_another_time_is_told_as_one_difference() -> None:
    late = touch(at=TEN + timedelta(days=4), action="email", template="bump", line=7)

    assert story(case(touch(step="intro"), late, touch(step="call")), INTRO, BUMP, CALL) == [
        "  Mon 2026-03-02 10:00  email intro (intro)",
        "- Fri 2026-03-06 10:00  email bump",
        "+ Thu 2026-03-05 10:00  email bump (bump)",
        "  Sat 2026-03-07 10:00  task call (call)",
    ]


def test_order_counts() -> None:
    assert not is_passed(case(touch(step="bump"), touch(step="intro")), INTRO, BUMP)
    assert not is_passed(case(touch(step="bump"), touch(step="intro"), is_partial=True), INTRO, BUMP)


@pytest.mark.parametrize(
    "asked",
    [
        {"finished": FinishReason.REPLIED},
        {},  # still active
        {"finished": FinishReason.COMPLETED, "stage": "won"},
        {"finished": FinishReason.COMPLETED, "status": Status.RESPONDED},
        {"finished": FinishReason.COMPLETED, "tags": ("gone",)},
        {"finished": FinishReason.COMPLETED, "on": date(2026, 3, 8)},
    ],
)
def test_each_part_of_the_end_must_be_so(asked: dict[str, Any]) -> None:
    assert not is_passed(case(ended=end(**asked)))


def test_the_end_is_told_with_what_was_asked_for() -> None:
    asked = end(finished=FinishReason.REPLIED, stage="responded")

    assert story(case(ended=asked)) == [
        "-                       finished replied, stage responded",
        "+ Sat 2026-03-07 10:00  finished completed, stage nurture",
    ]
    assert is_passed(case(ended=end(finished=FinishReason.COMPLETED, stage="nurture", tags=("vip",))))


def test_who_never_entered_is_not_still_active() -> None:
    refused = Came(at=MONDAY, step=None, action=None, templates=(), blocked="enter.when is not true")
    out = Ended(at=MONDAY, reason=None, detail="not enrolled: …", stage="prospect", status="new", tags=())

    assert not is_passed(case(ended=end()), refused, ended=out)
    assert is_passed(case(touch(blocked="enter.when")), refused, ended=out)


def test_what_could_not_happen_is_a_difference() -> None:
    played = Played(zone="UTC", touches=(INTRO,), end=ENDED, troubles=((6, "open: no e-mail had been sent by then"),))

    verdict = judge(case(touch(step="intro")), played)

    assert [(line.sign, line.line) for line in verdict.lines] == [("!", 6), (" ", 1)]
    assert not verdict.is_passed
