"""A CRM that is down costs nothing but lateness: replies are accepted without it, and written once it is back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from outreach.clock import MovableClock
from outreach.crm import Account, Crm, Operation
from outreach.crms.memory import Fault, Memory, Record
from outreach.domain.crm_mapping import CrmMapping
from outreach.errors import ConfigError, Unavailable
from outreach.services.crm import sync
from outreach.services.crm.crm_budget import Budget, Meter, left_by
from outreach.services.crm.crm_check import crm_refusals
from outreach.services.crm.crm_suggest import mapping_rows, suggest
from outreach.services.crm.sync_now import sync_now
from outreach.store.crm_connections import ConnectionState
from outreach.store.tables import crm_connections, crm_jobs
from outreach.testing.field import Field
from tests.services.conftest import MakeField

CRM = """
team:
  use: memory
  status: {property: status, values: {responded: CONNECTED}, pipelines: {default: {not_interested: COLD}}}
  fields: {tier: {from: fields.tier, values: {gold: "1"}}}
  owners: {anna: anna@example.com}
  poll: 10 minutes
  when: {reply: [person, owner, log_reply, status]}
"""
PEOPLE = 24


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def field(make_field: MakeField) -> Field:
    return make_field({"config/crm.yaml": CRM})


def crm_of(field: Field) -> Memory:
    crm = field.app.crms["team"].crm
    assert isinstance(crm, Memory)
    return crm


def states(field: Field) -> dict[str, int]:
    statement = select(crm_jobs.c.state, func.count()).group_by(crm_jobs.c.state)
    with field.app.store.read() as connection:
        return {row[0]: row[1] for row in connection.execute(statement)}


def work(field: Field) -> None:
    """Sweep and sync at this instant, as the roles do."""
    field.app.sweep_sync()
    field.sync()


def test_a_crm_that_is_down_for_a_day_costs_nothing_but_lateness(field: Field) -> None:
    for number in range(PEOPLE):
        field.add_lead(f"p{number}@example.com")
    crm = crm_of(field)
    crm.faults = lambda method: Fault(Unavailable("memory", "no connection"))
    for hour in range(24):
        field.reply(f"p{hour}@example.com")
        field.go(hours=1)
        work(field)
    assert states(field) == {"waiting": 3 * PEOPLE}
    assert max(row["attempts"] for row in field.rows(crm_jobs)) <= 1  # of the first, before it was known to be down
    calls = len(crm.calls)

    crm.faults = lambda method: None
    for _ in range(4):
        field.clock.advance(timedelta(minutes=15))
        work(field)

    assert calls <= 24 * 2  # asked now and then, never hammered
    assert states(field) == {"done": 3 * PEOPLE}
    assert [len(record.entries) for record in crm.records.values()] == [1] * PEOPLE
    assert field.row(crm_connections)["reason"] is None


def test_accepting_and_understanding_a_reply_does_not_touch_the_crm(field: Field) -> None:
    lead_id = field.add_lead("p1@example.com")
    crm = crm_of(field)
    crm.faults = lambda method: Fault(AssertionError(f"{method} was called"))

    field.reply("p1@example.com")
    field.settle()

    assert field.lead(lead_id)["status"] == "responded"
    assert crm.calls == []


def test_a_throttled_connection_does_not_hold_up_another(make_field: MakeField) -> None:
    files = {"config/crm.yaml": CRM + CRM.replace("team:", "other:").replace("  poll: 10 minutes\n", "")}
    field = make_field(files)
    crm_of(field).faults = lambda method: Fault(Unavailable("memory", "down"))
    field.add_lead("p1@example.com")
    field.reply("p1@example.com")
    field.settle()
    field.sync()

    other = field.app.crms["other"].crm
    assert isinstance(other, Memory)
    assert len(other.records) == 1


class TestBudget:
    def test_it_refills_steadily_and_loses_no_part_of_a_call(self, clock: MovableClock) -> None:
        budget = Budget(10, timedelta(seconds=10))
        state = ConnectionState(
            name="x", parked_until=None, failures=0, reason=None, calls_left=0, calls_at=clock.now()
        )
        for _ in range(4):
            clock.advance(timedelta(milliseconds=600))
            left, counted_at = budget.at(state, clock.now())
            state = ConnectionState(
                name="x", parked_until=None, failures=0, reason=None, calls_left=left, calls_at=counted_at
            )

        assert state.calls_left == 2

    def test_two_processes_share_one(self, field: Field) -> None:
        for number in range(6):
            field.add_lead(f"p{number}@example.com")
            field.reply(f"p{number}@example.com")
        field.settle()
        one = sync.Connected(field.engine.crms["team"], crm_of(field), Budget(4, timedelta(minutes=1)))
        two = sync.Connected(field.engine.crms["team"], crm_of(field), Budget(4, timedelta(minutes=1)))

        done = [_drain(field, each).done for each in (one, two)]

        assert done == [4, 0]

    def test_calls_beyond_the_first_of_a_job_are_taken_off_afterwards(self, field: Field) -> None:
        field.add_lead("p1@example.com")
        field.reply("p1@example.com")
        field.settle()
        meter = Meter()
        connected = sync.Connected(field.engine.crms["team"], crm_of(field), Budget(4, timedelta(minutes=1)), meter)
        meter._made = 3

        assert _drain(field, connected).done == 1

    @pytest.mark.parametrize(
        ("headers", "left"),
        [
            ({}, None),
            ({"x-hubspot-ratelimit-remaining": "7", "x-hubspot-ratelimit-daily-remaining": "3"}, 3),
            ({"x-ratelimit-remaining": "12"}, 12),
            ({"sforce-limit-info": "api-usage=14990/15000"}, 10),
            ({"sforce-limit-info": "api-usage=14990/15000; per-app-api-usage=17/250(appName=outreach)"}, 10),
            ({"sforce-limit-info": "api-usage=25/15000;per-app-api-usage=247/250(appName=outreach)"}, 3),
            ({"sforce-limit-info": "api-usage=many"}, None),
            ({"x-ratelimit-remaining": "soon"}, None),
        ],
    )
    def test_what_the_vendor_says_is_left_is_read(self, headers: dict[str, str], left: int | None) -> None:
        assert left_by(headers) == left


class TestTheMapping:
    def test_what_a_system_cannot_do_is_refused_with_what_it_can(self, make_field: MakeField) -> None:
        asked = "hubspot: {use: hubspot, token: sample, when: {reply: [person, tags]}}"

        with pytest.raises(
            ConfigError, match=r"crm.yaml:1:63: hubspot cannot do 'tags': tags need.*It can: .*log_reply"
        ):
            make_field({"config/crm.yaml": asked})

    def test_polling_what_cannot_be_read_is_refused(self, field: Field) -> None:
        class WritesAlone(Memory):
            can = Memory.can - {Operation.PULL}

        [said] = crm_refusals(CrmMapping(name="x", poll=timedelta(minutes=5)), _as_crm(WritesAlone()))

        assert "cannot be read back" in said

    def test_start_up_refuses_a_mapping_the_account_contradicts(self, make_field: MakeField) -> None:
        field = make_field({"config/crm.yaml": CRM.replace("use: memory", "use: memory\n  users: [deniz@example.com]")})

        with pytest.raises(ConfigError, match=r"team: owner anna: 'anna@example.com' is not there"):
            field.app.prove_crms()

    def test_an_account_that_cannot_be_asked_does_not_keep_the_program_from_starting(self, field: Field) -> None:
        crm_of(field).fail_next("check", Unavailable("memory", "down"))

        field.app.prove_crms()

    def test_value_maps_and_statuses_of_a_pipeline_are_written(self, field: Field) -> None:
        lead_id = field.add_lead("p1@example.com", fields={"tier": "gold"})
        field.reply("p1@example.com", "Please remove this from your agenda, we have no need and are not interested.")
        field.settle()
        field.sync()

        [record] = crm_of(field).records.values()
        expected = {"responded": "CONNECTED", "not_interested": "COLD"}[field.lead(lead_id)["status"]]
        assert (record.values["tier"], record.status) == ("1", expected)

    def test_a_suggestion_names_what_is_alike_and_not_what_is_mapped(self, field: Field) -> None:
        account = Account(
            name="x",
            fields=("email", "jobtitle", "phone", "hs_object_id"),
            stages=("11", "12"),
            labels={"11": "Contacted", "12": "Closed won"},
            users=("anna@example.com", "deniz@example.com"),
            status_values=("CONNECTED", "UNQUALIFIED"),
        )
        mapping = field.engine.crms["team"]

        lines = suggest(
            mapping, account, pipelines=field.engine.pipelines, senders={"anna": "anna@example.com", "deniz": ""}
        )

        assert lines == [
            "team:",
            "  fields:",
            "    jobtitle: {from: title, mode: fill}",
            "    phone: {from: phone, mode: fill}",
            "  status: {property: status, values: {not_interested: UNQUALIFIED}}",
            "  stages:",
            '    default: {contacted: "11"}',
            "  owners: {deniz: deniz@example.com}",
        ]

    def test_the_mapping_as_a_table_has_a_row_for_everything(self, field: Field) -> None:
        rows = mapping_rows(field.engine.crms["team"])

        assert {row[1] for row in rows} == {"field", "value", "status", "owner", "written", "heeded"}
        assert rows[-1][-1] == "every 10 minutes"


class TestNow:
    def test_everything_due_is_written_and_read(self, field: Field) -> None:
        field.add_lead("p1@example.com")
        field.reply("p1@example.com")
        field.settle()
        crm_of(field).records["x"] = Record(id="x", email="stranger@example.com")

        done = field.loop.run_until_complete(sync_now(field.engine, field.app.crms["team"], owner="me"))

        assert (done.written, done.read, done.waiting, done.parked_because) == (3, 2, 0, "")

    def test_it_stops_where_the_vendor_asks_for_time_and_says_why(self, field: Field) -> None:
        field.add_lead("p1@example.com")
        field.reply("p1@example.com")
        field.settle()
        crm_of(field).faults = lambda method: Fault(Unavailable("memory", "down for repair"))

        done = field.loop.run_until_complete(sync_now(field.engine, field.app.crms["team"], owner="me"))

        assert (done.written, done.waiting) == (0, 3)
        assert "down for repair" in done.parked_because


def _drain(field: Field, connected: sync.Connected) -> Any:
    [done] = field.loop.run_until_complete(sync.drain(field.app.store, [connected], clock=field.clock, owner="w"))
    return done


def _as_crm(crm: Crm) -> Crm:
    return crm
