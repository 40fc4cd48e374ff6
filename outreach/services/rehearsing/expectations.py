"""Compares what came of a case with what was expected, in order, and says each difference in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from outreach.content.sequence_tests import Case, ExpectedEnd, ExpectedTouch
from outreach.content.yaml_file import Place
from outreach.services.rehearsing.play import Came, Ended, Played


class Sign(StrEnum):
    """What a line of a diff is."""

    SAME = " "
    EXPECTED = "-"
    CAME = "+"
    TROUBLE = "!"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a diff. `line` is the place in the file of what was expected."""

    sign: Sign
    text: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`lines` tell the whole story of the case, differences marked."""

    lines: tuple[Line, ...]

    @property
    def is_passed(self) -> bool:
        return all(line.sign is Sign.SAME for line in self.lines)


def judge(case: Case, played: Played) -> Verdict:
    """Did everything come as the case says?"""
    zone = ZoneInfo(played.zone)
    lines = [Line(Sign.TROUBLE, text, line) for line, text in played.troubles]
    for expected, came in _paired(case, played, zone):
        lines += _lines(expected, came, zone)
    if case.end:
        lines += _end_lines(case.end, played.end, zone)
    return Verdict(tuple(lines))


_NOTHING_ASKED = ExpectedTouch(place=Place(0, 0))

Pair = tuple[ExpectedTouch | None, Came | None]


def _paired(case: Case, played: Played, zone: ZoneInfo) -> Iterable[Pair]:
    """Each expected touch beside what it fits best, in the order of both. Of a partial case the rest is left out."""
    pairs = _aligned(case.touches, played.touches, zone)
    return [pair for pair in pairs if pair[0] or not case.is_partial]


_SAME, _ALIKE, _ALONE = 0.0, 1.2, 1.0
"""What a pair costs: two that are alike are told as one difference rather than as two."""


def _aligned(expected: Sequence[ExpectedTouch], came: Sequence[Came], zone: ZoneInfo) -> list[Pair]:
    """The cheapest way to lay the two lists beside each other (as edit distance does)."""
    costs: dict[tuple[int, int], float] = {}
    for i in range(len(expected), -1, -1):
        for j in range(len(came), -1, -1):
            choices = [_ALONE + costs[i + 1, j]] if i < len(expected) else []
            choices += [_ALONE + costs[i, j + 1]] if j < len(came) else []
            if i < len(expected) and j < len(came):
                choices.append(_cost(expected[i], came[j], zone) + costs[i + 1, j + 1])
            costs[i, j] = min(choices, default=0.0)
    return _path(expected, came, costs, zone)


def _path(
    expected: Sequence[ExpectedTouch], came: Sequence[Came], costs: dict[tuple[int, int], float], zone: ZoneInfo
) -> list[Pair]:
    pairs: list[Pair] = []
    i = j = 0
    while i < len(expected) or j < len(came):
        both = i < len(expected) and j < len(came)
        if both and costs[i, j] == _cost(expected[i], came[j], zone) + costs[i + 1, j + 1]:
            pairs.append((expected[i], came[j]))
            i, j = i + 1, j + 1
        elif i < len(expected) and costs[i, j] == _ALONE + costs[i + 1, j]:
            pairs.append((expected[i], None))
            i += 1
        else:
            pairs.append((None, came[j]))
            j += 1
    return pairs


def _cost(expected: ExpectedTouch, came: Came, zone: ZoneInfo) -> float:
    if not _differences(expected, came, zone):
        return _SAME
    return _ALIKE if _is_same_step(expected, came) else 2 * _ALONE + 0.1


def _is_same_step(expected: ExpectedTouch, came: Came) -> bool:
    if expected.step:
        return expected.step == came.step
    if expected.action:
        return expected.action == came.action and (expected.template is None or expected.template in came.templates)
    return came.blocked is not None


def _differences(expected: ExpectedTouch, came: Came, zone: ZoneInfo) -> list[str]:
    """What of the expected touch is not so."""
    local = came.at.astimezone(zone)
    wrong = []
    if not _is_same_step(expected, came):
        wrong.append("step")
    if expected.at and expected.at != local.replace(tzinfo=None, second=0, microsecond=0):
        wrong.append("time")
    if expected.on and expected.on != local.date():
        wrong.append("day")
    if expected.variant and expected.variant != (came.variant or "main"):
        wrong.append("variant")
    if expected.sender and expected.sender != came.sender:
        wrong.append("sender")
    if expected.subject_contains and expected.subject_contains not in came.subject:
        wrong.append("subject")
    if (expected.blocked is None) != (came.blocked is None):
        wrong.append("blocked")
    elif expected.blocked and expected.blocked not in (came.blocked or ""):
        wrong.append("reason")
    return wrong


def _lines(expected: ExpectedTouch | None, came: Came | None, zone: ZoneInfo) -> list[Line]:
    if expected is not None and came is not None and not _differences(expected, came, zone):
        return [Line(Sign.SAME, _came_words(came, zone, expected), expected.place.line)]
    lines = []
    if expected is not None:
        lines.append(Line(Sign.EXPECTED, _expected_words(expected), expected.place.line))
    if came is not None:
        lines.append(Line(Sign.CAME, _came_words(came, zone, expected)))
    return lines


_WIDTH = len("Mon 2026-03-02 10:00")


def _clock(instant: datetime, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%a %Y-%m-%d %H:%M}"


def _wall(at: datetime | None, on: date | None) -> str:
    text = f"{at:%a %Y-%m-%d %H:%M}" if at else (f"{on:%a %Y-%m-%d}" if on else "")
    return text.ljust(_WIDTH)


def _expected_words(expected: ExpectedTouch) -> str:
    what = " ".join(part for part in (expected.action, expected.template) if part)
    what = what or (f"step {expected.step}" if expected.step else "nothing")
    named = f"{what} ({expected.step})" if expected.step and expected.action else what
    details = _details(expected.variant, expected.sender, _subject(expected), expected.blocked)
    return f"{_wall(expected.at, expected.on)}  {named}{details}"


def _subject(expected: ExpectedTouch) -> str | None:
    return f"…{expected.subject_contains}…" if expected.subject_contains else None


def _came_words(came: Came, zone: ZoneInfo, expected: ExpectedTouch | None) -> str:
    """What came; of variant, sender and subject only what was asked for."""
    asked = expected or _NOTHING_ASKED
    what = " ".join(part for part in (came.action, came.templates[0] if came.templates else None) if part)
    named = f"{what} ({came.step})" if came.step else "not enrolled"
    details = _details(
        (came.variant or "main") if asked.variant else None,
        came.sender if asked.sender else None,
        came.subject if asked.subject_contains else None,
        came.blocked,
    )
    return f"{_clock(came.at, zone)}  {named}{details}"


def _details(variant: str | None, sender: str | None, subject: str | None, blocked: str | None) -> str:
    parts = [
        f"variant {variant}" if variant else "",
        f"sender {sender}" if sender else "",
        f"subject “{subject}”" if subject is not None else "",
        f"blocked: {blocked}" if blocked else "",
    ]
    told = ", ".join(part for part in parts if part)
    return f", {told}" if told else ""


def _end_lines(expected: ExpectedEnd, ended: Ended, zone: ZoneInfo) -> list[Line]:
    wanted, came = _end_words(expected), _ended_words(expected, ended, zone)
    if not _end_differs(expected, ended, zone):
        return [Line(Sign.SAME, came, expected.place.line)]
    return [Line(Sign.EXPECTED, wanted, expected.place.line), Line(Sign.CAME, came)]


def _end_differs(expected: ExpectedEnd, ended: Ended, zone: ZoneInfo) -> bool:
    local = ended.at.astimezone(zone)
    is_late = expected.finished is not None and (
        (expected.at is not None and expected.at != local.replace(tzinfo=None, second=0, microsecond=0))
        or (expected.on is not None and expected.on != local.date())
    )
    return (
        is_late
        or expected.finished != ended.reason
        or ended.detail.startswith("not enrolled")
        or (expected.stage is not None and expected.stage != ended.stage)
        or (expected.status is not None and expected.status != ended.status)
        or not set(expected.tags) <= set(ended.tags)
    )


def _end_words(expected: ExpectedEnd) -> str:
    state = f"finished {expected.finished}" if expected.finished else "still active"
    return f"{_wall(expected.at, expected.on)}  {state}" + _standing(expected.stage, expected.status, expected.tags)


def _ended_words(expected: ExpectedEnd, ended: Ended, zone: ZoneInfo) -> str:
    state = f"finished {ended.reason}" if ended.reason else (ended.detail or "still active")
    if ended.reason and ended.detail:
        state += f" ({ended.detail})"
    shown = _standing(
        ended.stage if expected.stage else None,
        ended.status if expected.status else None,
        ended.tags if expected.tags else (),
    )
    return f"{_clock(ended.at, zone)}  {state}{shown}"


def _standing(stage: str | None, status: str | None, tags: Sequence[str]) -> str:
    parts = [
        f"stage {stage}" if stage else "",
        f"status {status}" if status else "",
        f"tags {', '.join(tags)}" if tags else "",
    ]
    told = ", ".join(part for part in parts if part)
    return f", {told}" if told else ""
