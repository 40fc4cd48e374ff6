"""What every command knows: the workspace, who asks, and how the program is opened and closed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from outreach.app import App


@dataclass(frozen=True, slots=True)
class Invocation:
    """The options that stand before the command."""

    root: Path
    is_debugging: bool


def invocation(context: typer.Context) -> Invocation:
    """Of the command that is running, however deep it stands."""
    found = context.find_root().obj
    assert isinstance(found, Invocation)
    return found


@contextmanager
def opened(context: typer.Context) -> Iterator[App]:
    """The program of the workspace. Raises ConfigError when its files are wrong, StoreError when its database is."""
    import os

    from outreach import app
    from outreach.cli.logs import only_warnings

    only_warnings()
    built = app.build(invocation(context).root, os.environ)
    try:
        yield built
    finally:
        built.close()


def actor() -> str:
    """Who is at the keyboard, for audit and history."""
    import getpass

    try:
        return getpass.getuser()[:128]
    except (OSError, KeyError):  # a container without names for its users
        return "cli"
