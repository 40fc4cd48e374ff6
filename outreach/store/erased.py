"""Addresses of erased people, as salted hashes: a later import finds them again, and nobody can read them.

The salt lies in the same database, so this hides addresses from readers of the table, not from who tries addresses out.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import Connection, exists, select

from outreach.clock import fresh_secret
from outreach.domain.lead import Address
from outreach.store import bulk
from outreach.store.tables import erased, facts
from outreach.store.within import within

_SALT = "erase_salt"


def remember(connection: Connection, addresses: Collection[Address], now: datetime) -> None:
    """These must stay suppressed."""
    salt = _salt(connection) or _fresh_salt(connection)
    rows = [{"hash": _hash(salt, each), "created_at": now} for each in addresses]
    bulk.insert_missing(connection, erased, rows)


def known(connection: Connection, addresses: Iterable[Address]) -> set[Address]:
    """Of these, the addresses of erased people."""
    if not connection.execute(select(exists().select_from(erased))).scalar():
        return set()
    salt = _salt(connection)
    hashes = {_hash(salt, each): each for each in addresses} if salt else {}
    found = connection.execute(select(erased.c.hash).where(within(erased.c.hash, hashes))).scalars()
    return {hashes[each] for each in found}


def _salt(connection: Connection) -> bytes | None:
    found = connection.execute(select(facts.c.value).where(facts.c.name == _SALT)).scalar()
    return str(found).encode() if found else None


def _fresh_salt(connection: Connection) -> bytes:
    salt = fresh_secret()
    connection.execute(facts.insert().values(name=_SALT, value=salt))
    return salt.encode()


def _hash(salt: bytes, address: Address) -> str:
    return hmac.new(salt, f"{address.kind}:{address.value}".encode(), hashlib.sha256).hexdigest()
