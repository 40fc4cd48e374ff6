"""Other domains of a company: `example.com` and `example.de` are one firm, for limits, replies and suppressions."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from outreach.content.addresses import registrable_domain
from outreach.domain.suppression import Scope, SuppressionReason
from outreach.errors import UsageError
from outreach.services.hearing import find
from outreach.services.hearing.stop import suppress_within
from outreach.services.sending.engine import Engine
from outreach.services.watching.plain import plain
from outreach.store import audit, companies, leads, stops


def add(engine: Engine, company: str, domain: str, *, by: str) -> int:
    """That domain is the company's too; how many companies became part of it. Raises UsageError for free mail.

    A suppression of a company that became part covers the whole from then on.
    """
    company_id = find.target(engine, "company", company).value
    name = registrable_domain(domain.strip().removeprefix("@"))
    if name is None:
        raise UsageError(f"'{domain}' is no domain of a company. Write it as example.com; free mail is nobody's.")
    return engine.store.write(lambda connection: _add(connection, engine, company_id, name, by=by))


def _add(connection: Connection, engine: Engine, company_id: str, domain: str, *, by: str) -> int:
    engine.store.lock_wide_stop(connection)
    leads.take_turns(connection)
    now = engine.clock.now()
    absorbed = companies.add_alias(connection, company_id, domain, now)
    found = stops.suppressed(connection, [(Scope.COMPANY, each) for each in (company_id, *absorbed)])
    for reason in list(found.values())[:1]:
        told = {"detail": f"with {domain}", "by": by}
        suppress_within(connection, engine, Scope.COMPANY, company_id, reason=SuppressionReason(reason), **told)
    data = {"domain": domain, "absorbed": absorbed}
    audit.write(connection, now=now, actor=by, action="alias", subject=f"company:{company_id}", data=data)
    return len(absorbed)


def listed(engine: Engine) -> list[dict[str, Any]]:
    """Every other domain: alias, and id, name and domain of its company."""
    with engine.store.read() as connection:
        found: list[dict[str, Any]] = plain(companies.list_aliases(connection))
        return found
