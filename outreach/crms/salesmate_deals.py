"""A Salesmate contact's deals. An update wants everything again that was required when the deal was made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from outreach.api_client import ApiClient, segment
from outreach.crm import Deal, DealState
from outreach.crms.held_deals import HeldDeal, move_newest, open_one
from outreach.crms.salesmate_options import Options
from outreach.crms.salesmate_users import Users
from outreach.crms.salesmate_values import PROVIDER, at, data_in, deal_of, deal_search, made, rule, search, text_at
from outreach.errors import Outcome, Refused


class Deals:
    """Of one account."""

    def __init__(self, api: ApiClient, users: Users, options: Options) -> None:
        self._api, self._users, self._options = api, users, options

    async def set_stage(self, person_id: str, stage: str) -> bool:
        pipelines = self._options.pipelines_of(stage)
        rows = await self._rows_of(person_id)
        deals = [one for one in map(_held, rows) if not pipelines or one.pipeline in pipelines]

        async def move(deal_id: str, stage: str) -> None:
            await self._move(next(row for row in rows if str(at(row, "id")) == deal_id), person_id, stage)

        return await move_newest(deals, stage, move=move)

    async def ensure(self, contact: Mapping[str, Any], deal: Deal) -> str:
        person_id = str(at(contact, "id"))
        if present := open_one([_held(row) for row in await self._rows_of(person_id)], deal.pipeline):
            return present
        body = {
            **deal.data,
            "title": deal.name,
            "primaryContact": int(person_id),
            "owner": await self._users.owner_of(contact),
            "pipeline": deal.pipeline,
            "status": "Open",
            "stage": deal.stage,
        } | ({"dealValue": deal.value} if deal.value else {})
        return await self._api.post(self._options.deals, json=body, read=made)

    def prove(self, deal: Deal) -> None:
        if self._options.pipelines and deal.pipeline not in self._options.pipelines_of(deal.stage):
            known = ", ".join(self._options.pipelines)
            said = f"stage '{deal.stage}' is none of pipeline '{deal.pipeline}'. Pipelines: {known}"
            raise Refused(PROVIDER, said, outcome=Outcome.CONFIG)

    async def _rows_of(self, person_id: str) -> list[dict[str, Any]]:
        """Oldest first. Whatever the filter does there, only the contact's own deals are taken here."""
        name = self._options.deal_contact_field
        rules = [rule(name, "EQUALS", person_id, name="Primary Contact", kind="Number")] if name else []
        rows = await search(self._api, self._options.deals, deal_search(rules))
        mine = [row for row in rows if str(at(row, "primaryContact.id") or at(row, "primaryContact")) == person_id]
        return sorted(mine, key=lambda row: int(str(at(row, "id"))))

    async def _move(self, row: Mapping[str, Any], person_id: str, stage: str) -> None:
        body = {
            "title": text_at(row, "title"),
            "primaryContact": int(person_id),
            "owner": await self._users.owner_of(row),
            "pipeline": text_at(row, "pipeline"),
            "status": text_at(row, "status") or "Open",
            "stage": stage,
        }
        await self._api.put(f"{self._options.deals}/{segment(str(at(row, 'id')))}", json=body, read=data_in)


def _held(row: Mapping[str, Any]) -> HeldDeal:
    deal = deal_of(row)
    return HeldDeal(deal.deal_id, deal.stage, deal.state is DealState.OPEN, deal.pipeline)
