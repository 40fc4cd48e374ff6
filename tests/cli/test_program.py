"""What holds for every command: help, exit codes, errors, and processes that end when they are told to."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import typer

from outreach.cli.program import program
from tests.cli.conftest import Shell

ROOT = Path(__file__).parents[2]
SLOW = {
    "alembic", "asyncio", "babel", "cryptography", "dns", "dramatiq", "fastapi", "holidays", "httpx", "imapclient",
    "jinja2", "matplotlib", "multiprocessing", "numpy", "openpyxl", "orjson", "phonenumbers", "psycopg", "pydantic",
    "redis", "rich", "sqlalchemy", "ssl", "starlette", "structlog", "uvicorn", "yaml",
}  # fmt: skip


def _leaves(command: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Every command by its words; groups that answer by themselves are commands too."""
    inner = getattr(command, "commands", None)
    if inner is None:
        return {path: command}
    found = {path: command} if path and command.invoke_without_command else {}
    for name, each in inner.items():
        found |= _leaves(each, (*path, name))
    return found


COMMANDS = _leaves(typer.main.get_command(program))
READING = [
    ("status",),
    ("explain",),
    ("tasks",),
    ("unknown",),
    ("leads", "list"),
    ("leads", "show"),
    ("crm", "check"),
    ("crm", "failed"),
    ("inbound", "failed"),
    ("inbound", "parse"),
    ("suppress", "list"),
    ("audit", "verify"),
    ("db", "export"),
    ("validate",),
]


def test_help_imports_nothing_that_is_slow() -> None:
    """The promise is 0.3 s; this is what keeps it, on any machine."""
    code = (
        "import atexit, sys; from outreach.__main__ import main; sys.argv = ['outreach', '--help']\n"
        f"atexit.register(lambda: print(sorted({SLOW!r} & set(sys.modules)))); main()"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "Usage: outreach" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("path", sorted(COMMANDS), ids=" ".join)
def test_every_command_says_what_it_does(shell: Shell, path: tuple[str, ...]) -> None:
    said = shell.run(*path, "--help")

    assert said.code == 0
    assert COMMANDS[path].help


@pytest.mark.parametrize("path", sorted(COMMANDS), ids=" ".join)
def test_every_command_is_in_the_reference(path: tuple[str, ...]) -> None:
    page = (ROOT / "docs/reference/cli.md").read_text("utf-8")

    assert f"`{' '.join(path)}" in page


@pytest.mark.parametrize("path", sorted(COMMANDS), ids=" ".join)
def test_every_option_is_in_the_reference(path: tuple[str, ...]) -> None:
    page = (ROOT / "docs/reference/cli.md").read_text("utf-8")
    options = [name for each in COMMANDS[path].params for name in each.opts if name.startswith("--")]

    assert [name for name in options if f"`{name}" not in page] == []


@pytest.mark.parametrize("path", READING, ids=" ".join)
def test_what_reads_speaks_json(path: tuple[str, ...]) -> None:
    assert any("--json" in each.opts for each in COMMANDS[path].params)


def test_the_exit_code_tells_what_kind_of_thing_went_wrong(shell: Shell) -> None:
    fine = shell.spawn("status")
    wrong = shell.spawn("explain", "nobody@one.example")
    typed = shell.spawn("stauts")
    broken = shell.spawn("status", OUTREACH_DATABASE_URL="postgresql+psycopg://127.0.0.1:9/nothing")

    assert (fine.code, wrong.code, typed.code, broken.code) == (0, 2, 2, 1)
    assert all("Traceback" not in said.err for said in (fine, wrong, typed, broken))


def test_a_directory_that_is_no_workspace_is_said_to_be_none(tmp_path: Path, shell: Shell) -> None:
    said = shell.spawn("status", cwd=tmp_path)

    assert said.code == 2
    assert "Begin a workspace with `outreach init DIR`" in said.err


def test_the_workspace_is_this_directory_an_option_or_a_variable(tmp_path: Path, shell: Shell) -> None:
    here = shell.spawn("status")
    named = shell.spawn("--workspace", str(shell.root), "status", cwd=tmp_path)
    variable = shell.spawn("status", cwd=tmp_path, OUTREACH_WORKSPACE=str(shell.root))

    assert (here.code, named.code, variable.code) == (0, 0, 0)


def test_an_unexpected_error_is_one_line_and_a_hint(shell: Shell) -> None:
    (shell.root / "outreach.db").write_bytes(b"this is no database, and never was one" * 100)

    short = shell.spawn("status")
    long = shell.spawn("--debug", "status")

    assert (short.code, long.code) == (1, 1)
    assert short.err.startswith("Error: ")
    assert "outreach --debug" in short.err
    assert "Traceback" not in short.err
    assert "Traceback" in long.err


def test_a_reader_who_has_enough_is_no_error(stocked: Shell) -> None:
    command = f"{sys.executable} -m outreach db export --what leads | head -n 1"

    done = subprocess.run(command, shell=True, cwd=stocked.root, capture_output=True, text=True, check=True)

    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


def test_the_version_is_told() -> None:
    done = subprocess.run([sys.executable, "-m", "outreach", "--version"], capture_output=True, text=True, check=True)

    assert done.stdout == "outreach 0.1.0\n"


class _Role:
    """A role in a process of its own; `wait_for` reads what it says on stderr until the words come."""

    def __init__(self, shell: Shell, *arguments: str) -> None:
        self.said = ""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "outreach", *arguments],
            cwd=shell.root,
            env={**os.environ, "PYTHONUTF8": "1"},
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_for(self, words: str) -> str:
        """The line the words stand in."""
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.said += line
            if words in line:
                return line
        raise AssertionError(f"it ended without saying '{words}': {self.said}")

    def stop(self, number: int = signal.SIGTERM) -> int:
        self._process.send_signal(number)
        _, rest = self._process.communicate(timeout=30)
        self.said += rest
        return self._process.returncode


def test_run_serves_until_it_is_told_to_stop(stocked: Shell) -> None:
    role = _Role(stocked, "run", "--port", "0")
    url = role.wait_for("Running.").split()[2]

    with urllib.request.urlopen(f"{url}/healthz", timeout=10) as answer:
        status = answer.status

    assert status == 200
    assert role.stop() == 0
    assert "Stopping: finishing what is on the wire." in role.said


@pytest.mark.parametrize(
    ("role", "words"), [("worker", "worker_started"), ("scheduler", "scheduler_started"), ("web", "Listening at")]
)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_each_role_ends_on_a_signal(stocked: Shell, role: str, words: str, number: int) -> None:
    options = ("--port", "0") if role == "web" else ()
    running = _Role(stocked, role, *options)
    running.wait_for(words)

    assert running.stop(number) == 0
    assert "Traceback" not in running.said


def test_a_port_that_is_taken_is_said_to_be_taken(stocked: Shell) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = stocked.spawn("web", "--port", str(taken.getsockname()[1]))

    assert said.code == 2
    assert "Choose another with --port" in said.err
