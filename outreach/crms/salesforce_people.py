"""Reading people back from Salesforce: leads and contacts, a campaign, a condition, a stage, one record, who changed.

Every page goes on behind the last record of the one before (by id, or by change and id), so a cursor never ends and a
record that changes meanwhile moves no other. A round of changes sees deleted records too (`queryAll`): a merged one
names its survivor, a lead that was converted its contact. Then it looks at opportunities and their contacts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from outreach.crm import DealState, Page, RemoteDeal, RemotePerson, Selection, Wanted
from outreach.crms.held_deals import counting
from outreach.crms.instants import instant_of
from outreach.crms.merging import as_text
from outreach.crms.salesforce_calls import Calls
from outreach.crms.salesforce_catalogue import Catalogue
from outreach.crms.salesforce_options import Options
from outreach.crms.salesforce_values import OBJECTS, PROVIDER, is_id, literal, object_of, quoted, select
from outreach.errors import Outcome, Refused

_PAGE = 200
_ALWAYS = ("Id", "FirstName", "LastName", "Email", "Owner.Email", "SystemModstamp", "IsDeleted", "MasterRecordId")
_MORE = {"Lead": ("Company", "IsConverted", "ConvertedContactId"), "Contact": ("Account.Name",)}
_DEAL = (
    *("Id", "ContactId", "Opportunity.Id", "Opportunity.StageName", "Opportunity.Amount", "Opportunity.IsClosed"),
    *("Opportunity.IsWon", "Opportunity.SystemModstamp", "Opportunity.CreatedDate"),
)
_OPTED_OUT = "HasOptedOutOfEmail"

_OF_DEALS = frozenset({"stage", "deal"})  # told with the opportunities that changed, not with the person

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a pull stands: in which part, behind which change and id."""

    part: str
    at: str = ""
    id: str = ""

    def behind(self, stamp: str = "SystemModstamp") -> str:
        """The condition for what comes after; empty at the beginning."""
        if not self.id:
            return ""
        if not self.at:
            return f"Id > {quoted(self.id)}"
        return f"({stamp} > {self.at} OR ({stamp} = {self.at} AND Id > {quoted(self.id)}))"


