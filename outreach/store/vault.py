"""Secrets that change (tokens of OAuth), encrypted at rest with a key made from the workspace's secret_key.

Fernet (AES-128-CBC with HMAC-SHA256), the key by HKDF-SHA256 (RFC 5869). An entry that another secret_key wrote cannot
be read: it counts as missing, and what the settings hold is used again.
"""

from __future__ import annotations

import base64
from datetime import timedelta

import structlog
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from outreach.clock import Clock
from outreach.store import leases
from outreach.store.session import Store
from outreach.store.tables import vault

_log = structlog.get_logger()
_PURPOSE = b"outreach vault 1"


class StoredVault:
    """The table `vault`, for every process of this installation; `owner` names this one."""

    def __init__(self, store: Store, *, secret_key: bytes, clock: Clock, owner: str) -> None:
        self._store, self._clock, self._owner = store, clock, owner
        self._cipher = Fernet(_key(secret_key))

    def get(self, name: str) -> str | None:
        with self._store.read() as connection:
            sealed = connection.execute(select(vault.c.sealed).where(vault.c.name == name)).scalar()
        if sealed is None:
            return None
        try:
            return self._cipher.decrypt(sealed).decode()
        except InvalidToken:
            _log.warning("vault_entry_unreadable", name=name, remedy="it was written with another secret_key")
            return None

    def put(self, name: str, value: str) -> None:
        dialect = sqlite if self._store.is_sqlite else postgresql
        fresh = {"sealed": self._cipher.encrypt(value.encode()), "updated_at": self._clock.now()}
        statement = dialect.insert(vault).values(name=name, **fresh)
        with self._store.begin() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=[vault.c.name], set_=fresh))

    def take_turn(self, name: str, *, lasting: timedelta) -> bool:
        now = self._clock.now()
        return leases.take(self._store, _turn(name), self._owner, now=now, until=now + lasting)

    def end_turn(self, name: str) -> None:
        leases.release(self._store, _turn(name), self._owner)


def _turn(name: str) -> str:
    return f"vault:{name}"


def _key(secret_key: bytes) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret_key)
    return base64.urlsafe_b64encode(derived)
