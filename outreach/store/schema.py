"""What all tables share: one metadata with its names, and how columns and indexes of a kind are written."""

from __future__ import annotations

from sqlalchemy import Column, Index, MetaData, String, text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def name_column() -> Column[str]:
    return Column("name", String(128), primary_key=True)


def partial(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index of the rows that are looked for, and of no other."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))
