"""Every YAML block on any page loads: it is laid over a new workspace, as a reader would, and read by the program.

The first line of a block names its file. A block without one is marked `yaml excerpt` and is only parsed.
"""

from __future__ import annotations

import asyncio
import base64
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from outreach import adapters
from outreach.accounts import crm_options
from outreach.adapters import Place
from outreach.app import App
from outreach.cli.program import program
from outreach.content import workspace, yaml_file
from outreach.content.configuration import Settings
from outreach.content.templates import compile_template
from outreach.services.watching.new_workspace import make
from tests.docs.pages import ROOT, Block, blocks_of

SECRET = "whsec_" + base64.b64encode(b"sample data, thirty-two bytes ok").decode()
NEW_SENDER = {"name": "Sample Sender", "timezone": "Europe/Istanbul"}
TEMPLATE = "---\nsubject: A question\n---\nHello.\n"
LAID_OVER = ("config/outreach.yaml", "config/senders.yaml")


def file_of(block: Block) -> str:
    """`config/crm.yaml` from `# config/crm.yaml` in the first line; empty for an excerpt."""
    found = re.match(r"# ((?:config|sequences)/[\w./-]+\.yaml)\n", block.text)
    return found[1] if found else ""


def laid_over(below: Any, above: Any, *, depth: int = 2) -> Any:
    """The block's keys in place of those below, two levels deep: a sender's mailbox is replaced as a whole."""
    if not (depth and isinstance(below, Mapping) and isinstance(above, Mapping)):
        return above
    return {**below, **{key: laid_over(below.get(key), value, depth=depth - 1) for key, value in above.items()}}


def put(block: Block, root: Path) -> None:
    """The block as the file it names. Settings are laid over those of the new workspace; other files replace."""
    path = root / file_of(block)
    path.parent.mkdir(parents=True, exist_ok=True)
    if file_of(block) not in LAID_OVER:
        path.write_text(block.text, "utf-8")
        return
    below, above = (yaml_file.parse(raw, name=str(block)).data for raw in (path.read_bytes(), block.text.encode()))
    assert isinstance(below, dict)
    assert isinstance(above, dict)
    if path.name == "senders.yaml":
        below = dict.fromkeys(above, NEW_SENDER) | below
    path.write_text(yaml.safe_dump(laid_over(below, above)), "utf-8")


def add_templates(block: Block, root: Path) -> None:
    for name in re.findall(r"(?:email|linkedin\.\w+): ([\w/-]+)|: ([\w-]+/[\w/-]+)", block.text):
        path = root / "templates" / f"{name[0] or name[1]}.md"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(TEMPLATE, "utf-8")


def _posted(app: App) -> set[str]:
    """Connections somebody outside calls; those of mailboxes are ours."""
    return {name for name in app.receivers if not name.startswith("mailbox:")}


def everything_is_made(settings: Settings) -> None:
    """Build each adapter that ships, so that its own options are read as well."""
    app = App(settings)
    shipped = {name: each for name, each in settings.webhooks.items() if each.use in adapters.RECEIVERS}
    assert ":" in "".join(each.use for each in settings.webhooks.values()) or _posted(app) == set(shipped)
    for sender in settings.senders.values():
        for channel in (*(["email"] if sender.email else []), *sender.channels):
            use = sender.email.use if channel == "email" and sender.email else sender.channels[channel].use
            assert ":" in use or app.channel_of(sender.name, channel)
    for crm in settings.crm.values():
        if ":" not in crm.use:
            options = crm_options(crm, settings)
            adapters.make(adapters.CRMS, crm.use, options, place=Place("", crm.name), given=app.given)
    asyncio.run(app.close_network())


@pytest.mark.parametrize("block", blocks_of("yaml"), ids=str)
def test_every_yaml_block_loads(block: Block, tmp_path: Path) -> None:
    if "excerpt" in block.marks:
        assert yaml_file.parse(block.text.encode(), name=str(block)).data
        return
    assert file_of(block), f"{block}: name the file in the first line (# config/crm.yaml), or write ```yaml excerpt"
    make(tmp_path)
    put(block, tmp_path)
    if file_of(block).startswith("sequences/") and "/tests/" not in file_of(block):
        add_templates(block, tmp_path)
    environ = dict.fromkeys(re.findall(r"\$\{(\w+)\}", block.text), SECRET)

    read = workspace.load(tmp_path, environ)

    everything_is_made(read.settings)


def test_the_sequence_of_the_howto_passes_its_own_test(tmp_path: Path) -> None:
    make(tmp_path)
    of_page = [block for block in blocks_of("yaml") if block.page == "docs/howto/write-a-sequence.md"]
    for block in of_page:
        put(block, tmp_path)
    add_templates(of_page[0], tmp_path)

    done = CliRunner().invoke(program, ["--workspace", str(tmp_path), "test"])

    assert done.exit_code == 0, done.output


def test_the_sample_test_of_the_reference_passes_with_the_sequences_that_ship(tmp_path: Path) -> None:
    for folder in ("config", "sequences", "templates"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("tests"))
    (sample,) = (block for block in blocks_of("yaml") if block.page == "docs/reference/sequence-tests.md")
    put(sample, tmp_path)

    done = CliRunner().invoke(program, ["--workspace", str(tmp_path), "test"])

    assert done.exit_code == 0, done.output


def test_excerpts_are_few() -> None:
    assert len([block for block in blocks_of("yaml") if "excerpt" in block.marks]) <= 3


@pytest.mark.parametrize("block", blocks_of("markdown"), ids=str)
def test_every_sample_of_a_template_is_one(block: Block) -> None:
    """A ConfigError otherwise."""
    compile_template("sample", block.text)


def test_every_block_says_what_it_is() -> None:
    known = {"sh", "console", "yaml", "python", "markdown", "json", "until", "text", "ini"}
    drawn = {"README.md", "docs/index.md", "docs/lifecycle.md", "docs/architecture.md", "docs/reference/errors.md"}
    drawn |= {"docs/providers/unipile_webhooks.md"}

    strange = [str(block) for block in blocks_of("") if block.page not in drawn]

    assert strange == []
    assert {block.language for block in blocks_of(*known, "bash", "shell", "yml", "py")} <= known
