"""HubSpot: the contract against a HubSpot that keeps state, then exact requests and every kind of failure."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from outreach.crm import Deal, Field, Mode, Operation, Selection, Wanted
from outreach.crms.hubspot import HubSpot, Options
from outreach.domain.crm_mapping import CrmMapping, CrmTrigger, DealRule, FieldRule
from outreach.domain.crm_news import Change
from outreach.errors import AdapterError, Outcome, OutcomeUnknown, RateLimited, Refused, Unauthorized, Unavailable
from outreach.sandbox.hubspot_server import OWNERS, TOKEN, FakeHubSpot
from outreach.services.crm.crm_check import check
from outreach.testing.crm import AYSE, REPLY, CrmContract, PullContract, everybody, ids_of, run

_REMOTE = {"first_name": "firstname", "status": "hs_lead_status", "tags": "outreach_tags", "owner": "hubspot_owner_id"}


class HubSpotWorld:
    tells = frozenset(Change) - {Change.HINT, Change.ERASED}
    secrets = (TOKEN,)
    text_field = "jobtitle"
    stage, other_stage, unknown_stage, pipeline = "appointmentscheduled", "qualifiedtobuy", "nowhere", "default"
    status, owner = "CONNECTED", "anna@example.com"

    def __init__(self, **options: Any) -> None:
        self.fake = FakeHubSpot(page_size=3)
        self.options = Options(token=TOKEN, **{"tags_property": "outreach_tags"} | options)
        self.crm = HubSpot(self.options, httpx.AsyncClient(transport=self.fake.transport()))

    def add_person(self, email: str, **values: str) -> str:
        properties = {_REMOTE.get(name, name): value for name, value in values.items()}
        present = self.fake.contact(email)
        return present.id if present else self.fake.add("contacts", {"email": email, **properties}).id

    def remove_person(self, person_id: str) -> None:
        self.fake.archive(person_id)

    def pulled(self) -> HubSpot:
        return self.crm

    def later(self) -> datetime:
        self.fake.now += timedelta(hours=1)
        return self.fake.now

    def select(self, by: Selection, person_id: str) -> str:
        if by is Selection.LIST:
            self.fake.lists["77"] = ("Fair 2026", [person_id])
            return "Fair 2026"
        if by is Selection.FILTER:
            self.fake.edit("contacts", person_id, {"jobtitle": "CTO of everything"})
            self.later()
            return "jobtitle~CTO and hs_lead_status!=NEW"
        deal = Deal(name="x", pipeline=self.pipeline, stage=self.other_stage)
        deal_id = run(self.crm.ensure_deal(person_id, deal))
        self.later()
        return self.other_stage if by is Selection.STAGE else deal_id

    def change(self, person_id: str, change: Change, value: str) -> None:
        names = {Change.STATUS: "hs_lead_status", Change.OWNER: "hubspot_owner_id"}
        if change is Change.MERGED:
            self.fake.archive(person_id, into=value)
        elif change in (Change.STAGE, Change.WON, Change.LOST):
            [deal] = self.fake.of("deals", person_id)
            stage = {Change.WON: "closedwon", Change.LOST: "closedlost"}.get(change, value)
            self.fake.edit("deals", deal.id, {"dealstage": stage, "amount": value})
        elif change is Change.DO_NOT_CONTACT:
            self.fake.edit("contacts", person_id, {"hs_email_optout": "true"})
        else:
            self.fake.edit("contacts", person_id, {names[change]: OWNERS.get(value, value)})

    def people(self) -> list[str]:
        return [contact.properties["email"] for contact in self.fake.objects["contacts"].values()]

    def value(self, person_id: str, field: str) -> str:
        value = self.fake.objects["contacts"][person_id].properties.get(_REMOTE.get(field, field), "")
        return next(email for email, owner in OWNERS.items() if owner == value) if field == "owner" else value

    def entries(self, person_id: str) -> list[str]:
        names = ("hs_email_text", "hs_note_body", "hs_communication_body")
        kinds = ("emails", "notes", "communications")
        things = [thing for kind in kinds for thing in self.fake.of(kind, person_id)]
        return [next(thing.properties[name] for name in names if name in thing.properties) for thing in things]

    def deals(self, person_id: str) -> list[str]:
        return [deal.properties["dealstage"] for deal in self.fake.of("deals", person_id)]

    def is_opted_out(self, person_id: str) -> bool:
        return self.fake.objects["contacts"][person_id].properties["email"] in self.fake.unsubscribed

    def sent(self) -> list[tuple[str, str]]:
        return [(request.method, request.url.raw_path.decode()) for request in self.fake.requests]

    def body(self, number: int = -1) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.fake.requests[number].content)
        return body


@pytest.fixture
def world() -> HubSpotWorld:
    return HubSpotWorld()


class TestHubSpot(CrmContract, PullContract):
    @pytest.fixture
    def world(self) -> HubSpotWorld:
        return HubSpotWorld()


class TestRequests:
    def test_a_person_is_read_by_address_fully_encoded(self, world: HubSpotWorld) -> None:
        run(world.crm.find_person("A+b/ü@example.com"))

        assert world.sent() == [
            ("GET", "/crm/objects/2026-09/contacts/A%2Bb%2F%C3%BC%40example.com?idProperty=email&properties=email")
        ]

    def test_a_create_carries_texts_and_an_empty_list_of_associations(self, world: HubSpotWorld) -> None:
        run(world.crm.upsert_person(replace(AYSE, last_name=""), person_id=None))

        assert world.sent() == [("POST", "/crm/objects/2026-09/contacts")]
        assert world.body() == {
            "properties": {"firstname": "Ayşe", "company": "Example GmbH", "email": "ayse@example.com"},
            "associations": [],
        }

    def test_an_update_writes_only_what_changes(self, world: HubSpotWorld) -> None:
        person = world.add_person(AYSE.email, first_name="Ayşe", jobtitle="CEO")
        fields = (Field(name="jobtitle", value="CTO", mode=Mode.OVERWRITE), Field(name="phone", value="+90"))

        run(world.crm.upsert_person(replace(AYSE, last_name="", company="", fields=fields), person_id=person))

        assert world.sent()[-1] == ("PATCH", f"/crm/objects/2026-09/contacts/{person}")
        assert world.body() == {"properties": {"jobtitle": "CTO", "phone": "+90"}}

    def test_nothing_to_change_is_not_written(self, world: HubSpotWorld) -> None:
        person = run(world.crm.upsert_person(AYSE, person_id=None)).person_id

        run(world.crm.upsert_person(AYSE, person_id=person))

        assert [method for method, _ in world.sent()] == ["POST", "GET"]

    def test_a_reply_by_mail_is_an_incoming_email_of_the_contact(self, world: HubSpotWorld) -> None:
        person = world.add_person(AYSE.email)

        run(world.crm.log(person, REPLY, look_first=False))

        properties = world.body()["properties"]
        assert world.sent() == [("POST", "/crm/objects/2026-09/emails")]
        assert json.loads(properties.pop("hs_email_headers")) == {
            "from": {"email": "ayse@example.com"},
            "to": [{"email": "anna@example.org"}],
            "cc": [],
            "bcc": [],
        }
        assert properties == {
            "hs_timestamp": "2026-03-02T10:00:00.000Z",
            "hs_email_direction": "INCOMING_EMAIL",
            "hs_email_status": "SENT",
            "hs_email_subject": "Re: A question",
            "hs_email_text": "Sounds good, <call> me & my colleague\n\nref: evt-1",
        }
        assert world.body()["associations"] == [
            {"to": {"id": person}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 198}]}
        ]

    @pytest.mark.parametrize(
        ("channel", "kind", "type_name"),
        [
            ("linkedin", "communications", "LINKEDIN_MESSAGE"),
            ("whatsapp", "communications", "WHATS_APP"),
            ("sms", "communications", "SMS"),
            ("x", "notes", None),
            ("telegram", "notes", None),
        ],
    )
    def test_other_channels_have_their_own_kind_of_entry(
        self, world: HubSpotWorld, channel: str, kind: str, type_name: str | None
    ) -> None:
        person = world.add_person(AYSE.email)

        run(world.crm.log(person, replace(REPLY, channel=channel), look_first=False))

        properties = world.body()["properties"]
        assert world.sent() == [("POST", f"/crm/objects/2026-09/{kind}")]
        assert properties.get("hs_communication_channel_type") == type_name
        assert "&lt;call&gt; me &amp; my colleague" in str(properties)

    def test_looking_for_an_entry_turns_every_page(self, world: HubSpotWorld) -> None:
        person = world.add_person(AYSE.email)
        world.fake.association_page = 3
        for number in range(1, 11):
            run(world.crm.log(person, replace(REPLY, key=f"evt-{number}"), look_first=False))

        run(world.crm.log(person, replace(REPLY, key="evt-10"), look_first=True))

        assert len(world.entries(person)) == 10

    def test_a_closed_deal_is_not_moved_and_a_new_one_may_be_opened(self, world: HubSpotWorld) -> None:
        person = world.add_person(AYSE.email)
        deal = Deal(name="Example", pipeline="default", stage="appointmentscheduled", value="1200")
        run(world.crm.ensure_deal(person, deal))
        run(world.crm.set_stage(person, "closedlost"))

        was_moved = run(world.crm.set_stage(person, "qualifiedtobuy"))
        run(world.crm.ensure_deal(person, deal))

        assert not was_moved
        assert world.deals(person) == ["closedlost", "appointmentscheduled"]

    def test_moving_to_where_the_deal_stands_is_done_already(self, world: HubSpotWorld) -> None:
        person = world.add_person(AYSE.email)
        run(world.crm.ensure_deal(person, Deal(name="x", pipeline="default", stage="appointmentscheduled")))
        run(world.crm.set_stage(person, "closedwon"))

        assert run(world.crm.set_stage(person, "closedwon"))
        assert [method for method, _ in world.sent()].count("PATCH") == 1

    def test_a_deal_of_another_pipeline_is_left_alone(self, world: HubSpotWorld) -> None:
        person = world.add_person(AYSE.email)
        run(world.crm.ensure_deal(person, Deal(name="x", pipeline="enterprise", stage="9001")))

        assert not run(world.crm.set_stage(person, "qualifiedtobuy"))
        assert world.deals(person) == ["9001"]

    def test_a_stage_of_another_pipeline_is_refused(self, world: HubSpotWorld) -> None:
        person = world.add_person(AYSE.email)

        with pytest.raises(Refused, match="belongs to pipeline 'enterprise'") as refusal:
            run(world.crm.ensure_deal(person, Deal(name="x", pipeline="default", stage="9001")))

        assert refusal.value.outcome is Outcome.CONFIG

    def test_an_owner_is_looked_up_once(self, world: HubSpotWorld) -> None:
        person = world.add_person(AYSE.email)

        run(world.crm.assign_owner(person, "deniz@example.com"))
        run(world.crm.assign_owner(person, "deniz@example.com"))

        assert [method for method, _ in world.sent()] == ["GET", "PATCH", "PATCH"]
        assert world.body() == {"properties": {"hubspot_owner_id": "78"}}

    def test_an_unknown_owner_is_an_error_that_names_the_address(self, world: HubSpotWorld) -> None:
        with pytest.raises(Refused, match=r"nobody@example\.com") as refusal:
            run(world.crm.assign_owner("1", "nobody@example.com"))

        assert refusal.value.outcome is Outcome.CONFIG

    def test_tags_are_offered_only_with_a_property_for_them(self, world: HubSpotWorld) -> None:
        without = HubSpotWorld(tags_property="")

        assert Operation.TAGS in world.crm.can
        assert Operation.TAGS not in without.crm.can
        with pytest.raises(Refused, match="tags_property"):
            run(without.crm.add_tags("1", ("a",)))

    def test_an_opt_out_becomes_our_property_where_subscriptions_are_closed(self) -> None:
        world = HubSpotWorld(do_not_contact_property="outreach_opt_out")
        world.fake.may_unsubscribe = False
        person = world.add_person(AYSE.email)

        run(world.crm.set_do_not_contact(person, AYSE.email))

        assert world.value(person, "outreach_opt_out") == "true"

    def test_an_opt_out_without_scope_and_property_is_reported(self, world: HubSpotWorld) -> None:
        world.fake.may_unsubscribe = False

        with pytest.raises(Unauthorized, match="MISSING_SCOPES"):
            run(world.crm.set_do_not_contact(world.add_person(AYSE.email), AYSE.email))

    def test_the_account_is_described_from_every_page(self, world: HubSpotWorld) -> None:
        account = run(world.crm.check())

        assert account.name == "HubSpot 4711"
        assert account.users == tuple(OWNERS)
        assert account.pipelines == ("default", "enterprise")
        assert "CONNECTED" in account.status_values

    def test_an_account_with_a_name_is_called_by_it(self, world: HubSpotWorld) -> None:
        world.fake.portal = "Example Ltd"

        assert run(world.crm.check()).name == "HubSpot Example Ltd"

    def test_what_the_token_may_not_read_is_said(self, world: HubSpotWorld) -> None:
        def refuse(request: httpx.Request) -> httpx.Response | None:
            if "/owners/" in request.url.path:
                return httpx.Response(403, json={"category": "MISSING_SCOPES", "message": "crm.objects.owners.read"})
            return None

        world.fake.before = refuse

        account = run(world.crm.check())

        assert "crm.objects.owners.read" in account.unread["users"]
        assert account.stages

    def test_scopes_that_lack_for_what_is_to_be_written_are_said_by_check(self, world: HubSpotWorld) -> None:
        world.fake.may_read_deals = world.fake.may_unsubscribe = False
        when = {CrmTrigger.UNSUBSCRIBE: ("do_not_contact",), CrmTrigger.WON: ("stage",)}

        rows = run(check(CrmMapping(name="hubspot", when=when), world.crm))

        lacking = {row.subject: row for row in rows if not row.is_ok}
        assert set(lacking) == {"operation do_not_contact", "operation stage"}
        assert all("MISSING_SCOPES" in row.said and not row.is_certain for row in lacking.values())

    def test_a_mapping_is_proved_against_the_account(self, world: HubSpotWorld) -> None:
        mapping = CrmMapping(
            name="hubspot",
            fields=(FieldRule(remote="jobtitle", source="title"), FieldRule(remote="jobtitel", source="title")),
            status_property="hs_lead_status",
            statuses={"responded": "CONNECTED", "bounced": "BOUNCED"},
            stages={"default": {"won": "closedwon", "lost": "closedlots"}},
            owners={"anna": "anna@example.com", "kim": "kim@example.com"},
            deal=DealRule(pipeline="defualt", stage="appointmentscheduled"),
            when={CrmTrigger.REPLY: ("person", "log_reply", "tags")},
        )

        wrong = {row.subject: row.said for row in run(check(mapping, world.crm)) if not row.is_ok}

        assert set(wrong) == {"field jobtitel", "status bounced", "stage default.lost", "owner kim", "deal pipeline"}
        assert "Did you mean 'closedlost'" in wrong["stage default.lost"]
        assert "CONNECTED" in wrong["status bounced"]

    def test_an_option_that_names_no_property_is_refused_by_check(self) -> None:
        with pytest.raises(Refused, match="no writable property 'tagz'"):
            run(HubSpotWorld(tags_property="tagz").crm.check())


ERROR = {
    "status": "error",
    "message": "Property values were not valid",
    "correlationId": "c-1",
    "category": "VALIDATION_ERROR",
    "errors": [{"message": "no such option", "code": "X", "context": {"propertyName": ["hs_lead_status"]}}],
}


@pytest.mark.parametrize("wrong", [{"token": " "}, {"api_version": "v3"}, {"api_version": "../2026"}])
def test_an_option_that_cannot_be_is_refused_when_it_is_read(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="Write"):
        Options(**{"token": TOKEN} | wrong)


class TestFailures:
    @pytest.mark.parametrize(
        ("answer", "reading", "writing"),
        [
            (httpx.ConnectError("refused"), Unavailable, Unavailable),
            (httpx.ConnectTimeout("slow"), Unavailable, Unavailable),
            (httpx.ReadTimeout("silent"), Unavailable, OutcomeUnknown),
            (httpx.RemoteProtocolError("broken"), Unavailable, OutcomeUnknown),
            (httpx.Response(500, json={"message": "oops"}), Unavailable, OutcomeUnknown),
            (httpx.Response(502, text="<html>bad gateway</html>"), Unavailable, OutcomeUnknown),
            (httpx.Response(503), Unavailable, Unavailable),
            (httpx.Response(504), Unavailable, OutcomeUnknown),
            (httpx.Response(408), Unavailable, OutcomeUnknown),
            (httpx.Response(423), Unavailable, Unavailable),
            (httpx.Response(477), Unavailable, Unavailable),
            (httpx.Response(200, text="not json"), Unavailable, OutcomeUnknown),
            (httpx.Response(200, json=["unexpected"]), Unavailable, OutcomeUnknown),
            (httpx.Response(429, json={"policyName": "TEN_SECONDLY_ROLLING"}), RateLimited, RateLimited),
            (httpx.Response(401, json={"category": "EXPIRED_AUTHENTICATION"}), Unauthorized, Unauthorized),
            (httpx.Response(403, text="<html>"), Unauthorized, Unauthorized),
            (httpx.Response(400, json=ERROR), Refused, Refused),
            (httpx.Response(414, text=""), Refused, Refused),
        ],
    )
    def test_every_answer_has_one_meaning(
        self,
        world: HubSpotWorld,
        answer: httpx.Response | Exception,
        reading: type[AdapterError],
        writing: type[AdapterError],
    ) -> None:
        person = world.add_person(AYSE.email)
        world.fake.before = lambda request: answer

        with pytest.raises(AdapterError) as read:
            run(world.crm.find_person("other@example.com"))
        with pytest.raises(AdapterError) as written:
            run(world.crm.set_status(person, "NEW"))

        assert (type(read.value), type(written.value)) == (reading, writing)
        assert TOKEN not in str(read.value) + str(written.value)

    def test_a_declined_value_names_property_and_correlation_id(self, world: HubSpotWorld) -> None:
        world.fake.before = lambda request: httpx.Response(400, json=ERROR)

        with pytest.raises(Refused) as refusal:
            run(world.crm.set_status("1", "ODD"))

        assert refusal.value.outcome is Outcome.VALIDATION
        assert refusal.value.code == "VALIDATION_ERROR"
        for word in ("hs_lead_status", "no such option", "c-1"):
            assert word in refusal.value.said

    def test_an_unknown_property_is_a_mistake_in_the_configuration(self, world: HubSpotWorld) -> None:
        mapped = replace(AYSE, fields=(Field(name="jobtitel", value="CEO"),))

        with pytest.raises(Refused, match="jobtitel") as refusal:
            run(world.crm.upsert_person(mapped, person_id=None))

        assert refusal.value.outcome is Outcome.CONFIG

    @pytest.mark.parametrize(
        ("response", "wait"),
        [
            (httpx.Response(429, headers={"retry-after": "7"}), timedelta(seconds=7)),
            (httpx.Response(429, json={"policyName": "SECONDLY"}), timedelta(seconds=10)),
            (httpx.Response(429, json={"policyName": "DAILY"}), timedelta(hours=1)),
            (
                httpx.Response(
                    429,
                    headers={
                        "date": "Mon, 02 Mar 2026 10:00:00 GMT",
                        "retry-after": "Mon, 02 Mar 2026 10:00:30 GMT",
                    },
                ),
                timedelta(seconds=30),
            ),
        ],
    )
    def test_how_long_to_wait(self, world: HubSpotWorld, response: httpx.Response, wait: timedelta) -> None:
        world.fake.before = lambda request: response

        with pytest.raises(RateLimited) as limited:
            run(world.crm.set_status("1", "NEW"))

        assert limited.value.retry_after == wait

    def test_a_contact_made_meanwhile_is_updated_by_the_id_in_the_conflict(self, world: HubSpotWorld) -> None:
        """The read by address may not see a contact whose primary address is another one."""
        person = world.add_person("primary@example.com")

        def conflict(request: httpx.Request) -> httpx.Response | None:
            if request.method == "POST":
                words = {"category": "CONFLICT", "message": f"Contact already exists. Existing ID: {person}"}
                return httpx.Response(409, json=words)
            return None

        world.fake.before = conflict

        made = run(world.crm.upsert_person(AYSE, person_id=None))

        assert made.person_id == person
        assert world.value(person, "first_name") == "Ayşe"

    def test_a_create_whose_answer_is_lost_is_unknown_and_found_afterwards(self, world: HubSpotWorld) -> None:
        world.fake.after = lambda request: httpx.ReadTimeout("silent") if request.method == "POST" else None

        with pytest.raises(OutcomeUnknown):
            run(world.crm.upsert_person(AYSE, person_id=None))

        assert len(run(world.crm.find_person(AYSE.email))) == 1

    def test_a_wrong_token_is_unauthorized_and_not_shown(self, world: HubSpotWorld) -> None:
        world.fake.token = "another"

        with pytest.raises(Unauthorized) as refusal:
            run(world.crm.check())

        assert TOKEN not in str(refusal.value)


class TestPull:
    def test_a_search_goes_on_behind_the_last_id_and_never_by_offset(self, world: HubSpotWorld) -> None:
        """A record that changes while pages are turned would push another one over their border."""
        people = [world.add_person(f"p{number}@example.com", jobtitle="CTO") for number in range(5)]
        world.later()

        found = everybody(world.pulled(), Wanted(by=Selection.FILTER, value="jobtitle=CTO"))

        assert ids_of(found) == set(people)
        searches = [world.body(at) for at, (_, path) in enumerate(world.sent()) if path.endswith("/search")]
        assert [search["after"] for search in searches] == ["0", "0"]
        assert searches[1]["filterGroups"][0]["filters"] == [
            {"propertyName": "jobtitle", "operator": "EQ", "value": "CTO"},
            {"propertyName": "hs_object_id", "operator": "GT", "value": people[2]},
        ]

    def test_a_deal_that_moves_brings_its_person_although_the_contact_did_not_change(self, world: HubSpotWorld) -> None:
        person = world.add_person(AYSE.email)
        run(world.crm.ensure_deal(person, Deal(name="x", pipeline="default", stage="appointmentscheduled")))
        since = world.later()
        world.change(person, Change.STAGE, "qualifiedtobuy")
        world.later()

        [found] = everybody(world.pulled(), Wanted(since=since))

        assert (found.person_id, found.stage, found.changed_at) == (person, "qualifiedtobuy", since)

    def test_an_open_deal_counts_more_than_a_newer_lost_one(self, world: HubSpotWorld) -> None:
        person = world.add_person(AYSE.email)
        run(world.crm.ensure_deal(person, Deal(name="x", pipeline="default", stage="appointmentscheduled")))
        world.fake.add("deals", {"pipeline": "default", "dealstage": "closedlost"}, person)

        [found] = everybody(world.pulled(), Wanted())

        assert found.stage == "appointmentscheduled"

    def test_a_contact_with_many_deals_is_read_with_all_of_them(self, world: HubSpotWorld) -> None:
        person = world.add_person(AYSE.email)
        for _ in range(4):
            world.fake.add("deals", {"pipeline": "default", "dealstage": "closedlost"}, person)
        world.fake.add("deals", {"pipeline": "default", "dealstage": "qualifiedtobuy"}, person)
        world.fake.association_page = 2

        [found] = everybody(world.pulled(), Wanted())

        asked = [world.body(number) for number, (_, path) in enumerate(world.sent()) if "associations" in path]
        assert [body["inputs"] for body in asked] == [
            [{"id": person}], [{"id": person, "after": "2"}], [{"id": person, "after": "4"}],
        ]  # fmt: skip
        assert found.stage == "qualifiedtobuy"

    def test_a_token_without_deals_still_brings_people(self, world: HubSpotWorld) -> None:
        person = world.add_person(AYSE.email)
        since = world.fake.now
        world.fake.may_read_deals = False
        world.later()

        assert (
            ids_of(everybody(world.pulled(), Wanted()))
            == ids_of(everybody(world.pulled(), Wanted(since=since)))
            == {person}
        )

    def test_a_list_may_be_named_by_its_number(self, world: HubSpotWorld) -> None:
        people = [world.add_person(f"p{number}@example.com") for number in range(5)]
        world.fake.lists["77"] = ("Fair 2026", people)

        assert ids_of(everybody(world.pulled(), Wanted(by=Selection.LIST, value="77"))) == set(people)

    def test_a_merged_record_asked_for_by_its_old_id_names_the_survivor(self, world: HubSpotWorld) -> None:
        survivor = world.add_person(AYSE.email)
        world.fake.edit("contacts", survivor, {"hs_merged_object_ids": "7;8"})

        found = {
            each.person_id: each for each in everybody(world.pulled(), Wanted(by=Selection.PERSON, value=survivor))
        }

        assert {gone: found[gone].merged_into for gone in ("7", "8")} == {"7": survivor, "8": survivor}

    @pytest.mark.parametrize("text", ["", "jobtitle", "a=1 and b=2 and c=3 and d=4 and e=5", "job title=CTO"])
    def test_a_filter_that_is_none_is_refused_with_the_form_it_has(self, world: HubSpotWorld, text: str) -> None:
        with pytest.raises(Refused, match="property=value") as refusal:
            everybody(world.pulled(), Wanted(by=Selection.FILTER, value=text))

        assert refusal.value.outcome is Outcome.CONFIG

    def test_deleted_contacts_are_looked_through_only_where_that_is_wanted(self, world: HubSpotWorld) -> None:
        without = HubSpotWorld(reads_deleted=False)
        since = without.later()
        without.remove_person(without.add_person(AYSE.email))
        without.later()

        assert everybody(without.pulled(), Wanted(since=since)) == []
