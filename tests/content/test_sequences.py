"""Sequence files become sequences the planner can walk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time
from pathlib import Path

import pytest

from outreach.content import workspace
from outreach.domain.sequence import (
    ALWAYS_STOPPING,
    DEFAULT_STOP_ON,
    IfStep,
    OnFailure,
    Overdue,
    Sequence,
    StopStep,
    TaskDetails,
    TouchStep,
    Trigger,
    WaitForStep,
    WaitStep,
    What,
    WriteStep,
)
from outreach.domain.span import Span, Unit

SequenceMaker = Callable[..., Path]


def load(root: Path) -> Sequence:
    return workspace.load(root, {}).sequences["first"]


def test_steps_follow_each_other_and_the_last_ends_the_path(a_sequence: SequenceMaker) -> None:
    root = a_sequence(
        "  - {id: intro, email: intro}\n"
        "  - wait: 3 business days\n"
        "    jitter: 2 hours\n"
        "  - {id: bump, email: bump, thread: intro, on_failure: skip}\n"
    )

    sequence = load(root)

    assert sequence.first == "intro"
    assert list(sequence.steps) == ["intro", "intro/wait", "bump"]
    assert sequence.steps["intro"] == TouchStep(id="intro", action="email", template="intro", then="intro/wait")
    assert sequence.steps["intro/wait"] == WaitStep(
        id="intro/wait", wait=Span(3, Unit.BUSINESS_DAYS), jitter=Span(2, Unit.HOURS), then="bump"
    )
    assert sequence.steps["bump"] == TouchStep(
        id="bump", action="email", template="bump", thread="intro", on_failure=OnFailure.SKIP, then=None
    )


def test_branches_join_at_the_step_after_them(a_sequence: SequenceMaker) -> None:
    root = a_sequence(
        "  - {id: invite, linkedin.invite: }\n"
        "  - wait_for: linkedin.accepted\n"
        "    at_most: 7 days\n"
        "    then: [{id: thanks, linkedin.message: bump}]\n"
        "    else: [{wait: 1 day}, {tag: cold}]\n"
        "  - {stage: contacted}\n"
    )

    steps = load(root).steps

    assert steps["invite"] == TouchStep(id="invite", action="linkedin.invite", then="invite/wait_for")
    assert steps["invite/wait_for"] == WaitForStep(
        id="invite/wait_for",
        event="linkedin.accepted",
        at_most=Span(7, Unit.DAYS),
        happened="thanks",
        missed="invite/wait_for/else/wait",
    )
    assert steps["thanks"] == TouchStep(id="thanks", action="linkedin.message", template="bump", then="invite/stage")
    assert steps["invite/wait_for/else/tag"] == WriteStep(
        id="invite/wait_for/else/tag", what=What.TAG, value="cold", then="invite/stage"
    )
    assert steps["invite/stage"] == WriteStep(id="invite/stage", what=What.STAGE, value="contacted", then=None)


def test_a_branch_that_is_left_out_goes_straight_on(a_sequence: SequenceMaker) -> None:
    root = a_sequence(
        "  - if: lead.score > 20\n    then: [{stop: too good to be true}]\n  - {id: intro, email: intro}\n"
    )

    steps = load(root).steps

    assert steps["start/if"] == IfStep(
        id="start/if", expression="lead.score > 20", yes="start/if/then/stop", no="intro"
    )
    assert steps["start/if/then/stop"] == StopStep(id="start/if/then/stop", reason="too good to be true")


def test_a_branch_inside_a_branch_finds_its_way_out(a_sequence: SequenceMaker) -> None:
    root = a_sequence(
        "  - if: lead.score > 20\n"
        "    then:\n"
        "      - if: lead.score > 50\n"
        "        then: [{tag: hot}]\n"
        "  - {id: intro, email: intro}\n"
    )

    steps = load(root).steps
    inner = steps["start/if/then/if"]
    hot = steps["start/if/then/if/then/tag"]

    assert isinstance(inner, IfStep)
    assert isinstance(hot, WriteStep)
    assert (inner.yes, inner.no, hot.then) == (hot.id, "intro", "intro")


def test_a_task_keeps_what_a_person_needs(a_sequence: SequenceMaker) -> None:
    root = a_sequence(
        "  - {id: call, task: call, note: Ask about March, assignee: deniz, within: 2 days, or: skip}\n"
        "  - {id: look, task: custom}\n"
    )

    steps = load(root).steps
    call, look = steps["call"], steps["look"]

    assert isinstance(call, TouchStep)
    assert isinstance(look, TouchStep)
    assert call.task == TaskDetails(
        kind="call", note="Ask about March", assignee="deniz", within=Span(2, Unit.DAYS), overdue=Overdue.SKIP
    )
    assert look.task == TaskDetails(kind="custom", overdue=Overdue.GO_ON)


def test_variants_are_kept_beside_the_main_template(a_sequence: SequenceMaker) -> None:
    root = a_sequence("  - {id: intro, email: intro, variants: {story: intro}, sender: anna}\n")

    step = load(root).steps["intro"]

    assert isinstance(step, TouchStep)
    assert (step.template, step.variants, step.sender) == ("intro", {"story": "intro"}, "anna")


def test_the_head_of_a_sequence_is_kept(a_sequence: SequenceMaker) -> None:
    root = a_sequence(
        "  - {id: intro, email: intro}\n",
        head=(
            "description: What it is for\n"
            "enter: {when: lead.score >= 20 and 'customer' not in lead.tags, per_company: 2}\n"
            "stop_on: [reply, unsubscribe, company_reply]\n"
            "stages: {first_touch: contacted, reply: responded}\n"
            "goal: meeting\n"
            "schedule: always\n"
        ),
    )

    sequence = load(root)

    assert sequence.description == "What it is for"
    assert sequence.enter.when == "lead.score >= 20 and 'customer' not in lead.tags"
    assert sequence.enter.per_company == 2
    assert sequence.stages == {Trigger.FIRST_TOUCH: "contacted", Trigger.REPLY: "responded"}
    assert (sequence.goal, sequence.schedule.name, sequence.senders) == (Trigger.MEETING, "always", ("anna",))


def test_a_complaint_stops_every_sequence_written_or_not(a_sequence: SequenceMaker) -> None:
    root = a_sequence("  - {id: intro, email: intro}\n", head="stop_on: [reply, bounce, unsubscribe]\n")

    assert load(root).stop_on == ALWAYS_STOPPING | {Trigger.BOUNCE}


def test_what_is_left_out_has_its_usual_value(a_sequence: SequenceMaker) -> None:
    sequence = load(a_sequence("  - {id: intro, email: intro}\n"))

    assert sequence.stop_on == DEFAULT_STOP_ON
    assert (sequence.pipeline, sequence.schedule.name, sequence.goal) == ("default", "office-hours", None)


def test_an_inline_schedule_holds_days_of_its_own(a_sequence: SequenceMaker) -> None:
    root = a_sequence(
        "  - {id: intro, email: intro}\n",
        head=(
            "schedule: {timezone: Europe/Berlin, days: 'mon,wed', hours: '10:00-12:00', holidays: TR, "
            "extra_holidays: [2026-12-24]}\n"
        ),
    )

    schedule = load(root).schedule

    assert (schedule.timezone, set(schedule.days), schedule.holidays) == ("Europe/Berlin", {0, 2}, "TR")
    assert (schedule.opens, schedule.closes) == (time(10), time(12))
    assert schedule.extra_holidays == {date(2026, 12, 24)}


BEFORE = (
    "  - {id: intro, email: intro}\n"
    "  - wait: 1 day\n"
    "  - {tag: a}\n"
    "  - wait: 2 days\n"
    "  - {id: bump, email: bump, thread: intro}\n"
    "  - wait: 3 days\n"
)


@pytest.mark.parametrize(
    "changed",
    [
        "  - {tag: new}\n" + BEFORE,
        BEFORE.replace("  - {id: bump", "  - {id: extra, task: call}\n  - {id: bump"),
        BEFORE.replace("  - wait: 3", "  - {id: extra, task: call}\n  - wait: 3"),
        BEFORE + "  - {tag: last}\n",
        BEFORE.replace("{tag: a}", "{if: lead.score, then: [{tag: a}, {wait: 1 hour}]}"),
    ],
)
def test_an_internal_id_survives_what_is_added_elsewhere(a_sequence: SequenceMaker, changed: str) -> None:
    """Ids count the steps of a kind since the last written id, and nothing else."""
    old = {step_id: step for step_id, step in load(a_sequence(BEFORE)).steps.items() if isinstance(step, WaitStep)}

    new = load(a_sequence(changed)).steps

    kept = [step_id for step_id, step in old.items() if _wait(new.get(step_id)) == step.wait]
    assert {"intro/wait", "intro/wait-2"} <= set(kept)


def _wait(step: object) -> object:
    return step.wait if isinstance(step, WaitStep) else None


def test_a_written_id_of_a_wait_is_kept(a_sequence: SequenceMaker) -> None:
    steps = load(a_sequence("  - {id: pause, wait: 1 day}\n  - wait: 2 days\n  - {id: intro, email: intro}\n")).steps

    assert list(steps) == ["pause", "pause/wait", "intro"]


def test_the_shipped_sequences_are_right() -> None:
    found = workspace.load(Path(__file__).parents[2], {})

    assert set(found.sequences) == {"founder-intro", "turkce-tanisma"}
    assert found.sequences["turkce-tanisma"].schedule.holidays == "TR"
