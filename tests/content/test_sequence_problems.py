"""Whatever is wrong in a sequence file is said with its place and what to write instead."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from outreach.content import workspace
from outreach.errors import ConfigError

Maker = Callable[..., Path]


def problems(root: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        workspace.load(root, {})
    return [str(problem) for problem in caught.value.problems]


INTRO = "  - {id: intro, email: intro}\n"

HEADS = [
    ("senderz: [anna]\n", "3:1: unknown key 'senderz'. Did you mean 'senders'?"),
    ("pipeline: defualt\n", "3:11: unknown pipeline 'defualt'. Did you mean 'default'?"),
    ("schedule: office\n", "3:11: unknown schedule 'office'. Did you mean 'office-hours'?"),
    ("schedule: 5\n", "3:11: 'schedule' must be a mapping of keys to values."),
    ("schedule: {days: mon-frx}\n", "3:18: 'days': 'frx' is not a day. Did you mean 'fri'?"),
    ("schedule: {zone: lead}\n", "3:12: unknown key 'zone'. Did you mean 'timezone'?"),
    (
        "schedule: {timezone: Europe/Istanbull}\n",
        "'Europe/Istanbull' is not a time zone. Did you mean 'Europe/Istanbul'?",
    ),
    ("schedule: {timezone: UTC+3}\n", "'UTC+3' is not a time zone."),
    ("schedule: {holidays: Turkey}\n", "'Turkey' is not a country whose holidays are known."),
    ("schedule: {extra_holidays: [24.12.2026]}\n", "'24.12.2026' is not a date. Write it as 2026-12-24."),
    ("stop_on: [bounce, unsubscribe]\n", "3:10: 'stop_on' must hold 'reply': it always ends a sequence. Add it."),
    ("stop_on: [reply, bounce]\n", "3:10: 'stop_on' must hold 'unsubscribe': it always ends a sequence. Add it."),
    (
        "stop_on: [reply, unsubscribe, meetng]\n",
        "3:31: entry 3 of 'stop_on' cannot be 'meetng'. Did you mean 'meeting'?",
    ),
    ("stages: {reply: respnded}\n", "unknown stage in the pipeline 'default': 'respnded'. Did you mean 'responded'?"),
    ("stages: {replied: responded}\n", "3:10: unknown key 'replied'. Did you mean 'reply'?"),
    ("goal: bounce\n", "3:7: 'goal': 'bounce' is not a goal. Write reply or meeting."),
    ("enter: {when: lead.scroe >}\n", "3:15:"),
    ("enter: {when: laed.score > 5}\n", "3:15: Unknown name 'laed'. Did you mean 'lead'?"),
    ("enter: {per_company: 0}\n", "3:22: 'per_company' must be at least 1."),
    ("enter: {per_company: true}\n", "3:22: 'per_company' must be a whole number of at most nine digits."),
    ("enter: {auto: true}\n", "3:9: 'auto' needs 'when': without it everybody would be enrolled."),
    ("holdout: 5\n", "3:10: 'holdout': '5' is not a share. Write it as 5%."),
    ("review: first\n", "3:9: 'review': 'first' says nothing about review. Write first 20, all or none."),
    ("description: 5\n", "3:14: 'description' must be text. Put it in quotes."),
]


@pytest.mark.parametrize(("head", "sentence"), HEADS)
def test_what_is_wrong_in_the_head_is_said(a_sequence: Maker, head: str, sentence: str) -> None:
    told = problems(a_sequence(INTRO, head=head))

    assert [problem for problem in told if sentence in problem], told
    assert len(told) == 1


STEPS = [
    ("  - {id: a, emial: intro}\n", "4:13: unknown step 'emial'. Did you mean 'email'?"),
    ("  - {id: a, email: inrto}\n", "4:20: unknown template 'inrto'. Did you mean 'intro'?"),
    ("  - {id: a, email: intro.md}\n", "4:20: 'email': 'intro.md' is a file, not a name. Write it without .md."),
    ("  - {id: a, email: ../secret}\n", "4:20: 'email': '../secret' is no name of a template."),
    ("  - {id: a, email: bump}\n", "4:20: the template 'bump' has no subject. Write `subject: …` in"),
    ("  - {email: intro}\n", "4:5: this email step has no 'id'. Write `id: intro`, or let `outreach validate --fix`"),
    ("  - {task: call}\n", "4:5: this task step has no 'id'."),
    ("  - {linkedin.invite: }\n", "4:5: this linkedin.invite step has no 'id'."),
    ("  - {id: a b, email: intro}\n", "4:10: 'id': 'a b' is not an id. Write letters, digits, '-' and '_'"),
    ("  - {id: a/b, email: intro}\n", "4:10: 'id': 'a/b' is not an id."),
    ("  - {id: 5, email: intro}\n", "4:10: 'id' must be text. Put it in quotes."),
    (INTRO + INTRO, "5:10: the id 'intro' is there already, in line 4. Give each step an id of its own."),
    ("  - {id: a, email: intro, variants: {main: intro}}\n", "'main' is the name of the step's own template."),
    ("  - {id: a, email: intro, variants: {b: itnro}}\n", "4:41: unknown template 'itnro'. Did you mean 'intro'?"),
    ("  - {id: a, email: intro, tread: b}\n", "4:27: unknown key 'tread'. Did you mean 'thread'?"),
    ("  - {id: a, email: intro, sender: deni}\n", "4:35: unknown sender 'deni'. Did you mean 'deniz'?"),
    ("  - {id: a, email: intro, sender: deniz}\n", "4:35: the sender 'deniz' has no mailbox. Write `email:` under it"),
    (
        "  - {id: a, email: intro, on_failure: retry}\n",
        "4:39: 'on_failure' cannot be 'retry'. Write one of: skip, stop, task.",
    ),
    ("  - {id: a, linkedin.message: }\n", "4:31: 'linkedin.message' has no value."),
    (
        "  - {id: a, email: intro, wait: 3 days}\n",
        "4:27: 'email' and 'wait' both say what this step does. Make two steps",
    ),
    ("  - {id: a}\n", "4:5: nothing says what this step does. Write one of: email,"),
    ("  - email\n", "4:5: entry 1 of 'steps' must be a step. Write `- email: founders/intro`, for example."),
    ("  - {id: a, task: calls}\n", "4:19: 'task' cannot be 'calls'. Did you mean 'call'?"),
    ("  - {id: a, task: call, or: skip}\n", "4:25: 'or' needs 'within'. Write `within: 2 days`, or remove it."),
    ("  - {id: a, task: call, within: 2 days, or: forget}\n", "'or' cannot be 'forget'. Write one of: skip, wait."),
    (INTRO + "  - wait: 3 dyas\n", "5:11: 'wait': 'dyas' is not a unit of time. Units: seconds, minutes, hours,"),
    (INTRO + "  - wait: 3\n", "5:11: 'wait': '3' is not a duration. Write a number and a unit"),
    (INTRO + "  - wait: 0 days\n", "5:11: 'wait': '0 days' is no time at all."),
    (INTRO + "  - wait: until mondy 09:00\n", "5:11: 'wait': 'until mondy 09:00' names no moment. Did you mean"),
    (
        INTRO + "  - {wait: 1 hour, jitter: 2 hours}\n",
        "5:28: 'jitter' is longer than the wait itself. Make it shorter.",
    ),
    (
        INTRO + "  - {stage: contcated}\n",
        "unknown stage in the pipeline 'default': 'contcated'. Did you mean 'contacted'?",
    ),
    (INTRO + "  - {stop: }\n", "5:12: 'stop' has no value."),
    (INTRO + "  - {stop: done}\n  - {tag: x}\n", "6:5: this step is never reached: the sequence ends before it."),
    (
        INTRO + "  - {if: lead.score, then: [{stop: a}], else: [{stop: b}]}\n  - {tag: x}\n",
        "6:5: this step is never reached",
    ),
    (INTRO + "  - {if: lead.score, then: []}\n", "5:5: this 'if' does nothing either way. Write steps under 'then'."),
    (INTRO + "  - {if: lead.score}\n", "'then' is missing. Write `then: …`."),
    (INTRO + "  - {if: true, then: [{tag: a}]}\n", "5:10: 'if' must be text. Put it in quotes."),
    (INTRO + "  - {if: 'lead.score >', then: [{tag: a}]}\n", "5:10:"),
    (INTRO + "  - {if: '1 * 2 > lead.score', then: [{tag: a}]}\n", "5:10:"),
    (INTRO + "  - {if: lead.score, then: {tag: a}}\n", "5:28: 'then' must be a list."),
    (INTRO + "  - {if: lead.score, then: [{tga: a}]}\n", "5:30: unknown step 'tga'. Did you mean 'tag'?"),
    (INTRO + "  - {wait_for: open}\n", "'at_most' is missing. Write `at_most: …`."),
    (INTRO + "  - {wait_for: opne, at_most: 1 day}\n", "5:16: unknown event 'opne'. Did you mean 'open'?"),
    (INTRO + "  - {wait_for: reply, at_most: 1 day}\n", "5:16: 'reply' ends this sequence, so nothing can come after"),
    (INTRO + "  - {wait_for: meeting, at_most: 1 day}\n", "5:16: 'meeting' ends this sequence"),
    (
        INTRO + "  - {wait_for: linkedin.accepted, at_most: 1 day}\n",
        "no step before this one is a linkedin.invite step.",
    ),
    (
        INTRO + "  - {wait_for: task.done, at_most: 1 day}\n",
        "5:16: 'task.done' cannot happen here: no step before this one",
    ),
    ("  - {wait_for: open, at_most: 1 day}\n", "4:16: 'open' cannot happen here: no step before this one is an email"),
    (INTRO + "  - {wait_for: 'stage:wno', at_most: 1 day}\n", "pipeline 'default': 'wno'. Did you mean 'won'?"),
    (
        INTRO + "  - {id: b, email: bump, thread: itnro}\n",
        "'thread' names 'itnro', which is no email step. Did you mean 'intro'?",
    ),
    ("  - {id: b, email: bump, thread: b}\n", "4:34: 'b' is not sent before this step on every path."),
    ("  - {id: c, task: call}\n  - {id: b, email: bump, thread: c}\n", "'thread' names 'c', which is no email step."),
    (
        "  - {if: lead.score, then: [{id: a, email: intro}]}\n  - {id: b, email: bump, thread: a}\n",
        "5:34: 'a' is not sent before this step on every path. Name an email step that every path goes through.",
    ),
    (INTRO + "  - {score: 0}\n", "5:13: 'score' is not from 1 to 1000. Write the points to add"),
    (INTRO + "  - {note: 'Hi {{ lead.name }}'}\n", "5:12: 'note' is written as it stands; nothing is filled in."),
    (INTRO + "  - {set: {stage: won}}\n", "5:12: 'stage' has a step of its own. Write `- stage: contacted`."),
    (INTRO + "  - {enroll: frist}\n", "5:14: unknown sequence 'frist'. Did you mean 'first'?"),
    (INTRO + "  - {split: {a: 50, b: 50}}\n", "5:5: this 'split' does nothing either way. Write steps below `a:`."),
    (INTRO + "  - {id: v, linkedin.visit: intro}\n", "5:29: 'linkedin.visit' takes no template."),
    (INTRO + "  - {id: v, http.hook: x}\n", "5:24: unknown template 'x'."),
    (INTRO + "  - {id: v, sms: }\n", "5:18: 'sms' has no value."),
    (INTRO + "  - {id: v, linkedin.inmail: bump}\n", "the template 'bump' has no subject."),
]


@pytest.mark.parametrize(("steps", "sentence"), STEPS)
def test_what_is_wrong_in_a_step_is_said(a_sequence: Maker, steps: str, sentence: str) -> None:
    told = problems(a_sequence(steps))

    assert [problem for problem in told if sentence in problem], told
    assert all(problem.startswith("sequences/first.yaml:") for problem in told)
    assert len(told) == 1, told


@pytest.mark.parametrize(
    "steps",
    [
        (
            "  - {if: lead.score, then: [{id: a, email: intro}], else: [{stop: x}]}\n  - {tag: t}\n"
            "  - {id: b, email: bump, thread: a}\n"
        ),
        INTRO + "  - {if: lead.score, then: [{id: b, email: bump, thread: intro}]}\n",
        INTRO + "  - {wait_for: click, at_most: 1 day, then: [{tag: keen}]}\n",
        INTRO + "  - {wait_for: 'stage:won', at_most: 30 days}\n",
    ],
)
def test_what_is_right_on_every_path_is_accepted(a_sequence: Maker, steps: str) -> None:
    assert workspace.load(a_sequence(steps), {}).sequences


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("senders: [anna]\nsteps: [{id: a, email: intro}]\n", "1:1: 'name' is missing."),
        ("name: a\nsteps: [{id: a, email: intro}]\n", "1:1: 'senders' is missing."),
        ("name: a\nsenders: []\nsteps: [{id: a, email: intro}]\n", "2:10: 'senders' is empty. Write at least one."),
        ("name: a\nsenders: anna\nsteps: [{id: a, email: intro}]\n", "2:10: 'senders' must be a list."),
        (
            "name: a\nsenders: [ana]\nsteps: [{id: a, email: intro}]\n",
            "2:11: unknown sender 'ana'. Did you mean 'anna'?",
        ),
        ("name: a\nsenders: [deniz]\nsteps: [{id: a, email: intro}]\n", "2:11: the sender 'deniz' has no mailbox."),
        ("name: a\nsenders: [anna]\n", "1:1: 'steps' is missing."),
        ("name: a\nsenders: [anna]\nsteps: []\n", "3:8: 'steps' is empty."),
        ("name: a\nsenders: [anna]\nsteps: {email: intro}\n", "3:8: 'steps' must be a list."),
        (
            "name: Großer Plan\nsenders: [anna]\nsteps: [{id: a, email: intro}]\n",
            "1:7: 'name': 'Großer Plan' is not a name.",
        ),
        ("", "1:1: the file has no value."),
        ("just a text\n", "1:1: the file must be a mapping of keys to values."),
    ],
)
def test_what_is_missing_is_said(a_workspace: Maker, text: str, sentence: str) -> None:
    told = problems(a_workspace({"sequences/first.yaml": text}))

    assert [problem for problem in told if sentence in problem], told


def test_every_problem_of_a_file_is_told_at_once_in_its_order(a_sequence: Maker) -> None:
    told = problems(
        a_sequence(
            "  - {id: a, email: itnro}\n  - {wiat: 3 days}\n  - {wait: 3 dyas}\n  - {id: a, email: intro}\n",
            head="pipeline: defualt\nholdout: 5\n",
        )
    )

    assert len(told) == 6
    assert [int(problem.split(":")[1]) for problem in told] == [3, 4, 6, 7, 8, 9]
