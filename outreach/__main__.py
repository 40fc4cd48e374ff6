"""`outreach` and `python -m outreach`."""

from __future__ import annotations

from outreach.cli.program import program


def main() -> None:
    """Run one command and leave with its exit code."""
    program()


if __name__ == "__main__":
    main()
