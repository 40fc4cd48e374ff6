"""The commands that look at messages, with a real mail server on loopback."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from email.header import decode_header, make_header
from pathlib import Path

import pytest

from outreach.sandbox.smtp_sink import Sink


def outreach(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "outreach", "--workspace", str(root), *words]
    return subprocess.run(command, capture_output=True, text=True, env=dict(os.environ), check=False)


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("imported") / "w"
    subprocess.run([sys.executable, "-m", "outreach", "init", str(root)], check=True, capture_output=True)
    assert outreach(root, "leads", "import", str(root / "leads.csv")).returncode == 0
    return root


@pytest.fixture
def workspace(imported: Path, tmp_path: Path) -> Path:
    return shutil.copytree(imported, tmp_path / "w")


def test_a_preview_shows_messages_and_writes_a_page(workspace: Path, tmp_path: Path) -> None:
    shown = outreach(workspace, "preview", "welcome")
    written = outreach(workspace, "preview", "welcome", "--html", str(tmp_path / "page.html"))

    assert shown.returncode == 0, shown.stderr
    assert "Subject:" in shown.stdout
    assert written.returncode == 0
    assert "<iframe sandbox" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_an_unknown_sequence_is_a_mistake_of_the_writer(workspace: Path) -> None:
    told = outreach(workspace, "preview", "welcom")

    assert told.returncode == 2
    assert "Did you mean 'welcome'?" in told.stderr


def test_a_test_mail_arrives(workspace: Path) -> None:
    sink = Sink().start()
    senders = workspace / "config" / "senders.yaml"
    senders.write_text(
        f"anna:\n  name: Anna Example\n  timezone: UTC\n  email:\n    address: anna@sender.example\n"
        f"    smtp: {{url: '{sink.url}'}}\n",
        encoding="utf-8",
    )
    try:
        told = outreach(workspace, "send-test", "welcome/intro", "--to", "me@sender.example")
    finally:
        sink.stop()

    assert told.returncode == 0, told.stderr
    assert [mail.recipient for mail in sink.mails] == ["me@sender.example"]
    subject = str(make_header(decode_header(sink.mails[0].header("subject"))))  # encoded if the sample lead's name is
    assert subject.startswith("[test]")
