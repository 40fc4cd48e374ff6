"""Commands about what comes in: parse, failed, replay."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from outreach.cli.invocation import actor, invocation, opened
from outreach.cli.terminal import AsJson, count, print_json, print_line, print_table

commands = typer.Typer(help="What comes in: parse files, replay deliveries.", no_args_is_help=True)


@commands.command("failed")
def failed(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Deliveries that could not be understood; what they may be about stays held."""
    from outreach.services import replay as service

    with opened(context) as app:
        found = service.failed(app.engine)
    if as_json:
        print_json([each.to_json() for each in found])
        return
    rows = [(each.id, each.connection, each.received_at, each.attempts, each.error) for each in found]
    print_table(("id", "connection", "received", "attempts", "error"), rows)


@commands.command("replay")
def replay(
    context: typer.Context,
    *,
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]…", help="Only these deliveries.")] = None,
    connection: Annotated[str | None, typer.Option(metavar="NAME", help="Only of this connection.")] = None,
    as_json: AsJson = False,
) -> None:
    """Try to understand failed deliveries again, after a fix."""
    from outreach.doorbell import DELIVERIES
    from outreach.services import replay as service

    with opened(context) as app:
        replayed = service.replay(app.engine, by=actor(), connection_name=connection, ids=ids or [])
        if replayed and not app.doorbell.is_in_process:
            app.doorbell.ring(DELIVERIES, replayed)
    print_json({"replayed": replayed}) if as_json else print(f"Tried again: {count(len(replayed), 'delivery')}.")


@commands.command("parse")
def parse(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Raw mails.", exists=True, dir_okay=False)],
    *,
    own: Annotated[
        list[str] | None, typer.Option("--own", metavar="ADDRESS", help="An address of ours; may be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What each raw mail is: one JSON line for each file, in their order."""
    from outreach.mail.report import as_json as report

    addresses = frozenset(address.strip().lower() for address in own or []) or _own_addresses(context)
    for file in files:
        print_line(report(str(file), file.read_bytes(), addresses))


def _own_addresses(context: typer.Context) -> frozenset[str]:
    """The mailboxes of the workspace, where there is one that can be read; mails can be parsed without."""
    import os

    from outreach.content.configuration_files import OUTREACH, read_configuration

    root = invocation(context).root
    if not (root / OUTREACH).exists():
        return frozenset()
    settings = read_configuration(root.resolve(), os.environ, needs_secrets=False).settings
    senders = settings.senders.values() if settings else ()
    return frozenset(sender.email.address.lower() for sender in senders if sender.email)
