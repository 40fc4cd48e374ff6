"""HubSpot, by its dated API (https://developers.hubspot.com/docs/api-reference). No write depends on search: its index
lags. Reading people back does use it, and asks for some minutes twice.

A contact is addressed by its id, or by its e-mail address (`idProperty=email`, consistent at once). All property values
are strings, and what we do not know is left out: null would clear it.
Unverified: the list form of associations for records with more than one page of them; `isClosed` in a stage's metadata
(taken beside the probability); that `/account-info` still answers to its older date.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import httpx

from outreach.api_client import ApiClient, segment
from outreach.crm import (
    READS_AND_WRITES,
    Account,
    Activity,
    Deal,
    DealState,
    Found,
    Mode,
    Operation,
    Page,
    Person,
    Selection,
    Wanted,
)
from outreach.crms.hubspot_catalogue import Catalogue
from outreach.crms.hubspot_people import People, Reading
from outreach.crms.hubspot_values import TEXT_OF, entry, error_of, found, known_fields, option_values
from outreach.errors import Outcome, Refused, Unauthorized, Unavailable

_ALWAYS = READS_AND_WRITES - {Operation.TAGS}
_TO_CONTACT = {"emails": 198, "notes": 202, "communications": 81, "deals": 3}  # HUBSPOT_DEFINED association types
_LARGEST_BATCH = 100
_MOST_PAGES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`token`: a service key, or the token of a private app.

    `tags_property`: a multiple-checkbox property; without one there are no tags. `do_not_contact_property`: a checkbox
    written when the token may not change subscriptions. `reads_deleted`: whether a round of back-sync also looks
    through the records that were deleted, which costs a call for each hundred of them.
    """

    token: str = field(repr=False)
    base_url: str = "https://api.hubapi.com"
    api_version: str = "2026-09"
    account_info_version: str = "2026-03"
    status_property: str = "hs_lead_status"
    tags_property: str = ""
    do_not_contact_property: str = ""
    lists_path: str = "/crm/lists/2026-09"
    reads_deleted: bool = True

    def __post_init__(self) -> None:
        if not self.token.strip():
            raise ValueError('the token is empty. Write token: "${HUBSPOT_TOKEN}" and set it in the environment.')
        for version in (self.api_version, self.account_info_version):
            if not re.fullmatch(r"\d{4}-\d{2}(-beta)?", version):
                raise ValueError(f"'{version}' is no version of the HubSpot API. Write a date such as '2026-09'.")

    @property
    def can(self) -> frozenset[Operation]:
        return _ALWAYS | ({Operation.TAGS} if self.tags_property else frozenset())


