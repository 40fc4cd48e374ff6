"""Commands for those who run it: demo, db, audit, bench."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from outreach.cli.failures import FAILED
from outreach.cli.invocation import invocation, opened
from outreach.cli.terminal import AsJson, print_json, print_line

db = typer.Typer(help="The database: upgrade, export.", no_args_is_help=True)
audit = typer.Typer(help="Who changed what.", no_args_is_help=True)


def add_to(program: typer.Typer) -> None:
    program.command("demo")(demo)
    program.command("bench")(bench)
    program.add_typer(db, name="db")
    program.add_typer(audit, name="audit")


def demo(
    context: typer.Context,
    *,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the dashboard up until Ctrl-C.")] = False,
    history: Annotated[
        bool, typer.Option("--history", help="Instead: half a year of sample data for reports, into this workspace.")
    ] = False,
    seed: Annotated[int, typer.Option(metavar="NUMBER", help="Of the history: another one, other people.")] = 1,
    as_json: AsJson = False,
) -> None:
    """The whole story on this machine: real SMTP and HTTP on loopback, thirty sample leads, no account needed."""
    from outreach.sandbox.demo import run

    if history:
        _make_history(context, seed, as_json=as_json)
        return
    raise typer.Exit(run(as_json=as_json, keep=keep))


def _make_history(context: typer.Context, seed: int, *, as_json: bool) -> None:
    from outreach.sandbox.history import fill
    from outreach.services.watching.plain import plain

    with opened(context) as app:
        made = fill(app, seed=seed)
    if as_json:
        print_json(plain(made))
        return
    counted = f"{made.leads} leads, {made.touches} touches, {made.events} events"
    print(f"Sample data: {counted}, from {made.first:%Y-%m-%d} to {made.last:%Y-%m-%d}. None of them exists.")
    print("Look at it: outreach report --quarter last --html report.html")


def bench(
    *,
    messages: Annotated[int, typer.Option(metavar="NUMBER", help="How many the engine sends.", min=100)] = 4_000,
    workers: Annotated[int, typer.Option(metavar="NUMBER", help="Worker processes.", min=1, max=64)] = 1,
    connections: Annotated[int, typer.Option(metavar="NUMBER", help="SMTP connections.", min=1, max=256)] = 64,
    database_url: Annotated[str | None, typer.Option(metavar="URL", help="An empty database; default: SQLite.")] = None,
    broker_url: Annotated[str | None, typer.Option(metavar="URL", help="A queue; default: in process.")] = None,
    as_json: AsJson = False,
) -> None:
    """Messages a second, beside a raw SMTP loop and the naive way."""
    from outreach.sandbox.bench import Plan, run

    plan = Plan(
        messages=messages,
        workers=workers,
        connections=connections,
        database_url=database_url,
        broker_url=broker_url,
    )
    raise typer.Exit(run(plan, as_json=as_json))


@db.command("upgrade")
def upgrade(context: typer.Context) -> None:
    """Bring the database to the newest revision."""
    from outreach import settings
    from outreach.adapters import crm_abilities
    from outreach.store import migrate
    from outreach.store.session import open_store

    configured = settings.load(invocation(context).root, os.environ, crm_can=crm_abilities)
    store = open_store(configured.database_url)
    try:
        before = migrate.current(store.engine)
        migrate.upgrade(store.engine)
    finally:
        store.dispose()
    print(f"The database is at revision {migrate.newest()}" + (", as before." if before == migrate.newest() else "."))


WHAT = ("touches", "events", "leads", "enrollments", "sync")


@db.command("export")
def export(
    context: typer.Context,
    *,
    what: Annotated[str, typer.Option(metavar="|".join(WHAT), help="Which table.")],
    after: Annotated[int, typer.Option(metavar="NUMBER", help="Events only: those behind this number.", min=0)] = 0,
    as_json: AsJson = False,
) -> None:
    """Everything of one table as JSON lines, the oldest first."""
    from outreach.services.people.export import What
    from outreach.services.people.export import export as rows

    if what not in WHAT:
        raise typer.BadParameter(f"'{what}' cannot be exported. Write one of: {', '.join(WHAT)}.", param_hint="--what")
    if after and what != "events":
        raise typer.BadParameter("only events are numbered.", param_hint="--after")
    with opened(context) as app:
        for row in rows(app.store, What(what), after=after):
            print_line(row)
        sys.stdout.flush()


@audit.command("verify")
def verify(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Check that no entry of the audit trail is missing or altered."""
    from outreach.store.audit import first_break

    with opened(context) as app, app.store.read() as connection:
        broken = first_break(connection)
    if as_json:
        print_json({"is_whole": broken is None, "first_break": broken})
    else:
        print("The audit trail is whole." if broken is None else f"Entry {broken} does not fit the one before it.")
    if broken is not None:
        raise typer.Exit(FAILED)
