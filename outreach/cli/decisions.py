"""Commands for what only a person can decide: tasks, unknown."""

from __future__ import annotations

from typing import Annotated

import typer

from outreach.cli.invocation import actor, opened
from outreach.cli.terminal import AsJson, count, print_json, print_table, span

tasks = typer.Typer(help="What people have to do: list, done, skip, snooze, assign.", invoke_without_command=True)
unknown = typer.Typer(help="Messages that may or may not have gone out.", invoke_without_command=True)

TaskId = Annotated[str, typer.Argument(metavar="ID")]
TouchId = Annotated[str, typer.Argument(metavar="ID", help="The id of the touch.")]


def add_to(program: typer.Typer) -> None:
    program.add_typer(tasks, name="tasks")
    program.add_typer(unknown, name="unknown")


@tasks.callback()
def _tasks(
    context: typer.Context,
    *,
    assignee: Annotated[str | None, typer.Option(metavar="NAME", help="Only this person's.")] = None,
    sequence: Annotated[str | None, typer.Option(metavar="NAME", help="Only of this sequence.")] = None,
    lead: Annotated[str | None, typer.Option(metavar="LEAD", help="Only about this lead.")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those whose time is over.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Done, skipped and snoozed ones as well.")] = False,
    as_json: AsJson = False,
) -> None:
    if context.invoked_subcommand is None:
        _list_tasks(context, assignee, sequence, lead, overdue=overdue, everything=everything, as_json=as_json)


@tasks.command("list")
def list_tasks(
    context: typer.Context,
    *,
    assignee: Annotated[str | None, typer.Option(metavar="NAME", help="Only this person's.")] = None,
    sequence: Annotated[str | None, typer.Option(metavar="NAME", help="Only of this sequence.")] = None,
    lead: Annotated[str | None, typer.Option(metavar="LEAD", help="Only about this lead.")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those whose time is over.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Done, skipped and snoozed ones as well.")] = False,
    as_json: AsJson = False,
) -> None:
    """Open tasks, those that are due first on top; the same as `outreach tasks` alone."""
    _list_tasks(context, assignee, sequence, lead, overdue=overdue, everything=everything, as_json=as_json)


def _list_tasks(
    context: typer.Context,
    assignee: str | None,
    sequence: str | None,
    lead: str | None,
    *,
    overdue: bool,
    everything: bool,
    as_json: bool,
) -> None:
    from outreach.services.hearing import find
    from outreach.services.people import tasks as service

    with opened(context) as app:
        wanted = service.Wanted(
            state=None if everything else service.OPEN,
            assignee=assignee,
            lead_id=find.lead(app.engine, lead) if lead else None,
            sequence=sequence,
            only_overdue=overdue,
            snoozed=everything,
        )
        found = service.list_tasks(app.engine, wanted)
    if as_json:
        print_json([task.to_json() for task in found])
        return
    rows = [(each.id, each.kind, each.lead, each.assignee, each.due_at, each.state, each.note) for each in found]
    print_table(("id", "kind", "lead", "assignee", "due", "state", "note"), rows)
    for task in (each for each in found if each.text and each.state == service.OPEN):
        print()
        print(f"{task.id}, to paste at {task.to or 'the right place'}:")
        print(task.text)


@tasks.command("done")
def done(
    context: typer.Context,
    task_id: TaskId,
    *,
    outcome: Annotated[str, typer.Option(metavar="TEXT", help="What came of it.")] = "",
    as_json: AsJson = False,
) -> None:
    """You did it; the sequence goes on at once."""
    from outreach.services.people import tasks as service

    with opened(context) as app:
        task = service.done(app.engine, task_id, outcome=outcome, by=actor())
    print_json(task.to_json()) if as_json else print(f"Done: {task.kind} for {task.lead}.")


@tasks.command("skip")
def skip(
    context: typer.Context,
    task_id: TaskId,
    *,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why not.")] = "",
    as_json: AsJson = False,
) -> None:
    """You will not do it; the sequence goes on without."""
    from outreach.services.people import tasks as service

    with opened(context) as app:
        task = service.skip(app.engine, task_id, reason=reason, by=actor())
    print_json(task.to_json()) if as_json else print(f"Skipped: {task.kind} for {task.lead}.")


@tasks.command("snooze")
def snooze(
    context: typer.Context,
    task_id: TaskId,
    until: Annotated[str, typer.Argument(metavar="UNTIL", help="'3 days', 'monday 09:00' or 2026-12-01.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Not now: it is off the list until then. A deadline of the sequence stays."""
    from outreach.services.people import task_changes

    with opened(context) as app:
        task = task_changes.snooze(app.engine, task_id, until, by=actor())
    print_json(task.to_json()) if as_json else print(f"Snoozed until {task.snoozed_until:%Y-%m-%d %H:%M} UTC.")


@tasks.command("assign")
def assign(
    context: typer.Context,
    task_id: TaskId,
    assignee: Annotated[str, typer.Argument(metavar="NAME", help="Whose it is from now on.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Give it to somebody else."""
    from outreach.services.people import task_changes

    with opened(context) as app:
        task = task_changes.assign(app.engine, task_id, assignee, by=actor())
    print_json(task.to_json()) if as_json else print(f"{task.kind} for {task.lead} is {task.assignee}'s now.")


@unknown.callback()
def _unknown(
    context: typer.Context,
    *,
    failed: Annotated[bool, typer.Option("--failed", help="Those that failed for good as well.")] = False,
    as_json: AsJson = False,
) -> None:
    if context.invoked_subcommand is None:
        _list_unknown(context, failed=failed, as_json=as_json)


@unknown.command("list")
def list_unknown(
    context: typer.Context,
    *,
    failed: Annotated[bool, typer.Option("--failed", help="Those that failed for good as well.")] = False,
    as_json: AsJson = False,
) -> None:
    """Messages without an answer after they were handed over, the oldest first."""
    _list_unknown(context, failed=failed, as_json=as_json)


def _list_unknown(context: typer.Context, *, failed: bool, as_json: bool) -> None:
    from outreach.services.watching import unknown as service

    with opened(context) as app:
        found = service.list_doubts(app.engine, failed=failed)
    if as_json:
        print_json([each.to_json() for each in found])
        return
    rows = [
        (
            each.touch_id,
            each.state,
            span(each.age),
            each.recipient,
            each.subject or f"{each.sequence} {each.step}",
            each.server_reply or each.reason,
        )
        for each in found
    ]
    print_table(("id", "state", "age", "recipient", "subject", "why"), rows)
    if any(each.state == "unknown" for each in found):
        print()
        print("Look into the mailbox's Sent folder, or ask. Then, for each unknown one:")
        print("  outreach unknown accept ID   it arrived: it counts as sent, the sequence goes on")
        print("  outreach unknown resend ID   it did not: it is sent again, through all rules")


@unknown.command("resend")
def resend(context: typer.Context, touch_id: TouchId) -> None:
    """It did not arrive: plan it again, through every rule, window and limit."""
    from outreach.services.watching import unknown as service

    with opened(context) as app:
        service.resend(app.engine, touch_id, by=actor())
    print(f"Planned {count(1, 'touch')} again: {touch_id}.")


@unknown.command("accept")
def accept(context: typer.Context, touch_id: TouchId) -> None:
    """It arrived: it counts as sent, and the sequence goes on."""
    from outreach.services.watching import unknown as service

    with opened(context) as app:
        service.accept(app.engine, touch_id, by=actor())
    print(f"Counted as sent: {touch_id}.")
