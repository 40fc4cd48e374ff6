"""What people change in the CRM has its effect here, once; what we wrote ourselves has none."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete

from outreach.crm import Deal, DealState
from outreach.crms.memory import Fault, Memory, Record
from outreach.domain.crm_news import Change, CrmNews
from outreach.domain.event import EventKind
from outreach.errors import RateLimited, Refused, Unauthorized, Unavailable
from outreach.receivers.crm_events import event_of_news
from outreach.services.hearing.react import apply
from outreach.services.pipeline.stage import Wish, move_by_hand
from outreach.store import crm_pulls, crm_records
from outreach.store.tables import crm_connections, crm_jobs, crm_links, events, holds, leads, suppressions
from outreach.store.tables import crm_pulls as pulls_table
from outreach.testing.field import FILES, Field
from tests.services.conftest import MakeField

CRM = """
team:
  use: memory
  status: {property: status, values: {responded: CONNECTED, not_interested: UNQUALIFIED}}
  stages: {default: {contacted: s1, responded: s2, won: s9}}
  owners: {anna: anna@example.com, deniz: deniz@example.com}
  deal: {create_on: reply, pipeline: sales, stage: s1}
  poll: 10 minutes
  when: {reply: [person, owner, log_reply, status, stage], unsubscribe: [do_not_contact], won: [stage]}
second:
  use: memory
  status: {property: status, values: {responded: WARM}}
  when: {reply: [person, log_reply], unsubscribe: [person, do_not_contact]}
"""


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One database for most of it; the last test is for the other one."""
    return sqlite_url


@pytest.fixture
def field(make_field: MakeField) -> Field:
    field = make_field({"config/crm.yaml": CRM})
    field.lead_id = field.add_lead("p1@example.com")  # type: ignore[attr-defined]
    field.enroll()
    field.settle()
    return field


def crm_of(field: Field, name: str = "team") -> Memory:
    crm = field.app.crms[name].crm
    assert isinstance(crm, Memory)
    return crm


def lead_of(field: Field) -> Any:
    return field.lead(field.lead_id)  # type: ignore[attr-defined]


def typed(field: Field, person_id: str = "typed", **values: Any) -> Record:
    """The lead as somebody has it in the CRM, and a round that has seen it."""
    crm = crm_of(field)
    record = Record(id=person_id, email="P1@example.com", changed_at=field.clock.now(), **values)
    crm.records[person_id] = record
    poll(field)
    return record


def poll(field: Field) -> None:
    """Let the next round be due, and read it."""
    field.clock.advance(timedelta(minutes=11))
    field.app.sweep_sync()
    field.sync()


def told(field: Field, change: Change, person_id: str = "typed", value: str = "", **more: Any) -> bool:
    """As a webhook would."""
    field.clock.advance(timedelta(seconds=5))
    news = CrmNews(crm="team", change=change, person_id=person_id, value=value, **more)
    event = event_of_news(news, key=f"hook/{field.clock.fresh_id()}", at=field.clock.now())
    with field.app.store.begin() as connection:
        return apply(connection, field.engine, event)


def changes(field: Field) -> list[str]:
    found = sorted(field.rows(events, kind=EventKind.CHANGED), key=lambda row: row["number"])
    return [row["reason"] for row in found]


