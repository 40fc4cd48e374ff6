"""Leads as a list that can be imported again, here or by another program."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, TextIO

from outreach.content.expressions import evaluate
from outreach.content.lead_files import neutral
from outreach.domain.lead import AddressKind
from outreach.domain.sender import Sender
from outreach.errors import UsageError
from outreach.services.sending.facts import lead_context
from outreach.store import lead_rows, stops
from outreach.store.session import Store

_CHUNK = 1_000
_PLAIN = ("first_name", "last_name", "title", "language", "timezone", "country", "owner", "source", "score")
_TOLD = ("id", "status", "pipeline", "stage")
_KINDS = tuple(str(kind) for kind in AddressKind)
_NOBODY = Sender(name="")


def write_csv(store: Store, to: TextIO, *, where: str | None, now: datetime) -> int:
    """Every lead `where` is true for, ascending by id; how many. Cells no spreadsheet takes for a formula.

    Reads the list twice, in bounded memory: first for the fields of the team's own that have columns. Several
    addresses of a kind stand in one cell with `; ` between them.
    """
    own: dict[str, None] = {}
    company: dict[str, None] = {}
    for row, _ in _leads(store, where, now):
        own.update(dict.fromkeys(row["leads_fields"] or ()))
        company.update(dict.fromkeys(row["companies_fields"] or ()))
    columns = (*_KINDS, *_PLAIN, *_TOLD, "company", "domain", "tags")
    names = [f"fields.{name}" for name in own] + [f"company.fields.{name}" for name in company]
    writer = csv.writer(to, lineterminator="\n")
    writer.writerow([neutral(name) for name in (*columns, *names)])
    number = 0
    for row, addresses in _leads(store, where, now):
        values = [
            *_values(row, addresses),
            *_fields(row["leads_fields"], own),
            *_fields(row["companies_fields"], company),
        ]
        writer.writerow([neutral(value) for value in values])
        number += 1
    return number


def _leads(store: Store, where: str | None, now: datetime) -> Iterator[tuple[Any, list[Any]]]:
    with store.read() as connection:
        ids = lead_rows.all_ids(connection)
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        with store.read() as connection:
            rows, addresses = lead_rows.load(connection, chunk), stops.addresses_of(connection, chunk)
        for row in rows:
            own = addresses.get(row["leads_id"], [])
            if where is None or _is_wanted(where, row, own, now):
                yield row, own


def _is_wanted(where: str, row: Any, addresses: list[Any], now: datetime) -> bool:
    try:
        return evaluate(where, lead_context(row, addresses, _NOBODY, now))
    except ValueError as error:
        raise UsageError(f"--where: {error}") from None


def _values(row: Any, addresses: list[Any]) -> list[str]:
    by_kind = ["; ".join(each["value"] for each in addresses if each["kind"] == kind) for kind in _KINDS]
    plain = [_text(row[f"leads_{name}"]) for name in (*_PLAIN, *_TOLD)]
    return [*by_kind, *plain, _text(row["companies_name"]), _text(row["companies_domain"]), _text(row["leads_tags"])]


def _fields(values: Mapping[str, Any] | None, names: Mapping[str, None]) -> list[str]:
    return [_text((values or {}).get(name)) for name in names]


def _text(value: object) -> str:
    return "; ".join(map(str, value)) if isinstance(value, list | tuple) else "" if value is None else str(value)
