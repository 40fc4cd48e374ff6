"""Commands about what comes in: parse, failed, replay."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from outreach.cli.invocation import actor, invocation, opened
from outreach.cli.moments import moment
from outreach.cli.terminal import AsJson, count, print_json, print_line, print_table
from outreach.errors import UsageError

if TYPE_CHECKING:
    from multiprocessing.pool import Pool

commands = typer.Typer(help="What comes in: parse files, replay deliveries.", no_args_is_help=True)


@commands.command("failed")
def failed(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Deliveries that could not be understood; what they may be about stays held."""
    from outreach.services.hearing import replay as service

    with opened(context) as app:
        found = service.failed(app.engine)
    if as_json:
        print_json([each.to_json() for each in found])
        return
    rows = [
        (each.id, each.connection, each.received_at, each.attempts, each.next_at or "given up", each.error)
        for each in found
    ]
    print_table(("id", "connection", "received", "attempts", "tried_again", "error"), rows)


@commands.command("replay")
def replay(
    context: typer.Context,
    *,
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]…", help="Only these deliveries.")] = None,
    connection: Annotated[str | None, typer.Option(metavar="NAME", help="Only of this connection.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="All since then, also those understood: 2026-03-02 or 3 days.")
    ] = None,
    only: Annotated[str | None, typer.Option(metavar="STATE", help="`failed`: only those that failed.")] = None,
    as_json: AsJson = False,
) -> None:
    """Try to understand deliveries again, after a fix or an import: those that failed, or all since a time."""
    from outreach.doorbell import DELIVERIES
    from outreach.services.hearing import replay as service

    if only not in (None, service.FAILED):
        raise UsageError(f"--only takes '{service.FAILED}', not '{only}'.")
    with opened(context) as app:
        from_when = moment(since, now=app.clock.now()) if since else None
        which = service.Which(
            connection=connection, ids=ids or [], since=from_when, is_failed_alone=only == service.FAILED
        )
        replayed = service.replay(app.engine, which, by=actor())
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
    addresses = frozenset(address.strip().lower() for address in own or []) or _own_addresses(context)
    report = partial(_report, own=addresses)
    if len(files) < _WORTH_SHARING:
        for file in files:
            print_line(report(file))
        return
    with _readers() as pool:
        for line in pool.imap(report, files, chunksize=_AT_ONCE):
            print_line(line)


_WORTH_SHARING = 200
_AT_ONCE = 20


def _report(file: Path, *, own: frozenset[str]) -> Any:
    from outreach.mail.report import as_json

    return as_json(str(file), file.read_bytes(), own)


def _readers() -> Pool:
    """One process for each processor: what a mail says is told by rules over text, which keep a processor busy."""
    import os
    from multiprocessing import get_context

    return get_context("spawn").Pool(min(os.cpu_count() or 1, 8))


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
