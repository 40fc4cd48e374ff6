"""What README and the quickstart tell people to type works as it is written, in order, in a fresh directory.

Ports are changed to free ones, and the mail provider of the README to a server on loopback that keeps what it gets.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from outreach.sandbox.smtp_sink import Sink
from tests.docs.pages import ROOT, Block, blocks

_REAL_ACCOUNT = re.compile(r'smtp: \{url: "smtps://smtp\.example\.com:465".*$', re.M)
_PRELUDE = """
set -euo pipefail
trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT
told() { python -ISc 'import sqlite3, sys
sys.exit(not sqlite3.connect("outreach.db", timeout=30).execute(sys.argv[1]).fetchone())' "$1"; }
"""
_UNTIL = """
for _ in $(seq 200); do if {command}; then break; fi; sleep 0.1; done
{command} || {{ echo 'not so in time: {where}' >&2; exit 1; }}
"""
_LONGEST = 150  # seconds, on a machine that is busy with other things


@pytest.fixture
def post_office() -> Iterator[Sink]:
    sink = Sink().start()
    yield sink
    sink.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def script(page: str, replaced: dict[str, str]) -> str:
    """One script of all blocks marked `sh`, in order; its background processes end with it."""
    parts = [_part(block) for block in blocks(ROOT / page) if block.language in ("sh", "until")]
    text = "\n".join((_PRELUDE, *parts))
    for written, ours in replaced.items():
        text = text.replace(written, ours)
    return text


def _part(block: Block) -> str:
    if block.language == "until":
        return _UNTIL.format(command=block.text, where=str(block))
    return f"echo '# {block}' >&2\n{block.text}"


def run(text: str, directory: Path, web_port: int) -> str:
    """What it printed. Fails the test with everything it said when a command fails."""
    environ = {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(directory),
        "LANG": "C.UTF-8",
        "OUTREACH_WEB__PORT": str(web_port),
    }
    with subprocess.Popen(
        ["bash", "-c", text],
        cwd=directory,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as shell:
        try:
            said, complained = shell.communicate(timeout=_LONGEST)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)
    assert shell.returncode == 0, f"{said}\n{complained}"
    return said


def test_the_five_minutes_of_the_readme(tmp_path: Path, post_office: Sink) -> None:
    web = free_port()
    text = script("README.md", {"127.0.0.1:8080": f"127.0.0.1:{web}"})
    text = _REAL_ACCOUNT.sub(f'smtp: {{url: "{post_office.url}"}}', text)

    said = run(text, tmp_path, web)

    assert post_office.recipients() == ["ada@example.org"]
    assert post_office.mails[0].header("List-Unsubscribe").startswith("<https://outreach.example.com/u/")
    assert '202 {"delivery"' in said
    assert re.search(r"sequence +welcome: finished, replied", said)
    assert "responded" in (tmp_path / "w" / "crm" / "people.csv").read_text("utf-8-sig")


def test_the_quickstart(tmp_path: Path) -> None:
    web, mail = free_port(), free_port()
    text = script("docs/quickstart.md", {"127.0.0.1:8080": f"127.0.0.1:{web}", "127.0.0.1:1025": f"127.0.0.1:{mail}"})
    text = text.replace("cd try\n", f"cd try\nsed -i 's/:1025/:{mail}/' config/senders.yaml\n")

    said = run(text, tmp_path, web)

    assert '202 {"delivery"' in said
    assert "replied" in said
    assert (tmp_path / "try" / "mail.txt").stat().st_size > 1000


def test_nobody_is_told_to_type_what_does_not_exist() -> None:
    """Every first word behind a prompt on any page is a command of ours or a well-known one."""
    known = {"outreach", "make", ".", "export", "git", "docker", "kubectl", "sudo", "pg_dump", "pg_restore", "sqlite3"}
    known |= {"ssh", "cp", "systemctl", "python3", "cd", "curl", "createdb", "dig", "tar", "openssl"}
    prompts = [
        (block, line[2:].split()[0])
        for page in ("README.md", "docs")
        for path in ([ROOT / page] if page.endswith(".md") else sorted((ROOT / page).rglob("*.md")))
        for block in blocks(path)
        if block.language == "console"
        for line in block.text.splitlines()
        if line.startswith("$ ")
    ]

    assert [f"{block}: {word}" for block, word in prompts if word not in known] == []
