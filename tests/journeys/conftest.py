"""One process to fork roles from, and journeys on both databases."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import redis

from outreach.testing.journey import Journey
from outreach.testing.processes import RoleForge
from outreach.testing.servers import PostgresServer, RedisServer

Begin = Callable[..., Journey]
Environ = Callable[[str], dict[str, str]]

ALONE, TOGETHER = "sqlite", "postgresql and redis"
"""A team that installed nothing, and one that runs the whole."""

_names, _numbers = count(1), count()


@pytest.fixture(scope="session")
def forge() -> Iterator[RoleForge]:
    """Where roles are forked from."""
    started = RoleForge(Path(__file__).with_name("role.py"))
    yield started
    started.close()


@pytest.fixture
def begin(tmp_path: Path, forge: RoleForge) -> Iterator[Begin]:
    """Makes journeys and ends them, roles and all."""
    begun: list[Journey] = []

    def make(**options: Any) -> Journey:
        journey = Journey(tmp_path / f"journey-{len(begun)}", forge, **options)
        begun.append(journey)
        return journey

    yield make
    for journey in begun:
        journey.close()


@pytest.fixture(scope="session")
def new_environ(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Environ:
    """Makes the environment of a new database, and beside PostgreSQL of a Redis that nobody else talks to now."""

    def make(kind: str) -> dict[str, str]:
        name = f"journey_{next(_names)}"
        if kind == ALONE:
            path = tmp_path_factory.mktemp(name) / "outreach.db"
            shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
            return {"OUTREACH_DATABASE_URL": f"sqlite:///{path}"}
        server: PostgresServer = request.getfixturevalue("postgres")
        broker: RedisServer = request.getfixturevalue("redis_server")
        url = server.create(name, template=request.getfixturevalue("postgres_template"))
        return {"OUTREACH_DATABASE_URL": url, "OUTREACH_BROKER_URL": _empty_database(broker)}

    return make


@pytest.fixture(params=[ALONE, TOGETHER])
def environ(request: pytest.FixtureRequest, new_environ: Environ) -> dict[str, str]:
    """The same test for both teams."""
    return new_environ(request.param)


def _empty_database(broker: RedisServer) -> str:
    """The next of the sixteen that a Redis has."""
    url = f"{broker.url.rpartition('/')[0]}/{next(_numbers) % 16}"
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url
