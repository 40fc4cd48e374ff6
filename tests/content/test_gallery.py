"""The gallery of sequences: every file is right, does what its tests say, and leads sample people to its end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from outreach.content.front_matter import split
from outreach.content.revision import templates_of
from outreach.content.sequence_tests import Case
from outreach.content.workspace import Workspace, load, look
from outreach.domain.sequence import TouchStep
from outreach.domain.simulation import Rates
from outreach.rehearsal import Result, Stage, files_of, read_files
from outreach.services.simulating.simulate_list import Question, begin, simulate
from outreach.services.simulating.simulate_people import from_file
from outreach.services.simulating.simulate_report import Report, report_of

GALLERY = Path(__file__).resolve().parents[2] / "sequences/examples"
NAMES = sorted(path.stem for path in (GALLERY / "sequences").glob("*.yaml"))
MONDAY = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
LIVELY = Rates(
    replies=0.2, bounces=0.1, unsubscribes=0.05, meetings=0.1, clicks=0.3, accepts=0.5, out_of_office=0.2, tasks=0.8
)


@pytest.fixture(scope="module")
def gallery() -> Workspace:
    return load(GALLERY, {}, needs_secrets=False)


@pytest.fixture(scope="module")
def cases(gallery: Workspace) -> list[Case]:
    return read_files(GALLERY, files_of(GALLERY), gallery)


@pytest.fixture(scope="module")
def results(gallery: Workspace, cases: list[Case]) -> Iterator[list[Result]]:
    with Stage(gallery) as stage:
        yield list(stage.run(cases))


def simulated(gallery: Workspace, name: str, rates: Rates) -> Report:
    question = Question(sequence=name, start=MONDAY, days=500, rates=rates)
    pipeline = gallery.pipelines[gallery.sequences[name].pipeline]
    listed = from_file(GALLERY / "leads.csv", pipeline, MONDAY)
    assert (listed.repeated, listed.rejected) == (0, 0)
    simulation = begin(gallery, question)
    simulate(simulation, question, listed.people)
    return report_of(simulation, question)


def test_the_gallery_has_at_least_twelve_sequences_and_no_problem_and_no_warning() -> None:
    looked = look(GALLERY, {}, needs_secrets=False)

    assert (looked.problems, looked.warnings) == ((), ())
    assert len(NAMES) >= 12


def test_files_are_called_as_their_sequences_are(gallery: Workspace) -> None:
    assert sorted(gallery.sequences) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_each_sequence_does_what_its_tests_say(name: str, results: list[Result]) -> None:
    played = [each for each in results if each.case.sequence == name]

    assert len(played) >= 2
    assert [line for each in played if not each.is_passed for line in each.story()] == []


@pytest.mark.parametrize("name", NAMES)
def test_each_step_that_reaches_somebody_is_played_by_a_test(
    name: str, gallery: Workspace, results: list[Result]
) -> None:
    steps = {step.id for step in gallery.sequences[name].steps.values() if isinstance(step, TouchStep)}
    came = {touch.step for each in results if each.case.sequence == name for touch in each.played.touches}

    assert steps - came == set()


@pytest.mark.parametrize("name", NAMES)
def test_a_list_of_samples_comes_to_its_end_when_nobody_answers(name: str, gallery: Workspace) -> None:
    report = simulated(gallery, name, Rates(tasks=1.0))

    assert len(report.record.people) > 0
    assert report.record.touches > 0
    assert report.missing == []
    assert report.active == 0
    assert report.finishing.on is not None


@pytest.mark.parametrize("name", NAMES)
def test_when_people_react_only_those_a_task_holds_are_still_inside(name: str, gallery: Workspace) -> None:
    report = simulated(gallery, name, LIVELY)
    inside = [person for person in report.record.people if person.reason is None]

    assert {_held_by(person.course.sequence.steps[person.cursor or ""]) for person in inside} <= {"wait"}


def _held_by(step: object) -> str:
    return str(step.task.overdue) if isinstance(step, TouchStep) and step.task else type(step).__name__


def test_every_text_says_its_language_and_funnel_stage_and_is_used(gallery: Workspace) -> None:
    heads = {name: split(text, file=name) for name, text in gallery.templates.items()}
    used = {name for sequence in gallery.sequences.values() for name in templates_of(sequence)}

    assert [name for name, head in heads.items() if not (head.language and head.funnel_stage)] == []
    assert set(heads) - used == set()
    assert {str(head.funnel_stage) for head in heads.values()} == {"awareness", "consideration", "decision"}


def test_every_lead_of_the_list_is_a_sample_that_can_never_be_reached() -> None:
    header, *rows = (GALLERY / "leads.csv").read_text("utf-8").splitlines()

    assert len(rows) >= 20
    assert "email" in header
    assert all(",Sample," in row and ".example," in row for row in rows)
