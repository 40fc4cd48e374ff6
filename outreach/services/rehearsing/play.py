"""One lead on its way through a sequence: the clock jumps from one due instant to the next until nothing is to come."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import RowMapping, select

from outreach.clock import MovableClock
from outreach.content.revision import Revision
from outreach.content.sequence_tests import Case, Happening
from outreach.domain import window
from outreach.domain.enrollment import EnrollmentState, FinishReason
from outreach.domain.sequence import RelativeTo, TouchStep, WaitStep
from outreach.domain.touch import TouchState
from outreach.services.rehearsing.rehearsed_news import bring
from outreach.services.sending import recover
from outreach.services.sending.advance import advance
from outreach.services.sending.claim import allowed_now, claim_due
from outreach.services.sending.engine import Engine
from outreach.services.sending.messages import template_of
from outreach.store import lead_rows
from outreach.store.tables import enrollments, touches

_MOST_ROUNDS = 100  # at one instant
_MOST_JUMPS = 2_000
_MOST_IDLE_JUMPS = 10
"""Who waits for a person is looked at daily; after so many looks in vain nothing else will happen by itself."""
_MOST_IDLE_DAYS = 800
"""Who waits until a date of the lead is looked at daily too, since the date may change, and goes on when it comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """One touch that went out, or one that was blocked and never did. `at` is in UTC."""

    at: datetime
    step: str | None
    action: str | None
    templates: tuple[str, ...]  # the step's own and the one that was used; of a task its kind
    variant: str | None = None
    sender: str | None = None
    subject: str = ""
    blocked: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How things stand at the end. `reason` None: still active, or never enrolled."""

    at: datetime
    reason: FinishReason | None
    detail: str
    stage: str
    status: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What came of a case. `troubles`: line of the file → what could not happen."""

    zone: str
    touches: tuple[Came, ...]
    end: Ended
    troubles: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _Seen:
    """The enrollment as it stands, and its touches. What other sequences do with the lead later is theirs to test."""

    enrollment: RowMapping
    touches: Sequence[RowMapping]

    @property
    def is_finished(self) -> bool:
        return bool(self.enrollment["state"] == EnrollmentState.FINISHED)

    @property
    def mark(self) -> tuple[object, ...]:
        """Changes whenever anything moved."""
        standing = tuple(self.enrollment[name] for name in ("cursor", "cursor_at", "state", "snoozed_until"))
        return (*standing, *((touch["id"], touch["state"], touch["due_at"], touch["block"]) for touch in self.touches))


