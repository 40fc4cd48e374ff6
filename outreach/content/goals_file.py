"""config/goals.yaml: goals, each with all of its parts; one that lacks any is refused."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, PlainValidator, WithJsonSchema

from outreach.content.field_types import Day, Line, Text
from outreach.content.model_reading import FileModel, name_of, read_model
from outreach.content.suggestions import did_you_mean
from outreach.content.yaml_file import YamlFile
from outreach.domain.goal import Goal
from outreach.domain.kpi import SINGLE
from outreach.errors import Problem

GOALS = "config/goals.yaml"
MOST_GOALS = 200

_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,4})?) ?%")
_MEASURES = tuple(SINGLE)


def _measure(name: str) -> str:
    if name not in SINGLE:
        remedy = did_you_mean(name, _MEASURES) or f"Write one of: {', '.join(_MEASURES)}."
        raise ValueError(f"'{name[:80]}' is no measure. {remedy}")
    return name


def _target(value: object) -> float:
    """`60`, `0.05` or `5%`."""
    found = _PERCENT.fullmatch(value.strip()) if isinstance(value, str) else None
    number = float(found[1]) / 100 if found else value
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 < number < 1e15:
        raise ValueError(f"'{str(value)[:40]}' is no target. Write a number above 0, such as 60, or a share, as 5%.")
    return float(number)


Measure = Annotated[str, AfterValidator(_measure), WithJsonSchema({"type": "string", "enum": list(_MEASURES)})]
Target = Annotated[
    float,
    PlainValidator(_target),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^[0-9]{1,3}(\.[0-9]{1,4})? ?%$"}]}),
]


class GoalModel(FileModel):
    name: Line
    kpi: Measure
    target: Target
    owner: Line
    start: Day
    deadline: Day
    attainable_because: Text


def read_goals(file: YamlFile, problems: list[Problem]) -> tuple[Goal, ...]:
    """Every goal that is right; what is wrong goes to `problems`. An empty file has none."""
    if file.data is None:
        return ()
    if not isinstance(file.data, list):
        remedy = "Write `- {name: …, kpi: …, target: …, owner: …, start: …, deadline: …, attainable_because: …}` lines."
        problems.append(file.problem((), "the file must be a list of goals.", remedy))
        return ()
    found: dict[str, Goal] = {}
    for index, data in enumerate(file.data[:MOST_GOALS]):
        goal = _read(file, index, data, problems)
        if goal and goal.name in found:
            message = f"the goal '{goal.name}' is there already."
            problems.append(file.problem((index, "name"), message, "Give it another name."))
        elif goal:
            found[goal.name] = goal
    if len(file.data) > MOST_GOALS:
        problems.append(file.problem((), f"the file has more than {MOST_GOALS} goals.", "Remove old ones."))
    return tuple(found.values())


def _read(file: YamlFile, index: int, data: object, problems: list[Problem]) -> Goal | None:
    model = read_model(GoalModel, file, (index,), data, problems=problems)
    if model is None:
        return None
    if model.deadline <= model.start:
        message = f"the deadline of {name_of((index,))} is not after its start, {model.start}."
        problems.append(file.problem((index, "deadline"), message, "Write a later day."))
        return None
    if SINGLE[model.kpi].is_rate and model.target > 1:
        message = f"the target of '{model.kpi}' is a share, and {model.target:g} is more than all."
        problems.append(file.problem((index, "target"), message, f"Write {model.target:g}%."))
        return None
    return Goal(**dict(model))
