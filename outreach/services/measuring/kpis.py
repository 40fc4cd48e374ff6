"""The registry of measures, computed: one question for each kind of count, whatever the number of leads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from outreach.content.configuration import ReportSettings
from outreach.domain.kpi import SINGLE
from outreach.domain.measure import Dimension, Kpi, Value, value_of
from outreach.domain.period import Period
from outreach.domain.pipeline import Pipeline, StageKind
from outreach.services.measuring.source import Source, opened
from outreach.services.sending.engine import Engine
from outreach.store.measures import Question

Values = Mapping[str, Value]
"""Name of a measure → its value."""

_MADE_OF = {
    "leads": "created",
    "meetings": "meetings",
    "reply_hours": "hours",
    "touches_until_reply": "until",
    "enrollments_replied": "until",
    "closed": "sales",
    "won": "sales",
    "won_value": "sales",
    "won_with_value": "sales",
    "cycle_days": "cycles",
    "calls": "tasks",
    "tasks_done": "tasks",
    "proposals": "offers",
    "offers": "offers",
}
"""Which count of a source gives a number; all others come from touches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What of a period is asked: taken apart by a dimension, and only of these values."""

    by: Dimension | None = None
    only: tuple[tuple[Dimension, str], ...] = ()


def question(pipelines: Iterable[Pipeline], reports: ReportSettings, period: Period, cut: Cut) -> Question:
    """The question for the store."""
    return Question(
        start_at=period.start_at,
        end_at=period.end_at,
        by=cut.by,
        only=cut.only,
        segment=reports.segment,
        won=tuple(stages_of(pipelines, StageKind.WON)),
        lost=tuple(stages_of(pipelines, StageKind.LOST)),
        proposals=reports.proposal_stages,
    )


def stages_of(pipelines: Iterable[Pipeline], *kinds: StageKind) -> list[tuple[str, str]]:
    """(pipeline, stage) of every stage of these kinds."""
    return [(pipeline.name, stage.name) for pipeline in pipelines for stage in pipeline.stages if stage.kind in kinds]


def measure(source: Source, asked: Question, names: Iterable[str] = SINGLE) -> dict[str, dict[str, Value]]:
    """Group → measure → value, for these measures; without `by` the one group is "".

    A measure that cannot be taken apart in the way that is asked is left out.
    """
    kpis = [SINGLE[name] for name in names if applies(SINGLE[name], asked)]
    needed = dict.fromkeys(_MADE_OF.get(count, "touches") for kpi in kpis for count in (kpi.of, kpi.by) if count)
    counts: dict[str, dict[str, float | None]] = {} if asked.by else {"": {}}
    for what in needed:
        for group, found in source.count(what, asked).items():
            counts.setdefault(group, {}).update(found)
    return {group: {kpi.name: value_of(kpi, found) for kpi in kpis} for group, found in sorted(counts.items())}


def applies(kpi: Kpi, asked: Question) -> bool:
    """Can this measure be taken apart in that way?"""
    wanted = {*(dimension for dimension, _ in asked.only), *([asked.by] if asked.by else [])}
    return wanted <= kpi.dimensions


def kpis(
    engine: Engine, reports: ReportSettings, period: Period, cut: Cut | None = None, *, names: Iterable[str] = SINGLE
) -> dict[str, dict[str, Value]]:
    """The same in a transaction of its own: for the API and pages. Of large lists as of some minutes ago."""
    asked = question(engine.pipelines.values(), reports, period, cut or Cut())
    with opened(engine, reports) as (source, _):
        return measure(source, asked, names)
