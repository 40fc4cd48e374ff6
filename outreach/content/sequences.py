"""sequences/*.yaml → domain sequences: read the file, walk its steps, join its branches."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator, ValidationError, WithJsonSchema

from outreach.content import schedules
from outreach.content.field_types import Duration, Line, Positive, Slug, Text
from outreach.content.model_reading import FileModel, read_model
from outreach.content.outreach_file import TrackingModel
from outreach.content.schedules import ScheduleModel
from outreach.content.step_tree import StepNode, read_steps
from outreach.content.steps import flatten
from outreach.content.yaml_file import YamlFile
from outreach.domain.sequence import (
    ALWAYS_STOPPING,
    DEFAULT_STOP_ON,
    EVERY,
    Enter,
    Review,
    Schedule,
    Sequence,
    Trigger,
)
from outreach.errors import Problem

StopTrigger = Literal["reply", "company_reply", "bounce", "unsubscribe", "complaint", "meeting"]

_MUST_STOP = (Trigger.REPLY, Trigger.UNSUBSCRIBE)
_LARGEST_HOLDOUT = 50
_SHARE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3})?)\s*%")
_FIRST = re.compile(r"first\s+([0-9]{1,6})")


def _goal(value: object) -> object:
    if isinstance(value, str) and value not in (Trigger.REPLY, Trigger.MEETING):
        raise ValueError(f"'{value[:80]}' is not a goal. Write reply or meeting.")
    return value


def read_share(value: object) -> float:
    """`5%` → 0.05."""
    found = _SHARE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"'{str(value)[:80]}' is not a share. Write it as 5%.")
    percent = float(found.group(1))
    if not 0 < percent <= _LARGEST_HOLDOUT:
        raise ValueError(f"'{found.group()}' is no hold-out group. Write from 0.1% to {_LARGEST_HOLDOUT}%.")
    return round(percent / 100, 6)


def read_review(value: object) -> Review | None:
    """`first 20`, `all` or `none`."""
    words = value.strip().lower() if isinstance(value, str) else ""
    found = _FIRST.fullmatch(words)
    if found and int(found.group(1)):
        return Review(int(found.group(1)))
    if words not in ("all", "none"):
        raise ValueError(f"'{str(value)[:80]}' says nothing about review. Write first 20, all or none.")
    return Review() if words == "all" else None


_REVIEW_SCHEMA = WithJsonSchema({"type": "string", "pattern": "^(first +[0-9]+|all|none)$"})


class EnterModel(FileModel):
    when: Line | None = None
    per_company: Positive | None = None
    auto: bool = False
    every: Duration | None = None
    max_per_day: Positive | None = None
    verified: bool = False
    customers: bool = False


class SequenceModel(FileModel):
    """The keys of a sequence file."""

    name: Slug
    description: Text = ""
    pipeline: Slug = "default"
    senders: list[Slug] = Field(min_length=1, max_length=500)
    schedule: Any = schedules.DEFAULT
    enter: EnterModel = EnterModel()
    stop_on: list[StopTrigger] | None = None
    stages: dict[Trigger, Slug] = Field(default={})
    goal: Annotated[Trigger, BeforeValidator(_goal)] | None = None
    holdout: Annotated[float, PlainValidator(read_share), WithJsonSchema({"type": "string", "pattern": "%$"})] = 0.0
    review: Annotated[Review | None, PlainValidator(read_review), _REVIEW_SCHEMA] = None
    tracking: TrackingModel | None = None
    match_provider: bool = False
    steps: list[Any] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class SequenceDraft:
    """A sequence file read on its own, before it is compared with the rest of the workspace."""

    file: YamlFile
    model: SequenceModel
    steps: tuple[StepNode, ...]
    schedule: Schedule | None = None  # the inline one
    stop_on: frozenset[Trigger] = field(default=DEFAULT_STOP_ON)

    @property
    def name(self) -> str:
        return self.model.name


def read_sequence(file: YamlFile, problems: list[Problem]) -> SequenceDraft | None:
    """Read one file. None after adding to `problems`; a draft may still have problems with its steps."""
    model = read_model(SequenceModel, file, (), file.data, problems=problems)
    raw = file.data.get("steps") if isinstance(file.data, Mapping) else None
    steps = read_steps(file, ("steps",), raw, problems) if isinstance(raw, list) else ()
    model = model or _what_is_right(file.data)
    if model is None:
        return None
    _check_stop_on(file, model, problems)
    _check_enter(file, model.enter, problems)
    schedule = _inline_schedule(file, model.schedule, problems)
    return SequenceDraft(file, model, steps, schedule, _stop_on(model))


def _what_is_right(data: object) -> SequenceModel | None:
    """The file without the keys that are wrong, so that the others are compared with the workspace all the same."""
    if not isinstance(data, Mapping):
        return None
    needed = {key: data[key] for key in ("name", "senders", "steps") if key in data}
    kept = {key: value for key, value in data.items() if _accepted({**needed, key: value})}
    return _accepted(kept)


def _accepted(data: Mapping[str, object]) -> SequenceModel | None:
    try:
        return SequenceModel.model_validate(data)
    except ValidationError:
        return None


def build(draft: SequenceDraft, known_schedules: Mapping[str, Schedule]) -> Sequence | None:
    """The domain's sequence; None if its schedule is not known. Only for a draft without problems."""
    schedule = draft.schedule or known_schedules.get(str(draft.model.schedule))
    if schedule is None:
        return None
    first, steps = flatten(draft.steps)
    model = draft.model
    return Sequence(
        name=model.name,
        description=model.description,
        pipeline=model.pipeline,
        senders=tuple(model.senders),
        schedule=schedule,
        enter=_enter(model.enter),
        stop_on=draft.stop_on,
        stages=dict(model.stages),
        goal=model.goal,
        holdout=model.holdout,
        review=model.review,
        tracking=model.tracking.tracking() if model.tracking else None,
        match_provider=model.match_provider,
        steps=steps,
        first=first,
    )


