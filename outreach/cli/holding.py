"""Commands that hold people back: pause, resume, remove, suppress."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from outreach.cli.invocation import actor, opened
from outreach.cli.terminal import AsJson, Yes, confirm, count, print_json, print_table
from outreach.errors import UsageError

if TYPE_CHECKING:
    from outreach.app import App
    from outreach.services.hearing.stop import Target

Lead = Annotated[str | None, typer.Argument(metavar="[LEAD]", help="An id or any address.")]
OfSequence = Annotated[str | None, typer.Option("--sequence", metavar="NAME", help="Everybody in this sequence.")]
OfSender = Annotated[str | None, typer.Option("--sender", metavar="NAME", help="Everything this sender sends.")]
OfDomain = Annotated[str | None, typer.Option("--domain", metavar="DOMAIN", help="Everybody with mail at it.")]
OfCompany = Annotated[str | None, typer.Option("--company", metavar="ID", help="Everybody there; an id or domain.")]
Everything = Annotated[bool, typer.Option("--all", help="Everything.")]
Why = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for those who see it later.")]

suppressions = typer.Typer(help="Who must not be contacted: list, add, lift, or take a whole file.")


def add_to(program: typer.Typer) -> None:
    program.command("pause")(pause)
    program.command("resume")(resume)
    program.command("remove")(remove)
    program.add_typer(suppressions, name="suppress")


def pause(
    context: typer.Context,
    *,
    lead: Lead = None,
    sequence: OfSequence = None,
    sender: OfSender = None,
    domain: OfDomain = None,
    company: OfCompany = None,
    everything: Everything = False,
    reason: Why = "by hand",
) -> None:
    """Hold back a lead, a sequence, a sender, a domain, a company, or everything. Nothing is lost."""
    from outreach.services.hearing import stop

    named = _named(lead=lead, sequence=sequence, sender=sender, domain=domain, company=company, all=everything)
    with opened(context) as app:
        target = _target(app, named)
        held = stop.pause(app.engine, target, reason=reason, by=actor())
    print(f"Paused {_words(target)}: {count(held, 'enrollment')}.")


def resume(
    context: typer.Context,
    *,
    lead: Lead = None,
    sequence: OfSequence = None,
    sender: OfSender = None,
    domain: OfDomain = None,
    company: OfCompany = None,
    everything: Everything = False,
    late: Annotated[bool, typer.Option("--late", help="Send what an outage made too late.")] = False,
    skip_late: Annotated[bool, typer.Option("--skip-late", help="Skip what an outage made too late.")] = False,
) -> None:
    """Let go on what was paused, through windows and gaps; or decide about what an outage made too late."""
    from outreach.services.hearing import stop

    named = _named(lead=lead, sequence=sequence, sender=sender, domain=domain, company=company, all=everything)
    if late and skip_late:
        raise UsageError("--late and --skip-late are opposites. Choose one.")
    with opened(context) as app:
        if late or skip_late:
            if named:
                raise UsageError("--late and --skip-late are about every late touch. Give nothing else.")
            touches = stop.resume_late(app.engine, skip=skip_late, by=actor())
            print(f"{'Skipped' if skip_late else 'Resumed'} {count(touches, 'late touch')}.")
            return
        target = _target(app, named)
        going = stop.resume(app.engine, target, by=actor())
    print(f"Resumed {_words(target)}: {count(going, 'enrollment')}.")


def remove(
    context: typer.Context,
    *,
    lead: Lead = None,
    sequence: OfSequence = None,
    sender: OfSender = None,
    domain: OfDomain = None,
    company: OfCompany = None,
    everything: Everything = False,
    reason: Why = "",
    yes: Yes = False,
) -> None:
    """Take people out of their sequences for good. Those they answer later still count."""
    from outreach.services.hearing import stop

    named = _named(lead=lead, sequence=sequence, sender=sender, domain=domain, company=company, all=everything)
    with opened(context) as app:
        target = _target(app, named)
        confirm(f"Remove {_words(target)} from {'every' if sequence is None else 'this'} sequence?", yes=yes)
        ended = stop.remove(app.engine, target, by=actor(), detail=reason)
    print(f"Removed {_words(target)}: {count(len(ended), 'enrollment')} ended.")


@suppressions.callback(invoke_without_command=True)
def suppress_file(
    context: typer.Context,
    *,
    file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A CSV or text file: an address or a domain in each row.", exists=True),
    ] = None,
    reason: Why = "",
    yes: Yes = False,
) -> None:
    """Who must not be contacted: list, add, lift; or never contact anybody in a file again."""
    if context.invoked_subcommand:
        return
    if file is None:
        print(context.get_help())
        raise typer.Exit
    from outreach.services.hearing.suppress_list import suppress_list

    with opened(context) as app:
        confirm(f"Never contact anybody in {file} again?", yes=yes)
        done = suppress_list(app.engine, file, detail=reason or f"list {file.name}", by=actor())
    for line, why in done.rejected:
        print(f"{file}:{line}: {why}", file=sys.stderr)
    print(
        f"Suppressed {count(done.suppressed, 'row')}: {count(done.ended, 'enrollment')} ended; "
        f"rejected {count(done.rejections, 'row')}."
    )
    if done.rejections and not done.suppressed:
        raise typer.Exit(1)


@suppressions.command("list")
def list_suppressions(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Everybody who must not be contacted, newest first."""
    from outreach.services.watching.plain import plain
    from outreach.store import stops

    with opened(context) as app, app.store.read() as connection:
        rows = [dict(row) for row in stops.list_suppressions(connection)]
    if as_json:
        print_json(plain(rows))
        return
    columns = ("scope", "value", "reason", "detail", "by", "created_at")
    print_table(columns, [[row[column] for column in columns] for row in rows])


