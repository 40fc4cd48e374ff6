"""Anything a phantom of PhantomBuster does, launched for one person: api.phantombuster.com, API v2.

A launch is taken at once and carried out later, in a container whose id is the receipt; what came of it is in
PhantomBuster. The keys of an argument depend on the phantom, so their names are options. A session cookie among
`arguments` gives whoever has it the account: keep it in the environment, it is never shown or logged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import httpx

from outreach.api_client import ApiClient
from outreach.channel import Abilities, LastLook, Message, Receipt
from outreach.errors import Outcome, Refused

PROVIDER = "phantombuster"
_SHORTEST_SECRET = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The phantom of each action, `agents: {visit: "1234", invite: "5678"}`, and what each launch is given beside."""

    token: str = field(repr=False)
    agents: Mapping[str, str]
    arguments: Mapping[str, Any] = field(default_factory=dict, repr=False)
    profile_field: str = "spreadsheetUrl"  # takes the address of one profile as well; depends on the phantom
    text_field: str = "message"
    base_url: str = "https://api.phantombuster.com/api/v2"

    def __post_init__(self) -> None:
        if not hasattr(self.agents, "items") or not self.agents:
            raise ValueError("'agents' is empty. Write `agents: {visit: \"1234\"}`.")

    @property
    def actions(self) -> tuple[str, ...]:
        """What this account can do: what it has a phantom for."""
        return tuple(self.agents)


class PhantomBuster:
    """The channel `phantombuster`: every action that has a phantom."""

    provider: ClassVar[str] = PROVIDER
    can: ClassVar[Abilities] = Abilities(actions=("*",), connections=1)

    def __init__(self, options: Options, http: httpx.AsyncClient) -> None:
        self._options = options
        given = (str(value) for value in options.arguments.values())
        self._api = ApiClient(
            PROVIDER,
            http,
            base_url=options.base_url,
            headers={"X-Phantombuster-Key": options.token},
            secrets=[value for value in given if len(value) >= _SHORTEST_SECRET],
        )

    def __repr__(self) -> str:
        return f"PhantomBuster({self._options!r})"

    async def send(self, message: Message, *, last_look: LastLook) -> Receipt:
        agent = self._options.agents.get(message.action.rpartition(".")[2])
        if agent is None:
            said = f"cannot do {message.action!r}; there are phantoms for {', '.join(self._options.agents)}"
            raise Refused(PROVIDER, said, outcome=Outcome.CONFIG)
        return await self._api.post(
            "/agents/launch",
            json={"id": str(agent), "argument": self._argument(message)},
            before=last_look,
            read=lambda reply: Receipt(provider_id=_container(reply), reply="launched"),
        )

    async def close(self) -> None:
        """The connections belong to the httpx client, which its owner closes."""

    def _argument(self, message: Message) -> dict[str, Any]:
        person = {self._options.profile_field: message.address or message.to}
        words = {self._options.text_field: message.text} if message.text else {}
        return {**self._options.arguments, **message.values, **person, **words}


def _container(reply: Any) -> str:
    container = reply["containerId"]
    if not isinstance(container, str | int) or not str(container):
        raise ValueError("expected the id of a container")
    return str(container)
