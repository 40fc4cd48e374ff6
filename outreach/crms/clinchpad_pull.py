"""Reading ClinchPad back: every contact, the contacts of a stage's leads, or of leads that something was done to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from outreach.api_client import ApiClient, segment
from outreach.crm import Page, RemoteDeal, RemotePerson, Selection, Wanted
from outreach.crms.clinchpad_account import Pipelines, is_full, page_after, record, records
from outreach.crms.instants import instant_of
from outreach.errors import Outcome, Refused

_OF_LEADS = frozenset({"owner", "status", "stage", "deal"})  # what a contact alone does not tell
_FIRST_SIZE = {"size": "100"}


class Reading:
    """One pull. A cursor is `<pages read>:<id that the first page began with>`."""

    def __init__(self, api: ApiClient, pipelines: Pipelines, wanted: Wanted) -> None:
        self._api, self._pipelines, self._wanted = api, pipelines, wanted
        self._names = ("", "")

    async def page(self, cursor: str | None, *, names: tuple[str, str], preferred: str) -> Page:
        """`names`: the fields of a lead that hold status and opt-out."""
        self._names = names
        if self._wanted.by is Selection.PERSON:
            return Page(people=(await self._by_id(self._wanted.value),), total=1)
        if self._wanted.by is Selection.DEAL:
            return Page(people=await self._of_leads({self._wanted.value: None}))
        if self._wanted.by is Selection.STAGE:
            pipeline_id, stage_id = await self._pipelines.stage(self._wanted.value, preferred=preferred)
            page, after = await self._page("/leads", {"pipeline_id": pipeline_id}, cursor)
            leads = [one for one in page if str((one.get("stage") or {}).get("_id")) == stage_id]
            return Page(people=await self._of_leads({one["_id"]: None for one in leads}), cursor=after)
        if self._wanted.since:
            return await self._changed(cursor)
        page, after = await self._page("/contacts", {}, cursor)
        return Page(people=tuple(self._person(one) for one in page), cursor=after)

    async def _changed(self, cursor: str | None) -> Page:
        assert self._wanted.since is not None
        page, after = await self._page("/activities", {}, cursor)
        fresh = [one for one in page if (instant_of(one.get("created_at")) or self._wanted.since) >= self._wanted.since]
        touched: dict[str, datetime | None] = {}
        for one in fresh:
            lead_id = str((one.get("lead") or {}).get("_id") or "")
            if lead_id:
                touched.setdefault(lead_id, instant_of(one.get("created_at")))
        return Page(people=await self._of_leads(touched), cursor=after if fresh else None)

    async def _page(
        self, path: str, params: Mapping[str, str], cursor: str | None
    ) -> tuple[list[dict[str, Any]], str | None]:
        if cursor is None:
            page = await self._api.get(path, params={**params, **_FIRST_SIZE}, read=records)
            return page, f"1:{page[0]['_id']}" if is_full(page) else None
        number, _, first = cursor.partition(":")
        page = await page_after(self._api, path, params, number=int(number), first=first)
        return page, f"{int(number) + 1}:{first}" if is_full(page) else None

    async def _of_leads(self, leads: Mapping[str, datetime | None]) -> tuple[RemotePerson, ...]:
        people: list[RemotePerson] = []
        for lead_id, at in leads.items():
            try:
                lead = await self._api.get(f"/leads/{segment(lead_id)}", read=record)
                contacts = await self._api.get(f"/leads/{segment(lead_id)}/contacts", read=records)
                held = await self._api.get(f"/leads/{segment(lead_id)}/fields", read=records)
            except Refused as error:
                if error.outcome is not Outcome.NOT_FOUND:
                    raise
                continue
            owner = await self._owner(str((lead.get("user") or {}).get("_id") or ""))
            people += [self._person(one, lead, held, owner=owner, at=at) for one in contacts]
        return tuple(people)

    async def _by_id(self, person_id: str) -> RemotePerson:
        try:
            return self._person(await self._api.get(f"/contacts/{segment(person_id)}", read=record))
        except Refused as error:
            if error.outcome is not Outcome.NOT_FOUND:
                raise
            return RemotePerson(person_id=person_id, is_deleted=True)

    async def _owner(self, user_id: str) -> str:
        users = await self._pipelines.users() if user_id else {}
        return next((email for email, known in users.items() if known == user_id), "")

    def _person(
        self,
        contact: Mapping[str, Any],
        lead: Mapping[str, Any] | None = None,
        held: list[dict[str, Any]] | None = None,
        *,
        owner: str = "",
        at: datetime | None = None,
    ) -> RemotePerson:
        first, _, last = str(contact.get("name") or "").partition(" ")
        email = str(contact.get("email") or "").strip().lower()
        own = {str(one.get("name")): str(one.get("value") or "") for one in contact.get("fields") or ()}
        own |= {name: str(contact[name]) for name in ("designation", "phone", "address") if contact.get(name)}
        fields = {str(one.get("name")): str(one.get("value") or "") for one in held or ()}
        status, opt_out = self._names
        deal = _deal(lead) if lead else None
        return RemotePerson(
            person_id=str(contact["_id"]),
            emails=(email,) if email else (),
            first_name=first,
            last_name=last,
            company=str((contact.get("organization") or {}).get("name") or ""),
            values={name: own[name] for name in self._wanted.fields if own.get(name)},
            owner=owner,
            status=fields.get(status, ""),
            stage=deal.stage if deal else "",
            is_opted_out=fields.get(opt_out, "").lower() in ("yes", "true", "1") if lead else None,
            deal=deal,
            untold=frozenset() if lead else _OF_LEADS,
            changed_at=at,
        )


def _deal(lead: Mapping[str, Any]) -> RemoteDeal:
    size = lead.get("size")
    return RemoteDeal(
        deal_id=str(lead["_id"]),
        stage=str((lead.get("stage") or {}).get("name") or ""),
        value="" if size is None else f"{size:g}" if isinstance(size, float) else str(size),
    )
