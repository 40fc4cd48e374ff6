"""Tests of sequences, played through the engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from outreach import rehearsal
from outreach.content import yaml_file
from outreach.content.sequence_tests import Case, read_cases
from outreach.errors import ConfigError, Problem, UsageError
from outreach.rehearsal import Result, Stage, files_of, open_stage, read_files
from outreach.testing.field import FILES

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = files_of(ROOT)

SEQUENCE = """
name: everything
senders: [anna]
schedule: {timezone: lead, days: mon-fri, hours: "09:00-17:00", holidays: lead}
enter: {when: lead.score >= 10}
holdout: 50%
stages: {first_touch: contacted, reply: responded, no_reply: nurture}
steps:
  - {id: intro, email: intro, variants: {short: bump}}
  - {wait: 2 days, jitter: 5 hours}
  - {id: note, linkedin.invite: bump}
  - wait_for: linkedin.accepted
    at_most: 3 days
    then: [{tag: connected}]
  - {id: call, task: call, within: 1 day, or: wait}
  - {id: last, email: named, on_failure: skip}
"""
NAMED = "---\nsubject: Hello {{ lead.nickname }}\n---\nHello.\n"
LEAD = "{email: ayse@one.example, timezone: Europe/Istanbul, score: 10, nickname: Ayş}"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    files = {**FILES, "sequences/everything.yaml": SEQUENCE, "templates/named.md": NAMED}
    del files["config/crm.yaml"]
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def stage(workspace: Path) -> Iterator[Stage]:
    with open_stage(workspace, {}) as opened:
        yield opened


def case_of(text: str) -> Case:
    problems: list[Problem] = []
    file = yaml_file.parse(f"sequence: everything\ncases:\n  - {text.strip()}\n".encode(), name="test.yaml")
    found = read_cases(file, problems)
    assert problems == []
    assert found is not None
    return found.cases[0]


def play(stage: Stage, expect: str, *, happens: str = "[]", lead: str = LEAD, more: str = "") -> Result:
    text = f"{{name: one, lead: {lead}, start: 2026-03-02 10:00, happens: {happens}, expect: {expect}{more}}}"
    (result,) = stage.run([case_of(text)])
    return result


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_what_ships_does_what_its_tests_say(path: Path) -> None:
    with open_stage(ROOT, {}) as opened:
        results = list(opened.run(read_files(ROOT, [path], opened.workspace)))

    assert results
    assert [line for each in results if not each.is_passed for line in each.story()] == []


def test_every_sequence_that_ships_has_tests() -> None:
    with open_stage(ROOT, {}) as opened:
        tested = {case.sequence for case in read_files(ROOT, SHIPPED, opened.workspace)}

        assert set(opened.workspace.sequences) - tested == set()


ALL = """[{at: 2026-03-02 10:00, step: intro}, {at: 2026-03-04 10:00, linkedin.invite: bump},
  {at: 2026-03-09 09:00, task: call}, """


def test_waits_run_without_jitter_and_conditions_to_their_deadline(stage: Stage) -> None:
    done = "[{at: 2026-03-10 12:00, task_done: called}]"

    result = play(
        stage, ALL + "{at: 2026-03-10 12:00, email: named}, {finished: completed, stage: nurture}]", happens=done
    )

    assert result.is_passed, result.story()


def test_who_waits_for_a_person_comes_to_rest(stage: Stage) -> None:
    result = play(stage, ALL + "{still_active: true, status: in_sequence}]")

    assert result.is_passed, result.story()


def test_an_accepted_invitation_takes_the_other_branch(stage: Stage) -> None:
    expect = (
        "[{step: intro}, {step: note}, {at: 2026-03-05 10:00, step: call}, {still_active: true, tags: [connected]}]"
    )

    result = play(stage, expect, happens="[{after: 3 days, accepted}]")

    assert result.is_passed, result.story()


def test_a_missing_value_blocks_and_is_told(stage: Stage) -> None:
    nameless = LEAD.replace(", nickname: Ayş", "")

    result = play(stage, "[{blocked: missing nickname}]", lead=nameless)

    assert result.is_passed, result.story()


def test_who_may_not_enter_is_told_why(stage: Stage) -> None:
    result = play(stage, "[{blocked: enter.when}]", lead=LEAD.replace("score: 10", "score: 9"))

    assert result.is_passed, result.story()


def test_the_hold_out_group_applies_only_if_asked(stage: Stage) -> None:
    leads = [LEAD.replace("ayse", f"lead{number}") for number in range(8)]
    off = [play(stage, "[{step: intro}, {still_active: true}]", lead=lead) for lead in leads]
    on = [play(stage, "[{finished: held_out}]", lead=lead, more=", holdout: true") for lead in leads]

    assert all(each.is_passed for each in off)
    assert 0 < sum(each.is_passed for each in on) < 8


def test_limits_apply_only_if_asked(stage: Stage) -> None:
    free = play(stage, "[{step: intro}, {at: 2026-03-04 10:00, step: note}, {still_active: true}]")
    jittered = play(
        stage, "[{step: intro}, {at: 2026-03-04 10:00, step: note}, {still_active: true}]", more=", limits: true"
    )

    assert free.is_passed
    assert not jittered.is_passed
    assert jittered.played.touches[1].at > free.played.touches[1].at


def test_what_happens_at_the_instant_of_a_touch_comes_first(stage: Stage) -> None:
    result = play(stage, "[{step: intro}, {finished: replied}]", happens="[{at: 2026-03-04 10:00, reply: Call me}]")

    assert result.is_passed, result.story()


@pytest.mark.parametrize(
    ("happens", "said"),
    [
        ("{after: 1 day, accepted}", "accepted: no invitation had been sent by then"),
        ("{after: 1 day, task_done: x}", "task_done: no task was open by then"),
        ("{after: 1 day, stage: prospect}", "stage: pipeline 'default' allows no move from 'contacted' to 'prospect'."),
    ],
)
def test_what_cannot_happen_is_told(stage: Stage, happens: str, said: str) -> None:
    result = play(stage, "[{step: intro}, {still_active: true}]", happens=f"[{happens}]")

    assert not result.is_passed
    assert result.story()[1].startswith(f"! {said}")


def test_the_same_case_always_plays_the_same_and_leaves_nothing_behind(stage: Stage) -> None:
    first, other, again = (
        play(stage, "[{step: intro}, {still_active: true}]", lead=lead)
        for lead in (LEAD, LEAD.replace("ayse", "can"), LEAD)
    )

    assert first.played == again.played
    assert other.is_passed


def test_names_that_are_not_there_are_said_with_a_guess(workspace: Path, stage: Stage) -> None:
    path = workspace / "sequences/tests/everything.yaml"
    path.parent.mkdir()
    path.write_text(
        f"sequence: everything\ncases:\n  - name: one\n    lead: {LEAD}\n    start: 2026-03-02 10:00\n    expect:\n"
        "      - {step: intor}\n      - {email: bumb}\n      - {linkedin.message: bump}\n"
        "      - {step: intro, variant: shrt}\n      - {step: intro, sender: ana}\n"
        "      - {finished: replied, stage: respondet}\n",
        encoding="utf-8",
    )

    with pytest.raises(ConfigError) as found:
        read_files(workspace, files_of(workspace), stage.workspace)

    assert [str(problem).removeprefix("sequences/tests/everything.yaml:") for problem in found.value.problems] == [
        "7:9: the sequence 'everything' has no step 'intor'. Did you mean 'intro'?",
        "8:9: the sequence 'everything' has no template 'bumb'. Did you mean 'bump'?",
        "9:9: the sequence 'everything' has no linkedin.message step. It has: email, linkedin.invite, task.",
        "10:9: the sequence 'everything' has no variant 'shrt'. Did you mean 'short'?",
        "11:9: the sequence 'everything' has no sender 'ana'. Did you mean 'anna'?",
        "12:9: the sequence 'everything' has no stage 'respondet'. Did you mean 'responded'?",
    ]


def test_a_sequence_that_is_not_there_is_said(workspace: Path, stage: Stage) -> None:
    path = workspace / "one.yaml"
    path.write_text(
        f"sequence: everyting\ncases: [{{name: one, lead: {LEAD}, start: 2026-03-02 10:00, expect: [{{blocked: x}}]}}]"
    )

    with pytest.raises(ConfigError, match=r"there is no sequence 'everyting'\. Did you mean 'everything'"):
        read_files(workspace, files_of(workspace, [path]), stage.workspace)


def test_a_path_without_tests_is_said(workspace: Path) -> None:
    assert files_of(workspace) == []
    with pytest.raises(UsageError, match="there is no test at"):
        files_of(workspace, [workspace / "nowhere"])


def test_no_account_is_opened_and_no_secret_needed(workspace: Path) -> None:
    senders = workspace / "config/senders.yaml"
    smtp = 'smtp: {url: "smtps://smtp.one.example:465", username: anna, password: "${NOT_SET}"}'
    senders.write_text(f"anna:\n  name: Anna\n  timezone: UTC\n  email: {{address: anna@sender.example, {smtp}}}\n")

    with rehearsal.open_stage(workspace, {}) as opened:
        result = play(opened, "[{step: intro}, {still_active: true}]")

    assert result.is_passed, result.story()
