"""Check the files of a workspace without reaching anybody, and mend what can be mended in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from outreach.content import step_ids, workspace, yaml_file
from outreach.content.account_checks import Can
from outreach.content.configuration_files import read_configuration
from outreach.content.crm_abilities import CrmCan
from outreach.content.sequence_test_files import TESTS, files_of_tests, read_tests
from outreach.content.workspace_files import PIPELINES, SEQUENCES, TEMPLATES
from outreach.errors import Problem

_YAML = ("*.yaml", "*.yml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """`warnings`: what could be better, each with a code. `unset`: variables that files name and nobody has set yet;
    no problem before something runs."""

    problems: tuple[Problem, ...]
    files: int
    warnings: tuple[Problem, ...]
    unset: tuple[Problem, ...]


def check(
    root: Path,
    environ: Mapping[str, str],
    paths: Sequence[Path] = (),
    *,
    can: Can | None = None,
    crm_can: CrmCan | None = None,
) -> Checked:
    """Every problem of the workspace, or of the files at or below `paths`, which are absolute.

    `can` tells what the adapters of accounts do (`outreach.adapters.actions_of`), `crm_can` those of CRMs.
    """
    found = workspace.look(root, environ, paths, needs_secrets=False, can=can, crm_can=crm_can)
    _, of_tests = read_tests(root.resolve(), files_of_tests(root.resolve()), found.workspace)
    problems = (*found.problems, *(workspace.inside(root.resolve(), of_tests, paths) if paths else of_tests))
    unset = () if problems else read_configuration(root.resolve(), environ).problems
    return Checked(problems=problems, files=_count(root, paths), warnings=found.warnings, unset=unset)


def fix(root: Path, paths: Sequence[Path] = ()) -> list[str]:
    """Write missing ids into the sequence files at or below `paths` (none: all); the files that changed."""
    root = root.resolve()
    changed = []
    for path in _sequence_files(root, [path.resolve() for path in paths]):
        name = path.relative_to(root).as_posix()
        before = yaml_file.decode(yaml_file.read_bytes(path, name=name), name=name)
        after = step_ids.fix_missing_ids(before, name=name)
        if after != before:
            path.write_text(after, "utf-8", newline="")
            changed.append(name)
    return changed


def _sequence_files(root: Path, paths: Sequence[Path]) -> list[Path]:
    found = sorted(path for pattern in _YAML for path in (root / SEQUENCES).glob(pattern) if path.is_file())
    return [path for path in found if not paths or any(path.is_relative_to(each) for each in paths)]


def _count(root: Path, paths: Sequence[Path]) -> int:
    """How many files were looked at."""
    root = root.resolve()
    folders = ("config/*.yaml", f"{PIPELINES}/*.y*ml", f"{SEQUENCES}/*.y*ml", f"{TESTS}/**/*.y*ml")
    templates = (f"{TEMPLATES}/**/*.md", f"{TEMPLATES}/**/*.html")
    found = {path for pattern in (*folders, *templates) for path in root.glob(pattern)}
    wanted = [path.resolve() for path in paths]
    return sum(1 for path in found if not wanted or any(path.is_relative_to(each) for each in wanted))
