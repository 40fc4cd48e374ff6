"""config/goals.yaml: a goal with a part missing is refused, with its place."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from outreach.content.goals_file import read_goals
from outreach.content.reports_settings import ReportsModel, check_reports, report_settings
from outreach.content.yaml_file import parse
from outreach.domain.goal import Goal
from outreach.errors import Problem

WHOLE = (
    "{name: Q1 meetings, kpi: meetings, target: 60, owner: anna, start: 2026-01-01, deadline: 2026-03-31, "
    "attainable_because: 41 in Q4}"
)


def read(text: str) -> tuple[tuple[Goal, ...], list[str]]:
    problems: list[Problem] = []
    goals = read_goals(parse(text.encode(), name="config/goals.yaml"), problems)
    return goals, [str(problem) for problem in problems]


def test_a_whole_goal_is_read() -> None:
    (goal,), problems = read(f"- {WHOLE}\n")

    assert problems == []
    assert (goal.name, goal.kpi, goal.target, goal.start) == ("Q1 meetings", "meetings", 60, date(2026, 1, 1))


@pytest.mark.parametrize("part", ["name", "kpi", "target", "owner", "start", "deadline", "attainable_because"])
def test_a_goal_with_a_part_missing_is_refused(part: str) -> None:
    kept = [pair for pair in WHOLE.strip("{}").split(", ") if not pair.startswith(f"{part}:")]

    goals, problems = read(f"- {{{', '.join(kept)}}}\n")

    assert goals == ()
    assert problems == [f"config/goals.yaml:1:3: in entry 1 of the file, '{part}' is missing. Write `{part}: …`."]


@pytest.mark.parametrize(
    ("written", "instead", "said"),
    [
        ("kpi: meetings", "kpi: meeting", "'meeting' is no measure. Did you mean 'meetings'?"),
        ("target: 60", "target: many", "'many' is no target. Write a number above 0, such as 60, or a share, as 5%."),
        ("target: 60", "target: 0", "'0' is no target."),
        ("deadline: 2026-03-31", "deadline: 2025-03-31", "is not after its start, 2026-01-01. Write a later day."),
        ("start: 2026-01-01", "start: january", "'january' is not a date. Write it as 2026-12-24."),
        ("owner: anna", "ownr: anna", "unknown key 'ownr'. Did you mean 'owner'?"),
        (
            "kpi: meetings",
            "kpi: reply_rate",
            "the target of 'reply_rate' is a share, and 60 is more than all. Write 60%.",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(written: str, instead: str, said: str) -> None:
    goals, problems = read(f"- {WHOLE.replace(written, instead)}\n")

    assert goals == ()
    assert len(problems) == 1
    assert problems[0].startswith("config/goals.yaml:1:")
    assert said in problems[0]


def test_a_share_may_be_in_percent() -> None:
    (goal,), _ = read(f"- {WHOLE.replace('kpi: meetings', 'kpi: reply_rate').replace('target: 60', 'target: 5%')}\n")

    assert goal.target == 0.05


def test_two_goals_have_two_names() -> None:
    _, problems = read(f"- {WHOLE}\n- {WHOLE}\n")

    assert problems == ["config/goals.yaml:2:10: the goal 'Q1 meetings' is there already. Give it another name."]


def test_a_file_without_goals_is_none() -> None:
    assert read("") == ((), [])
    assert "must be a list of goals" in read("name: x\n")[1][0]


def reports(**values: Any) -> list[str]:
    settings = report_settings(ReportsModel.model_validate(values))
    file = parse(b"reports:\n  to: [team@example.com]\n  sender: annna\n", name="config/outreach.yaml")
    return [str(problem) for problem in check_reports(file, settings, {})]


def test_reports_need_somebody_who_sends_them() -> None:
    assert reports() == []
    assert reports(segment="fields.industry", sector_cycle="84 days") == []
    assert reports(to=["team@example.com"], weekly="monday 08:00") == [
        "config/outreach.yaml:1:1: in 'reports', 'sender' is missing. Name a sender of senders.yaml."
    ]
    assert reports(to=["team@example.com"], sender="annna") == ["config/outreach.yaml:3:11: unknown sender 'annna'."]


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("weekly", "mondy 08:00", "'mondy' is no day of the week. Did you mean 'monday'?"),
        ("weekly", "monday", "Write it as monday 08:00."),
        ("at", "8", "Write it as 08:00."),
        ("segment", "fields.a b", "Write country, fields.industry or company.size."),
    ],
)
def test_a_setting_of_reports_that_is_wrong_is_told(key: str, value: str, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace(".", r"\.").replace("?", r"\?")):
        ReportsModel.model_validate({key: value})
