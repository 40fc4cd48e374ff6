"""InvestGlass as the settings describe it: the contract, and that every one of them changes the requests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest

from outreach.crm import Field, Mode, Operation
from outreach.crms.investglass import InvestGlass, Options
from outreach.errors import Outcome, Refused, Unauthorized
from outreach.sandbox.investglass_server import KEY, USERS, FakeInvestGlass
from outreach.testing.crm import AYSE, REPLY, CrmContract, run
from tests.crms.failures import FailureContract

_ALL: dict[str, Any] = {
    "owner_field": "owner_id",
    "status_property": "status",
    "stage_field": "stage",
    "tags_field": "tags",
    "do_not_contact_field": "opt_out",
    "known_stages": ("new", "talking"),
}


class InvestGlassWorld:
    secrets = (KEY,)
    text_field = "position"
    stage, other_stage, unknown_stage, pipeline = "new", "talking", "nowhere", "x"
    status, owner = "responded", "deniz@example.com"

    def __init__(self, fake: FakeInvestGlass | None = None, **options: Any) -> None:
        self.fake = fake or FakeInvestGlass()
        self.crm = InvestGlass(Options(**{"key": KEY} | options), httpx.AsyncClient(transport=self.fake.transport()))

    def is_write(self, request: httpx.Request) -> bool:
        return request.method != "GET"

    def add_person(self, email: str, **values: str) -> str:
        return self.fake.add({"email": email, **values})

    def remove_person(self, person_id: str) -> None:
        del self.fake.people[int(person_id)]

    def people(self) -> list[str]:
        return [person["email"] for person in self.fake.people.values()]

    def value(self, person_id: str, field: str) -> str:
        person = self.fake.people[int(person_id)]
        if field == "owner":
            return next(email for email, one in USERS.items() if one == person["owner_id"])
        value = person.get(field, "")
        return ";".join(value) if isinstance(value, list) else str(value)

    def entries(self, person_id: str) -> list[str]:
        return [note["content"] for note in self.fake.notes if note["contact_id"] == person_id]

    def deals(self, person_id: str) -> list[str]:
        return []

    def is_opted_out(self, person_id: str) -> bool:
        return self.fake.people[int(person_id)].get("opt_out") is True


@pytest.fixture
def world() -> InvestGlassWorld:
    return InvestGlassWorld(**_ALL)


class TestInvestGlass(CrmContract, FailureContract):
    @pytest.fixture
    def world(self) -> InvestGlassWorld:
        return InvestGlassWorld(**_ALL)


class TestWithNothingButItsKey(CrmContract):
    @pytest.fixture
    def world(self) -> InvestGlassWorld:
        return InvestGlassWorld()

    def test_it_offers_people_and_notes(self, world: InvestGlassWorld) -> None:
        assert world.crm.can == {Operation.PERSON, Operation.LOG, Operation.LOG_REPLY}


class TestRequests:
    def test_an_object_stands_under_its_key(self, world: InvestGlassWorld) -> None:
        run(world.crm.upsert_person(replace(AYSE, last_name=""), person_id=None))

        assert world.fake.sent() == [
            ("GET", "/api/v1/contacts?email=ayse%40example.com"),
            ("POST", "/api/v1/contacts"),
        ]
        assert world.fake.body() == {
            "contact": {"email": "ayse@example.com", "first_name": "Ayşe", "company_name": "Example GmbH"}
        }
        assert world.fake.requests[0].headers["authorization"] == f"Bearer {KEY}"

    def test_an_update_writes_only_what_changes(self, world: InvestGlassWorld) -> None:
        person = world.add_person(AYSE.email, first_name="Gül", position="CEO")
        fields = (Field(name="position", value="CTO", mode=Mode.OVERWRITE),)

        run(world.crm.upsert_person(replace(AYSE, fields=fields), person_id=person))

        assert world.fake.sent()[-1] == ("PUT", f"/api/v1/contacts/{person}")
        assert world.fake.body() == {
            "contact": {"last_name": "Kaya", "company_name": "Example GmbH", "position": "CTO"}
        }

    def test_a_note_is_filled_from_its_template_and_no_hole_of_the_text_is(self, world: InvestGlassWorld) -> None:
        person = world.add_person(AYSE.email)

        run(world.crm.log(person, replace(REPLY, text="see {person_id}"), look_first=False))

        assert world.fake.body() == {
            "contact_report": {
                "contact_id": person,
                "title": "Re: A question",
                "content": "see {person_id}\n\nref: evt-1",
            }
        }

    def test_methods_and_header_may_be_the_other_way_round(self) -> None:
        fake = FakeInvestGlass(header="x-api-key", scheme="", creates_by="PUT", updates_by="POST")
        options = {"auth_header": "X-Api-Key", "auth_scheme": "", "create_method": "PUT", "update_method": "POST"}
        world = InvestGlassWorld(fake, **options, **_ALL)

        person = run(world.crm.upsert_person(AYSE, person_id=None)).person_id
        run(world.crm.set_status(person, "responded"))

        assert [method for method, _ in fake.sent() if method != "GET"] == ["PUT", "POST"]
        assert world.value(person, "status") == "responded"

    def test_names_may_be_others(self) -> None:
        world = InvestGlassWorld(field_map={"email": "email", "first_name": "position"})

        run(world.crm.upsert_person(AYSE, person_id=None))

        assert world.fake.body() == {"contact": {"email": "ayse@example.com", "position": "Ayşe"}}

    def test_html_is_escaped_where_notes_are_html(self) -> None:
        world = InvestGlassWorld(note_is_html=True)
        person = world.add_person(AYSE.email)

        run(world.crm.log(person, REPLY, look_first=False))
        run(world.crm.log(person, REPLY, look_first=True))

        assert world.entries(person) == ["Sounds good, &lt;call&gt; me &amp; my colleague<br><br>ref: evt-1"]

    def test_what_is_there_already_is_not_written(self, world: InvestGlassWorld) -> None:
        person = world.add_person(AYSE.email, status="responded")

        run(world.crm.set_status(person, "responded"))

        assert [method for method, _ in world.fake.sent()] == ["GET"]


class TestRefusals:
    def test_a_start_with_a_wrong_key_is_refused_by_the_one_read(self, world: InvestGlassWorld) -> None:
        world.fake.scheme = "Token "

        with pytest.raises(Unauthorized):
            run(world.crm.check())

    def test_an_unknown_stage_and_owner_name_those_who_are_there(self, world: InvestGlassWorld) -> None:
        person = world.add_person(AYSE.email)
        with pytest.raises(Refused, match="new, talking"):
            run(world.crm.set_stage(person, "won"))
        with pytest.raises(Refused, match="deniz@"):
            run(world.crm.assign_owner(person, "kim@example.com"))

    def test_two_people_of_one_address_are_ambiguous(self, world: InvestGlassWorld) -> None:
        world.add_person(AYSE.email)
        world.add_person(AYSE.email.title())

        with pytest.raises(Refused) as refusal:
            run(world.crm.upsert_person(AYSE, person_id=None))

        assert refusal.value.outcome is Outcome.AMBIGUOUS

    @pytest.mark.parametrize(
        "wrong",
        [
            {"key": ""},
            {"find_params": ("email",)},
            {"create_method": "GET"},
            {"person_path": "contacts"},
            {"field_map": {"first_name": "name"}},
            {"note_body": {"title": "{subject}"}},
        ],
    )
    def test_a_setting_that_cannot_be_is_refused_when_it_is_read(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match="Write"):
            Options(**{"key": KEY} | wrong)
