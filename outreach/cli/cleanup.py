"""Commands that keep the list clean: cleanup, cleanup apply, dismiss, undo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from outreach.cli.invocation import actor, opened
from outreach.cli.terminal import AsJson, Yes, confirm, count, print_json, print_table
from outreach.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outreach.services.pipeline.cleanup import Decided, Proposal

commands = typer.Typer(help="Leads that are stale, unreachable, twice there or silent.", invoke_without_command=True)

Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]…", help="Proposals, as `cleanup` lists them.")]
OfFinding = Annotated[
    str, typer.Option("--finding", metavar="NAME", help="stale, unreachable, bounced, duplicate or never_answered.")
]
Everything = Annotated[bool, typer.Option("--all", help="Everything that is proposed.")]


def add_to(program: typer.Typer) -> None:
    program.add_typer(commands, name="cleanup")


@commands.callback()
def cleanup(
    context: typer.Context,
    *,
    finding: OfFinding = "",
    apply: Annotated[bool, typer.Option("--apply", help="Do what is proposed.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Look through the list now, and show what is proposed. Nothing is done without --apply."""
    if context.invoked_subcommand:
        return
    from outreach.services.pipeline import cleanup as service

    with opened(context) as app:
        service.look(app.engine)
        found = service.list_proposals(app.engine, finding)
        if as_json and not apply:
            print_json([each.to_json() for each in found])
            return
        _show(found)
        if apply and found:
            confirm(f"Do {count(len(found), 'proposal')}?", yes=yes)
            _tell(service.decide(app.engine, [each.id for each in found], by=actor()), "Applied")


def _show(found: Sequence[Proposal]) -> None:
    heads = ("id", "lead", "name", "stage", "owner", "finding", "proposed", "why")
    rows = [
        (each.id, each.lead_id, each.name, each.stage, each.owner, each.finding, each.action, each.why)
        for each in found
    ]
    if not rows:
        print("The list is clean.")
        return
    print_table(heads, rows)
    print()
    print(f"{count(len(rows), 'proposal')}: outreach cleanup apply ID, outreach cleanup dismiss ID")


def _tell(done: Decided, word: str) -> None:
    for proposal_id, why in done.refused.items():
        print(f"{proposal_id}: {why}")
    print(f"{word} {count(len(done.done), 'proposal')}.")
    if done.refused:
        raise typer.Exit(1)


@commands.command("apply")
def apply_some(
    context: typer.Context,
    ids: Ids = None,
    *,
    finding: OfFinding = "",
    everything: Everything = False,
    yes: Yes = False,
) -> None:
    """Do what is proposed for these."""
    from outreach.services.pipeline import cleanup as service

    with opened(context) as app:
        chosen = ids or _chosen(service.list_proposals(app.engine, finding), finding, everything=everything)
        confirm(f"Do {count(len(chosen), 'proposal')}?", yes=yes)
        _tell(service.decide(app.engine, chosen, by=actor()), "Applied")


def _chosen(found: Sequence[Proposal], finding: str, *, everything: bool) -> list[str]:
    if not (finding or everything):
        raise UsageError("which ones? Name an ID, a --finding, or --all.")
    return [each.id for each in found]


@commands.command("dismiss")
def dismiss(
    context: typer.Context, ids: Ids = None, *, finding: OfFinding = "", everything: Everything = False
) -> None:
    """Leave these leads as they are; they are not proposed again while they stay in their stage."""
    from outreach.services.pipeline import cleanup as service

    with opened(context) as app:
        chosen = ids or _chosen(service.list_proposals(app.engine, finding), finding, everything=everything)
        _tell(service.dismiss(app.engine, chosen, by=actor()), "Dismissed")


@commands.command("undo")
def undo(
    context: typer.Context,
    ids: Ids = None,
    *,
    finding: OfFinding = "",
    everything: Everything = False,
    yes: Yes = False,
) -> None:
    """Take back what was done: leads return to their stage, tasks are skipped. Sequences do not begin again."""
    from outreach.services.pipeline import cleanup as service

    with opened(context) as app:
        applied = service.list_proposals(app.engine, finding, state="applied")
        chosen = ids or _chosen(applied, finding, everything=everything)
        confirm(f"Undo {count(len(chosen), 'proposal')}?", yes=yes)
        _tell(service.undo(app.engine, chosen, by=actor()), "Undid")
