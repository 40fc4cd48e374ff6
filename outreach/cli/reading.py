"""Commands that tell how things stand: status, explain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from outreach.cli.invocation import opened
from outreach.cli.terminal import AsJson, count, print_json, print_table, span, when
from outreach.errors import UsageError

if TYPE_CHECKING:
    from outreach.services.measuring.winners import TrialView
    from outreach.services.pipeline.explain_score import ScoreView
    from outreach.services.watching.explain import EnrollmentView, Explanation, Verdict
    from outreach.services.watching.explain_sequence import SequenceExplanation
    from outreach.services.watching.status import SenderLine, Status

_HISTORY = 30


def add_to(program: typer.Typer) -> None:
    program.command("status")(status)
    program.command("explain")(explain)


def status(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Sent, due, blocked and why, replies, tasks, senders, CRM; and whether anybody was forgotten."""
    from outreach.services.watching.status import status as read

    with opened(context) as app:
        found = read(app.engine)
    if as_json:
        print_json(found.to_json())
    else:
        _show_status(found)


def _show_status(found: Status) -> None:
    ago = f"{span(found.scheduler_age)} ago" if found.scheduler_age is not None else "never on this database"
    print(f"{when(found.at, found.zone)}; scheduling ran {ago}.")
    print(f"Today:    {found.sent_today} sent, {found.failed_today} failed, {count(found.replies_today, 'reply')}")
    print(f"Touches:  {_touches(found)}")
    print(f"Tasks:    {found.tasks_open} open, {found.tasks_overdue} overdue")
    _show_what_is_held(found)
    _show_senders(found.senders)
    _show_crms(found)
    _show_trials(found.trials)
    _show_forgotten(found)


def _touches(found: Status) -> str:
    counts = {
        "planned": found.planned,
        "due now": found.due,
        "on the way": found.claimed + found.handed_over,
        "unknown": found.unknown,
        "failed": found.failed,
        "too late": found.too_late,
    }
    return ", ".join(f"{number} {name}" for name, number in counts.items())


def _show_what_is_held(found: Status) -> None:
    for reason, number in found.blocked.items():
        print(f"Blocked: {count(number, 'touch')}: {reason}")
    for hold in found.holds:
        why = f" ({hold.error})" if hold.error else ""
        print(f"Held since {span(hold.age)}: lead {hold.lead_id} in {hold.sequence}, by {hold.connection}{why}")
    for pause in found.pauses:
        what = f"{pause.scope} {pause.value}".strip()
        print(f"Paused: {what}: {pause.reason} ({pause.by}, {when(pause.since_at, found.zone)})")
    if found.too_late:
        print("Too late after an outage: decide with `outreach resume --late` or `outreach resume --skip-late`.")
    if found.unknown:
        print("Unknown whether they went out: decide with `outreach unknown list`.")
    if found.deliveries_failed:
        print(f"{count(found.deliveries_failed, 'delivery')} not understood: see `outreach inbound failed`.")
    if found.notices_failed:
        failed = count(found.notices_failed, "notice")
        print(f"{failed} could not be told to the team: look at `notify` in the settings.")


def _show_senders(senders: tuple[SenderLine, ...]) -> None:
    rows = [
        (
            sender.name + ("" if sender.is_configured else " (not configured)"),
            queue.action,
            queue.due,
            queue.used_today,
            "no limit" if queue.left is None else queue.left,
            sender.circuit_reason or queue.because or "ready",
            sender.circuit_open_until or queue.wait_until,
        )
        for sender in senders
        for queue in sender.queues
    ]
    if rows:
        print()
        print_table(("sender", "action", "due", "used today", "left now", "state", "until"), rows)


def _show_crms(found: Status) -> None:
    if found.crms:
        rows = [(each.connection, each.waiting, each.dead, each.parked_until, each.reason) for each in found.crms]
        print()
        print_table(("crm", "waiting", "dead", "parked until", "why"), rows)


def _show_trials(trials: tuple[TrialView, ...]) -> None:
    from outreach.services.measuring.winners import said

    if trials:
        print()
    for trial in trials:
        print(f"Variants of {trial.sequence}/{trial.step}: {said(trial)}")


def _show_forgotten(found: Status) -> None:
    print()
    if found.stale:
        print(f"Stale: {count(found.stale, 'lead')} longer at their stage than it allows: see outreach cleanup.")
    if not found.forgotten:
        print("Forgotten: nobody. Each open lead has a next action, or a stated reason for none.")
        return
    situations = ", ".join(f"{number} {name}" for name, number in found.forgotten_by.items())
    shown = ", ".join(found.forgotten_leads)
    ago = "" if found.forgotten_at == found.at else f", counted {when(found.forgotten_at, found.zone)}"
    print(f"Forgotten: {count(found.forgotten, 'open lead')} without a next action ({situations}{ago}): {shown}")


