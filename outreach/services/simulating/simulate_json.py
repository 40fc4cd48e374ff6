"""A simulation as JSON and as a CSV of its calendar, both streamed: a calendar may hold a million lines."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, TextIO
from zoneinfo import ZoneInfo

from outreach.content.lead_files import neutral
from outreach.services.simulating.simulate_people import Person
from outreach.services.simulating.simulate_record import Sent
from outreach.services.simulating.simulate_report import Report, SenderLine

_LINE = json.JSONEncoder(ensure_ascii=False)
_COLUMNS = ("lead", "name", "company", "sequence", "step", "action", "variant", "sender", "at", "local_time", "zone")


def write_json(report: Report, out: TextIO) -> None:
    """One document: the summary, then `leads` and `touches`, one on each line."""
    summary = json.dumps(summary_of(report), ensure_ascii=False, indent=2)
    out.write(summary.removesuffix("\n}"))
    _write_list(out, "leads", (_lead(person) for person in report.record.people))
    _write_list(out, "touches", (_touch(sent) for sent in report.record.sent()))
    out.write("\n}\n")


def _write_list(out: TextIO, name: str, items: Iterator[dict[str, Any]]) -> None:
    out.write(f',\n  "{name}": [')
    for number, item in enumerate(items):
        out.write(",\n    " if number else "\n    ")
        out.write(_LINE.encode(item))
    out.write("\n  ]")


def write_csv(report: Report, out: TextIO) -> None:
    """The calendar. Cells that a spreadsheet would take for a formula begin with an apostrophe."""
    rows = csv.writer(out)
    rows.writerow(_COLUMNS)
    for sent in report.record.sent():
        person, draft = sent.person, sent.person.known.draft
        cells = (
            person.known.name,
            f"{draft.first_name} {draft.last_name}".strip(),
            draft.company.name or draft.company.domain or "",
            person.course.sequence.name,
            sent.step,
            sent.action,
            sent.variant or "",
            sent.sender,
            _utc(sent.at),
            local_time(sent),
            person.zone_name,
        )
        rows.writerow([neutral(cell) for cell in cells])


def local_time(sent: Sent) -> str:
    """`2026-03-02 09:00`, where the lead lives."""
    return _local(sent.at, sent.person.zone_name)


@lru_cache(maxsize=1_024)  # many touches go out at one instant
def _local(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def summary_of(report: Report) -> dict[str, Any]:
    """Everything but the lists of leads and touches."""
    question, record = report.question, report.record
    return {
        "sequence": question.sequence,
        "start": _instant(question.start),
        "until": _instant(question.until),
        "days_simulated": question.days,
        "seed": question.seed,
        "rates": asdict(question.rates),
        "file": asdict(report.rows) if report.rows else None,
        "entered": len(record.people),
        "held_out": record.held_out,
        "refused": [
            {"reason": reason, "leads": number, "example": record.examples[reason]} for reason, number in report.refused
        ],
        "missing": [{"value": value, "step": step, "leads": number} for value, step, number in report.missing],
        "zones": dict(record.zones),
        "sent": record.touches,
        "last_at": _instant(record.last_at),
        "days": [{"day": day, "touches": found.total(), "by_action": dict(found)} for day, found in report.days()],
        "senders": [_sender(line) for line in report.by_sender()],
        "late": [
            {"because": because, "touches": late.touches, "average_seconds": _seconds(late.total / late.touches),
             "longest_seconds": _seconds(late.longest)}
            for because, late in report.late
        ],
        "blocked": dict(record.blocked),
        "stuck": dict(+record.stuck),
        "reactions": [
            {"kind": kind, "times": times, "leads": record.reacted[kind]}
            for kind, times in sorted(record.reactions.items())
        ],
        "finished": dict(record.finished),
        "active": report.active,
        "finishing": _finishing(report),
    }  # fmt: skip


def _sender(line: SenderLine) -> dict[str, Any]:
    day, most = line.busiest
    return {
        "sender": line.sender,
        "action": line.action,
        "zone": line.zone,
        "touches": line.touches,
        "most_on_a_day": most,
        "that_day": day,
        "by_day": line.by_day,
    }


def _finishing(report: Report) -> dict[str, Any]:
    found = report.finishing
    return {
        "on": found.on.isoformat() if found.on else None,
        "people_left": found.people_left,
        "touches_left_at_most": found.touches_left,
        "estimated_on": found.about_on.isoformat() if found.about_on else None,
        "slowest": found.slowest or None,
        "slowest_per_day": round(found.per_day, 1) if found.slowest else None,
    }


def _lead(person: Person) -> dict[str, Any]:
    return {
        "lead": person.known.name,
        "lead_id": person.known.lead_id,
        "sequence": person.course.sequence.name,
        "sender": person.sender.name,
        "zone": person.zone_name,
        "stage": person.stage,
        "finished": person.reason,
        "finished_at": _instant(person.finished_at),
    }


def _touch(sent: Sent) -> dict[str, Any]:
    return {
        "lead": sent.person.known.name,
        "lead_id": sent.person.known.lead_id,
        "sequence": sent.person.course.sequence.name,
        "step": sent.step,
        "action": sent.action,
        "variant": sent.variant,
        "sender": sent.sender,
        "at": _instant(sent.at),
        "local_time": local_time(sent),
        "zone": sent.person.zone_name,
    }


def _instant(at: datetime | None) -> str | None:
    return _utc(at) if at else None


@lru_cache(maxsize=1_024)
def _utc(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _seconds(length: timedelta) -> int:
    return round(length.total_seconds())
