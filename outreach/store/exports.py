"""Whole tables, row by row in bounded memory: each page is a short transaction of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import RowMapping, Select, and_, select

from outreach.store.session import Store
from outreach.store.stops import addresses_of
from outreach.store.tables import companies, crm_jobs, crm_links, enrollments, events, leads, revisions, touches

_PAGE = 1_000


def touch_rows(store: Store) -> Iterator[RowMapping]:
    """Every touch in the order of birth, with the number of its revision."""
    statement = select(touches, revisions.c.number.label("revision")).outerjoin(
        revisions, revisions.c.id == touches.c.revision_id
    )
    return _paged(store, statement, touches.c.id, "")


def enrollment_rows(store: Store) -> Iterator[RowMapping]:
    """Every enrollment in the order of birth, with the number of its revision."""
    statement = select(enrollments, revisions.c.number.label("revision")).outerjoin(
        revisions, revisions.c.id == enrollments.c.revision_id
    )
    return _paged(store, statement, enrollments.c.id, "")


def event_rows(store: Store, *, after: int = 0) -> Iterator[RowMapping]:
    """Every event with a number above `after`, in that order."""
    return _paged(store, select(events), events.c.number, after)


def job_rows(store: Store) -> Iterator[RowMapping]:
    """The CRM work list from its beginning, each job with the remote record of its lead where it is known."""
    statement = select(crm_jobs, crm_links.c.remote_id, crm_links.c.url).outerjoin(
        crm_links,
        and_(
            crm_links.c.connection == crm_jobs.c.connection,
            crm_links.c.kind == "person",
            crm_links.c.local_id == crm_jobs.c.lead_id,
        ),
    )
    return _paged(store, statement, crm_jobs.c.number, 0)


def lead_rows(store: Store) -> Iterator[tuple[RowMapping, list[RowMapping]]]:
    """Every lead with its company's name and domain, and its addresses."""
    statement = select(
        leads, companies.c.name.label("company_name"), companies.c.domain.label("company_domain")
    ).outerjoin(companies, companies.c.id == leads.c.company_id)
    after = ""
    while True:
        with store.read() as connection:
            page = _page(connection, statement, leads.c.id, after)
            own = addresses_of(connection, [row["id"] for row in page])
        yield from ((row, own.get(row["id"], [])) for row in page)
        if len(page) < _PAGE:
            return
        after = page[-1]["id"]


def _paged(store: Store, statement: Select[Any], key: Any, after: Any) -> Iterator[RowMapping]:
    while True:
        with store.read() as connection:
            page = _page(connection, statement, key, after)
        yield from page
        if len(page) < _PAGE:
            return
        after = page[-1][key.name]


def _page(connection: Any, statement: Select[Any], key: Any, after: Any) -> list[RowMapping]:
    ordered = statement.where(key > after).order_by(key).limit(_PAGE)
    return list(connection.execute(ordered).mappings())
