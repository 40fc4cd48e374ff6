"""Any sequence becomes any other while people stand anywhere in it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outreach.clock import MovableClock
from outreach.content.revision import freeze
from outreach.content.step_tree import read_steps
from outreach.content.steps import flatten
from outreach.content.workspace import load
from outreach.content.yaml_file import parse
from outreach.domain.planner import Facts, Finish, Had, LookAgain, PlanTouch, next_move
from outreach.domain.relocation import END, How, NeedsTarget, Relocation, touches_of
from outreach.domain.sequence import Schedule, Sequence
from outreach.domain.touch import TouchState
from outreach.services.sequences import revise
from outreach.store.tables import enrollments, touches
from outreach.testing.field import Field

START = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
NAMES = "abcdefgh"

Steps = list[dict[str, Any]]


def _blocks(names: list[str]) -> st.SearchStrategy[Steps]:
    """A list of steps that has each of these touches once, some of them in branches."""

    @st.composite
    def made(draw: st.DrawFn) -> Steps:
        steps: Steps = []
        rest = list(names)
        while rest:
            kind = draw(st.sampled_from(["touch", "touch", "wait", "wait_for", "if", "tag"]))
            touch = {"id": rest.pop(), "email": "intro"}
            if kind in ("wait_for", "if") and steps:
                has_other: bool = draw(st.booleans())
                other = [{"id": rest.pop(), "email": "intro"}] if rest and has_other else []
                head = {"wait_for": "open", "at_most": "2 days"} if kind == "wait_for" else {"if": "lead.score > 10"}
                steps.append({**head, "then": [touch], "else": other})
                continue
            if kind == "wait":
                steps.append({"wait": f"{draw(st.integers(1, 4))} days"})
            if kind == "tag":
                steps.append({"tag": "seen"})
            steps.append(touch)
        return steps

    return made()


@st.composite
def some_steps(draw: st.DrawFn) -> Steps:
    """Steps with some of the names, in any order."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=len(NAMES), unique=True))
    return draw(_blocks(names))


def sequence(steps: Steps) -> Sequence:
    problems: list[Any] = []
    file = parse(yaml.safe_dump({"steps": steps}).encode(), name="test.yaml")
    nodes = read_steps(file, ("steps",), steps, problems)
    assert problems == []
    first, flat = flatten(nodes)
    return Sequence(
        name="s", pipeline="default", senders=("anna",), schedule=Schedule(name="always"), steps=flat, first=first
    )


@dataclass
class Walker:
    """Somebody on the way, without a database. `opens` and `answer`: what becomes of conditions."""

    path: Sequence
    opens: bool
    answer: bool
    cursor: str | None
    at: datetime = START
    had: dict[str, Had] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    planned: str | None = None
    is_over: bool = False

    def go(self) -> None:
        """Until a touch is planned, or the end; time passes as it must."""
        now = self.at
        for _ in range(1_000):
            happened = {"open": self.at} if self.opens else {}
            move = next_move(
                Facts(
                    sequence=self.path,
                    enrollment_id="e",
                    lead_id="l",
                    cursor=self.cursor,
                    cursor_at=self.at,
                    zone=ZoneInfo("UTC"),
                    is_holiday=lambda day: False,
                    had=self.had,
                    happened=happened,
                    evaluate=lambda expression: self.answer,
                ),
                now,
            )
            self.cursor, self.at = move.cursor, move.cursor_at
            if isinstance(move.outcome, LookAgain):
                now = max(now, move.outcome.at)
                continue
            self.is_over = isinstance(move.outcome, Finish)
            if isinstance(move.outcome, PlanTouch):
                self.planned = move.outcome.step.id
                self.at = move.outcome.due_at
            return
        raise AssertionError("it does not come to an end")

    def send(self) -> None:
        if self.planned is not None:
            assert self.planned not in self.had, f"{self.planned} comes twice"
            self.sent.append(self.planned)
            self.had[self.planned] = Had(TouchState.SENT, self.at)
            self.planned = None

    def live(self, most: int = 100) -> None:
        for _ in range(most):
            if self.is_over:
                return
            self.go()
            self.send()


def on_everybodys_way(path: Sequence) -> set[str]:
    """Touches that nobody can go round."""
    return {name for name in touches_of(path) if not _ends_without(path, name)}


def _ends_without(path: Sequence, name: str) -> bool:
    """By trying every answer: branches do not depend on each other here."""
    ways = [(opens, answer) for opens in (True, False) for answer in (True, False)]
    return any(name not in _walked(path, opens, answer) for opens, answer in ways)


def _walked(path: Sequence, opens: bool, answer: bool) -> list[str]:
    walker = Walker(path, opens, answer, path.first)
    walker.live()
    return walker.sent


