"""Commands about lists of people: leads import, list, show; more of them stand in modules of their own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from outreach.cli import crm_import, erasing, list_import, merging, verifying
from outreach.cli.conditions import check_where
from outreach.cli.failures import FAILED
from outreach.cli.invocation import invocation, opened
from outreach.cli.terminal import AsJson, count, print_json, print_table, progress
from outreach.errors import UsageError

if TYPE_CHECKING:
    from outreach.content.lead_files import LeadFile
    from outreach.domain.pipeline import Pipeline
    from outreach.services.crm.import_from_crm import Order
    from outreach.services.people.find_leads import Found
    from outreach.services.people.import_leads import Summary

commands = typer.Typer(help="People: import, list, show, verify, merge, export, erase.", no_args_is_help=True)

_TIMELINE = 30
_SHOWN = ("id", "status", "pipeline", "stage", "score", "source", "owner", "title", "language", "country", "timezone")


@commands.command("import")
def import_file(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", exists=True, dir_okay=False, help="A CSV file or a workbook (XLSX)."),
    ] = None,
    *,
    profile: list_import.ProfileName = None,
    save: list_import.Save = None,
    opt_outs: list_import.OptOuts = None,
    crm: crm_import.From = None,
    in_list: crm_import.List = None,
    by_filter: crm_import.Filter = None,
    stage: crm_import.Stage = None,
    again: crm_import.Again = False,
    source: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Where these leads come from; stronger than a column.")
    ] = None,
    country: Annotated[
        str | None, typer.Option(metavar="CODE", help="Where phone numbers without a country code are from.")
    ] = None,
    pipeline: Annotated[
        str | None, typer.Option(metavar="NAME", help="The pipeline new leads enter; default: default.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bring a list of leads in, or people of a CRM. Bad rows go to FILE.errors.csv; doing it again changes nothing."""
    if (file is None) == (crm is None) and not (opt_outs and crm is None):
        raise UsageError("name a FILE, or a connection with --from; one of the two.")
    if file is None and save:
        raise UsageError("--save goes with a FILE.")
    if crm is None and (in_list or by_filter or stage or again):
        raise UsageError("--list, --filter, --stage and --again go with --from.")
    rejected = read = 0
    if opt_outs:
        with opened(context) as app:
            list_import.suppress(app, opt_outs, profile)
    if file is not None:
        found = list_import.understand(invocation(context).root, file, profile=profile, save=save)
        terms = {"source": source, "default_country": country}
        rejected, read = _import_file(context, found, pipeline=pipeline, as_json=as_json, terms=terms)
    elif crm is not None:
        from outreach.services.crm.import_from_crm import Order

        order = Order(source=source or "", default_country=country, is_anew=again)
        order = crm_import.narrowed(order, in_list=in_list, by_filter=by_filter, stage=stage)
        rejected, read = _import_crm(context, crm, order, pipeline=pipeline, as_json=as_json)
    if rejected and rejected == read:
        raise typer.Exit(FAILED)


def _import_crm(
    context: typer.Context, crm: str, order: Order, *, pipeline: str | None, as_json: bool
) -> tuple[int, int]:
    """(records rejected, records read)."""
    with opened(context) as app:
        done = crm_import.run(app, crm, order, pipeline=_pipeline(app.workspace.pipelines, pipeline), as_json=as_json)
    return done.rejected, done.read


def _import_file(
    context: typer.Context, file: LeadFile, *, pipeline: str | None, as_json: bool, terms: dict[str, str | None]
) -> tuple[int, int]:
    """(rows rejected, rows read)."""
    from outreach.services.people.import_leads import import_leads

    with opened(context) as app, progress(f"Importing {file.path.name}", total=1.0) as bar:
        summary = import_leads(
            app.store,
            replace(file, field_types=app.settings.fields),
            clock=app.clock,
            default_pipeline=_pipeline(app.workspace.pipelines, pipeline),
            on_progress=lambda _rows, share: bar.reach(share),
            **terms,
        )
    print_json(_json(summary)) if as_json else _show(summary)
    return summary.rejected, summary.rows_read


def _pipeline(known: Any, name: str | None) -> Pipeline:
    from outreach.content.suggestions import did_you_mean

    wanted = name or ("default" if "default" in known or not known else min(known))
    if wanted not in known:
        raise UsageError(f"there is no pipeline '{wanted}' in config/pipelines. {did_you_mean(wanted, known)}".strip())
    found: Pipeline = known[wanted]
    return found


def _json(summary: Summary) -> dict[str, Any]:
    names = ("source", "rows_read", "imported", "updated", "unchanged", "rejected", "suppressed")
    return {
        "file": str(summary.file),
        **{name: getattr(summary, name) for name in names},
        "columns": {column.header: column.field or None for column in summary.mapping},
        "remarks": dict(summary.remarks),
        "examples": [{"line": each.line, "reason": each.reason} for each in summary.examples],
        "error_file": str(summary.error_file) if summary.error_file else None,
    }


