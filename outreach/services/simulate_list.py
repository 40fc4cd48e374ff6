"""Simulate a sequence of the workspace for a list of people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from outreach.content.revision import Revision, freeze, thaw
from outreach.content.suggestions import did_you_mean
from outreach.content.workspace import Workspace
from outreach.domain.sequence import TOUCH_ACTIONS
from outreach.domain.simulation import Rates
from outreach.errors import UsageError
from outreach.services.simulate import Simulation, Team
from outreach.services.simulate_course import Course, course_of
from outreach.services.simulate_people import Known


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
    workspace: Workspace, question: Question, people: Sequence[Known], *, progress: Progress | None = None
) -> Simulation:
    """Everybody who may enter goes through the sequence as its files are now. Raises UsageError: no such sequence."""
    progress = progress or Progress()
    simulation = begin(workspace, question)
    simulation.enter(people, question.sequence, on_progress=progress.leads)
    simulation.run(question.until, on_day=progress.day)
    return simulation


def begin(workspace: Workspace, question: Question) -> Simulation:
    """The same before anybody has entered."""
    senders = {name: each.sender() for name, each in workspace.settings.senders.items()}
    team = Team(senders=senders, actions=TOUCH_ACTIONS)
    return Simulation(team, _courses(workspace, question, team), question.start)


def revision_of(workspace: Workspace, sequence: str) -> Revision:
    """The revision that applying the files would make. Raises UsageError when no file holds that sequence."""
    if sequence not in workspace.sequences:
        known = ", ".join(sorted(workspace.sequences)) or "none"
        hint = did_you_mean(sequence, workspace.sequences) or f"There are: {known}."
        raise UsageError(f"there is no sequence '{sequence}' in sequences/. {hint}")
    return thaw(freeze(workspace, sequence))


def _courses(workspace: Workspace, question: Question, team: Team) -> dict[str, Course]:
    """The sequence, and those it hands people over to."""
    courses: dict[str, Course] = {}
    wanted = [question.sequence]
    while wanted:
        name = wanted.pop()
        if name in courses:
            continue
        revision = revision_of(workspace, name)
        where = question.where if name == question.sequence else None
        senders = [team.sender(sender) for sender in revision.sequence.senders]
        courses[name] = course_of(revision, senders, rates=question.rates, seed=question.seed, where=where)
        following = (getattr(step, "sequence", None) for step in revision.sequence.steps.values())
        wanted += [name for name in following if isinstance(name, str)]
    return courses
