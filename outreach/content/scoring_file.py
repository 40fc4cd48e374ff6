"""config/scoring.yaml: what makes a lead's score, and from which score on it is qualified."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from jinja2 import nodes
from jinja2.exceptions import TemplateError
from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, WithJsonSchema

from outreach.content import expressions
from outreach.content.expression_syntax import SANDBOX
from outreach.content.field_types import Elapsed, Line, Positive, Slug, positive_span
from outreach.content.model_reading import FileModel, read_model
from outreach.content.names import EVENTS
from outreach.content.own_fields import FieldType
from outreach.content.suggestions import did_you_mean, one_of
from outreach.content.yaml_file import Path, YamlFile
from outreach.domain import scoring
from outreach.domain.event import EventKind
from outreach.domain.pipeline import Pipeline, StageKind
from outreach.errors import Problem

SCORING = "config/scoring.yaml"

_MOST_RULES = 200
_MOST_TIMES = 100
_LARGEST = 1_000
_HALF = "half in "
_SHORTEST_ROUND = timedelta(minutes=5)
_NOT_HERE = {"sender": "a lead has one only inside a sequence", "enrollment": "scores are of leads, in any sequence"}


def _points(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not value or abs(value) > _LARGEST:
        raise ValueError(f"must be a whole number of points such as 10 or -5, at most {_LARGEST}.")
    return value


def _decay(value: object) -> timedelta:
    if not isinstance(value, str) or not value.strip().startswith(_HALF):
        raise ValueError(f"'{str(value)[:80]}' is no decay. Write 'half in 30 days'.")
    return positive_span(value.strip().removeprefix(_HALF)).elapsed


def _event(value: str) -> str:
    known = sorted(map(str, EVENTS))
    if value not in known:
        raise ValueError(f"'{value[:80]}' is no event. {did_you_mean(value, known) or one_of(known)}")
    return value


def _round(value: timedelta) -> timedelta:
    if value < _SHORTEST_ROUND:
        raise ValueError("is shorter than 5 minutes. Events count at once; this is for what fades and what changed.")
    return value


EventName = Annotated[
    str,
    AfterValidator(_event),
    WithJsonSchema({"type": "string", "enum": sorted(map(str, EVENTS))}),
]


class RuleModel(FileModel):
    add: Annotated[int, PlainValidator(_points), WithJsonSchema({"type": "integer"})]
    condition: Line | None = Field(default=None, alias="if")
    when: EventName | None = None
    decay: (
        Annotated[timedelta, PlainValidator(_decay), WithJsonSchema({"type": "string", "pattern": "^half in .+$"})]
        | None
    ) = None
    times: Annotated[Positive, Field(le=_MOST_TIMES)] = 1


def _threshold(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 100_000:
        raise ValueError("must be a whole number such as 50, at least 1.")
    return value


class ScoringModel(FileModel):
    """The rules of a team."""

    qualified_at: Annotated[int, BeforeValidator(_threshold)] | None = None
    stages: dict[Slug, Slug] = Field(default={})
    every: Annotated[Elapsed, AfterValidator(_round)] = timedelta(hours=1)
    rules: list[RuleModel] = Field(max_length=_MOST_RULES)


def read_scoring(
    file: YamlFile,
    pipelines: Mapping[str, Pipeline],
    problems: list[Problem],
    *,
    all_pipelines: bool = True,
    declared: Mapping[str, FieldType] | None = None,
) -> scoring.Scoring | None:
    """The rules, or None after adding to `problems`.

    Without `all_pipelines` stages are not compared with them. `declared` are the team's own fields, if any are.
    """
    before = len(problems)
    model = read_model(ScoringModel, file, (), file.data, problems=problems)
    if model is None:
        return None
    for index, rule in enumerate(model.rules):
        _check_rule(file, ("rules", index), rule, problems)
        _check_condition(file, ("rules", index, "if"), rule.condition, declared, problems=problems)
    for name, stage in model.stages.items() if all_pipelines else ():
        _check_stage(file, name, stage, pipelines, problems)
    return _scoring(model) if len(problems) == before else None


def _check_rule(file: YamlFile, path: Path, rule: RuleModel, problems: list[Problem]) -> None:
    if rule.condition is None and rule.when is None:
        remedy = "Write `if: company.size > 50` or `when: replied`."
        problems.append(file.problem(path, "the rule does not say what its points are for.", remedy))
    for name, value in (("decay", rule.decay), ("times", rule.times if rule.times != 1 else None)):
        if value is not None and rule.when is None:
            message = f"'{name}' is for what happens, and the rule has no 'when'."
            problems.append(file.key_problem((*path, name), message, "Add `when: replied`, or remove it."))


def _check_condition(
    file: YamlFile,
    path: Path,
    condition: str | None,
    declared: Mapping[str, FieldType] | None,
    *,
    problems: list[Problem],
) -> None:
    problem = _wrong(condition, declared) if condition is not None else ""
    if problem:
        problems.append(file.problem(path, problem))


def _wrong(condition: str, declared: Mapping[str, FieldType] | None) -> str:
    try:
        expressions.check(condition, declared=declared)
    except ValueError as error:
        return str(error)
    for root, member in _names(condition):
        if root in _NOT_HERE:
            return f"'{root}' is not there: {_NOT_HERE[root]}. Use lead, company, events and now."
        if (root, member) == ("lead", "score"):
            return "'lead.score' is what the rules make. Use what it is made from."
    return ""


def _names(condition: str) -> list[tuple[str, str]]:
    """(root, member) of every name in an expression that was checked."""
    try:
        tree = SANDBOX.parse("{{ " + condition + " }}")
    except TemplateError:
        return []
    members = [
        (each.node.name, each.attr) for each in tree.find_all(nodes.Getattr) if isinstance(each.node, nodes.Name)
    ]
    return [*members, *((each.name, "") for each in tree.find_all(nodes.Name))]


def _check_stage(
    file: YamlFile, name: str, stage: str, pipelines: Mapping[str, Pipeline], problems: list[Problem]
) -> None:
    pipeline = pipelines.get(name)
    if pipeline is None:
        remedy = did_you_mean(name, pipelines)
        problems.append(file.key_problem(("stages", name), f"unknown pipeline '{name}'.", remedy))
        return
    found = pipeline.stage(stage)
    names = [each.name for each in pipeline.stages if each.kind is StageKind.OPEN]
    if found is None:
        message = f"unknown stage '{stage}' of the pipeline '{name}'."
        problems.append(file.problem(("stages", name), message, did_you_mean(stage, names) or one_of(names)))
    elif found.kind is not StageKind.OPEN:
        message = f"'{stage}' is {found.kind}: a score alone decides nothing as final as that."
        problems.append(file.problem(("stages", name), message, one_of(names)))


def _scoring(model: ScoringModel) -> scoring.Scoring:
    rules = tuple(
        scoring.Rule(
            add=rule.add,
            condition=rule.condition,
            event=EventKind(rule.when) if rule.when else None,
            half_life=rule.decay,
            times=rule.times,
        )
        for rule in model.rules
    )
    return scoring.Scoring(rules=rules, qualified_at=model.qualified_at, stages=model.stages, every=model.every)
