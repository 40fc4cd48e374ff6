"""Commands of numbers: report, goal."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from outreach.cli.invocation import opened
from outreach.cli.terminal import AsJson, print_json
from outreach.errors import UsageError

if TYPE_CHECKING:
    from outreach.app import App
    from outreach.domain.measure import Dimension
    from outreach.domain.period import Period
    from outreach.services.measuring.kpis import Cut
    from outreach.services.measuring.report import Report

goal = typer.Typer(help="Goals: how far each has come, and how many leads it takes.")


def add_to(program: typer.Typer) -> None:
    program.command("report")(report)
    program.add_typer(goal, name="goal")


def report(
    context: typer.Context,
    *,
    first: Annotated[str | None, typer.Option("--from", metavar="DAY", help="The first day, as 2026-03-01.")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DAY", help="The last day; today if left out.")] = None,
    week: Annotated[str | None, typer.Option(metavar="WEEK", help="2026-W10, this or last.")] = None,
    month: Annotated[str | None, typer.Option(metavar="MONTH", help="2026-03, this or last.")] = None,
    quarter: Annotated[str | None, typer.Option(metavar="QUARTER", help="2026-Q1, this or last.")] = None,
    by: Annotated[
        str | None, typer.Option(metavar="DIMENSION", help="Take the numbers apart: sequence, step, …")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="DIMENSION=VALUE", help="Only of these; may be repeated.")
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write one page with charts.")] = None,
    png: Annotated[Path | None, typer.Option(metavar="DIR", help="Write the charts as images.")] = None,
    csv: Annotated[Path | None, typer.Option(metavar="DIR", help="Write the tables as CSV files.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="As of now, also where that takes long.")] = False,
    as_json: AsJson = False,
) -> None:
    """A period in numbers, beside the one before: what went out, what came back, stages, sales, forecast, goals."""
    from outreach.services.measuring.report import Wish, live_report
    from outreach.services.measuring.report import report as kept_or_live

    with opened(context) as app:
        period = _period(app, {"week": week, "month": month, "quarter": quarter}, first, last)
        wish = Wish(period=period, cut=_cut(by, only or []), goals=app.workspace.goals)
        found = (live_report if fresh else kept_or_live)(app.engine, app.settings.reports, wish)
    _write_files(found, html, png, csv)
    if as_json:
        print_json(found.to_json())
    elif not (html or png or csv):
        from outreach.cli.report_tables import show

        show(found)


def _period(app: App, spans: dict[str, str | None], first: str | None, last: str | None) -> Period:
    from outreach.domain import period as periods
    from outreach.services.measuring.report import today as today_of

    today, zone = today_of(app.engine)
    named = {name: value for name, value in spans.items() if value}
    if len(named) + bool(first or last) > 1:
        raise UsageError("name one period: --week, --month, --quarter, or --from and --to.")
    parsers = {"week": periods.parse_week, "month": periods.parse_month, "quarter": periods.parse_quarter}
    try:
        for name, value in named.items():
            return parsers[name](value, today=today, zone=zone)
        if not first and last:
            raise ValueError("--to needs --from.")
        if first:
            return periods.Period(_day(first, "--from"), _day(last, "--to") if last else today, zone)
    except ValueError as error:
        raise UsageError(str(error)) from None
    return periods.before(periods.month_of(today, zone))


def _day(written: str, option: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise ValueError(f"{option}: '{written}' is not a day. Write it as 2026-03-01.") from None


def _cut(by: str | None, only: list[str]) -> Cut:
    from outreach.services.measuring.kpis import Cut

    pairs = []
    for pair in only:
        name, separator, value = pair.partition("=")
        if not separator:
            raise UsageError(f"--only: '{pair}' says no value. Write it as source=webinar.")
        pairs.append((_dimension(name), value))
    return Cut(by=_dimension(by) if by else None, only=tuple(pairs))


def _dimension(name: str) -> Dimension:
    from outreach.content.suggestions import did_you_mean
    from outreach.domain.measure import Dimension

    if name not in list(Dimension):
        hint = did_you_mean(name, list(Dimension)) or f"Write one of: {', '.join(Dimension)}."
        raise UsageError(f"'{name}' is nothing to take numbers apart by. {hint}")
    return Dimension(name)


def _write_files(found: Report, html: Path | None, png: Path | None, csv: Path | None) -> None:
    if html:
        from outreach.services.measuring.report_html import page

        _write(html, page(found).encode())
    if png:
        from outreach.services.measuring.report_charts import charts

        for chart in charts(found):
            _write(png / f"{chart.name}.png", chart.png())
    if csv:
        from outreach.services.measuring.report_csv import tables

        for name, text in tables(found).items():
            _write(csv / f"{name}.csv", text.encode("utf-8-sig"))


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from None
    typer.echo(f"Written: {path}", err=True)


@goal.callback(invoke_without_command=True)
def goals(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Goals of config/goals.yaml with progress, pace, and where each leads by its deadline."""
    if context.invoked_subcommand:
        return
    from outreach.cli.report_tables import show_goals
    from outreach.services.measuring.goals import goals as read
    from outreach.services.watching.plain import plain

    with opened(context) as app:
        found = read(app.engine, app.settings.reports, app.workspace.goals)
        currency = app.settings.reports.currency
    print_json(plain(found)) if as_json else show_goals(found, currency)


@goal.command("list")
def list_goals(context: typer.Context, *, as_json: AsJson = False) -> None:
    """The same as `goal` alone."""
    goals(context, as_json=as_json)


@goal.command("needs")
def needs(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[GOAL]", help="The name of a goal; left out: one sale.")
    ] = None,
    *,
    sales: Annotated[float | None, typer.Option(metavar="NUMBER", help="For so many sales instead.", min=1)] = None,
    as_json: AsJson = False,
) -> None:
    """How many leads it takes in each stage, from what was measured, with what is not sure about it."""
    from outreach.cli.report_tables import show_needs
    from outreach.services.measuring.goals import needs as read
    from outreach.services.watching.plain import plain

    if name and sales:
        raise UsageError("name a GOAL or --sales, one of them.")
    with opened(context) as app:
        found = read(app.engine, app.settings.reports, app.workspace.goals, name=name, target=sales)
    print_json(plain(found)) if as_json else show_needs(found)
