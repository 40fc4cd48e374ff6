"""Servers go away in the middle of sending and come back; what they forgot was never the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from outreach.testing.journey import Journey
from outreach.testing.servers import PostgresServer, RedisServer

Begin = Callable[..., Journey]

PEOPLE = 60


@pytest.fixture
def sending(begin: Begin, new_environ: Callable[[str], dict[str, str]]) -> Journey:
    """Two workers and two schedulers in the middle of their work, on PostgreSQL and Redis."""
    journey = begin(environ=new_environ("postgresql and redis"), people=PEOPLE, batch=10, delay=0.01, lease=6)
    for role in ("worker", "worker", "scheduler", "scheduler"):
        journey.start(role)
    journey.wait_for_mails(10)
    return journey


@pytest.fixture
def redis_that_dies(redis_server: RedisServer) -> Iterator[RedisServer]:
    """It is there again for the next test, whatever happens."""
    yield redis_server
    redis_server.restart()


def test_a_flushed_redis_loses_nothing(sending: Journey, redis_server: RedisServer) -> None:
    for mails in (10, 30, 60):
        sending.wait_for_mails(mails)
        redis_server.flush()

    sending.settle()

    sending.prove(most_unknown=0)


def test_a_restarted_redis_loses_nothing(sending: Journey, redis_that_dies: RedisServer) -> None:
    redis_that_dies.kill()
    before = sending.sink.accepted
    redis_that_dies.start()

    sending.settle()

    sending.prove(most_unknown=0)
    assert before < sending.sink.accepted == 2 * PEOPLE


def test_sending_goes_on_while_redis_is_away(sending: Journey, redis_that_dies: RedisServer) -> None:
    redis_that_dies.kill()

    sending.settle(60)

    sending.prove(most_unknown=0)
    assert sending.sink.accepted == 2 * PEOPLE


def test_a_restarted_postgresql_loses_nothing(sending: Journey, postgres: PostgresServer) -> None:
    for mails in (10, 50):
        sending.wait_for_mails(mails)
        postgres.restart()

    sending.settle(60)

    sending.prove(most_unknown=0)
