"""`outreach` and `python -m outreach`."""

from __future__ import annotations

import gc

from outreach.cli.program import program

_FEW_COLLECTIONS = 50_000
"""Importing makes many objects and no garbage: looking for some at the usual pace is a quarter of a command's time."""


def main() -> None:
    """Run one command and leave with its exit code."""
    gc.set_threshold(_FEW_COLLECTIONS)
    program()


if __name__ == "__main__":
    main()