class People:
    """The reading half of one connection."""

    def __init__(self, calls: Calls, catalogue: Catalogue, options: Options) -> None:
        self._calls, self._catalogue = calls, catalogue
        self._kind, self._status = options.object, options.status
        self._tags, self._web = options.tags_property, options.host

    async def pull(self, wanted: Wanted, *, cursor: str | None) -> Page:
        match wanted.by:
            case Selection.PERSON:
                return Page(people=(await self._one(wanted),), total=1)
            case Selection.DEAL:
                return Page(people=await self._of_deal(wanted))
        parts = self._parts(wanted)
        place = _Place(*json.loads(cursor)) if cursor else _Place(parts[0])
        people, last = await (self._deals if place.part == "deals" else self._people)(wanted, place)
        if last is not None:
            return Page(people=people, cursor=json.dumps([last.part, last.at, last.id]))
        behind = parts[parts.index(place.part) + 1 :]
        return Page(people=people, cursor=json.dumps([behind[0], "", ""]) if behind else None)

    def _parts(self, wanted: Wanted) -> tuple[str, ...]:
        if wanted.by is Selection.STAGE:
            return ("deals",)
        deals = ("deals",) if wanted.since and wanted.by is None and self._kind == "Contact" else ()
        return (*OBJECTS.values(), *deals)

    async def _people(self, wanted: Wanted, place: _Place) -> tuple[tuple[RemotePerson, ...], _Place | None]:
        conditions = [place.behind(), *await self._conditions(wanted, place.part)]
        by_change = wanted.since is not None
        order = "SystemModstamp, Id" if by_change else "Id"
        soql = await self._soql(wanted, place.part, conditions, f"ORDER BY {order} LIMIT {_PAGE}")
        rows = await self._asked(wanted, soql, with_deleted=by_change)
        people = tuple(self._person(wanted, place.part, row, None) for row in rows)
        if len(rows) < _PAGE:
            return people, None
        at = literal(_stamp(rows[-1])) if by_change else ""
        return people, _Place(place.part, at, str(rows[-1]["Id"]))

    async def _conditions(self, wanted: Wanted, kind: str) -> list[str]:
        if wanted.since:
            return [f"SystemModstamp >= {literal(wanted.since)}"]
        conditions = ["IsConverted = false"] if kind == "Lead" else []
        if wanted.by is Selection.FILTER:
            conditions.append(f"({wanted.value})")
        if wanted.by is Selection.LIST:
            campaign = await self._campaign(wanted.value)
            members = select([f"{kind}Id"], "CampaignMember", f"CampaignId = {quoted(campaign)}")
            conditions.append(f"Id IN ({members})")
        return conditions

    async def _campaign(self, name: str) -> str:
        """The id of a campaign by its id or name."""
        by = "Id" if is_id(name) else "Name"
        rows = await self._calls.query(select(["Id"], "Campaign", f"{by} = {quoted(name)}", tail="LIMIT 2"))
        if len(rows) != 1:
            said = (
                f"there is no campaign '{name}'" if not rows else f"several campaigns are called '{name}': write its id"
            )
            raise Refused(PROVIDER, said, outcome=Outcome.CONFIG)
        return str(rows[0]["Id"])

    async def _asked(self, wanted: Wanted, soql: str, *, with_deleted: bool) -> list[dict[str, Any]]:
        try:
            return await self._calls.query(soql, with_deleted=with_deleted)
        except Refused as error:
            if wanted.by is not Selection.FILTER:
                raise
            said = f"'{wanted.value}' is no condition. Write LeadSource = 'Web'. {error.said}"
            raise Refused(PROVIDER, said, outcome=Outcome.CONFIG, code=error.code) from None

    async def _one(self, wanted: Wanted) -> RemotePerson:
        kind = object_of(wanted.value)
        soql = await self._soql(wanted, kind, [f"Id = {quoted(wanted.value)}"], "")
        rows = await self._calls.query(soql, with_deleted=True)
        if not rows:
            return RemotePerson(person_id=wanted.value, is_deleted=True)
        roles = await self._roles([f"ContactId = {quoted(wanted.value)}"], "") if kind == "Contact" else []
        return self._person(wanted, kind, rows[0], roles)

    async def _of_deal(self, wanted: Wanted) -> tuple[RemotePerson, ...]:
        roles = await self._roles([f"OpportunityId = {quoted(wanted.value)}"], "")
        return await self._of_roles(wanted, roles)

    async def _deals(self, wanted: Wanted, place: _Place) -> tuple[tuple[RemotePerson, ...], _Place | None]:
        stamp = "Opportunity.SystemModstamp"
        conditions = [place.behind(stamp)]
        if wanted.since:
            conditions.append(f"{stamp} >= {literal(wanted.since)}")
            order = f"{stamp}, Id"
        else:
            await self._catalogue.prove_stage(wanted.value)
            conditions += [f"Opportunity.StageName = {quoted(wanted.value)}", "Opportunity.IsClosed = false"]
            order = "Id"
        roles = await self._roles(conditions, f"ORDER BY {order} LIMIT {_PAGE}")
        people = await self._of_roles(wanted, await self._all_roles(roles) if wanted.since else roles)
        if len(roles) < _PAGE:
            return people, None
        at = literal(_stamp(roles[-1]["Opportunity"])) if wanted.since else ""
        return people, _Place("deals", at, str(roles[-1]["Id"]))

    async def _all_roles(self, changed: Sequence[Json]) -> list[dict[str, Any]]:
        """Of everybody whose opportunity changed: one that ended is no news of somebody who has another one open."""
        ids = ", ".join(dict.fromkeys(quoted(str(role["ContactId"])) for role in changed))
        return await self._roles([f"ContactId IN ({ids})"], "") if ids else []

    async def _roles(self, conditions: Sequence[str], tail: str) -> list[dict[str, Any]]:
        return await self._calls.query(select(_DEAL, "OpportunityContactRole", *conditions, tail=tail))

    async def _of_roles(self, wanted: Wanted, roles: Sequence[Json]) -> tuple[RemotePerson, ...]:
        of_contact: dict[str, list[Json]] = {}
        for role in roles:
            of_contact.setdefault(str(role["ContactId"]), []).append(role)
        if not of_contact:
            return ()
        ids = ", ".join(quoted(one) for one in of_contact)
        rows = await self._calls.query(await self._soql(wanted, "Contact", [f"Id IN ({ids})"], ""))
        return tuple(self._person(wanted, "Contact", row, of_contact[str(row["Id"])]) for row in rows)

    async def _soql(self, wanted: Wanted, kind: str, conditions: Sequence[str], tail: str) -> str:
        own = (_OPTED_OUT, self._status[kind], self._tags, *wanted.fields)
        names = dict.fromkeys([*_ALWAYS, *_MORE[kind], *await self._catalogue.visible(kind, own)])
        return select(names, kind, *conditions, tail=tail)

    def _person(self, wanted: Wanted, kind: str, row: Json, roles: Sequence[Json] | None) -> RemotePerson:
        """`roles` None: opportunities were not read."""
        person_id, deal, opted_out = str(row["Id"]), _counting(roles or ()), row.get(_OPTED_OUT)
        survivor = as_text(row.get("MasterRecordId")) or as_text(row.get("ConvertedContactId"))
        changed = (row, *(role["Opportunity"] for role in roles or ()))
        moments = [instant_of(one.get("SystemModstamp")) for one in changed]
        return RemotePerson(
            person_id=person_id,
            url=f"{self._web}/{person_id}" if self._web else "",
            emails=(str(row["Email"]),) if row.get("Email") else (),
            first_name=as_text(row.get("FirstName")),
            last_name=as_text(row.get("LastName")),
            company=as_text(row.get("Company") if kind == "Lead" else (row.get("Account") or {}).get("Name")),
            values={name: text for name in wanted.fields if (text := as_text(row.get(name)))},
            owner=as_text((row.get("Owner") or {}).get("Email")).lower(),
            status=as_text(row.get(self._status[kind])),
            stage=deal.stage if deal else "",
            tags=tuple(part for part in as_text(row.get(self._tags)).split(";") if part) if self._tags else (),
            is_opted_out=opted_out if isinstance(opted_out, bool) else None,
            deal=deal,
            is_deleted=bool(row.get("IsDeleted")) and not survivor,
            merged_into=survivor,
            untold=(_OF_DEALS if roles is None else frozenset()) | _unless(self._status[kind] in row, "status"),
            changed_at=max((at for at in moments if at), default=None),
        )


def _unless(is_told: bool, name: str) -> frozenset[str]:
    return frozenset() if is_told else frozenset({name})


def _counting(roles: Sequence[Json]) -> RemoteDeal | None:
    deals = sorted((role["Opportunity"] for role in roles), key=lambda one: (str(one["CreatedDate"]), one["Id"]))
    return counting([_remote(one) for one in deals])


def _remote(opportunity: Json) -> RemoteDeal:
    ended = DealState.WON if opportunity["IsWon"] else DealState.LOST
    amount = opportunity.get("Amount")
    return RemoteDeal(
        deal_id=str(opportunity["Id"]),
        state=ended if opportunity["IsClosed"] else DealState.OPEN,
        stage=as_text(opportunity.get("StageName")),
        value=f"{amount:.15g}" if isinstance(amount, int | float) and amount else "",
    )


def _stamp(row: Json) -> datetime:
    at = instant_of(row["SystemModstamp"])
    if at is None:
        raise Refused(PROVIDER, f"'{row['SystemModstamp']}' is no instant", outcome=Outcome.VALIDATION)
    return at
