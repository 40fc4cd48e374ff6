"""Sequences that ask for verified addresses, and those that take customers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from sqlalchemy import select

from outreach.content.lead_files import open_lead_file
from outreach.domain.verdict import Verdict, Verified
from outreach.services.people.import_leads import import_leads
from outreach.services.sequences.continuous import enroll_matching
from outreach.services.sequences.enroll import Summary
from outreach.services.sequences.entrance import entrance_of, refusal
from outreach.services.simulating.simulate_people import address_rows, lead_row
from outreach.services.simulating.simulate_stored import people_of
from outreach.store import verdicts
from outreach.store.tables import sequences
from outreach.testing.field import Field

MakeField = Callable[[Mapping[str, str]], Field]

ADDRESS = "ayse@one.example"


def entering(make_field: MakeField, enter: str) -> Field:
    text = (
        f"name: two-mails\nsenders: [anna]\nschedule: always\nenter: {{{enter}}}\nsteps:\n"
        "  - {id: intro, email: intro}\n"
    )
    return make_field({"sequences/two-mails.yaml": text})


def verify(field: Field, verdict: Verdict, address: str = ADDRESS) -> None:
    with field.app.store.begin() as connection:
        verdicts.keep(connection, {("email", address): Verified(verdict)}, now=field.clock.now())


def refused(summary: Summary) -> dict[str, int]:
    return dict(summary.refused)


def test_nobody_enters_before_the_address_is_verified(make_field: MakeField) -> None:
    field = entering(make_field, "verified: true")
    lead = field.add_lead(ADDRESS)

    assert refused(field.enroll(lead)) == {"e-mail address not verified": 1}
    verify(field, Verdict.VALID)
    assert field.enroll(lead).enrolled == 1


@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if verdict is not Verdict.VALID])
def test_only_a_valid_address_is_a_verified_one(make_field: MakeField, verdict: Verdict) -> None:
    field = entering(make_field, "verified: true")
    lead = field.add_lead(ADDRESS)
    verify(field, verdict)

    assert refused(field.enroll(lead)) == {f"e-mail address {verdict}": 1}


def test_who_is_verified_later_is_taken_in_by_itself(make_field: MakeField) -> None:
    field = entering(make_field, "when: lead.score >= 20, auto: true, verified: true, every: 1 hour")
    field.add_lead(ADDRESS, score=30)

    assert refused(enroll_matching(field.engine)["two-mails"]) == {"e-mail address not verified": 1}
    verify(field, Verdict.VALID)
    field.go(hours=1)
    assert enroll_matching(field.engine)["two-mails"].enrolled == 1


def test_a_customer_enters_only_where_customers_are_asked_for(make_field: MakeField) -> None:
    closed = entering(make_field, "per_company: 2")
    lead = closed.add_lead(ADDRESS, status="customer")

    assert refused(closed.enroll(lead)) == {"status customer": 1}


def test_a_customer_in_a_sequence_for_customers_stays_one(make_field: MakeField) -> None:
    field = entering(make_field, "customers: true")
    lead = field.add_lead(ADDRESS, status="customer")

    assert field.enroll(lead).enrolled == 1
    field.settle()
    assert len(field.memory().sent) == 1
    assert field.lead(lead)["status"] == "customer"
    field.go(hours=1)
    assert field.lead(lead)["status"] == "customer"


def test_customers_are_taken_in_by_themselves_where_they_are_asked_for(make_field: MakeField) -> None:
    field = entering(make_field, "when: lead.score >= 20, auto: true, customers: true")
    field.add_lead(ADDRESS, status="customer", score=30)

    assert enroll_matching(field.engine)["two-mails"].enrolled == 1


def test_somebody_who_wants_no_contact_is_kept_out_of_sequences_for_customers_too(make_field: MakeField) -> None:
    field = entering(make_field, "customers: true")
    lead = field.add_lead(ADDRESS, status="do_not_contact")

    assert refused(field.enroll(lead)) == {"status do_not_contact": 1}


def test_whoever_comes_with_a_list_is_taken_in_by_itself(make_field: MakeField, tmp_path: Path) -> None:
    field = entering(make_field, "when: \"'fair' in lead.tags\", auto: true, every: 1 hour")
    enroll_matching(field.engine)
    path = tmp_path / "fair.csv"
    path.write_text("email,tags\nayse@one.example,fair\ncan@one.example,shop\n", encoding="utf-8")

    pipeline = field.engine.pipelines["default"]
    import_leads(field.app.store, open_lead_file(path), clock=field.clock, default_pipeline=pipeline)
    field.go(hours=1)

    assert enroll_matching(field.engine)["two-mails"].enrolled == 1


def test_a_simulation_asks_for_verified_addresses_of_stored_leads(make_field: MakeField) -> None:
    field = entering(make_field, "verified: true")
    verified, other = field.add_lead(ADDRESS), field.add_lead("can@one.example")
    verify(field, Verdict.VALID)
    known = {each.lead_id: each for each in people_of(field.app.store, "two-mails")}
    with field.app.store.read() as connection:
        revision_id = connection.execute(select(sequences.c.revision_id)).scalar_one()
        revision = field.engine.revisions.get(connection, revision_id)
    entrance = entrance_of(revision, [field.engine.sender("anna")])

    answers = [
        refusal(entrance, lead_row(known[each]), address_rows(known[each]), field.clock.now())
        for each in (verified, other)
    ]

    assert answers == [None, "e-mail address not verified"]
