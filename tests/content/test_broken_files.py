"""Every broken file has its exact words, and no file whatsoever ends in anything but words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.content import workspace, yaml_file
from outreach.content.lint_allow import without_allowed
from outreach.content.lints import CODES, Used, lint_template
from outreach.content.schedules import BUILT_IN
from outreach.content.sequence_checks import Surroundings, check_sequence
from outreach.content.sequences import build, read_sequence
from outreach.content.step_models import STEPS
from outreach.content.waits import read_moment, read_wait
from outreach.errors import ConfigError, Problem

Maker = Callable[..., Path]

CASES = Path(__file__).parent / "cases" / "broken.txt"
HEAD = "name: first\nsenders: [anna]\n"
INTRO = "  - {id: intro, email: intro}\n"
DECLARED = """organisation: {name: Example Ltd, postal_address: 1 Example Street}
fields: {size: number, seats: number, renewal_on: date, vip: yes_no, plan: text, company.staff: number}
"""


def cases() -> Iterator[tuple[str, str, str]]:
    """(where, source, words) of each case."""
    for block in CASES.read_text("utf-8").split("\n== ")[1:]:
        where, _, rest = block.partition("\n")
        source, _, words = rest.partition("\n--\n")
        yield where, f"{source}\n", words.strip("\n")


def files(where: str, source: str) -> dict[str, str]:
    if where == "head":
        return {"sequences/first.yaml": f"{HEAD}{source}steps:\n{INTRO}"}
    if where == "steps":
        return {"sequences/first.yaml": f"{HEAD}steps:\n{INTRO}{source}"}
    if where.startswith("declared "):
        return {"config/outreach.yaml": DECLARED, **files(where.removeprefix("declared "), source)}
    return {where: source}


@pytest.mark.parametrize(("where", "source", "words"), list(cases()))
def test_a_broken_file_is_told_in_these_words(a_workspace: Maker, where: str, source: str, words: str) -> None:
    root = a_workspace(files(where, source))

    assert "\n".join(str(problem) for problem in workspace.validate(root, {})) == words


def test_there_are_enough_of_them() -> None:
    assert len(list(cases())) >= 150


def test_sequences_may_not_go_round_in_circles_over_others(a_workspace: Maker) -> None:
    def leads_to(name: str, other: str, pause: str = "") -> str:
        return f"name: {name}\nsenders: [anna]\nsteps:\n{INTRO}  - {{enroll: {other}{pause}}}\n"

    circle = {"sequences/a.yaml": leads_to("a", "b"), "sequences/b.yaml": leads_to("b", "a")}
    told = workspace.validate(a_workspace(circle), {})
    paused = circle | {"sequences/b.yaml": leads_to("b", "a", ", at_least: 90 days")}

    assert [(problem.file, problem.line) for problem in told] == [("sequences/a.yaml", 5), ("sequences/b.yaml", 5)]
    assert workspace.validate(a_workspace(paused), {}) == ()


WORDS = st.sampled_from(
    [
        *STEPS,
        "then",
        "else",
        "at_most",
        "at_least",
        "jitter",
        "thread",
        "variants",
        "within",
        "or",
        "note",
        "id",
        "a",
        "b",
    ]
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5_000),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(
        [
            "3 days",
            "until monday 09:00",
            "until lead.x - 1 day",
            "2026-02-30",
            "first 20",
            "5%",
            "intro",
            "first",
            "call",
        ]
    ),
)
TREES = st.recursive(
    VALUES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(WORDS | st.text(max_size=4), inner, max_size=5)
    ),
    max_leaves=30,
)
HEADS = ["name", "senders", "schedule", "enter", "stop_on", "stages", "goal", "holdout", "review", "steps", "pipeline"]
SAMPLE = (
    "name: first\nsenders: [anna]\nholdout: 5%\nreview: first 2\nenter: {when: lead.score > 2, auto: true}\nsteps:\n"
    "  - {id: intro, email: intro}\n  - wait: until friday 09:00\n  - split: {a: 50, b: 50}\n    a: [{score: 5}]\n"
    "  - wait_for: open\n    at_most: 3 days\n    then: [{set: {x: y}}, {note: hello}]\n  - enroll: second\n"
)


def read(text: str) -> None:
    """Everything that is done with one sequence file; problems are values."""
    problems: list[Problem] = []
    try:
        file = yaml_file.parse(text.encode("utf-8", "replace"), name="s.yaml")
    except ConfigError:
        return
    draft = read_sequence(file, problems)
    if draft is None:
        assert problems
        return
    around = Surroundings(templates={}, texts={}, pipelines={}, settings=None, senders=("anna",))
    check_sequence(draft, around, problems)
    if not problems:
        build(draft, BUILT_IN)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(HEADS), TREES, max_size=8), st.lists(st.dictionaries(WORDS, TREES, max_size=4)))
def test_no_tree_of_values_ends_in_a_traceback(head: dict[str, object], steps: list[object]) -> None:
    read(yaml.safe_dump({"name": "first", "senders": ["anna"], "steps": steps, **head}, allow_unicode=True))


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(SAMPLE)), st.integers(0, 20), st.text(max_size=10))
def test_no_slip_of_the_keyboard_ends_in_a_traceback(at: int, removed: int, typed: str) -> None:
    read(SAMPLE[:at] + typed + SAMPLE[at + removed :])


@settings(max_examples=300, deadline=None)
@given(st.text("until 0123456789:-+.leadcompnymt_\n", max_size=40) | st.text(max_size=30))
def test_no_wait_ends_in_anything_but_a_sentence(text: str) -> None:
    for words in (text, f"until {text}"):
        with suppress(ValueError):
            read_wait(words)
    read_moment(text)


@settings(max_examples=200, deadline=None)
@given(st.text("-#{}[]()!:/.% \nsubject outrach:allowW01becaus", max_size=200) | st.text(max_size=80))
def test_no_text_ends_a_lint_in_a_traceback(text: str) -> None:
    for source in (text, f"---\nsubject: Hi\n---\n{text}"):
        found = lint_template("t.md", source, Used(is_mail=True, longest=300))
        without_allowed(found, {"t.md": source}, CODES)
