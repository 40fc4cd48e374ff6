"""The demo as people and CI run it, in a process of its own; and that it notices when something comes out otherwise."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

_MOST_SECONDS = 170
_BROKEN = """
from dataclasses import replace
from outreach.sandbox import cast, demo

people = dict(cast.CAST)
elif_ = people["elif.aydin@anadolu-pay.example"]
people["elif.aydin@anadolu-pay.example"] = replace(elif_, ends=replace(elif_.ends, stage="lost"))
raise SystemExit(demo.run(as_json=True, cast=people))
"""


def _environ() -> dict[str, str]:
    """Nothing of the developer's own, and no colour forced."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OUTREACH_", "FORCE_COLOR"))}
    return kept | {"PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONIOENCODING": "utf-8"}


def _run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=_environ(),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=_MOST_SECONDS,
        check=False,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("anywhere")


@pytest.fixture(scope="module")
def played(folder: Path) -> subprocess.CompletedProcess[str]:
    return _run("-m", "outreach", "demo", folder=folder)


def test_the_demo_plays_the_whole_story_and_ends_well(played: subprocess.CompletedProcess[str], folder: Path) -> None:
    assert played.returncode == 0, played.stdout[-4000:] + played.stderr[-4000:]
    assert "Everything came out as scripted." in played.stdout
    assert played.stderr == ""
    assert list(folder.iterdir()) == []


def test_the_demo_can_be_read_in_80_columns_without_colour(played: subprocess.CompletedProcess[str]) -> None:
    assert not re.search(r"\x1b", played.stdout)
    assert max(len(line) for line in played.stdout.splitlines()) <= 80


def test_the_demo_fails_when_a_lead_ends_otherwise_than_scripted(tmp_path: Path) -> None:
    done = _run("-c", _BROKEN, folder=tmp_path)

    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["mismatches"] == ["elif.aydin@anadolu-pay.example: stage is responded, not lost"]
    assert sum(report["endings"].values()) == 30


def test_a_kept_dashboard_answers_until_ctrl_c(tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "outreach", "demo", "--keep"]
    with subprocess.Popen(
        arguments, cwd=tmp_path, env=_environ(), stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as demo:
        assert demo.stdout is not None
        lines = iter(demo.stdout.readline, "")
        url = next(found[1] for line in lines if (found := re.match(r"The dashboard: (http\S+)", line)))
        root = next(found[1] for line in lines if (found := re.match(r"The workspace: (\S+)", line)))
        page = httpx.get(f"{url}/leads", params={"search": "Elif"})
        was_there = (Path(root) / "leads.csv").is_file()
        demo.send_signal(signal.SIGINT)
        demo.wait(_MOST_SECONDS)

    assert demo.returncode == 0
    assert page.status_code == 200
    assert "elif.aydin@anadolu-pay.example" in page.text
    assert was_there
    assert not Path(root).exists()
