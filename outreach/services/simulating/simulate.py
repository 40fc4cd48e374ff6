"""A whole list through a sequence with a made-up clock: the decisions of the engine, without database and network.

Who may enter is asked as `enroll` asks (`entrance.py`), where people go next as `advance` and `outcomes` do
(`planner.next_move`), what a sender may do as `claim` does (`quota.allowance`), windows and holidays as everywhere
(`window.next_open`), and what stands in the way as `standings` does (`rules.first_block`). Made up are only the clock
and what people do in answer (`domain/simulation.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from outreach.domain.enrollment import EnrollmentState, FinishReason
from outreach.domain.event import EventKind
from outreach.domain.planner import Finish, Had, LookAgain, Move, PlanTouch, next_move
from outreach.domain.quota import Allowance
from outreach.domain.recipients import NO_CAPS
from outreach.domain.rules import Standing, first_block
from outreach.domain.sender import Sender
from outreach.domain.sequence import TouchStep, Trigger
from outreach.domain.shares import is_held_out
from outreach.domain.simulation import Reaction
from outreach.domain.touch import TouchState
from outreach.services.sending.facts import zone_of
from outreach.services.sequences.entrance import Room, refusal, sender_for, zone_for
from outreach.services.simulating.simulate_course import Course
from outreach.services.simulating.simulate_facts import facts_of, full_facts_of
from outreach.services.simulating.simulate_people import End, Known, Person, address_rows, lead_row
from outreach.services.simulating.simulate_queue import Queue, Touch, Windows
from outreach.services.simulating.simulate_record import Counts, Record
from outreach.services.simulating.simulate_stored import Past
from outreach.services.simulating.simulate_team import Team
from outreach.services.simulating.simulate_turns import RecipientsUsed
from outreach.services.simulating.simulate_writes import move_stage, write
from outreach.store.paths import EVENT_NAMES

_REACT, _LOOK, _SERVE = range(3)
"""What comes first at one instant: news, then plans, then claims."""

_MOST_ROUNDS = 1_000
_CHUNK = 1_000
_BATCH = 200
"""So many are claimed at once."""
_NOTHING: dict[str, Had] = {}
"""In place of what people had, once nobody will ask any more."""

_ENDS: Mapping[EventKind, tuple[Trigger, FinishReason]] = {
    EventKind.REPLIED: (Trigger.REPLY, FinishReason.REPLIED),
    EventKind.BOUNCED: (Trigger.BOUNCE, FinishReason.BOUNCED),
    EventKind.UNSUBSCRIBED: (Trigger.UNSUBSCRIBE, FinishReason.UNSUBSCRIBED),
    EventKind.BOOKED: (Trigger.MEETING, FinishReason.BOOKED),
}


@dataclass(frozen=True, slots=True)
class Half:
    """What one of two processes found out: how its people ended, and what it counted."""

    ends: list[End]
    counts: Counts


class Simulation:
    """Put people in with `enter`, script reactions with `react_at` where chance is not to decide, then `run`."""

    def __init__(self, team: Team, courses: Mapping[str, Course], start: datetime) -> None:
        self.start = self.now = start
        self.record = Record()
        self._team = team
        self.courses = courses
        self._queues: dict[tuple[str, str], Queue] = {}
        self._rooms = {name: Room(course.entrance, {}) for name, course in courses.items()}
        self._colleagues: dict[str, list[Person]] = {}
        self._events: list[tuple[datetime, int, int, Any, Any]] = []
        self._numbers = count()
        self._half: frozenset[int] = frozenset()
        self._last_had = Had(TouchState.SENT, start)
        self._recipients = RecipientsUsed(team.recipients, team.capped)
        self._waiting: set[Queue] = set()  # turns of theirs are kept for somebody whose window opens later

    @property
    def is_shared(self) -> bool:
        """Does what one sender may do hang on what another one did?"""
        return self._team.recipients != NO_CAPS

    def remember(self, past: Past, sequence: str) -> None:
        """What the database tells of the time before the start."""
        self._rooms[sequence] = Room(self.courses[sequence].entrance, past.inside)
        for name, action in past.first:
            used = list(past.used.get((name, action), ()))
            queue = self.queue(self._team.sender(name), action)
            queue.remember(used, past.first[name, action], self.start)
            if queue.turns is not None:
                queue.turns.remember(past.recent.get((name, action), ()))
        self._recipients.remember(past.recipients)

    def enter(
        self, people: Iterable[Known], sequence: str, *, on_progress: Callable[[int], None] = lambda _: None
    ) -> None:
        """Enroll everybody who may enter, at the start."""
        course = self.courses[sequence]
        for done, known in enumerate(people, 1):
            self._enter(known, course, self.start)
            if done % _CHUNK == 0:
                on_progress(_CHUNK)

    def _enter(self, known: Known, course: Course, now: datetime, *, sender: Sender | None = None) -> None:
        """As `enroll`; `sender` is who writes to the lead already."""
        row, addresses = lead_row(known), address_rows(known)
        reason = known.refused or refusal(course.entrance, row, addresses, now)
        if reason is None and is_held_out(course.sequence.name, known.lead_id, course.sequence.holdout):
            self.record.held_out += 1
            return
        reason = reason or self._rooms[course.sequence.name].refusal(known.company_id)
        if reason:
            self.record.refuse(reason, known)
            return
        zone, how = zone_for(course.entrance, row, addresses)
        if sender is None or sender.name not in course.sequence.senders:
            sender = sender_for(course.entrance, row, addresses)
        person = Person(known, len(self.record.people), course, sender, now)
        person.live_in(zone)
        self.record.enroll(person, how)
        if known.company_id and Trigger.COMPANY_REPLY in course.sequence.stop_on:
            self._colleagues.setdefault(known.company_id, []).append(person)
        self._look(person, now)

    def resume(self, person: Person) -> None:
        """Somebody who is inside already, wherever they stand: looked at at the start."""
        person.has_past = True
        self.record.enroll(person, "enrolled")
        self._look(person, self.start)

    def keep_only(self, people: Collection[int]) -> None:
        """Leave everybody else, by their numbers, to another process. Before `run`, when nothing has happened."""
        self._events = [event for event in self._events if event[3].number in people]
        heapify(self._events)
        self._half = frozenset(people)

    def outcome(self) -> Half:
        """What this process found out about its people."""
        people = (person for person in self.record.people if person.number in self._half)
        return Half([person.end for person in people], self.record.counts())

    def absorb(self, half: Half) -> None:
        """What another process found out about its own."""
        for end in half.ends:
            self.record.people[end[0]].end = end
        self.record.add(half.counts)

    def queue(self, sender: Sender, action: str) -> Queue:
        """What that sender has to do of that action."""
        key = (sender.name, action)
        if key not in self._queues:
            queue = self._queues[key] = Queue(sender, action, self._team.turn(sender, action))
            queue.is_capped = self._recipients.counts(queue)
        return self._queues[key]

    def zone_of(self, sender: str) -> str:
        """The zone of a sender."""
        return self._team.sender(sender).zone

    def react_at(self, person: Person, reaction: Reaction, step_id: str = "") -> None:
        """What a person does at a given time."""
        heappush(self._events, (reaction.at, _REACT, next(self._numbers), person, (reaction, step_id)))

    def run(self, until: datetime, *, on_day: Callable[[datetime], None] = lambda _: None) -> None:
        """Let time pass until nothing is left to do, or until then."""
        events = self._events
        day = self.start.date()
        while events and events[0][0] <= until:
            at, rank, _, who, what = heappop(events)
            self.now = at
            if at.date() != day:
                day = at.date()
                on_day(at)
            if rank >= _SERVE:
                self._serve(who, at)
            elif rank == _LOOK:
                self._advance(who, at)
            else:
                self._react(who, at, *what)

    # Where people go.

    def _look(self, person: Person, at: datetime) -> None:
        person.look_at = at
        heappush(self._events, (at, _LOOK, next(self._numbers), person, None))

    def _advance(self, person: Person, now: datetime) -> None:
        """As `advance`: everything that is known may be asked for."""
        if person.look_at != now or person.reason:
            return
        person.look_at = None
        move = next_move(facts_of(person, person.happened), now)
        for _ in range(_MOST_ROUNDS):
            self._go(person, move, now)
            if person.look_at != now:
                return
            person.look_at = None
            move = next_move(full_facts_of(person, now), now)
        raise RuntimeError(f"sequence {person.course.sequence.name} does not come to rest for {person.known.name}")

    def _go(self, person: Person, move: Move, now: datetime) -> None:
        write(person, move.writes, now)
        person.cursor, person.cursor_at = move.cursor, move.cursor_at
        match move.outcome:
            case PlanTouch():
                self._plan(person, move.outcome, now)
            case LookAgain(at=at, settled_until=settled_until) if at > now:
                self._look(person, settled_until or at)
            case LookAgain():
                person.look_at = now
            case Finish():
                self._end(person, move.outcome, now)

    def _plan(self, person: Person, plan: PlanTouch, now: datetime) -> None:
        sender = self._team.sender(plan.step.sender) if plan.step.sender else person.sender
        queue = self.queue(sender, plan.step.action)
        person.is_open = True
        number, windows = next(self._numbers), self._windows(person, sender)
        touch = Touch(person, plan.step, plan.variant, plan.is_first, plan.due_at, number, plan.wanted_at, windows)
        queue.add(touch, now)
        self._wake(queue, plan.due_at, now)

    def _windows(self, person: Person, sender: Sender) -> Windows:
        """The windows a touch waits for: those of the sender who sends it, where the schedule is the sender's."""
        if sender is person.sender:
            return person.windows
        zone = zone_of(person.course.sequence.schedule, {"enrollments_zone": person.zone_name}, sender)
        return person.course.windows_in(zone, person.is_holiday)

    def _end(self, person: Person, finish: Finish, now: datetime) -> None:
        mapped = person.course.sequence.stages.get(Trigger.NO_REPLY)
        if finish.reason is FinishReason.COMPLETED and mapped:
            move_stage(person, mapped, now)
        self._finish(person, finish.reason, now)
        following = self.courses.get(finish.enroll or "")
        if following:
            self._enter(_as_of(person), following, now, sender=person.sender)

    def _finish(self, person: Person, reason: FinishReason, now: datetime) -> None:
        if person.reason is None:
            person.reason, person.finished_at, person.is_open = reason, now, False
            person.had = _NOTHING
            self.record.finish(reason)
            self._rooms[person.course.sequence.name].leave(person.known.company_id)
            for queue in self._waiting:
                self._wake(queue, now, now)

    # What senders do.

    def _wake(self, queue: Queue, at: datetime, now: datetime) -> None:
        at = max(at, queue.held_until or at, now)
        if queue.wake_at is None or at < queue.wake_at:
            queue.wake_at = at
            heappush(self._events, (at, _SERVE + queue.number, next(self._numbers), queue, at))

    def _serve(self, queue: Queue, now: datetime) -> None:
        if queue.wake_at != now:
            return None
        queue.wake_at = None
        while (due_at := queue.next_at(now)) is not None:
            if due_at > now:
                return self._wake(queue, due_at, now)
            allowed = queue.allowed(now)
            if allowed.count == 0:
                queue.hold(allowed, now)
                return self._wake(queue, allowed.wait_until or now, now)
            if not self._take(queue, allowed, now):
                return None
        return None

    def _take(self, queue: Queue, allowed: Allowance, now: datetime) -> bool:
        """Carry out what a claim would take; False: everybody waits for others, whose turn it is later today."""
        most = len(queue) if allowed.count is None else allowed.count
        chosen, look_at = queue.choose(allowed, now, most=min(most, _BATCH))
        self._waiting.discard(queue)
        if not chosen and look_at:
            self._waiting.add(queue)
            self._wake(queue, look_at, now)
            return False
        if not queue.is_capped:
            for touch in chosen:
                self._carry_out(queue, touch, now)
            return True
        for touch, put_off in self._recipients.divide(queue, chosen, now):
            if put_off is None:
                self._carry_out(queue, touch, now)
            elif not touch.person.reason:
                self._put_off(queue, touch, put_off.until, now)
        return True

    def _carry_out(self, queue: Queue, touch: Touch, now: datetime) -> None:
        person = touch.person
        if person.reason:
            return
        step = touch.step
        if self._is_blocked(queue, touch, now):
            return
        queue.use(now)
        if queue.turns is not None:
            queue.turns.use(touch)
        if queue.is_capped:
            self._recipients.use(queue, touch, now)
        person.begun_at = person.begun_at or now
        self.record.send(touch, queue, now)
        if touch.is_first:
            move_stage(person, person.course.sequence.stages.get(Trigger.FIRST_TOUCH), now)
        self._draw(person, step, now)
        self._go_on(person, step, TouchState.SENT, now)

    def _draw(self, person: Person, step: TouchStep, now: datetime) -> None:
        """What the lead will do about it."""
        drawn, lead_id = person.course.chances, person.known.lead_id
        if step.action == "email" and not person.is_mailed:
            person.is_mailed = True
            bounce = drawn.bounce(lead_id, now)
            if bounce:
                return self.react_at(person, bounce)
        for reaction in drawn.after(lead_id, step, now):
            self.react_at(person, reaction, step.id)
        return None

    def _go_on(self, person: Person, step: TouchStep, state: TouchState, now: datetime) -> None:
        """As `outcomes`: what needs to know what happened is left to `_advance`, at the same instant."""
        person.is_open = False
        person.had[step.id] = self._had(state, now)
        self._go(person, self._next(person, step, state, now), now)
        if person.look_at == now and person.reason is None:
            self._look(person, now)

    def _had(self, state: TouchState, now: datetime) -> Had:
        """The same object for everybody."""
        if self._last_had.finished_at != now or self._last_had.state is not state:
            self._last_had = Had(state, now)
        return self._last_had

    def _next(self, person: Person, step: TouchStep, state: TouchState, now: datetime) -> Move:
        """Asked once for all who stand at the same place in the same windows."""
        course = person.course
        if step.id not in course.same_for_all or person.has_past:
            return next_move(facts_of(person, None), now)
        known, key = course.moves.at(now), (step.id, state, person.windows)
        if key not in known:
            known[key] = next_move(facts_of(person, None), now)
        return known[key]

    def _is_blocked(self, queue: Queue, touch: Touch, now: datetime) -> bool:
        person = touch.person
        recipient = person.recipient(queue.address_kind) or ("a person" if queue.is_by_hand else None)
        if recipient and not person.suppression and not person.snoozed_until:
            return False
        block = first_block(
            Standing(
                state=EnrollmentState.ACTIVE,
                suppression=person.suppression,
                snoozed_until=person.snoozed_until,
                recipient=recipient,
            ),
            now,
        )
        if block is None:
            return False
        if block.is_final:
            self._go_on(person, touch.step, TouchState.SKIPPED, now)
        elif block.until:
            self._put_off(queue, touch, block.until, now)
        self.record.block(block.because, is_for_good=not block.is_final and block.until is None)
        return True

    def _put_off(self, queue: Queue, touch: Touch, until: datetime, now: datetime) -> None:
        later = replace(touch, due_at=touch.windows.after(until).opens_at, is_gone=False)
        queue.add(later, now)
        self._wake(queue, later.due_at, now)

    # What people do.

    def _react(self, person: Person, now: datetime, reaction: Reaction, step_id: str) -> None:
        kind = reaction.kind
        is_first = not (person.events or {}).get(kind)
        self.record.react(kind, is_first=is_first)
        person.count(kind)
        if kind in EVENT_NAMES:
            person.note(EVENT_NAMES[kind], now)
        if kind is EventKind.COMPLETED:
            person.note("task.done", now)
            person.note(f"task.done:{step_id}", now)
        if kind in (EventKind.BOUNCED, EventKind.UNSUBSCRIBED):
            person.suppression = person.suppression or str(kind)
        if kind is EventKind.AUTORESPONDED:
            _snooze(person, reaction)
        elif kind in _ENDS:
            self._stop(person, kind, now)
        elif person.reason is None and not person.is_open:
            self._look(person, now)

    def _stop(self, person: Person, kind: EventKind, now: datetime) -> None:
        trigger, reason = _ENDS[kind]
        sequence = person.course.sequence
        if person.reason is None and trigger in sequence.stop_on:
            fallback = "responded" if trigger is Trigger.REPLY else ""
            move_stage(person, sequence.stages.get(trigger) or fallback, now)
            self._finish(person, reason, now)
        if trigger is Trigger.REPLY:
            for colleague in self._colleagues.get(person.known.company_id or "", ()):
                if colleague is not person:
                    self._finish(colleague, FinishReason.COMPANY_REPLIED, now)


def _snooze(person: Person, reaction: Reaction) -> None:
    """Until the day named begins where the lead lives; never shortened."""
    assert reaction.until is not None
    until = datetime.combine(reaction.until, time(0), ZoneInfo(person.zone_name))
    person.snoozed_until = max(until, person.snoozed_until or until)


def _as_of(person: Person) -> Known:
    """The lead as the finished sequence leaves them."""
    return replace(person.known, stage=person.stage, enrollment_id="")
