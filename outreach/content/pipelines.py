"""config/pipelines/*.yaml: stages, the moves between them, and what entering one asks and does."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from outreach.content.field_types import Duration, Line, Slug
from outreach.content.model_reading import FileModel, name_of, read_model
from outreach.content.suggestions import did_you_mean
from outreach.content.yaml_file import Path, YamlFile
from outreach.domain.pipeline import Pipeline, Stage, StageKind
from outreach.errors import Problem

MOST_STAGES = 50

TASKS = ("call", "linkedin", "email", "meeting", "custom")
"""What a task may be about."""

ENTERING = ("task",)
"""What entering a stage may do: make a task for the lead's owner."""

_ENTERING_OTHERWISE = {
    "sequence": "Write `enter: {{when: lead.stage == '{stage}', auto: true}}` in that sequence.",
    "crm": "Stages go to the CRM by `stages` and `when` in config/crm.yaml.",
    "notify": "Write `task: custom`: the lead's owner sees it in `outreach tasks`.",
}
"""What does not belong here, and where it is written."""


def _value_of_a_lead(text: str) -> str:
    if not text.replace(".", "_").isidentifier():
        raise ValueError(f"'{text[:80]}' is not a value of a lead. Write a name such as source, value or pain_point.")
    return text


class StageModel(FileModel):
    name: Slug
    kind: StageKind = StageKind.OPEN
    stale_after: Duration | None = None
    requires: list[Annotated[str, AfterValidator(_value_of_a_lead)]] = Field(default=[])
    entering: dict[str, Line] = Field(default={})


class PipelineModel(FileModel):
    """One pipeline."""

    name: Slug
    stages: list[StageModel] = Field(min_length=1, max_length=MOST_STAGES)
    moves: dict[str, list[str]] = Field(default={})


def read_pipeline(file: YamlFile, problems: list[Problem]) -> Pipeline | None:
    """One pipeline, or None after adding to `problems`."""
    before = len(problems)
    model = read_model(PipelineModel, file, (), file.data, problems=problems)
    if model is None:
        return None
    _check_repeats(file, model, problems)
    _check_entering(file, model, problems)
    _check_moves(file, model, problems)
    return _pipeline(model) if len(problems) == before else None


def _check_repeats(file: YamlFile, model: PipelineModel, problems: list[Problem]) -> None:
    first: dict[str, int] = {}
    for index, stage in enumerate(model.stages):
        path: Path = ("stages", index, "name")
        if stage.name in first:
            line = file.place(("stages", first[stage.name], "name")).line
            message = f"the stage '{stage.name}' is there already, in line {line}."
            problems.append(file.problem(path, message, "Give it another name."))
        first.setdefault(stage.name, index)


def _check_entering(file: YamlFile, model: PipelineModel, problems: list[Problem]) -> None:
    for index, stage in enumerate(model.stages):
        for key, value in stage.entering.items():
            path = ("stages", index, "entering", key)
            if key in _ENTERING_OTHERWISE:
                remedy = _ENTERING_OTHERWISE[key].format(stage=stage.name)
                problems.append(file.key_problem(path, f"'{key}' is not done by entering a stage.", remedy))
            elif key not in ENTERING:
                problems.append(file.key_problem(path, f"unknown key '{key}'.", did_you_mean(key, ENTERING)))
            elif value not in TASKS:
                problems.append(file.problem(path, f"'{key}' cannot be '{value[:80]}'.", did_you_mean(value, TASKS)))


def _check_moves(file: YamlFile, model: PipelineModel, problems: list[Problem]) -> None:
    names = [stage.name for stage in model.stages]
    for stage, targets in model.moves.items():
        if stage not in names:
            problems.append(file.key_problem(("moves", stage), f"unknown stage '{stage}'.", did_you_mean(stage, names)))
        for index, target in enumerate(targets):
            path = ("moves", stage, index)
            if target not in names:
                problems.append(file.problem(path, f"unknown stage '{target}'.", did_you_mean(target, names)))
            elif target == stage:
                problems.append(file.problem(path, f"{name_of(path)} leads from '{stage}' to itself.", "Remove it."))


def _pipeline(model: PipelineModel) -> Pipeline:
    stages = tuple(
        Stage(
            name=stage.name,
            kind=stage.kind,
            stale_after=stage.stale_after,
            requires=tuple(stage.requires),
            entering=stage.entering,
        )
        for stage in model.stages
    )
    return Pipeline(name=model.name, stages=stages, moves={name: tuple(to) for name, to in model.moves.items()})
