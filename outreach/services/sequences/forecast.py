"""When the people inside a sequence will be through it, if nobody answers: by simulation, from where they stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, RowMapping

from outreach.content.revision import Revision
from outreach.domain.action import TOUCH_ACTIONS
from outreach.domain.enrollment import EnrollmentState
from outreach.domain.relocation import NeedsTarget
from outreach.domain.simulation import Rates
from outreach.domain.touch import TouchState
from outreach.services.sending.engine import Engine
from outreach.services.sequences.relocate import Crossing, Fate, since
from outreach.services.simulating.simulate import Simulation
from outreach.services.simulating.simulate_course import Course, course_of
from outreach.services.simulating.simulate_people import Person
from outreach.services.simulating.simulate_stored import known_of, past_of
from outreach.services.simulating.simulate_team import Team
from outreach.store import enrollments, paths
from outreach.store.stops import addresses_of

MOST = 20_000
"""People; a longer list is for `outreach simulate`."""

_LONGEST = timedelta(days=365)
_CHUNK = 1_000
_NOBODY_ANSWERS = Rates()


@dataclass(frozen=True, slots=True)
class Forecast:
    """The last day on which somebody who is inside now finishes, under each rule. None: it cannot be told."""

    new: date | None = None
    move: date | None = None


def forecast(engine: Engine, crossing: Crossing, fates: Sequence[Fate]) -> Forecast:
    """For those who are on earlier revisions; paused people are left out, because nobody knows for how long."""
    going = [fate for fate in fates if fate.row["state"] == EnrollmentState.ACTIVE]
    if not going or len(going) > MOST:
        return Forecast()
    may_move = not any(isinstance(fate.place, NeedsTarget) for fate in going)
    return Forecast(
        new=_last_day(engine, crossing, going, is_moving=False),
        move=_last_day(engine, crossing, going, is_moving=True) if may_move else None,
    )


def _team(engine: Engine) -> Team:
    return Team(senders=engine.senders, actions=TOUCH_ACTIONS, recipients=engine.policy.recipients)


def _last_day(engine: Engine, crossing: Crossing, fates: Sequence[Fate], *, is_moving: bool) -> date | None:
    now = engine.clock.now()
    with engine.store.read() as connection:
        courses = _Courses(engine, crossing, connection, is_moving=is_moving)
        newest = courses.of(crossing.new)
        simulation = Simulation(_team(engine), {crossing.sequence: newest}, now)
        people = list(_people(connection, engine, fates, courses, now))
    simulation.remember(past_of(engine.store, newest.entrance, now, _team(engine).capped), crossing.sequence)
    for person in people:
        simulation.resume(person)
    simulation.run(now + _LONGEST)
    ends = [person.finished_at for person in people]
    known = [at for at in ends if at is not None]
    return max(known).date() if known and len(known) == len(ends) else None


class _Courses:
    """The revision each of them goes on in, looked up once."""

    def __init__(self, engine: Engine, crossing: Crossing, connection: Connection, *, is_moving: bool) -> None:
        self.is_moving = is_moving
        self._engine = engine
        self._crossing = crossing
        self._connection = connection
        self._known: dict[int, Course] = {}

    def of(self, revision: Revision) -> Course:
        if id(revision) not in self._known:
            self._known[id(revision)] = course_of(revision, self._engine.sender, rates=_NOBODY_ANSWERS, seed=1)
        return self._known[id(revision)]

    def for_fate(self, fate: Fate) -> Course:
        if self.is_moving:
            return self.of(self._crossing.new)
        return self.of(self._engine.revisions.get(self._connection, fate.row["revision_id"]))


def _people(
    connection: Connection, engine: Engine, fates: Sequence[Fate], courses: _Courses, now: datetime
) -> Iterator[Person]:
    number = 0
    for start in range(0, len(fates), _CHUNK):
        some = {fate.row["id"]: fate for fate in fates[start : start + _CHUNK]}
        rows = enrollments.load(connection, some)
        addresses = addresses_of(connection, [row["enrollments_lead_id"] for row in rows])
        touches = paths.touches_of(connection, some)
        happened = paths.happened(connection, some)
        for row in rows:
            fate = some[row["enrollments_id"]]
            known = known_of(row, addresses.get(row["enrollments_lead_id"], []))
            sender = engine.sender(row["enrollments_sender"])
            person = Person(known, number, courses.for_fate(fate), sender, now)
            person.live_in(row["enrollments_zone"])
            person.snoozed_until = row["enrollments_snoozed_until"]
            person.had = paths.had(_had(touches.get(row["enrollments_id"], [])))
            person.happened = dict(happened.get(row["enrollments_id"], {}))
            _stand(person, fate, is_moving=courses.is_moving)
            number += 1
            yield person


def _had(rows: Iterable[RowMapping]) -> list[RowMapping]:
    """What is under way is as good as sent; what is planned is planned again."""
    return [row for row in rows if row["state"] in (TouchState.SENT, TouchState.FAILED, TouchState.SKIPPED)]


def _stand(person: Person, fate: Fate, *, is_moving: bool) -> None:
    """A planned touch is waited for from its due time on: planning it again then gives the same."""
    place = fate.place
    if is_moving and not isinstance(place, NeedsTarget):
        person.cursor, person.cursor_at = place.cursor, since(fate)
    else:
        person.cursor, person.cursor_at = fate.row["cursor"], fate.row["cursor_at"]
    planned = fate.planned
    if planned is not None and planned["step"] == person.cursor and planned["due_at"] is not None:
        person.cursor_at = planned["due_at"]
