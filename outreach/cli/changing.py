"""Commands that make files take effect: plan, apply, rollback."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from outreach.cli.invocation import actor, opened
from outreach.cli.terminal import AsJson, Yes, confirm, count, print_json
from outreach.errors import UsageError

if TYPE_CHECKING:
    from outreach.app import App
    from outreach.services.sequences.apply_files import Pending
    from outreach.services.sequences.plan import SequencePlan, Standing
    from outreach.services.sequences.revise import Change

_END = "the end"

Names = Annotated[list[str] | None, typer.Argument(metavar="[SEQUENCE]…", help="Only these.")]
Move = Annotated[
    bool,
    typer.Option("--move/--new", help="Everybody inside takes the change; default: only new enrollments do."),
]
Targets = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="OLD=NEW", help="With --move: where those go who stand at a step; may be repeated."),
]


def add_to(program: typer.Typer) -> None:
    program.command("plan")(plan)
    program.command("apply")(apply)
    program.command("rollback")(rollback)


def plan(context: typer.Context, *, sequences: Names = None, targets: Targets = None, as_json: AsJson = False) -> None:
    """Compare the files with what is applied: steps, texts, people inside, and what would become of them."""
    from outreach.services.sequences import apply_files

    names = sequences or []
    with opened(context) as app:
        pending = apply_files.pending(app.engine, app.workspace, names)
        plans = _plans(app, names, targets_of(targets))
    if as_json:
        print_json({"files": list(pending.files), "sequences": [each.to_json() for each in plans]})
        return
    if pending.is_empty and not pending.people_behind:
        print("Nothing to apply: the files are as they were applied.")
        return
    for each in plans:
        show_plan(each)
    if pending.files:
        print(f"Files: {', '.join(pending.files)}")


def _plans(app: App, names: Sequence[str], targets: dict[str, str]) -> list[SequencePlan]:
    from outreach.services.sequences import apply_files
    from outreach.services.sequences import plan as plans

    return plans.plan(app.engine, apply_files.contents_of(app.workspace, names), targets=targets)


def apply(
    context: typer.Context,
    *,
    sequences: Names = None,
    move: Move = False,
    targets: Targets = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Make the files take effect: store a revision of each changed sequence. Shows what changes, then asks."""
    from outreach.services.sequences import apply_files

    names, mapped = sequences or [], targets_of(targets, is_moving=move)
    with opened(context) as app:
        pending = apply_files.pending(app.engine, app.workspace, names)
        plans = _plans(app, names, mapped) if move else []
        if as_json:
            more = {"plan": [each.to_json() for each in plans]} if move else {}
            print_json(pending.to_json() | more)
        else:
            _show(pending, plans, is_moving=move)
        if pending.is_empty and not (move and pending.people_behind):
            return
        check_needs(plans)
        confirm(_question(pending, is_moving=move), yes=yes)
        done = apply_files.apply(app.engine, app.workspace, names, by=actor(), targets=mapped if move else None)
    if not as_json:
        _tell(done)


def targets_of(written: list[str] | None, *, is_moving: bool = True) -> dict[str, str]:
    """`OLD=NEW` by OLD. Raises UsageError for what is written otherwise, or without `--move`."""
    if written and not is_moving:
        raise UsageError("--map says where people are moved to. Add --move.")
    targets: dict[str, str] = {}
    for each in written or []:
        old, equals, new = (part.strip() for part in each.partition("="))
        if not (old and equals and new):
            raise UsageError(f"--map {each}: write it as OLD=NEW, with the ids of two steps.")
        if targets.setdefault(old, new) != new:
            raise UsageError(f"--map {old} is there twice: {targets[old]} and {new}.")
    return targets


def check_needs(plans: Sequence[SequencePlan]) -> None:
    """Raises UsageError when people stand at steps that are gone, before anybody is asked anything."""
    needs = {step: people for each in plans for step, people in each.needs.items()}
    if needs:
        listed = ", ".join(f"{step} ({people})" for step, people in needs.items())
        written = " ".join(f"--map {step}=STEP" for step in needs)
        raise UsageError(f"people stand at steps that are gone: {listed}. Say where they go, or `end`: {written}")


def _question(pending: Pending, *, is_moving: bool) -> str:
    if is_moving and pending.people_behind:
        return f"Apply this, and move {count(pending.people_behind, 'enrollment')}?"
    return "Apply this?"


def _tell(done: Sequence[Change]) -> None:
    for change in done:
        if change.is_changed:
            print(f"Applied {change.sequence}, revision {change.number}.")
        if change.moved:
            print(f"Moved {count(change.moved, 'enrollment')} of {change.sequence} to revision {change.number}.")
        if change.left:
            print(
                f"{count(change.left, 'enrollment')} of {change.sequence} is being written to at a step that is gone;"
            )
            print("move them in a minute: outreach apply --move")


def _show(pending: Pending, plans: Sequence[SequencePlan], *, is_moving: bool) -> None:
    if pending.is_empty and not (is_moving and pending.people_behind):
        print("Nothing to apply: the files are as they were applied.")
        return
    by_name = {each.sequence: each for each in plans}
    for change in pending.changes:
        print(_words(change, is_moving=is_moving))
        if change.sequence in by_name:
            _show_people(by_name[change.sequence])
    if pending.files:
        print(f"Files: {', '.join(pending.files)}")


