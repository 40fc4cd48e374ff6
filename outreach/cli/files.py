"""Commands about the files people write: init, validate."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from outreach.cli.failures import WRITTEN_WRONG, show, show_problems
from outreach.cli.invocation import invocation
from outreach.cli.terminal import AsJson, count, print_json

if TYPE_CHECKING:
    from outreach.errors import Problem
    from outreach.services.sequences.check_files import Checked


def add_to(program: typer.Typer) -> None:
    program.command("init")(init)
    program.command("validate")(validate)


def init(directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty directory.")]) -> None:
    """Make a new workspace: configuration, one sequence, its templates and sample leads."""
    from outreach.clock import SystemClock
    from outreach.services.watching.new_workspace import make

    made = make(directory, today=SystemClock().now().date())
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
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as problems.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check every file of the workspace; all problems of all files come at once."""
    from outreach.adapters import actions_of, crm_abilities
    from outreach.services.sequences import check_files

    root = invocation(context).root
    wanted = [path if path.is_absolute() else Path.cwd() / path for path in paths or []]
    fixed = check_files.fix(root, wanted) if fix else []
    found = check_files.check(root, os.environ, wanted, can=actions_of, crm_can=crm_abilities)
    if as_json:
        told = {name: [_problem(each) for each in getattr(found, name)] for name in ("problems", "warnings", "unset")}
        print_json({**told, "fixed": fixed})
    else:
        for name in fixed:
            print(f"{name}: wrote missing ids.")
        _report(root, found)
    if found.problems or (strict and found.warnings):
        raise typer.Exit(WRITTEN_WRONG)


def _problem(problem: Problem) -> dict[str, object]:
    return {name: getattr(problem, name) for name in ("file", "line", "column", "code", "message", "remedy")}


def _report(root: Path, found: Checked) -> None:
    if found.problems:
        show_problems(found.problems, root=root)
    for warning in found.warnings:
        show(warning, root)
    if found.warnings:
        print(f"{count(len(found.warnings), 'warning')}. Switch one off: # outreach: allow W000 because …")
    if not found.problems:
        print(f"{count(found.files, 'file')}: everything is fine.")
    for variable in found.unset:
        print(f"Before it runs: {variable}")
