"""What a Zoho CRM organisation has: fields, stages and users. Remembered; an unknown name is looked up again."""

from __future__ import annotations

from typing import Any

from outreach.crm import DealState
from outreach.crms.fields import FieldInfo, Fields
from outreach.crms.zoho_records import Calls
from outreach.crms.zoho_values import PROVIDER, Stage, encoded
from outreach.errors import Outcome, Refused

_MOST_PAGES = 20
_LARGEST_DESCRIPTION = 16 * 1024 * 1024  # a layout comes with every field it shows
_STATES = {"Closed Won": DealState.WON, "Closed Lost": DealState.LOST}


class Catalogue:
    """Of one organisation, shared by tasks."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self.fields = Fields(PROVIDER, read=self._read_fields, encode=encoded)
        self.stages: tuple[Stage, ...] = ()
        self.users: dict[str, str] = {}  # e-mail address → id

    async def _read_fields(self, module: str) -> list[FieldInfo]:
        return await self._calls(
            "GET",
            "/settings/fields",
            largest=_LARGEST_DESCRIPTION,
            params={"module": module},
            read=lambda body: [_field(one) for one in body["fields"]],
        )

    async def read_stages(self) -> None:
        layouts = await self._calls(
            "GET",
            "/settings/layouts",
            params={"module": "Deals"},
            largest=_LARGEST_DESCRIPTION,
            read=lambda body: [str(one["id"]) for one in body["layouts"]],
        )
        stages = [stage for layout in layouts for stage in await self._stages(layout)]
        self.stages = tuple(dict.fromkeys(stages))

    async def _stages(self, layout: str) -> list[Stage]:
        params = {"layout_id": layout}
        return await self._calls("GET", "/settings/pipeline", params=params, read=_stages)

    async def stages_called(self, name: str) -> list[Stage]:
        """Stages of that name, one for each pipeline that has it."""
        if not any(stage.name == name for stage in self.stages):
            await self.read_stages()
        named = [stage for stage in self.stages if stage.name == name]
        if not named:
            known = ", ".join(dict.fromkeys(stage.name for stage in self.stages))
            raise _config(f"unknown deal stage '{name}'. Stages of this organisation: {known}")
        return named

    async def state_of(self, pipeline: str, stage: str) -> DealState:
        """Open for a stage that nobody configured any more."""
        if not self.stages:
            await self.read_stages()
        named = [one for one in self.stages if one.name == stage]
        exact = [one for one in named if one.pipeline == pipeline] or named
        return DealState(exact[0].state) if exact else DealState.OPEN

    async def read_users(self) -> None:
        users: dict[str, str] = {}
        for page in range(1, _MOST_PAGES + 1):
            params = {"type": "ActiveUsers", "page": str(page), "per_page": "200"}
            body = await self._calls("GET", "/users", params=params, read=lambda body: dict(body or {"users": []}))
            users |= {str(one["email"]).lower(): str(one["id"]) for one in body["users"]}
            if not (body.get("info") or {}).get("more_records"):
                break
        self.users = users

    async def user_id(self, email: str) -> str:
        if email.lower() not in self.users:
            await self.read_users()
        if email.lower() not in self.users:
            raise _config(f"no active user of this organisation has the address {email}")
        return self.users[email.lower()]


def _field(body: dict[str, Any]) -> FieldInfo:
    values = body.get("pick_list_values") or []
    return FieldInfo(
        name=str(body["api_name"]),
        type=str(body["data_type"]),
        choices=tuple(str(one["display_value"]) for one in values if one.get("display_value") != "-None-"),
        is_writable=not (body.get("read_only") or body.get("field_read_only")),
    )


def _stages(body: Any) -> list[Stage]:
    return [
        Stage(str(stage["display_value"]), str(line["display_value"]), _STATES.get(stage.get("forecast_type"), "open"))
        for line in (body or {"pipeline": []})["pipeline"]
        for stage in line["maps"]
    ]


def _config(said: str) -> Refused:
    return Refused(PROVIDER, said, outcome=Outcome.CONFIG)
