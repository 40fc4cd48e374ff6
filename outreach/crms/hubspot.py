"""HubSpot, by its dated API (https://developers.hubspot.com/docs/api-reference). No write depends on search: its index
lags. Reading people back does use it, and asks for some minutes twice.

A contact is addressed by its id, or by its e-mail address (`idProperty=email`, consistent at once). All property values
are strings, and what we do not know is left out: null would clear it.
Unverified: `isClosed` in a stage's metadata (taken beside the probability).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

import httpx

from outreach.api_client import ApiClient, segment
from outreach.crm import Account, Activity, Deal, Found, Operation, Page, Person, Selection, Wanted
from outreach.crms.entries import marked_among
from outreach.crms.hubspot_catalogue import Catalogue
from outreach.crms.hubspot_deals import Deals
from outreach.crms.hubspot_options import Options, grant_of
from outreach.crms.hubspot_people import People
from outreach.crms.hubspot_records import PAGE, Records
from outreach.crms.hubspot_values import TEXT_OF, entry, error_of, found, known_fields, option_values
from outreach.crms.merging import Wishes, changes, filling
from outreach.crms.unread import Parts, unread_of
from outreach.errors import Outcome, Refused, Unauthorized, Unavailable
from outreach.oauth import Bearer, Tokens

__all__ = ["HubSpot", "Options"]


class HubSpot:
    """One account. Owner ids and stages are remembered; an unknown name is looked up again before it is refused."""

    provider: ClassVar[str] = "hubspot"
    lacks: ClassVar[Mapping[Operation, str]] = {Operation.TAGS: "tags need `tags_property`"}
    selections: ClassVar[frozenset[Selection]] = frozenset(Selection)

    def __init__(self, options: Options, http: httpx.AsyncClient, tokens: Tokens | None = None) -> None:
        """`tokens` is needed without a `token` in the options."""
        self._options = options
        self._api = ApiClient(
            self.provider,
            http,
            base_url=options.base_url,
            headers={"authorization": f"Bearer {options.token}"} if options.token else {},
            translate=error_of,
            authority=Bearer(tokens.source(grant_of(options))) if tokens and not options.token else None,
        )
        self._records = Records(self._api, version=options.api_version)
        self._catalogue = Catalogue(self._api, version=options.api_version)
        self._deals = Deals(self._records, self._catalogue)
        self._people = People(self._api, self._records, self._catalogue, options)

    @property
    def can(self) -> frozenset[Operation]:
        return self._options.can

    async def check(self) -> Account:
        properties = await self._api.get(
            f"/crm/properties/{self._options.api_version}/contacts", read=lambda body: list(body["results"])
        )
        fields = known_fields(properties)
        self._prove_options(fields)
        parts: Parts = {("stages", "pipelines"): self._catalogue.read_stages, ("users",): self._catalogue.read_owners}
        unread = await unread_of(parts)
        scopes: Parts = {(Operation.STAGE, Operation.DEAL): self._prove_deals}
        scopes |= {} if self._options.do_not_contact_property else {(Operation.DO_NOT_CONTACT,): self._prove_opt_outs}
        unread |= await unread_of(scopes, closed=(Refused, Unauthorized))
        return Account(
            name=await self._account_name(),
            fields=fields,
            stages=tuple(self._catalogue.stages),
            users=self._catalogue.users,
            status_values=option_values(properties, self._options.status_property),
            pipelines=self._catalogue.pipelines,
            labels={name: stage.label for name, stage in self._catalogue.stages.items() if stage.label},
            unread=unread,
        )

    async def find_person(self, email: str) -> tuple[Found, ...]:
        present = await self._records.contact_with(email)
        return (found(present),) if present else ()

    async def upsert_person(self, person: Person, *, person_id: str | None) -> Found:
        wishes = _wishes(person)
        if person_id is not None:
            return await self._update(await self._records.read("contacts", person_id, wishes), wishes)
        properties = {name: value for name, (value, _) in wishes.items()}
        properties |= {"email": person.email} if person.email else {}
        try:
            return found(await self._records.create("contacts", properties))
        except Refused as error:
            if error.outcome is not Outcome.DUPLICATE:
                raise
            return await self._update(await self._existing(person.email, wishes, error), wishes)

    async def log(self, person_id: str, activity: Activity, *, look_first: bool) -> str:
        kind, properties = entry(activity)
        if look_first and (entry_id := await self._marked_entry(person_id, kind, activity)):
            return entry_id
        return await self._records.create_for(person_id, kind, properties)

    async def set_status(self, person_id: str, status: str) -> None:
        await self._write(person_id, {self._options.status_property: status})

    async def set_stage(self, person_id: str, stage: str) -> bool:
        return await self._deals.set_stage(person_id, stage)

    async def ensure_deal(self, person_id: str, deal: Deal) -> str:
        return await self._deals.ensure(person_id, deal)

    async def assign_owner(self, person_id: str, email: str) -> None:
        await self._write(person_id, {"hubspot_owner_id": await self._catalogue.owner_id(email)})

    async def add_tags(self, person_id: str, tags: tuple[str, ...]) -> None:
        name = self._options.tags_property
        if not name:
            raise self._refused("tags need `tags_property`, a multiple-checkbox property of contacts", Outcome.CONFIG)
        present = (await self._records.read("contacts", person_id, [name]))["properties"].get(name) or ""
        before = [tag for tag in present.split(";") if tag]
        after = list(dict.fromkeys([*before, *tags]))
        if after != before:
            await self._write(person_id, {name: ";".join(after)})

    async def set_do_not_contact(self, person_id: str, email: str) -> None:
        """Unsubscribe from everything; where that is not open to this token, tick our own property."""
        try:
            await self._unsubscribe(email)
        except (Refused, Unauthorized) as error:
            if "already unsubscribed" in error.said.lower():
                return
            if error.code == "401" or not self._options.do_not_contact_property:
                raise
            await self._write(person_id, {self._options.do_not_contact_property: "true"})

    async def forget(self, person_id: str) -> None:
        """For good, with what is on the timeline (the page about permanent deletion)."""
        await self._records.purge(person_id)

    async def pull(self, wanted: Wanted, *, cursor: str | None) -> Page:
        return await self._people.pull(wanted, cursor=cursor)

    async def _existing(self, email: str, wishes: Wishes, conflict: Refused) -> dict[str, Any]:
        """The contact that was in the way of a create."""
        if present := await self._records.contact_with(email, wishes):
            return present
        named = re.search(r"Existing ID: (\d+)", conflict.said)
        if not named:
            raise conflict
        return await self._records.read("contacts", named[1], wishes)

    async def _update(self, present: dict[str, Any], wishes: Wishes) -> Found:
        if after := changes(wishes, present["properties"]):
            await self._write(str(present["id"]), after)
        return found(present)

    async def _write(self, person_id: str, properties: Mapping[str, str]) -> None:
        await self._records.write("contacts", person_id, properties)

    async def _marked_entry(self, person_id: str, kind: str, activity: Activity) -> str | None:
        newest = (await self._records.associated(person_id, kind))[-PAGE:]
        entries = await self._records.batch(kind, newest, [TEXT_OF[kind]])
        return marked_among(activity, ((one["id"], one["properties"].get(TEXT_OF[kind]) or "") for one in entries))

    async def _account_name(self) -> str:
        try:
            path = f"/account-info/{self._options.account_info_version}/details"
            return await self._api.get(path, read=lambda body: f"HubSpot {body.get('portalName') or body['portalId']}")
        except (Refused, Unauthorized, Unavailable):
            return "HubSpot"  # a name for people; the token was proved by the reads before

    async def _unsubscribe(self, email: str) -> None:
        if not email:
            raise self._refused("without an e-mail address nobody can be unsubscribed", Outcome.VALIDATION)
        path = f"/communication-preferences/{self._options.api_version}/statuses/{segment(email)}/unsubscribe-all"
        await self._api.post(path, params={"channel": "EMAIL"}, read=lambda _: None)

    async def _prove_deals(self) -> None:
        """Pipelines may be read by whoever reads anything; deals want a scope of their own."""
        await self._records.listed("deals", ["dealstage"], after="", is_archived=False, most=1)

    async def _prove_opt_outs(self) -> None:
        """The cheapest read that wants the scope of opt-outs."""
        path = f"/communication-preferences/{self._options.api_version}/definitions"
        await self._api.get(path, read=lambda body: list(body["results"]))

    def _prove_options(self, fields: tuple[str, ...]) -> None:
        for option in ("tags_property", "do_not_contact_property"):
            name = getattr(self._options, option)
            if name and name not in fields:
                raise self._refused(f"{option}: contacts have no writable property '{name}'", Outcome.CONFIG)

    def _refused(self, said: str, outcome: Outcome) -> Refused:
        return Refused(self.provider, said, outcome=outcome)


def _wishes(person: Person) -> Wishes:
    """Property → (value, mode); a mapped field goes before our own idea of it."""
    own = filling({"firstname": person.first_name, "lastname": person.last_name, "company": person.company})
    return own | {item.name: (item.value, item.mode) for item in person.fields if item.value}
