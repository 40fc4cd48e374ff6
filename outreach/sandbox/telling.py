"""What the terminal shows while the story goes on: one line for each thing, within 80 columns."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.text import Text

from outreach.sandbox.acts import Happening

ZONE = ZoneInfo("Europe/Istanbul")
_WIDEST_NAME = 14

_TASKS = {"task linkedin": "invite on LinkedIn, text to paste", "task call": "call"}
_STYLES = {"out": "cyan", "in": "green", "task": "yellow", "no": "red"}


class Teller:
    """Writes lines; `names` are the people's by their addresses. Quiet: writes nothing."""

    def __init__(self, console: Console, *, is_quiet: bool = False) -> None:
        self.console = console
        self.names: dict[str, str] = {}
        self._is_quiet = is_quiet

    def heading(self, text: str) -> None:
        if not self._is_quiet:
            self.console.print()
            self.console.print(Text(text, style="bold"))

    def say(self, text: str) -> None:
        if not self._is_quiet:
            self.console.print(Text(text), soft_wrap=False)

    def happened(self, on: Happening, number: int) -> None:
        """Something that reached a person, or did not."""
        if on.mail is not None:
            sender = on.mail.sender.partition("@")[0]
            self._line(on.at, on.email, f"→ {sender}, mail {number}: {on.mail.header('Subject')}", "out")
        elif on.done is not None:
            what = "invitation" if on.what == "invitation" else f"message: {on.done.text}"
            self._line(on.at, on.email, f"→ LinkedIn {what}", "out")
        elif on.what.startswith("task"):
            self._line(on.at, on.email, f"• task: {_TASKS.get(on.what, on.what)}", "task")
        else:
            meaning = "for good" if on.what.endswith("550") else "for now"
            self._line(on.at, on.email, f"× the mail server says no, {meaning} ({on.what[-3:]})", "no")

    def did(self, at: datetime, email: str, what: str) -> None:
        """Something a person did; empty: nothing worth a line."""
        if what:
            self._line(at, email, f"← {what}", "in")

    def _line(self, at: datetime, email: str, text: str, style: str) -> None:
        if self._is_quiet:
            return
        name = self.names.get(email, email)[:_WIDEST_NAME].ljust(_WIDEST_NAME)
        line = Text(f"{at.astimezone(ZONE):%a %d %b %H:%M}  {name}  ", style="dim")
        line.append(" ".join(text.split()), style=_STYLES[style])
        line.truncate(min(self.console.width, 80), overflow="ellipsis")
        self.console.print(line, no_wrap=True, overflow="ellipsis", crop=True)
