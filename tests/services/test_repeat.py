"""Messages in doubt go again under the same key while the provider remembers it, and never after that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import pairwise

from outreach.errors import OutcomeUnknown, Unavailable
from outreach.services.sending.repeat import end_doubts, repeat_doubts
from outreach.services.watching import unknown
from outreach.store.tables import touches
from outreach.testing.field import FILES, Field

MakeField = Callable[[Mapping[str, str]], Field]
DAY = timedelta(hours=24)
LOST = OutcomeUnknown("resend", "no reply in time")


def in_doubt(field: Field) -> str:
    field.memory().will(LOST)
    lead = field.add_lead("ada@example.com")
    field.enroll(lead)
    field.settle()
    assert field.counts() == {"unknown": 1}
    return lead


def look(field: Field, keys_last: timedelta | None = DAY) -> int:
    """What a scheduler does; how many went again."""
    again = repeat_doubts(field.engine, lambda *_: keys_last)
    end_doubts(field.engine)
    field.settle()
    return again


def test_it_goes_again_with_the_same_key_and_counts_once(field: Field) -> None:
    in_doubt(field)

    field.clock.advance(timedelta(minutes=6))
    again = look(field)

    first, second = field.memory().sent
    assert (again, first) == (1, second)  # a key with another text would be refused
    assert field.row(touches, step="intro")["state"] == "sent"


def test_a_provider_that_names_no_time_is_not_written_to_again(field: Field) -> None:
    in_doubt(field)

    field.clock.advance(timedelta(hours=2))

    assert look(field, keys_last=None) == 0
    assert field.counts() == {"unknown": 1}


def test_pauses_grow_and_end_before_the_key_is_forgotten(field: Field) -> None:
    in_doubt(field)
    field.memory().will(*[LOST] * 50)
    began, went = field.clock.now(), []

    while field.clock.now() < began + timedelta(hours=48):
        field.clock.advance(timedelta(minutes=5))
        went += [field.clock.now() - began] * look(field)

    pauses = [later - earlier for earlier, later in pairwise(went)]
    assert went[0] == timedelta(minutes=5)
    assert pauses == sorted(pauses)
    assert went[-1] < DAY - timedelta(hours=1)
    assert field.counts() == {"unknown": 1}
    assert field.row(touches)["attempts"] == len(went) + 1


def test_what_waits_behind_a_closed_window_until_the_key_is_forgotten_is_left_to_a_person(
    make_field: MakeField,
) -> None:
    in_the_morning = FILES["sequences/two-mails.yaml"].replace(
        "schedule: always", 'schedule: {timezone: sender, days: mon-fri, hours: "09:00-10:02", holidays: none}'
    )
    field = make_field({"sequences/two-mails.yaml": in_the_morning})  # it is 10:00 in Istanbul
    field.clock.advance(timedelta(days=4))
    in_doubt(field)  # on a Friday

    field.clock.advance(timedelta(minutes=6))
    again = look(field)
    waiting = field.row(touches)
    field.clock.advance(timedelta(days=2, hours=23))
    on_monday = look(field)

    assert (again, waiting["state"], on_monday) == (1, "planned", 0)
    assert field.row(touches)["state"] == "unknown"
    assert field.row(touches)["reason"] == "in doubt, and the provider has forgotten its key"
    assert len(field.memory().sent) == 1


def test_a_time_when_nothing_was_accepted_does_not_make_the_key_last_longer(field: Field) -> None:
    in_doubt(field)
    field.clock.advance(timedelta(minutes=6))
    field.memory().will(*[Unavailable("resend", "503")] * 500)
    look(field)

    for _ in range(60):
        field.clock.advance(timedelta(minutes=30))
        look(field)
    field.memory()._next.clear()
    look(field)

    assert len(field.memory().sent) == 1
    assert field.row(touches)["state"] == "unknown"


def test_whoever_answered_meanwhile_is_left_alone(field: Field) -> None:
    lead = in_doubt(field)
    field.reply("ada@example.com")
    field.settle()

    field.clock.advance(timedelta(minutes=6))

    assert look(field) == 0
    assert field.enrollment(lead)["state"] == "finished"
    assert len(field.memory().sent) == 1


def test_a_person_who_knows_that_it_did_not_go_out_is_not_bound_to_the_key(field: Field) -> None:
    in_doubt(field)
    field.clock.advance(DAY + timedelta(hours=1))
    touch = field.row(touches)["id"]

    unknown.resend(field.engine, touch, by="maria")
    look(field)

    assert len(field.memory().sent) == 2
    assert field.row(touches, step="intro")["state"] == "sent"
