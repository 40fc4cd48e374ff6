"""The variants of a revision that are being tried, each trial known by what it is about.

A trial is about the texts of its variants and about what they are compared by. Its fingerprint holds just that: other
steps may change and it goes on, over revisions; another word in one of the texts, another variant or another measure
is another trial, which begins with nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from outreach.content.revision import Revision
from outreach.content.templates import html_name
from outreach.domain.kpi import REGISTRY
from outreach.domain.measure import Kpi
from outreach.domain.sequence import TouchStep, Trial

MAIN = "main"
"""The variant that is the step's own template."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTrial:
    """The trial of one step of a revision; `variants` are their names, `main` first."""

    sequence: str
    step: str
    trial: Trial
    variants: tuple[str, ...]
    fingerprint: str

    @property
    def kpi(self) -> Kpi:
        return REGISTRY[self.trial.by]


def trials_of(revision: Revision) -> tuple[StepTrial, ...]:
    """Those of every step that looks for a winner, in the order of the file."""
    steps = (step for step in revision.sequence.steps.values() if isinstance(step, TouchStep))
    return tuple(
        StepTrial(
            sequence=revision.sequence.name,
            step=step.id,
            trial=step.winner,
            variants=(MAIN, *sorted(step.variants)),
            fingerprint=_fingerprint(revision, step, step.winner),
        )
        for step in steps
        if step.winner and step.variants
    )


def _fingerprint(revision: Revision, step: TouchStep, trial: Trial) -> str:
    templates = {MAIN: step.template, **step.variants}
    texts = {
        variant: [revision.templates.get(each) for each in (name, html_name(name))]
        for variant, name in templates.items()
        if name
    }
    said = json.dumps([step.action, trial.by, texts], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(said.encode("ascii")).hexdigest()


def with_winners(revision: Revision, trials: Iterable[StepTrial], won: Mapping[tuple[str, str], str]) -> Revision:
    """The revision as it is carried out once trials are decided. `won`: (step, fingerprint) → variant."""
    winners = {each.step: won[each.step, each.fingerprint] for each in trials if (each.step, each.fingerprint) in won}
    return replace(revision, sequence=replace(revision.sequence, winners=winners)) if winners else revision
