"""One ClinchPad account: its pipelines, stages and users by the names people see, and how its lists are read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, NoReturn

from outreach.api_client import ApiClient, segment
from outreach.errors import Outcome, Refused

PROVIDER = "clinchpad"
_SIZE = 100
_MOST_PAGES = 100


def record(body: Any) -> dict[str, Any]:
    return {**body, "_id": str(body["_id"])}


def records(body: Any) -> list[dict[str, Any]]:
    return [record(one) for one in body or ()]


async def pages(
    api: ApiClient, path: str, params: Mapping[str, str], *, size: int = _SIZE
) -> AsyncIterator[list[dict[str, Any]]]:
    """Every page of a list, until an empty or a short one."""
    asked = {**params, "size": str(size)}
    page = first = await api.get(path, params=asked, read=records)
    number = 0
    while number < _MOST_PAGES:
        if not (number == 1 and page and page[0]["_id"] == first[0]["_id"]):  # page 1 is the first one again
            yield page
        if len(page) < size:
            return
        number += 1
        page = await api.get(path, params=asked | {"page": str(number)}, read=records)


async def page_after(
    api: ApiClient, path: str, params: Mapping[str, str], *, number: int, first: str
) -> list[dict[str, Any]]:
    """The page that follows `number` pages. Whether the first page is 0 or 1 is not written down: page 1 tells."""
    asked = {**params, "size": str(_SIZE)}
    page = await api.get(path, params=asked | {"page": "1"}, read=records)
    counts_from_one = bool(page) and page[0]["_id"] == first
    wanted = number + 1 if counts_from_one else number
    return page if wanted == 1 else await api.get(path, params=asked | {"page": str(wanted)}, read=records)


def is_full(page: list[dict[str, Any]]) -> bool:
    return len(page) >= _SIZE


class Pipelines:
    """Names → ids, read again when a name is not known."""

    def __init__(self, api: ApiClient) -> None:
        self._api = api
        self.ids: dict[str, str] = {}
        self._stages: dict[str, dict[str, str]] = {}  # pipeline id → stage name → id
        self._users: dict[str, str] = {}

    async def read(self) -> None:
        self.ids = {str(one["name"]): one["_id"] for one in await self._api.get("/pipelines", read=records)}
        self._stages = {
            pipeline_id: {
                str(one["name"]): one["_id"]
                for one in await self._api.get(f"/pipelines/{segment(pipeline_id)}/stages", read=records)
            }
            for pipeline_id in self.ids.values()
        }

    @property
    def stage_names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for stages in self._stages.values() for name in stages))

    async def pipeline_id(self, name: str) -> str:
        """The pipeline of that name, the first one for an empty name."""
        if not self.ids or (name and name not in self.ids):
            await self.read()
        if not name and self.ids:
            return next(iter(self.ids.values()))
        if name not in self.ids:
            _refuse(f"there is no pipeline '{name}'. Pipelines: {', '.join(self.ids)}")
        return self.ids[name]

    async def stage(self, name: str, *, within: str = "", preferred: str = "") -> tuple[str, str]:
        """(pipeline id, stage id) of a stage, in the pipeline `within`, else rather in the preferred one."""
        if name not in self.stage_names:
            await self.read()
        first = await self.pipeline_id(within or preferred)
        order = [first] if within else [first, *(one for one in self._stages if one != first)]
        found = next((each for each in order if name in self._stages[each]), None)
        if found is None:
            known = ", ".join(self._stages[first] if within else self.stage_names)
            _refuse(f"there is no stage '{name}'{f' in {within}' if within else ''}. Stages: {known}")
        return found, self._stages[found][name]

    async def users(self) -> Mapping[str, str]:
        """E-mail address in lower case → id."""
        users = await self._api.get("/users", read=records)
        self._users = {str(one.get("email") or "").lower(): one["_id"] for one in users}
        return self._users

    async def user_id(self, email: str) -> str:
        """The user of that address, the first one for an empty address."""
        if not self._users or (email and email.lower() not in self._users):
            await self.users()
        if not email and self._users:
            return next(iter(self._users.values()))
        if email.lower() not in self._users:
            _refuse(f"no user has the address {email}. There are: {', '.join(self._users)}")
        return self._users[email.lower()]


def _refuse(said: str) -> NoReturn:
    raise Refused(PROVIDER, said, outcome=Outcome.CONFIG)
