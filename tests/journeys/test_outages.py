"""Servers go away in the middle of sending and come back; what they forgot was never the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from outreach.testing.journey import Journey
from outreach.testing.processes import wait_until
from outreach.testing.servers import PostgresServer, RedisServer

Begin = Callable[..., Journey]

PEOPLE = 60


@pytest.fixture
def sending(begin: Begin, new_environ: Callable[[str], dict[str, str]]) -> Journey:
    """Two workers and two schedulers in the middle of their work, on PostgreSQL and Redis."""
    journey = begin(environ=new_environ("postgresql and redis"), people=PEOPLE, batch=10, delay=0.01, lease=6)
    for role in ("worker", "worker", "scheduler", "scheduler"):
        journey.start(role)
    wait_until(lambda: journey.sink.accepted >= 10, what="the first mails")
    return journey


@pytest.fixture
def redis_that_dies(redis_server: RedisServer) -> Iterator[RedisServer]:
    """It is there again for the next test, whatever happens."""
    yield redis_server
    redis_server.restart()


def test_a_flushed_redis_loses_nothing(sending: Journey, redis_server: RedisServer) -> None:
    for mails in (10, 30, 60):
        wait_until(lambda least=mails: sending.sink.accepted >= least, what="more mails")  # type: ignore[misc]
        redis_server.flush()

    sending.wait_until_settled()

    sending.prove(most_unknown=0)


def test_a_restarted_redis_loses_nothing(sending: Journey, redis_that_dies: RedisServer) -> None:
    redis_that_dies.kill()
    before = sending.sink.accepted
    redis_that_dies.start()

    sending.wait_until_settled()

    sending.prove(most_unknown=0)
    assert before < sending.sink.accepted == 2 * PEOPLE


def test_sending_goes_on_while_redis_is_away(sending: Journey, redis_that_dies: RedisServer) -> None:
    redis_that_dies.kill()

    sending.wait_until_settled(60)

    sending.prove(most_unknown=0)
    assert sending.sink.accepted == 2 * PEOPLE


def test_a_restarted_postgresql_loses_nothing(sending: Journey, postgres: PostgresServer) -> None:
    for mails in (10, 50):
        wait_until(lambda least=mails: sending.sink.accepted >= least, what="more mails")  # type: ignore[misc]
        postgres.restart()

    sending.wait_until_settled(60)

    sending.prove(most_unknown=0)
