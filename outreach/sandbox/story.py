"""The course of events: let the engine do what is due, let people react, then move the clock to what comes next."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import count

from outreach.sandbox import acts
from outreach.sandbox.acts import Act, Happening, World
from outreach.sandbox.arrivals import Arrivals
from outreach.sandbox.cast import Person
from outreach.sandbox.next_due import next_due
from outreach.sandbox.story_clock import StoryClock
from outreach.sandbox.telling import Teller
from outreach.scheduler import Scheduler
from outreach.services.people.tasks import list_tasks

_MOST_ROUNDS = 500  # at one instant
_MOST_JUMPS = 5_000
_UNTIL_SOMEBODY_DOES_IT = timedelta(hours=20)


class Story:
    """One run, from the enrolling to the instant at which nothing is left to be done."""

    def __init__(
        self,
        world: World,
        arrivals: Arrivals,
        *,
        clock: StoryClock,
        scheduler: Scheduler,
        cast: Mapping[str, Person],
        teller: Teller,
    ) -> None:
        self.jumps = 0
        self._world = world
        self._clock = clock
        self._scheduler = scheduler
        self._cast = cast
        self._teller = teller
        self._arrivals = arrivals
        self._diary: list[tuple[datetime, int, Happening, Act]] = []
        self._numbers = count()
        self._counted: Counter[tuple[str, str]] = Counter()
        self._seen_tasks: set[str] = set()

    def play(self, *, until: datetime) -> bool:
        """True when nothing is left to be done; False when `until` came first."""
        while self.jumps < _MOST_JUMPS:
            self._settle()
            at = self._next_instant()
            if at is None or at > until:
                return at is None
            self._clock.move_to(at)
            self.jumps += 1
        return False

    def _settle(self) -> None:
        """Until queue and wire are idle and nobody has anything to do at this instant."""
        bell = self._world.app.doorbell
        for _ in range(_MOST_ROUNDS):
            bell.wait_until_quiet()
            moved = self._scheduler.tick()
            bell.wait_until_quiet()
            if not self._notice() + self._act() + moved:
                return
        self._world.surprises.append(f"it does not come to rest at {self._clock.now():%Y-%m-%d %H:%M}")

    def _next_instant(self) -> datetime | None:
        engine_at = next_due(self._world.app.engine)
        people_at = self._diary[0][0] if self._diary else None
        return min((at for at in (engine_at, people_at) if at), default=None)

    def _notice(self) -> int:
        """Tell what happened, and write into the diary what people are going to do about it; how much it was."""
        happened = sorted((*self._arrivals.taken(), *self._new_tasks()), key=lambda each: (each.what, each.email))
        for each in happened:
            self._one(each)
        return len(happened)

    def _new_tasks(self) -> list[Happening]:
        fresh = [task for task in list_tasks(self._world.app.engine) if task.id not in self._seen_tasks]
        self._seen_tasks.update(task.id for task in fresh)
        now = self._clock.now()
        return [
            Happening(what=f"task {task.kind}", email=_address(task.lead), at=now, task_id=task.id) for task in fresh
        ]

    def _one(self, happening: Happening) -> None:
        self._counted[happening.email, happening.what] += 1
        number = self._counted[happening.email, happening.what]
        self._teller.happened(happening, number)
        if happening.mail is not None:
            self._world.last_mail[happening.email] = happening.mail
        named = {happening.what, f"{happening.what} {number}"}
        person = self._cast.get(happening.email)
        mine = [when for when in person.does if when.what in named] if person else []
        for when in mine:
            self._plan(happening.at + when.after, happening, when.act)
        for after, act in _as_always(happening, [when.act for when in mine]):
            self._plan(happening.at + after, happening, act)

    def _plan(self, at: datetime, happening: Happening, act: Act) -> None:
        heapq.heappush(self._diary, (at, next(self._numbers), happening, act))

    def _act(self) -> int:
        """Everybody whose time has come does what they are to do; how many."""
        number = 0
        while self._diary and self._diary[0][0] <= self._clock.now():
            _, _, happening, act = heapq.heappop(self._diary)
            self._teller.did(self._clock.now(), happening.email, act(self._world, happening))
            number += 1
        return number


def _as_always(happening: Happening, own: list[Callable[..., str]]) -> list[tuple[timedelta, Act]]:
    """What happens without anybody's will: delivery reports, copies of our messages, colleagues who do their tasks."""
    if happening.what == "mail" and not {acts.hard_bounce, acts.soft_bounce} & set(own):
        return [(timedelta(0), acts.is_delivered)]
    if happening.what == "message":
        return [(timedelta(0), acts.our_copy_comes_back)]
    if happening.what == "task linkedin":
        return [(_UNTIL_SOMEBODY_DOES_IT, acts.task_is_done("written by hand"))]
    return []


def _address(lead: str) -> str:
    """`Ayşe Çelik <ayse@…>` as tasks show it."""
    return lead.partition("<")[2].rstrip(">") or lead
