"""Compare how everything ended with how it had to end. Each difference is one sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, func, select

from outreach.sandbox.acts import World
from outreach.sandbox.arrivals import Arrivals
from outreach.sandbox.cast import Ending, Person
from outreach.sandbox.hubspot_server import OWNERS, FakeHubSpot, Thing
from outreach.services.sending.engine import Engine
from outreach.services.watching.status import status
from outreach.store.tables import addresses, crm_jobs, deliveries, enrollments, events, holds, leads, tasks, touches

_TIMELINE = ("emails", "communications")
_WAITING = "answered"
"""The one situation in which a lead may have no next action here: it has answered, and a person is to answer back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one lead ended."""

    lead_id: str
    name: str
    reason: str
    status: str
    stage: str
    sender: str
    mails: int
    linkedin: int
    replies: int


def check(
    engine: Engine, world: World, arrivals: Arrivals, *, hubspot: FakeHubSpot, cast: Mapping[str, Person]
) -> tuple[dict[str, Outcome], list[str]]:
    """Outcomes by address, and everything that is not as it should be."""
    with engine.store.read() as connection:
        outcomes = _outcomes(connection, arrivals)
        loose_ends = list(_loose_ends(connection))
    found = list(world.surprises)
    found += [f"{email}: was not in the list" for email in sorted(set(cast) - set(outcomes))]
    for email, outcome in sorted(outcomes.items()):
        person = cast.get(email)
        found += [f"{email}: is not in the script"] if person is None else _about(email, outcome, person.ends)
        found += [f"{email}: {each}" for each in _crm(hubspot, email, outcome, person.ends if person else None)]
    found += _after_stop(world, arrivals)
    found += _broken_threads(arrivals)
    if not any(each.what == "message" for each in arrivals.everything):
        found.append("nobody was written to on LinkedIn: choose another first number in stage.py")
    return outcomes, [*found, *loose_ends, *_forgotten(engine, outcomes)]


def _outcomes(connection: Connection, arrivals: Arrivals) -> dict[str, Outcome]:
    mails = Counter(each.email for each in arrivals.everything if each.mail)
    linkedin = Counter(each.email for each in arrivals.everything if each.done)
    replies = Counter(
        connection.execute(select(events.c.lead_id).where(events.c.kind == "replied", events.c.lead_id.is_not(None)))
        .scalars()
        .all()
    )
    statement = (
        select(leads, addresses.c.value.label("email"), enrollments.c.reason, enrollments.c.state, enrollments.c.sender)
        .join(addresses, (addresses.c.lead_id == leads.c.id) & (addresses.c.kind == "email"))
        .outerjoin(enrollments, enrollments.c.lead_id == leads.c.id)
    )
    return {
        row["email"]: Outcome(
            lead_id=row["id"],
            name=f"{row['first_name']} {row['last_name']}",
            reason=row["reason"] or row["state"] or "not enrolled",
            status=row["status"],
            stage=row["stage"],
            sender=row["sender"] or "",
            mails=mails[row["email"]],
            linkedin=linkedin[row["email"]],
            replies=replies[row["id"]],
        )
        for row in connection.execute(statement).mappings()
    }


def _about(email: str, outcome: Outcome, ends: Ending) -> list[str]:
    pairs: list[tuple[str, Any, Any]] = [
        ("finished", outcome.reason, ends.reason),
        ("status", outcome.status, ends.status),
        ("stage", outcome.stage, ends.stage),
        ("mails", outcome.mails, ends.mails.get(outcome.sender)),
        ("replies", outcome.replies, ends.replies),
    ]
    if ends.linkedin is not None:
        pairs.append(("LinkedIn invitations and messages", outcome.linkedin, ends.linkedin.get(outcome.sender)))
    return [f"{email}: {what} is {found}, not {wanted}" for what, found, wanted in pairs if found != wanted]


def _crm(hubspot: FakeHubSpot, email: str, outcome: Outcome, ends: Ending | None) -> Iterator[str]:
    records = records_of(hubspot, email)
    if ends is None:
        return
    if len(records) > 1:
        yield f"the CRM has {len(records)} records"
    if (email in hubspot.unsubscribed) != ends.is_opted_out_in_crm:
        yield f"the CRM says opted out: {email in hubspot.unsubscribed}"
    if ends.replies and not records:
        yield "the CRM has no record of somebody who replied"
    for record in records:
        yield from _record(hubspot, record, outcome, ends)


def _record(hubspot: FakeHubSpot, record: Thing, outcome: Outcome, ends: Ending) -> Iterator[str]:
    entries = timeline(hubspot, record)
    if entries != ends.replies:
        yield f"the CRM's timeline has {entries} replies, not {ends.replies}"
    given = record.properties.get("hs_lead_status", "")
    if given != ends.crm_status:
        yield f"the CRM's status is '{given}', not '{ends.crm_status}'"
    owner = OWNERS[f"{outcome.sender}@example.com"] if ends.replies else ""
    if record.properties.get("hubspot_owner_id", "") != owner:
        yield "the CRM names another owner than the sender"


def records_of(hubspot: FakeHubSpot, email: str) -> list[Thing]:
    """Every contact with that address; more than one is a fault."""
    return [each for each in hubspot.objects["contacts"].values() if each.properties.get("email") == email]


def timeline(hubspot: FakeHubSpot, record: Thing) -> int:
    """Replies on the record's timeline."""
    return sum(len(hubspot.of(kind, record.id)) for kind in _TIMELINE)


