"""LinkedIn through campaigns of HeyReach: api.heyreach.io/api/public.

HeyReach runs sequences of its own. What can be done from here is to put a person into a campaign that somebody
prepared, with our text as a field of the person; what happens then is told by webhooks. So one campaign stands for one
action, and `sent` means that HeyReach took the person. Known from its collection of requests and from users' reports,
not from a reference; unverified, and therefore options: the name of the account's field and that of the text's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import httpx

from outreach.api_client import ApiClient
from outreach.channel import Abilities, LastLook, Message, Receipt
from outreach.errors import Outcome, Refused

PROVIDER = "heyreach"
ACTIONS = ("invite", "message", "visit", "inmail", "follow", "like")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """One seat, and the campaign of each action: `campaigns: {invite: 101, message: 102}`. Campaigns must be active."""

    token: str = field(repr=False)
    account: int | str  # the LinkedIn account in HeyReach
    campaigns: Mapping[str, int | str]
    base_url: str = "https://api.heyreach.io/api/public"
    account_field: str = "linkedInAccountId"  # unverified: `accountId` has been seen as well
    text_field: str = "message"  # what the campaign's own text calls ours: {message}

    def __post_init__(self) -> None:
        if not hasattr(self.campaigns, "items") or not self.campaigns:
            raise ValueError("'campaigns' is empty. Write `campaigns: {invite: 101}`.")
        for action in self.campaigns:
            if action not in ACTIONS:
                raise ValueError(f"'campaigns' has no action '{action}'. Write one of: {', '.join(ACTIONS)}.")

    @property
    def actions(self) -> tuple[str, ...]:
        """What this account can do: what it has a campaign for."""
        return tuple(self.campaigns)


class HeyReach:
    """The channel `heyreach`: every action that has a campaign."""

    provider: ClassVar[str] = PROVIDER
    can: ClassVar[Abilities] = Abilities(actions=ACTIONS, connections=2)

    def __init__(self, options: Options, http: httpx.AsyncClient) -> None:
        self._options = options
        self._api = ApiClient(PROVIDER, http, base_url=options.base_url, headers={"X-API-KEY": options.token})

    def __repr__(self) -> str:
        return f"HeyReach({self._options!r})"

    async def send(self, message: Message, *, last_look: LastLook) -> Receipt:
        campaign = self._options.campaigns.get(message.action.rpartition(".")[2])
        if campaign is None:
            said = f"cannot do {message.action!r}; there are campaigns for {', '.join(self._options.campaigns)}"
            raise Refused(PROVIDER, said, outcome=Outcome.CONFIG)
        profile = _profile_url(message)
        pair = {self._options.account_field: _number(self._options.account), "lead": self._lead(message, profile)}
        return await self._api.post(
            "/campaign/AddLeadsToCampaignV2",
            json={"campaignId": _number(campaign), "accountLeadPairs": [pair]},
            before=last_look,
            read=lambda reply: _taken(reply, campaign),
        )

    async def sign_in(self) -> str:
        """Have the key checked; no lead is touched. Raises AdapterError."""
        return await self._api.get("/auth/CheckApiKey", is_text=True, read=lambda _: "the key is valid")

    async def close(self) -> None:
        """The connections belong to the httpx client, which its owner closes."""

    def _lead(self, message: Message, profile: str) -> dict[str, Any]:
        first, _, last = message.to_name.partition(" ")
        own = {self._options.text_field: message.text} if message.text else {}
        fields = [{"name": name, "value": value} for name, value in {**own, **message.values}.items()]
        lead = {"profileUrl": profile, "firstName": first, "lastName": last, "customUserFields": fields}
        return {name: value for name, value in lead.items() if value}


def _profile_url(message: Message) -> str:
    """HeyReach knows people by the address of their profile, never by the id of another provider."""
    for written in (message.address, message.to):
        if "linkedin.com/" in written:
            return written.strip()
    said = f"{message.to!r} is no LinkedIn profile; write https://www.linkedin.com/in/<name>"
    raise Refused(PROVIDER, said, outcome=Outcome.REJECTED_RECIPIENT)


def _number(value: int | str) -> int | str:
    return int(value) if str(value).isdigit() else value


def _taken(reply: Any, campaign: int | str) -> Receipt:
    """How many were added, updated and failed; the names of the counts differ, so each is known by its first word."""
    counts = {str(name).lower(): value for name, value in reply.items() if isinstance(value, int)}

    def of(word: str) -> int:
        return sum(value for name, value in counts.items() if name.startswith(word))

    if of("added") + of("updated"):
        return Receipt(reply=f"in campaign {campaign}")
    if of("failed"):
        raise Refused(PROVIDER, f"campaign {campaign} did not take this person", outcome=Outcome.VALIDATION)
    raise ValueError("expected counts of people")
