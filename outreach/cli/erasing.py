"""Commands about all that is kept of people: leads export, leads erase."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from outreach.cli.conditions import check_where
from outreach.cli.invocation import actor, opened
from outreach.cli.terminal import AsJson, Yes, confirm, count, print_json

if TYPE_CHECKING:
    from outreach.services.people.erase import Erased

Lead = Annotated[str, typer.Argument(metavar="LEAD", help="An id or any address.")]


def add_to(commands: typer.Typer) -> None:
    commands.command("export")(export)
    commands.command("erase")(erase)


def export(
    context: typer.Context,
    lead: Annotated[
        str | None, typer.Argument(metavar="[LEAD]", help="An id or any address: everything about that person.")
    ] = None,
    *,
    where: Annotated[str | None, typer.Option(metavar="EXPR", help="Only leads for whom this is true.")] = None,
) -> None:
    """All leads as CSV that can be imported again; or everything about one person as JSON."""
    import sys

    from outreach.services.hearing import find
    from outreach.services.people import export_leads
    from outreach.services.people.erase import everything_about

    with opened(context) as app:
        if lead is not None:
            print_json(everything_about(app.engine, find.lead(app.engine, lead)))
            return
        check_where(where, declared=app.settings.fields)
        export_leads.write_csv(app.store, sys.stdout, where=where, now=app.clock.now())


def erase(context: typer.Context, lead: Lead, *, yes: Yes = False, as_json: AsJson = False) -> None:
    """Delete a person and all that is kept about them; no later import lets them be contacted again."""
    from outreach.services.hearing import find
    from outreach.services.people.erase import erase as carry_out
    from outreach.services.watching.plain import plain

    with opened(context) as app:
        lead_id = find.lead(app.engine, lead)
        confirm(f"Erase {lead} and everything about them? This cannot be undone.", yes=yes)
        done = carry_out(app.engine, lead_id, by=actor())
    print_json(plain(done)) if as_json else _show(lead, done)


def _show(lead: str, done: Erased) -> None:
    print(
        f"Erased {lead}: {count(done.enrollments, 'enrollment')} ended, {count(done.deliveries, 'delivery')} emptied. "
        f"{count(done.addresses, 'address')} suppressed for good, as salted hashes."
    )
    for each in done.records:
        print(f"In {each['connection']}: {each['kind']} {each['remote_id']} {each['url']}".rstrip())
    if done.deletions:
        print(f"The CRM is asked to delete {count(done.deletions, 'record')}. See: outreach crm failed")
    if done.tasks:
        print(f"For a person, to erase there: {count(len(done.tasks), 'task')}. See: outreach tasks")
