"""How often one person, one company and one domain is written to, by all senders together and by each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest

from outreach.sandbox.next_due import next_due
from outreach.services.simulating.simulate import Simulation
from outreach.services.simulating.simulate_list import Question, begin, simulate
from outreach.services.simulating.simulate_stored import people_of
from outreach.services.watching.explain import explain_lead
from outreach.store.tables import enrollments
from outreach.testing.field import FILES, Field

MakeField = Callable[[Mapping[str, str]], Field]

SENDERS = """
anna:
  name: Anna Example
  timezone: Europe/Istanbul
  email: {address: anna@sender.example, use: memory}
deniz:
  name: Deniz Example
  timezone: Europe/Istanbul
  email: {address: deniz@sender.example, use: memory}
"""


def capped(caps: str) -> dict[str, str]:
    outreach = FILES["config/outreach.yaml"] + f"recipients: {caps}\n"
    two = FILES["sequences/two-mails.yaml"].replace("senders: [anna]", "senders: [anna, deniz]")
    return {"config/outreach.yaml": outreach, "config/senders.yaml": SENDERS, "sequences/two-mails.yaml": two}


def own_caps(caps: str) -> dict[str, str]:
    """Anna alone has them; half of the leads are hers."""
    senders = SENDERS.replace("use: memory}", f"use: memory, limits: {caps}}}", 1)
    return {**capped("{}"), "config/senders.yaml": senders}


def sent(field: Field) -> list[str]:
    return sorted(message.to for name in ("anna", "deniz") for message in field.memory(name).sent)


def simulated(field: Field) -> Simulation:
    question = Question(sequence="two-mails", start=field.clock.now(), days=30)
    people = people_of(field.app.store, "two-mails")
    made = begin(field.app.workspace, question, field.app.store)
    simulate(made, question, people)
    return made


def test_a_company_gets_no_more_than_its_cap_whoever_sends(make_field: MakeField) -> None:
    field = make_field(capped("{company_per_7_days: 2}"))
    leads = [field.add_lead(f"lead{number}@one.example") for number in range(5)]
    field.enroll(*leads)

    field.settle()
    first = len(sent(field))
    field.go(days=6)
    within = len(sent(field))
    field.go(days=1, seconds=1)

    assert (first, within, len(sent(field))) == (2, 2, 4)


def test_who_is_kept_back_is_told_until_when(make_field: MakeField) -> None:
    field = make_field(capped("{company_per_7_days: 1}"))
    leads = [field.add_lead(f"lead{number}@one.example") for number in range(2)]
    field.enroll(*leads)

    field.settle()

    views = [explain_lead(field.engine, lead).enrollments[0] for lead in leads]
    (because,) = [view.next for view in views if "cap of" in view.next]
    assert "cap of 1 in 7 days for one company reached" in because


def test_a_person_is_left_in_peace(make_field: MakeField) -> None:
    field = make_field(capped("{person_per_7_days: 1}"))
    field.enroll(field.add_lead("ayse@one.example"))

    field.settle()
    field.go(days=4)
    early = len(sent(field))
    field.go(days=3, minutes=1)

    assert (early, len(sent(field))) == (1, 2)


def test_a_domain_gets_no_more_in_a_day_but_free_mail_is_not_one_domain(make_field: MakeField) -> None:
    field = make_field(capped("{domain_per_day: 2}"))
    own = [field.add_lead(f"lead{number}@one.example") for number in range(4)]
    field.enroll(*own, *(field.add_lead(f"lead{number}@gmail.com") for number in range(4)))

    field.settle()
    first = sent(field)
    field.go(days=1, seconds=1)

    assert sum(to.endswith("@one.example") for to in first) == 2
    assert sum(to.endswith("@gmail.com") for to in first) == 4
    assert len(sent(field)) == 8


def test_who_is_kept_back_is_not_claimed_in_vain(make_field: MakeField) -> None:
    field = make_field(capped("{company_per_7_days: 1}"))
    field.enroll(*(field.add_lead(f"lead{number}@one.example") for number in range(30)))

    field.settle()
    claims = []
    for _ in range(20):
        field.clock.advance(timedelta(hours=1))
        claims += field.claim()

    assert claims == []


def test_a_simulation_keeps_to_the_same_caps(make_field: MakeField) -> None:
    field = make_field(capped("{company_per_7_days: 2}"))
    for number in range(6):
        field.add_lead(f"lead{number}@one.example", id=f"lead-{number}")

    planned = simulated(field)
    field.enroll()
    field.settle()
    until = field.clock.now() + timedelta(days=30)
    while (due_at := next_due(field.engine)) and due_at <= until:
        field.clock.move_to(due_at)
        field.settle()

    assert planned.record.touches == len(sent(field)) > 6


def enrolled(field: Field, number: int, *, same_company: bool = True) -> dict[str, list[str]]:
    """So many leads; who writes to whom."""
    names = [f"lead{each}@{'one' if same_company else f'company{each}'}.example" for each in range(number)]
    field.enroll(*(field.add_lead(name, id=f"lead-{each}") for each, name in enumerate(names)))
    mine: dict[str, list[str]] = {"anna": [], "deniz": []}
    for row in field.rows(enrollments):
        mine[row["sender"]].append(row["lead_id"])
    assert len(mine["anna"]) > 1 < len(mine["deniz"])
    return mine


@pytest.mark.parametrize("caps", ["{company_per_7_days: 1}", "{domain_per_day: 1}"])
def test_a_cap_of_one_sender_holds_back_nobody_else(make_field: MakeField, caps: str) -> None:
    field = make_field(own_caps(caps))
    mine = enrolled(field, 10)

    field.settle()
    first = (len(field.memory("anna").sent), len(field.memory("deniz").sent))
    field.go(days=1, minutes=1)

    assert first == (1, len(mine["deniz"]))
    assert len(field.memory("anna").sent) == (2 if "day:" in caps else 1)


def test_one_sender_may_leave_a_person_in_peace(make_field: MakeField) -> None:
    field = make_field(own_caps("{person_per_7_days: 1}"))
    mine = enrolled(field, 10, same_company=False)

    field.settle()
    field.go(days=4)
    early = (len(field.memory("anna").sent), len(field.memory("deniz").sent))
    field.go(days=3, minutes=1)

    assert early == (len(mine["anna"]), 2 * len(mine["deniz"]))
    assert len(field.memory("anna").sent) == 2 * len(mine["anna"])


def test_a_cap_of_one_sender_is_told_with_its_name(make_field: MakeField) -> None:
    field = make_field(own_caps("{company_per_7_days: 1}"))
    mine = enrolled(field, 10)

    field.settle()

    told = [explain_lead(field.engine, lead).enrollments[0].next for lead in mine["anna"]]
    held = [words for words in told if "cap of 1 in 7 days for one company reached by anna" in words]
    assert len(held) == len(mine["anna"]) - 1


@pytest.mark.parametrize("caps", ["{company_per_7_days: 2}", "{domain_per_day: 1, per_day: 5}"])
def test_a_simulation_keeps_to_the_caps_of_one_sender(make_field: MakeField, caps: str) -> None:
    field = make_field(own_caps(caps))
    for number in range(8):
        field.add_lead(f"lead{number}@one.example")

    planned = simulated(field)
    field.enroll()
    field.settle()
    until = field.clock.now() + timedelta(days=30)
    while (due_at := next_due(field.engine)) and due_at <= until:
        field.clock.move_to(due_at)
        field.settle()

    assert planned.record.touches == len(sent(field)) > 8
