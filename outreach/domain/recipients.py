"""How often one person, one company and one domain is written to: by all senders together, and by one of them.

A sender may have caps of its own for an action, beside those that hold for everybody; the stricter one counts.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
_INSTANT = timedelta(microseconds=1)


class Whom(StrEnum):
    PERSON = "person"
    COMPANY = "company"
    DOMAIN = "domain"


Recipient = tuple[Whom, str]
"""Kind and id: of the lead, of the company, or the domain itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientCaps:
    """What is left out has no cap. Spans are rolling."""

    person_per_7_days: int | None = None
    company_per_7_days: int | None = None
    domain_per_day: int | None = None

    def of(self, whom: Whom) -> tuple[int, timedelta] | None:
        """(most, span); None: no cap."""
        most = {
            Whom.PERSON: self.person_per_7_days,
            Whom.COMPANY: self.company_per_7_days,
            Whom.DOMAIN: self.domain_per_day,
        }[whom]
        span = DAY if whom is Whom.DOMAIN else WEEK
        return None if most is None else (most, span)

    @property
    def kinds(self) -> tuple[Whom, ...]:
        """Those that are capped."""
        return tuple(whom for whom in Whom if self.of(whom) is not None)


NO_CAPS = RecipientCaps()


def kinds_of(*caps: RecipientCaps) -> tuple[Whom, ...]:
    """Those that any of them caps."""
    return tuple(whom for whom in Whom if any(each.of(whom) is not None for each in caps))


@dataclass(frozen=True, slots=True)
class PutOff:
    """Until when, and because of which cap."""

    until: datetime
    because: str


class Ledgers:
    """Several at once: a touch may go when none of them has anything against it."""

    def __init__(self, *ledgers: Ledger) -> None:
        self._ledgers = ledgers

    def refusal(self, recipients: Sequence[Recipient], now: datetime) -> PutOff | None:
        """The refusal that lasts longest."""
        found = [put_off for ledger in self._ledgers if (put_off := ledger.refusal(recipients, now))]
        return max(found, key=lambda each: each.until, default=None)

    def use(self, recipients: Sequence[Recipient], now: datetime) -> None:
        for ledger in self._ledgers:
            ledger.use(recipients, now)


class Ledger:
    """When each recipient was written to; asked for one touch after the other, as they are chosen.

    `by` completes the reason: whose cap it is.
    """

    def __init__(self, caps: RecipientCaps, used: Mapping[Recipient, Iterable[datetime]], *, by: str = "") -> None:
        self._caps = caps
        self._by = f" by {by}" if by else ""
        self._used = {recipient: sorted(instants) for recipient, instants in used.items()}
        self._behind: dict[Recipient, int] = {}

    def refusal(self, recipients: Iterable[Recipient], now: datetime) -> PutOff | None:
        """Why a touch for these may not go now; of several caps the one that lasts longest.

        Who asks in vain is given a later turn each time, so that a hundred people of one company do not all come back
        when the first of them may go.
        """
        found = [put_off for each in recipients if (put_off := self._refused(each, now))]
        return max(found, key=lambda each: each.until, default=None)

    def use(self, recipients: Iterable[Recipient], now: datetime) -> None:
        """One touch for these goes now."""
        for each in recipients:
            insort(self._used.setdefault(each, []), now)

    def _refused(self, recipient: Recipient, now: datetime) -> PutOff | None:
        whom, _ = recipient
        cap = self._caps.of(whom)
        if cap is None:
            return None
        most, span = cap
        used = [instant for instant in self._used.get(recipient, ()) if instant > now - span]
        if len(used) < most:
            return None
        because = f"cap of {most} {'a day' if span == DAY else 'in 7 days'} for one {whom} reached{self._by}"
        if not most:
            return PutOff(now + span, because)
        behind = self._behind.get(recipient, 0)
        self._behind[recipient] = behind + 1
        turn, place = divmod(behind, most)
        return PutOff(used[len(used) - most + place] + span * (turn + 1) + _INSTANT, because)