def explain(
    context: typer.Context,
    *,
    lead: Annotated[str | None, typer.Argument(metavar="[LEAD]", help="An id or any address.")] = None,
    sequence: Annotated[str | None, typer.Option("--sequence", metavar="NAME", help="Counts per reason.")] = None,
    as_json: AsJson = False,
) -> None:
    """Why did this lead (not) get that message: every rule that was asked, in order, and what comes next."""
    from outreach.services.hearing import find
    from outreach.services.watching.explain import explain_lead
    from outreach.services.watching.explain_sequence import explain_sequence

    if (lead is None) == (sequence is None):
        raise UsageError("name a LEAD or a --sequence, one of them.")
    with opened(context) as app:
        if sequence is not None:
            about = explain_sequence(app.engine, sequence)
            print_json(about.to_json()) if as_json else _show_sequence(about)
            return
        found = explain_lead(app.engine, find.lead(app.engine, lead or ""))
        print_json(found.to_json()) if as_json else _show_lead(found)


def _show_lead(found: Explanation) -> None:
    print(f"{found.name or found.lead_id}  {', '.join(found.addresses)}")
    print(f"Lead {found.lead_id}: status {found.status}, stage {found.stage} of pipeline {found.pipeline}.")
    _show_score(found.score)
    if not found.enrollments:
        print("In no sequence, and never was.")
    for each in found.enrollments:
        print()
        _show_enrollment(each)
    if found.history:
        print()
        print("History:")
    zone = found.enrollments[-1].zone if found.enrollments else "UTC"
    for entry in found.history[-_HISTORY:]:
        where = " ".join(part for part in (entry.sequence, entry.step) if part)
        print(f"  {when(entry.at, zone)}  {entry.kind:<13} {where + ': ' if where else ''}{entry.what}")


def _show_score(found: ScoreView) -> None:
    if found.lines:
        given = [(found.given, "given: by import, sequence or hand")] if found.given else []
        threshold = f"; qualified at {found.qualified_at}" if found.qualified_at is not None else ""
        print(f"Score {found.score}{threshold}:")
        for points, what in given + [(line.points, line.rule + line.note) for line in found.lines]:
            print(f"  {points:+5d}  {what}")
        if found.is_behind:
            print(f"  stored: {found.score}; the next round makes it {found.given + found.by_rules}")


def _show_enrollment(each: EnrollmentView) -> None:
    print(f"{each.sequence}, revision {each.revision}: {each.state}, sender {each.sender}, zone {each.zone}.")
    if each.finished_at is not None:
        why = " ".join(part for part in (each.reason, each.detail) if part)
        print(f"  Finished {when(each.finished_at, each.zone)}: {why}.")
        return
    print(f"  Stands: {each.stands}.")
    print(f"  Next: {each.next}.")
    if each.after:
        print(f"  Then: {each.after}.")
    if each.touch is not None:
        opens, closes = when(each.touch.opens_at, each.zone), when(each.touch.closes_at, each.zone)
        print(f"  Window: from {opens} to {closes}; due {when(each.touch.due_at, each.zone)}.")
    for verdict in each.verdicts:
        print(f"  {_mark(verdict)} {verdict.rule.replace('_', ' ')}{_because(verdict, each.zone)}")


def _mark(verdict: Verdict) -> str:
    return "✗" if verdict.blocks else "✓"


def _because(verdict: Verdict, zone: str) -> str:
    if not verdict.blocks:
        return ""
    until = "for good" if verdict.is_final else f"asked again {when(verdict.until, zone)}" if verdict.until else ""
    return f": {verdict.because}" + (f" ({until or 'until something changes'})")


def _show_sequence(found: SequenceExplanation) -> None:
    people = f"{found.active} active, {found.paused} paused, {found.held} held"
    print(f"{found.sequence}, revision {found.revision}: {people}.")
    if found.reasons:
        print()
        print_table(("people", "why nothing goes out now"), [(n, reason) for reason, n in found.reasons.items()])
    if found.steps:
        print()
        print_table(("people", "step"), [(number, step) for step, number in found.steps.items()])
    if found.finished:
        print()
        print_table(("people", "finished"), [(number, reason) for reason, number in found.finished.items()])
    _show_trials(found.trials)
