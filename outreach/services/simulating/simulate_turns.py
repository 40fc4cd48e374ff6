"""Turns and caps of recipients in a simulation: the functions that claims ask, over touches in memory."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush, merge
from typing import TYPE_CHECKING

from outreach.domain.quota import Allowance, mean_gap
from outreach.domain.recipients import WEEK, Ledger, Ledgers, PutOff, Recipient, RecipientCaps, Whom, kinds_of
from outreach.domain.sender import Sender
from outreach.domain.turns import MOST_KEPT, RECENT, Lane, Waiting, choose
from outreach.services.sending.claim_turns import is_counted, recipients_of

if TYPE_CHECKING:
    from outreach.services.simulating.simulate_queue import Queue, Touch, Windows

_INSTANT = timedelta(microseconds=1)
_LONG_AGO, _FAR = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_FEW = 16
"""So many are put in order one by one; more at once."""


class Turns:
    """The lanes of one sender and action."""

    def __init__(self, sender: Sender, action: str) -> None:
        self._shares = sender.shares
        self._gap = mean_gap(sender.limits_for(action))
        self._lanes: dict[tuple[str, bool], _Line] = {}
        self._recent: deque[Lane] = deque(maxlen=RECENT)
        self._size = 0

    def remember(self, recent: Sequence[Lane]) -> None:
        """The last turns before the simulation begins, newest first."""
        self._recent.extend(recent)

    def use(self, touch: Touch) -> None:
        """A touch had its turn."""
        self._recent.appendleft(self._line(touch).lane)

    def add(self, touch: Touch) -> None:
        self._line(touch).add(touch)
        self._size += 1

    def remove(self, touch: Touch) -> None:
        self._line(touch).remove(touch)
        self._size -= 1

    def __len__(self) -> int:
        return self._size

    def _line(self, touch: Touch) -> _Line:
        key = (touch.person.course.sequence.name, touch.is_first)
        line = self._lanes.get(key)
        if line is None:
            line = self._lanes[key] = _Line(Lane(*key))
        return line

    def choose(
        self, allowed: Allowance, now: datetime, midnight: datetime, *, most: int
    ) -> tuple[list[Touch], int, datetime | None]:
        """Those whose turn it is, taken out; how many more may go; and when the answer may be another one."""
        is_kept = allowed.left is not None and allowed.left <= MOST_KEPT
        before = midnight if is_kept else now + _INSTANT
        looked_at = max(most, allowed.left or 0) if is_kept else most
        heads = [head for line in self._lanes.values() for head in line.heads(now, before, most=looked_at)]
        choice = choose(
            [waiting for waiting, _ in heads],
            self._recent,
            most=most,
            left=allowed.left,
            now=now,
            gap=self._gap,
            shares=self._shares,
        )
        touches = {waiting.key: touch for waiting, touch in heads}
        chosen = [touches[each.key] for each in choice.now]
        for touch in chosen:
            self.remove(touch)
            touch.is_gone = True
        return chosen, choice.room, choice.look_at


_Entry = tuple[int, float, int, "Touch"]
"""Score, wish and number of a touch, so that what goes first is the greatest: at the end of a sorted list."""


class _Line:
    """One lane. Touches whose time has come stand in order, by window; the others wait by their time."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self._early: list[tuple[datetime, int, Touch]] = []
        self._ripe: dict[Windows, list[_Entry]] = {}
        self._open: list[list[_Entry]] = []  # those of the windows that are open
        self._open_until = _LONG_AGO

    def add(self, touch: Touch) -> None:
        heappush(self._early, (touch.due_at, touch.number, touch))

    def remove(self, touch: Touch) -> None:
        """It has had its turn."""
        entries, entry = self._ripe[touch.windows], _entry(touch)
        place = bisect_left(entries, entry)
        if place < len(entries) and entries[place][3] is touch:
            del entries[place]

    def heads(self, now: datetime, before: datetime, *, most: int) -> Iterable[tuple[Waiting, Touch]]:
        """The first that may go before that instant, now or when their window opens."""
        self._ripen(before)
        if most > 1 or before - now > _INSTANT:
            return self._merged(now, before, most)
        touch = self._first(now)
        if touch is not None and touch.due_at > now:  # it came in sight when turns were kept for later
            return self._merged(now, before, most)
        return [] if touch is None else [(_waiting(self.lane, touch, now), touch)]

    def _first(self, now: datetime) -> Touch | None:
        """The first of the open windows."""
        if now >= self._open_until:
            self._look_at_windows(now)
        best: _Entry | None = None
        for entries in self._open:
            while entries and entries[-1][3].person.reason:
                entries.pop()[3].is_gone = True  # nobody waits for it any more
            if entries and (best is None or entries[-1] > best):
                best = entries[-1]
        return best[3] if best else None

    def _look_at_windows(self, now: datetime) -> None:
        openings = [(windows.at(now), entries) for windows, entries in self._ripe.items()]
        self._open = [entries for opening, entries in openings if opening.opens_at <= now]
        changes = [at for opening, _ in openings for at in (opening.opens_at, opening.closes_at) if at and at > now]
        self._open_until = min(changes, default=_FAR)

    def _merged(self, now: datetime, before: datetime, most: int) -> Iterator[tuple[Waiting, Touch]]:
        lists = [entries for windows, entries in self._ripe.items() if windows.at(now).opens_at < before]
        over: list[Touch] = []
        found = 0
        for *_, touch in merge(*map(reversed, lists), reverse=True):
            if found == most:
                break
            if touch.person.reason:
                over.append(touch)
            elif touch.due_at < before:
                found += 1
                yield _waiting(self.lane, touch, now), touch
        for touch in over:
            touch.is_gone = True
            self.remove(touch)

    def _ripen(self, before: datetime) -> None:
        """Put those whose time comes before that instant in their order."""
        early = self._early
        fresh: dict[Windows, list[_Entry]] = {}
        while early and early[0][0] < before:
            touch = heappop(early)[2]
            if touch.person.reason:
                touch.is_gone = True
            elif not touch.is_gone:
                fresh.setdefault(touch.windows, []).append(_entry(touch))
        for windows, entries in fresh.items():
            if windows not in self._ripe:
                self._ripe[windows], self._open_until = [], _LONG_AGO
            ripe = self._ripe[windows]
            if len(entries) > _FEW:
                ripe.extend(entries)
                ripe.sort()
                continue
            for entry in entries:
                insort(ripe, entry)


def _entry(touch: Touch) -> _Entry:
    return (touch.person.known.draft.score, -touch.wanted_at.timestamp(), -touch.number, touch)


def _waiting(lane: Lane, touch: Touch, now: datetime) -> Waiting:
    """As its row would stand: in its next window."""
    opening = touch.windows.at(now)
    due_at = max(touch.due_at, opening.opens_at)
    if opening.closes_at is not None and due_at >= opening.closes_at:
        opening = touch.windows.after(due_at)
    score = touch.person.known.draft.score
    return Waiting(f"{touch.number:012d}", lane, score, touch.wanted_at, due_at, opening.closes_at)


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
        known = touch.person.known
        address = touch.person.recipient(queue.address_kind) if queue.action == "email" else None
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
