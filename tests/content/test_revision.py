"""A revision is the exact content of a sequence, and comes back as it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from outreach.content import workspace
from outreach.content.revision import content_hash, freeze, thaw

SHIPPED = Path(__file__).parents[2]

EVERY_STEP = """\
  - {id: intro, email: intro, variants: {b: intro}, on_failure: skip}
  - {wait: 3 business days, jitter: 2 hours}
  - {id: invite, linkedin.invite: }
  - wait_for: linkedin.accepted
    at_most: 7 days
    then: [{id: thanks, linkedin.message: bump}]
    else: [{stage: contacted}]
  - if: lead.score > 5
    then: [{id: call, task: call, within: 2 days, or: wait, assignee: anna}]
    else: [{stop: too small}]
  - wait: until monday 09:00
  - {wait: until 2026-12-01, jitter: 2 hours}
  - wait: until lead.renewal_on - 30 days 10:15
  - wait: until company.founded_on
  - split: {a: 2, b: 1}
    a: [{score: -5}, {set: {pain_point: compliance}}]
    b: [{note: Went the other way}, {enroll: first, at_least: 90 days}]
  - {tag: done}
"""
HEAD = """\
stop_on: [reply, unsubscribe, meeting, company_reply]
stages: {reply: responded, first_touch: contacted}
goal: reply
enter: {when: lead.score > 1, per_company: 3, auto: true, every: 1 hour, max_per_day: 20}
holdout: 5%
review: first 20
schedule: {days: "mon,wed,fri", hours: "10:00-12:00", holidays: TR, extra_holidays: [2026-12-24, 2026-01-02]}
"""


@pytest.fixture
def every_step(a_sequence: Callable[..., Path]) -> workspace.Workspace:
    return workspace.load(a_sequence(EVERY_STEP, head=HEAD), {})


def test_what_is_frozen_thaws_as_it_was(every_step: workspace.Workspace) -> None:
    stored = json.loads(json.dumps(freeze(every_step, "first")))

    revision = thaw(stored)

    assert revision.sequence == every_step.sequences["first"]
    assert revision.pipeline == every_step.pipelines["default"]
    assert list(revision.sequence.steps) == list(every_step.sequences["first"].steps)


@pytest.mark.parametrize("name", ["founder-intro", "turkce-tanisma"])
def test_the_shipped_sequences_thaw_as_they_were(name: str) -> None:
    shipped = workspace.load(SHIPPED, {})

    revision = thaw(json.loads(json.dumps(freeze(shipped, name))))

    assert revision.sequence == shipped.sequences[name]
    assert set(revision.templates) <= set(shipped.templates)


def test_a_revision_holds_the_texts_it_uses_and_no_others(every_step: workspace.Workspace) -> None:
    assert thaw(freeze(every_step, "first")).templates == every_step.templates


def test_a_text_no_step_sends_is_not_in_it(a_workspace: Callable[..., Path]) -> None:
    loaded = workspace.load(a_workspace(), {})

    assert set(thaw(freeze(loaded, "first")).templates) == {"intro"}


def test_the_hash_is_the_same_for_the_same_content(every_step: workspace.Workspace) -> None:
    content = freeze(every_step, "first")
    shuffled = dict(reversed(json.loads(json.dumps(content)).items()))

    assert content["hash"] == content_hash(content) == content_hash(shuffled)
    assert freeze(every_step, "first") == content


@pytest.mark.parametrize(("old", "new"), [("Hello {{", "Hi {{"), ("subject: Hello", "subject: Good day")])
def test_the_hash_changes_with_a_text(a_workspace: Callable[..., Path], old: str, new: str) -> None:
    root = a_workspace()
    before = freeze(workspace.load(root, {}), "first")["hash"]

    template = root / "templates" / "intro.md"
    template.write_text(template.read_text().replace(old, new))

    assert freeze(workspace.load(root, {}), "first")["hash"] != before


def test_the_hash_changes_with_a_named_schedule(a_workspace: Callable[..., Path]) -> None:
    root = a_workspace()
    before = freeze(workspace.load(root, {}), "first")["hash"]

    config = root / "config" / "outreach.yaml"
    config.write_text(config.read_text() + "schedules: {office-hours: {days: mon-thu, hours: '09:00-17:30'}}\n")

    assert freeze(workspace.load(root, {}), "first")["hash"] != before


def test_no_secret_is_in_a_revision(a_workspace: Callable[..., Path]) -> None:
    senders = (
        "anna:\n  name: Anna\n  timezone: Europe/Istanbul\n"
        "  email: {address: anna@example.com, smtp: {url: 'smtps://h.example.com', username: anna, password: '${P}'}}\n"
        "deniz: {name: Deniz, timezone: Europe/Istanbul}\n"
    )
    loaded = workspace.load(a_workspace({"config/senders.yaml": senders}), {"P": "very-secret-word"})

    assert "very-secret-word" not in json.dumps(freeze(loaded, "first"))


def test_a_sequence_that_is_not_there_is_a_key_error(every_step: workspace.Workspace) -> None:
    with pytest.raises(KeyError):
        freeze(every_step, "second")


@pytest.mark.parametrize("content", [{}, {"format": 2}, {"format": 1}, {"format": 1, "sequence": {}, "pipeline": []}])
def test_what_is_no_revision_is_refused(content: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="This revision"):
        thaw(content)