class Play:
    """One run, from the enrolling to the instant at which nothing is to come any more, or the case says stop."""

    def __init__(
        self,
        engine: Engine,
        clock: MovableClock,
        case: Case,
        lead_id: str,
        *,
        zone: ZoneInfo,
        carry_out: Callable[[str], None],
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._case = case
        self._lead_id = lead_id
        self._zone = zone
        self._carry_out = carry_out
        self._blocked_at: dict[str, datetime] = {}
        self._troubles: list[tuple[int, str]] = []

    def run(self) -> Played:
        diary = sorted(enumerate(self._case.happens), key=lambda entry: (self._at(entry[1]), entry[0]))
        seen, idle = self._settle(), 0
        for _ in range(_MOST_JUMPS):
            next_at = self._next(seen, diary)
            if next_at is None or idle > self._patience(seen) or self._is_enough(seen, diary, next_at):
                break
            self._clock.move_to(next_at)
            while diary and self._at(diary[0][1]) <= self._clock.now():
                self._happen(*diary.pop(0))
                idle = 0
            before, seen = seen.mark, self._settle()
            idle = 0 if before != seen.mark or diary else idle + 1
        return self._played(seen)

    def _patience(self, seen: _Seen) -> int:
        """After how many looks in vain the case is over."""
        with self._engine.store.read() as connection:
            revision = self._engine.revisions.get(connection, seen.enrollment["revision_id"])
        step = revision.sequence.steps.get(seen.enrollment["cursor"])
        waits_for_a_date = isinstance(step, WaitStep) and isinstance(step.wait, RelativeTo)
        return _MOST_IDLE_DAYS if waits_for_a_date else _MOST_IDLE_JUMPS

    def _at(self, happening: Happening) -> datetime:
        """An instant; days since the start are calendar days of the lead's zone."""
        if happening.after is not None:
            return window.add(happening.after, self._instant(self._case.start), self._zone)
        assert happening.at is not None
        return self._instant(happening.at)

    def _instant(self, wall: datetime) -> datetime:
        return wall.replace(tzinfo=self._zone).astimezone(UTC)

    def _happen(self, number: int, happening: Happening) -> None:
        trouble = bring(self._engine, happening, self._lead_id, number=number)
        if trouble:
            self._troubles.append((happening.place.line, f"{happening.what}: {trouble}"))

    def _settle(self) -> _Seen:
        """Until nothing is left to do at this instant. Each service is called only when there is something for it."""
        for _ in range(_MOST_ROUNDS):
            seen, now = self._look(), self._clock.now()
            planned = [touch for touch in seen.touches if touch["state"] == TouchState.PLANNED]
            if any(touch["closes_at"] and touch["closes_at"] <= now for touch in planned):
                recover.open_windows(self._engine)
            elif _is_due(seen.enrollment, now):
                advance(self._engine)
            elif not self._send({touch["action"] for touch in planned if touch["due_at"] and touch["due_at"] <= now}):
                return seen
        raise RuntimeError(f"{self._case.where} does not come to rest at {self._clock.now():%Y-%m-%d %H:%M}")

    def _send(self, actions: Collection[str]) -> bool:
        """False if nothing may be claimed."""
        claims = claim_due(self._engine, sorted(actions)) if actions else []
        for claim_id in claims:
            self._carry_out(claim_id)
        return bool(claims)

    def _look(self) -> _Seen:
        with self._engine.store.read() as connection:
            entered = select(enrollments).where(enrollments.c.lead_id == self._lead_id).order_by(enrollments.c.id)
            row = connection.execute(entered.limit(1)).mappings().one()
            planned = select(touches).where(touches.c.enrollment_id == row["id"]).order_by(touches.c.id)
            seen = _Seen(row, list(connection.execute(planned).mappings()))
        for touch in seen.touches:
            if touch["block"] or touch["state"] in (TouchState.SKIPPED, TouchState.FAILED):
                self._blocked_at.setdefault(touch["id"], self._clock.now())
        return seen

    def _next(self, seen: _Seen, diary: Sequence[tuple[int, Happening]]) -> datetime | None:
        now = self._clock.now()
        found = [at for at in self._due(seen, now) if at > now]
        if diary:
            found.append(self._at(diary[0][1]))
        return min(found, default=None)

    def _due(self, seen: _Seen, now: datetime) -> Iterator[datetime]:
        if seen.enrollment["state"] == EnrollmentState.ACTIVE and seen.enrollment["due_at"]:
            yield seen.enrollment["due_at"]
        for touch in seen.touches:
            if touch["state"] != TouchState.PLANNED or touch["due_at"] is None:
                continue
            yield touch["due_at"]
            if touch["due_at"] <= now:
                yield from self._held_up(touch, now)

    def _held_up(self, touch: RowMapping, now: datetime) -> Iterator[datetime]:
        """Its time has come, and it did not go: the window closes, a limit frees, or a day off ends."""
        if touch["closes_at"]:
            yield touch["closes_at"]
        sender = self._engine.sender(touch["sender"])
        if sender.is_frozen(now):
            yield window.local_day_bounds(now, ZoneInfo(sender.zone))[1]
        with self._engine.store.read() as connection:
            wait_until = allowed_now(connection, sender, touch["action"], now).wait_until
        if wait_until:
            yield wait_until

    def _is_enough(self, seen: _Seen, diary: Sequence[tuple[int, Happening]], next_at: datetime) -> bool:
        """Where the case says when to stop: at the end's own time, or once everything listed came and it goes on."""
        if diary:
            return False
        end = self._case.end
        if end is None or end.finished is not None:
            return seen.is_finished
        if end.at or end.on:
            return next_at > self._latest(end.at, end.on)
        listed = [self._latest(each.at, each.on) for each in self._case.touches if each.at or each.on]
        came = sum(touch["state"] == TouchState.SENT for touch in seen.touches)
        return came >= len(self._case.touches) and all(next_at > at for at in listed)

    def _latest(self, at: datetime | None, on: Any) -> datetime:
        """The last instant that still is that minute or day."""
        if at is not None:
            return self._instant(at) + timedelta(minutes=1, microseconds=-1)
        return self._instant(datetime.combine(on, time(23, 59))) + timedelta(minutes=1, microseconds=-1)

    def _played(self, seen: _Seen) -> Played:
        with self._engine.store.read() as connection:
            lead = lead_rows.load(connection, [self._lead_id])[0]
            revisions = {
                each["revision_id"]: self._engine.revisions.get(connection, each["revision_id"])
                for each in seen.touches
            }
        last = seen.enrollment
        came = [found for touch in seen.touches if (found := self._came(touch, revisions))]
        end = Ended(
            at=last["finished_at"] or self._clock.now(),
            reason=FinishReason(last["reason"]) if last["reason"] else None,
            detail=last["detail"] or "",
            **of_lead(lead),
        )
        ordered = tuple(sorted(came, key=lambda each: each.at))
        return Played(zone=self._zone.key, touches=ordered, end=end, troubles=tuple(self._troubles))

    def _came(self, touch: RowMapping, revisions: dict[str, Revision]) -> Came | None:
        at, blocked = touch["sent_at"], None
        if touch["state"] != TouchState.SENT:
            blocked = _why_blocked(touch)
            at = self._blocked_at.get(touch["id"])
        if at is None or (touch["state"] != TouchState.SENT and blocked is None):
            return None
        step = revisions[touch["revision_id"]].sequence.touch_step(touch["step"])
        return Came(
            at=at,
            step=touch["step"],
            action=touch["action"],
            templates=_called(step, touch["variant"]),
            variant=touch["variant"],
            sender=touch["sender"],
            subject=touch["subject"] or "",
            blocked=blocked,
        )


def _is_due(enrollment: RowMapping, now: datetime) -> bool:
    due_at = enrollment["due_at"]
    return bool(enrollment["state"] == EnrollmentState.ACTIVE and due_at and due_at <= now)


_ENDINGS = frozenset(FinishReason)


def _why_blocked(touch: RowMapping) -> str | None:
    """Why a touch did not go out; None for one whose time had not come when the sequence ended or the case stopped."""
    if touch["state"] == TouchState.PLANNED:
        return str(touch["block"]) if touch["block"] else None
    reason = touch["reason"] or ""
    return None if touch["state"] == TouchState.SKIPPED and reason in _ENDINGS else reason


def _called(step: TouchStep, variant: str | None) -> tuple[str, ...]:
    if step.task is not None:
        return (step.task.kind,)
    used = template_of(step, variant)
    return tuple(dict.fromkeys(name for name in (step.template, used) if name))


def of_lead(lead: RowMapping) -> dict[str, Any]:
    """The part of an end that stands on the lead (row of `lead_rows.load`)."""
    return {"stage": lead["leads_stage"], "status": lead["leads_status"], "tags": tuple(lead["leads_tags"])}
