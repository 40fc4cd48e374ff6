"""Pipeline files become pipelines, or say what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from outreach.content import yaml_file
from outreach.content.pipelines import read_pipeline
from outreach.domain.pipeline import Pipeline, StageKind
from outreach.domain.span import Span, Unit
from outreach.errors import Problem

SHIPPED = Path(__file__).parents[2] / "config" / "pipelines"


def read(text: str) -> tuple[Pipeline | None, list[str]]:
    problems: list[Problem] = []
    pipeline = read_pipeline(yaml_file.parse(text.encode(), name="p.yaml"), problems)
    return pipeline, [str(problem) for problem in problems]


def test_a_stage_keeps_everything_that_is_written() -> None:
    pipeline, problems = read(
        "name: default\n"
        "stages:\n"
        "  - {name: prospect, stale_after: 30 days, requires: [source, pain_point], entering: {task: call}}\n"
        "  - {name: won, kind: won}\n"
        "moves: {prospect: [won]}\n"
    )

    assert not problems
    assert pipeline is not None
    first, second = pipeline.stages
    assert (first.stale_after, first.requires) == (Span(30, Unit.DAYS), ("source", "pain_point"))
    assert (first.kind, first.entering, second.kind) == (StageKind.OPEN, {"task": "call"}, StageKind.WON)
    assert pipeline.moves == {"prospect": ("won",)}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("stages: [{name: a}]\n", "p.yaml:1:1: 'name' is missing. Write `name: …`."),
        ("name: a\n", "p.yaml:1:1: 'stages' is missing. Write `stages: …`."),
        ("name: a\nstages: []\n", "p.yaml:2:9: 'stages' is empty. Write at least one."),
        ("name: a\nstages: [x]\n", "p.yaml:2:10: entry 1 of 'stages' must be a mapping of keys to values."),
        ("name: a\nstages: [{name: b, kind: opne}]\n", "p.yaml:2:26: 'kind' cannot be 'opne'. Did you mean 'open'?"),
        (
            "name: a\nstages: [{name: b, stale: 3 days}]\n",
            "p.yaml:2:20: unknown key 'stale'. Did you mean 'stale_after'?",
        ),
        ("name: a\nstages: [{name: b, stale_after: soon}]\n", "p.yaml:2:33: 'stale_after': 'soon' is not a duration."),
        ("name: a\nstages: [{name: b, requires: [a b]}]\n", "'a b' is not a value of a lead."),
        (
            "name: a\nstages: [{name: b, entering: {taks: call}}]\n",
            "p.yaml:2:31: unknown key 'taks'. Did you mean 'task'?",
        ),
        ("name: a\nstages: [{name: b}, {name: b}]\n", "p.yaml:2:28: the stage 'b' is there already, in line 2."),
        (
            "name: a\nstages: [{name: one}]\nmoves: {oen: [one]}\n",
            "p.yaml:3:9: unknown stage 'oen'. Did you mean 'one'?",
        ),
        ("name: a\nstages: [{name: one}]\nmoves: {one: [eno]}\n", "p.yaml:3:15: unknown stage 'eno'."),
        ("name: a\nstages: [{name: one}]\nmoves: {one: [one]}\n", "leads from 'one' to itself. Remove it."),
        ("name: A b\nstages: [{name: one}]\n", "p.yaml:1:7: 'name': 'A b' is not a name."),
        ("- a\n", "p.yaml:1:1: the file must be a mapping of keys to values."),
        ("", "p.yaml:1:1: the file has no value."),
    ],
)
def test_what_is_wrong_is_said(text: str, sentence: str) -> None:
    pipeline, problems = read(text)

    assert pipeline is None
    assert any(sentence in problem for problem in problems), problems


def test_every_problem_is_told_at_once() -> None:
    _, problems = read("name: a\nstages: [{name: b, kind: x}, {nam: c}]\nmoves: 5\n")

    assert len(problems) == 3


@pytest.mark.parametrize(
    ("name", "first", "stages"),
    [("default", "prospect", 11), ("investglass", "lead_generation", 9), ("lagrowthmachine", "prospect", 8)],
)
def test_the_shipped_pipelines_are_right(name: str, first: str, stages: int) -> None:
    text = (SHIPPED / f"{name}.yaml").read_text(encoding="utf-8")

    pipeline, problems = read(text)

    assert not problems
    assert pipeline is not None
    assert (pipeline.name, pipeline.first, len(pipeline.stages)) == (name, first, stages)
