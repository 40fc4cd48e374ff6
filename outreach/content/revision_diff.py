"""What is different between two revisions of a sequence: steps, texts, and everything else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, time
from difflib import SequenceMatcher, unified_diff
from enum import Enum, StrEnum
from typing import Any

from outreach.content.revision import Revision
from outreach.domain.sequence import (
    EnrollStep,
    IfStep,
    SplitStep,
    Step,
    StopStep,
    TouchStep,
    WaitForStep,
    WaitStep,
    WriteStep,
)


class Change(StrEnum):
    """What became of a step."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"  # the same step, at another place of the path


@dataclass(frozen=True, slots=True, kw_only=True)
class StepChange:
    """`what` says the step in words, `was` how it was before where that is something else."""

    change: Change
    step: str
    what: str
    was: str = ""
    after: str | None = None  # the step before it in the file; None: it is the first
    details: tuple[str, ...] = ()  # `within: 2 days → 3 days`


@dataclass(frozen=True, slots=True, kw_only=True)
class TextChange:
    """A template whose text is another one: the lines of a unified diff."""

    template: str
    change: Change
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Empty parts are the same. `settings` reads `schedule.closes: 17:30 → 16:00`."""

    steps: tuple[StepChange, ...] = ()
    texts: tuple[TextChange, ...] = ()
    settings: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.steps or self.texts or self.settings)


def compare(old: Revision, new: Revision) -> Difference:
    """From the old one to the new one."""
    return Difference(
        steps=tuple(_steps(old, new)),
        texts=tuple(_texts(old.templates, new.templates)),
        settings=tuple(_settings(old, new)),
    )


def words(step: Step) -> str:
    """A step as a line: `email founders/intro`, `wait 3 business days`."""
    match step:
        case TouchStep(task=None):
            return " ".join(part for part in (step.action, step.template) if part)
        case TouchStep():
            return f"task {step.task.kind}" if step.task else step.action
        case WaitStep():
            return f"wait {step.wait}" + (f", jitter {step.jitter}" if step.jitter else "")
        case WaitForStep():
            return f"wait for {step.event}, at most {step.at_most}"
        case IfStep():
            return f"if {step.expression}"
        case SplitStep():
            return "split " + ", ".join(f"{share.name} {share.weight}" for share in step.shares)
        case WriteStep():
            return str(step)
        case EnrollStep():
            return f"enroll {step.sequence}" + (f", at least {step.at_least}" if step.at_least else "")
        case StopStep():
            return f"stop: {step.reason}"


_LINKS = frozenset({"id", "then", "happened", "missed", "yes", "no", "shares"})
"""Fields of a step that say where it stands, not what it does."""

_SAID = frozenset({"action", "template", "wait", "jitter", "event", "at_most", "expression", "value", "values", "what"})
"""Fields that `words` says already."""


def _steps(old: Revision, new: Revision) -> Iterator[StepChange]:
    before, after = old.sequence.steps, new.sequence.steps
    moved = _moved(list(before), list(after))
    for name, place in _in_order(before, after):
        if name not in after:
            yield StepChange(change=Change.REMOVED, step=name, what=words(before[name]), after=place)
        elif name not in before:
            yield StepChange(change=Change.ADDED, step=name, what=words(after[name]), after=place)
        else:
            change = _changed(before[name], after[name], place, is_moved=name in moved)
            if change:
                yield change


def _changed(old: Step, new: Step, place: str | None, *, is_moved: bool) -> StepChange | None:
    was, what = words(old), words(new)
    details = tuple(_details(old, new))
    if was == what and not details and not is_moved:
        return None
    is_changed = was != what or bool(details)
    return StepChange(
        change=Change.CHANGED if is_changed else Change.MOVED,
        step=new.id,
        what=what,
        was=was if was != what else "",
        after=place,
        details=details,
    )


def _details(old: Step, new: Step) -> Iterator[str]:
    if type(old) is not type(new):
        return
    for name in (field.name for field in fields(old) if field.name not in _LINKS | _SAID):
        yield from _unlike(name, _plain(getattr(old, name)), _plain(getattr(new, name)))


def _in_order(before: Mapping[str, Step], after: Mapping[str, Step]) -> Iterator[tuple[str, str | None]]:
    """Every step of both, in the order of the new file, removed ones where they were; with the step before it."""
    old, new = list(before), list(after)
    last: str | None = None
    for tag, i1, i2, j1, j2 in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        gone = [name for name in old[i1:i2] if name not in after] if tag != "equal" else []
        for name in gone:
            yield name, last
        for name in new[j1:j2]:
            yield name, last
            last = name


def _moved(old: Sequence[str], new: Sequence[str]) -> set[str]:
    """Steps of both that stand in another order towards the others."""
    both = [name for name in old if name in set(new)]
    ordered = [name for name in new if name in set(old)]
    same = {both[block.a + n] for block in SequenceMatcher(a=both, b=ordered, autojunk=False).get_matching_blocks()
            for n in range(block.size)}  # fmt: skip
    return set(both) - same


def _texts(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[TextChange]:
    for name in sorted({*old, *new}):
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        lines = unified_diff(
            (before or "").splitlines(),
            (after or "").splitlines(),
            f"{name} (applied)" if before is not None else "/dev/null",
            f"{name} (new)" if after is not None else "/dev/null",
            lineterm="",
        )
        change = Change.ADDED if before is None else Change.REMOVED if after is None else Change.CHANGED
        yield TextChange(template=name, change=change, lines=tuple(lines))


def _settings(old: Revision, new: Revision) -> Iterator[str]:
    for field in fields(old.sequence):
        if field.name not in ("name", "steps", "first", "winners"):
            values = (_plain(getattr(each.sequence, field.name)) for each in (old, new))
            yield from _unlike(field.name, *values)
    yield from _unlike("pipeline", _pipeline(old), _pipeline(new))


def _pipeline(revision: Revision) -> Any:
    """Stages by name, so that a change names the stage."""
    plain = _plain(revision.pipeline)
    return {**plain, "stages": {stage["name"]: stage for stage in plain["stages"]}}


def _unlike(name: str, old: Any, new: Any) -> Iterator[str]:
    """`name: old → new`, as deep as the difference lies."""
    if old == new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys((*old, *new)):
            yield from _unlike(f"{name}.{key}", old.get(key), new.get(key))
    else:
        yield f"{name}: {_shown(old)} → {_shown(new)}"


def _shown(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "none"
    if isinstance(value, list):
        return ", ".join(_shown(each) for each in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_shown(each)}" for key, each in value.items() if each not in (None, "", [], {}))
    return str(value)


def _plain(value: Any) -> Any:
    """Texts, numbers, lists and mappings; spans and moments in their own words."""
    if is_dataclass(value) and type(value).__str__ is not object.__str__:
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, frozenset | set):
        return sorted((_plain(each) for each in value), key=str)
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return value.isoformat() if isinstance(value, date) else value
