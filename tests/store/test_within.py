"""Many values in one parameter."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select, text

from outreach.store.session import Store
from outreach.store.tables import companies
from outreach.store.within import within

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def test_a_column_is_one_of_many_values(store: Store) -> None:
    with store.begin() as connection:
        rows = [{"id": f"c{n}", "name": "x'\"\\", "fields": {}, "created_at": NOW} for n in range(5)]
        connection.execute(companies.insert(), rows)

        found = connection.execute(select(companies.c.id).where(within(companies.c.id, {"c1", "c4", "none"})))
        nobody = connection.execute(select(companies.c.id).where(within(companies.c.id, [])))
        odd = connection.execute(select(companies.c.id).where(within(companies.c.name, ["x'\"\\"])))

        assert set(found.scalars()) == {"c1", "c4"}
        assert list(nobody) == []
        assert len(list(odd)) == 5


def test_it_uses_the_index(store: Store) -> None:
    statement = str(select(companies.c.id).where(within(companies.c.id, ["a"])).compile(store.engine))

    with store.read() as connection:
        if store.is_sqlite:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", ('["a"]',)).all()
            assert any("SEARCH companies" in row[3] for row in plan)
        else:
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            plan = connection.exec_driver_sql(f"EXPLAIN {statement}", {"param_1": ["a"]}).all()
            assert any("Index" in row[0] for row in plan)
