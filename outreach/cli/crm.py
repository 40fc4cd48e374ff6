"""Commands about the CRM connections: authorize, check, map, sync, failed, retry."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from outreach.cli.authorizing import authorize
from outreach.cli.failures import FAILED
from outreach.cli.invocation import opened
from outreach.cli.terminal import AsJson, Bar, count, print_json, print_table, progress
from outreach.errors import AdapterError, UsageError

if TYPE_CHECKING:
    from outreach.app import App
    from outreach.crm import Account
    from outreach.services.crm.crm_check import CheckRow
    from outreach.services.crm.sync_now import Synced

commands = typer.Typer(help="The CRM connections: authorize, check, map, sync, failed, retry.", no_args_is_help=True)
commands.command("authorize")(authorize)

Connection = Annotated[str | None, typer.Option("--connection", metavar="NAME", help="Only this one.")]


@commands.command("check")
def check(context: typer.Context, *, connection: Connection = None, as_json: AsJson = False) -> None:
    """Prove the mapping against the real accounts."""
    import asyncio

    from outreach.services.watching.plain import plain

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
    import asyncio

    from outreach.services.crm.crm_check import check as prove

    try:
        found = await asyncio.gather(*(prove(app.crms[name].mapping, app.crms[name].crm) for name in names))
    finally:
        await app.close_network()
    return [row for rows in found for row in rows]


@commands.command("map")
def show_map(
    context: typer.Context,
    *,
    connection: Connection = None,
    suggest: Annotated[bool, typer.Option("--suggest", help="Ask the account, and print what could be added.")] = False,
    as_json: AsJson = False,
) -> None:
    """What becomes what: fields, statuses, stages, owners; or a suggestion for what is not mapped."""
    import asyncio

    from outreach.services.crm.crm_suggest import mapping_rows

    with opened(context) as app:
        names = _names(app, connection)
        if suggest:
            lines, unasked = asyncio.run(_suggest(app, names))
            print_json(lines) if as_json else print("\n".join(lines) or "There is nothing to suggest.")
            for error in unasked:
                typer.echo(f"Error: {error}", err=True)
            if unasked:
                raise typer.Exit(FAILED)
            return
        rows = [row for name in names for row in mapping_rows(app.engine.crms[name])]
    heads = ("connection", "what", "ours", "theirs", "how")
    print_json([dict(zip(heads, row, strict=True)) for row in rows]) if as_json else print_table(heads, rows)


async def _suggest(app: App, names: list[str]) -> tuple[list[str], list[AdapterError]]:
    """The lines, and why accounts could not be asked."""
    import asyncio

    from outreach.services.crm.crm_suggest import suggest

    senders = {name: each.email.address if each.email else "" for name, each in app.settings.senders.items()}
    try:
        asked = await asyncio.gather(*(_account(app, name) for name in names))
    finally:
        await app.close_network()
    lines = [
        line
        for name, account in zip(names, asked, strict=True)
        if not isinstance(account, AdapterError)
        for line in suggest(app.engine.crms[name], account, pipelines=app.workspace.pipelines, senders=senders)
    ]
    return lines, [each for each in asked if isinstance(each, AdapterError)]


async def _account(app: App, name: str) -> Account | AdapterError:
    try:
        return await app.crms[name].crm.check()
    except AdapterError as error:
        return error


Since = Annotated[
    datetime | None,
    typer.Option("--since", metavar="TIME", help="Also read again what changed there since then (UTC)."),
]


@commands.command("sync")
def sync_all(
    context: typer.Context, *, connection: Connection = None, since: Since = None, as_json: AsJson = False
) -> None:
    """Write and read now, until nothing is due. Without it the workers do the same by themselves."""
    import asyncio

    from outreach.services.watching.plain import plain

    with opened(context) as app, progress("Synchronising") as bar:
        at = since.replace(tzinfo=UTC) if since and since.tzinfo is None else since
        found = asyncio.run(_sync(app, _names(app, connection), since=at, bar=bar))
    if as_json:
        print_json(plain(found))
    else:
        heads = ("connection", "written", "waiting", "failed", "read", "changes", "stopped because")
        rows = [
            (each.connection, each.written, each.waiting, each.dead, each.read, _changes(each), each.parked_because)
            for each in found
        ]
        print_table(heads, rows)
    if any(each.parked_because or each.dead for each in found):
        raise typer.Exit(FAILED)


def _changes(synced: Synced) -> str:
    return ", ".join(f"{number} {change}" for change, number in sorted(synced.changes.items()))


async def _sync(app: App, names: list[str], *, since: datetime | None, bar: Bar) -> list[Synced]:
    from outreach.services.crm.sync_now import sync_now

    found = []
    try:
        for name in names:
            connected = app.crms[name]
            found.append(
                await sync_now(
                    app.engine,
                    connected,
                    owner=app.owner,
                    since=since,
                    on_progress=lambda done: bar.reach(done.written + done.read),
                )
            )
    finally:
        await app.close_network()
    return found


@commands.command("failed")
def failed(context: typer.Context, *, connection: Connection = None, as_json: AsJson = False) -> None:
    """What could not be written and needs a person, the oldest first; and what could not be read back."""
    from outreach.services.crm import sync
    from outreach.services.watching.plain import plain

    with opened(context) as app:
        _names(app, connection)
        found = sync.failed(app.store, crm=connection)
        unread = sync.unread(app.store, crm=connection)
    if as_json:
        print_json(plain(found))
        return
    rows = [(each.number, each.connection, each.lead_id, each.operation, each.blocked, each.error) for each in found]
    print_table(("number", "connection", "lead", "operation", "waiting behind", "error"), rows)
    if unread:
        print("\nCould not be read:")
        shown = [(each.connection, each.name, each.again_at, each.error) for each in unread]
        print_table(("connection", "what", "again at", "error"), shown)


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
    from outreach.services.crm import sync

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
