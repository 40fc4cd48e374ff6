"""How a signed webhook is configured, and the types of news it can tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from outreach.crm import Operation
from outreach.crms.option_types import require_list, require_mapping
from outreach.crms.webhook_news import key_of
from outreach.public_address import NotAllowed, networks, split_outside

PROVIDER = "webhook"
TYPES = {
    Operation.PERSON: "lead.updated",
    Operation.OWNER: "lead.owner_changed",
    Operation.LOG_REPLY: "lead.responded",
    Operation.LOG: "lead.noted",
    Operation.STATUS: "lead.status_changed",
    Operation.STAGE: "lead.stage_changed",
    Operation.DEAL: "deal.opened",
    Operation.TAGS: "lead.tagged",
    Operation.DO_NOT_CONTACT: "lead.unsubscribed",
    Operation.FORGET: "lead.erased",
}
PING = "test.ping"
ALWAYS = frozenset({Operation.PERSON, Operation.LOG_REPLY, Operation.LOG})
_MOST_SECRETS = 2  # the old key and the new one, while they are exchanged
_OURS = frozenset({"webhook-id", "webhook-timestamp", "webhook-signature", "host", "content-type", "content-length"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`secrets`: `whsec_` and the base64 of 24 to 64 random bytes; two while they are exchanged.

    `types`: the only types that are sent, all if left out. `headers`: further ones. `allow`: networks and addresses
    that may be called although they are not public.
    """

    url: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    types: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    allow: tuple[str, ...] = ()
    longest_text: int = 4_000

    def __post_init__(self) -> None:
        try:
            split_outside(self.url)
        except NotAllowed as error:
            raise ValueError(f"url: {error}. Write https://… and the address that is to be told.") from None
        require_list("secrets", self.secrets, "[whsec_…]")
        require_list("types", self.types, "[lead.responded]")
        require_list("allow", self.allow, "[10.0.0.0/8]")
        require_mapping("headers", self.headers, "{X-Team: sales}")
        if not 0 < len(self.secrets) <= _MOST_SECRETS:
            raise ValueError("'secrets' holds one key, or two while they are exchanged. Write whsec_… values.")
        for secret in self.secrets:
            key_of(secret)
        networks(self.allow)
        all_types = (*TYPES.values(), PING)
        if wrong := next((each for each in self.types if each not in all_types), ""):
            raise ValueError(f"'{wrong}' is no type. Write some of {', '.join(all_types)}.")
        if wrong := next((name for name in self.headers if name.lower() in _OURS), ""):
            raise ValueError(f"the header '{wrong}' is ours. Take it out of `headers`.")

    @property
    def can(self) -> frozenset[Operation]:
        """What is not among `types` cannot be asked for, but for what every connection must take."""
        return frozenset(TYPES) if not self.types else ALWAYS | {one for one in TYPES if TYPES[one] in self.types}
