"""The weekly and monthly report as a mail to the team, each period once, with its charts inside.

A period is written down as sent before the mail is handed over, and crossed out again only where the provider surely
took nothing: a crash in between leaves a report unsent, never sent twice. Importing this loads no drawing library.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from hashlib import blake2b
from html import escape
from importlib import import_module
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from outreach.channel import Attachment, Channel, Message
from outreach.content.configuration import ReportSettings
from outreach.domain import period as periods
from outreach.domain.goal import Goal
from outreach.domain.kpi import SINGLE
from outreach.domain.measure import Topic
from outreach.domain.period import Period
from outreach.domain.sender import Sender
from outreach.errors import AdapterError, OutcomeUnknown
from outreach.services.measuring.report import Report, Wish, report
from outreach.services.measuring.report_words import NOTHING, change, shown
from outreach.services.sending.engine import Engine
from outreach.services.watching.status import zone_of_the_team
from outreach.store import report_log

log = structlog.get_logger()

LATEST = timedelta(days=3)
"""A report that could not go out for so long is left out: the next one is nearer."""

_MAILED = (Topic.REACH, Topic.ANSWERS, Topic.SALES, Topic.ACTIVITY)
_PAPER, _INK, _DIM, _LINE = "#ffffff", "#1b1f24", "#57616b", "#d8dde2"


@dataclass(frozen=True, slots=True)
class Due:
    """One report to send: `weekly` or `monthly`, about a period."""

    kind: str
    period: Period

    @property
    def key(self) -> str:
        return f"report:{self.kind}:{self.period.label}"


def due(reports: ReportSettings, now: datetime, zone: str) -> list[Due]:
    """Reports whose time came within the last days, whether they were sent or not."""
    if not reports.to or not reports.sender:
        return []
    local = now.astimezone(ZoneInfo(zone))
    found = []
    if reports.weekly:
        weekday, at = reports.weekly
        day = local.date() - timedelta(days=(local.weekday() - weekday) % 7)
        if _is_due(day, at, local) or _is_due(day := day - timedelta(days=7), at, local):
            found.append(Due("weekly", periods.before(periods.week_of(day, zone))))
    if reports.monthly:
        day = local.date().replace(day=reports.monthly)
        if _is_due(day, reports.at, local):
            found.append(Due("monthly", periods.before(periods.month_of(day, zone))))
    return found


def _is_due(day: date, at: time, local: datetime) -> bool:
    when = datetime.combine(day, at, local.tzinfo)
    return when <= local < when + LATEST


async def send_due(
    engine: Engine, reports: ReportSettings, goals: Sequence[Goal], *, channel: Callable[[], Channel | None]
) -> list[str]:
    """Send what is due and was not sent yet; the keys of what was taken. `channel` is the sender's mailbox."""
    now = engine.clock.now()
    waiting = [
        each for each in due(reports, now, zone_of_the_team(engine)) if not report_log.is_sent(engine.store, each.key)
    ]
    mailbox = channel() if waiting else None
    if mailbox is None:
        return []
    taken = []
    for each in waiting:
        found = report(engine, reports, Wish(period=each.period, goals=goals), not_before=each.period.end_at)
        messages = mails(found, each, reports.to, engine.sender(reports.sender))
        for message in messages:
            is_ours = report_log.claim(engine.store, message.key, now=now)
            taken += [message.key] if is_ours and await _send(engine, mailbox, message) else []
        if all(report_log.is_sent(engine.store, message.key) for message in messages):
            report_log.claim(engine.store, each.key, now=now)
    return taken


async def _send(engine: Engine, channel: Channel, message: Message) -> bool:
    """True where it was taken; where it surely was not, it is forgotten and tried again later."""

    async def nothing_changes() -> None:
        """Nothing can happen meanwhile that would hold a report back."""

    try:
        await channel.send(message, last_look=nothing_changes)
    except OutcomeUnknown as error:
        log.warning("report_outcome_unknown", key=message.key, error=str(error)[:200])
        return False
    except AdapterError as error:
        report_log.forget(engine.store, message.key)
        log.warning("report_not_sent", key=message.key, error=str(error)[:200])
        return False
    return True