class HubSpot:
    """One account. Owner ids and stages are remembered; an unknown name is looked up again before it is refused."""

    provider: ClassVar[str] = "hubspot"
    lacks: ClassVar[Mapping[Operation, str]] = {Operation.TAGS: "tags need `tags_property`"}

    def __init__(self, options: Options, http: httpx.AsyncClient) -> None:
        self._options = options
        self._api = ApiClient(
            self.provider,
            http,
            base_url=options.base_url,
            headers={"authorization": f"Bearer {options.token}"},
            translate=error_of,
        )
        self._catalogue = Catalogue(self._api, version=options.api_version)
        self._people = People(self._api, self._catalogue, _reading(options))

    selections: ClassVar[frozenset[Selection]] = frozenset(Selection)

    @property
    def can(self) -> frozenset[Operation]:
        return self._options.can

    async def check(self) -> Account:
        properties = await self._api.get(
            f"/crm/properties/{self._options.api_version}/contacts", read=lambda body: list(body["results"])
        )
        fields = known_fields(properties)
        self._prove_options(fields)
        unread: dict[str, str] = {}
        try:
            await self._catalogue.read_stages()
        except Unauthorized as error:
            unread |= dict.fromkeys(("stages", "pipelines"), error.said)
        try:
            users = await self._catalogue.users()
        except Unauthorized as error:
            users, unread = (), unread | {"users": error.said}
        return Account(
            name=await self._account_name(),
            fields=fields,
            stages=tuple(self._catalogue.stages),
            users=users,
            status_values=option_values(properties, self._options.status_property),
            pipelines=self._catalogue.pipelines,
            labels={name: stage.label for name, stage in self._catalogue.stages.items() if stage.label},
            unread=unread,
        )

    async def find_person(self, email: str) -> tuple[Found, ...]:
        present = await self._read_by_email(email, [])
        return (found(present),) if present else ()

    async def upsert_person(self, person: Person, *, person_id: str | None) -> Found:
        values = _values(person)
        if person_id is not None:
            return await self._update(await self._read("contacts", person_id, list(values)), values)
        try:
            return await self._create(person.email, values)
        except Refused as error:
            if error.outcome is not Outcome.DUPLICATE:
                raise
            return await self._update(await self._existing(person.email, list(values), error), values)

    async def log(self, person_id: str, activity: Activity, *, look_first: bool) -> str:
        kind, properties = entry(activity)
        if look_first and (entry_id := await self._marked_entry(person_id, kind, activity)):
            return entry_id
        return await self._create_for(person_id, kind, properties)

    async def set_status(self, person_id: str, status: str) -> None:
        await self._write("contacts", person_id, {self._options.status_property: status})

    async def set_stage(self, person_id: str, stage: str) -> bool:
        pipeline = (await self._catalogue.stage(stage)).pipeline
        deals = [deal for deal in await self._deals(person_id) if deal["pipeline"] == pipeline]
        is_open = [deal for deal in deals if not self._is_closed(deal)]
        if not is_open or is_open[-1]["dealstage"] == stage:
            return any(deal["dealstage"] == stage for deal in deals)
        await self._move(is_open[-1]["id"], stage)
        return True

    async def ensure_deal(self, person_id: str, deal: Deal) -> str:
        stage = await self._catalogue.stage(deal.stage)
        if stage.pipeline != deal.pipeline:
            pipelines = ", ".join(self._catalogue.pipelines)
            said = f"stage '{deal.stage}' belongs to pipeline '{stage.pipeline}', not '{deal.pipeline}'."
            raise self._refused(f"{said} Pipelines: {pipelines}", Outcome.CONFIG)
        for present in reversed(await self._deals(person_id)):
            if present["pipeline"] == deal.pipeline and not self._is_closed(present):
                return str(present["id"])
        properties = {**deal.data, "dealname": deal.name, "pipeline": deal.pipeline, "dealstage": deal.stage}
        return await self._create_for(person_id, "deals", properties | ({"amount": deal.value} if deal.value else {}))

    async def assign_owner(self, person_id: str, email: str) -> None:
        await self._write("contacts", person_id, {"hubspot_owner_id": await self._catalogue.owner_id(email)})

    async def add_tags(self, person_id: str, tags: tuple[str, ...]) -> None:
        name = self._options.tags_property
        if not name:
            raise self._refused("tags need `tags_property`, a multiple-checkbox property of contacts", Outcome.CONFIG)
        present = (await self._read("contacts", person_id, [name]))["properties"].get(name) or ""
        before = [tag for tag in present.split(";") if tag]
        after = list(dict.fromkeys([*before, *tags]))
        if after != before:
            await self._write("contacts", person_id, {name: ";".join(after)})

    async def set_do_not_contact(self, person_id: str, email: str) -> None:
        """Unsubscribe from everything; where that is not open to this token, tick our own property."""
        try:
            await self._unsubscribe(email)
        except (Refused, Unauthorized) as error:
            if "already unsubscribed" in error.said.lower():
                return
            if error.code == "401" or not self._options.do_not_contact_property:
                raise
            await self._write("contacts", person_id, {self._options.do_not_contact_property: "true"})

    async def pull(self, wanted: Wanted, *, cursor: str | None) -> Page:
        return await self._people.pull(wanted, cursor=cursor)

    async def _create(self, email: str, values: Mapping[str, tuple[str, Mode]]) -> Found:
        properties = {name: value for name, (value, _) in values.items()} | ({"email": email} if email else {})
        body = {"properties": properties, "associations": []}
        return await self._api.post(self._objects("contacts"), json=body, read=found)

    async def _existing(self, email: str, names: list[str], conflict: Refused) -> dict[str, Any]:
        """The contact that was in the way of a create."""
        if present := await self._read_by_email(email, names):
            return present
        named = re.search(r"Existing ID: (\d+)", conflict.said)
        if not named:
            raise conflict
        return await self._read("contacts", named[1], names)

    async def _update(self, present: dict[str, Any], values: Mapping[str, tuple[str, Mode]]) -> Found:
        before = present["properties"]
        after = {
            name: value
            for name, (value, mode) in values.items()
            if value != before.get(name) and (mode is Mode.OVERWRITE or not before.get(name))
        }
        if after:
            await self._write("contacts", str(present["id"]), after)
        return found(present)

    async def _read(self, kind: str, record_id: str, names: list[str]) -> dict[str, Any]:
        params = {"properties": ",".join(names)} if names else None
        return await self._api.get(f"{self._objects(kind)}/{segment(record_id)}", params=params, read=_record)

    async def _read_by_email(self, email: str, names: list[str]) -> dict[str, Any] | None:
        params = {"idProperty": "email", "properties": ",".join(["email", *names])}
        try:
            return await self._api.get(f"{self._objects('contacts')}/{segment(email)}", params=params, read=_record)
        except Refused as error:
            if error.outcome is Outcome.NOT_FOUND:
                return None
            raise

    async def _write(self, kind: str, record_id: str, properties: Mapping[str, str]) -> None:
        path = f"{self._objects(kind)}/{segment(record_id)}"
        await self._api.patch(path, json={"properties": dict(properties)}, read=dict)

    async def _create_for(self, person_id: str, kind: str, properties: Mapping[str, str]) -> str:
        """A record that belongs to the person from its first moment: one request, so never one without the other."""
        types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": _TO_CONTACT[kind]}]
        body = {"properties": dict(properties), "associations": [{"to": {"id": person_id}, "types": types}]}
        try:
            return await self._api.post(self._objects(kind), json=body, read=lambda reply: str(reply["id"]))
        except Refused as error:
            if error.outcome is Outcome.VALIDATION:
                await self._read("contacts", person_id, ["email"])  # a contact that is gone is refused as a bad value
            raise

    async def _marked_entry(self, person_id: str, kind: str, activity: Activity) -> str | None:
        newest_first = sorted(await self._associated(person_id, kind), key=_age, reverse=True)[:_LARGEST_BATCH]
        entries = await self._batch(kind, newest_first, [TEXT_OF[kind]])
        return next(
            (str(one["id"]) for one in entries if activity.is_marked(one["properties"].get(TEXT_OF[kind]) or "")), None
        )

    async def _deals(self, person_id: str) -> list[dict[str, str]]:
        """Id, `pipeline` and `dealstage` of the person's deals, oldest first."""
        await self._catalogue.read_stages_once()
        ids = sorted(await self._associated(person_id, "deals"), key=_age)[-_LARGEST_BATCH:]
        deals = await self._batch("deals", ids, ["pipeline", "dealstage"])
        rows = [{"id": str(deal["id"]), **_texts(deal["properties"], ("pipeline", "dealstage"))} for deal in deals]
        return sorted(rows, key=lambda row: _age(row["id"]))

    async def _associated(self, person_id: str, kind: str) -> list[str]:
        """Ids of the records of that kind that belong to the person; raises `not_found` for a person who is gone."""
        path = f"{self._objects('contacts')}/{segment(person_id)}"
        page = await self._api.get(
            path,
            params={"properties": "email", "associations": kind},
            read=lambda body: dict((body.get("associations") or {}).get(kind) or {}),
        )
        ids = _ids(page)
        for _ in range(_MOST_PAGES):
            after = ((page.get("paging") or {}).get("next") or {}).get("after")
            if not after:
                break
            params = {"limit": "500", "after": str(after)}
            page = await self._api.get(f"{path}/associations/{kind}", params=params, read=dict)
            ids += _ids(page)
        return list(dict.fromkeys(ids))

    async def _batch(self, kind: str, ids: list[str], names: Iterable[str]) -> list[dict[str, Any]]:
        if not ids:
            return []
        body = {"inputs": [{"id": record_id} for record_id in ids], "properties": list(names)}
        path = f"{self._objects(kind)}/batch/read"
        return await self._api.post(
            path, json=body, is_write=False, read=lambda reply: [_record(one) for one in reply["results"]]
        )

    async def _move(self, deal_id: str, stage: str) -> None:
        try:
            await self._write("deals", deal_id, {"dealstage": stage})
        except Refused as error:
            if error.outcome is not Outcome.NOT_FOUND:
                raise
            raise Unavailable(self.provider, f"deal {deal_id} was removed while it was to be moved") from None

    def _is_closed(self, deal: Mapping[str, str]) -> bool:
        stage = self._catalogue.stages.get(deal["dealstage"])
        return stage is not None and stage.state is not DealState.OPEN

    async def _account_name(self) -> str:
        try:
            path = f"/account-info/{self._options.account_info_version}/details"
            return await self._api.get(path, read=lambda body: f"HubSpot {body['portalId']}")
        except (Refused, Unauthorized, Unavailable):
            return "HubSpot"  # a name for people; the token was proved by the reads before

    async def _unsubscribe(self, email: str) -> None:
        if not email:
            raise self._refused("without an e-mail address nobody can be unsubscribed", Outcome.VALIDATION)
        path = f"/communication-preferences/{self._options.api_version}/statuses/{segment(email)}/unsubscribe-all"
        await self._api.post(path, params={"channel": "EMAIL"}, read=lambda _: None)

    def _prove_options(self, fields: tuple[str, ...]) -> None:
        for option in ("tags_property", "do_not_contact_property"):
            name = getattr(self._options, option)
            if name and name not in fields:
                raise self._refused(f"{option}: contacts have no writable property '{name}'", Outcome.CONFIG)

    def _objects(self, kind: str) -> str:
        return f"/crm/objects/{self._options.api_version}/{kind}"

    def _refused(self, said: str, outcome: Outcome) -> Refused:
        return Refused(self.provider, said, outcome=outcome)


