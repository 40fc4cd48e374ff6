"""The command that runs a list through a sequence without sending anything."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from outreach.cli.conditions import check_where
from outreach.cli.invocation import invocation, opened
from outreach.cli.terminal import AsJson, count, print_table, progress, when
from outreach.errors import UsageError

if TYPE_CHECKING:
    from outreach.content.workspace import Workspace
    from outreach.domain.simulation import Rates
    from outreach.services.simulating.simulate_list import Question
    from outreach.services.simulating.simulate_people import Known
    from outreach.services.simulating.simulate_report import Report, Rows

_SHOWN_DAYS = 14
_SHOWN_SENDERS = 12
_SHOWN_ROWS = 5
_BAR = 40
_MOST_DAYS = 3_660


def add_to(program: typer.Typer) -> None:
    program.command("simulate")(simulate)


def simulate(
    context: typer.Context,
    sequence: Annotated[str, typer.Argument(metavar="SEQUENCE")],
    *,
    leads: Annotated[
        Path | None, typer.Option("--leads", metavar="CSV", help="Leads of a file.", exists=True, dir_okay=False)
    ] = None,
    everybody: Annotated[bool, typer.Option("--all", help="Everybody in the database.")] = False,
    where: Annotated[str | None, typer.Option(metavar="EXPR", help="Only leads for whom this is true.")] = None,
    start: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="2026-03-02 10:00, in the zone of the first sender. Default: now."),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=_MOST_DAYS, help="How long.")] = 60,
    seed: Annotated[int, typer.Option(help="Another number, other people who react.")] = 1,
    replies: Annotated[str, typer.Option(metavar="RATE", help="Of the people who get every message.")] = "0%",
    unsubscribes: Annotated[str, typer.Option(metavar="RATE", help="Of the people likewise.")] = "0%",
    meetings: Annotated[str, typer.Option(metavar="RATE", help="Of the people likewise.")] = "0%",
    bounces: Annotated[str, typer.Option(metavar="RATE", help="Of the e-mail addresses.")] = "0%",
    accepts: Annotated[str, typer.Option(metavar="RATE", help="Of the invitations.")] = "0%",
    opens: Annotated[str, typer.Option(metavar="RATE", help="Of the mails.")] = "0%",
    clicks: Annotated[str, typer.Option(metavar="RATE", help="Of the mails.")] = "0%",
    out_of_office: Annotated[str, typer.Option(metavar="RATE", help="Of the mails.")] = "0%",
    tasks: Annotated[str, typer.Option(metavar="RATE", help="Of the tasks: done by somebody.")] = "100%",
    lines: Annotated[int, typer.Option(min=0, help="So many lines of the calendar.")] = 15,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the calendar.", dir_okay=False)] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page with charts.", dir_okay=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Who gets what when, and the day the list is finished. Nothing is sent, and nothing is written."""
    rates = _rates(
        replies=replies, unsubscribes=unsubscribes, meetings=meetings, bounces=bounces, accepts=accepts,
        opens=opens, clicks=clicks, out_of_office=out_of_office, tasks=tasks,
    )  # fmt: skip
    _check(leads, where, everybody=everybody)
    workspace = _workspace(context)
    check_where(where, declared=workspace.settings.fields)
    question = _question(workspace, sequence, start, days=days, seed=seed, rates=rates, where=where)
    report = _run(context, workspace, question, leads)
    _write(report, csv, html)
    if not as_json:
        _show(report, lines)
        return
    from outreach.services.simulating.simulate_json import write_json

    write_json(report, sys.stdout)


def _rates(**written: str) -> Rates:
    """By the names of the options."""
    from outreach.domain.simulation import Rates

    return Rates(**{name: _rate(f"--{name.replace('_', '-')}", text) for name, text in written.items()})


def _rate(name: str, written: str) -> float:
    """`8%`, `8 %` or `0.08`."""
    text = written.strip()
    number = text.removesuffix("%").strip()
    try:
        rate = float(number) / (100 if text.endswith("%") else 1)
    except ValueError:
        rate = -1.0
    if not 0 <= rate <= 1:
        raise UsageError(f"{name}: '{written}' is not a rate. Write it from 0% to 100%, such as {name} 8%.")
    return rate


def _check(leads: Path | None, where: str | None, *, everybody: bool) -> None:
    if leads and everybody:
        raise UsageError("--leads and --all are two lists. Leave one out.")
    if not (leads or everybody or where):
        raise UsageError("nobody to simulate. Give a file (--leads), a condition (--where) or --all.")


def _workspace(context: typer.Context) -> Workspace:
    from outreach.adapters import crm_abilities
    from outreach.cli.logs import only_warnings
    from outreach.content.workspace import load

    only_warnings()
    return load(invocation(context).root, os.environ, needs_secrets=False, crm_can=crm_abilities)


def _question(
    workspace: Workspace, sequence: str, start: str | None, *, days: int, seed: int, rates: Rates, where: str | None
) -> Question:
    from outreach.services.simulating.simulate_list import Question, revision_of

    first = revision_of(workspace, sequence).sequence.senders[0]
    zone = workspace.settings.senders[first].timezone if first in workspace.settings.senders else "UTC"
    begin = _instant(start, zone)
    return Question(sequence=sequence, start=begin, days=days, seed=seed, rates=rates, where=where)


