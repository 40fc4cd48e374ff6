"""Leads with their company, as the engine reads them: columns named `<table>_<column>`."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import LABEL_STYLE_TABLENAME_PLUS_COL, Connection, RowMapping, select

from outreach.store.tables import companies, leads
from outreach.store.within import within


def all_ids(connection: Connection) -> list[str]:
    """Every lead's id, ascending."""
    return list(connection.execute(select(leads.c.id).order_by(leads.c.id)).scalars())


def load(connection: Connection, lead_ids: Collection[str]) -> list[RowMapping]:
    """These leads, ascending by id."""
    statement = (
        select(leads, companies)
        .join_from(leads, companies, leads.c.company_id == companies.c.id, isouter=True)
        .where(within(leads.c.id, lead_ids))
        .order_by(leads.c.id)
        .set_label_style(LABEL_STYLE_TABLENAME_PLUS_COL)
    )
    return list(connection.execute(statement).mappings())
