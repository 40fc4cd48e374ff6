"""Scores follow what happens and what is known; the threshold moves up once, and what was given stays."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import update

from outreach.domain.scoring import Scoring
from outreach.services.pipeline.keep_pipeline import keep_pipeline
from outreach.services.pipeline.score import score_all, score_by_schedule
from outreach.services.pipeline.set_values import set_values
from outreach.services.pipeline.stage import Wish, move_by_hand
from outreach.services.simulating.simulate_scores import simulate_scores
from outreach.services.watching.explain import explain_lead
from outreach.store.tables import field_changes, leads, rule_scores, stage_moves, tasks
from outreach.testing.field import Field
from tests.services.conftest import MakeField

PIPELINE = """
name: default
stages:
  - {name: prospect}
  - {name: qualified, requires: [source]}
  - {name: contacted}
  - {name: responded}
  - {name: won, kind: won}
  - {name: nurture, kind: parked}
moves: {qualified: [prospect, contacted, responded, won, nurture]}
"""
SCORING = """
qualified_at: 50
every: 1 hour
rules:
  - {add: 30, if: lead.fields.size > 50}
  - {add: 5, if: lead.title is defined}
  - {add: 25, when: replied, decay: half in 30 days}
  - {add: -10, when: autoresponded}
"""
SCORING = SCORING.replace("lead.title is defined", "lead.title == 'CFO'")


def files(pipeline: str = PIPELINE, scoring: str = SCORING) -> dict[str, str]:
    return {"config/pipelines/default.yaml": pipeline, "config/scoring.yaml": scoring}


@pytest.fixture
def scored(make_field: MakeField) -> Field:
    return make_field(files())


def score_of(field: Field, lead_id: str) -> int:
    score: int = field.lead(lead_id)["score"]
    return score


def test_a_reply_counts_at_once_and_fades_by_schedule(scored: Field) -> None:
    lead_id = scored.add_lead("ada@example.com")
    scored.reply("ada@example.com")
    scored.settle()

    at_once = score_of(scored, lead_id)
    scored.go(days=30)
    score_by_schedule(scored.engine)

    assert (at_once, score_of(scored, lead_id)) == (25, 13)


def test_what_was_given_stays_below_what_the_rules_add(scored: Field) -> None:
    lead_id = scored.add_lead("ada@example.com", score=7)
    scored.reply("ada@example.com")
    scored.settle()

    set_values(scored.engine, lead_id, {"score": "20"}, by="anna")

    assert score_of(scored, lead_id) == 45
    assert scored.row(rule_scores, lead_id=lead_id)["points"] == 25
    change = scored.row(field_changes, lead_id=lead_id)
    assert (change["name"], change["before"], change["after"]) == ("score", "7", "20")


def test_scoring_again_and_again_adds_nothing_twice(scored: Field) -> None:
    lead_id = scored.add_lead("ada@example.com", score=7, fields={"size": 80})

    results = [score_all(scored.engine) for _ in range(3)]

    assert [each.changed for each in results] == [1, 0, 0]
    assert score_of(scored, lead_id) == 37


def test_the_threshold_moves_up_once_and_nobody_back(scored: Field) -> None:
    lead_id = scored.add_lead("ada@example.com", score=20, fields={"size": 80})

    first = score_all(scored.engine)
    move_by_hand(scored.engine, lead_id, Wish(stage="prospect", by="anna", reason="not yet"))
    again = score_all(scored.engine)
    set_values(scored.engine, lead_id, {"size": "5"}, by="anna")

    assert (first.qualified, again.qualified) == ((lead_id,), ())
    moves = [(row["to_stage"], row["by"], row["reason"]) for row in scored.rows(stage_moves, lead_id=lead_id)]
    assert moves == [("qualified", "score", "score 50"), ("prospect", "anna", "not yet")]
    assert score_of(scored, lead_id) == 20
    assert scored.lead(lead_id)["stage"] == "prospect"


def test_writing_a_field_scores_at_once(scored: Field) -> None:
    lead_id = scored.add_lead("ada@example.com", score=20)

    set_values(scored.engine, lead_id, {"size": "80"}, by="anna")

    assert (score_of(scored, lead_id), scored.lead(lead_id)["stage"]) == (50, "qualified")


@pytest.mark.parametrize("status", ["do_not_contact", "bounced", "not_interested", "customer"])
def test_who_is_not_to_be_contacted_does_not_move_up(scored: Field, status: str) -> None:
    lead_id = scored.add_lead("ada@example.com", score=90, status=status)

    assert score_all(scored.engine).qualified == ()
    assert scored.lead(lead_id)["stage"] == "prospect"


def test_what_the_stage_requires_is_asked_for_once(make_field: MakeField) -> None:
    field = make_field(files(PIPELINE.replace("[source]", "[pain_point]")))
    lead_id = field.add_lead("ada@example.com", score=90)
    score_all(field.engine)
    with field.app.store.begin() as connection:
        connection.execute(update(tasks).values(state="skipped"))

    score_all(field.engine)

    assert field.lead(lead_id)["stage"] == "prospect"
    assert [row["state"] for row in field.rows(tasks, lead_id=lead_id)] == ["skipped"]


def test_the_schedule_scores_new_leads_soon_and_everybody_each_hour(scored: Field) -> None:
    early = scored.add_lead("ada@example.com", fields={"size": 80})
    assert score_by_schedule(scored.engine).leads == 1
    scored.go(seconds=1)
    late = scored.add_lead("bo@example.com", fields={"size": 80})

    soon = score_by_schedule(scored.engine)
    nothing = score_by_schedule(scored.engine)
    scored.go(hours=1)
    everybody = score_by_schedule(scored.engine)

    assert (soon.leads, nothing.leads, everybody.leads) == (1, 0, 2)
    assert [score_of(scored, each) for each in (early, late)] == [30, 30]


def test_without_the_file_the_rules_take_their_points_back(scored: Field) -> None:
    lead_id = scored.add_lead("ada@example.com", score=7, fields={"size": 80})
    score_by_schedule(scored.engine)

    for _ in range(3):
        score_by_schedule(replace(scored.engine, scoring=None))

    assert score_of(scored, lead_id) == 7


def test_explain_shows_the_sum_by_rule(scored: Field) -> None:
    lead_id = scored.add_lead("ada@example.com", score=7, fields={"size": 80}, title="CFO")
    scored.reply("ada@example.com")
    scored.settle()

    found = explain_lead(scored.engine, lead_id).score

    assert (found.score, found.given, found.by_rules, found.is_behind) == (67, 7, 60, False)
    assert [(line.points, line.rule) for line in found.lines] == [
        (30, "if lead.fields.size > 50"),
        (5, "if lead.title == 'CFO'"),
        (25, "when replied"),
        (0, "when autoresponded"),
    ]
    assert found.score == found.given + sum(line.points for line in found.lines)


def test_simulate_writes_nothing_and_says_who_would_qualify(scored: Field) -> None:
    ada = scored.add_lead("ada@example.com", score=20, fields={"size": 80}, first_name="Ada")
    scored.add_lead("bo@example.com", score=3)
    scored.add_lead("cy@example.com", score=70, stage="contacted")

    found = simulate_scores(scored.engine, scored.engine.scoring)

    assert (found.leads, found.changed, found.qualifying) == (3, 1, 1)
    assert [(each.lead_id, each.stage, each.score) for each in found.movers] == [(ada, "qualified", 50)]
    assert (dict(found.before), dict(found.after)) == ({20: 1, 0: 1, 70: 1}, {50: 1, 0: 1, 70: 1})
    assert score_of(scored, ada) == 20
    assert scored.rows(rule_scores) == []


def test_without_rules_nothing_is_scored(make_field: MakeField) -> None:
    field = make_field({})
    lead_id = field.add_lead("ada@example.com", score=7)

    keep_pipeline(field.engine)

    assert field.engine.scoring is None
    assert score_of(field, lead_id) == 7
    assert simulate_scores(field.engine, Scoring()).changed == 0


def test_a_lead_that_waits_for_its_stage_goes_on(make_field: MakeField) -> None:
    sequence = """
name: two-mails
pipeline: default
senders: [anna]
schedule: always
steps:
  - wait_for: stage:qualified
    at_most: 30 days
    then:
      - {id: up, email: intro}
    else:
      - {id: down, email: bump}
"""
    field = make_field({**files(), "sequences/two-mails.yaml": sequence})
    lead_id = field.add_lead("ada@example.com", score=20)
    field.enroll(lead_id)
    field.settle()

    with field.app.store.begin() as connection:
        connection.execute(update(leads).values(fields={"size": 80}))
    score_all(field.engine)
    field.settle()

    assert [message.subject for message in field.memory().sent] == ["Hello there"]