def _reading(options: Options) -> Reading:
    return Reading(
        version=options.api_version,
        status_property=options.status_property,
        tags_property=options.tags_property,
        do_not_contact_property=options.do_not_contact_property,
        lists_path=options.lists_path,
        reads_deleted=options.reads_deleted,
    )


def _values(person: Person) -> dict[str, tuple[str, Mode]]:
    """Property → (value, mode); a mapped field goes before our own idea of it."""
    names = {"firstname": person.first_name, "lastname": person.last_name, "company": person.company}
    values = {name: (value, Mode.FILL) for name, value in names.items() if value}
    return values | {item.name: (item.value, item.mode) for item in person.fields if item.value}


def _record(body: Any) -> dict[str, Any]:
    """An object as HubSpot gives it; raises what ApiClient takes for an unexpected body."""
    return {**body, "id": str(body["id"]), "properties": dict(body["properties"])}


def _ids(page: Mapping[str, Any]) -> list[str]:
    return [str(one.get("id") or one["toObjectId"]) for one in page.get("results") or []]


def _age(record_id: str) -> tuple[int, str]:
    """Ids are numbers that grow; anything else sorts after them by its text."""
    return (int(record_id), "") if record_id.isdigit() else (1 << 62, record_id)


def _texts(properties: Mapping[str, Any], names: Iterable[str]) -> dict[str, str]:
    return {name: str(properties.get(name) or "") for name in names}
