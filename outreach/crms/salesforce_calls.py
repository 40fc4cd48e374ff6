"""Calls of one Salesforce organisation: queries with all their pages, and a stop before its daily calls are used up.

Every answer says how many of the last 24 hours' calls are used (`Sforce-Limit-Info: api-usage=18/5000`). Beyond our
share the connection waits and looks again, so that others who use the organisation's calls are left some.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, TypeVar, Unpack

import httpx

from outreach.api_client import ApiClient, Call
from outreach.clock import Clock
from outreach.crms.salesforce_values import BUSY, LARGEST_DESCRIPTION, PROVIDER, FieldInfo, quoted, select
from outreach.errors import Outcome, RateLimited, Refused

T = TypeVar("T")
_USAGE = re.compile(r"(?<![\w-])api-usage=(\d+)/(\d+)")  # not `per-app-api-usage=`, which may stand beside it
_MOST_PAGES = 20
Record = dict[str, Any]


class Calls:
    """The API below its version. `share`: how much of the daily calls may be used, by whomever, before we wait."""

    def __init__(self, api: ApiClient, *, root: str, share: float, clock: Clock) -> None:
        self._api, self.root = api, root
        self._share, self._clock = share, clock
        self._wait_until: datetime | None = None
        self.remaining: int | None = None

    async def __call__(self, method: str, path: str, *, read: Callable[[Any], T], **call: Unpack[Call]) -> T:
        self._stop_at_our_share()
        call["heard"] = self._heard
        return await self._api.request(method, f"{self.root}{path}", read=read, **call)

    async def query(self, soql: str, *, with_deleted: bool = False) -> list[Record]:
        """Every record; long results come in pages."""
        path = "/queryAll" if with_deleted else "/query"
        body = await self(method="GET", path=path, params={"q": soql}, read=_result)
        records = list(body["records"])
        for _ in range(_MOST_PAGES):
            if body["done"] or not body.get("nextRecordsUrl"):
                break
            following = str(body["nextRecordsUrl"]).removeprefix(self.root)
            body = await self(method="GET", path=following, read=_result)
            records += body["records"]
        return records

    def _stop_at_our_share(self) -> None:
        if self._wait_until is None:
            return
        wait = self._wait_until - self._clock.now()
        if wait.total_seconds() > 0:
            said = f"{self._share:.0%} of the organisation's daily calls are used"
            raise RateLimited(PROVIDER, said, retry_after=wait, code="REQUEST_LIMIT")
        self._wait_until = None  # one call to see how it stands now

    def _heard(self, response: httpx.Response) -> None:
        usage = _USAGE.search(response.headers.get("sforce-limit-info", ""))
        if usage:
            used, most = int(usage[1]), int(usage[2])
            self.remaining = most - used
            self._wait_until = self._clock.now() + BUSY if used >= most * self._share else None


class Catalogue:
    """What the organisation has: fields of objects, stages and users. An unknown name is looked up again."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._fields: dict[str, dict[str, FieldInfo]] = {}
        self._users: dict[str, str] = {}
        self.stages: dict[str, tuple[bool, bool]] = {}  # name → is it closed, is it won

    async def fields(self, kind: str) -> dict[str, FieldInfo]:
        if kind not in self._fields:
            self._fields[kind] = await self._calls(
                "GET",
                f"/sobjects/{kind}/describe",
                largest=LARGEST_DESCRIPTION,
                read=lambda body: {one.name: one for one in map(_field, body["fields"])},
            )
        return self._fields[kind]

    async def field(self, kind: str, name: str) -> FieldInfo:
        if name not in await self.fields(kind):
            del self._fields[kind]
        known = await self.fields(kind)
        if name not in known:
            raise _config(f"{kind} has no field '{name}' that we may see. There are: {', '.join(sorted(known))}")
        return known[name]

    async def visible(self, kind: str, names: Iterable[str]) -> list[str]:
        """Of these the fields that the connection's user may see; a query that names another one fails as a whole."""
        known = await self.fields(kind)
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

    async def users(self) -> tuple[str, ...]:
        conditions = ("IsActive = true", "UserType = 'Standard'")
        soql = select(["Email"], "User", *conditions, tail="ORDER BY Email LIMIT 2000")
        return tuple(dict.fromkeys(str(one["Email"]).lower() for one in await self._calls.query(soql)))

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


def _result(body: Any) -> Record:
    return {**body, "records": [dict(one) for one in body["records"]], "done": bool(body["done"])}


def _field(body: Record) -> FieldInfo:
    choices = tuple(str(one["value"]) for one in body.get("picklistValues") or [] if one.get("active", True))
    is_writable = bool(body.get("updateable")) and bool(body.get("createable"))
    return FieldInfo(str(body["name"]), str(body["type"]), choices, is_writable)


def _config(said: str) -> Refused:
    return Refused(PROVIDER, said, outcome=Outcome.CONFIG)
