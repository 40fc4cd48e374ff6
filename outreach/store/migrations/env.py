"""Run by Alembic: on the connection `migrate.upgrade` hands in, or on `-x url=…` when a revision is being written."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.operations import MigrationScript
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import JSON, Connection, MetaData

from outreach.store.column_types import Instant
from outreach.store.session import open_store
from outreach.store.tables import metadata


def _render(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Write our own types out, so that a revision stays what it was when the program's types change."""
    if kind == "type" and isinstance(item, Instant):
        return 'sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")'
    if kind == "type" and isinstance(item, JSON):
        autogen.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


def _number(_context: MigrationContext, _revision: Any, directives: list[MigrationScript]) -> None:
    """Revisions count 0001, 0002, …, and nothing is written when nothing changed."""
    script = directives[0]
    if script.upgrade_ops is not None and script.upgrade_ops.is_empty():
        directives.clear()
        return
    head = ScriptDirectory.from_config(context.config).get_current_head()
    script.rev_id = f"{int(head or 0) + 1:04}"


def _run(connection: Connection, tables: MetaData) -> None:
    context.configure(
        connection=connection,
        target_metadata=tables,
        transactional_ddl=True,
        render_item=_render,
        process_revision_directives=_number,
    )
    with context.begin_transaction():
        context.run_migrations()


def _main() -> None:
    connection = context.config.attributes.get("connection")
    if connection is not None:
        _run(connection, metadata)
        return
    store = open_store(context.get_x_argument(as_dictionary=True)["url"])
    with store.begin() as own:
        _run(own, metadata)
    store.dispose()


_main()
