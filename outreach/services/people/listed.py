"""The leads a file lists: for enrolling people who were imported before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from outreach.content.csv_rows import BadRow, Row
from outreach.content.lead_files import LeadFile, open_lead_file
from outreach.content.lead_rows import Terms, understand
from outreach.services.sending.engine import Engine
from outreach.store import deliveries


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """`strange` says, by line, why a row names nobody we know."""

    lead_ids: tuple[str, ...]
    strange: tuple[tuple[int, str], ...]


def leads_in(engine: Engine, path: Path) -> Listed:
    """Look every row up by its addresses. Raises ConfigError when it is not a list of leads."""
    file = open_lead_file(path)
    with engine.store.read() as connection:
        found = list(_rows(connection, file))
    return Listed(
        lead_ids=tuple(dict.fromkeys(each for _, each, _ in found if each)),
        strange=tuple((line, why) for line, each, why in found if not each),
    )


def _rows(connection: Connection, file: LeadFile) -> Iterator[tuple[int, str, str]]:
    """(line, lead id, why there is none)"""
    terms = Terms(columns=file.columns, default_source="")
    for row in file.rows():
        if isinstance(row, BadRow):
            yield row.line, "", row.reason
        else:
            yield (row.line, *_look_up(connection, row, terms))


def _look_up(connection: Connection, row: Row, terms: Terms) -> tuple[str, str]:
    try:
        addresses = understand(row.cells, terms).draft.addresses
    except ValueError as error:
        return "", str(error)
    known = deliveries.leads_at(connection, {(each.kind, each.value) for each in addresses})
    if len(known) == 1:
        return known[0], ""
    return "", "several leads have its addresses" if known else "not imported: run `outreach leads import` first"
