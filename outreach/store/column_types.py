"""The types of columns that both databases keep in their own way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, String, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant to the microsecond: `timestamptz` on PostgreSQL, microseconds since 1970 on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: instants are aware")
        if dialect.name == "sqlite":
            return to_microseconds(value)
        return value

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """PostgreSQL answers in UTC, which every connection asks for; nothing is left to do."""
        return from_microseconds if dialect.name == "sqlite" else None


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_microseconds(value: datetime) -> int:
    """An aware instant as SQLite keeps it: microseconds since 1970."""
    since = value - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


@lru_cache(maxsize=4096)
def from_microseconds(value: int | None) -> datetime | None:
    """The same back. Rows that were written together share their instants."""
    return None if value is None else _EPOCH + timedelta(microseconds=value)


Json = JSON().with_variant(JSONB(), "postgresql")
Id = String(64)
Word = String(64)
