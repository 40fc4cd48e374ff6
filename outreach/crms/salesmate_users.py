"""Who can own records of a Salesmate account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from outreach.api_client import ApiClient
from outreach.crms.salesmate_options import Options
from outreach.crms.salesmate_values import PROVIDER, at, data_in, text_at
from outreach.errors import Outcome, Refused


class Users:
    """Remembered; an unknown address is looked up again before it is refused."""

    def __init__(self, api: ApiClient, options: Options) -> None:
        self._api, self._options = api, options
        self._ids: dict[str, int] = {}

    async def read(self) -> None:
        path = f"/apis/core/{self._options.api_version}/users"
        users = await self._api.get(path, params={"status": "active"}, read=lambda reply: list(data_in(reply)))
        self._ids = {text_at(user, "email").lower(): int(str(at(user, "id"))) for user in users}

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(self._ids)

    async def by_id(self) -> Mapping[int, str]:
        if not self._ids:
            await self.read()
        return {number: email for email, number in self._ids.items()}

    async def id_of(self, email: str) -> int:
        if email.lower() not in self._ids:
            await self.read()
        if email.lower() not in self._ids:
            raise _config(f"no active user has the address {email}. There are: {', '.join(self._ids)}")
        return self._ids[email.lower()]

    async def owner_of(self, record: Mapping[str, Any]) -> int:
        owner = at(record, "owner.id") or at(record, "owner")
        return int(owner) if isinstance(owner, int | str) and str(owner).isdigit() else await self.default()

    async def default(self) -> int:
        """Who gets new contacts."""
        if self._options.owner:
            return await self.id_of(self._options.owner)
        if not await self.by_id():
            raise _config("the account has no active user, and contacts need an owner")
        return next(iter(self._ids.values()))


def _config(said: str) -> Refused:
    return Refused(PROVIDER, said, outcome=Outcome.CONFIG)
