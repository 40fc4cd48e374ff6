"""Turns and caps of recipients in a simulation: the functions that claims ask, over touches in memory."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from outreach.domain.quota import Allowance, mean_gap
from outreach.domain.recipients import WEEK, Ledger, Ledgers, PutOff, Recipient, RecipientCaps, Whom, kinds_of
from outreach.domain.sender import Sender
from outreach.domain.turns import MOST_KEPT, RECENT, Lane, Waiting, choose
from outreach.services.sending.claim_turns import is_counted, recipients_of

if TYPE_CHECKING:
    from outreach.services.simulating.simulate_queue import Queue, Touch

_Place = tuple[int, datetime, str]
_INSTANT = timedelta(microseconds=1)


class Turns:
    """The lanes of one sender and action."""

    def __init__(self, sender: Sender, action: str) -> None:
        self._shares = sender.shares
        self._gap = mean_gap(sender.limits_for(action))
        self._lanes: dict[Lane, list[tuple[_Place, Touch]]] = {}
        self._recent: deque[Lane] = deque(maxlen=RECENT)

    def remember(self, recent: Sequence[Lane]) -> None:
        """The last turns before the simulation begins, newest first."""
        self._recent.extend(recent)

    def use(self, touch: Touch) -> None:
        """A touch had its turn."""
        self._recent.appendleft(_lane(touch))

    def add(self, touch: Touch) -> None:
        insort(self._lanes.setdefault(_lane(touch), []), (_place(touch), touch), key=_by_place)

    def remove(self, touch: Touch) -> None:
        lane, place = self._lanes[_lane(touch)], _place(touch)
        found = bisect_left(lane, place, key=_by_place)
        if found < len(lane) and lane[found][0] == place:
            del lane[found]

    def __len__(self) -> int:
        return sum(map(len, self._lanes.values()))

    def choose(
        self, allowed: Allowance, now: datetime, midnight: datetime, *, most: int
    ) -> tuple[list[Touch], int, datetime | None]:
        """Those whose turn it is, taken out; how many more may go; and when the answer may be another one."""
        is_kept = allowed.left is not None and allowed.left <= MOST_KEPT
        before = midnight if is_kept else now + _INSTANT
        heads = dict(self._heads(now, before, most=max(most, allowed.left or 0) if is_kept else most))
        choice = choose(
            list(heads),
            self._recent,
            most=most,
            left=allowed.left,
            now=now,
            gap=self._gap,
            shares=self._shares,
        )
        chosen = [heads[each] for each in choice.now]
        for touch in chosen:
            self.remove(touch)
            touch.is_gone = True
        return chosen, choice.room, choice.look_at

    def _heads(self, now: datetime, before: datetime, *, most: int) -> Iterator[tuple[Waiting, Touch]]:
        for lane, touches in self._lanes.items():
            found = 0
            for place, touch in touches:
                if touch.person.reason:
                    touch.is_gone = True  # nobody waits for it any more
                    continue
                waiting = _waiting(lane, place, touch, now, before)
                if waiting is None:
                    continue
                yield waiting, touch
                found += 1
                if found == most:
                    break
            self._forget_gone(lane)

    def _forget_gone(self, lane: Lane) -> None:
        if any(touch.is_gone for _, touch in self._lanes[lane][:RECENT]):
            self._lanes[lane] = [entry for entry in self._lanes[lane] if not entry[1].is_gone]


def _lane(touch: Touch) -> Lane:
    return Lane(touch.person.course.sequence.name, touch.is_first)


def _place(touch: Touch) -> _Place:
    return (-touch.person.known.draft.score, touch.wanted_at, f"{touch.number:012d}")


def _by_place(entry: tuple[_Place, Touch]) -> _Place:
    return entry[0]


def _waiting(lane: Lane, place: _Place, touch: Touch, now: datetime, before: datetime) -> Waiting | None:
    """As its row would stand: in its next window. None: it may not go before that instant."""
    opening = touch.windows.at(now)
    due_at = max(touch.due_at, opening.opens_at)
    if due_at >= before:
        return None
    if opening.closes_at is not None and due_at >= opening.closes_at:
        opening = touch.windows.after(due_at)
    return Waiting(place[2], lane, -place[0], place[1], due_at, opening.closes_at)


class RecipientsUsed:
    """When each recipient was written to: by all senders, and by each queue that has caps of its own."""

    def __init__(self, caps: RecipientCaps, capped: Collection[Whom]) -> None:
        self._caps = caps
        self._capped = capped
        self._by_all = _Used()
        self._by_one: defaultdict[tuple[str, str], _Used] = defaultdict(_Used)

    def counts(self, queue: Queue) -> bool:
        return is_counted(queue.action) and bool(kinds_of(self._caps, queue.recipients))

    def remember(self, used: Iterable[tuple[tuple[str, str], Recipient, datetime]]) -> None:
        """Before the simulation begins, in the order of time."""
        for by, recipient, at in used:
            self._by_all.add(recipient, at)
            self._by_one[by].add(recipient, at)

    def divide(self, queue: Queue, touches: Sequence[Touch], now: datetime) -> list[tuple[Touch, PutOff | None]]:
        """Each touch, with what keeps it back."""
        to = {touch.number: self._of(queue, touch) for touch in touches}
        asked = {each for recipients in to.values() for each in recipients}
        own = Ledger(queue.recipients, self._by_one[_key(queue)].since(asked, now), by=queue.sender.name)
        ledgers = Ledgers(Ledger(self._caps, self._by_all.since(asked, now)), own)
        found = []
        for touch in touches:
            put_off = ledgers.refusal(to[touch.number], now)
            if put_off is None:
                ledgers.use(to[touch.number], now)
            found.append((touch, put_off))
        return found

    def use(self, queue: Queue, touch: Touch, now: datetime) -> None:
        """A touch went out."""
        for recipient in self._of(queue, touch):
            self._by_all.add(recipient, now)
            self._by_one[_key(queue)].add(recipient, now)

    def _of(self, queue: Queue, touch: Touch) -> list[Recipient]:
        known, channel = touch.person.known, queue.action.partition(".")[0]
        address = touch.person.recipient(channel) if channel == "email" else None
        return recipients_of(self._capped, lead_id=known.lead_id, company_id=known.company_id, address=address)


def _key(queue: Queue) -> tuple[str, str]:
    return (queue.sender.name, queue.action)


class _Used:
    """Instants of the last 7 days, by recipient."""

    def __init__(self) -> None:
        self._instants: defaultdict[Recipient, deque[datetime]] = defaultdict(deque)

    def add(self, recipient: Recipient, at: datetime) -> None:
        self._instants[recipient].append(at)

    def since(self, recipients: Iterable[Recipient], now: datetime) -> dict[Recipient, deque[datetime]]:
        return {each: self._since(each, now) for each in recipients}

    def _since(self, recipient: Recipient, now: datetime) -> deque[datetime]:
        used = self._instants[recipient]
        while used and used[0] <= now - WEEK:
            used.popleft()
        return used
