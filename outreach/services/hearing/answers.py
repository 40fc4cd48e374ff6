"""What follows from the meaning of a reply, beside the end of its sequences: status, tasks, a lead that was named.

The same for what rules suggest and for what a person makes of it later. Whatever the class: a reply stops.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping

from outreach.content.addresses import candidates
from outreach.content.free_mail import is_free_mail
from outreach.domain.crm_mapping import CrmTrigger
from outreach.domain.lead import Address, AddressKind, Company, LeadDraft
from outreach.domain.pipeline import StageKind, Status
from outreach.domain.reply import NamedPerson, ReplyClass, Suggestion
from outreach.services.crm.work_list import add_work, lead_facts
from outreach.services.hearing.never_again import opt_out
from outreach.services.people.keep_leads import Beginning, keep
from outreach.services.sending.engine import Engine
from outreach.services.sending.moves import move_stages, stage_move
from outreach.store import field_history, lead_rows, lead_states, replies, reply_tasks

_LONGEST_QUOTE = 200
_LONGEST_OBJECTION = 500
OBJECTION = "objection"
"""The field that holds what a lead objects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """One answer of a lead and what it means. `number` is its event's; `at` when it was written."""

    number: int
    lead_id: str
    at: datetime
    suggestion: Suggestion


def follow(connection: Connection, engine: Engine, meant: Meant) -> None:
    """Do what the class asks for, once for each answer. The latest reply of a lead says its status."""
    reply_class = meant.suggestion.reply_class
    if reply_class is not ReplyClass.AUTO_REPLY and not replies.has_later(connection, meant.lead_id, meant.at):
        status = Status.NOT_INTERESTED if reply_class is ReplyClass.NOT_INTERESTED else Status.RESPONDED
        lead_states.set_status(connection, [meant.lead_id], status, engine.clock.now())
    act = _ACTS.get(reply_class)
    if act:
        act(connection, engine, meant)


def follow_a_leaver(connection: Connection, engine: Engine, meant: Meant) -> None:
    """An automatic note says that the lead works there no more: a person has to find out who does."""
    _ask_somebody_else(connection, engine, meant)


def take_back(connection: Connection, engine: Engine, number: int) -> None:
    """What an answer made is not so any more, because it was meant otherwise: its task, the objection it was."""
    reply_tasks.skip(connection, _task_id(number), why="the reply was marked otherwise", now=engine.clock.now())
    last = field_history.last_change(connection, OBJECTION, origin=_origin(number))
    if last is not None and field_history.is_newest(connection, last):
        _write_objection(connection, engine, last["lead_id"], last["before"] or "", origin="marked otherwise")


def _park(connection: Connection, engine: Engine, meant: Meant) -> None:
    """Not now: a stage that is parked, where the pipeline has one, and a task on the day named."""
    lead = _lead(connection, meant.lead_id)
    if lead is None:
        return
    due_at = _day(meant.suggestion.until, lead) or meant.at + engine.policy.not_now
    pipeline = engine.pipelines.get(lead["leads_pipeline"])
    parked = next((stage for stage in pipeline.stages if stage.kind is StageKind.PARKED), None) if pipeline else None
    if pipeline and parked:
        move = stage_move(engine, meant.lead_id, pipeline, stage=parked.name, reason="the reply says: not now")
        move_stages(connection, engine, [move], engine.clock.now())
    _make_task(connection, engine, meant, lead, note="Write again", due_at=due_at)


def _ask_somebody_else(connection: Connection, engine: Engine, meant: Meant) -> None:
    lead = _lead(connection, meant.lead_id)
    if lead is None:
        return
    person = meant.suggestion.person
    made = _new_lead(connection, engine, lead, person) if person and engine.policy.new_leads_from_replies else None
    who = ", ".join(part for part in (person.name, person.email, person.phone) if part) if person else ""
    note = f"Ask {who} instead" if who else "Find out who is the right person"
    note += f"; a lead of theirs: {made}" if made else ""
    _make_task(connection, engine, meant, lead, note=note, due_at=meant.at + timedelta(days=2))