def _instant(written: str | None, zone: str) -> datetime:
    """A time people write; without an offset it is meant in that zone."""
    from datetime import UTC
    from zoneinfo import ZoneInfo

    from outreach.clock import SystemClock

    if written is None:
        return SystemClock().now().replace(microsecond=0)
    try:
        found = datetime.fromisoformat(written.strip())
    except ValueError:
        raise UsageError(f"--start: '{written}' is not a time. Write it as 2026-03-02 10:00.") from None
    return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def _run(context: typer.Context, workspace: Workspace, question: Question, leads: Path | None) -> Report:
    from outreach.services.simulating import simulate_list
    from outreach.services.simulating.simulate_report import report_of
    from outreach.services.simulating.simulate_stored import people_of

    if leads:
        people, rows = _from_file(workspace, question, leads)
        simulation = simulate_list.begin(workspace, question)
    else:
        with opened(context) as app:
            people, rows = people_of(app.store, question.sequence), None
            simulation = simulate_list.begin(workspace, question, app.store)
    with progress(f"Simulating {count(question.days, 'day')}", total=question.days) as bar:
        told = simulate_list.Progress(day=lambda at: bar.reach((at - question.start).days))
        simulate_list.simulate(simulation, question, people, progress=told)
    return report_of(simulation, question, rows=rows)


def _from_file(workspace: Workspace, question: Question, path: Path) -> tuple[list[Known], Rows]:
    from outreach.services.simulating.simulate_people import from_file
    from outreach.services.simulating.simulate_report import Rows

    pipeline = workspace.pipelines[workspace.sequences[question.sequence].pipeline]
    with progress(f"Reading {path.name}", total=1.0) as bar:
        listed = from_file(path, pipeline, question.start, on_progress=bar.reach)
    return listed.people, Rows(listed.rows, listed.repeated, listed.rejected, tuple(listed.examples))


def _write(report: Report, csv: Path | None, html: Path | None) -> None:
    from outreach.services.simulating.simulate_html import page
    from outreach.services.simulating.simulate_json import write_csv

    if csv:
        with csv.open("w", encoding="utf-8", newline="") as out:
            write_csv(report, out)
    if html:
        html.write_text(page(report), encoding="utf-8")


def _show(report: Report, lines: int) -> None:
    from outreach.services.simulating.simulate_words import conditions, finishing_words

    record = report.record
    print(f"{report.question.sequence}: {conditions(report)}")
    _show_rows(report.rows)
    print(f"{count(len(record.people), 'lead')} enter, {record.refused.total():,} do not.")
    if record.held_out:
        print(f"{count(record.held_out, 'lead')} are held out: never contacted, only measured.")
    refused = [(f"{number:,}", reason, record.examples[reason]) for reason, number in report.refused]
    _section(("leads", "do not enter, because", "for example"), refused)
    senders = record.zones.get("the sender's", 0)
    if senders:
        print(f"\nThe zone of {count(senders, 'lead')} is not known: the sender's is used.")
    _show_days(report)
    _show_senders(report)
    _show_rest(report)
    _show_calendar(report, lines)
    print(f"\n{finishing_words(report)}")


def _section(heads: Sequence[str], rows: Sequence[Sequence[object]], *, more: int = 0) -> None:
    """A table with a line of air above it; nothing without rows."""
    if not rows:
        return
    print()
    print_table(heads, rows)
    if more > 0:
        print(f"… and {more:,} more")


def _show_rows(rows: Rows | None) -> None:
    if rows is None:
        return
    print(f"{count(rows.rows, 'row')}: {rows.repeated:,} name somebody twice, {rows.rejected:,} cannot be read.")
    for line, why in rows.examples[:_SHOWN_ROWS]:
        print(f"  line {line}: {why}")


def _show_days(report: Report) -> None:
    days = report.days()
    actions = sorted({action for _, found in days for action in found})
    most = max((found.total() for _, found in days), default=0) or 1
    rows = [
        (_weekday(day), *(f"{found[action]:,}" for action in actions), "█" * round(found.total() / most * _BAR))
        for day, found in days[:_SHOWN_DAYS]
    ]
    _section(("day", *actions, ""), rows, more=len(days) - _SHOWN_DAYS)


def _weekday(day: str) -> str:
    return f"{datetime.fromisoformat(day):%a %Y-%m-%d}"


def _show_senders(report: Report) -> None:
    lines = sorted(report.by_sender(), key=lambda line: (-line.touches, line.sender, line.action))
    rows = [
        (line.sender, line.action, f"{line.touches:,}", f"{line.busiest[1]:,} on {_weekday(line.busiest[0])}")
        for line in lines[:_SHOWN_SENDERS]
    ]
    _section(("sender", "action", "touches", "at most"), rows, more=len(lines) - _SHOWN_SENDERS)


def _show_rest(report: Report) -> None:
    from outreach.services.simulating.simulate_words import length

    record = report.record
    late = [
        (f"{each.touches:,}", why, length(each.total / each.touches), length(each.longest)) for why, each in report.late
    ]
    _section(("touches", "kept back by", "on average", "at most"), [*late])
    _section(("times", "blocked, because"), [(f"{number:,}", why) for why, number in record.blocked.most_common()])
    _section(("times", "people", "leads"), [
        (f"{times:,}", kind, f"{record.reacted[kind]:,}") for kind, times in record.reactions.most_common()
    ])  # fmt: skip
    ends = [(f"{number:,}", str(reason)) for reason, number in record.finished.most_common()]
    still = [(f"{report.active:,}", "still on their way")] if report.active else []
    _section(("leads", "end"), [*ends, *still])


def _show_calendar(report: Report, lines: int) -> None:
    rows = [
        (when(sent.at, sent.person.zone_name), sent.person.known.name, sent.step, sent.variant, sent.sender)
        for sent in islice(report.record.sent(), lines)
    ]
    _section(("when, for the lead", "lead", "step", "variant", "sender"), rows, more=report.record.touches - lines)
