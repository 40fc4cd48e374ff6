"""Many rows in one statement, alike on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from outreach.domain.touch import TouchState
from outreach.store.bulk import insert_all, insert_missing, update_each
from outreach.store.session import Store
from outreach.store.tables import companies, leases

NOW = datetime(2026, 3, 2, 7, 0, 0, 123456, tzinfo=UTC)


def row(name: str, owner: str, fence: int = 1) -> dict[str, Any]:
    return {"name": name, "owner": owner, "fence": fence, "expires_at": NOW}


def kept(store: Store) -> dict[str, tuple[str, int, datetime]]:
    with store.read() as connection:
        return {each.name: (each.owner, each.fence, each.expires_at) for each in connection.execute(select(leases))}


def test_rows_come_back_as_they_went_in(store: Store) -> None:
    odd = 'it\'s "odd" \\ %s :x ı 𝄞'

    with store.begin() as connection:
        insert_all(connection, leases, [row("a", odd), row("b", TouchState.SENT, 7)])

    assert kept(store) == {"a": (odd, 1, NOW), "b": ("sent", 7, NOW)}


def test_what_is_there_is_left_alone(store: Store) -> None:
    with store.begin() as connection:
        insert_missing(connection, leases, [row("a", "first")])
        insert_missing(connection, leases, [row("a", "second"), row("b", "second")])

    assert {name: values[0] for name, values in kept(store).items()} == {"a": "first", "b": "second"}


def test_a_broken_key_is_an_error_where_nothing_may_be_left_out(store: Store) -> None:
    with store.begin() as connection:
        insert_all(connection, leases, [row("a", "first")])

    with pytest.raises(IntegrityError), store.begin() as connection:
        insert_all(connection, leases, [row("a", "second")])


def test_a_row_is_found_by_every_column_of_its_key(store: Store) -> None:
    with store.begin() as connection:
        insert_all(
            connection, companies, [{"id": f"c{n}", "name": "old", "created_at": NOW, "fields": {}} for n in range(2)]
        )
        rows = [{"id": "c0", "name": "old"}, {"id": "c1", "name": "another"}]

        written = update_each(
            connection,
            companies,
            rows,
            where="companies.domain IS NULL",
            key=("id", "name"),
            also="domain = 'a.example'",
        )

    assert written == {"c0"}


def test_nothing_is_written_for_no_rows(store: Store) -> None:
    with store.begin() as connection:
        insert_all(connection, leases, [])
        written = update_each(connection, leases, [], where="leases.fence = 1")

    assert written == set()


def test_only_rows_that_meet_the_condition_are_written(store: Store) -> None:
    later = NOW + timedelta(days=1)
    with store.begin() as connection:
        insert_all(
            connection, companies, [{"id": f"c{n}", "name": f"n{n}", "created_at": NOW, "fields": {}} for n in range(3)]
        )
        changes = [{"id": f"c{n}", "domain": f"d{n}.example", "created_at": later} for n in range(4)]

        written = update_each(connection, companies, changes, where="companies.name <> 'n1'")

        found = connection.execute(select(companies.c.id, companies.c.domain, companies.c.created_at)).all()
    assert written == {"c0", "c2"}
    assert sorted(map(tuple, found)) == [("c0", "d0.example", later), ("c1", None, NOW), ("c2", "d2.example", later)]


def test_of_many_rows_each_is_written_once(store: Store) -> None:
    rows = [{"id": f"c{n:03}", "name": f"n{n}", "created_at": NOW, "fields": {"n": n}} for n in range(215)]

    with store.begin() as connection:
        assert insert_missing(connection, companies, rows) == 215
        assert insert_missing(connection, companies, rows) == 0
        renamed = [{"id": row["id"], "name": f"new {row['name']}"} for row in rows]
        assert update_each(connection, companies, renamed, where="true") == {row["id"] for row in rows}

    with store.read() as connection:
        found = dict(connection.execute(select(companies.c.name, companies.c.fields)).all())
    assert found == {f"new n{n}": {"n": n} for n in range(215)}


def test_where_some_rows_are_not_found_the_others_are_written_and_told(store: Store) -> None:
    rows = [{"id": f"c{n:03}", "name": "old", "created_at": NOW, "fields": {}} for n in range(30)]
    with store.begin() as connection:
        insert_all(connection, companies, rows)

    with store.begin() as connection:
        wanted = [{"id": f"c{n:03}", "name": "new"} for n in range(10, 50)]
        written = update_each(connection, companies, wanted, where="companies.id <> 'c015'")

    assert written == {f"c{n:03}" for n in range(10, 30)} - {"c015"}
    with store.read() as connection:
        kept = connection.execute(select(companies.c.id, companies.c.name)).all()
    assert {each for each, name in kept if name == "new"} == written
