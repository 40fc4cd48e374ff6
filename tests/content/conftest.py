"""A small workspace on disk, one file of which a test replaces."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

WorkspaceMaker = Callable[..., Path]

FILES = {
    "config/outreach.yaml": "organisation: {name: Example Ltd, postal_address: 1 Example Street}\n",
    "config/senders.yaml": (
        "anna:\n"
        "  name: Anna\n"
        "  timezone: Europe/Istanbul\n"
        "  email: {address: anna@example.com, smtp: {url: 'smtp://127.0.0.1:1025'}}\n"
        "deniz:\n"
        "  name: Deniz\n"
        "  timezone: Europe/Istanbul\n"
    ),
    "config/pipelines/default.yaml": (
        "name: default\nstages: [{name: prospect}, {name: contacted}, {name: responded}, {name: won, kind: won}]\n"
    ),
    "templates/intro.md": "---\nsubject: Hello\n---\nHello {{ lead.first_name | default('there') }}\n",
    "templates/bump.md": "Once more\n",
    "sequences/first.yaml": "name: first\nsenders: [anna]\nsteps:\n  - id: intro\n    email: intro\n",
}


@pytest.fixture
def a_workspace(tmp_path: Path) -> WorkspaceMaker:
    """Write the sample files with those given in their place; None leaves one out. Returns the root."""

    def make(files: dict[str, str | bytes | None] | None = None) -> Path:
        for name, content in ({**FILES, **(files or {})}).items():
            if content is None:
                continue
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path

    return make


@pytest.fixture
def a_sequence(a_workspace: WorkspaceMaker) -> WorkspaceMaker:
    """The sample workspace whose sequence has these steps, and these lines before them."""

    def make(steps: str, head: str = "") -> Path:
        text = f"name: first\nsenders: [anna]\n{head}steps:\n{steps}"
        return a_workspace({"sequences/first.yaml": text})

    return make