def mails(found: Report, due_now: Due, to: Sequence[str], sender: Sender) -> list[Message]:
    """One mail for each of the team, the same for all."""
    drawn: Any = import_module("outreach.services.measuring.report_charts")
    charts = drawn.charts(found)
    images = tuple(
        Attachment(name=f"{chart.name}.png", content_type="image/png", content=chart.png(), content_id=chart.name)
        for chart in charts
    )
    subject = f"{due_now.kind.capitalize()} report {found.period.name}"
    domain = sender.email.rpartition("@")[2] or "localhost"
    return [
        Message(
            key=f"{due_now.key}:{blake2b(address.encode(), digest_size=8).hexdigest()}",
            action="email",
            to=address,
            subject=subject,
            text=text_of(found),
            html=html_of(found, [(chart.name, chart.title, chart.says) for chart in charts]),
            from_name=sender.display_name,
            from_address=sender.email,
            message_id=f"{due_now.key.replace(':', '.')}.{number}@{domain}",
            attachments=images,
        )
        for number, address in enumerate(to)
    ]


def text_of(found: Report) -> str:
    """The mail for who reads no HTML: every number, with the one before."""
    lines = [f"Report {found.period.name} ({found.period.first} to {found.period.last}), beside {found.before.name}."]
    if found.is_sample:
        lines.append("Sample data: none of these people exists.")
    for topic in _MAILED:
        rows = [
            (title, f"{now} (before: {before}, {difference})") for title, now, before, difference in _rows(found, topic)
        ]
        lines += ["", topic, *(f"  {title}: {value}" for title, value in rows)]
    lines += ["", *(f"Goal {each.goal.name}: {each.standing}" for each in found.goals)]
    return "\n".join(lines).rstrip() + "\n"


def _rows(found: Report, topic: Topic) -> list[tuple[str, str, str, str]]:
    rows = []
    for kpi in (each for each in SINGLE.values() if each.topic is topic and each.name in found.values):
        value, before = found.values[kpi.name], found.previous.get(kpi.name)
        earlier = shown(kpi, before.value, found.currency) if before else NOTHING
        rows.append((kpi.title, shown(kpi, value.value, found.currency), earlier, change(kpi, value, before)))
    return rows


def html_of(found: Report, charts: Sequence[tuple[str, str, str]]) -> str:
    """Tables and images at the width of a mail client. Styles stand at each element: many clients drop all others."""
    parts = [f'<h1 style="font-size:22px;margin:0 0 4px">Report {escape(found.period.name)}</h1>']
    span = f"{found.period.first} to {found.period.last}, beside {escape(found.before.name)}"
    parts.append(f'<p style="color:{_DIM};margin:0 0 16px">{span}</p>')
    if found.is_sample:
        parts.append("<p><b>Sample data: none of these people exists.</b></p>")
    parts += [_topic_table(found, topic) for topic in _MAILED]
    for name, title, says in charts:
        parts.append(f'<h2 style="font-size:17px;margin:24px 0 6px">{escape(title)}</h2>')
        parts.append(
            f'<img src="cid:{name}" alt="{escape(says)}" width="568"'
            ' style="display:block;width:100%;max-width:568px;height:auto;border:0">'
        )
    inside = "".join(parts)
    body = f"margin:0;padding:16px 8px;background:#f3f5f7;color:{_INK};font:15px/1.45 Arial,Helvetica,sans-serif"
    card = f"max-width:600px;margin:0 auto;padding:16px;background:{_PAPER};color:{_INK};border:1px solid {_LINE}"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"></head>'
        f'<body style="{body}"><div style="{card}">{inside}</div></body></html>'
    )


def _topic_table(found: Report, topic: Topic) -> str:
    cell = f"padding:5px 0 5px 10px;border-bottom:1px solid {_LINE};text-align:right;white-space:nowrap"
    rows = "".join(
        f'<tr><td style="padding:5px 0;border-bottom:1px solid {_LINE}">{escape(title)}</td>'
        f'<td style="{cell}"><b>{escape(now)}</b></td><td style="{cell};color:{_DIM}">{escape(before)}</td>'
        f'<td style="{cell}">{escape(difference)}</td></tr>'
        for title, now, before, difference in _rows(found, topic)
    )
    if not rows:
        return ""
    head = "".join(
        f'<td style="padding:2px 0 2px 10px;text-align:right;color:{_DIM};font-size:12px">{name}</td>'
        for name in ("now", "before", "change")
    )
    table = 'role="presentation" width="100%" cellpadding="0" cellspacing="0" style="border-collapse:collapse"'
    title = f'<h2 style="font-size:17px;margin:20px 0 4px">{escape(topic)}</h2>'
    return f"{title}<table {table}><tr><td></td>{head}</tr>{rows}</table>"
