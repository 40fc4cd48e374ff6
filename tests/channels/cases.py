"""What a provider may answer, and the one outcome of each: declared once, run against its stand-in, shown on its page.

The pages in docs/providers are made from these cases: `make outcome-tables`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, ClassVar

import httpx

from outreach.channel import Message, Receipt
from outreach.errors import (
    AdapterError,
    Outcome,
    OutcomeUnknown,
    RateLimited,
    Refused,
    Unauthorized,
    Unavailable,
)
from outreach.testing.channel import HTTP_TABLE, ChannelContract, Expected, World, run
from tests.channels.wire import Stand, Told, connected


@dataclass(frozen=True)
class Case:
    """One answer. `says` is how the page names it; `waits`: how long a limit keeps the sender waiting."""

    says: str
    answer: Any  # a Told, an exception of httpx, a script of the SMTP server
    expected: Expected
    waits: timedelta | None = None

    def but(self, kind: type[AdapterError], outcome: Outcome, why: str = "", *, says: str = "") -> Case:
        """The same answer with a finer meaning here."""
        return replace(self, expected=Expected(kind, outcome, why), says=says or self.says)


Cases = Mapping[str, Case]

RECIPIENT = (Refused, Outcome.REJECTED_RECIPIENT)
CONTENT = (Refused, Outcome.REJECTED_CONTENT)
SUPPRESSED = (Refused, Outcome.SUPPRESSED)
NOT_READY = (Refused, Outcome.NOT_READY)
WRONG = (Refused, Outcome.CONFIG)
INVALID = (Refused, Outcome.VALIDATION)
NOT_FOUND = (Refused, Outcome.NOT_FOUND)
DONE = (Refused, Outcome.DUPLICATE)
BLOCKED = (Unauthorized, Outcome.ACCOUNT_BLOCKED)
SET_UP = (Unauthorized, Outcome.CONFIG)
LIMIT = (RateLimited, Outcome.THROTTLED)
LATER = (Unavailable, Outcome.DEFERRED)
NO_SERVICE = (Unavailable, Outcome.ACCOUNT_BLOCKED)
DOUBT = (OutcomeUnknown, Outcome.UNKNOWN)

Meaning = tuple[type[AdapterError], Outcome]


def case(says: str, answer: Any, meaning: Meaning, *, why: str = "", waits: timedelta | None = None) -> Case:
    return Case(says, answer, Expected(*meaning, why), waits)


_BROKEN: Mapping[str, tuple[str, type[httpx.TransportError], Meaning]] = {
    "connection refused": ("no connection", httpx.ConnectError, LATER),
    "connect timeout": ("time-out before the request went out", httpx.ConnectTimeout, LATER),
    "no free connection": ("no free connection", httpx.PoolTimeout, LATER),
    "read timeout": ("time-out after the request went out", httpx.ReadTimeout, DOUBT),
    "broken connection": ("connection lost after the request went out", httpx.RemoteProtocolError, DOUBT),
}
_STATUSES: Mapping[int, Meaning] = {
    **dict.fromkeys((400, 422), INVALID),
    **dict.fromkeys((401, 403), BLOCKED),
    404: NOT_FOUND,
    429: LIMIT,
    503: LATER,
    **dict.fromkeys((500, 502, 504), DOUBT),
}


def common(secret: str, *, unexpected: Any, status: int = 200) -> dict[str, Case]:
    """Every row of the common table, with the outcome it has by itself; answers in the provider's name quote the
    secret."""
    broken = {name: case(says, error(f"{says} {secret}"), meaning) for name, (says, error, meaning) in _BROKEN.items()}
    told = {
        str(code): case(str(code), Told(code, f"no {secret}"), meaning, waits=_waits(code))
        for code, meaning in _STATUSES.items()
    }
    odd = {
        "not JSON": case("2xx that is not JSON", Told(status, f"<html>{secret}", is_taken=True), DOUBT),
        "unexpected body": case("2xx without what is documented", Told(status, unexpected, is_taken=True), DOUBT),
    }
    return {**broken, **told, **odd}


def _waits(code: int) -> timedelta | None:
    return timedelta(minutes=1) if code == 429 else None


def with_reset(seconds: int = 90) -> Case:
    """The usual way to say how long."""
    answer = Told(429, {"message": "slow down"}, {"Retry-After": str(seconds)})
    return case("429 with `Retry-After`", answer, LIMIT, waits=timedelta(seconds=seconds))


class CasesContract(ChannelContract):
    """The contract of a channel over its cases. A subclass sets `cases`, `sample` and `stand`."""

    table: ClassVar[Mapping[str, Expected]] = HTTP_TABLE
    cases: ClassVar[Cases]
    taken: ClassVar[Mapping[str, Any]] = {}  # further answers that mean it was taken, as the page names them
    sample: ClassVar[Message]

    def __init_subclass__(cls, **given: Any) -> None:
        super().__init_subclass__(**given)
        if "cases" in vars(cls):
            cls.failures = {name: each.expected for name, each in cls.cases.items()}

    def stand(self) -> Stand:
        """A fresh provider."""
        raise NotImplementedError

    def answering(self, answer: Any) -> AbstractAsyncContextManager[World]:
        """A channel and its provider, which gives this answer to the next write; None: its usual one."""
        return connected(self.stand(), self.sample, answer)

    def world(self, failure: str = "") -> AbstractAsyncContextManager[World]:
        return self.answering(self.cases[failure].answer if failure else None)

    def test_a_case_has_exactly_one_outcome_and_one_name(self) -> None:
        assert all(each.expected.outcome is not None for each in self.cases.values())
        assert len({each.says for each in self.cases.values()}) == len(self.cases)

    def test_a_limit_waits_as_long_as_it_says(self) -> None:
        for name, each in self.cases.items():
            if each.expected.kind is RateLimited:
                error = run(self._failing(name))

                assert isinstance(error, RateLimited)
                assert error.retry_after == each.waits, name

    def test_what_means_that_it_was_taken_is_a_receipt(self) -> None:
        async def story(answer: Any) -> Any:
            async with self.answering(answer) as world:
                return await world.channel.send(world.message, last_look=_gladly)

        for answer in self.taken.values():
            assert isinstance(run(story(answer)), Receipt)

    def test_the_cases_hold_what_every_channel_has_to_tell(self) -> None:
        found = {(each.expected.kind, each.expected.outcome) for each in self.cases.values()}

        assert {LATER, DOUBT, LIMIT} <= found  # before and after handing over, and a limit
        assert any(kind is Unauthorized for kind, _ in found)  # wrong credentials


async def _gladly() -> None:
    """A last look that finds nothing against it."""
