"""The reading half of the stand-in of HubSpot: listing, search (which lags), lists, and associations in batches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from outreach.sandbox.hubspot_server import FakeHubSpot, Thing

_VERSION = "2026-09"
_LARGEST_SEARCH = 200
_MOST_RESULTS = 10_000
_REQUIRED = {"filterGroups", "properties", "limit", "after", "sorts"}

Answer = tuple[int, Any]


class Refusal(Exception):
    """An answer other than 2xx."""

    def __init__(self, status: int, category: str, message: str, *errors: dict[str, Any]) -> None:
        self.status = status
        self.body = {"status": "error", "message": message, "category": category, "correlationId": "c0ffee-1"}
        self.body |= {"errors": list(errors)} if errors else {}  # type: ignore[dict-item]  # a list among texts
        super().__init__(message)


def answer(
    hubspot: FakeHubSpot, method: str, parts: Sequence[str], *, params: Mapping[str, str], body: Any
) -> Answer | None:
    """None: the path is none of these."""
    match (method, *parts):
        case ("GET", "crm", "objects", version, ("contacts" | "deals") as kind) if version == _VERSION:
            return 200, _listed(hubspot, kind, params)
        case ("POST", "crm", "objects", version, ("contacts" | "deals") as kind, "search") if version == _VERSION:
            return 200, _found(hubspot, kind, body)
        case ("GET", "communication-preferences", version, "definitions") if version == _VERSION:
            hubspot.prove_subscriptions_scope()
            return 200, {"status": "COMPLETE", "results": [{"id": "1", "name": "Newsletter", "isActive": True}]}
        case ("POST", "crm", "associations", version, kind, other, "batch", "read") if version == _VERSION:
            return 200, _associated(hubspot, kind, other, body)
        case ("GET", "crm", "lists", version, list_id, "memberships") if version == _VERSION:
            return 200, _members(hubspot, list_id, params)
        case ("GET", "crm", "lists", version, "object-type-id", "0-1", "name", name) if version == _VERSION:
            return 200, {"list": {"listId": _list_named(hubspot, name), "name": name}}
    return None


def _listed(hubspot: FakeHubSpot, kind: str, params: Mapping[str, str]) -> dict[str, Any]:
    if kind == "deals":
        hubspot.prove_deals_scope()
    is_archived = params.get("archived") == "true"
    things = sorted((hubspot.archived if is_archived else hubspot.objects[kind]).values(), key=_number)
    behind = [thing for thing in things if _number(thing) > int(params.get("after", "0"))]
    size = min(int(params.get("limit", "10")), hubspot.page_size)
    page = behind[:size]
    more = {"paging": {"next": {"after": page[-1].id}}} if len(behind) > len(page) else {}
    return {"results": [_shown(thing, params.get("properties", "").split(",")) for thing in page], **more}


def _found(hubspot: FakeHubSpot, kind: str, body: Any) -> dict[str, Any]:
    if not isinstance(body, dict) or _REQUIRED - set(body):
        raise Refusal(400, "VALIDATION_ERROR", f"Some required fields were not set: {sorted(_REQUIRED)}")
    if body["limit"] > _LARGEST_SEARCH or int(body["after"]) + body["limit"] > _MOST_RESULTS:
        raise Refusal(400, "VALIDATION_ERROR", "the page is too large, or lies behind the first 10,000 results")
    if kind == "deals":
        hubspot.prove_deals_scope()
    [group] = body["filterGroups"]
    seen = [thing for thing in hubspot.objects[kind].values() if thing.updated_at <= hubspot.now - hubspot.index_lag]
    things = sorted((one for one in seen if all(_fits(one, each) for each in group["filters"])), key=_number)
    page = things[: min(body["limit"], hubspot.page_size)]
    more = {"paging": {"next": {"after": str(len(page))}}} if len(things) > len(page) else {}
    return {"total": len(things), "results": [_shown(thing, body["properties"]) for thing in page], **more}


def _fits(thing: Thing, wanted: Mapping[str, str]) -> bool:
    name, value = wanted["propertyName"], wanted["value"]
    if name == "hs_object_id":
        return _number(thing) > int(value)
    if name in ("lastmodifieddate", "hs_lastmodifieddate"):
        return thing.updated_at >= datetime.fromtimestamp(int(value) / 1000, UTC)
    present = thing.properties.get(name, "")
    match wanted["operator"]:
        case "EQ":
            return present == value
        case "NEQ":
            return present != value
        case "CONTAINS_TOKEN":
            return value.lower() in present.lower().split()
    raise Refusal(400, "VALIDATION_ERROR", f"operator {wanted['operator']} is not for {name}")


def _associated(hubspot: FakeHubSpot, kind: str, other: str, body: Any) -> dict[str, Any]:
    """Pairs exist between deals and contacts alone, and one deal has one contact here."""
    hubspot.prove_deals_scope()
    wanted = [one["id"] for one in body["inputs"]]
    if not 0 < len(wanted) <= 1000 or {kind, other} != {"contacts", "deals"}:
        raise Refusal(400, "VALIDATION_ERROR", "between 1 and 1000 inputs are allowed")
    deals = hubspot.objects["deals"].values()
    if kind == "deals":
        pairs = {deal.id: [deal.contact] for deal in deals if deal.id in wanted}
    else:
        pairs = {contact: [deal.id for deal in deals if deal.contact == contact] for contact in wanted}
    begin = {one["id"]: int(one.get("after", "0")) for one in body["inputs"]}
    results = [_pair(one, ids, begin[one], hubspot.association_page) for one, ids in pairs.items() if ids]
    return {"status": "COMPLETE", "results": results}


def _pair(record: str, ids: Sequence[str], begin: int, size: int) -> dict[str, Any]:
    """A page of the associations of one record; the next begins behind `after`."""
    more = {"paging": {"next": {"after": str(begin + size)}}} if begin + size < len(ids) else {}
    return {"from": {"id": record}, "to": [{"toObjectId": int(each)} for each in ids[begin : begin + size]], **more}


def _members(hubspot: FakeHubSpot, list_id: str, params: Mapping[str, str]) -> dict[str, Any]:
    if list_id not in hubspot.lists:
        raise Refusal(404, "OBJECT_NOT_FOUND", f"List does not exist with ID {list_id}")
    ids = hubspot.lists[list_id][1]
    start = int(params.get("after", "0"))
    end = start + min(int(params["limit"]), hubspot.page_size)
    more = {"paging": {"next": {"after": str(end)}}} if end < len(ids) else {}
    results = [{"recordId": each, "membershipTimestamp": "2026-02-01T09:00:00Z"} for each in ids[start:end]]
    return {"results": results, **more}


def _list_named(hubspot: FakeHubSpot, name: str) -> str:
    for list_id, (known, _) in hubspot.lists.items():
        if known == name:
            return list_id
    raise Refusal(404, "OBJECT_NOT_FOUND", f"List does not exist with name {name}")


def _shown(thing: Thing, names: Iterable[str]) -> dict[str, Any]:
    from outreach.sandbox.hubspot_server import shown_as, written  # noqa: PLC0415  # the two halves of one server

    shown = shown_as(thing, names)
    return shown | ({"archived": True, "archivedAt": written(thing.archived_at)} if thing.archived_at else {})


def _number(thing: Thing) -> int:
    return int(thing.id)