def _words(change: Change, *, is_moving: bool) -> str:
    behind = count(change.people_behind, "enrollment")
    if not change.is_changed:
        told = f"; {behind} of earlier revisions will be moved" if is_moving and change.people_behind else ""
        return f"= {change.sequence}: unchanged, revision {change.number}{told}"
    if change.is_new_sequence:
        return f"+ {change.sequence}: new, revision {change.number}"
    steps = [f"+{step}" for step in change.steps_added] + [f"-{step}" for step in change.steps_removed]
    inside = f"{behind} inside will be moved" if is_moving else f"{behind} inside stay on their revision"
    changed = f"steps {' '.join(steps)}" if steps else "texts or settings"
    return f"~ {change.sequence}: revision {change.number}; {changed}; {inside}"


def show_plan(found: SequencePlan) -> None:
    """Everything that would be different, and for whom."""
    change = found.change
    if change.is_new_sequence:
        print(f"+ {change.sequence}: new, revision {change.number}")
        return
    if found.is_empty:
        print(f"= {change.sequence}: unchanged, revision {change.number}")
        return
    print(f"{'~' if change.is_changed else '='} {change.sequence}: revision {change.number}")
    for title, lines in (
        ("Steps", _steps(found)),
        ("Texts", (line for text in found.difference.texts for line in text.lines)),
        ("Settings", iter(found.difference.settings)),
    ):
        told = list(lines)
        if told:
            print(f"  {title}")
            for line in told:
                print(f"    {line}".rstrip())
    _show_people(found)


_SIGNS = {"added": "+", "removed": "-", "changed": "~", "moved": "→"}


def _steps(found: SequencePlan) -> Iterator[str]:
    for each in found.difference.steps:
        sign = _SIGNS[each.change]
        place = f", after {each.after}" if each.after else ", first"
        was = f"  (was: {each.was})" if each.was else ""
        yield f"{sign} {each.step}: {each.what}{place if each.change in ('added', 'moved') else ''}{was}"
        for detail in each.details:
            yield f"    {detail}"


def _show_people(found: SequencePlan) -> None:
    behind = found.change.people_behind
    if not behind:
        return
    listed = ", ".join(f"revision {number}: {people}" for number, people in found.revisions.items())
    print(f"  People inside: {found.change.people_inside:,} ({listed})")
    widest = max(len(each.step or _END) for each in found.standing)
    for each in found.standing:
        print(f"    at {(each.step or _END).ljust(widest)}  {each.people:>7,}  with --move: {_fate(each)}")
    for line in _remarks(found):
        print(f"    {line}")


def _fate(standing: Standing) -> str:
    to = standing.to or _END
    match standing.how:
        case None:
            return f"gone: needs --map {standing.step}=STEP"
        case "same":
            return "stays"
        case "wait":
            return "stays, and waits as long as it says now"
        case "target":
            return f"goes to {to}"
        case "behind":
            return f"gone: goes on at {to}"
        case _:
            return f"goes back to {to}, which they have not had"


def _remarks(found: SequencePlan) -> Iterator[str]:
    for step, people in found.misses.items():
        yield f"--move: {count(people, 'enrollment')} would not get '{step}': they are past it."
    for step, people in found.repeats.items():
        yield f"--move: {count(people, 'enrollment')} had '{step}' already and will not get it again."
    if found.left:
        yield f"--move: {count(found.left, 'touch')} under way at a step that is gone; those are moved another time."
    yield "--new: everybody inside stays on the revision they began with."
    if found.ends.new or found.ends.move:
        moved = f", with --move by {found.ends.move}" if found.ends.move else ""
        yield f"If nobody answers, they are through by {found.ends.new or 'no day that can be told'}{moved}."


def rollback(
    context: typer.Context,
    sequence: Annotated[str, typer.Argument(metavar="SEQUENCE")],
    *,
    to: Annotated[
        int | None, typer.Option("--to", metavar="NUMBER", help="That revision; default: the one before.")
    ] = None,
    move: Move = False,
    targets: Targets = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Make an earlier revision the present one again, as a new revision: the history stays."""
    from outreach.services.sequences import plan as plans
    from outreach.services.sequences import rollback as back

    mapped = targets_of(targets, is_moving=move)
    with opened(context) as app:
        earlier = back.earlier(app.engine, sequence, to=to)
        found = plans.plan(app.engine, {sequence: earlier.content}, targets=mapped)
        if not as_json:
            print(f"{sequence}: from revision {earlier.present} back to revision {earlier.number}")
            show_plan(found[0])
        if move:
            check_needs(found)
        confirm(f"Go back to revision {earlier.number}?", yes=yes)
        done = back.rollback(app.engine, earlier, by=actor(), targets=mapped if move else None)
    if as_json:
        print_json({"sequence": sequence, "back_to": earlier.number, "revision": done.number, "moved": done.moved})
        return
    _tell([done])
    print("The files are as they were: change them back too, or the next `outreach apply` brings the change again.")