class TestPolling:
    def test_an_opt_out_stops_at_once_and_is_passed_on_to_the_other_crm_alone(self, field: Field) -> None:
        typed(field)
        crm_of(field).change("typed", is_opted_out=True)

        poll(field)

        assert lead_of(field)["status"] == "do_not_contact"
        assert field.enrollment(lead_of(field)["id"])["reason"] == "suppressed"
        assert {row["reason"] for row in field.rows(suppressions)} == {"crm"}
        assert {row["connection"] for row in field.rows(crm_jobs)} == {"second"}

    def test_an_opt_out_counts_at_the_first_look_as_well_and_nothing_else_does(self, field: Field) -> None:
        typed(field, is_opted_out=True, status="UNQUALIFIED", owner="deniz@example.com")

        assert changes(field) == ["do_not_contact"]

    def test_a_stage_moves_the_lead_whatever_the_pipeline_allows(self, field: Field) -> None:
        typed(field, stage="s2")
        crm_of(field).change("typed", stage="s1")

        poll(field)

        assert (lead_of(field)["stage"], changes(field)) == ("contacted", ["stage"])

    def test_an_owner_follows(self, field: Field) -> None:
        typed(field)
        crm_of(field).change("typed", owner="Deniz@example.com")

        poll(field)

        assert lead_of(field)["owner"] == "deniz"

    @pytest.mark.parametrize(("state", "stage", "status"), [("won", "won", "customer"), ("lost", "contacted", "new")])
    def test_a_closed_deal_ends_every_open_step_and_keeps_its_value(
        self, field: Field, state: str, stage: str, status: str
    ) -> None:
        typed(field, deals=[("d1", Deal(name="x", pipeline="sales", stage="s1"))])
        crm_of(field).close_deal("typed", DealState(state), "1200")

        poll(field)

        lead = lead_of(field)
        assert (lead["stage"], lead["status"], lead["fields"]["value"]) == (stage, status, "1200")
        ended = field.enrollment(lead["id"])
        assert (ended["reason"], ended["detail"]) == ("stopped", f"{state} in team")

    def test_a_status_that_ends_the_conversation_ends_the_sequence(self, field: Field) -> None:
        typed(field, status="NEW")
        crm_of(field).change("typed", status="UNQUALIFIED")

        poll(field)

        assert lead_of(field)["status"] == "not_interested"
        assert field.enrollment(lead_of(field)["id"])["reason"] == "stopped"

    def test_a_removed_record_ends_the_sequence_and_is_forgotten(self, field: Field) -> None:
        typed(field)
        crm_of(field).remove("typed")

        poll(field)

        assert field.enrollment(lead_of(field)["id"])["reason"] == "removed"
        assert field.rows(crm_links) == []

    def test_a_merged_record_is_followed_to_the_survivor(self, field: Field) -> None:
        typed(field)
        crm_of(field).records["survivor"] = Record(id="survivor", email="other@example.com")
        crm_of(field).remove("typed", into="survivor")

        poll(field)

        assert field.row(crm_links, kind="person")["remote_id"] == "survivor"
        assert field.enrollment(lead_of(field)["id"])["state"] == "active"

    def test_what_is_read_again_changes_nothing(self, field: Field) -> None:
        typed(field, stage="s2")
        crm_of(field).change("typed", stage="s1")
        poll(field)
        before = lead_of(field)["updated_at"]

        for _ in range(3):
            poll(field)

        assert (changes(field), lead_of(field)["updated_at"]) == (["stage"], before)

    def test_own_writes_are_no_news(self, field: Field) -> None:
        field.reply("p1@example.com")
        field.settle()
        field.sync()
        [record] = crm_of(field).records.values()
        assert (record.status, record.stage, record.owner) == ("CONNECTED", "s2", "anna@example.com")

        poll(field)
        poll(field)

        assert changes(field) == []

    def test_a_page_that_was_asked_for_before_our_write_moves_nothing_back(self, field: Field) -> None:
        typed(field, status="NEW")
        crm_of(field).change("typed", status="UNQUALIFIED")
        stale = crm_of(field).records["typed"]
        original = crm_of(field).pull

        async def slow(wanted: Any, *, cursor: str | None) -> Any:
            page = await original(wanted, cursor=cursor)
            field.clock.advance(timedelta(seconds=2))
            with field.app.store.begin() as connection:
                crm_records.learn(connection, "team", lead_of(field)["id"], {"status": "CONNECTED"}, field.clock.now())
            return page

        crm_of(field).pull = slow  # type: ignore[method-assign]
        poll(field)

        assert stale.status == "UNQUALIFIED"
        assert changes(field) == []

    def test_people_who_are_no_leads_are_left_alone(self, field: Field) -> None:
        for number in range(5):
            crm_of(field).records[f"x{number}"] = Record(id=f"x{number}", email=f"x{number}@example.com")

        poll(field)

        assert field.rows(crm_links) == []


