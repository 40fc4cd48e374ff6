"""The adapters that the how-to pages build are complete: they hold their contract, and settings can name them."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from outreach import adapters
from outreach.accounts import account_of, crm_options
from outreach.adapters import Place
from outreach.app import App
from outreach.content.configuration_files import read_configuration
from outreach.errors import ConfigError
from tests.docs.pages import ROOT, blocks

PAGES = ("add-a-channel", "add-a-receiver", "add-a-crm")


def written(page: str, directory: Path) -> list[Path]:
    """Every block that names its file in the first line, as that file."""
    made = []
    for block in blocks(ROOT / "docs" / "howto" / f"{page}.md"):
        first = block.text.partition("\n")[0]
        if block.language in ("python", "yaml") and first.startswith("# "):
            path = directory / first.removeprefix("# ")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, "utf-8")
            made.append(path)
    return made


@pytest.mark.parametrize("page", PAGES)
def test_the_adapter_of_the_page_holds_its_contract(page: str, tmp_path: Path) -> None:
    tests = [path for path in written(page, tmp_path) if path.name.startswith("test_")]
    environ = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
    command += ["-W", "error", "--import-mode", "importlib", *map(str, tests)]

    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=60, check=False)

    assert len(tests) == 1
    assert done.returncode == 0, done.stdout
    assert "skipped" not in done.stdout


@pytest.mark.parametrize("page", PAGES)
def test_the_code_of_the_page_is_tidy(page: str, tmp_path: Path) -> None:
    made = [path for path in written(page, tmp_path) if path.suffix == ".py"]
    config = f"--config={ROOT / 'pyproject.toml'}"

    tidy = subprocess.run(
        [sys.executable, "-m", "ruff", "check", config, "--ignore=I001,INP001,S105", *map(str, made)],
        capture_output=True,
        text=True,
        check=False,
    )
    shaped = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--diff", config, *map(str, made)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert tidy.returncode == 0, tidy.stdout
    assert shaped.returncode == 0, shaped.stdout


def test_a_channel_takes_less_than_fifty_lines(tmp_path: Path) -> None:
    adapter, *_ = written("add-a-channel", tmp_path)

    assert adapter.name == "pigeon.py"
    assert len(adapter.read_text("utf-8").splitlines()) < 50


def test_an_installed_package_offers_them_by_a_short_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written("add-a-channel", tmp_path)
    (ini,) = [block for block in blocks(ROOT / "docs" / "howto" / "add-a-channel.md") if block.language == "ini"]
    installed = tmp_path / "acme_outreach-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-outreach\nVersion: 1.0\n", "utf-8")
    (installed / "entry_points.txt").write_text(ini.text.partition("\n")[2], "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))

    async def made() -> object:
        async with httpx.AsyncClient() as http:
            given = {"http": http}
            return adapters.make(adapters.CHANNELS, "pigeon", {"token": "sample"}, place=Place("", ""), given=given)

    assert type(asyncio.run(made())).__name__ == "Pigeon"
    assert adapters.actions_of("pigeon", {"token": "sample"}) == ("sms",)
    with pytest.raises(ConfigError, match="unknown adapter 'pigeom'"):
        adapters.make(adapters.CHANNELS, "pigeom", {}, place=Place("", ""), given={})
    with pytest.raises(ConfigError, match="unknown adapter 'pigeon'"):
        adapters.make(adapters.CRMS, "pigeon", {}, place=Place("", ""), given={})


def test_settings_can_name_them_by_a_dotted_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for page in PAGES:
        written(page, tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    secrets = dict.fromkeys(("PIGEON_TOKEN", "PIGEON_HOOK_SECRET", "LEDGER_TOKEN"), "sample")
    read = read_configuration(tmp_path, secrets)
    assert (read.problems, read.settings is not None) == ((), True)
    assert read.settings
    app = App(read.settings)

    channel = app.channel_of("anna", "sms")
    crm = read.settings.crm["ledger"]
    ledger = adapters.make(
        adapters.CRMS, crm.use, crm_options(crm, read.settings), place=Place("", ""), given={"http": app.http}
    )

    assert account_of(read.settings.senders["anna"], "sms") == ("acme_outreach.pigeon:Pigeon", {"token": "sample"})
    assert [type(each).__name__ for each in (channel, app.receivers["pigeon"], ledger)] == [
        "Pigeon",
        "PigeonHooks",
        "Ledger",
    ]
    asyncio.run(app.close_network())
