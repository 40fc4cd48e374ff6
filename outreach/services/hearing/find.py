"""Whom somebody means who writes an id, an address, a domain or a name."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlalchemy import Connection, or_, select

from outreach.content.addresses import candidates
from outreach.content.suggestions import did_you_mean
from outreach.domain.lead import AddressKind
from outreach.domain.suppression import Scope, address_value
from outreach.errors import UsageError
from outreach.services.hearing.stop import Target, Width
from outreach.services.sending.engine import Engine
from outreach.store import deliveries, stops
from outreach.store.tables import companies, leads, senders, sequences

_DOMAIN = re.compile(r"(?=.{3,253}$)([\w-]{1,63}\.)+[\w-]{2,63}")


def lead(engine: Engine, text: str) -> str:
    """The id of the one lead with that id or address. Raises UsageError when there is none, or several."""
    with engine.store.read() as connection:
        return _lead(connection, text)


def leads_of(engine: Engine, texts: Iterable[str]) -> list[str]:
    """The same for several; the first that is not found raises."""
    with engine.store.read() as connection:
        return [_lead(connection, text) for text in texts]


def target(engine: Engine, width: str, value: str) -> Target:
    """What a pause, resume or removal is about. Raises UsageError for names nobody has."""
    with engine.store.read() as connection:
        return Target(width=Width(width), value=_target_value(connection, engine, Width(width), value))


def suppressible(engine: Engine, who: str, *, scope: str | None = None) -> tuple[Scope, str]:
    """What a suppression of `who` is about: an address, a domain, a company or a lead. Raises UsageError."""
    if scope is not None and scope not in set(Scope):
        raise UsageError(f"'{scope}' is no scope. {did_you_mean(scope, set(Scope))}".strip())
    with engine.store.read() as connection:
        return _suppressible(connection, who.strip(), Scope(scope) if scope else None)


def _lead(connection: Connection, text: str) -> str:
    wanted = text.strip()
    if connection.execute(select(leads.c.id).where(leads.c.id == wanted)).scalar():
        return wanted
    found = deliveries.leads_at(connection, {(each.kind, each.value) for each in candidates(wanted)})
    if len(found) > 1:
        raise UsageError(f"'{text}' belongs to several leads. Name one by its id: {', '.join(found)}.")
    if not found:
        raise UsageError(f"there is no lead '{text}'. Write its id or one of its addresses; see: outreach leads list")
    return found[0]


def _company(connection: Connection, text: str) -> str:
    wanted = text.strip()
    statement = select(companies.c.id).where(
        or_(companies.c.id == wanted, companies.c.domain == wanted.lower(), companies.c.name == wanted)
    )
    found: list[str] = sorted(set(connection.execute(statement).scalars()))
    if len(found) > 1:
        raise UsageError(f"'{text}' names several companies. Name one by its id: {', '.join(found)}.")
    if not found:
        raise UsageError(f"there is no company '{text}'. Write its id, its domain or its name.")
    return found[0]


def _target_value(connection: Connection, engine: Engine, width: Width, value: str) -> str:
    match width:
        case Width.ALL:
            return ""
        case Width.LEAD:
            return _lead(connection, value)
        case Width.COMPANY:
            return _company(connection, value)
        case Width.DOMAIN:
            return _domain(value)
        case Width.SEQUENCE | Width.SENDER:
            return _name(connection, engine, width, value)


def _name(connection: Connection, engine: Engine, width: Width, value: str) -> str:
    if width is Width.SEQUENCE:
        known = set(connection.execute(select(sequences.c.name)).scalars())
    else:
        known = set(connection.execute(select(senders.c.name)).scalars()) | set(engine.senders)
    paused = {row["value"] for row in stops.paused(connection) if row["scope"] == width}
    if value not in known | paused:
        raise UsageError(f"there is no {width} '{value}'. {did_you_mean(value, known)}".strip())
    return value


def _domain(text: str) -> str:
    domain = text.strip().lower().removeprefix("@")
    if not _DOMAIN.fullmatch(domain):
        raise UsageError(f"'{text}' is not a domain. Write it as example.com.")
    return domain


def _suppressible(connection: Connection, who: str, scope: Scope | None) -> tuple[Scope, str]:
    match scope:
        case Scope.DOMAIN:
            return Scope.DOMAIN, _domain(who)
        case Scope.COMPANY:
            return Scope.COMPANY, _company(connection, who)
        case Scope.LEAD:
            return Scope.LEAD, _lead(connection, who)
        case Scope.ADDRESS:
            return Scope.ADDRESS, _address(who)
    if _named_address(who) or candidates(who):
        return Scope.ADDRESS, _address(who)
    if _DOMAIN.fullmatch(who.lower()):
        return Scope.DOMAIN, who.lower()
    if connection.execute(select(companies.c.id).where(companies.c.id == who)).scalar():
        return Scope.COMPANY, who
    return Scope.LEAD, _lead(connection, who)


def _named_address(who: str) -> bool:
    """`email:ada@example.com`, as suppressions are listed."""
    kind, _, value = who.partition(":")
    return kind in set(AddressKind) and bool(value) and not value.startswith("//")


def _address(who: str) -> str:
    if _named_address(who):
        return who
    found = candidates(who)
    if not found:
        raise UsageError(f"'{who}' is not an address. Write an e-mail address, a profile URL, a handle or a number.")
    return address_value(found[0].kind, found[0].value)


def address_in(cell: str) -> str | None:
    """The address that a cell of a list surely is, as suppressions keep it: a mail, a URL, a number with its `+`."""
    text = cell.strip()
    if _named_address(text):
        return text
    is_plain = "@" in text or "://" in text or "linkedin.com/" in text.lower() or text.startswith("+")
    found = candidates(text) if is_plain and not text.startswith("@") else ()
    return address_value(found[0].kind, found[0].value) if found else None


def domain_in(cell: str) -> str | None:
    """The domain that a cell of a list is, perhaps behind an `@`."""
    text = cell.strip().lower().removeprefix("@")
    return text if _DOMAIN.fullmatch(text) else None
