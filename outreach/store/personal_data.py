"""Everything the database holds about one person, wherever it lies: to be shown to them, and to be deleted.

Tables are found by their column `lead_id`, so that a new one is not forgotten.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    Table,
    bindparam,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy import delete as sql_delete

from outreach.domain.lead import Address
from outreach.domain.suppression import Scope, address_value
from outreach.store.tables import crm_links, deliveries, events, leads, merges, metadata, suppressions, touches
from outreach.store.within import within

Rows = list[dict[str, Any]]

OF_LEADS: tuple[Table, ...] = tuple(table for table in metadata.sorted_tables if "lead_id" in table.c)


def everything(connection: Connection, lead_id: str, addresses: Collection[Address]) -> dict[str, Rows]:
    """Table → the rows that are about this person, raw deliveries among them."""
    found = {table.name: _rows(connection, table, table.c.lead_id == lead_id) for table in OF_LEADS}
    found["suppressions"] = _rows(connection, suppressions, _suppressed(lead_id, addresses))
    found["crm_links"] = _rows(connection, crm_links, _linked(lead_id))
    found["merges"] = _rows(connection, merges, or_(merges.c.kept_id == lead_id, merges.c.merged_id == lead_id))
    found["deliveries"] = _rows(
        connection, deliveries, within(deliveries.c.id, _deliveries(connection, found["events"]))
    )
    return {name: rows for name, rows in found.items() if rows}


def records(connection: Connection, lead_id: str) -> Rows:
    """The records of this person in CRMs, deals that bear their name among them: connection, kind, remote_id, url."""
    return _rows(connection, crm_links, _linked(lead_id) & crm_links.c.kind.in_(("person", "deal")))


def owner_of(connection: Connection, lead_id: str) -> str:
    """Whose lead it is; empty where nobody is named."""
    return connection.execute(select(leads.c.owner).where(leads.c.id == lead_id)).scalar() or ""


def on_the_wire(connection: Connection, lead_id: str) -> bool:
    """Is a message to them being handed over at this moment?"""
    statement = select(touches.c.id).where(touches.c.lead_id == lead_id, touches.c.state == "handed_over")
    return connection.execute(statement.limit(1)).first() is not None


def delete(connection: Connection, lead_id: str, addresses: Collection[Address]) -> int:
    """Delete the person; how many raw deliveries were emptied. One that is not understood yet stays until it is."""
    own = _rows(connection, events, events.c.lead_id == lead_id)
    emptied = _empty(connection, {*_deliveries(connection, own), *_mentioning(connection, addresses)})
    connection.execute(sql_delete(suppressions).where(_suppressed(lead_id, addresses)))
    connection.execute(sql_delete(crm_links).where(_linked(lead_id)))
    connection.execute(sql_delete(merges).where(or_(merges.c.kept_id == lead_id, merges.c.merged_id == lead_id)))
    for table in reversed(OF_LEADS):
        connection.execute(sql_delete(table).where(table.c.lead_id == lead_id))
    connection.execute(sql_delete(leads).where(leads.c.id == lead_id))
    return emptied


def _rows(connection: Connection, table: Table, where: ColumnElement[bool]) -> Rows:
    statement = select(table).where(where).order_by(*table.primary_key.columns)
    return [dict(row) for row in connection.execute(statement).mappings()]


def _suppressed(lead_id: str, addresses: Collection[Address]) -> ColumnElement[bool]:
    own = [address_value(each.kind, each.value) for each in addresses]
    of_lead = (suppressions.c.scope == Scope.LEAD) & (suppressions.c.value == lead_id)
    return of_lead | ((suppressions.c.scope == Scope.ADDRESS) & within(suppressions.c.value, own))


def _linked(lead_id: str) -> ColumnElement[bool]:
    return or_(crm_links.c.local_id == lead_id, crm_links.c.local_id.startswith(f"{lead_id}:", autoescape=True))


def _deliveries(connection: Connection, own: Sequence[dict[str, Any]]) -> set[str]:
    return {row["delivery_id"] for row in own if row["delivery_id"]}


def _mentioning(connection: Connection, addresses: Collection[Address]) -> set[str]:
    """Deliveries in which an address stands as it is; this reads all of them."""
    found: set[str] = set()
    for each in addresses:
        wanted = literal(each.value.encode(), LargeBinary())
        statement = select(deliveries.c.id).where(_place(connection, wanted) > 0)
        found.update(connection.execute(statement).scalars())
    return found


def _place(connection: Connection, wanted: ColumnElement[bytes]) -> ColumnElement[int]:
    """Where the bytes stand in a delivery's body, from 1; 0: nowhere."""
    is_sqlite = connection.dialect.name == "sqlite"
    place: ColumnElement[int] = (
        func.instr(deliveries.c.body, wanted) if is_sqlite else func.position(wanted.op("IN")(deliveries.c.body))
    )
    return place


def _empty(connection: Connection, ids: Collection[str]) -> int:
    """Body, headers and address line go; the key stays, so that a repeat is still known as one."""
    statement = update(deliveries).where(within(deliveries.c.id, ids), deliveries.c.state != bindparam("waiting"))
    changed = connection.execute(statement.values(body=b"", headers={}, url="", error=None), {"waiting": "stored"})
    return changed.rowcount
