"""Senders that pause by themselves, and say why."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from outreach.domain.event import Clues, Event, EventKind
from outreach.errors import Outcome, Refused
from outreach.services.hearing import react, stop
from outreach.services.hearing.stop import Target, Width
from outreach.services.watching import guards
from outreach.services.watching.explain import explain_lead
from outreach.services.watching.status import status
from outreach.store.tables import touches
from outreach.testing.field import FILES, Field

MakeField = Callable[[Mapping[str, str]], Field]


def guarded(line: str) -> dict[str, str]:
    return {"config/outreach.yaml": FILES["config/outreach.yaml"] + f"guards: {{{line}}}\n"}


def mail(field: Field, number: int, name: str = "lead") -> list[str]:
    leads = [field.add_lead(f"{name}{each}@{name}{each}.example") for each in range(number)]
    field.enroll(*leads)
    field.settle()
    return leads


def hear(field: Field, lead: str, kind: EventKind) -> None:
    touch = field.row(touches, lead_id=lead, step="intro")
    clues = Clues(tokens=(touch["id"],))
    event = Event(key=f"{kind}:{lead}", kind=kind, at=field.clock.now(), channel="email", clues=clues, is_hard=True)
    with field.app.store.begin() as connection:
        react.apply(connection, field.engine, event)


def look(field: Field) -> list[str]:
    field.clock.advance(guards.EVERY)
    return guards.look(field.engine)


@pytest.mark.parametrize("at_once", [True, False])
def test_too_many_dead_addresses_pause_the_sender(make_field: MakeField, at_once: bool) -> None:
    field = make_field(guarded("bounces: {more_than: 10%, at_least: 10}"))
    if at_once:
        for number in (3, 4):
            error = Refused("smtp", "550 5.1.1 no such user", outcome=Outcome.REJECTED_RECIPIENT)
            field.memory().will_for(f"lead{number}@lead{number}.example", error)
    leads = mail(field, 10)
    if not at_once:
        for lead in leads[:2]:
            hear(field, lead, EventKind.BOUNCED)

    assert look(field) == ["anna"]
    (pause,) = status(field.engine).pauses
    assert (pause.scope, pause.value, pause.by) == ("sender", "anna", "guard")
    assert pause.reason == "bounces: 2 of 10 mails in 7 days (20.0 %, more than 10 %)"


def test_below_the_share_or_the_sample_nothing_happens(make_field: MakeField) -> None:
    field = make_field(guarded("bounces: {more_than: 10%, at_least: 10}"))

    leads = mail(field, 9)
    for lead in leads[:5]:
        hear(field, lead, EventKind.BOUNCED)
    few = look(field)
    leads += mail(field, 41, "more")

    assert (few, look(field)) == ([], [])


def test_complaints_pause_the_sender_and_explain_says_so(make_field: MakeField) -> None:
    field = make_field(guarded("complaints: {more_than: 1%, at_least: 10}"))
    leads = mail(field, 10)
    hear(field, leads[0], EventKind.COMPLAINED)

    look(field)

    verdicts = explain_lead(field.engine, leads[1]).enrollments[0].verdicts
    (paused,) = [verdict for verdict in verdicts if verdict.rule == "not_while_paused"]
    assert "sender anna (complaints: 1 of 10 mails in 30 days" in paused.because


def test_nobody_answers_for_long(make_field: MakeField) -> None:
    field = make_field(guarded("silence: {at_least: 10, within: 14 days, patience: 2 days}"))
    mail(field, 10)

    soon = look(field)
    field.clock.advance(guards.EVERY * 60 * 24 * 2)

    assert (soon, look(field)) == ([], ["anna"])
    assert status(field.engine).pauses[0].reason == "silence: 10 mails in 14 days and no answer to any of them"


def test_one_sign_of_life_speaks_for_all(make_field: MakeField) -> None:
    field = make_field(guarded("silence: {at_least: 10, within: 14 days, patience: 2 days}"))
    leads = mail(field, 10)
    hear(field, leads[4], EventKind.AUTORESPONDED)

    field.clock.advance(guards.EVERY * 60 * 24 * 3)

    assert look(field) == []


def test_who_resumes_the_sender_is_believed(make_field: MakeField) -> None:
    field = make_field(guarded("bounces: {more_than: 10%, at_least: 10}"))
    for lead in mail(field, 10)[:5]:
        hear(field, lead, EventKind.BOUNCED)
    look(field)

    stop.resume(field.engine, Target(width=Width.SENDER, value="anna"), by="test")

    assert look(field) == []
    fresh = mail(field, 10, "fresh")
    assert look(field) == []
    for lead in fresh[:2]:
        hear(field, lead, EventKind.BOUNCED)
    assert look(field) == ["anna"]


def test_what_is_off_pauses_nobody(make_field: MakeField) -> None:
    field = make_field(guarded("bounces: off, complaints: off, silence: off"))
    for lead in mail(field, 101):
        hear(field, lead, EventKind.BOUNCED)

    assert look(field) == []


def test_the_usual_guards_let_a_small_list_pass(field: Field) -> None:
    for lead in mail(field, 30)[:6]:
        hear(field, lead, EventKind.BOUNCED)

    assert look(field) == []
