"""Salesmate: the contracts against an account that keeps state, then exact requests and failures inside a success."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from outreach.crm import Deal, Field, Mode, Operation, Selection, Wanted
from outreach.crms.salesmate import Options, Salesmate
from outreach.domain.crm_news import Change
from outreach.errors import AdapterError, Outcome, RateLimited, Refused, Unauthorized
from outreach.sandbox.salesmate_server import LINK, PIPELINES, TOKEN, USERS, FakeSalesmate
from outreach.testing.crm import AYSE, REPLY, CrmContract, PullContract, everybody, run
from tests.crms.failures import FailureContract

_REMOTE = {"first_name": "firstName", "status": "outreachStatus"}


class SalesmateWorld:
    secrets = (TOKEN,)
    text_field = "designation"
    stage, other_stage, unknown_stage, pipeline = "New", "Contacted", "nowhere", "Sales"
    status, owner = "Responded", "deniz@example.com"
    tells = frozenset({Change.STATUS, Change.OWNER, Change.DO_NOT_CONTACT, Change.STAGE, Change.WON, Change.LOST})

    def __init__(self, **options: Any) -> None:
        self.fake = FakeSalesmate()
        given = {"token": TOKEN, "linkname": LINK, "pipelines": PIPELINES, "status_property": "outreachStatus"}
        self.crm = Salesmate(Options(**given | options), httpx.AsyncClient(transport=self.fake.transport()))

    def pulled(self) -> Salesmate:
        return self.crm

    def is_write(self, request: httpx.Request) -> bool:
        return request.method != "GET" and not request.url.path.endswith("/search")

    def add_person(self, email: str, **values: str) -> str:
        return str(self.fake.add({"email": email} | {_REMOTE.get(name, name): one for name, one in values.items()}))

    def remove_person(self, person_id: str) -> None:
        del self.fake.contacts[int(person_id)]

    def people(self) -> list[str]:
        return [contact["email"] for contact in self.fake.contacts.values()]

    def value(self, person_id: str, field: str) -> str:
        contact = self.fake.contacts[int(person_id)]
        if field == "owner":
            return next(email for email, number in USERS.items() if number == contact["owner"])
        value = str(contact.get(_REMOTE.get(field, field), ""))
        return value.replace(",", ";") if field == "tags" else value

    def entries(self, person_id: str) -> list[str]:
        return [text for _, text in self.fake.notes.get(int(person_id), [])]

    def deals(self, person_id: str) -> list[str]:
        return [deal["stage"] for deal in self.fake.deals.values() if str(deal["primaryContact"]) == person_id]

    def is_opted_out(self, person_id: str) -> bool:
        return self.fake.contacts[int(person_id)].get("emailOptOut") is True

    def later(self) -> datetime:
        return self.fake.later()

    def select(self, by: Selection, person_id: str) -> str:
        deal = {"title": "x", "primaryContact": int(person_id), "owner": 5, "pipeline": "Sales", "stage": "Contacted"}
        self.fake.deals[next(self.fake.numbers)] = deal | {"status": "Open", "createdAt": "2026-03-02T09:00:00Z"}
        return "Contacted"

    def change(self, person_id: str, change: Change, value: str) -> None:
        contact = self.fake.contacts[int(person_id)]
        deals = [deal for deal in self.fake.deals.values() if str(deal["primaryContact"]) == person_id]
        changes: dict[Change, tuple[dict[str, Any], dict[str, Any]]] = {
            Change.STATUS: (contact, {"outreachStatus": value}),
            Change.OWNER: (contact, {"owner": USERS.get(value, 5)}),
            Change.DO_NOT_CONTACT: (contact, {"emailOptOut": True}),
        }
        if deals:
            changes |= {
                Change.STAGE: (deals[-1], {"stage": value}),
                Change.WON: (deals[-1], {"status": "Close", "dealValue": value}),
                Change.LOST: (deals[-1], {"status": "Lost"}),
            }
        record, values = changes[change]
        record |= values
        self.fake.touch(record)


@pytest.fixture
def world() -> SalesmateWorld:
    return SalesmateWorld()


class TestSalesmate(CrmContract, PullContract, FailureContract):
    @pytest.fixture
    def world(self) -> SalesmateWorld:
        return SalesmateWorld()


class TestRequests:
    def test_every_request_names_the_account(self, world: SalesmateWorld) -> None:
        run(world.crm.check())

        [request] = world.fake.requests
        assert str(request.url) == "https://demo.salesmate.io/apis/core/v4/users?status=active"
        assert request.headers["accessToken"] == TOKEN
        assert request.headers["x-linkname"] == "demo.salesmate.io"

    def test_a_search_compares_the_address_and_is_no_write(self, world: SalesmateWorld) -> None:
        run(world.crm.find_person("Ayse+x@example.com"))

        assert world.fake.sent() == [("POST", "/apis/contact/v4/search?rows=250&from=0")]
        assert world.fake.body()["filterQuery"] == {
            "group": {
                "operator": "AND",
                "rules": [
                    {
                        "condition": "EQUALS",
                        "moduleName": "Contact",
                        "field": {"fieldName": "contact.email", "displayName": "Email", "type": "Email"},
                        "data": "Ayse+x@example.com",
                        "eventType": "Email",
                    }
                ],
            }
        }

    def test_a_search_that_gives_too_much_finds_only_the_address(self, world: SalesmateWorld) -> None:
        loose = SalesmateWorld(email_condition="IS_AFTER")
        for email in ("ayse@example.com", "bayse@example.com"):
            loose.add_person(email)
        loose.fake.before = lambda request: httpx.Response(
            200,
            json={
                "Status": "success",
                "Data": {"data": [{"id": n, "Email": c["email"]} for n, c in loose.fake.contacts.items()]},
            },
        )

        assert len(run(loose.crm.find_person("ayse@example.com"))) == 1

    def test_a_create_has_the_required_values_and_no_empty_one(self, world: SalesmateWorld) -> None:
        run(world.crm.upsert_person(replace(AYSE, last_name=""), person_id=None))

        assert world.fake.sent()[-1] == ("POST", "/apis/contact/v4")
        assert world.fake.body() == {
            "lastName": "-",
            "owner": 5,
            "firstName": "Ayşe",
            "email": "ayse@example.com",
        }

    def test_an_update_repeats_what_is_required_and_writes_only_what_changes(self, world: SalesmateWorld) -> None:
        person = world.add_person(AYSE.email, first_name="Ayşe", lastName="Kaya", designation="CEO", owner="6")
        world.fake.contacts[int(person)]["owner"] = 6
        fields = (Field(name="designation", value="CTO", mode=Mode.OVERWRITE), Field(name="phone", value="+90"))

        run(world.crm.upsert_person(replace(AYSE, fields=fields), person_id=person))

        assert world.fake.sent()[-1] == ("PUT", f"/apis/contact/v4/{person}")
        assert world.fake.body() == {"lastName": "Kaya", "owner": 6, "designation": "CTO", "phone": "+90"}

    def test_a_note_is_escaped_html(self, world: SalesmateWorld) -> None:
        person = world.add_person(AYSE.email)

        run(world.crm.log(person, REPLY, look_first=False))

        assert world.fake.sent() == [("POST", f"/apis/contact/v4/modules/1/object/{person}/notes")]
        assert world.fake.body() == {
            "note": "<div>Reply on email: Re: A question<br><br>"
            "Sounds good, &lt;call&gt; me &amp; my colleague<br><br>ref: evt-1</div>",
            "type": "Note",
            "attachments": [],
        }

    def test_a_deal_that_moves_keeps_what_it_had(self, world: SalesmateWorld) -> None:
        person = world.add_person(AYSE.email)
        run(world.crm.ensure_deal(person, Deal(name="Example", pipeline="Sales", stage="New", value="1200")))

        run(world.crm.set_stage(person, "Contacted"))

        assert world.fake.body() == {
            "title": "Example",
            "primaryContact": int(person),
            "owner": 5,
            "pipeline": "Sales",
            "status": "Open",
            "stage": "Contacted",
        }

    def test_a_closed_deal_is_left_and_a_new_one_opened(self, world: SalesmateWorld) -> None:
        person = world.add_person(AYSE.email)
        run(world.crm.ensure_deal(person, Deal(name="x", pipeline="Sales", stage="New")))
        world.change(person, Change.LOST, "")

        assert not run(world.crm.set_stage(person, "Contacted"))
        run(world.crm.ensure_deal(person, Deal(name="x", pipeline="Sales", stage="Contacted")))

        assert world.deals(person) == ["New", "Contacted"]

    def test_another_host_and_header_may_be_set(self) -> None:
        world = SalesmateWorld(base_url="https://apis.salesmate.example", token_header="sessionToken")

        with pytest.raises(Unauthorized):
            run(world.crm.check())

        assert world.fake.requests[-1].url.host == "apis.salesmate.example"
        assert world.fake.requests[-1].headers["sessiontoken"] == TOKEN


class TestFailuresInsideASuccess:
    @pytest.mark.parametrize(
        ("said", "kind", "outcome"),
        [
            (("ObjectNotFound", "Contact not found"), Refused, Outcome.NOT_FOUND),
            (("AuthorizationFailed", "Access denied"), Unauthorized, Outcome.ACCOUNT_BLOCKED),
            (("NoSuchLinkExist", "No such link"), Unauthorized, Outcome.ACCOUNT_BLOCKED),
            (("ValidationError", "Enter a valid email"), Refused, Outcome.VALIDATION),
            (("ValidationError", "No such stage exists"), Refused, Outcome.CONFIG),
            (("ValidationError", "Email already exists"), Refused, Outcome.DUPLICATE),
            (("ApiLimitExceeded", "too many"), RateLimited, Outcome.THROTTLED),
        ],
    )
    @pytest.mark.parametrize("status", [200, 400])
    def test_each_name_has_one_meaning(
        self,
        world: SalesmateWorld,
        status: int,
        said: tuple[str, str],
        kind: type[AdapterError],
        outcome: Outcome,
    ) -> None:
        person, (name, message) = world.add_person(AYSE.email), said
        failure = {"Status": "failure", "Error": {"name": name, "Code": "4001", "message": message}}
        world.fake.before = lambda request: httpx.Response(status, json=failure)

        with pytest.raises(kind) as error:
            run(world.crm.log(person, REPLY, look_first=False))

        assert error.value.outcome is outcome
        assert message in error.value.said
        assert TOKEN not in str(error.value)

    def test_a_removed_contact_is_gone_also_when_the_answer_is_200(self, world: SalesmateWorld) -> None:
        world.fake.is_kind = False

        with pytest.raises(Refused) as refusal:
            run(world.crm.set_status("999", "Responded"))

        assert refusal.value.outcome is Outcome.NOT_FOUND

    def test_the_hourly_limit_is_waited_out_for_minutes(self, world: SalesmateWorld) -> None:
        world.fake.before = lambda request: httpx.Response(429)

        with pytest.raises(RateLimited) as limited:
            run(world.crm.check())

        assert limited.value.retry_after == timedelta(minutes=5)

    def test_an_opt_out_that_was_not_kept_is_refused(self, world: SalesmateWorld) -> None:
        world.fake.keeps_opt_out = False

        with pytest.raises(Refused, match="do_not_contact_field"):
            run(world.crm.set_do_not_contact(world.add_person(AYSE.email), AYSE.email))


class TestSettings:
    @pytest.mark.parametrize(
        "wrong",
        [
            {"linkname": "evil.example/"},
            {"linkname": "-x"},
            {"pipelines": "Sales"},
            {"token": " "},
            {"api_version": "../v4"},
        ],
    )
    def test_a_setting_that_cannot_be_is_refused_when_it_is_read(self, wrong: dict[str, str]) -> None:
        with pytest.raises(ValueError, match="Write"):
            Options(**{"token": TOKEN, "linkname": LINK} | wrong)  # type: ignore[arg-type]

    def test_a_status_needs_a_property_and_an_opt_out_its_field(self) -> None:
        world = SalesmateWorld(status_property="", do_not_contact_field="")

        assert {Operation.STATUS, Operation.DO_NOT_CONTACT}.isdisjoint(world.crm.can)

    def test_a_stage_of_another_pipeline_is_refused(self, world: SalesmateWorld) -> None:
        with pytest.raises(Refused, match="none of pipeline 'Sales'"):
            run(world.crm.ensure_deal("1", Deal(name="x", pipeline="Sales", stage="First talk")))

    def test_an_unknown_owner_names_those_who_are_there(self, world: SalesmateWorld) -> None:
        with pytest.raises(Refused, match="anna@example") as refusal:
            run(world.crm.assign_owner(world.add_person(AYSE.email), "kim@example.com"))

        assert refusal.value.outcome is Outcome.CONFIG

    def test_two_contacts_of_one_address_are_ambiguous(self, world: SalesmateWorld) -> None:
        world.add_person(AYSE.email)
        world.add_person(AYSE.email.title())

        with pytest.raises(Refused) as refusal:
            run(world.crm.upsert_person(AYSE, person_id=None))

        assert refusal.value.outcome is Outcome.AMBIGUOUS


def test_what_a_contact_is_comes_back(world: SalesmateWorld) -> None:
    person = run(world.crm.upsert_person(AYSE, person_id=None)).person_id
    run(world.crm.add_tags(person, ("warm", "berlin")))

    [told] = everybody(world.crm, Wanted(fields=("designation",)))

    assert (told.first_name, told.last_name, told.tags) == ("Ayşe", "Kaya", ("warm", "berlin"))
    assert told.owner == "anna@example.com"


def test_many_contacts_are_read_page_by_page(world: SalesmateWorld) -> None:
    for number in range(230):
        world.add_person(f"p{number}@example.com")

    people = everybody(world.crm, Wanted())

    assert len({person.person_id for person in people}) == len(people) == 230
