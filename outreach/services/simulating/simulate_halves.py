"""A long list on two cores: two groups of senders that have nothing to do with each other are simulated side by side.

What comes out is the same as in one process: people keep their sender, and every draw is made from seed, lead and step.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from collections.abc import Callable
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


def _other_half(simulation: Simulation, senders: frozenset[str], until: datetime, out: Connection) -> None:
    simulation.keep_only(senders)
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
    """Does nobody's fate hang on what people of another sender do?"""
    sequence = course.sequence
    lends = any(isinstance(step, TouchStep) and step.sender for step in sequence.steps.values())
    return not lends and (Trigger.COMPANY_REPLY not in sequence.stop_on or not course.chances.can_reply)


def _halves(simulation: Simulation) -> tuple[frozenset[str], frozenset[str]] | None:
    """The senders, in two groups with about as many people; None if there is only one."""
    people = Counter(person.sender.name for person in simulation.record.people)
    if len(people) < 2:
        return None
    groups: tuple[set[str], set[str]] = (set(), set())
    sizes = [0, 0]
    for sender, number in people.most_common():
        smaller = sizes.index(min(sizes))
        groups[smaller].add(sender)
        sizes[smaller] += number
    return frozenset(groups[0]), frozenset(groups[1])
