"""The CRM work list: what is claimed when, and what each failure does to a job and its connection."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from outreach.clock import MovableClock
from outreach.crm import Account, Operation
from outreach.crms.memory import Fault, Memory, Options, Record
from outreach.domain.crm_mapping import CrmMapping, CrmTrigger, DealRule, FieldRule, TieBreak
from outreach.errors import Outcome, OutcomeUnknown, RateLimited, Refused, Unauthorized, Unavailable
from outreach.services.crm import sync
from outreach.services.crm.crm_budget import Budget
from outreach.services.crm.crm_check import check
from outreach.services.crm.crm_verdict import Pace
from outreach.services.crm.crm_work import Entry, LeadFacts, jobs_for
from outreach.services.crm.sync import Connected, Drained
from outreach.store import crm_connections, crm_jobs, crm_links
from outreach.store.session import Store
from outreach.store.tables import crm_connections as connections_table
from outreach.store.tables import crm_jobs as jobs_table
from outreach.store.tables import crm_links as links_table
from outreach.store.tables import leads

REPLY_OPERATIONS = ("person", "owner", "log_reply", "status", "stage", "tags")
MAPPING = CrmMapping(
    name="memory",
    statuses={"responded": "CONNECTED", "customer": "WON"},
    stages={"default": {"responded": "s1", "won": "s9"}},
    owners={"anna": "anna@example.com"},
    when={
        CrmTrigger.REPLY: REPLY_OPERATIONS,
        CrmTrigger.MEETING: ("stage", "deal"),
        CrmTrigger.UNSUBSCRIBE: ("do_not_contact",),
    },
    deal=DealRule(pipeline="default", stage="s1"),
)


class World:
    """A store with leads, a CRM in memory, and what a team does with them."""

    def __init__(self, store: Store, clock: MovableClock) -> None:
        self.store, self.clock = store, clock
        self.crm = Memory(Options())
        self.mapping = MAPPING
        self.pace = Pace()

    def lead(self, number: int, **values: str) -> LeadFacts:
        now = self.clock.now()
        state: dict[str, Any] = {"status": "responded", "pipeline": "default", "stage": "responded"} | values
        row = {"id": f"l{number}", "source": "test", "stage_since_at": now, "created_at": now, "updated_at": now}
        with self.store.begin() as connection:
            connection.execute(leads.insert().values(**row, **state))
        return LeadFacts(
            lead_id=f"l{number}",
            email=f"p{number}@example.com",
            first_name="Ayşe",
            owner="anna",
            tags=("fintech",),
            **state,
        )

    def reply(self, lead: LeadFacts, key: str = "", trigger: CrmTrigger = CrmTrigger.REPLY) -> None:
        key = key or f"evt-{lead.lead_id}"
        entry = Entry(at=self.clock.now(), text="Sounds good", from_address=lead.email)
        jobs = jobs_for(self.mapping, trigger, event_key=key, lead=lead, entry=entry)
        with self.store.begin() as connection:
            crm_jobs.add_jobs(
                connection, crm="memory", lead_id=lead.lead_id, event_key=key, jobs=jobs, now=self.clock.now()
            )

    def drain(self, **options: object) -> Drained:
        connected = Connected(self.mapping, self.crm, options.pop("budget", None))  # type: ignore[arg-type]
        settings = {"clock": self.clock, "owner": "w1", "pace": self.pace} | options
        [result] = asyncio.run(sync.drain(self.store, [connected], **settings))  # type: ignore[arg-type]
        return result

    def jobs(self, *columns: str) -> list[tuple[object, ...]]:
        wanted = [jobs_table.c[name] for name in columns]
        with self.store.read() as connection:
            return [tuple(row) for row in connection.execute(select(*wanted).order_by(jobs_table.c.number))]

    def states(self) -> dict[str, str]:
        return {str(key).rpartition(":")[2]: str(state) for key, state in self.jobs("key", "state")}

    def parked(self) -> crm_connections.ConnectionState:
        with self.store.read() as connection:
            [state] = crm_connections.states(connection)
        return state

    def set_lead(self, lead: LeadFacts, **values: str) -> None:
        with self.store.begin() as connection:
            connection.execute(update(leads).where(leads.c.id == lead.lead_id).values(**values))

    def person(self, number: int = 1) -> Record:
        [record] = [one for one in self.crm.records.values() if one.email == f"p{number}@example.com"]
        return record


@pytest.fixture
def world(store: Store, clock: MovableClock) -> World:
    return World(store, clock)


class TestTheList:
    def test_a_reply_is_written_in_order_and_once(self, world: World) -> None:
        lead = world.lead(1)
        world.reply(lead)
        world.reply(lead)

        result = world.drain()

        assert (result.done, result.dead, result.put_back) == (6, 0, 0)
        assert world.crm.calls == [
            *("find_person", "upsert_person", "assign_owner", "log", "set_status", "set_stage", "add_tags")
        ]
        record = world.person()
        assert (record.status, record.stage, record.owner, record.tags) == (
            *("CONNECTED", "s1", "anna@example.com", ["fintech"]),
        )
        assert len(record.entries) == 1

    def test_remote_ids_are_remembered(self, world: World) -> None:
        world.reply(world.lead(1))

        world.drain()

        with world.store.read() as connection:
            rows = connection.execute(select(links_table.c.kind, links_table.c.local_id, links_table.c.remote_id))
            links = {tuple(row) for row in rows}
        record = world.person()
        entry_id = record.entries[0][0]
        assert links == {("person", "l1", record.id), ("activity", "evt-l1:log_reply", entry_id)}

    def test_a_later_event_uses_the_stored_id(self, world: World) -> None:
        lead = world.lead(1)
        world.reply(lead)
        world.drain()
        world.person().email = "new-address@example.com"

        world.reply(lead, "evt-2")
        world.drain()

        assert len(world.crm.records) == 1
        assert world.crm.calls.count("find_person") == 1

    def test_status_and_stage_are_those_of_the_moment_of_writing(self, world: World) -> None:
        lead = world.lead(1)
        world.reply(lead)
        world.set_lead(lead, status="customer", stage="won")

        world.drain()

        assert (world.person().status, world.person().stage) == ("WON", "s9")

    def test_a_state_without_mapping_by_then_is_left_out_and_said_so(self, world: World) -> None:
        lead = world.lead(1)
        world.reply(lead)
        world.set_lead(lead, status="bounced", stage="prospect")

        world.drain()

        assert set(world.states().values()) == {"done"}
        notes = [error for operation, error in world.jobs("operation", "error") if operation in ("status", "stage")]
        assert notes == [
            "no value is mapped for status 'bounced'",
            "no stage is mapped for 'prospect' of pipeline 'default'",
        ]

    def test_of_a_lead_that_was_erased_nothing_is_written(self, world: World) -> None:
        lead = world.lead(1)
        world.reply(lead)
        with world.store.begin() as connection:
            connection.execute(delete(leads).where(leads.c.id == lead.lead_id))

        result = world.drain()

        assert result.done == 6
        assert world.crm.calls == []

    def test_an_event_without_person_operation_makes_the_person_first(self, world: World) -> None:
        world.reply(world.lead(1), trigger=CrmTrigger.MEETING)

        world.drain()

        assert world.person().deals[0][1].stage == "s1"

    def test_nobody_is_put_into_the_crm_to_be_marked_as_opted_out(self, world: World) -> None:
        world.reply(world.lead(1), trigger=CrmTrigger.UNSUBSCRIBE)

        world.drain()

        assert world.crm.records == {}
        assert world.jobs("state", "error") == [("done", "the person is not in the CRM; nothing to mark")]

    def test_an_opt_out_marks_the_record_that_is_there(self, world: World) -> None:
        world.crm.records["typed"] = Record(id="typed", email="P1@example.com")
        world.reply(world.lead(1), trigger=CrmTrigger.UNSUBSCRIBE)

        world.drain()

        assert world.crm.records["typed"].is_opted_out

    def test_connections_are_independent(self, world: World) -> None:
        broken, other = Memory(), world.crm
        broken.faults = lambda method: _fault(Unauthorized("memory", "wrong token"))
        lead = world.lead(1)
        world.reply(lead)
        with world.store.begin() as connection:
            jobs = jobs_for(MAPPING, CrmTrigger.REPLY, event_key="e", lead=lead)
            crm_jobs.add_jobs(connection, crm="b", lead_id="l1", event_key="e", jobs=jobs, now=world.clock.now())
        connected = [Connected(_named("b"), broken), Connected(MAPPING, other)]

        results = asyncio.run(sync.drain(world.store, connected, clock=world.clock, owner="w"))

        assert [(one.connection, one.done) for one in results] == [("b", 0), ("memory", 6)]

    def test_a_very_long_event_key_is_one_key(self, world: World) -> None:
        lead = world.lead(1)
        world.reply(lead, "k" * 2000)
        world.reply(lead, "k" * 2000)

        assert world.drain().done == 6

    def test_a_stop_leaves_the_rest_as_it_was(self, world: World) -> None:
        world.reply(world.lead(1))

        result = world.drain(is_stopping=lambda: bool(world.crm.calls))

        assert result.done == 1
        assert world.jobs("state", "attempts", "maybe_done")[1:] == [("waiting", 0, False)] * 5

    def test_a_budget_is_not_overdrawn_and_fills_again(self, world: World) -> None:
        world.reply(world.lead(1))
        world.reply(world.lead(2))
        budget = Budget(calls=3, per=timedelta(seconds=30))

        first = world.drain(budget=budget)
        at_once = world.drain(budget=budget)
        world.clock.advance(timedelta(seconds=10))
        later = world.drain(budget=budget)

        assert (first.done, at_once.done, later.done) == (3, 0, 1)


class TestSerialPerLead:
    def test_only_the_first_open_job_of_a_lead_is_claimed(self, world: World) -> None:
        for number in (1, 2, 3):
            world.reply(world.lead(number))

        jobs = _claim(world, "c1")

        assert sorted((job.lead_id, job.operation) for job in jobs) == [
            ("l1", "person"),
            ("l2", "person"),
            ("l3", "person"),
        ]

    def test_what_one_worker_holds_no_other_gets_nor_the_next_of_that_lead(self, world: World) -> None:
        world.reply(world.lead(1))
        _claim(world, "c1")

        assert _claim(world, "c2") == []

    def test_a_retried_earlier_job_waits_for_the_one_under_way(self, world: World) -> None:
        lead = world.lead(1)
        world.crm.fail_next("find_person", Refused("memory", "no", outcome=Outcome.VALIDATION))
        world.reply(lead, "evt-1")
        world.drain()
        world.reply(lead, "evt-2")
        [under_way] = _claim(world, "c1")

        sync.retry(world.store, clock=world.clock)

        assert under_way.key == "evt-2:person"
        assert _claim(world, "c2") == []

    def test_two_workers_share_the_list(self, world: World) -> None:
        for number in range(1, 21):
            world.reply(world.lead(number))
        connected = [Connected(MAPPING, world.crm)]

        async def both() -> list[tuple[Drained, ...]]:
            work = (sync.drain(world.store, connected, clock=world.clock, owner=owner) for owner in ("w1", "w2"))
            return list(await asyncio.gather(*work))

        results = asyncio.run(both())

        assert sum(result.done for [result] in results) == 120
        assert all(len(record.entries) == 1 for record in world.crm.records.values())
        assert len(world.crm.records) == 20


class TestFailures:
    def test_a_throttled_connection_is_parked_and_no_attempt_is_used(self, world: World) -> None:
        world.crm.fail_next("find_person", RateLimited("memory", "slow down", retry_after=timedelta(seconds=30)))
        world.reply(world.lead(1))

        result = world.drain()

        assert "slow down" in result.parked_because
        assert world.parked().parked_until == world.clock.now() + timedelta(seconds=30)
        assert world.jobs("state", "attempts")[0] == ("waiting", 0)
        assert world.drain().done == 0
        world.clock.advance(timedelta(seconds=30))
        assert world.drain().done == 6

    def test_an_outage_parks_for_longer_each_time_and_burns_no_attempt(self, world: World) -> None:
        world.crm.faults = lambda method: _fault(Unavailable("memory", "no connection"))
        for number in range(1, 11):
            world.reply(world.lead(number))
        world.drain()

        parks = []
        for _ in range(8):
            until = world.parked().parked_until
            assert until is not None
            parks.append(until - world.clock.now())
            world.clock.move_to(until)
            world.clock.advance(timedelta(hours=1))
            calls = len(world.crm.calls)
            world.drain()
            assert len(world.crm.calls) == calls + 1  # one tries whether it is back

        assert parks[-1] > parks[0]
        assert max(parks) <= timedelta(minutes=15)
        assert {attempts for [attempts] in world.jobs("attempts")} == {0}
        world.crm.faults = lambda method: None
        _drain_out(world)
        assert {state for [state] in world.jobs("state")} == {"done"}
        assert world.parked().reason is None

    def test_one_job_that_fails_while_others_succeed_ends_dead(self, world: World) -> None:
        bad = world.lead(1)
        world.reply(bad)
        original = world.crm.find_person

        async def find_person(email: str) -> object:
            if email == bad.email:
                raise Unavailable("memory", "500 on this one")
            return await original(email)

        world.crm.find_person = find_person  # type: ignore[method-assign,assignment]
        for number in range(2, 30):
            world.reply(world.lead(number))
            world.drain()
            world.clock.advance(timedelta(hours=2))

        [dead] = sync.failed(world.store)
        assert (dead.lead_id, dead.operation, dead.blocked) == ("l1", "person", 5)
        assert "500 on this one" in dead.error

    def test_wrong_credentials_park_the_connection_with_the_reason(self, world: World) -> None:
        world.crm.faults = lambda method: _fault(Unauthorized("memory", "token expired"))
        world.reply(world.lead(1))

        world.drain()

        assert "token expired" in (world.parked().reason or "")
        assert world.jobs("state", "attempts")[0] == ("waiting", 0)
        world.crm.faults = lambda method: None
        assert world.drain().done == 0
        sync.retry(world.store, clock=world.clock, crm="memory")
        world.clock.advance(timedelta(minutes=15))
        assert world.drain().done == 6

    def test_a_refused_value_is_dead_with_the_vendors_words_and_the_rest_waits_behind_it(self, world: World) -> None:
        said = "VALIDATION_ERROR hs_lead_status: no such option"
        world.crm.fail_next("set_status", Refused("memory", said, outcome=Outcome.VALIDATION))
        world.reply(world.lead(1))
        world.reply(world.lead(2))

        world.drain()

        [dead] = sync.failed(world.store)
        assert dead.operation == "status"
        assert said in dead.error
        assert dead.blocked == 2
        assert sorted(str(state) for [state] in world.jobs("state")) == ["dead", *["done"] * 9, *["waiting"] * 2]

    def test_a_dead_job_does_not_hold_up_the_leads_next_event(self, world: World) -> None:
        lead = world.lead(1)
        world.crm.fail_next("find_person", Refused("memory", "no", outcome=Outcome.VALIDATION))
        world.reply(lead, "evt-1")
        world.drain()

        world.reply(lead, "evt-2")
        world.drain()

        assert [text.splitlines()[-1] for _, text in world.person().entries] == ["ref: evt-2"]

    def test_a_retry_runs_the_dead_job_and_what_stood_behind_it(self, world: World) -> None:
        world.crm.fail_next("upsert_person", Refused("memory", "bad", outcome=Outcome.VALIDATION))
        world.reply(world.lead(1))
        world.drain()
        [dead] = sync.failed(world.store)

        assert sync.retry(world.store, clock=world.clock, numbers=[dead.number + 1]) == 0
        assert sync.retry(world.store, clock=world.clock, crm="another") == 0
        assert sync.retry(world.store, clock=world.clock, numbers=[dead.number]) == 1
        world.drain()

        assert sync.failed(world.store) == []
        assert set(world.states().values()) == {"done"}

    def test_after_a_lost_answer_the_person_is_looked_for_and_not_made_twice(self, world: World) -> None:
        world.crm.fail_next("upsert_person", OutcomeUnknown("memory", "no answer"), is_after=True)
        world.reply(world.lead(1))

        world.drain()
        assert world.jobs("state", "attempts", "maybe_done")[0] == ("waiting", 1, True)
        _drain_out(world)

        assert len(world.crm.records) == 1

    def test_after_a_lost_answer_the_timeline_is_looked_at_first(self, world: World) -> None:
        world.crm.fail_next("log", OutcomeUnknown("memory", "no answer"), is_after=True)
        world.reply(world.lead(1))

        _drain_out(world)

        assert len(world.person().entries) == 1

    def test_a_duplicate_told_by_the_vendor_leads_to_the_record(self, world: World) -> None:
        world.crm.fail_next("upsert_person", Refused("memory", "exists", outcome=Outcome.DUPLICATE), is_after=True)
        world.reply(world.lead(1))

        _drain_out(world)

        assert len(world.crm.records) == 1
        assert set(world.states().values()) == {"done"}

    def test_a_removed_record_is_made_again_and_its_new_id_kept(self, world: World) -> None:
        lead = world.lead(1)
        world.reply(lead, "evt-1")
        world.drain()
        world.crm.records.clear()

        world.reply(lead, "evt-2")
        world.drain()

        assert len(world.person().entries) == 1
        with world.store.read() as connection:
            [(_, link)] = crm_links.links_of(connection, "l1")
        assert link.remote_id == world.person().id

    def test_a_record_merged_into_another_is_followed_by_its_address(self, world: World) -> None:
        lead = world.lead(1)
        world.reply(lead, "evt-1")
        world.drain()
        old = world.person()
        world.crm.records = {"merged": Record(id="merged", email=old.email)}

        world.reply(lead, "evt-2", CrmTrigger.MEETING)
        world.drain()

        assert world.crm.records["merged"].stage == "s1"

    def test_a_record_that_is_gone_twice_is_a_matter_for_a_person(self, world: World) -> None:
        lead = world.lead(1)
        world.reply(lead, "evt-1")
        world.drain()
        world.crm.faults = lambda method: (
            _fault(Refused("memory", "no such record", outcome=Outcome.NOT_FOUND)) if method == "set_stage" else None
        )

        world.reply(lead, "evt-2", CrmTrigger.MEETING)
        world.drain()

        assert [dead.operation for dead in sync.failed(world.store)] == ["stage"]

    @pytest.mark.parametrize(("tie_break", "chosen"), [(TieBreak.OLDEST, "a"), (TieBreak.NEWEST, "b"), (None, None)])
    def test_several_records_of_one_address(self, world: World, tie_break: TieBreak | None, chosen: str | None) -> None:
        for record_id in ("a", "b"):
            world.crm.records[record_id] = Record(id=record_id, email="p1@example.com")
        world.mapping = _named("memory", tie_break=tie_break)
        world.reply(world.lead(1))

        world.drain()

        written = [record.id for record in world.crm.records.values() if record.entries]
        assert written == ([chosen] if chosen else [])
        assert [dead.operation for dead in sync.failed(world.store)] == ([] if chosen else ["person"])

    def test_an_error_of_our_own_is_tried_again_and_ends_dead_with_its_name(self, world: World) -> None:
        world.crm.faults = lambda method: _fault(KeyError("surprise")) if method == "set_status" else None
        world.reply(world.lead(1))

        _drain_out(world)

        [dead] = sync.failed(world.store)
        assert (dead.operation, dead.attempts) == ("status", 8)
        assert "KeyError" in dead.error

    def test_an_operation_the_crm_cannot_do_is_dead_and_says_what_to_change(self, world: World) -> None:
        class Plain(Memory):
            can = frozenset({Operation.PERSON, Operation.LOG_REPLY, Operation.LOG})

        world.crm = Plain()
        world.reply(world.lead(1))

        world.drain()

        assert "take it out of `when`" in sync.failed(world.store)[0].error

    def test_a_person_without_address_is_never_made_twice(self, world: World) -> None:
        lead = world.lead(1)
        nameless = LeadFacts(**{name: getattr(lead, name) for name in lead.__slots__} | {"email": ""})
        world.crm.fail_next("upsert_person", OutcomeUnknown("memory", "no answer"), is_after=True)
        world.reply(nameless)

        _drain_out(world)

        assert len(world.crm.records) == 1
        assert "may have been made already" in sync.failed(world.store)[0].error

    def test_a_call_that_never_ends_is_given_up_with_the_lease(self, world: World) -> None:
        async def never(email: str) -> object:
            await asyncio.Event().wait()
            raise AssertionError

        world.crm.find_person = never  # type: ignore[method-assign,assignment]
        world.pace = Pace(lease=timedelta(milliseconds=100))
        world.reply(world.lead(1))

        world.drain()

        assert "not finished within" in str(world.jobs("error")[0])
        assert world.jobs("maybe_done")[0] == (True,)


class TestLeases:
    def test_the_jobs_of_a_dead_worker_come_back_and_look_first(self, world: World) -> None:
        world.reply(world.lead(1))
        [job] = _claim(world, "c1")
        assert sync.release_expired(world.store, clock=world.clock) == 0
        world.clock.advance(timedelta(minutes=6))

        assert sync.release_expired(world.store, clock=world.clock) == 1
        assert world.jobs("state", "attempts", "maybe_done")[0] == ("waiting", 1, True)
        assert world.drain().done == 6
        assert job.maybe_done is False

    def test_a_worker_that_lost_its_claim_writes_nothing(self, world: World) -> None:
        world.reply(world.lead(1))

        async def slow(email: str) -> object:
            world.clock.advance(timedelta(minutes=6))
            sync.release_expired(world.store, clock=world.clock)
            return ()

        original, world.crm.find_person = world.crm.find_person, slow  # type: ignore[method-assign,assignment]
        result = world.drain(is_stopping=lambda: bool(world.crm.calls))

        assert (result.lost, result.done) == (1, 0)
        with world.store.read() as connection:
            assert crm_links.links_of(connection, "l1") == []
        world.crm.find_person = original  # type: ignore[method-assign]
        world.drain()
        assert len(world.crm.records) == 1

    def test_a_job_that_kills_its_worker_each_time_ends_dead(self, world: World) -> None:
        world.reply(world.lead(1))

        for number in range(8):
            assert _claim(world, f"c{number}")
            world.clock.advance(timedelta(minutes=6))
            sync.release_expired(world.store, clock=world.clock)

        [dead] = sync.failed(world.store)
        assert (dead.operation, dead.blocked) == ("person", 5)
        assert "8th" in dead.error


class TestCheck:
    def test_a_mapping_that_fits_is_all_right(self) -> None:
        crm = Memory(Options(stages=("s1", "s9"), users=("anna@example.com",), status_values=("CONNECTED", "WON")))

        rows = asyncio.run(check(MAPPING, crm))

        assert [row.subject for row in rows if not row.is_ok] == []
        assert rows[0].subject == "account"

    def test_each_name_that_is_not_there_is_told_with_those_that_are(self) -> None:
        crm = Memory(Options(stages=("s1",), users=("ana@example.com",), status_values=("CONNECTED", "NEW")))

        rows = {row.subject: row.said for row in asyncio.run(check(MAPPING, crm)) if not row.is_ok}

        assert rows == {
            "status customer": "'WON' is not there. There are: CONNECTED, NEW",
            "stage default.won": "'s9' is not there. There are: s1",
            "owner anna": "'anna@example.com' is not there. Did you mean 'ana@example.com'? There are: ana@example.com",
        }

    def test_fields_operations_and_what_could_not_be_read_are_told(self) -> None:
        class Strict(Memory):
            can = frozenset({Operation.PERSON})

            async def check(self) -> Account:
                return Account(name="strict", fields=("jobtitle",), unread={"stages": "scope missing"})

        mapping = CrmMapping(
            name="s",
            fields=(FieldRule(remote="jobtitel", source="title"),),
            stages={"default": {"won": "s9"}},
            when={CrmTrigger.REPLY: ("person", "tags", "statsu")},
        )

        rows = {row.subject: row.said for row in asyncio.run(check(mapping, Strict())) if not row.is_ok}

        assert "Did you mean 'jobtitle'" in rows["field jobtitel"]
        assert "scope missing" in rows["stage default.won"]
        assert "Did you mean 'status'" in rows["operation statsu"]
        assert "cannot do it" in rows["operation tags"]

    def test_an_account_that_cannot_be_reached_is_the_only_row(self) -> None:
        crm = Memory()
        crm.fail_next("check", Unauthorized("memory", "wrong token"))

        [row] = asyncio.run(check(MAPPING, crm))

        assert (row.subject, row.is_ok) == ("account", False)
        assert "wrong token" in row.said


def test_the_numbers_for_a_status_page(world: World) -> None:
    world.reply(world.lead(1))
    world.crm.fail_next("set_status", Refused("memory", "no", outcome=Outcome.VALIDATION))
    world.drain()

    with world.store.read() as connection:
        assert crm_jobs.counts(connection) == {"memory": {"done": 3, "dead": 1, "waiting": 2}}
        assert crm_jobs.next_due_at(connection, "memory") is None


def _fault(error: Exception) -> Fault:
    return Fault(error)


def _named(name: str, **changes: object) -> CrmMapping:
    values = {slot: getattr(MAPPING, slot) for slot in MAPPING.__slots__} | {"name": name} | changes
    return CrmMapping(**values)


def _claim(world: World, claim_id: str) -> list[crm_jobs.ClaimedJob]:
    now: datetime = world.clock.now()
    wanted = crm_jobs.Claim(
        id=claim_id, owner="other", connection="memory", most=10, lease_until=now + timedelta(minutes=5)
    )
    with world.store.begin() as connection:
        crm_connections.lock(connection, "memory")
        return crm_jobs.claim(connection, wanted, now)


def _drain_out(world: World) -> None:
    """Until nothing is left but what a person has to look at."""
    for _ in range(200):
        world.drain()
        with world.store.read() as connection:
            due = crm_jobs.next_due_at(connection, "memory")
            [parked_until] = connection.execute(select(connections_table.c.parked_until)).scalars()
        if due is None:
            return
        world.clock.move_to(max(due, parked_until or due))
    raise AssertionError("the list does not become empty")
