"""The configuration of a workspace on disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

ConfigMaker = Callable[..., Path]


@pytest.fixture
def a_config(tmp_path: Path) -> ConfigMaker:
    """Write config/outreach.yaml, senders.yaml, crm.yaml and .env with these texts; returns the root."""

    def make(outreach: str = "", *, senders: str = "", crm: str = "", env: str = "") -> Path:
        (tmp_path / "config").mkdir(exist_ok=True)
        texts = {"config/outreach.yaml": outreach, "config/senders.yaml": senders, "config/crm.yaml": crm, ".env": env}
        for name, text in texts.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path

    return make
