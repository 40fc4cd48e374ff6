"""Companies, each once: by domain, or by name where no domain is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, select, union, update
from sqlalchemy.dialects import postgresql, sqlite

from outreach.domain.lead import Company
from outreach.store import bulk
from outreach.store.tables import companies, company_aliases, enrollments, leads
from outreach.store.within import among, within

Key = tuple[str, str]
"""("domain", domain), or ("name", name)."""

_Row = dict[str, Any]


def key_of(company: Company) -> Key | None:
    """What makes two mentions the same company; None: nothing is known of it."""
    if company.domain:
        return "domain", company.domain
    return ("name", company.name) if company.name else None


def settle(
    connection: Connection, wanted: Iterable[Company], *, fresh_id: Callable[[], str], now: datetime
) -> dict[Key, str]:
    """The id of each company, made if there is none. Missing names and domains are filled, own fields updated.

    A company known by name alone takes the domain that comes with that name. Writers take turns (`leads.take_turns`).
    """
    merged = _merged(wanted)
    aliases = _of_aliases(connection, [name for kind, name in merged if kind == "domain"])
    merged = {key: company for key, company in merged.items() if key not in aliases}
    present = _Present(_find(connection, merged.values()))
    new: dict[str, _Row] = {}
    changed: dict[str, _Row] = {}
    ids: dict[Key, str] = {}
    for key, company in sorted(merged.items(), key=lambda item: item[0]):  # domains first: a name then finds its domain
        row = present.find(company)
        if row is None:
            row = _new_row(company, fresh_id(), now)
            new[row["id"]] = row
        elif _complete(row, company) and row["id"] not in new:
            changed[row["id"]] = row
        present.add(row)
        ids[key] = row["id"]
    _write(connection, list(new.values()), list(changed.values()))
    return ids | aliases | _ids_of_domains(connection, list(new.values()))


def _of_aliases(connection: Connection, domains: Sequence[str]) -> dict[Key, str]:
    """Of these domains, the other names of companies, with the company each belongs to."""
    if not domains:
        return {}
    statement = select(company_aliases.c.domain, company_aliases.c.company_id)
    rows = connection.execute(statement.where(within(company_aliases.c.domain, domains)))
    return {("domain", domain): company_id for domain, company_id in rows}


def add_alias(connection: Connection, company_id: str, domain: str, now: datetime) -> list[str]:
    """That domain is another name of the company; a company that had it becomes part of this one. Whose leads moved."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    row = {"domain": domain, "company_id": company_id, "created_at": now}
    added = dialect.insert(company_aliases).values(**row)
    connection.execute(added.on_conflict_do_update(index_elements=["domain"], set_={"company_id": company_id}))
    statement = select(companies.c.id).where(companies.c.domain == domain, companies.c.id != company_id)
    absorbed = list(connection.execute(statement).scalars())
    for each in absorbed:
        for table in (leads, enrollments, company_aliases):
            connection.execute(update(table).where(table.c.company_id == each).values(company_id=company_id))
        connection.execute(delete(companies).where(companies.c.id == each))
    return absorbed


def list_aliases(connection: Connection) -> list[RowMapping]:
    """Every other domain with its company's name and domain, by domain."""
    statement = select(company_aliases.c.domain.label("alias"), companies.c.id, companies.c.name, companies.c.domain)
    joined = statement.join(companies, companies.c.id == company_aliases.c.company_id)
    return list(connection.execute(joined.order_by(company_aliases.c.domain)).mappings())


class _Present:
    """Companies at hand, by domain and by name."""

    def __init__(self, rows: Iterable[_Row]) -> None:
        self._by_domain: dict[str, _Row] = {}
        self._by_name: dict[str, _Row] = {}
        self._without_domain: dict[str, _Row] = {}
        for row in rows:
            self.add(row)

    def add(self, row: _Row) -> None:
        """Know this company too; of several with one name the first known stays."""
        if row["domain"]:
            self._by_domain.setdefault(row["domain"], row)
        if row["name"]:
            self._by_name.setdefault(row["name"], row)
            if not row["domain"]:
                self._without_domain.setdefault(row["name"], row)

    def find(self, company: Company) -> _Row | None:
        """By domain, then by name; a company that has another domain is another one."""
        if not company.domain:
            return self._by_name.get(company.name)
        row = self._by_domain.get(company.domain) or self._without_domain.get(company.name)
        return row if row and row["domain"] in (None, company.domain) else None


def _merged(wanted: Iterable[Company]) -> dict[Key, Company]:
    merged: dict[Key, Company] = {}
    for company in wanted:
        key = key_of(company)
        if key:
            before = merged.setdefault(key, company)
            if company.fields != before.fields or (company.name and not before.name):
                fields = {**before.fields, **company.fields}
                merged[key] = replace(before, name=before.name or company.name, fields=fields)
    return merged


def _find(connection: Connection, wanted: Iterable[Company]) -> list[_Row]:
    asked = list(wanted)
    if not asked:
        return []
    domains = {company.domain for company in asked if company.domain}
    names = {company.name for company in asked if company.name}
    rows = connection.execute(_FIND, {"domains": list(domains), "names": list(names)})
    columns = tuple(companies.c.keys())
    return [dict(zip(columns, row, strict=True)) for row in rows]


_FIND = (
    select(companies)
    .where(
        companies.c.id.in_(  # two questions, so that each is answered by its own index
            union(
                select(companies.c.id).where(among(companies.c.domain, "domains")),
                select(companies.c.id).where(among(companies.c.name, "names")),
            )
        )
    )
    .order_by(companies.c.id)
    .with_for_update()
)


def _new_row(company: Company, company_id: str, now: datetime) -> _Row:
    fields = dict(company.fields)
    return {"id": company_id, "name": company.name, "domain": company.domain, "fields": fields, "created_at": now}


def _complete(row: _Row, company: Company) -> bool:
    """Fill what is missing in the row; False if nothing was."""
    before = dict(row)
    row["name"] = row["name"] or company.name
    row["domain"] = row["domain"] or company.domain
    row["fields"] = {**(row["fields"] or {}), **company.fields}
    return row != before


def _write(connection: Connection, new: list[_Row], changed: list[_Row]) -> None:
    bulk.insert_missing(connection, companies, new)
    written = [{name: row[name] for name in ("id", "name", "domain", "fields")} for row in changed]
    bulk.update_each(connection, companies, written, where="true")


def _ids_of_domains(connection: Connection, new: Sequence[Mapping[str, Any]]) -> dict[Key, str]:
    """Whose id a new domain has now: ours, or that of somebody who was quicker."""
    domains = {row["domain"] for row in new if row["domain"]}
    if not domains:
        return {}
    statement = select(companies.c.domain, companies.c.id).where(within(companies.c.domain, domains))
    return {("domain", domain): company_id for domain, company_id in connection.execute(statement)}
