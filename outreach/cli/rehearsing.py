"""The command that runs the tests of sequences."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from outreach.cli.failures import FAILED
from outreach.cli.invocation import invocation
from outreach.cli.terminal import AsJson, count, print_json

if TYPE_CHECKING:
    from outreach.rehearsal import Result


def add_to(program: typer.Typer) -> None:
    program.command("test")(run_tests)


def run_tests(
    context: typer.Context,
    *,
    paths: Annotated[list[Path] | None, typer.Argument(metavar="[PATH]…", help="Files or directories.")] = None,
    as_json: AsJson = False,
) -> None:
    """Run the tests of sequences (sequences/tests/*.yaml): the real engine, no accounts, no waiting."""
    from outreach import rehearsal
    from outreach.cli.logs import only_warnings
    from outreach.clock import SystemClock

    only_warnings()
    root = invocation(context).root.resolve()
    began = SystemClock().monotonic()
    with rehearsal.open_stage(root, os.environ) as stage:
        files = rehearsal.files_of(root, [path.resolve() for path in paths or []])
        results = []
        for result in stage.run(rehearsal.read_files(root, files, stage.workspace)):
            results.append(result)
            if not as_json:
                _tell(result)
    seconds = SystemClock().monotonic() - began
    if as_json:
        print_json(_json(results, seconds))
    else:
        _sum_up(results, len(files), seconds)
    if not all(result.is_passed for result in results):
        raise typer.Exit(FAILED)


def _tell(result: Result) -> None:
    if result.is_passed:
        print(f"ok    {result.case.sequence}: {result.case.name}")
    else:
        print(f"FAIL  {result.case.sequence}: {result.case.name}")
        for line in result.story():
            print(f"      {line}")
    sys.stdout.flush()


def _sum_up(results: list[Result], files: int, seconds: float) -> None:
    failed = sum(not result.is_passed for result in results)
    if not results:
        print("There are no tests. Write them in sequences/tests/*.yaml.")
        return
    counted = f"{count(len(results), 'case')} in {count(files, 'file')}, {seconds:.1f} s"
    print(f"{failed} of {counted} failed." if failed else f"{counted}: all passed.")


def _json(results: list[Result], seconds: float) -> dict[str, Any]:
    failed = sum(not result.is_passed for result in results)
    return {
        "passed": len(results) - failed,
        "failed": failed,
        "seconds": round(seconds, 3),
        "cases": [_case_json(result) for result in results],
    }


def _case_json(result: Result) -> dict[str, Any]:
    from outreach.services.watching.plain import plain

    case, played = result.case, result.played
    return {
        "file": case.file,
        "line": case.place.line,
        "sequence": case.sequence,
        "name": case.name,
        "passed": result.is_passed,
        "zone": played.zone,
        "touches": plain(played.touches),
        "end": plain(played.end),
        "differences": [
            {"sign": str(each.sign), "text": each.text, "line": each.line}
            for each in result.verdict.lines
            if each.sign != " "
        ],
    }
