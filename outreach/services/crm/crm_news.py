"""What a change in a CRM does here, inside the transaction of its event. The rule where both sides changed something:

1. Whatever stops, stops: an opt-out, a deletion, won and lost act at once, and the other side never undoes them.
2. For the rest a person decided there, so the CRM's value is taken, also where the pipeline would not allow the move.
3. What we have still to write is read when it is written, so it is written as it is after that.
4. A value that nothing of ours is mapped to changes nothing here.

Own writes come back as news too. They are known by their value, and by being older than what was written last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import Connection, RowMapping, update

from outreach.domain.crm_mapping import CrmMapping, CrmTrigger
from outreach.domain.crm_news import Change, CrmNews, news_from
from outreach.domain.enrollment import FinishReason
from outreach.domain.event import Event
from outreach.domain.pipeline import Pipeline, StageKind, Status
from outreach.domain.suppression import SuppressionReason
from outreach.services.crm.crm_compare import KEPT_AS
from outreach.services.crm.work_list import add_work, lead_facts, write_down
from outreach.services.hearing.never_again import opt_out
from outreach.services.hearing.stop import finish
from outreach.services.sending.engine import Engine
from outreach.services.sending.moves import move_stages, stage_move
from outreach.store import crm_links, crm_pulls, crm_records, enrollments, lead_rows, lead_states
from outreach.store.tables import leads

ALWAYS_HEEDED = frozenset({Change.DO_NOT_CONTACT, Change.DELETED, Change.ERASED, Change.MERGED})

_UNTIL_FOUND = timedelta(minutes=1)  # the search of some systems is half a minute late
_OVERLAP = timedelta(minutes=15)  # what a round asks for that a webhook called for
_ENDING = frozenset({Status.RESPONDED, Status.NOT_INTERESTED, Status.CUSTOMER})


@dataclass(frozen=True, slots=True)
class _Heard:
    """One change about one lead, and what it needs."""

    connection: Connection
    engine: Engine
    event: Event
    news: CrmNews
    mapping: CrmMapping
    lead: RowMapping

    @property
    def lead_id(self) -> str:
        lead_id: str = self.lead["leads_id"]
        return lead_id

    @property
    def by(self) -> str:
        return f"crm {self.news.crm}"


def hear(connection: Connection, engine: Engine, event: Event, lead_id: str) -> None:
    """Do what follows from a change of the lead's record."""
    news = news_from(event.data)
    mapping = engine.crms.get(news.crm)
    if mapping is None or news.change not in mapping.heed | ALWAYS_HEEDED | {Change.HINT}:
        return
    rows = lead_rows.load(connection, [lead_id])
    if not rows:
        return  # erased here; its record there may live on
    if news.change is Change.HINT:
        _look_at(connection, engine, news)
    elif not _is_our_own(connection, engine, event, news, lead_id=lead_id):
        _EFFECTS[news.change](_Heard(connection, engine, event, news, mapping, rows[0]))
        _remember(connection, engine, news, lead_id)


def hear_of_a_stranger(connection: Connection, engine: Engine, event: Event) -> None:
    """A change of a record that is no lead's, as far as its id tells: whose it is has to be read.

    An opt-out is read at once. For the rest the next round comes earlier: one question for many such changes.
    """
    news = news_from(event.data)
    mapping, now = engine.crms.get(news.crm), engine.clock.now()
    if mapping is None or news.change in (Change.DELETED, Change.ERASED, Change.MERGED):
        return
    if news.change is Change.DO_NOT_CONTACT and news.person_id:
        _look_at(connection, engine, news)
        return
    since = now - _OVERLAP
    crm_pulls.want(connection, news.crm, crm_pulls.CHANGES, due_at=now + _UNTIL_FOUND, since_at=since)


def _look_at(connection: Connection, engine: Engine, news: CrmNews) -> None:
    name = f"person:{news.person_id}" if news.person_id else f"deal:{news.deal_id}"
    crm_pulls.want(connection, news.crm, name, due_at=engine.clock.now())


def _is_our_own(connection: Connection, engine: Engine, event: Event, news: CrmNews, *, lead_id: str) -> bool:
    """Only a value can be: what we wrote ourselves, or something older than what we wrote, which is read to be sure."""
    name = KEPT_AS.get(news.change)
    if name is None or news.is_read:
        return False
    known = crm_records.read(connection, news.crm, lead_id)
    if known.values.get(name) == (news.value.lower() if news.change is Change.OWNER else news.value):
        return True
    if known.updated_at is not None and event.at <= known.updated_at:
        _look_at(connection, engine, news)
        return True
    return False


def _remember(connection: Connection, engine: Engine, news: CrmNews, lead_id: str) -> None:
    """A value that was told is how the record stands now: changed back to what it was, it is news again."""
    name = KEPT_AS.get(news.change)
    if name is not None and not news.is_read:
        value = news.value.lower() if news.change is Change.OWNER else news.value
        crm_records.learn(connection, news.crm, lead_id, {name: value}, engine.clock.now())


def _do_not_contact(heard: _Heard) -> None:
    opt_out(heard.connection, heard.engine, heard.lead_id, SuppressionReason.CRM)
    _end(heard, FinishReason.SUPPRESSED, "opted out")
    write_down(heard.connection, heard.engine, "unsubscribe", heard.event, heard.lead_id, without=heard.news.crm)


