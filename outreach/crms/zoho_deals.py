"""A Zoho CRM contact's deals: which one is moved to a stage, and the one open one in each pipeline."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from outreach.clock import Clock
from outreach.crm import Deal, DealState
from outreach.crms.gone import again_if_gone
from outreach.crms.held_deals import HeldDeal, amount_of, move_newest, open_one
from outreach.crms.merging import as_text
from outreach.crms.zoho_catalogue import Catalogue
from outreach.crms.zoho_records import Records
from outreach.crms.zoho_values import PROVIDER, Key
from outreach.errors import Outcome, Refused


class Deals:
    """Of one organisation. `closing`: how far ahead a new deal's closing date lies."""

    def __init__(self, records: Records, catalogue: Catalogue, *, clock: Clock, closing: timedelta) -> None:
        self._records, self._catalogue = records, catalogue
        self._clock, self._closing = clock, closing

    async def set_stage(self, key: Key, stage: str) -> bool:
        pipelines = {one.pipeline for one in await self._catalogue.stages_called(stage)}
        deals = [one for one in await self._of(key) if one.pipeline in pipelines | {""}]
        return await move_newest(deals, stage, move=self._move)

    async def ensure(self, key: Key, deal: Deal) -> str:
        pipelines = [one.pipeline for one in await self._catalogue.stages_called(deal.stage)]
        if deal.pipeline not in pipelines:
            said = f"stage '{deal.stage}' belongs to {', '.join(pipelines)}, not to the pipeline '{deal.pipeline}'"
            raise Refused(PROVIDER, said, outcome=Outcome.CONFIG)
        if present := open_one(await self._of(key), deal.pipeline):
            return present
        if key.module != "Contacts":
            said = "a lead has no deals before it is converted; use `module: Contacts`"
            raise Refused(PROVIDER, said, outcome=Outcome.VALIDATION)
        return await self._records.create("Deals", self._values(key, deal))

    async def _of(self, key: Key) -> list[HeldDeal]:
        """Oldest first. Raises `not_found` for a person who is gone."""
        deals = await self._records.deals_of(key)
        if not deals:
            await self._records.person(key)
        rows = [(str(one["id"]), as_text(one.get("Stage")), as_text(one.get("Pipeline"))) for one in deals]
        return [
            HeldDeal(deal_id, stage, await self._catalogue.state_of(line, stage) is DealState.OPEN, line)
            for deal_id, stage, line in rows
        ]

    def _values(self, key: Key, deal: Deal) -> dict[str, Any]:
        values: dict[str, Any] = {
            "Deal_Name": deal.name,
            "Stage": deal.stage,
            "Pipeline": deal.pipeline,
            "Closing_Date": (self._clock.now() + self._closing).date().isoformat(),
            "Contact_Name": {"id": key.id},
        }
        return values | ({"Amount": amount_of(PROVIDER, deal.value)} if deal.value else {}) | dict(deal.data)

    async def _move(self, deal_id: str, stage: str) -> None:
        written = self._records.write("Deals", deal_id, {"Stage": stage})
        await again_if_gone(PROVIDER, written, what=f"deal {deal_id}")
