"""What a HubSpot account has besides people: deal stages with their pipelines, and the users who can own records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from outreach.api_client import ApiClient
from outreach.crm import DealState
from outreach.crms.hubspot_records import following
from outreach.crms.hubspot_values import PROVIDER
from outreach.errors import Outcome, Refused

_MOST_PAGES = 20


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of deals. Its state is what a deal in it is."""

    pipeline: str
    state: DealState
    label: str = ""


class Catalogue:
    """Remembered; an unknown name is looked up again before it is refused."""

    def __init__(self, api: ApiClient, *, version: str) -> None:
        self._api = api
        self._version = version
        self._owner_ids: dict[str, str] = {}
        self._owner_emails: dict[str, str] = {}
        self.stages: dict[str, Stage] = {}

    async def read_stages(self) -> None:
        self.stages = await self._api.get(f"/crm/pipelines/{self._version}/deals", read=_stages)

    async def read_stages_once(self) -> None:
        if not self.stages:
            await self.read_stages()

    async def stage(self, stage: str) -> Stage:
        """Raises Refused with `config` for one that is not there."""
        if stage not in self.stages:
            await self.read_stages()
        if stage not in self.stages:
            known = ", ".join(self.stages)
            said = f"unknown deal stage '{stage}'. Stage ids of this account: {known}"
            raise Refused(PROVIDER, said, outcome=Outcome.CONFIG)
        return self.stages[stage]

    @property
    def pipelines(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(stage.pipeline for stage in self.stages.values()))

    async def owner_id(self, email: str) -> str:
        if email not in self._owner_ids:
            params = {"email": email, "limit": "1"}
            owners = await self._api.get(self._owners, params=params, read=lambda body: list(body["results"]))
            if not owners:
                said = f"no user of this account has the address {email}"
                raise Refused(PROVIDER, said, outcome=Outcome.CONFIG)
            self._owner_ids[email] = str(owners[0]["id"])  # `id`, not `userId`
        return self._owner_ids[email]

    async def owner_email(self, owner_id: str) -> str:
        """The address of an owner; empty for nobody, and for a user who has left."""
        if owner_id and owner_id not in self._owner_emails:
            await self.read_owners()
            self._owner_emails.setdefault(owner_id, "")
        return self._owner_emails.get(owner_id, "")

    async def read_owners(self) -> None:
        self._owner_emails = {str(owner["id"]): str(owner["email"]) for owner in await self._all_owners()}

    @property
    def users(self) -> tuple[str, ...]:
        """Addresses of the owners that were read last."""
        return tuple(dict.fromkeys(email for email in self._owner_emails.values() if email))

    async def _all_owners(self) -> list[Mapping[str, Any]]:
        owners: list[Mapping[str, Any]] = []
        params = {"limit": "100"}
        for _ in range(_MOST_PAGES):
            page = await self._api.get(self._owners, params=params, read=dict)
            owners += [owner for owner in page["results"] if owner.get("email")]
            after = following(page)
            if not after:
                break
            params = {"limit": "100", "after": after}
        return owners

    @property
    def _owners(self) -> str:
        return f"/crm/owners/{self._version}"


def _stages(body: Any) -> dict[str, Stage]:
    return {
        str(stage["id"]): Stage(str(pipeline["id"]), _state(stage.get("metadata") or {}), str(stage.get("label") or ""))
        for pipeline in body["results"]
        for stage in pipeline["stages"]
        if not stage.get("archived")
    }


def _state(metadata: Mapping[str, Any]) -> DealState:
    """`isClosed` goes before the probability; a closed stage is won by its probability."""
    probability = str(metadata.get("probability", ""))
    is_won = probability in ("1.0", "1")
    told = metadata.get("isClosed")
    is_closed = is_won or probability in ("0.0", "0") if told is None else str(told).lower() == "true"
    if not is_closed:
        return DealState.OPEN
    return DealState.WON if is_won else DealState.LOST
