"""Rows of one lead given to another, so that they can be given back: tables are found by their column `lead_id`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Table,
    UniqueConstraint,
    and_,
    delete,
    insert,
    select,
    update,
)

from outreach.store.column_types import Instant
from outreach.store.personal_data import OF_LEADS
from outreach.store.tables import crm_links, leads, merges, metadata

Packed = dict[str, Any]
"""A row as JSON holds it."""

_LINKS = "crm_links"


def move(connection: Connection, from_id: str, to_id: str) -> dict[str, Any]:
    """Give every row of one lead to another; what it takes to give them back.

    `moved`: table → keys of rows that moved; `left`: table → rows for which the other lead has its own already.
    """
    moved: dict[str, list[list[Any]]] = {}
    left: dict[str, list[Packed]] = {}
    for table in OF_LEADS:
        _move_rows(connection, table, (from_id, to_id), moved, left)
    _move_links(connection, (from_id, to_id), moved, left)
    return {"moved": moved, "left": left}


def give_back(connection: Connection, from_id: str, to_id: str, what: Mapping[str, Any]) -> None:
    """The opposite of `move`, with what it told. Rows that are gone or went elsewhere meanwhile stay so."""
    for name, keys in what["moved"].items():
        table = metadata.tables[name]
        column = table.c.local_id if name == _LINKS else table.c.lead_id
        for key in keys:
            back = _renamed(key, to_id, from_id) if name == _LINKS else from_id
            connection.execute(update(table).where(*_of_key(table, key, to_id)).values({column: back}))
    for name, rows in what["left"].items():
        connection.execute(insert(metadata.tables[name]), [unpacked(metadata.tables[name], row) for row in rows])


def packed(row: Mapping[Any, Any]) -> Packed:
    """The row with instants as text."""
    return {str(name): each.isoformat() if isinstance(each, datetime) else each for name, each in row.items()}


def unpacked(table: Table, row: Packed) -> dict[str, Any]:
    """The row as the table takes it."""
    instants = {column.name for column in table.c if isinstance(column.type, Instant)}
    return {
        name: datetime.fromisoformat(each) if name in instants and each else each
        for name, each in row.items()
        if name in table.c
    }


def last(connection: Connection, one: str, other: str) -> RowMapping | None:
    """The newest merge of these two that stands, in either order."""
    pair = and_(merges.c.kept_id.in_((one, other)), merges.c.merged_id.in_((one, other)), merges.c.undone_at.is_(None))
    found = connection.execute(select(merges).where(pair).order_by(merges.c.at.desc(), merges.c.id.desc()).limit(1))
    return found.mappings().first()


def later(connection: Connection, merge: RowMapping) -> RowMapping | None:
    """A merge that stands and made the lead that was kept part of another: that one has to be undone first."""
    statement = select(merges).where(merges.c.undone_at.is_(None), merges.c.merged_id == merge["kept_id"])
    return connection.execute(statement).mappings().first()


def of(connection: Connection, lead_id: str) -> list[RowMapping]:
    """Every merge this lead has a part in, the oldest first."""
    statement = select(merges).where((merges.c.kept_id == lead_id) | (merges.c.merged_id == lead_id))
    return list(connection.execute(statement.order_by(merges.c.id)).mappings())


def restore_lead(connection: Connection, row: Packed) -> None:
    """A lead that was merged is there again."""
    connection.execute(insert(leads), [unpacked(leads, row)])


def _move_rows(
    connection: Connection, table: Table, pair: tuple[str, str], moved: dict[str, Any], left: dict[str, Any]
) -> None:
    from_id, to_id = pair
    rows = _rows(connection, table, from_id)
    if not rows:
        return
    staying = _contested(connection, table, pair)
    for row in staying:
        connection.execute(delete(table).where(*_of_key(table, _key(table, row), from_id)))
    connection.execute(update(table).where(table.c.lead_id == from_id).values(lead_id=to_id))
    moved[table.name] = [_key(table, row) for row in rows if row not in staying]
    if staying:
        left[table.name] = [packed(row) for row in staying]


def _contested(connection: Connection, table: Table, pair: tuple[str, str]) -> list[RowMapping]:
    """Rows of the first lead of which the second one has its own already, where a lead may have one only."""
    from_id, to_id = pair
    staying: list[RowMapping] = []
    for columns, where in _unique_with_lead(table):
        taken = {_without(row, columns) for row in _rows(connection, table, to_id, *where)}
        rows = _rows(connection, table, from_id, *where) if taken else []
        staying += [row for row in rows if _without(row, columns) in taken and row not in staying]
    return staying


def _rows(connection: Connection, table: Table, lead_id: str, *where: ColumnElement[bool]) -> Sequence[RowMapping]:
    return connection.execute(select(table).where(table.c.lead_id == lead_id, *where)).mappings().all()


def _unique_with_lead(table: Table) -> Iterator[tuple[tuple[str, ...], list[ColumnElement[bool]]]]:
    """The columns of which a lead has each value once, and for which rows that holds."""
    keys = [tuple(column.name for column in table.primary_key.columns)]
    keys += [tuple(c.name for c in each.columns) for each in table.constraints if isinstance(each, UniqueConstraint)]
    yield from ((key, []) for key in keys if "lead_id" in key)
    for index in table.indexes:
        names = tuple(column.name for column in index.columns)
        if index.unique and "lead_id" in names:
            where = index.dialect_options["sqlite"]["where"]  # the same for both databases
            yield names, [] if where is None else [where]


def _without(row: Mapping[Any, Any], unique: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(row[name] for name in unique if name != "lead_id")


def _key(table: Table, row: Mapping[Any, Any]) -> list[Any]:
    """The values of the primary key, but for the lead."""
    return [row[column.name] for column in table.primary_key.columns if column.name != "lead_id"]


def _of_key(table: Table, key: Sequence[Any], lead_id: str) -> list[Any]:
    if table.name == _LINKS:
        return [column == value for column, value in zip(table.primary_key.columns, key, strict=True)]
    columns = [column for column in table.primary_key.columns if column.name != "lead_id"]
    return [table.c.lead_id == lead_id, *(column == value for column, value in zip(columns, key, strict=True))]


def _move_links(connection: Connection, pair: tuple[str, str], moved: dict[str, Any], left: dict[str, Any]) -> None:
    """Records in CRMs: `<lead id>` and `<lead id>:<pipeline>`. Where both have one, that of the kept lead counts."""
    from_id, to_id = pair
    own = (crm_links.c.local_id == from_id) | crm_links.c.local_id.startswith(f"{from_id}:", autoescape=True)
    for row in connection.execute(select(crm_links).where(own)).mappings().all():
        key = [row["connection"], row["kind"], row["local_id"]]
        wanted = [*key[:2], to_id + row["local_id"].removeprefix(from_id)]
        here = _of_key(crm_links, key, "")
        if connection.execute(select(crm_links.c.kind).where(*_of_key(crm_links, wanted, ""))).first():
            connection.execute(delete(crm_links).where(*here))
            left.setdefault(_LINKS, []).append(packed(row))
        else:
            connection.execute(update(crm_links).where(*here).values(local_id=wanted[2]))
            moved.setdefault(_LINKS, []).append(wanted)


def _renamed(key: Sequence[Any], to_id: str, from_id: str) -> str:
    return from_id + str(key[2]).removeprefix(to_id)
