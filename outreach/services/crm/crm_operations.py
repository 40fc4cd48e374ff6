"""One job, carried out through a CRM adapter: find the record, do what is asked, tell what was learned."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import cast

from outreach.crm import Crm, Deal, Forgets, Found, Operation
from outreach.domain.crm_mapping import CrmMapping, TieBreak
from outreach.errors import Outcome, Refused
from outreach.services.crm.crm_compare import DEAL, OPTED_OUT, OWNER, STAGE, STATUS, deal_value
from outreach.services.crm.crm_work import activity_of, person_of
from outreach.store.crm_jobs import ClaimedJob
from outreach.store.crm_links import Link


@dataclass(slots=True)
class Learned:
    """Remote ids found on the way; they hold also when the job itself fails afterwards. `values`: what was written."""

    links: list[Link] = field(default_factory=list)
    values: dict[str, str | bool] = field(default_factory=dict)  # by the names of `crm_compare`
    is_person_gone: bool = False  # the record we knew is not there any more


@dataclass(slots=True)
class _Work:
    """One run of one job. `person_id` is the record to work on, once known."""

    crm: Crm
    mapping: CrmMapping
    job: ClaimedJob
    learned: Learned
    person_id: str | None


async def carry_out(crm: Crm, mapping: CrmMapping, job: ClaimedJob, learned: Learned) -> str:
    """Do it, and return what was left out and why (empty: nothing). Raises the adapter's error.

    A record that is gone is looked up by address once, and made again if there is none.
    """
    operation = Operation(job.operation)
    if job.lead is None and operation is not Operation.FORGET:
        return "the lead does not exist any more"
    if operation not in crm.can:
        raise Refused(crm.provider, f"cannot do '{operation}'; take it out of `when`", outcome=Outcome.CONFIG)
    if operation is Operation.FORGET:
        return await _forget(cast(Forgets, crm), job)
    work = _Work(crm, mapping, job, learned, job.person_id)
    try:
        return await _DOINGS[operation](work)
    except Refused as error:
        if error.outcome is not Outcome.NOT_FOUND or work.person_id is None or work.person_id != job.person_id:
            raise
    learned.is_person_gone, work.person_id = True, None
    return await _DOINGS[operation](work)


async def _forget(crm: Forgets, job: ClaimedJob) -> str:
    """The person is erased here already; all that is left is which record was theirs."""
    try:
        await crm.forget(job.payload["person_id"])
    except Refused as error:
        if error.outcome is not Outcome.NOT_FOUND:
            raise
        return "the record was gone already"
    return ""


async def _write_person(work: _Work) -> str:
    known = work.person_id or await _locate(work)
    _remember(work, await work.crm.upsert_person(person_of(work.job.payload), person_id=known))
    return ""


async def _person(work: _Work) -> str:
    """The id of the lead's record, made if there is none: nothing can be written on a person who is not there."""
    if work.person_id is None and await _locate(work) is None:
        _remember(work, await work.crm.upsert_person(person_of(work.job.payload), person_id=None))
    assert work.person_id is not None
    return work.person_id


async def _locate(work: _Work) -> str | None:
    """Look the lead up by its address, and remember what is found."""
    email = person_of(work.job.payload).email
    if not email:
        if work.job.maybe_done:
            said = "a record without address may have been made already; look in the CRM, give the lead an address"
            raise Refused(work.crm.provider, said, outcome=Outcome.AMBIGUOUS)
        return None
    found = await work.crm.find_person(email)
    if found:
        _remember(work, _chosen(work, found))
    return work.person_id


def _chosen(work: _Work, found: tuple[Found, ...]) -> Found:
    if len(found) == 1:
        return found[0]
    if work.mapping.tie_break is None:
        ids = ", ".join(record.person_id for record in found)
        said = f"{len(found)} records have this address ({ids}); merge them, or set `tie_break: oldest` or `newest`"
        raise Refused(work.crm.provider, said, outcome=Outcome.AMBIGUOUS)
    if all(record.created_at for record in found):
        found = tuple(sorted(found, key=lambda record: str(record.created_at and record.created_at.timestamp())))
    return found[0] if work.mapping.tie_break is TieBreak.OLDEST else found[-1]


def _remember(work: _Work, found: Found) -> None:
    work.person_id = found.person_id
    link = Link(kind="person", local_id=work.job.lead_id, remote_id=found.person_id, url=found.url)
    work.learned.links = [*(old for old in work.learned.links if old.kind != "person"), link]


async def _log(work: _Work) -> str:
    activity = activity_of(work.job.payload)
    entry = await work.crm.log(await _person(work), activity, look_first=work.job.maybe_done)
    work.learned.links.append(Link(kind="activity", local_id=work.job.key[-255:], remote_id=entry))
    return ""


async def _set_status(work: _Work) -> str:
    assert work.job.lead is not None
    value = work.mapping.status_value(work.job.lead.status, work.job.lead.pipeline)
    if value is None:
        return f"no value is mapped for status '{work.job.lead.status}'"
    await work.crm.set_status(await _person(work), value)
    work.learned.values[STATUS] = value
    return ""


async def _set_stage(work: _Work) -> str:
    assert work.job.lead is not None
    lead = work.job.lead
    stage = work.mapping.stage_value(lead.pipeline, lead.stage)
    if stage is None:
        return f"no stage is mapped for '{lead.stage}' of pipeline '{lead.pipeline}'"
    was_moved = await work.crm.set_stage(await _person(work), stage)
    if was_moved:
        work.learned.values[STAGE] = stage
    return "" if was_moved else f"there was no open deal to move to '{stage}'"


async def _ensure_deal(work: _Work) -> str:
    rule, payload = work.mapping.deal, work.job.payload
    if rule is None:
        return "no deal is configured any more"
    deal = Deal(name=payload["name"], pipeline=rule.pipeline, stage=rule.stage, value=payload.get("value") or "")
    deal_id = await work.crm.ensure_deal(await _person(work), deal)
    local_id = f"{work.job.lead_id}:{rule.pipeline}"
    work.learned.links.append(Link(kind="deal", local_id=local_id, remote_id=deal_id))
    work.learned.values[DEAL] = deal_value(deal_id)
    return ""


async def _assign_owner(work: _Work) -> str:
    email = work.job.payload["owner"]
    await work.crm.assign_owner(await _person(work), email)
    work.learned.values[OWNER] = email.lower()
    return ""


async def _add_tags(work: _Work) -> str:
    await work.crm.add_tags(await _person(work), tuple(work.job.payload["tags"]))
    return ""


async def _set_do_not_contact(work: _Work) -> str:
    """Nobody is put into a CRM in order to be marked as opted out of it."""
    person_id = work.person_id or await _locate(work)
    if person_id is None:
        return "the person is not in the CRM; nothing to mark"
    await work.crm.set_do_not_contact(person_id, person_of(work.job.payload).email)
    work.learned.values[OPTED_OUT] = True
    return ""


_DOINGS: dict[Operation, Callable[[_Work], Awaitable[str]]] = {
    Operation.PERSON: _write_person,
    Operation.OWNER: _assign_owner,
    Operation.LOG_REPLY: _log,
    Operation.LOG: _log,
    Operation.STATUS: _set_status,
    Operation.STAGE: _set_stage,
    Operation.DEAL: _ensure_deal,
    Operation.TAGS: _add_tags,
    Operation.DO_NOT_CONTACT: _set_do_not_contact,
}
