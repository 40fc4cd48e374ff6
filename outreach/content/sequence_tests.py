"""sequences/tests/*.yaml → cases: one lead, what happens to it, and what is expected to go out.

A case is read on its own here; `sequence_test_checks.py` compares it with the sequence it is about.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from outreach.content.field_types import Slug
from outreach.content.model_reading import FileModel, name_of, read_model
from outreach.content.sequence_test_leads import read_lead
from outreach.content.sequence_test_models import (
    END_KEYS,
    ENDS,
    HAPPENINGS,
    CaseModel,
    EndModel,
    FlagHappening,
    HappeningModel,
    actions_of,
    happening_model,
    touch_model,
)
from outreach.content.suggestions import did_you_mean, one_of
from outreach.content.yaml_file import Path, Place, YamlFile
from outreach.domain.enrollment import FinishReason
from outreach.domain.lead import LeadDraft
from outreach.domain.pipeline import Status
from outreach.domain.span import Span
from outreach.errors import Problem

MOST_CASES = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something from outside: `what` is the key, `value` what stands behind it (a text, a date, hard or soft)."""

    place: Place
    what: str
    value: str | date | None = None
    after: Span | None = None  # since the start; else `at`
    at: datetime | None = None  # on the clock of the lead's zone


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedTouch:
    """One touch as it should have gone out, or been blocked. What is None is not asked for."""

    place: Place
    at: datetime | None = None  # to the minute, on the clock of the lead's zone
    on: date | None = None
    step: str | None = None
    action: str | None = None
    template: str | None = None  # of a task: its kind
    variant: str | None = None
    sender: str | None = None
    subject_contains: str | None = None
    blocked: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedEnd:
    """How it should have ended; `finished` None: it should still be going on."""

    place: Place
    finished: FinishReason | None = None
    at: datetime | None = None
    on: date | None = None
    stage: str | None = None
    status: Status | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One test. `start` is on the clock of the lead's zone."""

    file: str
    place: Place
    sequence: str
    name: str
    lead: LeadDraft
    start: datetime
    happens: tuple[Happening, ...]
    touches: tuple[ExpectedTouch, ...]
    end: ExpectedEnd | None
    is_partial: bool = False  # `only`: touches that are not listed are allowed
    has_limits: bool = False
    has_holdout: bool = False
    is_verified: bool = True  # the lead's e-mail address
    is_customer: bool = False

    @property
    def where(self) -> str:
        return f"{self.file}:{self.place.line}"


@dataclass(frozen=True, slots=True)
class CaseFile:
    """Every case of a file, with the file they stand in."""

    file: YamlFile
    sequence: str
    cases: tuple[Case, ...]


class _FileModel(FileModel):
    sequence: Slug
    cases: list[Any]


def read_cases(file: YamlFile, problems: list[Problem]) -> CaseFile | None:
    """Every case of the file; those that are wrong are left out after adding to `problems`."""
    model = read_model(_FileModel, file, (), file.data, problems=problems)
    if model is None:
        return None
    if not model.cases:
        problems.append(file.problem(("cases",), "'cases' is empty.", "Write at least one."))
    if len(model.cases) > MOST_CASES:
        problems.append(file.problem(("cases",), f"there are more than {MOST_CASES} cases.", "Make two files of it."))
    reading = _Reading(file, model.sequence, problems)
    found = [reading.case(("cases", index), data) for index, data in enumerate(model.cases[:MOST_CASES])]
    cases = tuple(case for case in found if case)
    _check_names(file, model.cases, problems)
    return CaseFile(file, model.sequence, cases)


def _check_names(file: YamlFile, cases: list[Any], problems: list[Problem]) -> None:
    first: dict[str, int] = {}
    for index, data in enumerate(cases):
        name = data.get("name") if isinstance(data, Mapping) else None
        if isinstance(name, str) and first.setdefault(name, index) != index:
            line = file.place(("cases", first[name], "name")).line
            message = f"the case '{name}' is there already, in line {line}."
            problems.append(file.problem(("cases", index, "name"), message, "Give it another name."))


