"""A real RabbitMQ beside the PostgreSQL of all journeys. `make test-rabbitmq` asks for this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from outreach.doorbell import queue_names
from outreach.testing.rabbit_server import RabbitServer
from outreach.testing.servers import PostgresServer

RabbitEnviron = Callable[[], dict[str, str]]

_numbers = count(1)


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitServer]:
    """One RabbitMQ for the run."""
    server = RabbitServer()
    yield server
    server.stop()


@pytest.fixture
def rabbit_url(rabbitmq: RabbitServer) -> str:
    """The default virtual host, without a queue of ours."""
    rabbitmq.delete(rabbitmq.url, list(queue_names(rabbitmq.url).values()))
    return rabbitmq.url


@pytest.fixture(scope="session")
def rabbit_environ(rabbitmq: RabbitServer, postgres: PostgresServer, postgres_template: str) -> RabbitEnviron:
    """Makes the environment of a team on PostgreSQL and RabbitMQ: an empty database, a virtual host nobody used."""

    def make() -> dict[str, str]:
        url = postgres.create(f"rabbit_{next(_numbers)}", template=postgres_template)
        return {"OUTREACH_DATABASE_URL": url, "OUTREACH_BROKER_URL": rabbitmq.room()}

    return make
