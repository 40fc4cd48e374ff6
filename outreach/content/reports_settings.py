"""The part `reports` of config/outreach.yaml: what reports take as given, whom they are mailed to, and when."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from typing import Annotated

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema

from outreach.content.configuration import ReportSettings, SenderSettings
from outreach.content.field_types import Elapsed, EmailAddress, Line, Positive, Slug
from outreach.content.model_reading import FileModel
from outreach.content.suggestions import did_you_mean
from outreach.content.yaml_file import YamlFile
from outreach.errors import Problem

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKLY = re.compile(r"([a-z]+) +([0-2]?\d):([0-5]\d)")
_VALUE = re.compile(r"(?:fields\.|company\.)?[A-Za-z_]\w{0,63}")


def _weekly(value: object) -> tuple[int, time]:
    """`monday 08:00`."""
    found = _WEEKLY.fullmatch(value.strip().lower()) if isinstance(value, str) else None
    if not found or int(found[2]) > 23:
        raise ValueError(f"'{str(value)[:40]}' is no time of a week. Write it as monday 08:00.")
    if found[1] not in _DAYS:
        raise ValueError(f"'{found[1]}' is no day of the week. {did_you_mean(found[1], _DAYS)}".strip())
    return _DAYS.index(found[1]), time(int(found[2]), int(found[3]))


def _hour(value: object) -> time:
    """`08:00`."""
    try:
        return time.fromisoformat(value if isinstance(value, str) and len(value) == 5 else "")
    except ValueError:
        raise ValueError(f"'{str(value)[:40]}' is no time of a day. Write it as 08:00.") from None


def _segment(value: str) -> str:
    if not _VALUE.fullmatch(value):
        raise ValueError(f"'{value[:80]}' is no value of a lead. Write country, fields.industry or company.size.")
    return value


Weekly = Annotated[
    tuple[int, time],
    PlainValidator(_weekly),
    WithJsonSchema({"type": "string", "pattern": "^[a-z]+ [0-9]{1,2}:[0-9]{2}$"}),
]
Hour = Annotated[time, PlainValidator(_hour), WithJsonSchema({"type": "string", "pattern": "^[0-9]{2}:[0-9]{2}$"})]


class ReportsModel(FileModel):
    to: list[EmailAddress] = Field(default=[], max_length=100)
    sender: Slug | None = None
    weekly: Weekly | None = None
    monthly: Annotated[Positive, Field(le=28)] | None = None
    at: Hour = time(8)
    segment: Annotated[str, AfterValidator(_segment)] = "fields.segment"
    sector_cycle: Elapsed | None = None
    proposal_stages: list[Slug] = Field(default=["proposal", "solution_proposal"])
    currency: Line = ""


def report_settings(model: ReportsModel) -> ReportSettings:
    return ReportSettings(
        to=tuple(model.to),
        sender=model.sender or "",
        weekly=model.weekly,
        monthly=model.monthly,
        at=model.at,
        segment=model.segment,
        sector_cycle=model.sector_cycle,
        proposal_stages=tuple(model.proposal_stages),
        currency=model.currency,
    )


def check_reports(file: YamlFile, reports: ReportSettings, senders: Mapping[str, SenderSettings]) -> list[Problem]:
    """Who mails reports has a mailbox, and somebody gets them."""
    if not (reports.to or reports.sender or reports.weekly or reports.monthly):
        return []
    if not reports.to:
        return [file.key_problem(("reports",), "in 'reports', 'to' is missing.", "Write `to: [team@example.com]`.")]
    if not reports.sender:
        return [file.key_problem(("reports",), "in 'reports', 'sender' is missing.", "Name a sender of senders.yaml.")]
    sender = senders.get(reports.sender)
    path = ("reports", "sender")
    if sender is None:
        return [file.problem(path, f"unknown sender '{reports.sender}'.", did_you_mean(reports.sender, senders))]
    if sender.email is None:
        return [file.problem(path, f"the sender '{reports.sender}' has no mailbox.", "Name one that has `email`.")]
    return []
