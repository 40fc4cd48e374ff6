"""What a Salesforce organisation has: fields of objects, stages and users. An unknown name is looked up again."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from outreach.crms.fields import FieldInfo, Fields, encoded
from outreach.crms.salesforce_calls import Calls
from outreach.crms.salesforce_values import LARGEST_DESCRIPTION, PROVIDER, quoted, select
from outreach.errors import Outcome, Refused


class Catalogue:
    """What the organisation has: fields of objects, stages and users. An unknown name is looked up again."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self.fields = Fields(PROVIDER, read=self._read_fields, encode=partial(encoded, PROVIDER))
        self._users: dict[str, str] = {}
        self.users: tuple[str, ...] = ()  # addresses of those who can own records
        self.stages: dict[str, tuple[bool, bool]] = {}  # name → is it closed, is it won

    async def _read_fields(self, kind: str) -> list[FieldInfo]:
        return await self._calls(
            "GET",
            f"/sobjects/{kind}/describe",
            largest=LARGEST_DESCRIPTION,
            read=lambda body: [_field(one) for one in body["fields"]],
        )

    async def visible(self, kind: str, names: Iterable[str]) -> list[str]:
        """Of these the fields that the connection's user may see; a query that names another one fails as a whole."""
        known = await self.fields.of(kind)
        return [name for name in dict.fromkeys(names) if name in known]

    async def read_stages(self) -> None:
        names = ("ApiName", "IsClosed", "IsWon")
        soql = select(names, "OpportunityStage", "IsActive = true", tail="ORDER BY SortOrder")
        rows = await self._calls.query(soql)
        self.stages = {str(one["ApiName"]): (bool(one["IsClosed"]), bool(one["IsWon"])) for one in rows}

    async def prove_stage(self, stage: str) -> None:
        if stage not in self.stages:
            await self.read_stages()
        if stage not in self.stages:
            raise _config(f"unknown opportunity stage '{stage}'. Active stages: {', '.join(self.stages)}")

    async def read_users(self) -> None:
        conditions = ("IsActive = true", "UserType = 'Standard'")
        soql = select(["Email"], "User", *conditions, tail="ORDER BY Email LIMIT 2000")
        self.users = tuple(dict.fromkeys(str(one["Email"]).lower() for one in await self._calls.query(soql)))

    async def user_id(self, email: str) -> str:
        key = email.lower()
        if key not in self._users:
            conditions = (f"Email = {quoted(email)}", "IsActive = true")
            rows = await self._calls.query(select(["Id"], "User", *conditions, tail="ORDER BY CreatedDate LIMIT 2"))
            if not rows:
                raise _config(f"no active user of this organisation has the address {email}")
            if len(rows) > 1:
                said = f"several active users have the address {email}; give each one of their own"
                raise Refused(PROVIDER, said, outcome=Outcome.AMBIGUOUS)
            self._users[key] = str(rows[0]["Id"])
        return self._users[key]


def _field(body: dict[str, Any]) -> FieldInfo:
    choices = tuple(str(one["value"]) for one in body.get("picklistValues") or [] if one.get("active", True))
    is_writable = bool(body.get("updateable")) and bool(body.get("createable"))
    return FieldInfo(str(body["name"]), str(body["type"]), choices, is_writable)


def _config(said: str) -> Refused:
    return Refused(PROVIDER, said, outcome=Outcome.CONFIG)
