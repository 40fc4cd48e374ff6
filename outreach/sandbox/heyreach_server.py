"""A stand-in of HeyReach's public API: campaigns that people are put into, and the webhooks they cause."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from outreach.sandbox.answers import Answers

_MOST_PAIRS = 100


@dataclass(slots=True)
class Campaign:
    """One campaign that somebody prepared. `leads` are those it took, by the address of their profile."""

    id: int
    is_active: bool = True
    leads: dict[str, dict[str, Any]] = field(default_factory=dict)


class HeyReachServer:
    """`application` is to be served. `limited` answers 429 with that many seconds to wait; `seats` are our accounts."""

    def __init__(self, *, token: str, seats: tuple[int, ...] = (9,), campaigns: tuple[int, ...] = (101, 102)) -> None:
        self.campaigns = {number: Campaign(number) for number in campaigns}
        self.answers = Answers()
        self.limited: int | None = None
        self.unreachable: set[str] = set()  # profiles that no campaign takes
        self._token = token
        self._seats = seats
        self._lock = threading.Lock()
        self.application = Starlette(
            routes=[
                Route("/api/public/auth/CheckApiKey", self._check_key, methods=["GET"]),
                Route("/api/public/campaign/AddLeadsToCampaignV2", self.answers.guarded(self._add), methods=["POST"]),
            ]
        )

    def accepted(self, profile: str, campaign: int) -> dict[str, Any]:
        """The body of the webhook when the person says yes."""
        lead = {"profile_url": profile, "first_name": "Ada", "last_name": "Sample"}
        return {
            "eventType": "CONNECTION_REQUEST_ACCEPTED",
            "timestamp": "2026-11-21T10:00:00Z",
            "lead": lead,
            "campaign": {"id": campaign, "name": "sample"},
            "sender": {"id": self._seats[0], "profile_url": "https://www.linkedin.com/in/our-seat"},
        }

    def answered(
        self, profile: str, text: str, *, conversation: str, at: str = "2026-11-21T11:00:00Z"
    ) -> dict[str, Any]:
        """The body of the webhook when the person answers."""
        messages = [
            {"is_reply": False, "message": "What we wrote", "creation_time": "2026-11-21T09:00:00Z"},
            {"is_reply": True, "message": text, "creation_time": at},
        ]
        return {
            "event_type": "MESSAGE_REPLY_RECEIVED",
            "conversation_id": conversation,
            "recent_messages": messages,
            "lead": {"profileUrl": profile, "firstName": "Ada", "lastName": "Sample"},
        }

    def _refusal(self, request: Request) -> Response | None:
        if request.headers.get("x-api-key") != self._token:
            return JSONResponse({"errorMessage": "The API key is not valid"}, 401)
        if self.limited is not None:
            return JSONResponse({"errorMessage": "Too many requests"}, 429, {"retry-after": str(self.limited)})
        return None

    async def _check_key(self, request: Request) -> Response:
        return self._refusal(request) or Response(status_code=200)

    async def _add(self, request: Request) -> Response:
        refusal = self._refusal(request)
        if refusal:
            return refusal
        body = json.loads(await request.body())
        campaign = self.campaigns.get(body.get("campaignId"))
        pairs = body.get("accountLeadPairs")
        if campaign is None:
            return JSONResponse({"errorMessage": "Campaign not found"}, 404)
        if not campaign.is_active:
            return JSONResponse({"errorMessage": "The campaign is not active"}, 400)
        if not isinstance(pairs, list) or not 0 < len(pairs) <= _MOST_PAIRS or not all(map(self._is_pair, pairs)):
            return JSONResponse({"errorMessage": "accountLeadPairs is not right"}, 400)
        with self._lock:
            return JSONResponse(self._put(campaign, pairs))

    def _is_pair(self, pair: Mapping[str, Any]) -> bool:
        lead = pair.get("lead") or {}
        return pair.get("linkedInAccountId") in self._seats and "linkedin.com/in/" in str(lead.get("profileUrl"))

    def _put(self, campaign: Campaign, pairs: list[Mapping[str, Any]]) -> dict[str, int]:
        counts = {"addedLeadsCount": 0, "updatedLeadsCount": 0, "failedLeadsCount": 0}
        for pair in pairs:
            profile = pair["lead"]["profileUrl"]
            what = "failed" if profile in self.unreachable else "updated" if profile in campaign.leads else "added"
            counts[f"{what}LeadsCount"] += 1
            if what != "failed":
                campaign.leads[profile] = dict(pair["lead"])
        return counts
