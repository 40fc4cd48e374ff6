"""The clean-up lists and proposes; only what was agreed is done, and it can be undone. Who rests is left alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from outreach.errors import UsageError
from outreach.services.pipeline import cleanup
from outreach.services.pipeline.pipeline_view import parked, view
from outreach.services.pipeline.rest import rest, wake
from outreach.services.pipeline.stage import Wish, move_by_hand, take_back
from outreach.services.watching.status import status
from outreach.store.tables import addresses, leads, proposals, stage_moves, tasks
from outreach.testing.field import Field
from tests.services.conftest import MakeField

PIPELINE = """
name: default
stages:
  - {name: prospect, stale_after: 30 days}
  - {name: contacted}
  - {name: responded, requires: [source]}
  - {name: won, kind: won}
  - {name: lost, kind: lost}
  - {name: nurture, kind: parked}
moves: {nurture: [prospect, lost], prospect: [contacted, responded, won, lost, nurture]}
"""
AUTO = "rules:\n  bounced: {action: lose, auto: true}\n  stale: {action: none}\n"


@pytest.fixture
def tidy(make_field: MakeField) -> Field:
    return make_field({"config/pipelines/default.yaml": PIPELINE})


def proposed(field: Field) -> list[tuple[str, str, str]]:
    cleanup.look(field.engine)
    return [(each.lead_id, each.finding, each.action) for each in cleanup.list_proposals(field.engine)]


def ids(field: Field, state: str = "proposed") -> list[str]:
    return [row["id"] for row in field.rows(proposals, state=state)]


def test_each_finding_is_proposed_once(tidy: Field) -> None:
    now = tidy.clock.now()
    stale = tidy.add_lead("ada@example.com", stage_since_at=now - timedelta(days=31))
    bounced = tidy.add_lead("bo@example.com", status="bounced")
    dead = tidy.add_lead("cy@example.com")
    first = tidy.add_lead("di@example.com", first_name="Di", last_name="Sample")
    tidy.go(seconds=1)
    twin = tidy.add_lead("d.sample@example.com", first_name="di", last_name="SAMPLE")
    fine = tidy.add_lead("ed@example.com")
    with tidy.app.store.begin() as connection:
        connection.execute(update(addresses).where(addresses.c.lead_id == dead).values(is_dead=True))

    found = proposed(tidy)

    assert sorted(found) == sorted(
        [
            (stale, "stale", "task"),
            (bounced, "bounced", "lose"),
            (dead, "unreachable", "task"),
            (twin, "duplicate", "task"),
        ]
    )
    assert not {first, fine} & {lead_id for lead_id, _, _ in found}
    assert proposed(tidy) == found


def test_who_never_answered_is_proposed_for_marketing(tidy: Field) -> None:
    silent, answered = tidy.add_lead("ada@a.example.com"), tidy.add_lead("bo@b.example.com")
    tidy.enroll(silent, answered)
    tidy.settle()
    tidy.reply("bo@b.example.com")
    tidy.go(days=4)
    with tidy.app.store.begin() as connection:
        connection.execute(update(leads).values(stage="contacted"))
    tidy.go(days=91)

    assert proposed(tidy) == [(silent, "never_answered", "park")]


def test_nothing_is_done_before_somebody_agrees(tidy: Field) -> None:
    lead_id = tidy.add_lead("ada@example.com", status="bounced")

    proposed(tidy)

    assert tidy.lead(lead_id)["stage"] == "prospect"
    assert tidy.rows(stage_moves) == []


def test_what_was_agreed_is_done_and_can_be_undone(tidy: Field) -> None:
    lead_id = tidy.add_lead("ada@example.com", status="bounced")
    proposed(tidy)

    done = cleanup.decide(tidy.engine, ids(tidy), by="anna")
    after = tidy.lead(lead_id)["stage"]
    undone = cleanup.undo(tidy.engine, list(done.done), by="anna")

    assert (after, tidy.lead(lead_id)["stage"]) == ("lost", "prospect")
    assert (len(done.done), len(undone.done)) == (1, 1)
    moves = [(row["to_stage"], row["by"]) for row in tidy.rows(stage_moves, lead_id=lead_id)]
    assert moves == [("lost", "anna"), ("prospect", "anna")]


def test_who_has_moved_on_since_is_not_pulled_back(tidy: Field) -> None:
    lead_id = tidy.add_lead("ada@example.com", status="bounced")
    proposed(tidy)
    done = cleanup.decide(tidy.engine, ids(tidy), by="anna")
    with tidy.app.store.begin() as connection:
        connection.execute(update(leads).values(stage="responded"))

    undone = cleanup.undo(tidy.engine, list(done.done), by="anna")

    assert "moved on to 'responded'" in undone.refused[done.done[0]]
    assert tidy.lead(lead_id)["stage"] == "responded"


def test_a_rule_that_was_agreed_acts_by_itself_on_schedule(make_field: MakeField) -> None:
    field = make_field({"config/pipelines/default.yaml": PIPELINE, "config/cleanup.yaml": AUTO})
    lead_id = field.add_lead("ada@example.com", status="bounced")

    first = cleanup.clean_by_schedule(field.engine)
    again = cleanup.clean_by_schedule(field.engine)

    assert (first, again) == (1, 0)
    assert field.lead(lead_id)["stage"] == "lost"
    assert field.row(proposals)["by"] == "clean-up"


def test_a_task_is_made_and_skipped_when_it_is_undone(tidy: Field) -> None:
    tidy.add_lead("ada@example.com", owner="anna", stage_since_at=tidy.clock.now() - timedelta(days=31))
    proposed(tidy)

    done = cleanup.decide(tidy.engine, ids(tidy), by="anna")
    (task,) = tidy.rows(tasks)
    cleanup.undo(tidy.engine, list(done.done), by="anna")

    assert (task["assignee"], task["state"]) == ("anna", "open")
    assert tidy.row(tasks)["state"] == "skipped"


def test_what_was_dismissed_is_not_proposed_again_in_the_same_stage(tidy: Field) -> None:
    lead_id = tidy.add_lead("ada@example.com", stage_since_at=tidy.clock.now() - timedelta(days=31))
    proposed(tidy)
    cleanup.dismiss(tidy.engine, ids(tidy), by="anna")
    tidy.go(seconds=1)

    before = proposed(tidy)
    move_by_hand(tidy.engine, lead_id, Wish(stage="nurture", by="anna"))
    take_back(tidy.engine, lead_id, Wish(stage="", by="anna", reason="new budget"))
    tidy.go(days=31)

    assert (before, proposed(tidy)) == ([], [(lead_id, "stale", "task")])


def test_what_is_not_so_any_more_is_taken_off_the_list(tidy: Field) -> None:
    lead_id = tidy.add_lead("ada@example.com", stage_since_at=tidy.clock.now() - timedelta(days=31))
    proposed(tidy)

    move_by_hand(tidy.engine, lead_id, Wish(stage="contacted", by="anna"))

    assert proposed(tidy) == []
    assert ids(tidy, "moot")


def test_who_rests_is_neither_stale_nor_forgotten_until_then(tidy: Field) -> None:
    lead_id = tidy.add_lead("ada@example.com", stage_since_at=tidy.clock.now() - timedelta(days=31))
    before = status(tidy.engine)
    rest(tidy.engine, lead_id, "their budget comes in May", until=tidy.clock.now() + timedelta(days=10), by="anna")

    during, listed = status(tidy.engine), proposed(tidy)
    tidy.go(days=11)
    after = status(tidy.engine)

    assert [(each.forgotten, each.stale) for each in (before, during, after)] == [(1, 1), (0, 0), (1, 1)]
    assert listed == []
    assert wake(tidy.engine, lead_id, by="anna")


def test_a_rest_needs_a_reason_and_a_day_to_come(tidy: Field) -> None:
    lead_id = tidy.add_lead("ada@example.com")

    with pytest.raises(UsageError, match="--because"):
        rest(tidy.engine, lead_id, " ", until=None, by="anna")
    with pytest.raises(UsageError, match="is over already"):
        rest(tidy.engine, lead_id, "x", until=tidy.clock.now(), by="anna")


def test_marketing_reads_who_was_handed_over_and_hands_them_back(tidy: Field) -> None:
    lead_id = tidy.add_lead("ada@example.com", first_name="Ada")
    move_by_hand(tidy.engine, lead_id, Wish(stage="nurture", by="anna", reason="not this year"))

    (row,) = parked(tidy.engine)
    moved = take_back(tidy.engine, lead_id, Wish(stage="", by="mia", reason="asked for a demo"))

    assert (row["email"], row["reason"], row["by"], row["source"]) == (
        "ada@example.com",
        "not this year",
        "anna",
        "test",
    )
    assert (moved.stage, parked(tidy.engine)) == ("prospect", [])
    with pytest.raises(UsageError, match="not handed over"):
        take_back(tidy.engine, lead_id, Wish(stage="", by="mia"))


def test_stages_that_nobody_used_in_a_quarter_are_named(tidy: Field) -> None:
    tidy.add_lead("ada@example.com")

    young = view(tidy.engine)
    tidy.go(days=92)
    old = view(tidy.engine)

    assert young.warnings == ()
    assert (old.stages[0].leads, old.stages[0].stale) == (1, 1)
    assert old.warnings == (
        "pipeline default: nobody used contacted, responded, won, lost, nurture in a quarter. Is it needed?",
    )
