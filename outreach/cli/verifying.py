"""Addresses checked before anything is sent: leads verify."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from outreach.cli.invocation import opened
from outreach.cli.terminal import AsJson, count, print_json, print_table, progress

if TYPE_CHECKING:
    from outreach.services.people.verify import Verification


def add_to(commands: typer.Typer) -> None:
    commands.command("verify")(verify)


def verify(
    context: typer.Context,
    leads: Annotated[
        list[str] | None, typer.Argument(metavar="[LEAD]...", help="Ids or addresses; everybody if left out.")
    ] = None,
    *,
    again: Annotated[bool, typer.Option("--again", help="Also addresses that were checked not long ago.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check e-mail addresses: form, domain, desks, mailboxes for minutes. Nothing is sent to anybody."""
    from outreach.services.hearing import find
    from outreach.services.people.verify import load_verifier
    from outreach.services.people.verify import verify as check

    with opened(context) as app:
        lead_ids = find.leads_of(app.engine, leads or [])
        verifier = load_verifier(app.settings.verifier)
        with progress("Verifying") as bar:
            done = check(
                app.store,
                resolver=app.resolver,
                clock=app.clock,
                verifier=verifier,
                lead_ids=lead_ids,
                again=again,
                on_progress=bar.add,
            )
    if as_json:
        print_json({"verdicts": dict(done.verdicts), "fresh": done.fresh})
    else:
        _show(done)


def _show(done: Verification) -> None:
    if done.verdicts:
        rows = [
            (verdict, number, ": ".join(filter(None, done.examples[verdict])))
            for verdict, number in done.verdicts.most_common()
        ]
        print_table(("verdict", "addresses", "for example"), rows)
        print()
    print(f"{count(done.verdicts.total(), 'address')} checked; {done.fresh:,} left alone, as they were checked before.")
