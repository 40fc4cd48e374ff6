"""Processes die by SIGKILL, at every point of their work and at random; others finish it. Nothing twice, nothing lost.

Most of each story is waiting for a lease to end, so the stories run beside each other, and each test asks for its own.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from outreach.sandbox.smtp_sink import Stage
from outreach.testing.journey import CONNECTIONS, Journey, pause
from outreach.testing.processes import RoleForge, wait_until

KINDS = ("sqlite", "postgresql and redis")
_AT_ONCE = 6


@dataclass(frozen=True, slots=True)
class Story:
    """What happens, the options of the journey it happens on, and for which teams.

    Who is frozen on SQLite may hold the lock of the file, and then nobody else goes on: that is no story to tell.
    """

    tell: Callable[[Journey], None]
    options: Mapping[str, Any] = field(default_factory=dict)
    kinds: tuple[str, ...] = KINDS


def die_at_a_point(journey: Journey, point: str, nth: int, most_unknown: int = CONNECTIONS) -> None:
    doomed = journey.start(die=point, nth=nth)
    journey.wait_until_gone(doomed)

    journey.start()
    journey.settle()

    journey.prove(most_unknown=most_unknown)


def die_on_the_wire(journey: Journey, stage: Stage, nth: int) -> None:
    doomed = journey.start()
    journey.pull_the_plug(doomed, stage, nth)
    journey.wait_until_gone(doomed)

    journey.start()
    journey.settle()

    journey.prove(most_unknown=CONNECTIONS)


def die_at_random(journey: Journey, seed: int) -> None:
    """Two workers die one after the other; then a person decides what nobody could know."""
    for number in (1, 2):
        doomed = journey.start()
        journey.wait_for_mails(number)
        pause((seed * 37 + number * 61) % 100 / 500)
        doomed.kill()

    journey.start()
    journey.settle()
    journey.prove(most_unknown=2 * CONNECTIONS)

    journey.decide()
    journey.settle()
    journey.prove(most_unknown=0)


def freeze(journey: Journey, others: int) -> None:
    """A worker sleeps for longer than its leases, as a suspended machine does, and wakes into a changed world."""
    sleeper = journey.start(die="after the mark", nth=2, by=signal.SIGSTOP)
    journey.wait_for(sleeper.is_frozen)
    for _ in range(others):
        journey.start()
    journey.wait_for(lambda: not journey.states_held_by(sleeper) - {"sent"})
    journey.work()
    sleeper.wake()

    journey.settle()
    journey.prove(most_unknown=CONNECTIONS)


def stop_in_good_order(journey: Journey) -> None:
    """SIGTERM under load: what is on the wire is finished and recorded before the process ends."""
    leaving = journey.start()
    journey.wait_for_mails(5)
    leaving.terminate()
    leaving.wait()

    left = {row["state"] for row in journey.touches()}
    assert left <= {"planned", "claimed", "sent"}, f"{journey.states()}\n{journey.said()}"
    assert "claimed" not in journey.states_held_by(leaving)
    journey.start()
    journey.settle()
    journey.prove(most_unknown=0)


def schedule_and_die(journey: Journey, point: str) -> None:
    """A scheduler dies in the middle of its claim; the one that waited beside it takes over."""
    journey.start()
    doomed = journey.start("scheduler", die=point, nth=2)
    doomed.wait()
    journey.start("scheduler")
    journey.settle()

    journey.prove(most_unknown=0)


def one_leads(journey: Journey) -> None:
    """Of two schedulers one leads; when it is killed the other takes over within seconds."""
    schedulers = {each.pid: each for each in (journey.start("scheduler"), journey.start("scheduler"))}
    first = wait_until(journey.leader, what="a leader")
    assert first
    seen = []
    for _ in range(10):
        pause(0.15)
        seen.append(journey.leader())
    assert set(seen) == {first}

    schedulers.pop(first).kill()
    (second,) = schedulers
    wait_until(lambda: journey.leader() == second, seconds=8, what="another leader")
    journey.start()
    journey.settle()
    journey.prove(most_unknown=0)


STORIES: dict[str, Story] = {
    "before take-over": Story(partial(die_at_a_point, point="before take-over", nth=1, most_unknown=0)),
    "after take-over": Story(partial(die_at_a_point, point="after take-over", nth=1, most_unknown=0)),
    "connected": Story(partial(die_on_the_wire, stage=Stage.CONNECTED, nth=2)),
    "after MAIL": Story(partial(die_on_the_wire, stage=Stage.MAIL, nth=4)),
    "after RCPT": Story(partial(die_on_the_wire, stage=Stage.RCPT, nth=4)),
    "before 354": Story(partial(die_on_the_wire, stage=Stage.DATA, nth=4)),
    "after 354": Story(partial(die_on_the_wire, stage=Stage.GO_AHEAD, nth=4)),
    "inside the mark": Story(partial(die_at_a_point, point="inside the mark", nth=2)),
    "after the mark": Story(partial(die_at_a_point, point="after the mark", nth=2)),
    "first byte of the body": Story(partial(die_on_the_wire, stage=Stage.BODY, nth=4)),
    "in the body": Story(partial(die_at_a_point, point="in the body", nth=3)),
    "after the dot": Story(partial(die_on_the_wire, stage=Stage.DOT, nth=4)),
    "after 250": Story(partial(die_on_the_wire, stage=Stage.ACCEPTED, nth=4)),
    "before the outcome": Story(partial(die_at_a_point, point="before the outcome", nth=2)),
    "inside the outcome": Story(partial(die_at_a_point, point="inside the outcome", nth=2)),
    "after the outcome": Story(partial(die_at_a_point, point="after the outcome", nth=2)),
    **{f"at random {seed}": Story(partial(die_at_random, seed=seed), {"delay": 0.01}) for seed in range(1, 6)},
    "SIGTERM": Story(stop_in_good_order, {"people": 40, "batch": 40, "delay": 0.02, "lease": 15}),
    "frozen alone": Story(partial(freeze, others=0), {"batch": 10}, kinds=KINDS[1:]),
    "frozen beside another": Story(partial(freeze, others=1), {"batch": 10}, kinds=KINDS[1:]),
    "scheduler inside its claim": Story(partial(schedule_and_die, point="inside the claim"), {"lease": 6}),
    "scheduler before it rings": Story(partial(schedule_and_die, point="claimed, not rung"), {"lease": 6}),
    "two schedulers": Story(one_leads, {"lease": 6}),
}


@pytest.fixture(scope="module")
def stories(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    forge: RoleForge,
    new_environ: Callable[[str], dict[str, str]],
) -> Iterator[dict[tuple[str, str], Future[None]]]:
    """Every story that was chosen, under way."""
    chosen = [
        (str(item.callspec.params["kind"]), str(item.callspec.params["story"]))
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.function is test_a_killed_process_costs_nobody_a_mail
    ]
    environs = {each: new_environ(each[0]) for each in chosen}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield {
            each: pool.submit(_tell, tmp_path_factory.mktemp("story"), forge, environs[each], STORIES[each[1]])
            for each in chosen
        }
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize(("story", "kind"), [(name, kind) for name, story in STORIES.items() for kind in story.kinds])
def test_a_killed_process_costs_nobody_a_mail(
    stories: dict[tuple[str, str], Future[None]], kind: str, story: str
) -> None:
    stories[kind, story].result()


def _tell(root: Path, forge: RoleForge, environ: dict[str, str], story: Story) -> None:
    with closing(Journey(root, forge, environ=environ, **story.options)) as journey:
        story.tell(journey)
