"""A channel without a provider: it keeps what was sent in a list. The dry run, the demo and the test double in one."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import ClassVar

from outreach.channel import Abilities, LastLook, Message, Receipt
from outreach.errors import AdapterError, OutcomeUnknown


@dataclass(frozen=True, slots=True)
class Options:
    """Nothing has to be set."""

    thread_id: str = ""  # the thread every receipt names; empty: the one of the message


@dataclass(frozen=True, slots=True)
class _Scripted:
    error: AdapterError | None
    is_before_look: bool


class Memory:
    """The channel `memory`. `sent` holds every message it took, and those of unknown outcome, in order."""

    provider: ClassVar[str] = "memory"
    can: ClassVar[Abilities] = Abilities(actions=("*",), connections=64)

    def __init__(self, options: Options | None = None) -> None:
        self.sent: list[Message] = []
        self._options = options or Options()
        self._next: deque[_Scripted] = deque()
        self._by_address: dict[str, _Scripted] = {}
        self._doors: deque[asyncio.Event] = deque()

    def will(self, *outcomes: AdapterError | None, before_look: bool = False) -> None:
        """The outcomes of the next sends, one each; None is success. Errors come after the last look unless told so."""
        self._next.extend(_Scripted(error, before_look) for error in outcomes)

    def will_for(self, to: str, error: AdapterError, *, before_look: bool = False) -> None:
        """The outcome of every send to one address."""
        self._by_address[to] = _Scripted(error, before_look)

    def will_wait(self) -> asyncio.Event:
        """The next send waits, after its last look, until the event is set."""
        door = asyncio.Event()
        self._doors.append(door)
        return door

    async def send(self, message: Message, *, last_look: LastLook) -> Receipt:
        scripted = self._by_address.get(message.to) or (self._next.popleft() if self._next else None)
        if scripted and scripted.error and scripted.is_before_look:
            raise scripted.error
        door = self._doors.popleft() if self._doors else None
        await last_look()
        if door:
            await door.wait()
        if scripted and scripted.error and not isinstance(scripted.error, OutcomeUnknown):
            raise scripted.error
        self.sent.append(message)
        if scripted and scripted.error:
            raise scripted.error
        number = len(self.sent)
        thread_id = message.thread_id or self._options.thread_id
        return Receipt(provider_id=f"memory-{number}", thread_id=thread_id, reply="taken", recipient_id=message.to)

    async def close(self) -> None:
        """There is nothing to let go of; `sent` stays."""
