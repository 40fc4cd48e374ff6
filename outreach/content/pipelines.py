"""config/pipelines/*.yaml: stages, the moves between them, and what entering one asks and does."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from outreach.content.field_types import Duration, Slug, email_address, one_line, slug
from outreach.content.model_reading import FileModel, name_of, read_model
from outreach.content.suggestions import did_you_mean, one_of
from outreach.content.yaml_file import Path, YamlFile
from outreach.crm import Operation
from outreach.domain.pipeline import Pipeline, Stage, StageKind
from outreach.errors import Problem

MOST_STAGES = 50

TASKS = ("call", "linkedin", "email", "meeting", "custom")
"""What a task may be about."""

TOLD = ("owner", "team")
"""Who may be told by `notify`, beside senders and addresses: whose lead it is, and whom the settings name."""


def _value_of_a_lead(text: str) -> str:
    if not text.replace(".", "_").isidentifier():
        raise ValueError(f"'{text[:80]}' is not a value of a lead. Write a name such as source, value or pain_point.")
    return text


def _task(text: str) -> str:
    if text not in TASKS:
        raise ValueError(f"cannot be '{text[:80]}'. {did_you_mean(text, TASKS) or one_of(TASKS)}")
    return text


def _told(text: str) -> str:
    if "@" not in text:
        return slug(text)
    return email_address(text)


class EnteringModel(FileModel):
    """What entering a stage does."""

    task: Annotated[str, AfterValidator(_task), WithJsonSchema({"type": "string", "enum": list(TASKS)})] | None = None
    sequence: Slug | None = None
    crm: list[Operation] = Field(default=[])
    notify: Annotated[str, AfterValidator(one_line), AfterValidator(_told)] | None = None


class StageModel(FileModel):
    name: Slug
    kind: StageKind = StageKind.OPEN
    stale_after: Duration | None = None
    requires: list[Annotated[str, AfterValidator(_value_of_a_lead)]] = Field(default=[])
    entering: EnteringModel = EnteringModel()
    give_up_after: Duration | None = None
    give_up_to: Slug | None = None


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
    _check_moves(file, model, problems)
    pipeline = _pipeline(model)
    _check_giving_up(file, model, pipeline, problems)
    return pipeline if len(problems) == before else None


def _check_repeats(file: YamlFile, model: PipelineModel, problems: list[Problem]) -> None:
    first: dict[str, int] = {}
    for index, stage in enumerate(model.stages):
        path: Path = ("stages", index, "name")
        if stage.name in first:
            line = file.place(("stages", first[stage.name], "name")).line
            message = f"the stage '{stage.name}' is there already, in line {line}."
            problems.append(file.problem(path, message, "Give it another name."))
        first.setdefault(stage.name, index)


def _check_giving_up(file: YamlFile, model: PipelineModel, pipeline: Pipeline, problems: list[Problem]) -> None:
    """An open stage, and somewhere to go that is allowed and not open."""
    for index, stage in enumerate(model.stages):
        path: Path = ("stages", index)
        if stage.give_up_after is None:
            if stage.give_up_to:
                message = "'give_up_to' says where, and nothing says when."
                problems.append(file.key_problem((*path, "give_up_to"), message, "Add `give_up_after: 90 days`."))
            continue
        if stage.kind is not StageKind.OPEN:
            message = f"nobody gives up at '{stage.name}', which is {stage.kind}."
            problems.append(file.key_problem((*path, "give_up_after"), message, "Remove it."))
            continue
        _check_where_to(file, (*path, "give_up_to" if stage.give_up_to else "give_up_after"), pipeline, stage, problems)


def _check_where_to(file: YamlFile, path: Path, pipeline: Pipeline, stage: StageModel, problems: list[Problem]) -> None:
    names = [each.name for each in pipeline.stages if each.kind in (StageKind.LOST, StageKind.PARKED)]
    found = pipeline.stage(stage.name)
    to = pipeline.gives_up_to(found) if found else None
    if to is None:
        message = f"from '{stage.name}' no stage of kind parked or lost can be moved to."
        problems.append(file.key_problem(path, message, "Allow one in 'moves'."))
    elif to not in names:
        remedy = did_you_mean(to, names) or one_of(names)
        problems.append(file.problem(path, f"'{to}' is no parked or lost stage.", remedy))
    elif not pipeline.allows(stage.name, to):
        problems.append(file.problem(path, f"'moves' allows no move from '{stage.name}' to '{to}'.", "Allow it there."))


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
            entering=_entering(stage.entering),
            give_up_after=stage.give_up_after,
            give_up_to=stage.give_up_to,
        )
        for stage in model.stages
    )
    return Pipeline(name=model.name, stages=stages, moves={name: tuple(to) for name, to in model.moves.items()})


def _entering(model: EnteringModel) -> dict[str, str]:
    """By act; what is not asked for is left out. Operations of a CRM stand behind each other."""
    acts = {"task": model.task, "sequence": model.sequence, "notify": model.notify, "crm": " ".join(model.crm)}
    return {name: value for name, value in acts.items() if value}
