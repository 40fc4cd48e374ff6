"""Commands about where leads stand: pipeline show, parked, back; leads set, rest, wake."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from outreach.cli import leads
from outreach.cli.invocation import actor, opened
from outreach.cli.people import Lead
from outreach.cli.terminal import AsJson, Yes, confirm, count, print_json, print_table, when
from outreach.errors import UsageError

if TYPE_CHECKING:
    from outreach.app import App
    from outreach.services.pipeline.pipeline_view import PipelineView

commands = typer.Typer(help="Where leads stand: stages in numbers, and the hand-over to marketing and back.")


def add_to(program: typer.Typer) -> None:
    program.add_typer(commands, name="pipeline", no_args_is_help=True)
    leads.commands.command("set")(set_values)
    leads.commands.command("rest")(rest)
    leads.commands.command("wake")(wake)


@commands.command("show")
def show(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Leads by stage, how many stay too long, and stages that nobody uses."""
    from outreach.services.pipeline.pipeline_view import view

    with opened(context) as app:
        found = view(app.engine)
    print_json(found.to_json()) if as_json else _show(found)


def _show(found: PipelineView) -> None:
    heads = ("pipeline", "stage", "kind", "leads", "stale", "stale after", "oldest since")
    rows = [
        (each.pipeline, each.stage, each.kind, each.leads, each.stale, each.stale_after, when(each.oldest_at))
        for each in found.stages
    ]
    print_table(heads, rows)
    for warning in found.warnings:
        print(f"Warning: {warning}")


@commands.command("parked")
def parked(
    context: typer.Context,
    *,
    export: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a CSV file for marketing.")] = None,
    as_json: AsJson = False,
) -> None:
    """Leads that were handed over to marketing: since when, why, and by whom; the latest first."""
    from outreach.services.pipeline.pipeline_view import parked as read

    with opened(context) as app:
        rows = read(app.engine)
    if export is not None:
        _write(export, rows)
        print(f"{count(len(rows), 'lead')}: {export}")
    elif as_json:
        print_json(rows)
    else:
        names = ("id", "first_name", "last_name", "email", "company", "stage", "since_at", "by", "reason")
        print_table(names, [[row[name] for name in names] for row in rows])
        print()
        print(f"{count(len(rows), 'lead')} handed over to marketing.")


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    import csv

    from outreach.content.lead_files import neutral
    from outreach.services.pipeline.pipeline_view import HANDED_OVER

    try:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(HANDED_OVER)
            writer.writerows(
                [neutral(str(row[name] if row[name] is not None else "")) for name in HANDED_OVER] for row in rows
            )
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from None


@commands.command("back")
def back(
    context: typer.Context,
    who: Annotated[list[str] | None, typer.Argument(metavar="[LEAD]…", help="Ids or addresses.")] = None,
    *,
    file: Annotated[
        Path | None, typer.Option(metavar="FILE", exists=True, dir_okay=False, help="One lead in each line.")
    ] = None,
    stage: Annotated[str | None, typer.Option(metavar="STAGE", help="Where to; default: the first stage.")] = None,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why, for the history.")] = "back from marketing",
    yes: Yes = False,
) -> None:
    """Marketing hands leads back: move them out of their parked stage."""
    from outreach.services.hearing import find

    texts = [*(who or []), *(_lines(file) if file else [])]
    if not texts:
        raise UsageError("nobody is named. Write a LEAD, or --file FILE.")
    with opened(context) as app:
        ids = find.leads_of(app.engine, texts)
        confirm(f"Take {count(len(ids), 'lead')} back from marketing?", yes=yes)
        refused = _take_back(app, ids, stage, reason)
    for lead_id, why in refused.items():
        print(f"{lead_id}: {why}")
    print(f"Took {count(len(ids) - len(refused), 'lead')} back.")
    if refused:
        raise typer.Exit(1)


def _lines(file: Path) -> list[str]:
    return [line.split(",")[0].strip() for line in file.read_text("utf-8-sig").splitlines() if line.strip()]


def _take_back(app: App, ids: list[str], stage: str | None, reason: str) -> dict[str, str]:
    from outreach.services.pipeline.stage import Wish, take_back

    refused = {}
    for lead_id in ids:
        try:
            take_back(app.engine, lead_id, Wish(stage=stage or "", by=actor(), reason=reason))
        except UsageError as error:
            refused[lead_id] = str(error)
    return refused


def set_values(
    context: typer.Context,
    lead: Lead,
    values: Annotated[list[str], typer.Argument(metavar="NAME=VALUE…", help="What was learnt; NAME= clears.")],
    *,
    origin: Annotated[str, typer.Option("--from", metavar="TEXT", help="Where it was learnt: a call, a mail.")] = "",
    as_json: AsJson = False,
) -> None:
    """Write pain points, objections, answers and other values of a lead. Each change keeps who, when and from where."""
    from outreach.services.hearing import find
    from outreach.services.pipeline.set_values import set_values as write

    with opened(context) as app:
        written = write(app.engine, find.lead(app.engine, lead), _pairs(values), by=actor(), origin=origin)
    if as_json:
        print_json(written.to_json())
    else:
        print(f"Wrote {', '.join(written.changed)} of {lead}." if written.changed else f"{lead} has it so already.")


def _pairs(values: list[str]) -> dict[str, str]:
    split = [pair.partition("=") for pair in values]
    for name, sign, _ in split:
        if not (name.strip() and sign):
            raise UsageError("write NAME=VALUE, such as pain_point='audits take weeks'.")
    return {name.strip(): value.strip() for name, _, value in split}


def rest(
    context: typer.Context,
    lead: Lead,
    *,
    because: Annotated[str, typer.Option(metavar="TEXT", help="Why nothing is to be done.")],
    until: Annotated[
        datetime | None, typer.Option(metavar="DAY", formats=["%Y-%m-%d"], help="Until when; default: for now.")
    ] = None,
) -> None:
    """Say why an open lead has no next action; until then it counts neither as forgotten nor as stale."""
    from outreach.services.hearing import find
    from outreach.services.pipeline.rest import rest as write
    from outreach.services.watching.status import day_of_the_team

    with opened(context) as app:
        at = day_of_the_team(app.engine, until) if until else None
        write(app.engine, find.lead(app.engine, lead), because, until=at, by=actor())
    print(f"{lead} rests{f' until {until.date().isoformat()}' if until else ''}: {because}")


def wake(context: typer.Context, lead: Lead) -> None:
    """The lead needs a next action again."""
    from outreach.services.hearing import find
    from outreach.services.pipeline.rest import wake as write

    with opened(context) as app:
        rested = write(app.engine, find.lead(app.engine, lead), by=actor())
    print(f"{lead} needs a next action again." if rested else f"{lead} did not rest.")
