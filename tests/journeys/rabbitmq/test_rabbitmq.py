"""RabbitMQ carries the nudges: each message once, whoever dies. What it forgets was never the truth.

Most of each story is waiting for a lease to end, so the stories run beside each other, each in a virtual host of its
own; only the one that takes the server away runs alone.
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

from outreach.doorbell import queue_names
from outreach.sandbox.smtp_sink import Stage
from outreach.testing.journey import CONNECTIONS, Journey
from outreach.testing.processes import RoleForge
from outreach.testing.rabbit_server import RabbitServer

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""pika leaves the sockets of connections that the server ended to Python's collector, whenever it comes by."""

Environ = dict[str, str]
ROLES = ("worker", "worker", "scheduler", "scheduler")


@dataclass(frozen=True, slots=True)
class Story:
    """What happens, on which journey, and what is said behind the broker's URL."""

    tell: Callable[[Journey, RabbitServer, str], None]
    options: Mapping[str, Any] = field(default_factory=dict)
    query: str = ""


def share_the_work(journey: Journey, _server: RabbitServer, _url: str) -> None:
    for role in ROLES:
        journey.start(role)
    journey.settle(60)

    journey.prove(most_unknown=0)
    assert len({row["owner"] for row in journey.touches()}) == 2


def die_at_a_point(journey: Journey, _server: RabbitServer, _url: str, point: str, most_unknown: int) -> None:
    """The message it had not confirmed comes back to another worker, which finds the claim taken or gone."""
    doomed = journey.start(die=point, nth=2 if most_unknown else 1)
    journey.wait_until_gone(doomed)

    journey.start()
    journey.settle()

    journey.prove(most_unknown=most_unknown)


def die_on_the_wire(journey: Journey, _server: RabbitServer, _url: str) -> None:
    doomed = journey.start()
    journey.pull_the_plug(doomed, Stage.DOT, 4)
    journey.wait_until_gone(doomed)

    journey.start()
    journey.settle()

    journey.prove(most_unknown=CONNECTIONS)


def sleep_longer_than_a_heartbeat(journey: Journey, _server: RabbitServer, _url: str) -> None:
    """RabbitMQ has closed its connections and given its messages to another when it wakes."""
    sleeper = journey.start(die="after the mark", nth=2, by=signal.SIGSTOP)
    journey.wait_for(sleeper.is_frozen)
    journey.start()
    journey.wait_for(lambda: not journey.states_held_by(sleeper) - {"sent"})
    sleeper.wake()

    journey.settle()

    journey.prove(most_unknown=CONNECTIONS)


def lose_the_queues(journey: Journey, server: RabbitServer, url: str) -> None:
    """They are emptied twice, and then deleted under those who listen."""
    for role in ROLES:
        journey.start(role)
    names = list(queue_names(url).values())
    for mails, forget in ((10, server.purge), (30, server.purge), (60, server.delete)):
        journey.wait_for_mails(mails)
        forget(url, names)

    journey.settle(60)

    journey.prove(most_unknown=0)


def knock_with_a_wrong_password(journey: Journey, _server: RabbitServer, _url: str) -> None:
    """It says so, and works without; the password stays untold."""
    journey.start()
    journey.wait_for_mails(2)

    assert "ACCESS_REFUSED" in journey.said()
    assert "pass-of-sample" not in journey.said()


STORIES: dict[str, Story] = {
    "two workers and two schedulers": Story(share_the_work, {"people": 120, "batch": 20, "lease": 30}),
    "before take-over": Story(partial(die_at_a_point, point="before take-over", most_unknown=0)),
    "after the mark": Story(partial(die_at_a_point, point="after the mark", most_unknown=CONNECTIONS)),
    "after the outcome": Story(partial(die_at_a_point, point="after the outcome", most_unknown=CONNECTIONS)),
    "after the dot": Story(die_on_the_wire),
    "frozen": Story(sleep_longer_than_a_heartbeat, {"batch": 10}, query="?heartbeat=1"),
    "queues lost": Story(lose_the_queues, {"people": 60, "batch": 10, "delay": 0.01, "lease": 4}),
    "wrong password": Story(knock_with_a_wrong_password, {"people": 2}),
}


@pytest.fixture(scope="module")
def rabbit_stories(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    forge: RoleForge,
    rabbitmq: RabbitServer,
    rabbit_environ: Callable[[], Environ],
) -> Iterator[dict[str, Future[None]]]:
    """Every story, under way."""
    environs = {name: rabbit_environ() for name in STORIES}
    with ThreadPoolExecutor(len(STORIES)) as pool:
        yield {
            name: pool.submit(_tell, tmp_path_factory.mktemp("story"), forge, environs[name], story, rabbitmq)
            for name, story in STORIES.items()
        }


@pytest.mark.parametrize("story", STORIES)
def test_with_rabbitmq_too_nothing_is_lost_and_nothing_goes_out_twice(
    rabbit_stories: dict[str, Future[None]], story: str
) -> None:
    rabbit_stories[story].result()


def test_sending_goes_on_while_rabbitmq_is_away_and_after_its_return(
    rabbit_stories: dict[str, Future[None]],
    tmp_path: Path,
    forge: RoleForge,
    rabbitmq: RabbitServer,
    rabbit_environ: Callable[[], Environ],
) -> None:
    """Killed in the middle; one worker leaves in good order meanwhile, held up by nothing it still wanted to say."""
    for told in rabbit_stories.values():
        told.exception()  # the server is theirs until they are over
    environ = rabbit_environ()
    with closing(
        Journey(tmp_path / "journey", forge, environ=environ, people=60, batch=10, delay=0.01, lease=4)
    ) as journey:
        leaving, *_ = [journey.start(role) for role in ROLES]
        journey.wait_for_mails(10)

        rabbitmq.kill()
        before = journey.sink.accepted
        leaving.terminate()
        journey.wait_for_mails(before + 10)
        leaving.wait(20)
        assert journey.states_held_by(leaving) <= {"sent", "planned"}
        rabbitmq.start()
        journey.settle(60)

        journey.prove(most_unknown=0)


def _tell(root: Path, forge: RoleForge, environ: Environ, story: Story, server: RabbitServer) -> None:
    url = environ["OUTREACH_BROKER_URL"]
    said = url.replace("guest@", "pass-of-sample@") if story.tell is knock_with_a_wrong_password else url + story.query
    with closing(Journey(root, forge, environ={**environ, "OUTREACH_BROKER_URL": said}, **story.options)) as journey:
        story.tell(journey, server, url)