def _show(summary: Summary) -> None:
    print_table(("column", "is"), [(each.header, each.field or "left out") for each in summary.mapping])
    print()
    results = (f"{getattr(summary, name):,} {name}" for name in ("imported", "updated", "unchanged", "rejected"))
    print(f"{count(summary.rows_read, 'row')}: {', '.join(results)}. Source where none is named: {summary.source}.")
    if summary.suppressed:
        print(f"{count(summary.suppressed, 'lead')} must not be contacted, and will not be.")
    for field, number in summary.remarks.most_common():
        print(f"Not clear, and left out: {field} in {count(number, 'row')}.")
    for each in summary.examples:
        print(f"{summary.file}:{each.line}: {each.reason}")
    if summary.error_file:
        print(f"Rejected rows, to mend and import again: {summary.error_file}")


@commands.command("list")
def list_leads(
    context: typer.Context,
    *,
    where: Annotated[
        str, typer.Option(metavar="EXPR", help="Leads for whom this is true, as in `enroll --where`.")
    ] = "",
    search: Annotated[str, typer.Option(metavar="TEXT", help="In names, companies and addresses.")] = "",
    status: Annotated[str, typer.Option(metavar="STATUS", help="Only these.")] = "",
    pipeline: Annotated[str, typer.Option(metavar="NAME", help="Only in this pipeline.")] = "",
    stage: Annotated[str, typer.Option(metavar="STAGE", help="Only at this stage.")] = "",
    owner: Annotated[str, typer.Option(metavar="NAME", help="Only this person's.")] = "",
    source: Annotated[str, typer.Option(metavar="TEXT", help="Only from there.")] = "",
    tag: Annotated[str, typer.Option(metavar="TAG", help="Only with this tag.")] = "",
    sequence: Annotated[str, typer.Option(metavar="NAME", help="Only those inside it now.")] = "",
    sort: Annotated[
        str, typer.Option(metavar="ORDER", help="newest, oldest, score, or waiting at a stage.")
    ] = "newest",
    after: Annotated[str, typer.Option(metavar="PLACE", help="Go on where the page before ended.")] = "",
    size: Annotated[int, typer.Option("--page-size", metavar="NUMBER", min=1, max=10_000)] = 50,
    as_json: AsJson = False,
) -> None:
    """Leads, the newest first; those for whom an expression is true, and more."""
    from outreach.services.people.find_leads import Wanted, WrongFilter, find_leads
    from outreach.services.watching.plain import plain
    from outreach.store.lead_lists import Asked

    asked = Asked(
        status=status,
        pipeline=pipeline,
        stage=stage,
        owner=owner,
        source=source,
        tag=tag,
        sequence=sequence,
    )
    wanted = Wanted(asked=asked, search=search, where=where, sort=sort, after=after, size=size)
    with opened(context) as app:
        check_where(where, declared=app.settings.fields)
        try:
            found = find_leads(app.engine, wanted)
        except WrongFilter as error:
            raise UsageError(f"--where: {error}") from None
    print_json(plain(found)) if as_json else _show_page(found)


def _show_page(found: Found) -> None:
    rows = [
        (row.id, row.name, row.company, row.address, row.status, row.stage, row.sequence, row.next_at)
        for row in found.rows
    ]
    print_table(("id", "name", "company", "address", "status", "stage", "sequence", "next"), rows)
    print()
    if found.total is not None:
        print(f"{'More than ' if found.is_more else ''}{count(found.total, 'lead')}.")
    else:
        print(f"{count(len(found.rows), 'lead')} on this page.")
    if found.stopped_after:
        print(f"Looked at {found.stopped_after:,} leads; only the expression itself can tell more.")
    if found.next:
        print(f"Go on with: --after '{found.next}'")


@commands.command("show")
def show(
    context: typer.Context,
    lead: Annotated[str, typer.Argument(metavar="LEAD", help="An id or any address.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Everything about one lead."""
    from outreach.services.people.leads import show_lead

    with opened(context) as app:
        found = show_lead(app.engine, lead)
    if as_json:
        print_json(found)
    else:
        _show_lead(found)


erasing.add_to(commands)
merging.add_to(commands)
verifying.add_to(commands)


def _show_lead(found: dict[str, Any]) -> None:
    company = (found["company"] or {}).get("name") or "-"
    print(f"{found['name'] or found['id']}  {company}")
    rows: list[tuple[str, object]] = [(name, found[name]) for name in _SHOWN]
    rows += [(f"fields.{name}", value) for name, value in found["fields"].items()]
    rows += [(each["kind"], each["value"] + (" (dead)" if each["is_dead"] else "")) for each in found["addresses"]]
    rows += [("suppressed", f"{each['scope']} {each['value']}: {each['reason']}") for each in found["suppressions"]]
    rows += [("sequence", _enrollment(each)) for each in found["enrollments"]]
    rows += [("tags", ", ".join(found["tags"]))] if found["tags"] else []
    print_table(("what", "is"), rows)
    print()
    for entry in found["timeline"][-_TIMELINE:]:
        where = "".join(f"{part} " for part in (entry["sequence"], entry["step"]) if part)
        print(f"  {entry['at'][:16].replace('T', ' ')}  {entry['kind']:<13} {where}{entry['what']}")


def _enrollment(each: dict[str, Any]) -> str:
    why = each["reason"] or each["block"] or (f"next at {each['next_at']}" if each["next_at"] else "")
    return f"{each['sequence']}: {each['state']}{', ' + why if why else ''}"
