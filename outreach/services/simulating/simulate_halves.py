"""A long list on two cores: two groups of people who have nothing to do with each other are simulated side by side.

What comes out is the same as in one process: every draw is made from seed, lead and step. People hang together who
share a sender with limits, and colleagues where the reply of one ends it for all of them.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Collection
from datetime import datetime
from multiprocessing.connection import Connection

from outreach.domain.sender import Sender
from outreach.domain.sequence import TouchStep, Trigger
from outreach.errors import OutreachError
from outreach.services.simulating.simulate import Simulation
from outreach.services.simulating.simulate_course import Course
from outreach.services.simulating.simulate_people import Person

_WORTH_IT = 20_000  # people; below that one process is as quick

OnDay = Callable[[datetime], None]


def run(simulation: Simulation, until: datetime, *, on_day: OnDay, worth_it: int = _WORTH_IT) -> None:
    """Let time pass until then, on two cores where that is possible and there are so many people."""
    is_long = len(simulation.record.people) >= worth_it
    halves = _halves(simulation) if is_long and _may_split(simulation) else None
    if halves is None:
        simulation.run(until, on_day=on_day)
        return
    mine, theirs = halves
    context = multiprocessing.get_context("fork")
    ours, its = context.Pipe(duplex=False)
    other = context.Process(target=_other_half, args=(simulation, theirs, until, its), daemon=True)
    other.start()
    its.close()
    simulation.keep_only(mine)
    simulation.run(until, on_day=on_day)
    try:
        simulation.absorb(ours.recv())
    except EOFError:
        raise OutreachError("the second half of the simulation ended early. Is there enough memory?") from None
    other.join()


def _other_half(simulation: Simulation, people: frozenset[int], until: datetime, out: Connection) -> None:
    simulation.keep_only(people)
    simulation.run(until)
    out.send(simulation.outcome())
    out.close()


def _may_split(simulation: Simulation) -> bool:
    alone = len(simulation.courses) == 1 and not simulation.is_shared
    return _cores() > 1 and alone and _is_apart(*simulation.courses.values())


def _cores() -> int:
    """Those this process may use; 1 where it cannot make another one of itself."""
    if not hasattr(os, "fork"):
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _is_apart(course: Course) -> bool:
    """Does nobody's fate hang on a sender whom everybody else needs as well?"""
    steps = (step for step in course.sequence.steps.values() if isinstance(step, TouchStep))
    return not any(step.sender and _is_limited(course.team(step.sender)) for step in steps)


def _halves(simulation: Simulation) -> tuple[frozenset[int], frozenset[int]] | None:
    """The numbers of the people, in two groups of about the same size; None where all of them hang together."""
    groups = _groups(simulation)
    if len(groups) < 2:
        return None
    halves: tuple[set[int], set[int]] = (set(), set())
    for group in sorted(groups, key=len, reverse=True):
        min(halves, key=len).update(group)
    return frozenset(halves[0]), frozenset(halves[1])


def _groups(simulation: Simulation) -> Collection[list[int]]:
    """Those who hang together."""
    people = simulation.record.people
    is_tied = _colleagues_are_tied(simulation)
    ties: dict[str, str] = {}
    for person in people if is_tied else ():
        if _is_limited(person.sender):
            ties[_root(ties, _of(person, is_tied=True))] = _root(ties, person.sender.name)
    found: dict[str, list[int]] = {}
    for person in people:
        found.setdefault(_root(ties, _of(person, is_tied=is_tied)), []).append(person.number)
    return found.values()


def _of(person: Person, *, is_tied: bool) -> str:
    """The name of what they hang on."""
    if is_tied and person.known.company_id:
        return f"company {person.known.company_id}"
    return person.sender.name if _is_limited(person.sender) else f"lead {person.number}"


def _root(ties: dict[str, str], name: str) -> str:
    while (above := ties.get(name, name)) != name:
        name = ties[name] = ties.get(above, above)
    return name


def _colleagues_are_tied(simulation: Simulation) -> bool:
    (course,) = simulation.courses.values()
    return Trigger.COMPANY_REPLY in course.sequence.stop_on and course.chances.can_reply


def _is_limited(sender: Sender) -> bool:
    """Do people wait for each other because of what it may do?"""
    return bool(sender.freeze) or any(sender.has_limits(action) for action in sender.limits)
