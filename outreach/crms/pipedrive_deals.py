"""A Pipedrive person's deals. They end by their status: `won` and `lost` stand in the mapping where a stage would."""

from __future__ import annotations

from typing import Any

from outreach.crm import Deal
from outreach.crms.gone import again_if_gone
from outreach.crms.held_deals import HeldDeal, amount_of, move_newest, open_one
from outreach.crms.pipedrive_catalogue import Catalogue
from outreach.crms.pipedrive_records import Records
from outreach.crms.pipedrive_values import CLOSED, PROVIDER, number
from outreach.errors import Outcome, Refused


class Deals:
    """Of one company."""

    def __init__(self, records: Records, catalogue: Catalogue) -> None:
        self._records, self._catalogue = records, catalogue

    async def set_stage(self, person_id: str, stage: str) -> bool:
        pipeline = None if stage in CLOSED else await self._catalogue.pipeline_of(stage)
        deals = await self._of(person_id, by_status=pipeline is None)
        return await move_newest([one for one in deals if pipeline in (None, one.pipeline)], stage, move=self._move)

    async def ensure(self, person_id: str, deal: Deal) -> str:
        pipeline = await self._catalogue.pipeline_of(deal.stage)
        if pipeline != deal.pipeline:
            known = ", ".join(dict.fromkeys(self._catalogue.stages.values()))
            said = f"stage '{deal.stage}' belongs to pipeline '{pipeline}', not '{deal.pipeline}'. Pipelines: {known}"
            raise Refused(PROVIDER, said, outcome=Outcome.CONFIG)
        if present := open_one(await self._of(person_id), pipeline):
            return present
        body: dict[str, Any] = {"title": deal.name, "person_id": number(person_id, "person")}
        body |= {"stage_id": int(deal.stage)} | ({"value": amount_of(PROVIDER, deal.value)} if deal.value else {})
        body |= {name: deal.data[name] for name in ("currency", "expected_close_date") if name in deal.data}
        return str((await self._records.create("deals", body))["id"])

    async def _of(self, person_id: str, *, by_status: bool = False) -> list[HeldDeal]:
        """Oldest first. `by_status`: where they stand is how they ended. `not_found` for a person who is gone."""
        deals = await self._records.deals_of(person_id)
        if not deals:
            await self._records.read("persons", person_id)
        return [
            HeldDeal(
                str(one["id"]),
                str(one["status"] if by_status else one["stage_id"]),
                one["status"] == "open",
                str(one["pipeline_id"]),
            )
            for one in deals
        ]

    async def _move(self, deal_id: str, stage: str) -> None:
        values: dict[str, Any] = {"status": stage} if stage in CLOSED else {"stage_id": int(stage)}
        await again_if_gone(PROVIDER, self._records.write("deals", deal_id, values), what=f"deal {deal_id}")