@dataclass(frozen=True)
class Life:
    """How far somebody has come, what becomes of conditions, and where they are sent if they must be."""

    far: int
    is_planned: bool
    opens: bool
    answer: bool
    choice: int


LIVES = st.builds(Life, st.integers(0, 8), st.booleans(), st.booleans(), st.booleans(), st.integers(0, 7))


@settings(max_examples=200, deadline=None)
@given(before=some_steps(), after=some_steps(), life=LIVES)
def test_whoever_is_moved_gets_what_is_ahead_once_and_comes_to_the_end(before: Steps, after: Steps, life: Life) -> None:
    old, new = sequence(before), sequence(after)
    person = Walker(old, life.opens, life.answer, old.first)
    person.live(life.far)
    if life.is_planned and not person.is_over:
        person.go()
    if person.is_over:
        return
    ahead = set(_rest(person)) & touches_of(new).keys()
    cursor = person.cursor

    place = Relocation(old, new).place(cursor, person.had.keys(), is_planned=person.planned is not None)
    if isinstance(place, NeedsTarget):
        assert place.step == cursor
        assert place.step not in new.steps
        targets = [*touches_of(new), END]
        target = targets[life.choice % len(targets)]
        place = Relocation(old, new, {str(cursor): target}).place(cursor, person.had.keys())
        assert not isinstance(place, NeedsTarget)
    moved = Walker(
        new, life.opens, life.answer, place.cursor, at=person.at, had=dict(person.had), sent=list(person.sent)
    )
    moved.live()

    assert moved.is_over
    assert len(moved.sent) == len(set(moved.sent))
    lost = ahead & on_everybodys_way(new) - set(moved.sent)
    assert lost == set() if place.how is not How.TARGET else lost <= place.misses


def _rest(person: Walker) -> list[str]:
    """What the person would still have got."""
    copy = Walker(
        person.path,
        person.opens,
        person.answer,
        person.cursor,
        at=person.at,
        had=dict(person.had),
        planned=person.planned,
    )
    copy.send()
    copy.live()
    return [name for name in copy.sent if name not in person.sent]


# The same with the whole engine, on a database.


@contextmanager
def a_field(template: Path, steps: Steps) -> Iterator[Field]:
    root = Path(tempfile.mkdtemp())
    try:
        shutil.copyfile(template, root / "outreach.db")
        made = Field(root / "workspace", f"sqlite:///{root / 'outreach.db'}", MovableClock(START), files(steps))
        try:
            made.apply()
            yield made
        finally:
            made.close()
    finally:
        shutil.rmtree(root)


def files(steps: Steps) -> Mapping[str, str]:
    head = {"name": "two-mails", "senders": ["anna"], "schedule": "always", "steps": steps}
    return {"sequences/two-mails.yaml": yaml.safe_dump(head, sort_keys=False)}


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=some_steps(), after=some_steps(), days=st.lists(st.integers(0, 3), min_size=2, max_size=4))
def test_people_anywhere_in_a_sequence_go_on_in_any_other(
    sqlite_template: Path, before: Steps, after: Steps, days: list[int]
) -> None:
    with a_field(sqlite_template, before) as field_:
        for number, days_between in enumerate(days):
            lead = field_.add_lead(f"lead{number}@one.example", score=20 * (number % 2))
            field_.enroll(lead)
            field_.settle()
            field_.go(days=days_between)

        done = _change(field_, after)
        for _ in range(60):
            field_.go(days=1)

        rows = field_.rows(touches)
        assert done.left == 0
        assert {row["state"] for row in rows} <= {"sent"}
        assert len({(row["enrollment_id"], row["step"]) for row in rows}) == len(rows)
        assert {(row["state"], row["reason"]) for row in field_.rows(enrollments)} == {("finished", "completed")}


def _change(field_: Field, steps: Steps) -> revise.Change:
    """Apply other steps to everybody; who stands at a touch that is gone goes to the first one."""
    for name, text in files(steps).items():
        (field_.root / name).write_text(text, encoding="utf-8")
    workspace = load(field_.root, {}, needs_secrets=False)
    contents = {"two-mails": freeze(workspace, "two-mails")}
    first = next(iter(touches_of(workspace.sequences["two-mails"])))
    with field_.app.store.read() as connection:
        new = workspace.sequences["two-mails"]
        ids = {row["revision_id"] for row in connection.execute(enrollments.select()).mappings()}
        olds = [field_.engine.revisions.get(connection, each).sequence for each in ids]
    targets = {name: first for old in olds for name in touches_of(old) if name not in touches_of(new)}
    return revise.apply(field_.engine, contents, hashes=workspace.hashes, by="test", targets=targets)[0]