class TestRounds:
    def test_a_round_asks_from_before_the_last_one_began(self, field: Field) -> None:
        poll(field)
        begun = field.clock.now()

        row = field.row(pulls_table, connection="team")

        assert row["since_at"] == begun - timedelta(minutes=5)
        assert row["due_at"] == begun + timedelta(minutes=10)

    def test_a_throttled_round_parks_the_connection_and_goes_on_from_its_cursor(self, field: Field) -> None:
        crm = crm_of(field)
        crm.options = type(crm.options)(page=1)
        for person_id in ("a", "b"):
            crm.records[person_id] = Record(id=person_id, email=f"{person_id}@example.com")
        answers = iter([None, RateLimited("memory", "slow down", retry_after=timedelta(minutes=2))])
        crm.faults = lambda method: _fault(next(answers, None)) if method == "pull" else None
        poll(field)
        assert field.row(pulls_table, connection="team")["cursor"] == "a"

        calls = len(crm.calls)
        field.sync()
        assert len(crm.calls) == calls
        field.clock.advance(timedelta(minutes=2))
        field.sync()

        assert field.row(pulls_table, connection="team")["people"] == 2

    @pytest.mark.parametrize(("code", "is_parked"), [("401", True), ("403", False)])
    def test_a_scope_that_lacks_for_reading_does_not_stop_writing(
        self, field: Field, code: str, is_parked: bool
    ) -> None:
        crm_of(field).fail_next("pull", Unauthorized("memory", "no", code=code))
        poll(field)

        state = field.row(crm_connections, name="team")

        assert (state["parked_until"] is not None) == is_parked

    @pytest.mark.parametrize("error", [Unavailable("memory", "down"), Refused("memory", "no")])
    def test_a_round_that_fails_is_tried_again_later(self, field: Field, error: Exception) -> None:
        crm = crm_of(field)
        crm.fail_next("pull", error)
        poll(field)
        assert str(error) in field.row(pulls_table, connection="team")["error"]

        field.clock.advance(timedelta(hours=1))
        field.sync()

        assert field.row(pulls_table, connection="team")["error"] is None

    def test_a_round_whose_reader_died_is_taken_up_again(self, field: Field) -> None:
        now = field.clock.now()
        with field.app.store.begin() as connection:
            crm_pulls.want(connection, "team", crm_pulls.CHANGES, due_at=now)
            lease_until = now + timedelta(minutes=5)
            assert crm_pulls.take_due(connection, "team", now=now, lease_until=lease_until)
        field.sync()
        assert field.row(pulls_table)["finished_at"] is None

        field.clock.advance(timedelta(minutes=6))
        field.sync()

        assert field.row(pulls_table)["finished_at"] is not None


class TestWebhooks:
    def test_an_opt_out_acts_in_the_transaction_of_its_event(self, field: Field) -> None:
        typed(field)

        told(field, Change.DO_NOT_CONTACT)

        assert lead_of(field)["status"] == "do_not_contact"

    def test_an_opt_out_of_a_record_nobody_has_seen_is_read_at_once(self, field: Field) -> None:
        crm_of(field).records["typed"] = Record(id="typed", email="p1@example.com", is_opted_out=True)

        told(field, Change.DO_NOT_CONTACT)
        field.sync()

        assert lead_of(field)["status"] == "do_not_contact"

    def test_a_hint_is_looked_at_once(self, field: Field) -> None:
        typed(field, status="NEW", owner="anna@example.com")
        crm_of(field).change("typed", owner="deniz@example.com")

        told(field, Change.HINT)
        told(field, Change.HINT)
        pulls = crm_of(field).calls.count("pull")
        field.sync()

        assert lead_of(field)["owner"] == "deniz"
        assert crm_of(field).calls.count("pull") == pulls + 1
        assert [row["name"] for row in field.rows(pulls_table, connection="team")] == ["changes"]

    def test_a_deal_of_the_lead_is_found_by_its_id(self, field: Field) -> None:
        typed(field, deals=[("d1", Deal(name="x", pipeline="sales", stage="s1"))])
        crm_of(field).close_deal("typed", DealState.WON, "99")

        told(field, Change.HINT, person_id="", deal_id="d1")
        field.sync()

        assert lead_of(field)["status"] == "customer"

    def test_a_hint_about_a_stranger_makes_the_next_round_come_earlier(self, field: Field) -> None:
        poll(field)

        told(field, Change.HINT, person_id="nobody")

        assert field.row(pulls_table, connection="team")["due_at"] == field.clock.now() + timedelta(minutes=1)

    def test_our_own_value_come_back_is_no_news(self, field: Field) -> None:
        field.reply("p1@example.com")
        field.settle()
        field.sync()
        [record] = crm_of(field).records.values()

        told(field, Change.STATUS, person_id=record.id, value="CONNECTED")

        assert field.rows(pulls_table, name=f"person:{record.id}") == []

    def test_a_value_older_than_our_write_is_read_and_not_believed(self, field: Field) -> None:
        record = typed(field, status="NEW")
        field.clock.advance(timedelta(minutes=1))
        news = CrmNews(crm="team", change=Change.STATUS, person_id="typed", value="UNQUALIFIED")
        event = event_of_news(news, key="late", at=field.clock.now() - timedelta(hours=1))
        with field.app.store.begin() as connection:
            apply(connection, field.engine, event)
        field.sync()

        assert record.status == "NEW"
        assert lead_of(field)["status"] == "in_sequence"

    def test_a_change_that_is_not_heeded_does_nothing_but_stops_always_do(self, make_field: MakeField) -> None:
        field = make_field({"config/crm.yaml": CRM.replace("poll: 10 minutes", "heed: [status]\n  poll: 10 minutes")})
        field.lead_id = field.add_lead("p1@example.com")  # type: ignore[attr-defined]
        typed(field, stage="s2")

        told(field, Change.OWNER, value="deniz@example.com")
        told(field, Change.DO_NOT_CONTACT)

        assert (lead_of(field)["owner"], lead_of(field)["status"]) == (None, "do_not_contact")

    def test_news_of_a_lead_that_is_gone_here_is_kept_and_does_nothing(self, field: Field) -> None:
        typed(field)
        with field.app.store.begin() as connection:
            connection.execute(delete(leads).where(leads.c.id == lead_of(field)["id"]))

        assert told(field, Change.DO_NOT_CONTACT)

    def test_an_erased_record_is_never_written_to_again(self, field: Field) -> None:
        typed(field)

        told(field, Change.ERASED)

        assert lead_of(field)["status"] == "do_not_contact"
        assert field.rows(crm_links) == []


