"""Rows read together are the rows read one by one, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select

from outreach.store.bulk import insert_all
from outreach.store.packed import Packed
from outreach.store.session import Store
from outreach.store.tables import addresses, companies, leads
from outreach.store.within import among

NOW = datetime(2026, 3, 2, 7, 0, 0, 123456, tzinfo=UTC)
LEAD = {"source": "test", "status": "new", "pipeline": "default", "stage": "new", "stage_since_at": NOW, "score": 0}


def fill(store: Store) -> None:
    people = [
        {
            "id": f"l{n:03}",
            **LEAD,
            "first_name": 'Ayşe "A" \\ 𝄞' if n % 2 else None,
            "created_at": NOW,
            "updated_at": NOW,
        }
        for n in range(90)
    ]
    for row in people:
        row |= {"tags": ["a", "ü"], "fields": {"size": 3, "deep": {"x": [1.5, None, True]}}}
    kept = [
        {"id": f"a{n:03}", "lead_id": f"l{n:03}", "kind": "email", "value": f"p{n}@example.com", "created_at": NOW}
        | {"is_dead": n % 3 == 0}
        for n in range(90)
    ]
    with store.begin() as connection:
        insert_all(connection, leads, people)
        insert_all(connection, addresses, kept)


def test_every_kind_of_value_comes_back_as_one_by_one(store: Store) -> None:
    fill(store)
    wanted = (
        select(leads, addresses.c.value, addresses.c.is_dead, companies.c.name.label("works_at"))
        .join_from(leads, addresses)
        .outerjoin(companies, leads.c.company_id == companies.c.id)
        .where(among(leads.c.id, "ids"))
        .order_by(leads.c.id)
    )
    asked = {"ids": [f"l{n:03}" for n in range(5, 88)]}

    with store.read() as connection:
        one_by_one = [dict(row) for row in connection.execute(wanted, asked).mappings()]
        together = sorted(Packed(wanted).dicts(connection, asked), key=lambda row: str(row["id"]))

    assert together == one_by_one
    assert len(together) == 83


def test_nothing_is_an_empty_list(store: Store) -> None:
    with store.read() as connection:
        assert Packed(select(leads.c.id)).read(connection, {}) == []
