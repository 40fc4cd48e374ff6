"""A HubSpot contact's deals: which one is moved to a stage, and the one open one in each pipeline."""

from __future__ import annotations

from outreach.crm import Deal, DealState
from outreach.crms.gone import again_if_gone
from outreach.crms.held_deals import HeldDeal, move_newest, open_one
from outreach.crms.hubspot_catalogue import Catalogue
from outreach.crms.hubspot_records import PAGE, Records, age
from outreach.crms.hubspot_values import PROVIDER
from outreach.errors import Outcome, Refused


class Deals:
    """Of one account."""

    def __init__(self, records: Records, catalogue: Catalogue) -> None:
        self._records, self._catalogue = records, catalogue

    async def set_stage(self, person_id: str, stage: str) -> bool:
        pipeline = (await self._catalogue.stage(stage)).pipeline
        deals = [deal for deal in await self._of(person_id) if deal.pipeline == pipeline]
        return await move_newest(deals, stage, move=self._move)

    async def ensure(self, person_id: str, deal: Deal) -> str:
        stage = await self._catalogue.stage(deal.stage)
        if stage.pipeline != deal.pipeline:
            pipelines = ", ".join(self._catalogue.pipelines)
            said = f"stage '{deal.stage}' belongs to pipeline '{stage.pipeline}', not '{deal.pipeline}'."
            raise Refused(PROVIDER, f"{said} Pipelines: {pipelines}", outcome=Outcome.CONFIG)
        if present := open_one(await self._of(person_id), deal.pipeline):
            return present
        properties = {**deal.data, "dealname": deal.name, "pipeline": deal.pipeline, "dealstage": deal.stage}
        properties |= {"amount": deal.value} if deal.value else {}
        return await self._records.create_for(person_id, "deals", properties)

    async def _of(self, person_id: str) -> list[HeldDeal]:
        """Oldest first. Raises `not_found` for a person who is gone."""
        await self._catalogue.read_stages_once()
        ids = (await self._records.associated(person_id, "deals"))[-PAGE:]
        found = await self._records.batch("deals", ids, ["pipeline", "dealstage"])
        rows = ((str(one["id"]), one["properties"]) for one in found)
        deals = [self._held(deal_id, properties) for deal_id, properties in rows]
        return sorted(deals, key=lambda deal: age(deal.id))

    def _held(self, deal_id: str, properties: dict[str, str | None]) -> HeldDeal:
        name = properties.get("dealstage") or ""
        stage = self._catalogue.stages.get(name)
        is_open = stage is None or stage.state is DealState.OPEN
        return HeldDeal(deal_id, name, is_open, properties.get("pipeline") or "")

    async def _move(self, deal_id: str, stage: str) -> None:
        written = self._records.write("deals", deal_id, {"dealstage": stage})
        await again_if_gone(PROVIDER, written, what=f"deal {deal_id}")
