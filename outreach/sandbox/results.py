"""What the demo shows at its end: the funnel, the CRM's content, one lead explained, and what came out wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy import Connection, exists, func, select

from outreach.sandbox.hubspot_server import FakeHubSpot
from outreach.sandbox.telling import ZONE
from outreach.sandbox.verification import Outcome, records_of, timeline
from outreach.services.sending.engine import Engine
from outreach.services.watching.explain import Explanation, Verdict
from outreach.services.watching.plain import plain
from outreach.store.tables import enrollments, events, tasks, touches

_WIDTH = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of the funnel: people, and messages or events where they are counted."""

    name: str
    people: int
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """A lead who replied, as the CRM has it."""

    name: str
    status: str
    replies: int
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that is told at the end. No mismatches: it came out as scripted."""

    funnel: tuple[Step, ...]
    endings: Mapping[str, int]
    crm: tuple[Remote, ...]
    explained: Explanation | None
    mismatches: tuple[str, ...]
    seconds: float
    began_at: datetime
    ended_at: datetime
    dashboard: str

    def to_json(self) -> Any:
        """As JSON values."""
        return plain(self)


def funnel(engine: Engine) -> tuple[Step, ...]:
    """From enrolled to replied. Everything is counted once a person in the first number."""
    with engine.store.read() as connection:
        return (
            _step(connection, "enrolled", select(enrollments.c.lead_id)),
            _touched(connection, "mails sent", "email"),
            _happened(connection, "mails delivered", "delivered"),
            _happened(connection, "mails opened (unreliable)", "opened"),
            _touched(connection, "LinkedIn invitations", "linkedin.invite"),
            _happened(connection, "… accepted", "accepted"),
            _touched(connection, "LinkedIn messages", "linkedin.message"),
            _step(connection, "tasks for a person", select(tasks.c.lead_id)),
            _happened(connection, "replied", "replied"),
            _happened(connection, "out of office", "autoresponded"),
            _happened(connection, "opted out", "unsubscribed"),
            _happened(connection, "complained", "complained"),
            _happened(connection, "bounced (hard or soft)", "bounced"),
        )


def _touched(connection: Connection, name: str, action: str) -> Step:
    by_hand = select(tasks.c.id).where(tasks.c.touch_id == touches.c.id)
    is_sent = (touches.c.state == "sent") & ~exists(by_hand)
    return _step(connection, name, select(touches.c.lead_id).where(is_sent, touches.c.action == action))


def _happened(connection: Connection, name: str, kind: str) -> Step:
    return _step(connection, name, select(events.c.lead_id).where(events.c.kind == kind))


def _step(connection: Connection, name: str, statement: Any) -> Step:
    found = statement.subquery()
    people, number = connection.execute(select(func.count(found.c.lead_id.distinct()), func.count())).one()
    return Step(name=name, people=people, number=number)


def in_the_crm(hubspot: FakeHubSpot, outcomes: Mapping[str, Outcome]) -> tuple[Remote, ...]:
    """Everybody who replied, as the stand-in of HubSpot has them."""
    replied = {email: outcome for email, outcome in outcomes.items() if outcome.replies}
    return tuple(
        Remote(
            name=" ".join(filter(None, (record.properties.get("firstname"), record.properties.get("lastname")))),
            status=record.properties.get("hs_lead_status", ""),
            replies=timeline(hubspot, record),
            owner=outcome.sender,
        )
        for email, outcome in replied.items()
        for record in records_of(hubspot, email)
    )


def show(console: Console, report: Report) -> None:
    """Print it, within 80 columns."""
    _show_table(
        console,
        "The funnel",
        ("", "people", "count"),
        [(step.name, str(step.people), str(step.number)) for step in report.funnel],
    )
    endings = sorted(report.endings.items(), key=lambda each: (-each[1], each[0]))
    _show_table(console, "How it ended", ("finished", "people"), [(name, str(count)) for name, count in endings])
    _show_table(
        console,
        "What HubSpot has of those who replied",
        ("person", "lead status", "replies", "owner"),
        [(each.name, each.status, str(each.replies), each.owner) for each in report.crm],
    )
    if report.explained:
        _show_explained(console, report.explained)
    _show_verdict(console, report)


def _show_table(console: Console, title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for index, head in enumerate(heads):
        is_number = bool(rows) and index > 0 and all(row[index].isdigit() for row in rows)
        table.add_column(head, justify="right" if is_number else "left", min_width=24 if index == 0 else 0)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print()
    console.print(table, width=min(console.width, _WIDTH))


def _show_explained(console: Console, found: Explanation) -> None:
    """The lead as it stood when somebody asked: what is next, which rule blocks, and what has happened."""
    console.print()
    address = found.addresses[0].partition(":")[2].partition(" ")[0]
    console.print(Text(f"outreach explain {address}, on {_local(found.at)}", style="bold"))
    console.print(Text(f"{found.name}: status {found.status}, stage {found.stage}"))
    for each in found.enrollments:
        console.print(Text(f"{each.sequence}, by {each.sender}: {each.state}; next: {each.next}"))
        for verdict in each.verdicts:
            _show_line(console, f"  {'×' if verdict.blocks else '✓'} {verdict.rule:<30} ", _answer(verdict))
    for entry in found.history:
        _show_line(console, f"  {_local(entry.at)}  {entry.kind:<14} ", entry.what)


def _answer(verdict: Verdict) -> str:
    if not verdict.blocks:
        return "fine"
    return f"{verdict.because} until {_local(verdict.until)}" if verdict.until else verdict.because


def _show_line(console: Console, begin: str, text: str) -> None:
    line = Text(begin, style="dim")
    line.append(" ".join(text.split()), style="default")
    line.truncate(min(console.width, _WIDTH), overflow="ellipsis")
    console.print(line, no_wrap=True)


def _local(at: datetime) -> str:
    return f"{at.astimezone(ZONE):%a %d %b %H:%M}"


def _show_verdict(console: Console, report: Report) -> None:
    console.print()
    days = (report.ended_at - report.began_at).days
    console.print(Text(f"{days} days in {report.seconds:.0f} seconds."))
    if not report.mismatches:
        console.print(Text("Everything came out as scripted.", style="bold green"))
        return
    console.print(Text(f"{len(report.mismatches)} did not come out as scripted:", style="bold red"))
    for each in report.mismatches:
        console.print(Text(f"  {each}", style="red"))
