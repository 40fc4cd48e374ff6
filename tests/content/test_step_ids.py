"""Missing ids are written without touching anything else of a file."""

from __future__ import annotations

import pytest

from outreach.content import yaml_file
from outreach.content.step_ids import fix_missing_ids
from outreach.errors import ConfigError

TEXT = """\
# A sequence
name: first   # its name
steps:
  - email: founders/intro      # the first mail
    variants: {b: founders/story}
  - wait: 3 days
  - {task: call, note: "Ask: about March"}
  -   linkedin.invite:
  - if: lead.score > 5
    then:
    - email: founders/intro
      thread: intro
    else: [{linkedin.message: a/thanks}, {tag: x}]
  - id: kept
    task: call
"""

FIXED = """\
# A sequence
name: first   # its name
steps:
  - id: intro
    email: founders/intro      # the first mail
    variants: {b: founders/story}
  - wait: 3 days
  - {id: call, task: call, note: "Ask: about March"}
  -   id: linkedin-invite
      linkedin.invite:
  - if: lead.score > 5
    then:
    - id: intro-2
      email: founders/intro
      thread: intro
    else: [{id: thanks, linkedin.message: a/thanks}, {tag: x}]
  - id: kept
    task: call
"""


def test_ids_are_written_where_they_are_missing_and_comments_stay() -> None:
    assert fix_missing_ids(TEXT) == FIXED


def test_a_second_time_changes_nothing() -> None:
    assert fix_missing_ids(FIXED) == FIXED


def test_a_new_id_is_none_that_is_there_already() -> None:
    fixed = fix_missing_ids("steps:\n- email: a/intro\n- id: intro\n  email: a/intro\n- email: b/intro\n")

    assert (
        fixed
        == "steps:\n- id: intro-2\n  email: a/intro\n- id: intro\n  email: a/intro\n- id: intro-3\n  email: b/intro\n"
    )


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_line_ends_and_a_byte_order_mark_stay_as_they_are(line_end: str) -> None:
    text = f"\ufeffsteps:{line_end}  - email: intro{line_end}"

    assert fix_missing_ids(text) == f"\ufeffsteps:{line_end}  - id: intro{line_end}    email: intro{line_end}"


def test_letters_that_an_id_cannot_hold_become_dashes() -> None:
    assert "id: g-r" in fix_missing_ids("steps: [{email: görüşme/gör}]\n")


@pytest.mark.parametrize("text", ["", "steps:\n", "steps: 5\n", "- a\n", "steps: [1, [2]]\n", "name: x\n"])
def test_a_file_without_steps_stays_as_it_is(text: str) -> None:
    assert fix_missing_ids(text) == text


def test_a_file_that_is_no_yaml_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"first\.yaml:2:1: something is missing here"):
        fix_missing_ids("steps: [", name="first.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "steps:\n  - ? email\n    : intro\n",
        "a: &step {email: intro}\nsteps: [*step, *step]\n",
    ],
)
def test_a_layout_that_cannot_be_mended_is_left_to_a_person(text: str) -> None:
    with pytest.raises(ConfigError, match="cannot be added here"):
        fix_missing_ids(text)


def test_what_comes_out_is_what_went_in_and_the_ids() -> None:
    before = yaml_file.parse(TEXT.encode(), name="a").data
    after = yaml_file.parse(fix_missing_ids(TEXT).encode(), name="a").data

    assert isinstance(before, dict)
    assert isinstance(after, dict)
    without = [{key: value for key, value in step.items() if key != "id"} for step in after["steps"][:3]]
    assert without == before["steps"][:3]
