"""Reading a Salesmate account back: contacts by offset, then, for what changed, the deals that did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from outreach.api_client import ApiClient, segment
from outreach.crm import Page, RemotePerson, Selection, Wanted
from outreach.crms.gone import none_if_gone
from outreach.crms.instants import instant_of
from outreach.crms.salesmate_options import Options
from outreach.crms.salesmate_values import (
    at,
    contact_search,
    data_in,
    deal_of,
    deal_search,
    moment,
    names_of,
    rows_in,
    rule,
    tags_of,
    text_at,
)

_ROWS = 100
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_ANY_ZONE = timedelta(days=1)
_OF_DEALS = frozenset({"stage", "deal"})  # told by the deals that changed, not by the contact
_TRUE = (True, "true", "True", 1, "1", "Yes")


class Reading:
    """One pull. Cursors are `contacts:<offset>` and `deals:<offset>`."""

    def __init__(self, api: ApiClient, options: Options, wanted: Wanted) -> None:
        self._api, self._options, self._wanted = api, options, wanted
        self._status, self._opt_out = options.status_property, options.do_not_contact_field
        self._users: Mapping[int, str] = {}

    async def page(self, cursor: str | None, *, users: Mapping[int, str]) -> Page:
        self._users = users
        if self._wanted.by is Selection.PERSON:
            return Page(people=(await self._by_id(self._wanted.value),), total=1)
        kind, _, offset = (cursor or "").partition(":")
        if kind == "deals" or self._wanted.by is Selection.STAGE:
            return await self._by_deals(int(offset or 0))
        return await self._by_contacts(int(offset or 0))

    async def _by_contacts(self, offset: int) -> Page:
        field = "contact.lastModifiedAt" if self._wanted.since else "contact.createdAt"
        fields = (*self._wanted.fields, self._status, self._opt_out)
        body = contact_search([self._after(field)], fields)
        rows, total = await self._rows(self._options.contacts, body, offset)
        people = tuple(self._person(row) for row in rows if self._is_fresh(row))
        if offset + len(rows) < total and rows:
            return Page(people=people, cursor=f"contacts:{offset + len(rows)}", total=total)
        return Page(people=people, cursor="deals:0" if self._wanted.since else None, total=total)

    async def _by_deals(self, offset: int) -> Page:
        rules = [self._after("deal.lastModifiedAt" if self._wanted.since else "deal.createdAt")]
        if self._wanted.by is Selection.STAGE:
            rules.append(rule("deal.stage", "EQUALS", self._wanted.value, name="Stage", kind="Text"))
        rows, total = await self._rows(self._options.deals, deal_search(rules), offset)
        chosen = [row for row in rows if self._is_fresh(row) and self._is_of_stage(row)]
        people = [await self._of_deal(row) for row in chosen]
        is_more = bool(rows) and offset + len(rows) < total
        return Page(
            people=tuple(person for person in people if not person.is_deleted),
            cursor=f"deals:{offset + len(rows)}" if is_more else None,
            total=total if self._wanted.by is Selection.STAGE else None,
        )

    async def _of_deal(self, row: Mapping[str, Any]) -> RemotePerson:
        person = await self._by_id(str(at(row, "primaryContact.id") or at(row, "primaryContact")))
        deal = deal_of(row)
        times = [each for each in (person.changed_at, instant_of(at(row, "lastModifiedAt"))) if each]
        return replace(person, deal=deal, stage=deal.stage, untold=frozenset(), changed_at=max(times, default=None))

    async def _by_id(self, person_id: str) -> RemotePerson:
        found = await none_if_gone(self._api.get(f"{self._options.contacts}/{segment(person_id)}", read=data_in))
        return self._person(found) if found else RemotePerson(person_id=person_id, is_deleted=True)

    async def _rows(self, path: str, body: Mapping[str, Any], offset: int) -> tuple[list[dict[str, Any]], int]:
        params = {"rows": str(_ROWS), "from": str(offset)}
        return await self._api.post(f"{path}/search", params=params, json=dict(body), is_write=False, read=rows_in)

    def _after(self, field: str) -> dict[str, Any]:
        begin = self._wanted.since - _ANY_ZONE if self._wanted.since else _BEGINNING
        name = "Last Modified At" if self._wanted.since else "Created At"
        return rule(field, "IS_AFTER", moment(begin), name=name, kind="DateTime")

    def _is_fresh(self, row: Mapping[str, Any]) -> bool:
        changed_at = instant_of(at(row, "lastModifiedAt"))
        return self._wanted.since is None or changed_at is None or changed_at >= self._wanted.since

    def _is_of_stage(self, row: Mapping[str, Any]) -> bool:
        return self._wanted.by is not Selection.STAGE or text_at(row, "stage") == self._wanted.value

    def _person(self, contact: Mapping[str, Any]) -> RemotePerson:
        first, last = names_of(contact)
        owner = at(contact, "owner.id") or at(contact, "owner")
        email = text_at(contact, "email").strip().lower()
        return RemotePerson(
            person_id=str(at(contact, "id")),
            emails=(email,) if email else (),
            first_name=first,
            last_name=last,
            company=text_at(contact, "company.name"),
            values={name: value for name in self._wanted.fields if (value := text_at(contact, name))},
            owner=self._users.get(int(owner), "") if str(owner).isdigit() else "",
            status=text_at(contact, self._status) if self._status else "",
            tags=tuple(tags_of(contact)),
            untold=_OF_DEALS,
            is_opted_out=at(contact, self._opt_out) in _TRUE if self._opt_out else None,
            changed_at=instant_of(at(contact, "lastModifiedAt")),
        )
