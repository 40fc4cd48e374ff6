"""The files of tests of a workspace: where they stand, every case in them, and everything that is wrong."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from outreach.content import yaml_file
from outreach.content.sequence_test_checks import check_cases
from outreach.content.sequence_tests import Case, read_cases
from outreach.content.workspace import Workspace
from outreach.errors import ConfigError, Problem

TESTS = "sequences/tests"


def files_of_tests(root: Path) -> list[Path]:
    """Every file of tests below the workspace."""
    return sorted(path for path in (root / TESTS).rglob("*.y*ml") if path.is_file())


def read_tests(
    root: Path, paths: Iterable[Path], workspace: Workspace | None
) -> tuple[list[Case], tuple[Problem, ...]]:
    """The cases that are right, and every problem of every file.

    Without a workspace, because its files are wrong, names are not compared with it.
    """
    cases: list[Case] = []
    problems: list[Problem] = []
    for path in paths:
        name = str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
        try:
            file = yaml_file.read(path, name=name)
        except ConfigError as error:
            problems += error.problems
            continue
        found = read_cases(file, problems)
        if found:
            problems += check_cases(found, workspace) if workspace else []
            cases += found.cases
    return cases, tuple(sorted(problems, key=lambda each: (each.file, each.line, each.column)))
