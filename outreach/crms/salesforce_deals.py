"""A Salesforce contact's opportunities; a lead has none before it is converted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from outreach.clock import Clock
from outreach.crm import Deal
from outreach.crms.gone import again_if_gone
from outreach.crms.held_deals import HeldDeal, amount_of, move_newest, open_one
from outreach.crms.merging import as_text
from outreach.crms.salesforce_calls import Calls
from outreach.crms.salesforce_catalogue import Catalogue
from outreach.crms.salesforce_records import Records
from outreach.crms.salesforce_values import PROVIDER, failure, is_id, object_of, quoted, select
from outreach.errors import Outcome, Refused

_RECORD_TYPE = "012"


class Deals:
    """Of one organisation. `closing`: how far ahead a new opportunity's close date lies."""

    def __init__(
        self, calls: Calls, records: Records, catalogue: Catalogue, *, clock: Clock, closing: timedelta
    ) -> None:
        self._calls, self._records, self._catalogue = calls, records, catalogue
        self._clock, self._closing = clock, closing

    async def set_stage(self, person_id: str, stage: str) -> bool:
        await self._catalogue.prove_stage(stage)
        return await move_newest(await self._of(person_id, by_line=False), stage, move=self._move)

    async def ensure(self, person_id: str, deal: Deal) -> str:
        """One open opportunity; a pipeline that is the id of a record type (012…) keeps them apart."""
        await self._catalogue.prove_stage(deal.stage)
        line = deal.pipeline if is_id(deal.pipeline) and deal.pipeline.startswith(_RECORD_TYPE) else ""
        if present := open_one(await self._of(person_id, by_line=bool(line)), line):
            return present
        if object_of(person_id) != "Contact":
            said = "a lead has no opportunities before it is converted; use `object: Contact`"
            raise Refused(PROVIDER, said, outcome=Outcome.VALIDATION)
        return await self._open(person_id, deal, line)

    async def _of(self, person_id: str, *, by_line: bool) -> list[HeldDeal]:
        """Oldest first; `by_line`: with their record types. Raises `not_found` for a person who is gone."""
        deals: list[dict[str, Any]] = []
        if object_of(person_id) == "Contact":
            roles = select(["OpportunityId"], "OpportunityContactRole", f"ContactId = {quoted(person_id)}")
            types = await self._catalogue.visible("Opportunity", ["RecordTypeId"])  # absent where there are none
            names = ("Id", "StageName", "IsClosed", *types)
            tail = "ORDER BY CreatedDate, Id"
            deals = await self._calls.query(select(names, "Opportunity", f"Id IN ({roles})", tail=tail))
        if not deals:
            await self._records.person(person_id)
        return [
            HeldDeal(
                str(one["Id"]),
                as_text(one["StageName"]),
                not one["IsClosed"],
                as_text(one.get("RecordTypeId")) if by_line else "",
            )
            for one in deals
        ]

    async def _open(self, person_id: str, deal: Deal, line: str) -> str:
        """The opportunity and its contact in one request: never one without the other."""
        account = (await self._records.person(person_id, ["AccountId"])).get("AccountId")
        closing_on = (self._clock.now() + self._closing).date().isoformat()
        values: dict[str, Any] = {"Name": deal.name[:120], "StageName": deal.stage, "CloseDate": closing_on}
        values |= {"Amount": amount_of(PROVIDER, deal.value)} if deal.value else {}
        values |= {"AccountId": account} if account else {}
        values |= {"RecordTypeId": line} if line else {}
        role = {"OpportunityId": "@{deal.id}", "ContactId": person_id, "IsPrimary": True}
        parts = [
            self._part("deal", "Opportunity", values | dict(deal.data)),
            self._part("role", "OpportunityContactRole", role),
        ]
        body = {"allOrNone": True, "compositeRequest": parts}
        return await self._calls("POST", "/composite", json=body, read=_deal_of)

    def _part(self, name: str, kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
        url = f"{self._calls.root}/sobjects/{kind}"
        return {"method": "POST", "url": url, "referenceId": name, "body": dict(body)}

    async def _move(self, deal_id: str, stage: str) -> None:
        written = self._records.write("Opportunity", deal_id, {"StageName": stage})
        await again_if_gone(PROVIDER, written, what=f"opportunity {deal_id}")


def _deal_of(reply: Any) -> str:
    """The new opportunity. A part that failed undid the other, and is told inside a success."""
    parts = list(reply["compositeResponse"])
    wrong = [one for one in parts if int(one["httpStatusCode"]) >= 400]
    telling = [one for one in wrong if one["body"][0].get("errorCode") != "PROCESSING_HALTED"] or wrong
    if telling:
        raise failure(list(telling[0]["body"]), f"{telling[0]['referenceId']}:", int(telling[0]["httpStatusCode"]))
    return next(str(one["body"]["id"]) for one in parts if one["referenceId"] == "deal")