def _make_task(
    connection: Connection, engine: Engine, meant: Meant, lead: RowMapping, *, note: str, due_at: datetime
) -> None:
    """One for each answer; done again, it is opened again."""
    said = " … ".join(meant.suggestion.evidence)[:_LONGEST_QUOTE]
    reply_tasks.open_one(
        connection,
        _task_id(meant.number),
        {"lead_id": meant.lead_id, "assignee": lead["leads_owner"], "due_at": due_at},
        note=f"{note}. They said: “{said}”" if said else f"{note}.",
        now=engine.clock.now(),
    )


def _task_id(number: int) -> str:
    return f"reply-{number}"


def _new_lead(connection: Connection, engine: Engine, lead: RowMapping, person: NamedPerson) -> str | None:
    """The id of the lead of whom a reply names; one with that address is that lead. None without an address."""
    found = [Address(each.kind, each.value) for each in candidates(person.email)] if person.email else []
    mail = [address for address in found if address.kind is AddressKind.EMAIL]
    pipeline = engine.pipelines.get(lead["leads_pipeline"])
    if not mail or pipeline is None:
        return None
    first, _, last = person.name.partition(" ")
    draft = LeadDraft(
        addresses=(mail[0],),
        source=f"referral:{lead['leads_id']}",
        company=_company(mail[0].value, lead),
        first_name=first,
        last_name=last,
        language=lead["leads_language"] or "",
        owner=lead["leads_owner"] or "",
    )
    kept = keep(connection, [draft], beginning=Beginning(pipeline.name, pipeline.first), clock=engine.clock)
    return kept[0].lead_id


def _company(address: str, lead: RowMapping) -> Company:
    domain = address.rpartition("@")[2]
    if domain == lead["companies_domain"]:
        return Company(name=lead["companies_name"] or "", domain=domain)
    return Company() if is_free_mail(domain) else Company(domain=domain)


def _lead(connection: Connection, lead_id: str) -> RowMapping | None:
    rows = lead_rows.load(connection, [lead_id])
    return rows[0] if rows else None


def _day(day: date | None, lead: RowMapping) -> datetime | None:
    """Nine in the morning of that day where the lead lives, as far as it is known."""
    if day is None:
        return None
    return datetime.combine(day, time(9), ZoneInfo(lead["leads_timezone"] or "UTC"))


def _leave(connection: Connection, engine: Engine, meant: Meant) -> None:
    """A classifier or a person read an opt-out where the rules did not; the CRM is told as of any other."""
    opt_out(connection, engine, meant.lead_id)
    facts = lead_facts(connection, meant.lead_id)
    if facts is not None:
        key = f"opt_out:reply-{meant.number}"
        add_work(connection, engine, CrmTrigger.UNSUBSCRIBE, event_key=key, lead=facts)


def _keep_objection(connection: Connection, engine: Engine, meant: Meant) -> None:
    """What they object, in their words, with its history: the newest is the field, older ones stay on the timeline."""
    row = replies.one(connection, meant.number)
    said = " ".join((row["text"] if row else "").split())[:_LONGEST_OBJECTION]
    if said:
        _write_objection(connection, engine, meant.lead_id, said, origin=_origin(meant.number))


def _write_objection(connection: Connection, engine: Engine, lead_id: str, said: str, *, origin: str) -> None:
    now = engine.clock.now()
    lead_states.set_values(connection, lead_id, columns={}, fields={OBJECTION: said}, now=now, origin=origin)


def _origin(number: int) -> str:
    return f"reply {number}"


_ACTS: dict[ReplyClass, Callable[[Connection, Engine, Meant], None]] = {
    ReplyClass.NOT_NOW: _park,
    ReplyClass.WRONG_PERSON: _ask_somebody_else,
    ReplyClass.REFERRAL: _ask_somebody_else,
    ReplyClass.OPT_OUT: _leave,
    ReplyClass.OBJECTION: _keep_objection,
}
