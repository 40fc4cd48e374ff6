"""Each table that holds rows of leads is merged, parted and erased with them, whatever it is called."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Connection, Integer, Table, insert, select

from outreach.services.people.erase import erase
from outreach.services.people.merge_leads import merge, part
from outreach.store.column_types import Instant
from outreach.store.tables import audit, facts, leads, merges, metadata
from outreach.testing.field import Field

OF_LEADS = [table for table in metadata.sorted_tables if "lead_id" in table.c]
NAMES = [table.name for table in OF_LEADS]
ONE_EACH = {"crm_records", "rests", "rule_scores"}
"""Of these a lead has one row, or one for each connection: the kept lead's own counts."""

State = dict[str, list[dict[str, Any]]]


class Rows:
    """Rows of every table for one lead, in which each text says whose it is."""

    def __init__(self, field: Field, connection: Connection, lead_id: str, mark: str) -> None:
        self._now, self._connection = field.clock.now(), connection
        self._lead_id, self._mark = lead_id, mark
        self._made: dict[str, str] = {}

    def fill(self) -> None:
        """Two rows in each table, one where a lead may have no more."""
        for table in OF_LEADS:
            for number in range(1 if table.name in ONE_EACH else 2):
                self._connection.execute(insert(table).values(self._row(table, number)))

    def _row(self, table: Table, number: int) -> dict[str, Any]:
        numbered = table.c.number if "number" in table.c else None
        row = {each.name: self._value(table, each, number) for each in table.c if each is not numbered}
        return row | {name: value for name, value in self._fixed(table, number).items() if name in table.c}

    def _value(self, table: Table, column: Any, number: int) -> Any:
        if column.foreign_keys and column.name != "lead_id":
            target = next(iter(column.foreign_keys)).column.table.name
            return self._made.get(f"{target}{number}")
        if isinstance(column.type, Instant):
            return self._now + timedelta(seconds=number)
        if isinstance(column.type, Boolean):
            return False
        if isinstance(column.type, Integer):
            return number
        if isinstance(column.type, JSON):
            return {"said": self._mark}
        return f"{self._mark} {number}"[: getattr(column.type, "length", None)]

    def _fixed(self, table: Table, number: int) -> dict[str, Any]:
        """What has to be as it is: states, and what only one row may have."""
        own_id = f"{self._mark}-{table.name}-{number}"[:64]
        self._made[f"{table.name}{number}"] = own_id
        state = {"enrollments": "finished", "touches": "sent", "crm_jobs": "done", "proposals": "proposed"}
        shared = {"proposals": {"finding": f"f{number}"}, "crm_records": {"connection": "team"}}
        ids = {"id": own_id} if "id" in table.c else {}
        return {
            "lead_id": self._lead_id,
            "state": state.get(table.name, "open"),
            "kind": "email",
            **ids,
            **shared.get(table.name, {}),
            "revision_id": self._made.get("revision", ""),
        }

    def of_revision(self, revision_id: str) -> Rows:
        self._made["revision"] = revision_id
        return self


@pytest.fixture
def pair(field: Field) -> tuple[str, str]:
    """Two leads with rows in every table."""
    kept, merged = field.add_lead("kept@one.example"), field.add_lead("merged@one.example")
    with field.app.store.begin() as connection:
        revision = connection.execute(select(metadata.tables["revisions"].c.id).limit(1)).scalar_one()
        Rows(field, connection, kept, "kept-words").of_revision(revision).fill()
        Rows(field, connection, merged, "merged-words").of_revision(revision).fill()
    return kept, merged


def state(field: Field) -> State:
    left_out = (audit, merges, facts)
    with field.app.store.read() as connection:
        return {
            table.name: [
                {name: value for name, value in row.items() if (table.name, name) != ("leads", "updated_at")}
                for row in connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
            ]
            for table in metadata.sorted_tables
            if table not in left_out
        }


def of(found: State, table: str, lead_id: str) -> list[dict[str, Any]]:
    return [row for row in found[table] if row["lead_id"] == lead_id]


def test_a_merge_moves_the_rows_of_every_table_and_parting_gives_each_back(field: Field, pair: tuple[str, str]) -> None:
    kept, merged = pair
    before = state(field)
    assert [name for name in NAMES if not of(before, name, merged) or not of(before, name, kept)] == []

    merge(field.engine, kept, merged, by="anna")

    after = state(field)
    assert [name for name in NAMES if of(after, name, merged)] == []
    assert {name: len(of(after, name, kept)) for name in NAMES} == {name: _together(before, name) for name in NAMES}
    assert "merged-words" not in str([of(after, name, kept) for name in ONE_EACH])
    part(field.engine, kept, merged, by="anna")
    assert state(field) == before


def _together(before: State, name: str) -> int:
    """Open proposals of the same finding count once, as do tables in which a lead has one row."""
    rows = len(before[name])
    return {"proposals": 2}.get(name, 1 if name in ONE_EACH else rows)


def test_a_proposal_that_was_decided_moves_beside_one_of_the_same_finding(field: Field, pair: tuple[str, str]) -> None:
    kept, merged = pair
    proposals = metadata.tables["proposals"]
    with field.app.store.begin() as connection:
        connection.execute(proposals.update().where(proposals.c.lead_id == merged).values(state="dismissed"))
    before = state(field)

    merge(field.engine, kept, merged, by="anna")

    assert len(field.rows(proposals, lead_id=kept)) == 4
    part(field.engine, kept, merged, by="anna")
    assert state(field) == before


def test_erasing_leaves_no_row_and_no_word_of_the_lead_in_any_table(field: Field, pair: tuple[str, str]) -> None:
    kept, merged = pair
    before = state(field)

    erase(field.engine, merged, by="anna")

    after = state(field)
    assert [name for name in NAMES if of(after, name, merged)] == []
    assert {name: of(after, name, kept) for name in NAMES} == {name: of(before, name, kept) for name in NAMES}
    assert "merged-words" not in str(after)
    assert "merged@one.example" not in str(after)


def test_erasing_a_lead_after_a_merge_leaves_nothing_of_either(field: Field, pair: tuple[str, str]) -> None:
    kept, merged = pair
    merge(field.engine, kept, merged, by="anna")

    erase(field.engine, kept, by="anna")

    after = state(field)
    assert [name for name in NAMES if after[name]] == []
    assert field.rows(merges) == []
    assert field.rows(leads) == []
    assert "-words" not in str(after)
