"""Words that people look for: found by how names and addresses begin, which an index knows, whatever else is asked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, or_, select, union_all

from outreach.domain.lead import AddressKind
from outreach.store.tables import addresses, companies, leads
from outreach.store.within import within

MOST_WORDS = 5
FEW = 1_000
_PROFILES = "https://www.linkedin.com/in/"


@dataclass(frozen=True, slots=True)
class Search:
    """`sql`: of each lead, whether it says all the words. `is_common`: so many do that they are met by going along.

    Otherwise `sql` names the leads as well, at most a few thousand.
    """

    sql: ColumnElement[bool]
    is_common: bool


def search(connection: Connection, said: str) -> Search | None:
    """What to ask for these words; None where there are none.

    One word at least has to begin a first, last or company name or an address, or be a domain; the others may stand
    anywhere in them.
    """
    words = said.split()[:MOST_WORDS]
    if not words:
        return None
    asked = dict.fromkeys((*words, " ".join(words)))
    found = {each: _begun_by(connection, each) for each in asked}
    few = {lead_id for ids in found.values() if len(ids) <= FEW for lead_id in ids}
    says = and_(*(_says(word) for word in words))
    if not few and any(len(ids) > FEW for ids in found.values()):
        return Search(says, is_common=True)
    return Search(and_(within(leads.c.id, few), says), is_common=False)


def _begun_by(connection: Connection, words: str) -> Collection[str]:
    """Leads of which something begins like that; more than FEW means: there are too many to tell."""
    firm = select(companies.c.id).where(or_(*_begins(companies.c.name, words), companies.c.domain == words.lower()))
    starts = (words.lower(), f"{_PROFILES}{words.lower()}", f"https://{words.lower()}", f"https://www.{words.lower()}")
    parts = (
        _some(select(leads.c.id).where(or_(*_begins(leads.c.first_name, words)))),
        _some(select(leads.c.id).where(or_(*_begins(leads.c.last_name, words)))),
        _some(select(leads.c.id).where(leads.c.company_id.in_(firm.limit(FEW + 1)))),
        _some(select(addresses.c.lead_id).where(or_(*(_starts(addresses.c.value, start) for start in starts)))),
    )
    return set(connection.execute(union_all(*parts)).scalars())


def _some(statement: Select[Any]) -> Select[Any]:
    return select(statement.limit(FEW + 1).subquery())


def _starts(column: ColumnElement[Any], start: str) -> ColumnElement[bool]:
    return column.startswith(start, autoescape=True)


def _begins(column: ColumnElement[Any], word: str) -> Sequence[ColumnElement[bool]]:
    """Names are kept as people write them, and an index knows no case: each way of writing is looked for."""
    ways = dict.fromkeys((word, word.lower(), word.capitalize(), word.title(), word.upper()))
    if word[0] == "i":
        ways["İ" + word[1:]] = None  # as Turkish writes it
    return [_starts(column, way) for way in ways]


def _says(word: str) -> ColumnElement[bool]:
    """It stands somewhere, in any case; asked of leads one by one, with their companies."""
    texts = (leads.c.first_name, leads.c.last_name, companies.c.name, companies.c.domain)
    mine = addresses.c.lead_id == leads.c.id, addresses.c.kind.in_(list(AddressKind))
    reached = exists().where(*mine, addresses.c.value.contains(word.lower(), autoescape=True))
    return or_(*(text.icontains(word, autoescape=True) for text in texts), reached)
