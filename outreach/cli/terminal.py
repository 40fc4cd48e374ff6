"""How answers look: plain text that can be piped, JSON where it is asked for, progress where somebody watches."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from outreach.errors import UsageError

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]

_WIDEST = 60


def print_json(value: Any) -> None:
    """One JSON document, indented."""
    print(json.dumps(value, ensure_ascii=False, indent=2))


def print_line(value: Any) -> None:
    """One JSON document on a line of its own."""
    print(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def print_table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Columns as wide as what stands in them; the last one is never cut."""
    cells = [[_cell(value) for value in row] for row in rows]
    last = len(heads) - 1
    cut = [[_cut(cell) if index < last else cell for index, cell in enumerate(row)] for row in cells]
    widths = [max(len(row[index]) for row in [list(heads), *cut]) for index in range(len(heads))]
    for row in [[head.upper() for head in heads], *cut]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _cell(value: object) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, datetime):
        return when(value)
    return " ".join(str(value).split())


def _cut(cell: str) -> str:
    return cell if len(cell) <= _WIDEST else cell[: _WIDEST - 1] + "…"


def when(instant: datetime | None, zone: str = "UTC") -> str:
    """`Mon 2026-03-02 10:00 +03`, in that zone; `-` for none."""
    if instant is None:
        return "-"
    from zoneinfo import ZoneInfo

    return instant.astimezone(ZoneInfo(zone)).strftime("%a %Y-%m-%d %H:%M %Z")


def span(length: timedelta | None) -> str:
    """`45 s`, `12 min`, `3 h`, `5 d`; `-` for none."""
    if length is None:
        return "-"
    seconds = length.total_seconds()
    for most, unit, size in ((120, "s", 1), (7_200, "min", 60), (172_800, "h", 3_600)):
        if seconds < most:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86_400:.0f} d"


def count(number: int, noun: str) -> str:
    """`1 touch`, `2 touches`."""
    plural = noun[:-1] + "ies" if noun.endswith("y") else noun + ("es" if noun.endswith(("ch", "s", "x")) else "s")
    return f"{number:,} {noun if number == 1 else plural}"


def confirm(question: str, *, yes: bool) -> None:
    """Ask, unless `--yes` answered already. Without a terminal nobody can answer: UsageError. A no ends the command."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"{question} There is no terminal to ask on: add --yes.")
    typer.confirm(question, abort=True, err=True)


class Bar(Protocol):
    """Work under way. Both may be called as often as there is news."""

    def add(self, done: float) -> None:
        """So much more is done."""
        ...

    def reach(self, done: float, *, total: float | None = None) -> None:
        """So much is done in all; `total`: of how much, once it is known."""
        ...


@contextmanager
def progress(what: str, total: float | None = None) -> Iterator[Bar]:
    """A bar on stderr while work goes on, where somebody watches. `total` None: nobody knows how much it will be."""
    if not sys.stderr.isatty():
        yield _Silent()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        yield _Shown(shown, shown.add_task(what, total=total))


class _Silent:
    def add(self, done: float) -> None:
        pass

    def reach(self, done: float, *, total: float | None = None) -> None:
        pass


class _Shown:
    def __init__(self, shown: Progress, task: TaskID) -> None:
        self._shown = shown
        self._task = task

    def add(self, done: float) -> None:
        self._shown.advance(self._task, done)

    def reach(self, done: float, *, total: float | None = None) -> None:
        self._shown.update(self._task, completed=done, total=total)


def in_editor(text: str) -> str:
    """The text as somebody leaves it in their editor (`$VISUAL`, `$EDITOR`, vi). Raises UsageError without one."""
    import os
    import shlex
    import subprocess
    import tempfile
    from pathlib import Path

    command = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "message.txt"
        path.write_text(text, "utf-8")
        try:
            subprocess.run([*command, str(path)], check=True)  # noqa: S603  # the editor of whoever sits here
        except (OSError, subprocess.CalledProcessError) as error:
            raise UsageError(f"the editor '{command[0]}' did not work ({error}). Set EDITOR, or use --file.") from None
        return path.read_text("utf-8")