@dataclass(frozen=True, slots=True)
class _Reading:
    file: YamlFile
    sequence: str
    problems: list[Problem]

    def case(self, path: Path, data: object) -> Case | None:
        before = len(self.problems)
        model = read_model(CaseModel, self.file, path, data, problems=self.problems)
        if model is None:
            return None
        lead = read_lead(self.file, (*path, "lead"), model.lead, self.problems)
        happens = [self._happening((*path, "happens", n), each) for n, each in enumerate(model.happens)]
        touches, end = self._expected((*path, "expect"), model.expect, is_partial=model.only)
        self._check_start((*path, "happens"), model, happens)
        if lead is None or len(self.problems) > before:
            return None
        return Case(
            file=self.file.name,
            place=self.file.place((*path, "name")),
            sequence=self.sequence,
            name=model.name,
            lead=lead,
            start=model.start,
            happens=tuple(each for each in happens if each),
            touches=tuple(touches),
            end=end,
            is_partial=model.only,
            has_limits=model.limits,
            has_holdout=model.holdout,
            is_verified=model.lead.get("verified") is not False,
            is_customer=model.lead.get("status") == "customer",
        )

    def _check_start(self, path: Path, model: CaseModel, happens: list[Happening | None]) -> None:
        for number, each in enumerate(happens):
            if each and each.at and each.at < model.start:
                message = f"this happens before the start, {model.start:%Y-%m-%d %H:%M}."
                self.problems.append(self.file.problem((*path, number, "at"), message, "Write a later time."))

    def _happening(self, path: Path, data: object) -> Happening | None:
        kind = self._one_of(path, data, HAPPENINGS, "nothing says what happens.")
        if kind is None:
            return None
        model = read_model(happening_model(kind), self.file, path, data, problems=self.problems)
        if model is None:
            return None
        assert isinstance(model, HappeningModel)
        if (model.after is None) == (model.at is None):
            message = "'after' and 'at' both say when." if model.after else "nothing says when this happens."
            self.problems.append(self.file.problem(path, message, "Write `after: 2 days`, or `at: 2026-03-04 10:00`."))
            return None
        if isinstance(model, FlagHappening) and model.flag is False:
            self.problems.append(self.file.problem((*path, kind), f"'{kind}' cannot be false.", "Remove the entry."))
            return None
        return Happening(place=self.file.place(path), what=kind, value=model.value, after=model.after, at=model.at)

    def _one_of(self, path: Path, data: object, known: tuple[str, ...], nothing: str) -> str | None:
        """The one key of `known` that an entry has."""
        if not isinstance(data, Mapping):
            self.problems.append(self.file.problem(path, f"{name_of(path)} must be a mapping of keys to values."))
            return None
        kinds = [str(key) for key in data if key in known]
        if len(kinds) > 1:
            message = f"'{kinds[0]}' and '{kinds[1]}' stand in one entry."
            self.problems.append(self.file.key_problem((*path, kinds[1]), message, "Make two entries of it."))
            return None
        if not kinds:
            strange = next((key for key in data if key not in ("after", "at")), None)
            if strange is None:
                self.problems.append(self.file.problem(path, nothing, one_of(known)))
            else:
                remedy = did_you_mean(strange, known) or one_of(known)
                self.problems.append(self.file.key_problem((*path, strange), f"unknown key '{strange}'.", remedy))
            return None
        return kinds[0]

    def _expected(
        self, path: Path, entries: list[Any], *, is_partial: bool
    ) -> tuple[list[ExpectedTouch], ExpectedEnd | None]:
        touches: list[ExpectedTouch] = []
        end: ExpectedEnd | None = None
        for number, data in enumerate(entries):
            where = (*path, number)
            is_end = isinstance(data, Mapping) and any(key in ENDS for key in data)
            if not is_end:
                touch = self._touch(where, data)
                touches += [touch] if touch else []
                continue
            if number != len(entries) - 1:
                message = "the end must be the last entry."
                self.problems.append(self.file.problem(where, message, "Move it, or remove what follows."))
            end = self._end(where, data)
        last = entries[-1] if entries else None
        is_blocked = isinstance(last, Mapping) and "blocked" in last
        if end is None and not is_partial and not is_blocked and isinstance(last, Mapping) and not _has_end(last):
            message = "nothing says how it ends."
            remedy = "Add `- {finished: completed}` or `- {still_active: true}`."
            self.problems.append(self.file.problem(path, message, remedy))
        return touches, end

    def _touch(self, path: Path, data: object) -> ExpectedTouch | None:
        model = read_model(touch_model(data), self.file, path, data, problems=self.problems)
        if model is None:
            return None
        assert isinstance(data, Mapping)
        actions = actions_of(data)
        if len(actions) > 1:
            message = f"'{actions[0]}' and '{actions[1]}' stand in one entry."
            self.problems.append(self.file.key_problem((*path, actions[1]), message, "Make two entries of it."))
            return None
        if not actions and not model.step and not model.blocked:
            message = "nothing says which touch is expected."
            self.problems.append(self.file.problem(path, message, "Write `email: founders/intro` or `step: intro`."))
            return None
        if model.at and model.on:
            self.problems.append(self.file.key_problem((*path, "on"), "'at' says the day already.", "Remove it."))
            return None
        action = actions[0] if actions else None
        return ExpectedTouch(
            place=self.file.place(path),
            at=model.at,
            on=model.on,
            step=model.step,
            action=action,
            template=data[action] if action else None,
            variant=model.variant,
            sender=model.sender,
            subject_contains=model.subject_contains,
            blocked=model.blocked,
        )

    def _end(self, path: Path, data: object) -> ExpectedEnd | None:
        model = read_model(EndModel, self.file, path, data, problems=self.problems)
        if model is None:
            return None
        if (model.finished is None) == (model.still_active is None):
            message = "it is either finished or still active."
            self.problems.append(self.file.problem(path, message, "Keep one of them."))
            return None
        if model.still_active is False:
            message = "'still_active' cannot be false."
            self.problems.append(self.file.problem((*path, "still_active"), message, "Write `finished: completed`."))
            return None
        return ExpectedEnd(
            place=self.file.place(path),
            finished=model.finished,
            at=model.at,
            on=model.on,
            stage=model.stage,
            status=model.status,
            tags=tuple(model.tags),
        )


def _has_end(data: Mapping[str, Any]) -> bool:
    return any(key in END_KEYS for key in data)
