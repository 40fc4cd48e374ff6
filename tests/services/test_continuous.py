"""Sequences that enroll whoever begins to match."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from sqlalchemy import update

from outreach.services.hearing import stop
from outreach.services.sequences import continuous
from outreach.services.sequences.continuous import enroll_matching
from outreach.store.tables import enrollments, leads
from outreach.testing.field import Field

MakeField = Callable[[Mapping[str, str]], Field]


def automatic(make_field: MakeField, enter: str) -> Field:
    text = (
        f"name: two-mails\nsenders: [anna]\nschedule: always\nenter: {{when: lead.score >= 20, auto: true{enter}}}\n"
        "steps:\n  - {id: intro, email: intro}\n"
    )
    return make_field({"sequences/two-mails.yaml": text})


def test_who_matches_is_enrolled_and_others_are_not(make_field: MakeField) -> None:
    field = automatic(make_field, "")
    hot = field.add_lead("ayse@one.example", score=30)
    field.add_lead("can@one.example", score=3)

    found = enroll_matching(field.engine)
    field.settle()

    assert found["two-mails"].enrolled == 1
    assert dict(found["two-mails"].refused) == {"enter.when is not true": 1}
    assert [row["lead_id"] for row in field.rows(enrollments)] == [hot]
    assert len(field.memory().sent) == 1


def test_who_begins_to_match_is_found_in_the_next_round(make_field: MakeField) -> None:
    field = automatic(make_field, ", every: 1 hour")
    lead = field.add_lead("ayse@one.example", score=3)
    enroll_matching(field.engine)
    with field.app.store.begin() as connection:
        connection.execute(update(leads).values(score=50))

    assert enroll_matching(field.engine) == {}
    field.go(hours=1)
    assert enroll_matching(field.engine)["two-mails"].enrolled == 1
    field.go(hours=1)
    assert enroll_matching(field.engine) == {}
    assert field.enrollment(lead)["reason"] == "completed"


def test_a_day_has_its_limit_and_the_next_goes_on_where_it_stopped(make_field: MakeField) -> None:
    field = automatic(make_field, ", every: 15 minutes, max_per_day: 3")
    for number in range(7):
        field.add_lead(f"lead{number}@one.example", score=30)

    counts = []
    for _ in range(4):
        counts.append(sum(each.enrolled for each in enroll_matching(field.engine).values()))
        enroll_matching(field.engine)
        field.go(days=1)

    assert counts == [3, 3, 1, 0]
    assert len({row["lead_id"] for row in field.rows(enrollments)}) == 7


def test_a_long_list_is_asked_in_chunks(make_field: MakeField, monkeypatch: pytest.MonkeyPatch) -> None:
    field = automatic(make_field, "")
    monkeypatch.setattr(continuous, "_CHUNK", 2)
    for number in range(7):
        field.add_lead(f"lead{number}@one.example", score=30)

    assert enroll_matching(field.engine)["two-mails"].enrolled == 7


def test_a_paused_sequence_takes_nobody_in(make_field: MakeField) -> None:
    field = automatic(make_field, "")
    field.add_lead("ayse@one.example", score=30)
    target = stop.Target(width=stop.Width.SEQUENCE, value="two-mails")
    stop.pause(field.engine, target, reason="holidays", by="anna")

    assert enroll_matching(field.engine) == {}
    stop.resume(field.engine, target, by="anna")
    assert enroll_matching(field.engine)["two-mails"].enrolled == 1


def test_sequences_that_do_not_say_so_take_nobody_in(make_field: MakeField) -> None:
    field = make_field({})
    field.add_lead("ayse@one.example", score=30)

    assert enroll_matching(field.engine) == {}


def test_held_out_leads_do_not_use_up_the_day(make_field: MakeField) -> None:
    text = (
        "name: two-mails\nsenders: [anna]\nschedule: always\nholdout: 50%\n"
        "enter: {when: lead.score >= 20, auto: true, max_per_day: 5}\nsteps:\n  - {id: intro, email: intro}\n"
    )
    field = make_field({"sequences/two-mails.yaml": text})
    for number in range(40):
        field.add_lead(f"lead{number}@one.example", score=30)

    found = enroll_matching(field.engine)["two-mails"]

    assert (found.enrolled, found.held_out > 0) == (5, True)
    assert len(field.rows(enrollments, state="active")) == 5
