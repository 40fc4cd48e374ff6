"""Sequence tests as pytest items: `pytest --outreach-workspace DIR`, or `outreach_workspace = DIR` in the ini file.

Without either it collects nothing. With the option the workspace's sequences/tests are added to what is run; with the
ini key they are collected wherever pytest comes by.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from outreach.content.sequence_tests import Case
    from outreach.rehearsal import Result, Stage

_OPTION = "--outreach-workspace"
_INI = "outreach_workspace"
_STAGE = pytest.StashKey["Stage"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("outreach", "tests of outreach sequences")
    group.addoption(_OPTION, metavar="DIR", default=None, help="run sequences/tests/*.yaml of this workspace")
    parser.addini(_INI, "the workspace whose sequences/tests/*.yaml are collected", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Asked for by name, the tests are run whatever else is."""
    asked = config.getoption(_OPTION)
    tests = _tests_of(config)
    if asked and tests and tests.is_dir() and not any(_covers(config, each, tests) for each in config.args):
        config.args.append(str(tests))


def _covers(config: pytest.Config, argument: str, tests: Path) -> bool:
    path = (config.invocation_params.dir / argument.partition("::")[0]).resolve()
    return tests.is_relative_to(path) or path.is_relative_to(tests)


def pytest_unconfigure(config: pytest.Config) -> None:
    stage = config.stash.get(_STAGE, None)
    if stage is not None:
        stage.close()


def _workspace_of(config: pytest.Config) -> Path | None:
    asked = config.getoption(_OPTION)
    if asked:
        return (config.invocation_params.dir / str(asked)).resolve()
    named = config.getini(_INI)
    return (config.rootpath / str(named)).resolve() if named else None


def _tests_of(config: pytest.Config) -> Path | None:
    workspace = _workspace_of(config)
    return workspace / "sequences" / "tests" if workspace else None


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    tests = _tests_of(parent.config)
    if tests is None or file_path.suffix not in (".yaml", ".yml") or not file_path.resolve().is_relative_to(tests):
        return None
    collector: pytest.Collector = SequenceFile.from_parent(parent, path=file_path)
    return collector


class SequenceFile(pytest.File):
    """One file of tests."""

    def collect(self) -> Iterator[pytest.Item]:
        from outreach.errors import OutreachError
        from outreach.rehearsal import read_files

        try:
            stage = _stage_of(self.config)
            cases = read_files(stage.workspace.root, [self.path.resolve()], stage.workspace)
        except OutreachError as error:
            raise self.CollectError(str(error)) from None
        for case in cases:
            yield SequenceItem.from_parent(self, name=case.name, case=case)


def _stage_of(config: pytest.Config) -> Stage:
    from outreach.rehearsal import open_stage

    if _STAGE not in config.stash:
        workspace = _workspace_of(config)
        assert workspace is not None
        config.stash[_STAGE] = open_stage(workspace, os.environ)
    return config.stash[_STAGE]


class Different(Exception):
    """It did not come as the case says."""

    def __init__(self, result: Result) -> None:
        self.story = "\n".join(result.story())
        super().__init__(self.story)


class SequenceItem(pytest.Item):
    """One case."""

    def __init__(self, *, case: Case, **given: Any) -> None:
        super().__init__(**given)
        self._case = case

    def runtest(self) -> None:
        for result in _stage_of(self.config).run([self._case]):
            if not result.is_passed:
                raise Different(result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, Different):
            return excinfo.value.story
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self._case.place.line - 1, self.name
