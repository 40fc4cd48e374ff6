"""A worker dies by SIGKILL at every point of the send path; a second one finishes. Nothing twice, nothing lost.

Most of each story is waiting for a lease to end, so the stories run beside each other, and each test asks for its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from outreach.sandbox.smtp_sink import Stage
from outreach.testing.journey import CONNECTIONS, Journey
from outreach.testing.processes import RoleForge

Environ = Callable[[str], dict[str, str]]
Story = tuple[str, str, int]

KINDS = ("sqlite", "postgresql and redis")

DEATHS: dict[str, tuple[str | Stage, int]] = {
    "before take-over": ("before take-over", 1),
    "after take-over": ("after take-over", 1),
    "connected": (Stage.CONNECTED, 2),
    "after MAIL": (Stage.MAIL, 4),
    "after RCPT": (Stage.RCPT, 4),
    "before 354": (Stage.DATA, 4),
    "after 354": (Stage.GO_AHEAD, 4),
    "inside the mark": ("inside the mark", 2),
    "after the mark": ("after the mark", 2),
    "first byte of the body": (Stage.BODY, 4),
    "in the body": ("in the body", 3),
    "after the dot": (Stage.DOT, 4),
    "after 250": (Stage.ACCEPTED, 4),
    "before the outcome": ("before the outcome", 2),
    "inside the outcome": ("inside the outcome", 2),
    "after the outcome": ("after the outcome", 2),
}
"""Name → where the worker dies (a stage the server sees, or a point inside the worker), and the how-manieth time."""

BEFORE_ANY_MARK = ("before take-over", "after take-over")

_AT_ONCE = 6


@pytest.fixture(scope="module")
def stories(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, forge: RoleForge, new_environ: Environ
) -> Iterator[dict[tuple[str, str], Future[None]]]:
    """Every story that was chosen, under way."""
    chosen = [
        (str(item.callspec.params["kind"]), str(item.callspec.params["death"]))
        for item in request.session.items
        if getattr(item, "originalname", "") == test_a_killed_worker_costs_nobody_a_mail.__name__
        and isinstance(item, pytest.Function)
    ]
    environs = {each: new_environ(each[0]) for each in chosen}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield {
            (kind, death): pool.submit(_tell, tmp_path_factory.mktemp("story"), forge, environs[kind, death], death)
            for kind, death in chosen
        }
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("death", DEATHS)
def test_a_killed_worker_costs_nobody_a_mail(
    stories: dict[tuple[str, str], Future[None]], kind: str, death: str
) -> None:
    stories[kind, death].result()


def _tell(root: Path, forge: RoleForge, environ: dict[str, str], death: str) -> None:
    with closing(Journey(root, forge, environ=environ)) as journey:
        where, nth = DEATHS[death]
        if isinstance(where, Stage):
            doomed = journey.start()
            journey.pull_the_plug(doomed, where, nth)
        else:
            doomed = journey.start(die=where, nth=nth)
        journey.work_until_gone(doomed)

        journey.start()
        journey.work_until_settled()

        journey.prove(most_unknown=0 if death in BEFORE_ANY_MARK else CONNECTIONS)
