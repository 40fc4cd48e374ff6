"""Commands about the CRM connections: check, failed, retry."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from outreach.cli.failures import FAILED
from outreach.cli.invocation import opened
from outreach.cli.terminal import AsJson, count, print_json, print_table
from outreach.errors import UsageError

if TYPE_CHECKING:
    from outreach.app import App
    from outreach.services.crm_check import CheckRow

commands = typer.Typer(help="The CRM connections: check, failed, retry.", no_args_is_help=True)

Connection = Annotated[str | None, typer.Option("--connection", metavar="NAME", help="Only this one.")]


@commands.command("check")
def check(context: typer.Context, *, connection: Connection = None, as_json: AsJson = False) -> None:
    """Prove the mapping against the real accounts."""
    from outreach.services.plain import plain

    with opened(context) as app:
        rows = asyncio.run(_check(app, _names(app, connection)))
    if as_json:
        print_json(plain(rows))
    elif not rows:
        print("No CRM is connected. Add one to config/crm.yaml.")
    else:
        shown = [(row.connection, "ok" if row.is_ok else "WRONG", row.subject, row.said) for row in rows]
        print_table(("connection", "result", "what", "says"), shown)
    if any(not row.is_ok for row in rows):
        raise typer.Exit(FAILED)


async def _check(app: App, names: list[str]) -> list[CheckRow]:
    from outreach.services.crm_check import check as prove

    try:
        found = await asyncio.gather(*(prove(app.crms[name].mapping, app.crms[name].crm) for name in names))
    finally:
        await app.close_network()
    return [row for rows in found for row in rows]


@commands.command("failed")
def failed(context: typer.Context, *, connection: Connection = None, as_json: AsJson = False) -> None:
    """What could not be written and needs a person, the oldest first."""
    from outreach.services import sync
    from outreach.services.plain import plain

    with opened(context) as app:
        _names(app, connection)
        found = sync.failed(app.store, crm=connection)
    if as_json:
        print_json(plain(found))
        return
    rows = [(each.number, each.connection, each.lead_id, each.operation, each.blocked, each.error) for each in found]
    print_table(("number", "connection", "lead", "operation", "waiting behind", "error"), rows)


@commands.command("retry")
def retry(
    context: typer.Context,
    *,
    numbers: Annotated[list[int] | None, typer.Argument(metavar="[NUMBER]…", help="Only these.")] = None,
    connection: Connection = None,
    as_json: AsJson = False,
) -> None:
    """Run what failed again, after you have mended the cause."""
    from outreach.doorbell import SYNC
    from outreach.services import sync

    with opened(context) as app:
        names = _names(app, connection)
        again = sync.retry(app.store, clock=app.clock, numbers=numbers or None, crm=connection)
        if numbers and again < len(set(numbers)):
            raise UsageError(f"{again} of {len(set(numbers))} numbers name a failed job. See: outreach crm failed")
        if again and not app.doorbell.is_in_process:
            app.doorbell.ring(SYNC, names)
    print_json({"retried": again}) if as_json else print(f"Runs again: {count(again, 'job')}.")


def _names(app: App, connection: str | None) -> list[str]:
    from outreach.content.suggestions import did_you_mean

    known = sorted(app.settings.crm)
    if connection is not None and connection not in known:
        raise UsageError(f"there is no CRM connection '{connection}'. {did_you_mean(connection, known)}".strip())
    return known if connection is None else [connection]
