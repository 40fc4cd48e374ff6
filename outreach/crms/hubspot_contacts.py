"""A HubSpot contact as the person it is, with deals, owner, and the records that were merged into it.

Unverified: `hs_merged_object_ids` and `hs_additional_emails`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from outreach.crm import DealState, RemoteDeal, RemotePerson, Wanted
from outreach.crms.held_deals import counting
from outreach.crms.hubspot_catalogue import Catalogue
from outreach.crms.hubspot_options import Options
from outreach.crms.hubspot_records import Records
from outreach.crms.instants import instant_of
from outreach.errors import Unauthorized

DEAL_NAMES = ("pipeline", "dealstage", "amount", "deal_currency_code", "hs_lastmodifieddate")
_NAMES = ("email", "firstname", "lastname", "company", "hubspot_owner_id", "lastmodifieddate")
_MERGED, _OPTED_OUT, _MORE_EMAILS = "hs_merged_object_ids", "hs_email_optout", "hs_additional_emails"

Json = Mapping[str, Any]


class Contacts:
    """Of one account."""

    def __init__(self, records: Records, catalogue: Catalogue, options: Options) -> None:
        self._records, self._catalogue, self._options = records, catalogue, options

    async def read(self, wanted: Wanted, ids: Sequence[str]) -> tuple[RemotePerson, ...]:
        """Those of these ids that are there."""
        return await self.people(wanted, await self._records.batch("contacts", ids, self.names(wanted)))

    async def people(self, wanted: Wanted, contacts: Sequence[Json]) -> tuple[RemotePerson, ...]:
        """These contacts with their deals and owners, and what was merged into them."""
        deals = await self._deals_of([contact["id"] for contact in contacts])
        people: list[RemotePerson] = []
        for contact in contacts:
            person = await self._person(wanted, contact, deals.get(contact["id"], []))
            people.append(person)
            people += [
                RemotePerson(person_id=gone, merged_into=person.person_id, changed_at=person.changed_at)
                for gone in _split(contact["properties"].get(_MERGED))
            ]
        return tuple(people)

    async def _person(self, wanted: Wanted, contact: Json, deals: Sequence[Json]) -> RemotePerson:
        said = {name: str(value) for name, value in contact["properties"].items() if value not in (None, "")}
        deal = counting([self._deal(one) for one in sorted(deals, key=lambda one: int(one["id"]))])
        moments = (instant_of(said.get("lastmodifieddate")), *(instant_of(one["hs_lastmodifieddate"]) for one in deals))
        opted_out = (said.get(_OPTED_OUT), said.get(self._options.do_not_contact_property))
        return RemotePerson(
            person_id=contact["id"],
            url=str(contact.get("url") or ""),
            emails=tuple(dict.fromkeys([*_split(said.get("email")), *_split(said.get(_MORE_EMAILS))])),
            first_name=said.get("firstname", ""),
            last_name=said.get("lastname", ""),
            company=said.get("company", ""),
            values={name: said[name] for name in wanted.fields if name in said},
            owner=await self._catalogue.owner_email(said.get("hubspot_owner_id", "")),
            status=said.get(self._options.status_property, ""),
            stage=deal.stage if deal else "",
            tags=tuple(_split(said.get(self._options.tags_property))),
            is_opted_out="true" in opted_out,
            deal=deal,
            changed_at=max((at for at in moments if at), default=None),
        )

    def _deal(self, deal: Json) -> RemoteDeal:
        stage = self._catalogue.stages.get(str(deal["dealstage"] or ""))
        return RemoteDeal(
            deal_id=deal["id"],
            state=stage.state if stage else DealState.OPEN,
            pipeline=str(deal["pipeline"] or ""),
            stage=str(deal["dealstage"] or ""),
            value=str(deal["amount"] or ""),
            currency=str(deal["deal_currency_code"] or ""),
        )

    async def _deals_of(self, contact_ids: Sequence[str]) -> dict[str, list[Json]]:
        """Contact → its deals; nothing for a token that may not read deals."""
        if not contact_ids:
            return {}
        try:
            await self._catalogue.read_stages_once()
            pairs = await self._records.pairs("contacts", "deals", contact_ids)
            wanted = sorted({deal_id for ids in pairs.values() for deal_id in ids})
            deals = {one["id"]: _deal_values(one) for one in await self._records.batch("deals", wanted, DEAL_NAMES)}
        except Unauthorized as error:
            if error.code != "403":
                raise
            return {}
        return {contact: [deals[each] for each in ids if each in deals] for contact, ids in pairs.items()}

    def names(self, wanted: Wanted) -> list[str]:
        own = (self._options.status_property, self._options.tags_property, self._options.do_not_contact_property)
        names = (*_NAMES, _MERGED, _OPTED_OUT, _MORE_EMAILS, *own, *wanted.fields)
        return list(dict.fromkeys(name for name in names if name))


def _deal_values(deal: Json) -> dict[str, Any]:
    return {"id": deal["id"], **{name: deal["properties"].get(name) for name in DEAL_NAMES}}


def _split(text: object) -> list[str]:
    return [part.strip() for part in str(text or "").split(";") if part.strip()]