Value = Annotated[str, typer.Argument(metavar="WHO", help="An address, a domain, or a lead or company id.")]
ScopeName = Annotated[
    str | None, typer.Option("--scope", metavar="SCOPE", help="address, domain, company or lead, where it is unclear.")
]


@suppressions.command("add")
def add_suppression(
    context: typer.Context, who: Value, *, scope: ScopeName = None, reason: Why = "", yes: Yes = False
) -> None:
    """Never contact them again; what is planned for them is skipped at once."""
    from outreach.domain.suppression import SuppressionReason
    from outreach.services.hearing import find, stop

    with opened(context) as app:
        width, value = find.suppressible(app.engine, who, scope=scope)
        confirm(f"Never contact {width} {value} again?", yes=yes)
        ended = stop.suppress(app.engine, width, value, reason=SuppressionReason.BY_HAND, detail=reason, by=actor())
    print(f"Suppressed {width} {value}: {count(len(ended), 'enrollment')} ended.")


@suppressions.command("lift")
def lift_suppression(context: typer.Context, who: Value, *, scope: ScopeName = None, yes: Yes = False) -> None:
    """Allow them to be contacted again. Their sequences do not come back by themselves."""
    from outreach.services.hearing import find, lift

    with opened(context) as app:
        width, value = find.suppressible(app.engine, who, scope=scope)
        confirm(f"Allow {width} {value} to be contacted again?", yes=yes)
        lift.lift(app.engine, width, value, by=actor())
    print(f"Lifted the suppression of {width} {value}.")


def _named(**values: str | bool | None) -> dict[str, str]:
    """Width → value, for the options that were given."""
    given = {width: value for width, value in values.items() if value not in (None, False)}
    return {width: value if isinstance(value, str) else "" for width, value in given.items()}


def _target(app: App, named: dict[str, str]) -> Target:
    from outreach.services.hearing import find

    if len(named) != 1:
        raise UsageError("name exactly one: LEAD, --sequence, --sender, --domain, --company or --all.")
    width, value = next(iter(named.items()))
    return find.target(app.engine, width, value)


def _words(target: Target) -> str:
    return "everything" if target.width == "all" else f"{target.width} {target.value}"
