"""Migrations make exactly the tables of `tables.py`, on both databases, whoever comes first."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from threading import Barrier

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, insert, select, text

from outreach.errors import StoreError
from outreach.store import migrate
from outreach.store.session import Store, open_store
from outreach.store.tables import facts, metadata
from outreach.testing.servers import PostgresServer

_numbers = count(1)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = f"empty_{next(_numbers)}"
    yield server.create(name)
    server.drop(name)


@pytest.fixture
def empty(empty_url: str) -> Iterator[Engine]:
    store = open_store(empty_url)
    yield store.engine
    store.dispose()


def test_migrations_make_exactly_the_tables(store: Store) -> None:
    with store.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})

        difference = compare_metadata(context, metadata)

    assert difference == [], "tables.py changed; before the first release run: make first-migration"


def test_indexes_come_out_as_declared_with_their_conditions(empty: Engine) -> None:
    metadata.create_all(empty)
    declared = _indexes(empty)
    metadata.drop_all(empty)

    migrate.upgrade(empty)

    assert {name: made for name, made in _indexes(empty).items() if "alembic" not in name} == declared
    assert any(" WHERE " in definition for definition in declared.values())


def test_upgrade_can_be_repeated_and_keeps_what_is_there(store: Store) -> None:
    with store.begin() as connection:
        connection.execute(insert(facts).values(name="kept", value=1))

    migrate.upgrade(store.engine)

    with store.read() as connection:
        assert connection.scalar(select(facts.c.value).where(facts.c.name == "kept")) == 1


def test_an_empty_database_names_the_command_that_makes_its_tables(empty: Engine) -> None:
    assert migrate.current(empty) is None

    with pytest.raises(StoreError, match="outreach db upgrade"):
        migrate.check(empty)


def test_a_database_behind_names_the_command_and_both_revisions(empty: Engine) -> None:
    migrate.upgrade(empty)
    _pretend(empty, None)

    with pytest.raises(StoreError, match="outreach db upgrade"):
        migrate.check(empty)


def test_a_database_of_a_newer_program_is_left_alone(empty: Engine) -> None:
    migrate.upgrade(empty)
    _pretend(empty, "9999")

    for refused in (migrate.check, migrate.upgrade, migrate.prepare):
        with pytest.raises(StoreError, match="newer") as caught:
            refused(empty)
        assert "outreach db upgrade" in str(caught.value)
    assert migrate.current(empty) == "9999"


def test_at_start_sqlite_upgrades_itself_and_postgresql_asks(empty: Engine) -> None:
    if empty.dialect.name == "sqlite":
        migrate.prepare(empty)
        assert migrate.current(empty) == migrate.newest()
        return

    with pytest.raises(StoreError, match="outreach db upgrade"):
        migrate.prepare(empty)
    migrate.upgrade(empty)
    migrate.prepare(empty)


def test_processes_that_start_together_upgrade_once(empty_url: str) -> None:
    stores = [open_store(empty_url) for _ in range(4)]
    together = Barrier(len(stores))

    def start(store: Store) -> None:
        together.wait()
        migrate.upgrade(store.engine)

    with ThreadPoolExecutor(len(stores)) as pool:
        list(pool.map(start, stores))

    for store in stores:
        migrate.check(store.engine)
        store.dispose()


def _pretend(engine: Engine, revision: str | None) -> None:
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
        if revision:
            connection.execute(text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": revision})


def _indexes(engine: Engine) -> dict[str, str]:
    statement = (
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        if engine.dialect.name == "sqlite"
        else "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    )
    with engine.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(text(statement))}
