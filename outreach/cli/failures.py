"""Errors become one clear block on stderr and an exit code: 1 something failed, 2 you wrote something wrong."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from outreach import errors
from outreach.cli.excerpts import excerpt

FAILED = 1
WRITTEN_WRONG = 2
INTERRUPTED = 130  # 128 + SIGINT, as shells have it

_LISTED = 100


class Commands(TyperGroup):
    """The group that everything is a command of."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; an error on purpose ends it with a block, another one with a line."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        except Exception as error:
            if isinstance(error, typer.Abort) or hasattr(error, "exit_code"):
                raise  # the library's own, which it shows itself
            if ctx.params.get("debug"):
                raise
            raise typer.Exit(_told(error)) from None


def _told(error: Exception) -> int:
    """Say what happened; the exit code."""
    if isinstance(error, errors.OutreachError):
        return _explain(error)
    return _reader_is_gone() if isinstance(error, BrokenPipeError) else _unexpected(error)


def _explain(error: errors.OutreachError) -> int:
    if isinstance(error, errors.ConfigError):
        show_problems(error.problems)
        return WRITTEN_WRONG
    _say(f"Error: {error}")
    return WRITTEN_WRONG if isinstance(error, errors.UsageError) else FAILED


def show_problems(problems: tuple[errors.Problem, ...], *, root: Path | None = None) -> None:
    """Every problem on a line of its own, then how many there are. With a root: each with its place in the file."""
    for problem in problems[:_LISTED]:
        show(problem, root)
    more = f" ({len(problems) - _LISTED} not shown)" if len(problems) > _LISTED else ""
    _say(f"{len(problems)} problem{'s' if len(problems) != 1 else ''}{more}.")


def show(problem: errors.Problem, root: Path | None) -> None:
    """One problem or warning, and the line it is about."""
    place = excerpt(root, problem) if root else ""
    _say(f"{problem}\n{place}" if place else str(problem))


def _unexpected(error: Exception) -> int:
    words = " ".join(str(error).split())[:500]
    _say(f"Error: {type(error).__name__}: {words}")
    _say("This was not expected. Run it again with `outreach --debug …` to see where it comes from.")
    return FAILED


def _reader_is_gone() -> int:
    """`outreach … | head`: what was asked for was read; closing stdout must not complain either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return FAILED


def _say(text: str) -> None:
    print(text, file=sys.stderr)
