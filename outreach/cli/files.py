"""Commands about the files people write: init, validate, apply."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from outreach.cli.failures import WRITTEN_WRONG, show_problems
from outreach.cli.invocation import actor, invocation, opened
from outreach.cli.terminal import AsJson, Yes, confirm, count, print_json

if TYPE_CHECKING:
    from outreach.errors import Problem
    from outreach.services.apply_files import Pending
    from outreach.services.check_files import Checked
    from outreach.services.revise import Change


def add_to(program: typer.Typer) -> None:
    program.command("init")(init)
    program.command("validate")(validate)
    program.command("apply")(apply)


def init(directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty directory.")]) -> None:
    """Make a new workspace: configuration, one sequence, its templates and sample leads."""
    from outreach.services.new_workspace import make

    made = make(directory)
    print(f"Made {directory} with {count(len(made), 'file')}:")
    for name in made:
        print(f"  {name}")
    print("Next:")
    print(f"  cd {directory}")
    print("  outreach validate                    # and set config/senders.yaml to your mailbox")
    print("  outreach leads import leads.csv")
    print("  outreach apply")
    print("  outreach enroll welcome --all")
    print("  outreach run")


def validate(
    context: typer.Context,
    *,
    paths: Annotated[list[Path] | None, typer.Argument(metavar="[PATH]…", help="Only files at or below these.")] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Write missing step ids into sequence files.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check every file of the workspace; all problems of all files come at once."""
    from outreach.services import check_files

    root = invocation(context).root
    wanted = [path if path.is_absolute() else Path.cwd() / path for path in paths or []]
    fixed = check_files.fix(root, wanted) if fix else []
    found = check_files.check(root, os.environ, wanted)
    if as_json:
        problems, warnings = [_problem(each) for each in found.problems], [_problem(each) for each in found.warnings]
        print_json({"problems": problems, "warnings": warnings, "fixed": fixed})
    else:
        for name in fixed:
            print(f"{name}: wrote missing ids.")
        _report(found)
    if found.problems:
        raise typer.Exit(WRITTEN_WRONG)


def _problem(problem: Problem) -> dict[str, object]:
    return {name: getattr(problem, name) for name in ("file", "line", "column", "message", "remedy")}


def _report(found: Checked) -> None:
    if found.problems:
        show_problems(found.problems)
        return
    print(f"{count(found.files, 'file')}: everything is fine.")
    for warning in found.warnings:
        print(f"Before it runs: {warning}")


def apply(
    context: typer.Context,
    *,
    sequences: Annotated[list[str] | None, typer.Argument(metavar="[SEQUENCE]…", help="Only these.")] = None,
    new: Annotated[bool, typer.Option("--new", help="Only new enrollments take the change (the default).")] = True,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Make the files take effect: store a revision of each changed sequence. Shows what changes, then asks."""
    from outreach.services import apply_files

    names = sequences or []
    with opened(context) as app:
        pending = apply_files.pending(app.engine, app.workspace, names)
        if as_json:
            print_json(pending.to_json())
        else:
            _show(pending)
        if pending.is_empty:
            return
        confirm("Apply this?", yes=yes)
        for change in apply_files.apply(app.engine, app.workspace, names, by=actor()):
            if not as_json and change.is_changed:
                print(f"Applied {change.sequence}, revision {change.number}.")


def _show(pending: Pending) -> None:
    if pending.is_empty:
        print("Nothing to apply: the files are as they were applied.")
        return
    for change in pending.changes:
        print(_words(change))
    if pending.files:
        print(f"Files: {', '.join(pending.files)}")


def _words(change: Change) -> str:
    if not change.is_changed:
        return f"= {change.sequence}: unchanged, revision {change.number}"
    if change.is_new_sequence:
        return f"+ {change.sequence}: new, revision {change.number}"
    steps = [f"+{step}" for step in change.steps_added] + [f"-{step}" for step in change.steps_removed]
    inside = f"{count(change.people_inside, 'enrollment')} inside stay on their revision"
    changed = f"steps {' '.join(steps)}" if steps else "texts or settings"
    return f"~ {change.sequence}: revision {change.number}; {changed}; {inside}"