def _status(heard: _Heard) -> None:
    ours = heard.mapping.status_of(heard.news.value, heard.lead["leads_pipeline"])
    if ours == Status.DO_NOT_CONTACT:
        _do_not_contact(heard)
    elif ours is not None:
        lead_states.set_status(heard.connection, [heard.lead_id], Status(ours), heard.engine.clock.now())
        if ours in _ENDING:
            _end(heard, FinishReason.STOPPED, f"status {ours}")


def _stage(heard: _Heard) -> None:
    found = heard.mapping.stage_of(heard.news.value, heard.lead["leads_pipeline"])
    pipeline = heard.engine.pipelines.get(found[0]) if found else None
    stage = pipeline.stage(found[1]) if found and pipeline else None
    if pipeline is None or stage is None:
        return
    if stage.kind in _TRIGGERS:
        _close(heard, stage.kind, pipeline, stage.name)
    else:
        _move(heard, pipeline, stage.name)
        _look_again(heard)


def _owner(heard: _Heard) -> None:
    ours = heard.mapping.owner_of(heard.news.value)
    values = {"owner": ours, "updated_at": heard.engine.clock.now()}
    heard.connection.execute(update(leads).where(leads.c.id == heard.lead_id).values(**values))


def _won(heard: _Heard) -> None:
    _close_as(heard, StageKind.WON)


def _lost(heard: _Heard) -> None:
    _close_as(heard, StageKind.LOST)


def _close_as(heard: _Heard, kind: StageKind) -> None:
    """Into the first stage of that kind; a pipeline without one still ends what is open."""
    if heard.news.value:
        columns: dict[str, str] = {}
        fields, now = {"value": heard.news.value}, heard.engine.clock.now()
        lead_states.set_values(heard.connection, heard.lead_id, columns=columns, fields=fields, now=now, by=heard.by)
    pipeline = heard.engine.pipelines.get(heard.lead["leads_pipeline"])
    stages = [stage.name for stage in pipeline.stages if stage.kind is kind] if pipeline else []
    _close(heard, kind, pipeline, stages[0] if stages else "")


_TRIGGERS = {StageKind.WON: CrmTrigger.WON, StageKind.LOST: CrmTrigger.LOST}


def _close(heard: _Heard, kind: StageKind, pipeline: Pipeline | None, stage: str) -> None:
    present = pipeline.stage(heard.lead["leads_stage"]) if pipeline else None
    if present is not None and present.kind is kind:
        return  # by us, or known already
    if pipeline and stage:
        _move(heard, pipeline, stage)
    if kind is StageKind.WON:
        lead_states.set_status(heard.connection, [heard.lead_id], Status.CUSTOMER, heard.engine.clock.now())
    _end(heard, FinishReason.STOPPED, str(kind))
    facts = lead_facts(heard.connection, heard.lead_id)
    if facts is not None:
        key = heard.event.key
        add_work(heard.connection, heard.engine, _TRIGGERS[kind], event_key=key, lead=facts, without=heard.news.crm)


def _move(heard: _Heard, pipeline: Pipeline, stage: str) -> None:
    """Where a person put the lead, there it is, whatever the pipeline allows."""
    freely = replace(pipeline, moves={**pipeline.moves, heard.lead["leads_stage"]: (stage,)})
    reason = f"{heard.news.change} in {heard.news.crm}"
    move = stage_move(heard.engine, heard.lead_id, freely, stage=stage, reason=reason, by=heard.by)
    move_stages(heard.connection, heard.engine, [move], heard.engine.clock.now())


def _look_again(heard: _Heard) -> None:
    """Somebody may wait for this stage."""
    inside = enrollments.open_of_leads(heard.connection, [heard.lead_id])
    enrollments.look_now(heard.connection, inside, heard.engine.clock.now())


def _end(heard: _Heard, reason: FinishReason, what: str) -> None:
    inside = enrollments.open_of_leads(heard.connection, [heard.lead_id])
    enrollments.lock(heard.connection, inside)
    finish(heard.connection, heard.engine, inside, reason, detail=f"{what} in {heard.news.crm}")


def _deleted(heard: _Heard) -> None:
    _end(heard, FinishReason.REMOVED, "record removed")
    crm_links.drop_person(heard.connection, heard.news.crm, heard.lead_id)
    crm_records.forget(heard.connection, heard.news.crm, heard.lead_id)


def _erased(heard: _Heard) -> None:
    _do_not_contact(heard)
    _deleted(heard)


def _merged(heard: _Heard) -> None:
    if heard.news.value:
        crm_records.rename(heard.connection, heard.news.crm, heard.news.person_id, heard.news.value)
        survivor = CrmNews(crm=heard.news.crm, change=Change.HINT, person_id=heard.news.value)
        _look_at(heard.connection, heard.engine, survivor)


_EFFECTS: dict[Change, Callable[[_Heard], None]] = {
    Change.DO_NOT_CONTACT: _do_not_contact,
    Change.STATUS: _status,
    Change.STAGE: _stage,
    Change.OWNER: _owner,
    Change.WON: _won,
    Change.LOST: _lost,
    Change.DELETED: _deleted,
    Change.ERASED: _erased,
    Change.MERGED: _merged,
}
