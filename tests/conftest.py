"""Fixtures every area shares: a movable clock, both databases, and a real Redis."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from outreach.clock import MovableClock
from outreach.store import migrate
from outreach.store.session import Store, open_store
from outreach.testing.servers import PostgresServer, RedisServer

_numbers = count(1)

_MEMORY = Path("/dev/shm")
_ROOM = 3_000_000_000
"""Bytes that must be free there; containers often have 64 MB. A run needs less than a tenth of it."""

if (
    "PYTEST_DEBUG_TEMPROOT" not in os.environ
    and os.access(_MEMORY, os.W_OK)
    and shutil.disk_usage(_MEMORY).free > _ROOM
):
    os.environ["PYTEST_DEBUG_TEMPROOT"] = str(_MEMORY)  # tmp_path is there: a commit does not wait for a disk

sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
"""Some images set it. The suite starts the program some hundred times, and each would compile every module anew."""

Makereport = Generator[None, pytest.TestReport, pytest.TestReport]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-skips", action="store_true", help="a skipped test fails the run")
    parser.addoption("--rabbitmq", action="store_true", help="run what needs the system's RabbitMQ as well")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """RabbitMQ comes with no wheel: its tests are a run of their own, in which a missing server is a failure."""
    return True if collection_path.name == "rabbitmq" and not config.getoption("--rabbitmq") else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Journeys first: where files run side by side, the long ones must not be left for the end."""
    items.sort(key=lambda item: "journeys" not in item.path.parts)


def pytest_collection_finish() -> None:
    """What was imported and collected stays: it is not looked at again, and garbage is looked for more seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Makereport:
    """With --no-skips, `skipped` becomes `failed`; expected failures stay what they are."""
    report = yield
    if item.config.getoption("--no-skips") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and --no-skips forbids it: {report.longrepr}"
    return report


@pytest.fixture
def clock() -> MovableClock:
    """A Monday morning, 07:00 UTC; it moves only when told to."""
    return MovableClock(datetime(2026, 3, 2, 7, 0, tzinfo=UTC))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One PostgreSQL for the run; `postgres.kill()` and `postgres.start()` when a test needs an outage."""
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> str:
    """The name of a database with every table, to copy from."""
    name = "outreach_template"
    _migrate(postgres.create(name))
    return name


@pytest.fixture(scope="session")
def postgres_shape(postgres: PostgresServer, postgres_template: str) -> str:
    return postgres.shape(postgres_template)


@pytest.fixture(scope="session")
def spare_databases() -> list[str]:
    """Databases that served a test and were emptied."""
    return []


@pytest.fixture
def postgres_url(
    postgres: PostgresServer, postgres_template: str, postgres_shape: str, spare_databases: list[str]
) -> Iterator[str]:
    """A PostgreSQL database with every table and no row."""
    if spare_databases:
        name = spare_databases.pop()
    else:
        name = f"test_{next(_numbers)}"
        postgres.create(name, template=postgres_template)
    yield postgres.url(name)
    if postgres.emptied(name, shape=postgres_shape):
        spare_databases.append(name)
    else:
        postgres.drop(name)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "outreach.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_template: Path) -> str:
    """A fresh SQLite file with every table and no row."""
    path = tmp_path / "outreach.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The same test on both databases."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An open store with every table and no row, on both databases."""
    opened = open_store(database_url)
    yield opened
    opened.dispose()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """One Redis for the run; `kill`, `start`, `restart` and `flush` when a test needs an outage."""
    server = RedisServer()
    yield server
    server.stop()


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """An empty Redis."""
    redis_server.flush()
    return redis_server.url


def _migrate(url: str) -> None:
    fresh = open_store(url)
    migrate.upgrade(fresh.engine)
    fresh.dispose()