def test_won_by_hand_here_does_not_come_back_as_news(field: Field) -> None:
    field.reply("p1@example.com")
    field.settle()
    field.sync()
    move_by_hand(field.engine, lead_of(field)["id"], Wish(stage="won", by="anna"))
    field.sync()
    [record] = crm_of(field).records.values()
    assert record.stage == "s9"

    told(field, Change.WON, person_id=record.id)
    poll(field)

    assert lead_of(field)["stage"] == "won"
    assert {row["connection"] for row in field.rows(crm_jobs, operation="stage")} == {"team"}


class TestThroughTheDoor:
    @pytest.fixture
    def field(self, make_field: MakeField) -> Field:
        hook = "webhooks:\n  hub: {use: hubspot, secret: hs-sample, crm: team}\n"
        files = {
            "config/crm.yaml": CRM,
            "config/outreach.yaml": FILES["config/outreach.yaml"].replace("webhooks:\n", hook),
        }
        field = make_field(files)
        field.lead_id = field.add_lead("p1@example.com")  # type: ignore[attr-defined]
        field.enroll()
        field.settle()
        return field

    def test_an_opt_out_is_held_before_it_is_answered_and_stops_when_it_is_understood(self, field: Field) -> None:
        typed(field, "7")
        change = {"subscriptionType": "contact.propertyChange", "objectId": 7, "propertyName": "hs_email_optout"}
        body = json.dumps([{**change, "propertyValue": "true", "eventId": 1}]).encode()
        url = "http://127.0.0.1:8080/webhooks/hub"
        stamp = str(int(field.clock.now().timestamp() * 1000))
        mac = hmac.new(b"hs-sample", b"POST" + url.encode() + body + stamp.encode(), hashlib.sha256).digest()
        headers = {
            "x-hubspot-signature-v3": base64.b64encode(mac).decode(),
            "x-hubspot-request-timestamp": stamp,
        }

        accepted = field.app.intake.accept("hub", method="POST", url=url, headers=headers, body=body)
        held = [row["enrollment_id"] for row in field.rows(holds)]
        field.settle()

        assert accepted.status == 200
        assert held == [field.enrollment(lead_of(field)["id"])["id"]]
        assert lead_of(field)["status"] == "do_not_contact"
        assert field.rows(holds) == []


class TestOnPostgreSQL:
    @pytest.fixture
    def database_url(self, postgres_url: str) -> str:
        return postgres_url

    def test_rounds_hints_and_stops_do_the_same(self, field: Field) -> None:
        typed(field, status="NEW", deals=[("d1", Deal(name="x", pipeline="sales", stage="s1"))])
        crm_of(field).change("typed", owner="deniz@example.com")
        poll(field)
        crm_of(field).close_deal("typed", DealState.WON, "99")
        told(field, Change.HINT, person_id="", deal_id="d1")
        field.sync()
        told(field, Change.DO_NOT_CONTACT)

        assert changes(field) == ["owner", "hint", "won", "do_not_contact"]
        assert (lead_of(field)["owner"], lead_of(field)["status"]) == ("deniz", "do_not_contact")


def _fault(error: Exception | None) -> Fault | None:
    return Fault(error) if error else None
