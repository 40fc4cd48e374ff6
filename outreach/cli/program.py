"""`outreach`: every command in one place. Modules of commands import what they call when they are called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from outreach.cli import (
    changing,
    cleanup,
    crm,
    decisions,
    enrolling,
    examining,
    files,
    holding,
    inbound,
    inbox,
    leads,
    operations,
    people,
    pipeline,
    previewing,
    reading,
    rehearsing,
    reporting,
    reviewing,
    roles,
    schema,
    scoring,
    simulate,
)
from outreach.cli.failures import Commands
from outreach.cli.invocation import Invocation

program = typer.Typer(
    name="outreach",
    cls=Commands,
    help="Self-hosted, multichannel outreach: sequences as YAML, replies that stop them, CRMs that know.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"outreach {version('outreach')}")
        raise typer.Exit


@program.callback()
def _begin(
    context: typer.Context,
    workspace: Annotated[
        Path | None,
        typer.Option(envvar="OUTREACH_WORKSPACE", help="The workspace; default: this directory.", file_okay=False),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an unexpected error comes from.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    context.obj = Invocation(root=workspace or Path(), is_debugging=debug)


_OWN = (
    files, schema, rehearsing, simulate, changing, people, enrolling, holding, previewing, reading, decisions,
    reviewing, scoring, pipeline, cleanup, roles, operations, inbox, examining, reporting,
)  # fmt: skip

for module in _OWN:
    module.add_to(program)
program.add_typer(leads.commands, name="leads")
program.add_typer(crm.commands, name="crm")
program.add_typer(inbound.commands, name="inbound")
