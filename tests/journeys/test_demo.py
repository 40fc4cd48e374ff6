"""The demo as people and CI run it, in a process of its own; and that it notices when something comes out otherwise."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

_MOST_SECONDS = 170
_BROKEN = """
from dataclasses import replace
from outreach.sandbox import cast, demo

people = dict(cast.CAST)
elif_ = people["elif.aydin@anadolu-pay.example"]
people["elif.aydin@anadolu-pay.example"] = replace(elif_, ends=replace(elif_.ends, stage="lost"))
raise SystemExit(demo.run(as_json=True, cast=people))
"""


def _run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("OUTREACH_", "FORCE_COLOR"))}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=_MOST_SECONDS,
        check=False,
    )


def test_the_demo_plays_the_whole_story_and_ends_well(tmp_path: Path) -> None:
    done = _run("-m", "outreach", "demo", folder=tmp_path)

    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert "Everything came out as scripted." in done.stdout
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []


def test_the_demo_can_be_read_in_80_columns_without_colour(tmp_path: Path) -> None:
    done = _run("-m", "outreach", "demo", folder=tmp_path)

    assert not re.search(r"\x1b", done.stdout)
    assert max(len(line) for line in done.stdout.splitlines()) <= 80


def test_the_demo_fails_when_a_lead_ends_otherwise_than_scripted(tmp_path: Path) -> None:
    done = _run("-c", _BROKEN, folder=tmp_path)

    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["mismatches"] == ["elif.aydin@anadolu-pay.example: stage is responded, not lost"]
    assert sum(report["endings"].values()) == 30
