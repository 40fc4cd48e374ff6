"""Whatever the interleaving: once a stop was accepted, nothing more is marked for whom it covers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial

import pytest
from sqlalchemy import select

from outreach.domain.suppression import Scope, SuppressionReason
from outreach.services.hearing import stop
from outreach.services.hearing.stop import Target, Width
from outreach.services.sending.batch import take
from outreach.services.sending.marks import mark
from outreach.services.sending.standings import Subject
from outreach.store import stops
from outreach.store.tables import leads, touches
from outreach.testing.field import Field

ROUNDS = 30
PEOPLE = 6
THREADS = 3

Stop = Callable[[Field, int], None]


def reply(field: Field, number: int) -> None:
    for person in range(PEOPLE):
        field.reply(f"p{person}@r{number}.example")


def opt_out_of_one_address(field: Field, number: int) -> None:
    for person in range(PEOPLE):
        value = f"email:p{person}@r{number}.example"
        stop.suppress(field.engine, Scope.ADDRESS, value, reason=SuppressionReason.BY_HAND, by="test")


def domain(field: Field, number: int) -> None:
    stop.suppress(field.engine, Scope.DOMAIN, f"r{number}.example", reason=SuppressionReason.BY_HAND, by="test")


def company(field: Field, number: int) -> None:
    company_id = field.rows(leads, first_name=f"r{number}")[0]["company_id"]
    stop.suppress(field.engine, Scope.COMPANY, company_id, reason=SuppressionReason.BY_HAND, by="test")


def pause_of(width: Width, value: str) -> Stop:
    def pause(field: Field, number: int) -> None:
        stop.pause(field.engine, Target(width=width, value=value), reason="test", by="test")

    pause.__name__ = f"pause_{width}"
    return pause


STOPS: tuple[Stop, ...] = (
    reply,
    opt_out_of_one_address,
    domain,
    company,
    pause_of(Width.SENDER, "anna"),
    pause_of(Width.SEQUENCE, "two-mails"),
    pause_of(Width.ALL, ""),
)


@pytest.mark.parametrize("stop_it", STOPS, ids=lambda stop_it: stop_it.__name__)
def test_nothing_is_marked_after_a_stop_was_accepted(field: Field, stop_it: Stop) -> None:
    rounds = [_ready_round(field, number) for number in range(ROUNDS)]
    crossed = 0

    for number, subjects in enumerate(rounds):
        at_acceptance, at_the_end = _race(field, subjects, partial(stop_it, field, number))
        assert at_the_end == at_acceptance, f"round {number}"
        crossed += len(at_the_end)
        _let_go(field)

    assert 0 <= crossed <= ROUNDS * PEOPLE


def _ready_round(field: Field, number: int) -> list[Subject]:
    """People of one company, with their first mail claimed and at its point of no return."""
    ids = [field.add_lead(f"p{person}@r{number}.example", first_name=f"r{number}") for person in range(PEOPLE)]
    field.enroll(*ids)
    return [
        ready.subject
        for claim_id in field.claim()
        for ready in take(field.engine, claim_id, "racer")
        if ready.block is None
    ]


def _race(field: Field, subjects: Sequence[Subject], stop_it: Callable[[], None]) -> tuple[set[str], set[str]]:
    start = threading.Barrier(THREADS + 1)
    markers = [threading.Thread(target=_mark, args=(field, subjects[n::THREADS], start)) for n in range(THREADS)]
    for marker in markers:
        marker.start()
    start.wait()
    stop_it()
    at_acceptance = _marked(field, subjects)
    for marker in markers:
        marker.join()
    return at_acceptance, _marked(field, subjects)


def _mark(field: Field, subjects: Sequence[Subject], start: threading.Barrier) -> None:
    start.wait()
    for subject in subjects:
        mark(field.engine, "racer", [subject])


def _marked(field: Field, subjects: Sequence[Subject]) -> set[str]:
    ids = [subject.touch_id for subject in subjects]
    statement = select(touches.c.id).where(touches.c.id.in_(ids), touches.c.state == "handed_over")
    with field.app.store.read() as connection:
        return set(connection.execute(statement).scalars())


def _let_go(field: Field) -> None:
    with field.app.store.begin() as connection:
        for pause in stops.paused(connection):
            stops.unpause(connection, pause["scope"], pause["value"])


def test_what_was_marked_before_a_stop_is_flagged_as_crossed(field: Field) -> None:
    subjects = _ready_round(field, 0)
    mark(field.engine, "racer", subjects[:2])

    domain(field, 0)

    crossed = {row["id"] for row in field.rows(touches, crossed=True)}
    assert crossed == {subject.touch_id for subject in subjects[:2]}


@pytest.mark.parametrize("first", ["mark", "reply"])
def test_the_order_of_mark_and_reply_decides(field: Field, first: str) -> None:
    (subject, *_) = _ready_round(field, 0)

    if first == "mark":
        blocks = mark(field.engine, "racer", [subject])
        reply(field, 0)
    else:
        reply(field, 0)
        blocks = mark(field.engine, "racer", [subject])

    assert (blocks[0] is None) == (first == "mark")