def _after_stop(world: World, arrivals: Arrivals) -> list[str]:
    """Nothing may reach anybody after a stop was accepted, nor while somebody is away."""
    found = []
    for each in arrivals.everything:
        if each.what.startswith("refusal"):
            continue
        stopped_at = world.stopped_at.get(each.email)
        if stopped_at is not None and each.at > stopped_at:
            found.append(f"{each.email}: {each.what} at {_when(each.at)}, after the stop at {_when(stopped_at)}")
        gone_at, back_at = world.away.get(each.email, (each.at, each.at))
        if gone_at < each.at < back_at:
            found.append(f"{each.email}: {each.what} at {_when(each.at)}, while out of office")
    return found


def _broken_threads(arrivals: Arrivals) -> list[str]:
    """Every mail but the first answers one that the same person had before; no Message-ID comes twice."""
    had: dict[str, list[str]] = {}
    found = []
    for each in arrivals.everything:
        if each.mail is None:
            continue
        before = had.setdefault(each.email, [])
        if each.mail.message_id in before:
            found.append(f"{each.email}: the mail {each.mail.message_id} came twice")
        if before and each.mail.header("In-Reply-To").strip("<>") not in before:
            found.append(f"{each.email}: the mail “{each.mail.header('Subject')}” is in no thread")
        before.append(each.mail.message_id)
    return found


def _loose_ends(connection: Connection) -> Iterator[str]:
    """What may not be left over, by its table."""
    wanted: tuple[tuple[Table, str, frozenset[str]], ...] = (
        (enrollments, "state", frozenset({"finished"})),
        (touches, "state", frozenset({"sent", "failed", "skipped"})),
        (deliveries, "state", frozenset({"understood"})),
        (crm_jobs, "state", frozenset({"done"})),
    )
    for table, column, states in wanted:
        left = select(table.c[column], func.count()).where(table.c[column].not_in(states)).group_by(table.c[column])
        for state, count in connection.execute(left):
            yield f"{table.name}: {count} left {state}"
    held = connection.execute(select(func.count()).select_from(holds)).scalar_one()
    if held:
        yield f"holds: {held} left"
    statement = select(func.count()).join(enrollments, enrollments.c.id == tasks.c.enrollment_id)
    stale = connection.execute(
        statement.where(tasks.c.state == "open", enrollments.c.reason != "completed")
    ).scalar_one()
    if stale:
        yield f"tasks: {stale} open for people whose sequence was stopped"
    crossed = connection.execute(select(func.count()).where(touches.c.crossed)).scalar_one()
    if crossed:
        yield f"touches: {crossed} crossed a stop"


def _forgotten(engine: Engine, outcomes: Mapping[str, Outcome]) -> Iterator[str]:
    """Whoever answered waits for a person; nobody else may be without a next action or a reason for none."""
    waiting = sum(outcome.stage == "responded" for outcome in outcomes.values())
    for situation, number in status(engine).forgotten_by.items():
        if situation != _WAITING or number != waiting:
            yield f"forgotten: {number} leads, {situation}"


def _when(at: datetime) -> str:
    return f"{at:%d %b %H:%M}"
