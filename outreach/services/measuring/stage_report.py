"""Stages in numbers: who came in, went on, dropped off and why, how long they stayed, and what was skipped."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from outreach.domain.pipeline import Pipeline, StageKind
from outreach.domain.uncertainty import wilson
from outreach.services.measuring.kpis import stages_of
from outreach.services.measuring.source import Source
from outreach.store.measures import Question
from outreach.store.stage_measures import Flow

_CLOSED = (StageKind.LOST, StageKind.PARKED)


@dataclass(frozen=True, slots=True, kw_only=True)
class StageLine:
    """One stage. `entered` = `advanced` + `dropped` + `back` + `waiting`.

    `conversion` is None where nobody came, and of closed stages.
    """

    pipeline: str
    stage: str
    kind: StageKind
    entered: int
    advanced: int
    dropped: int
    back: int
    waiting: int
    skipped: int
    passed: int  # moves into the stage and over it
    median_days: float | None

    @property
    def conversion(self) -> float | None:
        return self.advanced / self.entered if self.entered and self.kind is StageKind.OPEN else None

    @property
    def range(self) -> tuple[float, float]:
        return wilson(self.advanced, self.entered)

    @property
    def skipped_share(self) -> float | None:
        return self.skipped / self.passed if self.passed else None


@dataclass(frozen=True, slots=True)
class DropOff:
    """Why leads left a stage for good."""

    pipeline: str
    stage: str
    then: str
    reason: str
    leads: int


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """Of the leads created in the period: how many ever came so far, or further."""

    pipeline: str
    stage: str
    leads: int


def stage_lines(source: Source, asked: Question, pipelines: Mapping[str, Pipeline]) -> list[StageLine]:
    """Every stage of every pipeline somebody was in, in order."""
    flows = source.flows(asked)
    days = source.days_in_stage(asked)
    moved = source.moves(asked)
    present = {flow.pipeline for flow in flows}
    lines = []
    for pipeline in (each for name, each in pipelines.items() if name in present):
        over = _skipped(pipeline, moved)
        for stage in pipeline.stages:
            of_stage = [flow for flow in flows if (flow.pipeline, flow.stage) == (pipeline.name, stage.name)]
            counts = _went(pipeline, stage.name, of_stage)
            into = sum(each.leads for each in moved if (each.pipeline, each.then) == (pipeline.name, stage.name))
            skipped = over[stage.name]
            lines.append(
                StageLine(
                    pipeline=pipeline.name,
                    stage=stage.name,
                    kind=stage.kind,
                    entered=counts.total(),
                    advanced=counts["advanced"],
                    dropped=counts["dropped"],
                    back=counts["back"],
                    waiting=counts["waiting"],
                    skipped=skipped,
                    passed=into + skipped,
                    median_days=days.get(f"{pipeline.name}/{stage.name}", {}).get("stage_days"),
                )
            )
    return lines


def _went(pipeline: Pipeline, stage: str, flows: Iterable[Flow]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for flow in flows:
        counts[_way(pipeline, stage, flow.then)] += flow.leads
    return counts


def _way(pipeline: Pipeline, stage: str, then: str | None) -> str:
    """What the next move of a lead was: on, off, or back."""
    if then is None:
        return "waiting"
    target = pipeline.stage(then)
    if target is None:
        return "back"
    if target.kind in _CLOSED:
        return "dropped"
    names = [each.name for each in pipeline.stages]
    is_later = stage in names and names.index(then) > names.index(stage)
    return "advanced" if is_later or target.kind is StageKind.WON else "back"


def _skipped(pipeline: Pipeline, moved: Iterable[Flow]) -> Counter[str]:
    """Open stages that moves forward passed over. Leaving for a lost or parked stage skips nothing."""
    names = [each.name for each in pipeline.stages]
    counts: Counter[str] = Counter()
    for flow in moved:
        if flow.pipeline != pipeline.name or flow.stage not in names or flow.then not in names:
            continue
        target = pipeline.stage(flow.then)
        if target is None or target.kind in _CLOSED:
            continue
        for stage in pipeline.stages[names.index(flow.stage) + 1 : names.index(flow.then)]:
            if stage.kind is StageKind.OPEN:
                counts[stage.name] += flow.leads
    return counts


def drop_offs(source: Source, asked: Question, pipelines: Sequence[Pipeline]) -> list[DropOff]:
    """Reasons, the most frequent first."""
    found = source.drop_offs(asked, stages_of(pipelines, *_CLOSED))
    return [DropOff(flow.pipeline, flow.stage, flow.then or "", reason, flow.leads) for flow, reason in found]


def funnel(source: Source, asked: Question, pipelines: Sequence[Pipeline]) -> list[FunnelStep]:
    """For each pipeline with new leads, its open stages and the first won one."""
    shown = {pipeline.name: list(_steps(pipeline)) for pipeline in pipelines}
    order = {(name, stage): at for name, stages in shown.items() for at, stage in enumerate(stages)}
    order |= {  # later won stages, such as retention, were won before
        (pipeline.name, stage.name): len(shown[pipeline.name]) - 1
        for pipeline in pipelines
        for stage in pipeline.stages
        if stage.kind is StageKind.WON and stage.name not in shown[pipeline.name]
    }
    reached: dict[str, Counter[int]] = defaultdict(Counter)
    for (name, rank), number in source.furthest(asked, order).items():
        reached[name][rank] += number
    return [
        FunnelStep(name, stage, sum(number for rank, number in reached[name].items() if rank >= at))
        for name, stages in shown.items()
        if reached[name].total()
        for at, stage in enumerate(stages)
    ]


def _steps(pipeline: Pipeline) -> Iterable[str]:
    yield from (stage.name for stage in pipeline.stages if stage.kind is StageKind.OPEN)
    won = next((stage.name for stage in pipeline.stages if stage.kind is StageKind.WON), None)
    if won:
        yield won
