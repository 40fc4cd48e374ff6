"""Simulate a sequence of the workspace for a list of people."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from outreach.content.revision import Revision, freeze, thaw
from outreach.content.suggestions import did_you_mean
from outreach.content.trials import trials_of, with_winners
from outreach.content.workspace import Workspace
from outreach.domain.action import TOUCH_ACTIONS
from outreach.domain.simulation import Rates
from outreach.errors import UsageError
from outreach.services.simulating import simulate_halves
from outreach.services.simulating.simulate import Simulation
from outreach.services.simulating.simulate_course import Course, course_of
from outreach.services.simulating.simulate_people import Known
from outreach.services.simulating.simulate_stored import Past, past_of
from outreach.services.simulating.simulate_team import Team
from outreach.store.session import Store
from outreach.store.trials import winners


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to be simulated. The same question about the same files and people always has the same answer."""

    sequence: str
    start: datetime
    days: int = 60
    rates: Rates = field(default_factory=Rates)
    seed: int = 1
    where: str | None = None

    @property
    def until(self) -> datetime:
        return self.start + timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class Progress:
    """Told while it runs: so many leads more were asked, so many days have passed."""

    leads: Callable[[int], None] = lambda _: None
    day: Callable[[datetime], None] = lambda _: None


def simulate(
    simulation: Simulation, question: Question, people: Sequence[Known], *, progress: Progress | None = None
) -> None:
    """Everybody who may enter goes through the sequence. `simulation` comes from `begin`."""
    progress = progress or Progress()
    with _no_collection():
        simulation.enter(people, question.sequence, on_progress=progress.leads)
        simulate_halves.run(simulation, question.until, on_day=progress.day)


def begin(workspace: Workspace, question: Question, store: Store | None = None) -> Simulation:
    """A simulation of the sequence as its files are now, before anybody has entered. Raises UsageError: there is none.

    With a database its senders go on where they are: caps and ramps count what they have done. Variants that have won
    there are what everybody gets.
    """
    senders = {name: each.sender() for name, each in workspace.settings.senders.items()}
    team = Team(senders=senders, actions=TOUCH_ACTIONS, recipients=workspace.settings.recipients)
    courses = _courses(workspace, question, team, store)
    past = past_of(store, courses[question.sequence].entrance, question.start, team.capped) if store else Past()
    simulation = Simulation(team, courses, question.start)
    simulation.remember(past, question.sequence)
    return simulation


@contextmanager
def _no_collection() -> Iterator[None]:
    """Nothing here is in cycles, and looking for them among a million objects takes longer than the simulation."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def revision_of(workspace: Workspace, sequence: str) -> Revision:
    """The revision that applying the files would make. Raises UsageError when no file holds that sequence."""
    if sequence not in workspace.sequences:
        known = ", ".join(sorted(workspace.sequences)) or "none"
        hint = did_you_mean(sequence, workspace.sequences) or f"There are: {known}."
        raise UsageError(f"there is no sequence '{sequence}' in sequences/. {hint}")
    return thaw(freeze(workspace, sequence))


def _carried_out(revision: Revision, store: Store | None) -> Revision:
    """With the variants that have won in that database; a simulation decides none itself."""
    trials = trials_of(revision)
    if store is None or not trials:
        return revision
    with store.read() as connection:
        return with_winners(revision, trials, winners(connection, revision.sequence.name))


def _courses(workspace: Workspace, question: Question, team: Team, store: Store | None) -> dict[str, Course]:
    """The sequence, and those it hands people over to."""
    courses: dict[str, Course] = {}
    wanted = [question.sequence]
    while wanted:
        name = wanted.pop()
        if name in courses:
            continue
        revision = _carried_out(revision_of(workspace, name), store)
        where = question.where if name == question.sequence else None
        courses[name] = course_of(revision, team.sender, rates=question.rates, seed=question.seed, where=where)
        following = (getattr(step, "sequence", None) for step in revision.sequence.steps.values())
        wanted += [name for name in following if isinstance(name, str)]
    return courses
