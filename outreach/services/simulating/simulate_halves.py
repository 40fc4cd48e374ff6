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

from outreach.domain.sequence import TouchStep, Trigger
from outreach.errors import OutreachError
from outreach.services.simulating.simulate import Simulation
from outreach.services.simulating.simulate_course import Course

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
    limited = _limited(course)
    return not any(step.sender in limited for step in _touch_steps(course))


def _touch_steps(course: Course) -> list[TouchStep]:
    return [step for step in course.sequence.steps.values() if isinstance(step, TouchStep)]


def _limited(course: Course) -> frozenset[str]:
    """Senders whose people wait for each other, because of what it may do of what they are sent."""
    actions = {step.action for step in _touch_steps(course)}
    names = {*course.sequence.senders, *(step.sender for step in _touch_steps(course) if step.sender)}
    senders = (course.team(name) for name in names)
    return frozenset(each.name for each in senders if each.freeze or any(map(each.has_limits, actions)))


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
    """Those who hang together: the people of a sender with limits, and colleagues whom one reply ends it for."""
    (course,) = simulation.courses.values()
    people, limited = simulation.record.people, _limited(course)
    is_tied = Trigger.COMPANY_REPLY in course.sequence.stop_on and course.chances.can_reply
    own = [person.sender.name if person.sender.name in limited else f"lead {person.number}" for person in people]
    companies = [is_tied and person.known.company_id and f"company {person.known.company_id}" for person in people]
    ties: dict[str, str] = {}
    for name, company in zip(own, companies, strict=True):
        if company:
            ties[_root(ties, company)] = _root(ties, name)
    found: dict[str, list[int]] = {}
    for number, name in enumerate(own):
        found.setdefault(_root(ties, name), []).append(number)
    return found.values()


def _root(ties: dict[str, str], name: str) -> str:
    """The one that stands for all whom this one hangs together with."""
    above = ties.get(name, name)
    while above != name:
        ties[name] = ties.get(above, above)
        name, above = above, ties.get(above, above)
    return name
