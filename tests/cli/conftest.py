"""A workspace of its own for each test, and the command line run inside this process or as a process of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner

from outreach.cli.program import program
from outreach.services.watching.new_workspace import make


@dataclass(frozen=True)
class Said:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(frozen=True)
class Shell:
    """`run` in this process, without a terminal; `spawn` as a process of its own."""

    root: Path

    def run(self, *arguments: str) -> Said:
        result = CliRunner().invoke(program, ["--workspace", str(self.root), *arguments])
        return Said(result.exit_code, result.stdout, result.stderr)

    def spawn(self, *arguments: str, cwd: Path | None = None, **environ: str) -> Said:
        command = [sys.executable, "-m", "outreach", *arguments]
        env = {"PATH": "/usr/bin:/bin", "HOME": str(self.root), "PYTHONUTF8": "1", **environ}
        done = subprocess.run(
            command, cwd=cwd or self.root, env=env, capture_output=True, text=True, timeout=60, check=False
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path


@pytest.fixture
def shell(tmp_path: Path, sqlite_template: Path) -> Iterator[Shell]:
    """A workspace as `init` makes it, its database made already."""
    root = tmp_path / "workspace"
    make(root)
    shutil.copyfile(sqlite_template, root / "outreach.db")
    yield Shell(root)
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def stocked_template(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    """A workspace to copy from: the sample leads imported, the sample sequence applied."""
    shell = Shell(tmp_path_factory.mktemp("stocked") / "workspace")
    make(shell.root)
    shutil.copyfile(sqlite_template, shell.root / "outreach.db")
    assert shell.run("leads", "import", str(shell.root / "leads.csv")).code == 0
    assert shell.run("apply", "--yes").code == 0
    structlog.reset_defaults()
    return shell.root


@pytest.fixture
def stocked(shell: Shell, stocked_template: Path) -> Shell:
    """The same with the sample leads imported and the sample sequence applied."""
    shutil.copytree(stocked_template, shell.root, dirs_exist_ok=True)
    return shell
