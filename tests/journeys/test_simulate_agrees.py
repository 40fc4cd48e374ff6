"""A simulation says what the engine does: both are given the same workspace, people and news, and compared touch by
touch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import select

from outreach.clock import MovableClock
from outreach.domain.event import Clues, Event, EventKind
from outreach.domain.simulation import Chances, Rates, Reaction, chances
from outreach.sandbox.next_due import next_due
from outreach.services.hearing import react
from outreach.services.people import tasks
from outreach.services.sending.days_off import day_off
from outreach.services.simulating.simulate import Simulation
from outreach.services.simulating.simulate_list import Question, begin
from outreach.services.simulating.simulate_people import Known
from outreach.services.simulating.simulate_stored import people_of
from outreach.store.tables import addresses, enrollments, touches
from outreach.store.tables import tasks as task_table
from outreach.testing.field import Field

START = datetime(2026, 3, 23, 6, 30, tzinfo=UTC)  # the EU changes its clocks on the 29th; Easter is on April 5
DAYS = 60

FILES = {
    "config/senders.yaml": """
anna:
  name: Anna Example
  timezone: Europe/Istanbul
  email:
    address: anna@sender.example
    use: memory
    limits: {per_day: 9, gap: 9 minutes, jitter: 5 minutes, ramp: {start: 3, step: 2}}
  linkedin: {use: memory, limits: {invite: {per_day: 5, per_7_days: 8, gap: 10 minutes}, message: {per_day: 4}}}
deniz:
  name: Deniz Example
  timezone: Europe/Berlin
  email: {address: deniz@sender.example, use: memory, limits: {per_day: 6, per_hour: 2}}
  freeze: [2026-03-25, 2026-04-02]
kim:
  name: Kim Example
  timezone: America/New_York
  email: {address: kim@sender.example, use: memory}
""",
    "sequences/long.yaml": """
name: long
pipeline: default
senders: [anna, deniz, kim]
schedule: {timezone: lead, days: mon-fri, hours: "09:00-17:30", holidays: lead}
enter: {when: lead.score >= 5, per_company: 2}
stop_on: [reply, bounce, unsubscribe, complaint, meeting, company_reply]
stages: {first_touch: contacted, reply: responded, no_reply: nurture}
steps:
  - id: intro
    email: intro
    variants: {story: story}
  - wait: 2 business days
    jitter: 3 hours
  - id: connect
    linkedin.invite: note
  - wait_for: linkedin.accepted
    at_most: 5 days
    then:
      - id: thanks
        linkedin.message: note
      - tag: connected
    else:
      - id: bump
        email: bump
        thread: intro
  - wait: 3 days
  - if: "'connected' in lead.tags and events.opened > 0"
    then:
      - id: closer
        email: closer
    else:
      - wait: 26 hours
  - split:
      a: 50
      b: 50
    a:
      - id: last
        email: closer
        sender: kim
    b:
      - wait: until monday 10:15
  - set: {heat: cold}
  - if: lead.heat == 'cold' and lead.stage == 'contacted'
    then:
      - id: call
        task: call
        within: 2 days
        or: skip
  - wait: 1 week
  - id: bye
    email: bump
