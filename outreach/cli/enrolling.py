"""The command that puts leads into a sequence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from outreach.cli.conditions import check_where
from outreach.cli.invocation import actor, opened
from outreach.cli.terminal import AsJson, Yes, confirm, count, print_json, print_table, progress
from outreach.errors import UsageError

if TYPE_CHECKING:
    from outreach.app import App
    from outreach.services.sequences.enroll import Selection, Summary

_MOST_STRANGE = 10


def add_to(program: typer.Typer) -> None:
    program.command("enroll")(enroll)


def enroll(
    context: typer.Context,
    sequence: Annotated[str, typer.Argument(metavar="SEQUENCE")],
    *,
    lead: Annotated[
        list[str] | None, typer.Option("--lead", metavar="LEAD", help="An id or any address; may be repeated.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="CSV", help="Leads a file lists.", exists=True, dir_okay=False)
    ] = None,
    where: Annotated[str | None, typer.Option(metavar="EXPR", help="Leads for whom this is true.")] = None,
    everybody: Annotated[bool, typer.Option("--all", help="Everybody who may enter.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, enroll nobody.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Put leads into a sequence. Shows who may enter and who may not, and why, then asks."""
    with opened(context) as app:
        selection = _selection(app, lead or [], file, where, everybody=everybody)
        if dry_run or not yes:
            _run(app, sequence, selection, as_json=as_json and dry_run, dry_run=True)
        if not dry_run:
            confirm("Enroll them?", yes=yes)
            _run(app, sequence, selection, as_json=as_json, dry_run=False)


def _selection(app: App, named: list[str], file: Path | None, where: str | None, *, everybody: bool) -> Selection:
    from outreach.services.hearing import find
    from outreach.services.sequences.enroll import Selection

    if not (named or file or where or everybody):
        raise UsageError("nobody to enroll. Name leads (--lead), a file (--file), a condition (--where) or --all.")
    if everybody and (named or file or where):
        raise UsageError("--all means everybody. Leave the others out, or leave --all out.")
    check_where(where, declared=app.settings.fields)
    ids = find.leads_of(app.engine, named) + (_listed(app, file) if file else [])
    if file and not ids:
        raise UsageError(f"{file} lists nobody who is known here. Run: outreach leads import {file}")
    return Selection(lead_ids=tuple(ids), where=where, everybody=everybody)


def _listed(app: App, file: Path) -> list[str]:
    from outreach.services.people.listed import leads_in

    found = leads_in(app.engine, file)
    for line, why in found.strange[:_MOST_STRANGE]:
        typer.echo(f"{file}:{line}: {why}", err=True)
    if len(found.strange) > _MOST_STRANGE:
        typer.echo(f"{count(len(found.strange) - _MOST_STRANGE, 'more row')} like that.", err=True)
    return list(found.lead_ids)


def _run(app: App, sequence: str, selection: Selection, *, as_json: bool, dry_run: bool) -> None:
    from outreach.services.sequences.enroll import enroll as put

    with progress("Checking" if dry_run else "Enrolling") as bar:
        summary = put(app.engine, sequence, selection, dry_run=dry_run, by=actor(), on_progress=bar.add)
    if as_json:
        print_json(_json(summary, sequence, dry_run=dry_run))
    else:
        _show(summary, sequence, dry_run=dry_run)


def _json(summary: Summary, sequence: str, *, dry_run: bool) -> dict[str, Any]:
    return {
        "sequence": sequence,
        "dry_run": dry_run,
        "asked": summary.asked,
        "enrolled": summary.enrolled,
        "held_out": summary.held_out,
        "refused": dict(summary.refused),
        "examples": dict(summary.examples),
        "zones": dict(summary.zones),
    }


def _show(summary: Summary, sequence: str, *, dry_run: bool) -> None:
    verb = "would enter" if dry_run else "entered"
    print(f"{count(summary.enrolled, 'lead')} of {summary.asked:,} {verb} {sequence}.")
    if summary.held_out:
        print(f"{count(summary.held_out, 'lead')} held out: never contacted, only measured.")
    if summary.refused:
        rows = [(number, reason, summary.examples.get(reason)) for reason, number in summary.refused.most_common()]
        print_table(("leads", "do not, because", "for example"), rows)
    senders = summary.zones.get("the sender's", 0)
    if senders:
        print(f"The zone of {count(senders, 'lead')} is not known: the sender's is used.")
