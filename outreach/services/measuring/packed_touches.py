"""Touches counted from packed days: what was sent, what followed, and when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from outreach.services.measuring.packed_rows import Grouped, PackedRows, grouped
from outreach.store.chart_measures import QUARTER_SECONDS
from outreach.store.column_types import to_microseconds
from outreach.store.columns import NOTHING, Array, Frame
from outreach.store.measures import Groups, Question
from outreach.store.rollup_rows import FLAGS, IS_FIRST, TOUCHES

_QUARTER = QUARTER_SECONDS * 1_000_000
_HOUR = 3_600.0
_WEEK = 7 * 86_400.0
_NEVER = np.iinfo(np.int64).max
_NO_WEEK = 10_000
_WEEKS = 2 * _NO_WEEK + 1


def _sent(rows: PackedRows, question: Question) -> Grouped:
    return grouped(rows, rows.of(TOUCHES, question.start_at, question.end_at), question, checked=False)


def _seconds(later: Array, earlier: Array) -> Array:
    found: Array = (later - earlier) / 1_000_000.0
    return found


def _is_action(frame: Frame, action: str) -> Array:
    found: Array = frame["action"] == frame.find("action", action)
    return found


def sent(rows: PackedRows, question: Question) -> Groups:
    """Touches sent in the span and what followed."""
    each = _sent(rows, question)
    frame = each.frame
    flags = {name: (frame["flags"] & bit) != 0 for name, bit in FLAGS.items()}
    mail, invitation = _is_action(frame, "email") & ~flags["bounced"], _is_action(frame, "linkedin.invite")
    answered = frame["answered_at"] != NOTHING
    people = frame["lead"]
    counts = {
        "sent": each.sums(),
        "bounced": each.sums(flags["bounced"]),
        "delivered": each.sums(~flags["bounced"]),
        "mails": each.sums(mail),
        "opened": each.sums(mail & flags["opened"]),
        "clicked": each.sums(mail & flags["clicked"]),
        "complained": each.sums(mail & flags["complained"]),
        "answered": each.sums(answered),
        "invitations": each.sums(invitation),
        "accepted": each.sums(invitation & flags["accepted"]),
        "people": each.different(people),
        "people_replied": each.different(people, answered),
        "people_positive": each.different(people, answered & flags["positive"]),
        "people_opted_out": each.different(people, flags["opted_out"]),
    }
    return {each.names[group]: {name: found[group] for name, found in counts.items()} for group in each.present()}


def reply_hours(rows: PackedRows, question: Question) -> Groups:
    """The median of the hours from an answered touch to its first answer."""
    each = _sent(rows, question)
    frame = each.frame
    answered = (frame["answered_at"] != NOTHING) & (frame["answered_at"] >= frame["sent_at"])
    hours = _seconds(frame["answered_at"][answered], frame["sent_at"][answered]) / _HOUR
    found = Grouped(frame, each.group[answered], each.names).medians(hours)
    return {name: {"reply_hours": value} for name, value in found.items()}


def touches_to_reply(rows: PackedRows, question: Question) -> Groups:
    """Enrollments with an answered touch, and the touches sent in them up to the one answered first."""
    each = _sent(rows, question)
    answered = each.frame["answered_at"] != NOTHING
    group, until = each.group[answered], each.frame["until"][answered]
    enrollment = each.frame["enrollment"][answered]
    order = np.lexsort((until, enrollment, group))
    group, enrollment, until = group[order], enrollment[order], until[order]
    is_first = np.ones(len(order), dtype=bool)
    is_first[1:] = (group[1:] != group[:-1]) | (enrollment[1:] != enrollment[:-1])
    first = Grouped(each.frame, group[is_first], each.names)
    counts, sums = first.sums(), first.added(until[is_first])
    return {
        each.names[number]: {"touches_until_reply": int(sums[number]), "enrollments_replied": counts[number]}
        for number in first.present()
    }


def by_quarter(rows: PackedRows, question: Question) -> tuple[dict[int, int], dict[int, int]]:
    """Quarter of an hour → touches sent in it; and → first answers that came in it, to touches of the span."""
    frame = _sent(rows, question).frame
    answered = frame["answered_at"]
    return _quarters(frame["sent_at"]), _quarters(answered[answered != NOTHING])


def _quarters(at: Array) -> dict[int, int]:
    if not len(at):
        return {}
    quarters = at // _QUARTER
    begin = int(quarters.min())
    counts = np.bincount(quarters - begin)
    return {begin + int(place): int(counts[place]) for place in np.flatnonzero(counts)}


def cohorts(rows: PackedRows, question: Question, starts: Sequence[datetime]) -> dict[tuple[int, int | None], int]:
    """(number of the cohort, weeks to the first answer) → enrollments whose first touch fell into that cohort."""
    frame = _sent(rows, question).frame
    enrollment, first = frame["enrollment"], (frame["flags"] & IS_FIRST) != 0
    size = int(enrollment.max()) + 1 if len(frame) else 0
    begun_at, answered_at = np.full(size, _NEVER), np.full(size, _NEVER)
    np.minimum.at(begun_at, enrollment[first], frame["sent_at"][first])
    answered = frame["answered_at"] != NOTHING
    np.minimum.at(answered_at, enrollment[answered], frame["answered_at"][answered])
    begun = begun_at != _NEVER
    first_at, answered_at = begun_at[begun], answered_at[begun]
    numbers = np.searchsorted([to_microseconds(start) for start in starts], first_at, side="right") - 1
    weeks = np.floor(_seconds(answered_at, first_at) / _WEEK).astype(np.int64)
    weeks[answered_at == _NEVER] = _NO_WEEK
    pairs, counts = np.unique(numbers * _WEEKS + np.clip(weeks, -_NO_WEEK, _NO_WEEK) + _NO_WEEK, return_counts=True)
    found = {}
    for pair, count in zip(pairs, counts, strict=True):
        number, week = divmod(int(pair), _WEEKS)
        found[number, None if week == 2 * _NO_WEEK else week - _NO_WEEK] = int(count)
    return found
