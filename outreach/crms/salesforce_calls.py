"""Calls of one Salesforce organisation: queries with all their pages, and a stop before its daily calls are used up.

Every answer says how many of the last 24 hours' calls are used (`Sforce-Limit-Info: api-usage=18/5000`). Beyond our
share the connection waits and looks again, so that others who use the organisation's calls are left some.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar, Unpack

import httpx

from outreach.api_client import ApiClient, Call
from outreach.clock import Clock
from outreach.crms.salesforce_values import BUSY, PROVIDER
from outreach.errors import RateLimited

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


def _result(body: Any) -> Record:
    return {**body, "records": [dict(one) for one in body["records"]], "done": bool(body["done"])}
