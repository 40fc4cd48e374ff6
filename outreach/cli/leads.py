"""Commands about lists of people: leads import, list, show."""

from __future__ import annotations

import typer

commands = typer.Typer(help="People: import, list, show.", no_args_is_help=True)


@commands.callback()
def _leads() -> None:
    pass
