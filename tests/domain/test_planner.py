"""Where an enrollment goes next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.domain.enrollment import FinishReason
from outreach.domain.planner import Facts, Finish, Had, LookAgain, Move, PlanTouch, next_move
from outreach.domain.sequence import (
    IfStep,
    OnFailure,
    Overdue,
    Schedule,
    Sequence,
    Step,
    StopStep,
    TaskDetails,
    TouchStep,
    WaitForStep,
    WaitStep,
    What,
    WriteStep,
)
from outreach.domain.span import Span, Unit, parse_span
from outreach.domain.touch import TouchState

MONDAY = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)  # 10:00 in Istanbul


def sequence(*steps: Step, first: str = "intro", schedule: Schedule | None = None) -> Sequence:
    return Sequence(
        name="s",
        pipeline="default",
        senders=("anna",),
        schedule=schedule or Schedule(name="always"),
        steps={step.id: step for step in steps},
        first=first,
    )


def facts(of: Sequence, **changes: object) -> Facts:
    values: Mapping[str, object] = {
        "sequence": of,
        "enrollment_id": "e1",
        "lead_id": "l1",
        "cursor": of.first,
        "cursor_at": MONDAY,
        "zone": ZoneInfo("Europe/Istanbul"),
        "is_holiday": lambda day: False,
        "happened": {},
        "evaluate": lambda expression: expression == "true",
    }
    return Facts(**{**values, **changes})  # type: ignore[arg-type]


def planned(move: Move) -> PlanTouch:
    assert isinstance(move.outcome, PlanTouch)
    return move.outcome


def sent(at: datetime = MONDAY) -> Had:
    return Had(TouchState.SENT, at)


def test_the_first_touch_is_planned_at_once() -> None:
    move = next_move(facts(sequence(TouchStep(id="intro", action="email"))), MONDAY)

    assert planned(move).due_at == MONDAY
    assert planned(move).is_first


def test_a_touch_waits_for_its_window() -> None:
    hours = Schedule(name="office", days=frozenset(range(5)), opens=datetime.min.time().replace(hour=12))
    saturday = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)

    move = next_move(
        facts(sequence(TouchStep(id="intro", action="email"), schedule=hours), cursor_at=saturday), saturday
    )

    assert planned(move).due_at == datetime(2026, 3, 9, 9, 0, tzinfo=UTC)  # Monday noon in Istanbul


def test_a_wait_before_a_touch_becomes_its_due_time() -> None:
    of = sequence(
        TouchStep(id="intro", action="email", then="wait"),
        WaitStep(id="wait", wait=parse_span("3 business days"), then="bump"),
        TouchStep(id="bump", action="email"),
    )

    move = next_move(facts(of, had={"intro": sent()}), MONDAY)

    assert planned(move).step.id == "bump"
    assert planned(move).due_at == MONDAY + timedelta(days=3)
    assert not planned(move).is_first


def test_a_path_without_steps_left_is_completed() -> None:
    move = next_move(facts(sequence(TouchStep(id="intro", action="email")), had={"intro": sent()}), MONDAY)

    assert move.outcome == Finish(FinishReason.COMPLETED)


@pytest.mark.parametrize(
    ("on_failure", "outcome"),
    [
        (OnFailure.STOP, FinishReason.FAILED),
        (OnFailure.SKIP, FinishReason.COMPLETED),
        (OnFailure.TASK, FinishReason.COMPLETED),
    ],
)
def test_a_failed_touch_ends_the_path_or_not_as_written(on_failure: OnFailure, outcome: FinishReason) -> None:
    of = sequence(TouchStep(id="intro", action="email", on_failure=on_failure))

    move = next_move(facts(of, had={"intro": Had(TouchState.FAILED, MONDAY)}), MONDAY)

    assert isinstance(move.outcome, Finish)
    assert move.outcome.reason is outcome


@pytest.mark.parametrize("state", [TouchState.PLANNED, TouchState.CLAIMED, TouchState.HANDED_OVER, TouchState.UNKNOWN])
def test_an_open_touch_is_waited_for(state: TouchState) -> None:
    of = sequence(TouchStep(id="intro", action="email"))

    move = next_move(facts(of, had={"intro": Had(state, MONDAY)}), MONDAY)

    assert isinstance(move.outcome, LookAgain)


WAITING = sequence(
    WaitForStep(id="wait", event="linkedin.accepted", at_most=Span(7, Unit.DAYS), happened="thanks", missed="bump"),
    TouchStep(id="thanks", action="linkedin.message"),
    TouchStep(id="bump", action="email"),
    first="wait",
)


def test_an_event_that_came_leads_into_then() -> None:
    accepted_at = MONDAY + timedelta(days=2)

    move = next_move(facts(WAITING, happened={"linkedin.accepted": accepted_at}), accepted_at)

    assert planned(move).step.id == "thanks"
    assert planned(move).due_at == accepted_at


def test_an_event_that_came_before_the_step_counts() -> None:
    move = next_move(facts(WAITING, happened={"linkedin.accepted": MONDAY - timedelta(days=1)}), MONDAY)

    assert planned(move).step.id == "thanks"
    assert planned(move).due_at == MONDAY


def test_the_deadline_is_looked_at_again() -> None:
    assert next_move(facts(WAITING), MONDAY).outcome == LookAgain(MONDAY + timedelta(days=7))


def test_an_event_that_did_not_come_leads_into_else() -> None:
    move = next_move(facts(WAITING), MONDAY + timedelta(days=7))

    assert planned(move).step.id == "bump"


def test_a_walk_without_events_wants_to_be_called_again() -> None:
    assert next_move(facts(WAITING, happened=None), MONDAY).outcome == LookAgain(MONDAY)


@pytest.mark.parametrize(("expression", "step"), [("true", "yes"), ("false", "no")])
def test_a_condition_chooses_the_branch(expression: str, step: str) -> None:
    of = sequence(
        IfStep(id="if", expression=expression, yes="yes", no="no"),
        TouchStep(id="yes", action="email"),
        TouchStep(id="no", action="email"),
        first="if",
    )

    assert planned(next_move(facts(of), MONDAY)).step.id == step


def test_what_was_written_is_read_again_before_a_condition() -> None:
    of = sequence(
        WriteStep(id="tag", what=What.TAG, value="hot", then="if"),
        IfStep(id="if", expression="true"),
        first="tag",
    )

    move = next_move(facts(of), MONDAY)

    assert [write.value for write in move.writes] == ["hot"]
    assert move.cursor == "if"
    assert move.outcome == LookAgain(MONDAY)


def test_stop_ends_with_its_reason() -> None:
    move = next_move(facts(sequence(StopStep(id="stop", reason="not a fit"), first="stop")), MONDAY)

    assert move.outcome == Finish(FinishReason.STOPPED, "not a fit")


def task(within: str | None, overdue: Overdue) -> Sequence:
    details = TaskDetails("call", within=parse_span(within) if within else None, overdue=overdue)
    return sequence(TouchStep(id="call", action="task", task=details), first="call")


def test_a_task_that_is_done_lets_the_path_go_on_at_once() -> None:
    done_at = MONDAY + timedelta(hours=3)
    of = facts(task("2 days", Overdue.WAIT), had={"call": sent()}, happened={"task.done:call": done_at})

    assert next_move(of, done_at).outcome == Finish(FinishReason.COMPLETED)


def test_an_overdue_task_is_waited_for_where_the_step_says_so() -> None:
    of = facts(task("2 days", Overdue.WAIT), had={"call": sent()})

    assert isinstance(next_move(of, MONDAY + timedelta(days=9)).outcome, LookAgain)


@pytest.mark.parametrize(("overdue", "closed"), [(Overdue.GO_ON, ()), (Overdue.SKIP, ("call",))])
def test_an_overdue_task_lets_the_path_go_on(overdue: Overdue, closed: tuple[str, ...]) -> None:
    of = facts(task("2 days", overdue), had={"call": sent()})

    move = next_move(of, MONDAY + timedelta(days=2))

    assert move.outcome == Finish(FinishReason.COMPLETED)
    assert move.overdue == closed


def test_a_variant_does_not_depend_on_who_else_is_there() -> None:
    of = sequence(TouchStep(id="intro", action="email", template="a", variants={"story": "b"}))

    chosen = {lead: planned(next_move(facts(of, lead_id=lead), MONDAY)).variant for lead in ("l1", "l2", "l3", "l4")}

    assert chosen == {lead: planned(next_move(facts(of, lead_id=lead), MONDAY)).variant for lead in reversed(chosen)}
    assert {planned(next_move(facts(of, lead_id=f"l{n}"), MONDAY)).variant for n in range(40)} == {"main", "story"}


@given(
    days=st.integers(0, 60),
    jitter=st.integers(0, 12),
    enrollment=st.text("abcdef", min_size=1),
    offset=st.integers(0, 60 * 24 * 400),
)
def test_a_planned_touch_lies_in_its_window_and_never_before_its_wait(
    days: int, jitter: int, enrollment: str, offset: int
) -> None:
    office = Schedule(
        name="office",
        days=frozenset(range(5)),
        opens=datetime.min.time().replace(hour=9),
        closes=datetime.min.time().replace(hour=17, minute=30),
    )
    of = sequence(
        WaitStep(id="wait", wait=Span(days, Unit.DAYS), jitter=Span(jitter, Unit.HOURS), then="intro"),
        TouchStep(id="intro", action="email"),
        first="wait",
        schedule=office,
    )
    begin = MONDAY + timedelta(minutes=offset)

    plan = planned(next_move(replace(facts(of), cursor_at=begin, enrollment_id=enrollment), begin))

    local = plan.due_at.astimezone(ZoneInfo("Europe/Istanbul"))
    assert plan.due_at >= plan.wanted_at >= begin
    assert local.weekday() < 5
    assert (9, 0) <= (local.hour, local.minute) < (17, 30)
    assert plan.closes_at is not None
    assert plan.due_at < plan.closes_at
