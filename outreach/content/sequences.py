"""sequences/*.yaml → domain sequences: read the file, walk its steps, join its branches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from outreach.content import schedules
from outreach.content.field_types import Line, Positive, Slug, Text
from outreach.content.model_reading import FileModel, read_model
from outreach.content.schedules import ScheduleModel
from outreach.content.step_tree import StepNode, read_steps
from outreach.content.steps import flatten
from outreach.content.yaml_file import Path, YamlFile
from outreach.domain.sequence import ALWAYS_STOPPING, DEFAULT_STOP_ON, Enter, Schedule, Sequence, Trigger
from outreach.errors import Problem

StopTrigger = Literal["reply", "company_reply", "bounce", "unsubscribe", "complaint", "meeting"]

_MUST_STOP = (Trigger.REPLY, Trigger.UNSUBSCRIBE)
_NOT_YET = ("holdout", "review")
_NOT_YET_ENTER = ("auto", "every", "max_per_day", "verified")


def _goal(trigger: Trigger) -> Trigger:
    if trigger not in (Trigger.REPLY, Trigger.MEETING):
        raise ValueError(f"'{trigger}' is not a goal. Write reply or meeting.")
    return trigger


class EnterModel(FileModel):
    when: Line | None = None
    per_company: Positive | None = None


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
    goal: Annotated[Trigger, AfterValidator(_goal)] | None = None
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
    data = _without_what_is_not_yet(file, problems)
    model = read_model(SequenceModel, file, (), data, problems=problems)
    raw = data.get("steps") if isinstance(data, Mapping) else None
    steps = read_steps(file, ("steps",), raw, problems) if isinstance(raw, list) else ()
    if model is None:
        return None
    _check_stop_on(file, model, problems)
    schedule = _inline_schedule(file, model.schedule, problems)
    return SequenceDraft(file, model, steps, schedule, _stop_on(model))


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
        enter=Enter(when=model.enter.when, per_company=model.enter.per_company),
        stop_on=draft.stop_on,
        stages=dict(model.stages),
        goal=model.goal,
        steps=steps,
        first=first,
    )


def _without_what_is_not_yet(file: YamlFile, problems: list[Problem]) -> object:
    data = file.data
    if not isinstance(data, Mapping):
        return data
    enter = data.get("enter")
    inner = enter if isinstance(enter, Mapping) else {}
    later: list[Path] = [(key,) for key in _NOT_YET if key in data]
    later += [("enter", key) for key in _NOT_YET_ENTER if key in inner]
    problems += [file.key_problem(path, f"'{path[-1]}' is not available yet.", "Remove it.") for path in later]
    kept = {key: value for key, value in data.items() if key not in _NOT_YET}
    if inner:
        kept["enter"] = {key: value for key, value in inner.items() if key not in _NOT_YET_ENTER}
    return kept


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