""",
    "templates/story.md": "---\nsubject: A story\n---\nOnce upon a time at {{ company.name }}.\n",
    "templates/note.md": "Hello {{ lead.first_name }}, shall we connect?\n",
    "templates/closer.md": "---\nsubject: One more thing\n---\nHello {{ lead.first_name }}, one more thing.\n",
}

PLACES = (
    ("Europe/Istanbul", "TR"),
    ("Europe/Berlin", "DE"),
    ("America/New_York", "US"),
    ("Asia/Kolkata", "IN"),
    ("Asia/Tokyo", "JP"),
    (None, "GB"),
    (None, None),
    ("America/Los_Angeles", "US"),
)

SCRIPT: tuple[tuple[int, EventKind, timedelta], ...] = (
    (1, EventKind.REPLIED, timedelta(days=30, hours=5)),
    (1, EventKind.OPENED, timedelta(days=1, hours=8)),
    (2, EventKind.ACCEPTED, timedelta(days=6, hours=3)),
    (3, EventKind.BOUNCED, timedelta(days=3)),
    (4, EventKind.AUTORESPONDED, timedelta(days=2, hours=9)),
    (5, EventKind.UNSUBSCRIBED, timedelta(days=9, minutes=7)),
    (8, EventKind.ACCEPTED, timedelta(days=8, hours=2)),
    (8, EventKind.OPENED, timedelta(days=2)),
    (9, EventKind.BOOKED, timedelta(days=5, hours=4)),
    (10, EventKind.ACCEPTED, timedelta(days=5)),
    (11, EventKind.ACCEPTED, timedelta(days=7)),
    (11, EventKind.OPENED, timedelta(days=8)),
    (13, EventKind.REPLIED, timedelta(days=12, hours=3)),
    (16, EventKind.AUTORESPONDED, timedelta(days=10)),
    (18, EventKind.REPLIED, timedelta(days=20)),
    (22, EventKind.REPLIED, timedelta(days=1, hours=9)),
    (24, EventKind.UNSUBSCRIBED, timedelta(days=2, hours=10)),
    (20, EventKind.OPENED, timedelta(days=4)),
)


class _CountingClock(MovableClock):
    """Ids in the order they are asked for, so that who comes first does not hang on chance."""

    def __init__(self, start: datetime) -> None:
        super().__init__(start)
        self._numbers = count(1)

    def fresh_id(self) -> str:
        return f"{next(self._numbers):024d}"


@dataclass(frozen=True)
class Line:
    """One touch of either side, to the minute."""

    lead: str
    step: str
    at: str
    sender: str
    variant: str | None


Make = Callable[[Mapping[str, str]], Field]


@pytest.fixture
def make_workspace(tmp_path: Path, sqlite_url: str) -> Iterator[Make]:
    made: list[Field] = []

    def make(files: Mapping[str, str]) -> Field:
        made.append(Field(tmp_path / "workspace", sqlite_url, _CountingClock(START), files))
        made[-1].apply()
        return made[-1]

    yield make
    for field in made:
        field.close()


def test_scripted_people_get_the_same_from_both(make_workspace: Make) -> None:
    field = make_workspace(FILES)
    emails = _list(field, 40)
    people = people_of(field.app.store, "long")
    summary = field.enroll(sequence="long")
    script = [(emails[place], kind, START + after) for place, kind, after in SCRIPT]

    simulation = _simulated(field, people, Rates(tasks=0), script)
    _lived(field, script)

    assert dict(simulation.record.refused) == dict(summary.refused)
    assert _planned(simulation) ^ _sent(field) == set()
    assert _ends_planned(simulation) == _ends(field)
    assert len(_sent(field)) > 100
    assert len(set(_ends(field).values())) >= 6


@pytest.mark.parametrize("zone", ["sender", "lead", "Asia/Tokyo"])
def test_people_who_react_by_chance_get_the_same_from_both(make_workspace: Make, zone: str) -> None:
    """The engine's side draws by the same chances, from the touches that it has sent itself."""
    hours = f'{{timezone: {zone}, days: mon-sat, hours: "20:00-04:00", holidays: DE}}'
    office = '{timezone: lead, days: mon-fri, hours: "09:00-17:30", holidays: lead}'
    field = make_workspace({**FILES, "sequences/long.yaml": FILES["sequences/long.yaml"].replace(office, hours)})
    _list(field, 32)
    people = people_of(field.app.store, "long")
    field.enroll(sequence="long")

    simulation = _simulated(field, people, RATES, [])
    _lived(field, [], drawn=chances(RATES, field.app.workspace.sequences["long"], seed=1))

    assert _planned(simulation) ^ _sent(field) == set()
    assert _ends_planned(simulation) == _ends(field)
    assert len(_sent(field)) > 50


RATES = Rates(replies=0.3, bounces=0.1, accepts=0.5, opens=0.6, out_of_office=0.2, unsubscribes=0.1, tasks=0.7)


def _list(field: Field, number: int) -> list[str]:
    """People of many places, three at each company, some of whom may not enter, some without a profile."""
    emails = []
    for place in range(number):
        zone, country = PLACES[place % len(PLACES)]
        email = f"lead{place:02}@company{place // 3}.example"
        values = {"first_name": f"Lead {place}", "timezone": zone, "country": country, "score": place * 7 % 40}
        lead_id = field.add_lead(email, **values)
        if place % 5:
            field.add_address(lead_id, "linkedin", f"https://www.linkedin.com/in/lead{place}")
        emails.append(email)
    return emails


Script = Sequence[tuple[str, EventKind, datetime]]
"""Whose, what and when."""


def _simulated(field: Field, people: Sequence[Known], rates: Rates, script: Script) -> Simulation:
    """The same people under the ids the engine gave their enrollments: jitter is chosen by them."""
    ids = {row["lead_id"]: row["id"] for row in field.rows(enrollments)}
    question = Question(sequence="long", start=START, days=DAYS, rates=rates, seed=1)
    simulation = begin(field.app.workspace, question, None)
    simulation.enter([replace(known, enrollment_id=ids.get(known.lead_id, "")) for known in people], "long")
    inside = {person.known.name: person for person in simulation.record.people}
    for email, kind, at in script:
        if email in inside:
            simulation.react_at(inside[email], Reaction(kind, at, until=_back_on(at)))
    simulation.run(question.until)
    return simulation


def _back_on(at: datetime) -> date:
    return (at + timedelta(days=5)).date()


@dataclass(order=True)
class _News:
    """Something the engine will hear."""

    at: datetime
    number: int
    email: str
    kind: EventKind
    until: date | None
    task_of: str = ""  # the touch whose task is done


