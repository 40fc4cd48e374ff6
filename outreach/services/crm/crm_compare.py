"""What somebody changed on a record: the CRM's word of it now, beside what was last known. Pure.

What was never told before is no change: the first look at a record is where later ones are measured from. Only an
opt-out counts at the first look as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from outreach.crm import DealState, RemotePerson
from outreach.domain.crm_news import Change, CrmNews

STATUS, STAGE, OWNER, OPTED_OUT, DEAL = "status", "stage", "owner", "is_opted_out", "deal"
"""Names under which the values of a record are kept."""

KEPT_AS: Mapping[Change, str] = {Change.STATUS: STATUS, Change.STAGE: STAGE, Change.OWNER: OWNER}


def values_of(person: RemotePerson) -> dict[str, Any]:
    """What is kept of a record; emptiness too, so that what is filled later is a change."""
    opted_out = {} if person.is_opted_out is None else {OPTED_OUT: person.is_opted_out}
    deal = deal_value(person.deal.deal_id, person.deal.state) if person.deal else ""
    told = {STATUS: person.status, STAGE: person.stage, OWNER: person.owner.lower(), DEAL: deal}
    return {name: value for name, value in told.items() if name not in person.untold} | opted_out


def deal_value(deal_id: str, state: DealState = DealState.OPEN) -> str:
    return f"{deal_id}:{state}"


def changes(crm: str, known: Mapping[str, Any], person: RemotePerson) -> tuple[CrmNews, ...]:
    """The news, those that stop first."""
    return tuple(
        CrmNews(crm=crm, change=change, person_id=person.person_id, value=value, is_read=True)
        for change, value in _changes(known, person)
    )


def stops(news: CrmNews) -> bool:
    """Does it act whatever we may have written in between?"""
    return news.change in (Change.DO_NOT_CONTACT, Change.DELETED, Change.ERASED, Change.MERGED)


def _changes(known: Mapping[str, Any], person: RemotePerson) -> Iterator[tuple[Change, str]]:
    if person.merged_into:
        yield Change.MERGED, person.merged_into
        return
    if person.is_deleted:
        yield Change.DELETED, ""
        return
    if person.is_opted_out and not known.get(OPTED_OUT):
        yield Change.DO_NOT_CONTACT, ""
    now = values_of(person)
    is_closed = person.deal is not None and person.deal.state is not DealState.OPEN
    if person.deal and is_closed and _differs(DEAL, known, now):
        yield Change(str(person.deal.state)), person.deal.value
    elif not is_closed and now.get(STAGE) and _differs(STAGE, known, now):
        yield Change.STAGE, person.stage
    if now.get(STATUS) and _differs(STATUS, known, now):
        yield Change.STATUS, person.status
    if now.get(OWNER) and _differs(OWNER, known, now):
        yield Change.OWNER, person.owner


def _differs(name: str, known: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    return name in known and name in now and known[name] != now[name]