def _enter(model: EnterModel) -> Enter:
    return Enter(
        when=model.when,
        per_company=model.per_company,
        auto=model.auto,
        every=model.every or EVERY,
        max_per_day=model.max_per_day,
        verified=model.verified,
        customers=model.customers,
    )


def _check_enter(file: YamlFile, enter: EnterModel, problems: list[Problem]) -> None:
    if enter.auto and not enter.when:
        message = "'auto' needs 'when': without it everybody would be enrolled."
        problems.append(file.key_problem(("enter", "auto"), message, "Write `when: lead.score >= 20`."))
    for key in ("every", "max_per_day"):
        if getattr(enter, key) is not None and not enter.auto:
            message = f"'{key}' says how 'auto' works, and 'auto' is not on."
            problems.append(file.key_problem(("enter", key), message, "Write `auto: true`, or remove it."))


def _check_stop_on(file: YamlFile, model: SequenceModel, problems: list[Problem]) -> None:
    for trigger in _MUST_STOP:
        if model.stop_on is not None and trigger not in model.stop_on:
            message = f"'stop_on' must hold '{trigger}': it always ends a sequence."
            problems.append(file.problem(("stop_on",), message, "Add it."))


def _stop_on(model: SequenceModel) -> frozenset[Trigger]:
    """A complaint ends every sequence, written or not."""
    return DEFAULT_STOP_ON if model.stop_on is None else ALWAYS_STOPPING | {Trigger(name) for name in model.stop_on}


def _inline_schedule(file: YamlFile, data: object, problems: list[Problem]) -> Schedule | None:
    if isinstance(data, str):
        return None
    model = read_model(ScheduleModel, file, ("schedule",), data, problems=problems)
    return model.schedule("inline") if model else None
