"""A change that somebody made in the CRM and that could not be applied here is tried again, and stops nobody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from outreach.crm import RemotePerson, Selection
from outreach.crms.memory import Record
from outreach.domain.crm_news import Change
from outreach.errors import Refused
from outreach.services.crm import crm_news, sync
from outreach.store import crm_records
from outreach.store.tables import addresses, notices
from outreach.store.tables import crm_pulls as pulls_table
from outreach.testing.field import FILES, Field
from tests.services.conftest import MakeField
from tests.services.test_back_sync import CRM, changes, crm_of, poll, told

TOLD = "notify: {kinds: [crm_failed], email: {to: [team@example.com], sender: anna}}\n"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def team(make_field: MakeField) -> Field:
    """Two leads in the CRM, both seen there once."""
    field = make_field({"config/crm.yaml": CRM})
    for number in ("1", "2"):
        field.add_lead(f"p{number}@example.com")
        crm_of(field).records[number] = Record(id=number, email=f"p{number}@example.com", status="NEW")
    field.enroll()
    field.settle()
    poll(field)
    return field


def lead_of(field: Field, number: str) -> str:
    lead_id: str = field.row(addresses, value=f"p{number}@example.com")["lead_id"]
    return lead_id


def statuses(field: Field) -> list[str]:
    return [field.lead(lead_of(field, number))["status"] for number in ("1", "2")]


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Record ids whose status cannot be applied."""
    ids = {"1"}
    apply = crm_news._EFFECTS[Change.STATUS]

    def refuse(heard: Any) -> None:
        if heard.news.person_id in ids:
            raise RuntimeError("the database was busy")
        apply(heard)

    monkeypatch.setitem(crm_news._EFFECTS, Change.STATUS, refuse)
    return ids


def test_a_status_that_cannot_be_applied_is_read_again_until_it_can(team: Field, broken: set[str]) -> None:
    crm_of(team).change("1", status="UNQUALIFIED")
    poll(team)
    assert statuses(team) == ["in_sequence", "in_sequence"]
    assert "busy" in team.row(pulls_table, name="person:1")["error"]

    broken.clear()
    team.clock.advance(timedelta(minutes=1))
    team.sync()

    assert statuses(team) == ["not_interested", "in_sequence"]
    assert changes(team) == ["status"]
    assert team.rows(pulls_table, name="person:1") == []


def test_it_stops_nobody_else_of_the_same_round(team: Field, broken: set[str]) -> None:
    for person_id in ("1", "2"):
        crm_of(team).change(person_id, status="UNQUALIFIED")

    poll(team)

    assert statuses(team) == ["in_sequence", "not_interested"]
    assert team.row(pulls_table, name="changes")["finished_at"] is not None


def test_it_waits_longer_when_it_fails_again(team: Field, broken: set[str]) -> None:
    crm_of(team).change("1", status="UNQUALIFIED")
    poll(team)
    team.clock.advance(timedelta(minutes=1))
    team.sync()

    assert team.row(pulls_table, name="person:1")["due_at"] == team.clock.now() + timedelta(hours=1)


def test_what_could_not_be_read_is_listed_and_a_retry_reads_it_now(team: Field, broken: set[str]) -> None:
    crm_of(team).change("1", status="UNQUALIFIED")
    poll(team)
    [unread] = sync.unread(team.app.store, crm="team")
    broken.clear()

    sync.retry(team.app.store, clock=team.clock, crm="team")
    team.sync()

    assert (unread.name, unread.error) == ("person:1", "RuntimeError: the database was busy")
    assert statuses(team) == ["not_interested", "in_sequence"]
    assert sync.unread(team.app.store) == []


def test_a_change_made_while_we_wrote_is_looked_at_once_more(team: Field) -> None:
    crm, original = crm_of(team), crm_of(team).pull
    crm.change("1", status="UNQUALIFIED")

    async def slow(wanted: Any, *, cursor: str | None) -> Any:
        page = await original(wanted, cursor=cursor)
        if wanted.by is None:
            team.clock.advance(timedelta(seconds=2))
            with team.app.store.begin() as connection:
                crm_records.learn(
                    connection, "team", lead_of(team, "1"), {"owner": "anna@example.com"}, team.clock.now()
                )
        return page

    crm.pull = slow  # type: ignore[method-assign]
    poll(team)
    assert statuses(team) == ["in_sequence", "in_sequence"]

    team.clock.advance(timedelta(minutes=1))
    team.sync()

    assert statuses(team) == ["not_interested", "in_sequence"]


def test_a_double_that_is_cleared_away_is_not_the_lead_s_record(team: Field) -> None:
    crm, original = crm_of(team), crm_of(team).pull

    async def with_a_double(wanted: Any, *, cursor: str | None) -> Any:
        page = await original(wanted, cursor=cursor)
        double = RemotePerson(person_id="9", emails=("p1@example.com",), is_deleted=True)
        return replace(page, people=(*page.people, double))

    crm.pull = with_a_double  # type: ignore[method-assign]
    poll(team)

    assert changes(team) == []
    assert statuses(team) == ["in_sequence", "in_sequence"]


def test_a_value_that_was_changed_and_changed_back_counts_both_times(team: Field) -> None:
    crm_of(team).change("1", stage="s2")
    poll(team)

    told(team, Change.STAGE, person_id="1", value="s1")
    stages = [team.lead(lead_of(team, "1"))["stage"]]
    told(team, Change.STAGE, person_id="1", value="s2")
    stages.append(team.lead(lead_of(team, "1"))["stage"])

    assert stages == ["contacted", "responded"]


def test_a_hint_that_the_system_cannot_be_asked_about_makes_a_round(team: Field) -> None:
    crm_of(team).selections = frozenset({Selection.PERSON})  # type: ignore[misc]
    poll(team)

    told(team, Change.HINT, person_id="", deal_id="d1")
    team.sync()

    assert [row["name"] for row in team.rows(pulls_table, connection="team")] == ["changes"]
    assert team.row(pulls_table)["due_at"] == team.clock.now() + timedelta(minutes=1)


def test_the_team_is_told_once_a_day_of_what_the_system_refuses(make_field: MakeField) -> None:
    field = make_field({"config/crm.yaml": CRM, "config/outreach.yaml": FILES["config/outreach.yaml"] + TOLD})
    for _ in range(2):
        crm_of(field).fail_next("pull", Refused("memory", "unknown property hs_x"))
        poll(field)
        field.clock.advance(timedelta(hours=1))

    [notice] = field.rows(notices)

    assert "What changed in team could not be read (changes): " in notice["text"]
    assert "unknown property hs_x" in notice["text"]
