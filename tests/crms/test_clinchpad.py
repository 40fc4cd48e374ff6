"""ClinchPad: the contracts against an account that keeps state, then exact requests and what is particular."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from outreach.crm import Deal, Field, Mode, Selection, Wanted
from outreach.crms.clinchpad import ClinchPad, Options
from outreach.domain.crm_news import Change
from outreach.errors import Outcome, RateLimited, Refused, Unavailable
from outreach.sandbox.clinchpad_server import KEY, OWN_FIELD, USERS, FakeClinchPad, Lead
from outreach.testing.crm import AYSE, REPLY, CrmContract, PullContract, everybody, run
from tests.crms.failures import FailureContract


class ClinchPadWorld:
    secrets = (KEY,)
    text_field = "Title"
    stage, other_stage, unknown_stage, pipeline = "Prospect", "Offer", "nowhere", "Sales"
    status, owner = "Responded", "deniz@example.com"
    tells = frozenset({Change.STATUS, Change.OWNER, Change.DO_NOT_CONTACT, Change.STAGE})

    def __init__(self, **options: Any) -> None:
        self.fake = FakeClinchPad()
        self.crm = ClinchPad(Options(**{"key": KEY} | options), httpx.AsyncClient(transport=self.fake.transport()))

    def pulled(self) -> ClinchPad:
        return self.crm

    def is_write(self, request: httpx.Request) -> bool:
        return request.method != "GET"

    def add_person(self, email: str, **values: str) -> str:
        contact = self.fake.add({"email": email, "name": values.pop("first_name", email), **values})
        self.fake.add_lead(self.fake.contacts[contact]["name"], contact)
        return contact

    def remove_person(self, person_id: str) -> None:
        del self.fake.contacts[person_id]

    def people(self) -> list[str]:
        return [contact["email"] for contact in self.fake.contacts.values()]

    def leads(self, person_id: str) -> list[Lead]:
        return [lead for lead in self.fake.leads.values() if person_id in lead.contacts]

    def value(self, person_id: str, field: str) -> str:
        contact = self.fake.contacts[person_id]
        match field:
            case "first_name":
                return str(contact["name"]).removesuffix(" Kaya")
            case "owner":
                return next(email for email, one in USERS.items() if one == self.leads(person_id)[-1].user)
            case "status":
                return dict(self.leads(person_id)[-1].fields.values())["Outreach status"]
        return next(str(one["value"] or "") for one in contact["fields"] if one["name"] == field)

    def entries(self, person_id: str) -> list[str]:
        return [text for lead in self.leads(person_id) for _, text in lead.notes]

    def deals(self, person_id: str) -> list[str]:
        return [lead.stage for lead in self.leads(person_id)]

    def is_opted_out(self, person_id: str) -> bool:
        return dict(self.leads(person_id)[-1].fields.values()).get("Do not contact") == "yes"

    def later(self) -> datetime:
        return self.fake.later()

    def select(self, by: Selection, person_id: str) -> str:
        self.leads(person_id)[-1].stage = "Offer"
        return "Offer" if by is Selection.STAGE else self.leads(person_id)[-1].id

    def change(self, person_id: str, change: Change, value: str) -> None:
        lead = self.leads(person_id)[-1]
        match change:
            case Change.STATUS:
                lead.fields[self.fake.fresh_id()] = ("Outreach status", value)
            case Change.OWNER:
                lead.user = USERS[value]
            case Change.DO_NOT_CONTACT:
                lead.fields[self.fake.fresh_id()] = ("Do not contact", "yes")
            case _:
                lead.stage = value
        self.fake.note("lead:updated", lead)


@pytest.fixture
def world() -> ClinchPadWorld:
    return ClinchPadWorld()


class TestClinchPad(CrmContract, PullContract, FailureContract):
    @pytest.fixture
    def world(self) -> ClinchPadWorld:
        return ClinchPadWorld()


class TestRequests:
    def test_an_address_is_encoded_in_the_query(self, world: ClinchPadWorld) -> None:
        run(world.crm.find_person("A+b/ü@example.com"))

        [(method, url)] = world.fake.sent()
        assert method == "GET"
        assert url.partition("?")[2].upper() in (
            "EMAIL=A%2BB%2F%C3%BC%40EXAMPLE.COM",
            "EMAIL=A%2BB/%C3%BC%40EXAMPLE.COM",
        )

    def test_the_first_note_makes_a_lead_that_says_whose_it_is(self, world: ClinchPadWorld) -> None:
        person = run(world.crm.upsert_person(AYSE, person_id=None)).person_id
        before = len(world.fake.requests)

        run(world.crm.log(person, REPLY, look_first=False))

        writes = [one for one in world.fake.requests[before:] if one.method != "GET"]
        [lead] = world.leads(person)
        assert [(one.method, one.url.path.removeprefix("/api/v1")) for one in writes] == [
            ("POST", "/leads"),
            ("PUT", f"/leads/{lead.id}/contacts/{person}"),
            ("POST", f"/leads/{lead.id}/notes"),
        ]
        assert lead.name == "Ayşe Kaya (ayse@example.com)"
        assert world.fake.body() == {
            "content": "Reply on email: Re: A question\n\nSounds good, <call> me & my colleague\n\nref: evt-1",
            "user_id": USERS["anna@example.com"],
        }

    def test_a_lead_is_looked_for_once(self, world: ClinchPadWorld) -> None:
        person = run(world.crm.upsert_person(AYSE, person_id=None)).person_id
        run(world.crm.log(person, REPLY, look_first=False))
        before = len(world.fake.requests)

        run(world.crm.log(person, replace(REPLY, key="evt-2"), look_first=False))

        assert [method for method, _ in world.fake.sent()[before:]] == ["GET", "POST"]

    def test_a_field_of_the_contact_is_written_by_itself(self, world: ClinchPadWorld) -> None:
        person = world.add_person(AYSE.email, first_name="Ayşe")
        fields = (Field(name="Title", value="CTO"), Field(name="phone", value="+90", mode=Mode.OVERWRITE))

        run(world.crm.upsert_person(replace(AYSE, fields=fields), person_id=person))

        assert world.fake.body(-2) == {"name": "Ayşe", "email": "ayse@example.com", "phone": "+90"}
        assert world.fake.sent()[-1] == ("PUT", f"/api/v1/contacts/{person}/fields/{OWN_FIELD}")
        assert world.fake.body() == {"value": "CTO"}

    @pytest.mark.parametrize("first_page", [0, 1])
    def test_pages_may_count_from_nought_or_one(self, first_page: int) -> None:
        world = ClinchPadWorld()
        world.fake.first_page = first_page
        ids = [world.fake.add({"email": f"p{number}@example.com"}) for number in range(250)]

        people = everybody(world.crm, Wanted())

        assert [person.person_id for person in people] == ids

    def test_a_note_is_looked_for_on_every_page(self, world: ClinchPadWorld) -> None:
        person = run(world.crm.upsert_person(AYSE, person_id=None)).person_id
        run(world.crm.log(person, REPLY, look_first=False))
        [lead] = world.leads(person)
        lead.notes += [(world.fake.fresh_id(), "typed") for _ in range(150)]

        run(world.crm.log(person, REPLY, look_first=True))

        assert len(lead.notes) == 151


class TestLeads:
    def test_a_lead_that_people_made_for_the_contact_is_used(self, world: ClinchPadWorld) -> None:
        person = world.add_person(AYSE.email, first_name="Ayşe Kaya")

        run(world.crm.log(person, REPLY, look_first=False))

        assert len(world.leads(person)) == 1

    def test_a_lead_of_somebody_with_the_same_name_is_not(self, world: ClinchPadWorld) -> None:
        other = world.add_person("other@example.com", first_name="Ayşe Kaya")
        person = run(world.crm.upsert_person(AYSE, person_id=None)).person_id

        run(world.crm.log(person, REPLY, look_first=False))

        assert world.entries(other) == []
        assert len(world.entries(person)) == 1

    def test_a_lead_that_was_made_and_not_linked_is_linked_later(self, world: ClinchPadWorld) -> None:
        person = run(world.crm.upsert_person(AYSE, person_id=None)).person_id
        broken = httpx.ReadTimeout("silent")
        world.fake.before = lambda request: (
            broken if "/contacts/" in request.url.path and request.method == "PUT" else None
        )
        with pytest.raises(Exception, match="no reply"):
            run(world.crm.log(person, REPLY, look_first=False))
        world.fake.before = lambda request: None

        run(world.crm.log(person, REPLY, look_first=True))

        assert len(world.fake.leads) == len(world.leads(person)) == 1

    def test_an_archived_lead_is_not_moved_and_a_new_deal_opened(self, world: ClinchPadWorld) -> None:
        person = run(world.crm.upsert_person(AYSE, person_id=None)).person_id
        run(world.crm.ensure_deal(person, Deal(name="x", pipeline="Sales", stage="Prospect", value="1200")))
        [lead] = world.leads(person)
        lead.archived = True

        assert not run(world.crm.set_stage(person, "Offer"))
        run(world.crm.ensure_deal(person, Deal(name="x", pipeline="Sales", stage="Offer")))

        assert world.deals(person) == ["Prospect", "Offer"]
        assert lead.size == 1200

    def test_a_lead_that_is_removed_meanwhile_does_not_mean_that_the_person_is(self, world: ClinchPadWorld) -> None:
        person = run(world.crm.upsert_person(AYSE, person_id=None)).person_id
        run(world.crm.log(person, REPLY, look_first=False))
        world.fake.leads.clear()

        with pytest.raises(Unavailable):
            run(world.crm.log(person, REPLY, look_first=False))
        run(world.crm.log(person, REPLY, look_first=True))

        assert len(world.entries(person)) == 1


class TestRefusals:
    @pytest.mark.parametrize(
        ("options", "said"),
        [({"pipeline": "Sells"}, "Pipelines: Sales"), ({"user": "kim@example.com"}, "There are: anna")],
    )
    def test_a_setting_that_names_nothing_is_refused(self, options: dict[str, str], said: str) -> None:
        world = ClinchPadWorld(**options)

        with pytest.raises(Refused, match=said) as refusal:
            run(world.crm.log(run(world.crm.upsert_person(AYSE, person_id=None)).person_id, REPLY, look_first=False))

        assert refusal.value.outcome is Outcome.CONFIG

    def test_an_unknown_field_names_those_who_are_there(self, world: ClinchPadWorld) -> None:
        mapped = replace(AYSE, fields=(Field(name="Titel", value="CTO"),))

        with pytest.raises(Refused, match="address, designation, phone, Title"):
            run(world.crm.upsert_person(mapped, person_id=None))

    def test_two_contacts_of_one_address_are_ambiguous(self, world: ClinchPadWorld) -> None:
        world.add_person(AYSE.email)
        world.add_person(AYSE.email.title())

        with pytest.raises(Refused) as refusal:
            run(world.crm.upsert_person(AYSE, person_id=None))

        assert refusal.value.outcome is Outcome.AMBIGUOUS

    def test_a_service_that_is_gone_is_said_to_be(self, world: ClinchPadWorld) -> None:
        world.fake.before = lambda request: httpx.Response(404, text="<html>domain for sale</html>")

        with pytest.raises(Refused, match="may not be run any more"):
            run(world.crm.check())

    def test_the_hourly_limit_is_waited_out_for_minutes(self, world: ClinchPadWorld) -> None:
        world.fake.before = lambda request: httpx.Response(429, json={"message": "slow down"})

        with pytest.raises(RateLimited) as limited:
            run(world.crm.check())

        assert limited.value.retry_after == timedelta(minutes=5)

    def test_an_empty_key_is_refused_when_it_is_read(self) -> None:
        with pytest.raises(ValueError, match="CLINCHPAD_KEY"):
            Options(key=" ")


def test_a_contact_alone_says_nothing_about_its_lead(world: ClinchPadWorld) -> None:
    person = world.add_person(AYSE.email)

    [alone] = everybody(world.crm, Wanted())
    [by_lead] = everybody(world.crm, Wanted(by=Selection.DEAL, value=world.leads(person)[0].id))

    assert alone.untold == {"owner", "status", "stage", "deal"}
    assert (by_lead.untold, by_lead.stage) == (frozenset(), "Prospect")
