"""The command that writes JSON Schemas for editors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from outreach.cli.invocation import invocation
from outreach.cli.terminal import AsJson, print_json


def add_to(program: typer.Typer) -> None:
    program.command("schema")(schema)


def schema(
    context: typer.Context,
    directory: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="Where to; .vscode/schemas of the workspace if left out.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Write JSON Schemas of every kind of file: editors complete and check while you type."""
    from outreach.content.schemas import FILES
    from outreach.services.sequences import editor

    target = directory or invocation(context).root / editor.FOLDER
    written = editor.write_schemas(target)
    if as_json:
        print_json({path.stem: {"path": str(path), "files": list(FILES[path.stem])} for path in written})
        return
    for path in written:
        print(f"{path}  for {', '.join(FILES[path.stem])}")