class _Life:
    """The engine and the world around it, from one instant at which something is to happen to the next."""

    def __init__(self, field: Field, drawn: Chances | None) -> None:
        self.field = field
        self.news: list[_News] = []
        self._drawn = drawn
        self._names = {row["lead_id"]: row["value"] for row in field.rows(addresses, kind="email")}
        self._seen: set[str] = set()
        self._mailed: set[str] = set()
        self._numbers = count()

    def hear(self, email: str, reaction: Reaction, task_of: str = "") -> None:
        heappush(
            self.news, _News(reaction.at, next(self._numbers), email, reaction.kind, reaction.until, task_of=task_of)
        )

    def settle(self) -> None:
        self.field.settle()
        if self._drawn is not None:
            self._draw(self._drawn)

    def _draw(self, drawn: Chances) -> None:
        with self.field.app.store.read() as connection:
            sent = select(touches).where(touches.c.state == "sent", touches.c.sent_at == self.field.clock.now())
            rows = connection.execute(sent.order_by(touches.c.id)).mappings().all()
        for row in rows:
            if row["id"] in self._seen:
                continue
            self._seen.add(row["id"])
            is_first_mail = row["action"] == "email" and row["lead_id"] not in self._mailed
            if is_first_mail:
                self._mailed.add(row["lead_id"])
                bounce = drawn.bounce(row["lead_id"], row["sent_at"])
                if bounce:
                    self.hear(self._names[row["lead_id"]], bounce)
                    continue
            step = self.field.app.workspace.sequences["long"].touch_step(row["step"])
            for reaction in drawn.after(row["lead_id"], step, row["sent_at"]):
                self.hear(self._names[row["lead_id"]], reaction, task_of=row["id"])

    def next_at(self) -> datetime:
        now = self.field.clock.now()
        heard = self.news[0].at if self.news else None
        candidates = (next_due(self.field.engine), heard, *self._frees(now), *self._days_off_end(now), _NEVER)
        return min(each for each in candidates if each and each > now)

    def _days_off_end(self, now: datetime) -> Iterator[datetime]:
        """And when a day off is over."""
        for sender in self.field.engine.senders.values():
            off = day_off(sender, now)
            if off and off.until:
                yield off.until

    def _frees(self, now: datetime) -> Iterator[datetime]:
        """A tick every second would notice when a rolling cap has room again; here the clock goes there at once."""
        with self.field.app.store.read() as connection:
            recent = touches.c.used_at >= now - timedelta(days=7)
            used = connection.execute(select(touches.c.used_at).where(recent).distinct()).scalars().all()
        for used_at in used:
            for span in (timedelta(hours=1), timedelta(days=7)):
                if used_at + span >= now:
                    yield used_at + span + timedelta(microseconds=1)

    def tell(self, news: _News) -> None:
        """By webhook where people answer, else as a receiver would have understood it."""
        if news.kind is EventKind.REPLIED:
            self.field.reply(news.email)
        elif news.kind is EventKind.COMPLETED:
            self._do_task(news.task_of)
        else:
            event = _event(news, self.field.clock.now())
            self.field.app.store.write(lambda connection: react.apply(connection, self.field.engine, event))

    def _do_task(self, touch_id: str) -> None:
        task = self.field.row(task_table, touch_id=touch_id)
        if task["state"] == "open":
            tasks.done(self.field.engine, task["id"], by="test")


_NEVER = datetime.max.replace(tzinfo=UTC)


def _event(news: _News, now: datetime) -> Event:
    return Event(
        key=f"{news.kind}:{news.number}",
        kind=news.kind,
        at=now,
        channel="linkedin" if news.kind is EventKind.ACCEPTED else "email",
        clues=Clues(addresses=(("email", news.email),)),
        data={"until": news.until.isoformat()} if news.kind is EventKind.AUTORESPONDED and news.until else {},
        is_hard=news.kind is EventKind.BOUNCED,
    )


def _lived(field: Field, script: Script, *, drawn: Chances | None = None) -> None:
    inside = {row["lead_id"] for row in field.rows(enrollments)}
    names = {row["value"] for row in field.rows(addresses, kind="email") if row["lead_id"] in inside}
    life = _Life(field, drawn)
    for email, kind, at in script:
        if email in names:
            life.hear(email, Reaction(kind, at, until=_back_on(at)))
    life.settle()
    while (at := life.next_at()) <= START + timedelta(days=DAYS):
        field.clock.move_to(at)
        while life.news and life.news[0].at <= at:
            life.tell(heappop(life.news))
        life.settle()


def _minute(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"


def _planned(simulation: Simulation) -> set[Line]:
    return {
        Line(sent.person.known.name, sent.step, _minute(sent.at), sent.sender, sent.variant)
        for sent in simulation.record.sent()
    }


def _sent(field: Field) -> set[Line]:
    names = {row["lead_id"]: row["value"] for row in field.rows(addresses, kind="email")}
    return {
        Line(names[row["lead_id"]], row["step"], _minute(row["sent_at"]), row["sender"], row["variant"])
        for row in field.rows(touches, state="sent")
    }


def _ends_planned(simulation: Simulation) -> dict[str, str | None]:
    return {person.known.name: person.reason for person in simulation.record.people}


def _ends(field: Field) -> dict[str, str | None]:
    names = {row["lead_id"]: row["value"] for row in field.rows(addresses, kind="email")}
    return {names[row["lead_id"]]: row["reason"] for row in field.rows(enrollments)}
