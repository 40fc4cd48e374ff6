"""Steps of channels: what they may say, what becomes of them, and what the accounts of senders can do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import pytest

from outreach import adapters
from outreach.content import workspace
from outreach.content.revision import freeze, thaw
from outreach.content.step_ids import fix_missing_ids
from outreach.domain.action import ACTIONS, Wording, address_kind, find, is_touch, order
from outreach.domain.sequence import OnFailure, TouchStep
from outreach.services.sequences.check_files import check

Maker = Callable[..., Path]

HEAD = "name: first\nsenders: [anna]\nsteps:\n"
LINKED = (
    "anna:\n  name: Anna\n  timezone: Europe/Istanbul\n"
    "  email: {address: anna@example.com, smtp: {url: 'smtp://127.0.0.1:1025'}}\n"
    "  linkedin: {use: acme, token: sample}\n"
)


def can_only_invite(use: str, options: Mapping[str, Any]) -> Collection[str] | None:
    return {"acme": ("invite", "message"), "any": ("*",)}.get(use)


def told(root: Path) -> list[str]:
    return [str(problem) for problem in workspace.look(root, {}, can=can_only_invite).problems]


@pytest.mark.parametrize("name", [*ACTIONS, "http.ping"])
def test_every_action_is_a_step(a_sequence: Maker, name: str) -> None:
    action = find(name)
    assert action
    value = "intro" if action.wording is Wording.NEEDED else ""

    root = a_sequence(f"  - {{id: first, {name}: {value}, on_failure: task, sender: deniz}}\n")

    step = workspace.load(root, {}).sequences["first"].steps["first"]
    assert isinstance(step, TouchStep)
    assert (step.action, step.template, step.sender) == (name, value or None, "deniz")
    assert (step.channel, step.on_failure) == (action.channel, OnFailure.TASK)


def test_a_step_of_a_channel_may_have_variants_and_survives_a_revision(a_sequence: Maker) -> None:
    root = a_sequence("  - {id: hello, linkedin.message: intro, variants: {short: bump}}\n")

    files = workspace.load(root, {})
    step = thaw(freeze(files, "first")).sequence.touch_step("hello")

    assert step.variants == {"short": "bump"}
    assert set(thaw(freeze(files, "first")).templates) == {"intro", "bump"}


def test_missing_ids_of_any_action_are_written() -> None:
    fixed = fix_missing_ids("steps:\n  - linkedin.visit:\n  - http.ping: hooks/lead\n  - sms: founders/text\n")

    assert [line.strip() for line in fixed.splitlines() if "id:" in line] == [
        "- id: linkedin-visit",
        "- id: lead",
        "- id: text",
    ]


def test_what_a_connected_account_cannot_do_is_refused_when_files_are_loaded(a_workspace: Maker) -> None:
    steps = "  - {id: see, linkedin.visit: }\n  - {id: ask, linkedin.invite: }\n"
    root = a_workspace({"config/senders.yaml": LINKED, "sequences/first.yaml": HEAD + steps})

    assert told(root) == [
        (
            "sequences/first.yaml:4:15: the account of 'anna' cannot do 'linkedin.visit': acme does invite, message. "
            "Remove the step, choose another sender, or remove `linkedin:` there: then it is a task for a person."
        )
    ]


def test_without_an_account_nothing_is_refused_but_requests(a_sequence: Maker) -> None:
    root = a_sequence("  - {id: see, linkedin.visit: }\n  - {id: text, sms: intro}\n  - {id: hook, http.ping: }\n")

    assert told(root) == [
        (
            "sequences/first.yaml:6:16: the sender 'anna' has no account 'http'. "
            "Write `http: {use: http, …}` under it in config/senders.yaml, or choose another sender."
        )
    ]


def test_an_adapter_that_takes_any_request_is_not_asked_for_names(a_workspace: Maker) -> None:
    senders = LINKED + "  http: {use: any}\n"
    root = a_workspace({"config/senders.yaml": senders, "sequences/first.yaml": HEAD + "  - {id: hook, http.ping: }\n"})

    assert told(root) == []


@pytest.mark.parametrize(("cold", "is_refused"), [("", True), (", cold: true", False)])
def test_follows_on_x_are_refused_when_files_are_loaded_unless_cold(
    a_workspace: Maker, cold: str, is_refused: bool
) -> None:
    senders = LINKED + f'  x: {{use: x, token: sample, user_id: "42"{cold}}}\n'
    steps = HEAD + "  - {id: a, x.follow: }\n"
    root = a_workspace({"config/senders.yaml": senders, "sequences/first.yaml": steps})

    found = [str(problem) for problem in check(root, {}, can=adapters.actions_of).problems]

    assert ["cannot do 'x.follow': x does dm." in each for each in found] == [True] * is_refused


def test_the_adapters_that_ship_say_what_they_can(a_workspace: Maker) -> None:
    senders = LINKED.replace("acme", "smtp")
    root = a_workspace(
        {"config/senders.yaml": senders, "sequences/first.yaml": HEAD + "  - {id: a, linkedin.like: }\n"}
    )

    found = check(root, {}, can=adapters.actions_of).problems

    assert next(str(problem) for problem in found).startswith(
        "sequences/first.yaml:4:13: the account of 'anna' cannot do 'linkedin.like': smtp does email."
    )
    assert adapters.actions_of("nobody.knows:It", {}) is None
    assert adapters.actions_of(
        "outreach.channels.http:Http", {"endpoints": {"ping": {"url": "https://example.com/a"}}}
    ) == ("ping",)
    assert adapters.actions_of("heyreach", {"token": "t", "account": 1, "campaigns": {"invite": 7}}) == ("invite",)


def test_lengths_are_those_of_the_channel(a_workspace: Maker) -> None:
    texts = {"templates/long.md": "x" * 1_601}
    root = a_workspace({**texts, "sequences/first.yaml": HEAD + "  - {id: a, sms: long}\n  - {id: b, x.dm: long}\n"})

    (found,) = told(root)
    assert found.startswith(
        "sequences/first.yaml:4:18: the template 'long' is longer than the 1600 characters that sms"
    )


def test_addresses_are_those_of_the_channel() -> None:
    kinds = {channel: address_kind(channel) for channel in ("linkedin", "x", "sms", "whatsapp", "telegram", "http")}

    assert kinds == {
        "linkedin": "linkedin",
        "x": "x",
        "sms": "phone",
        "whatsapp": "whatsapp",
        "telegram": "telegram",
        "http": None,
    }


def test_what_is_a_touch_and_what_is_not() -> None:
    assert [name for name in ("email", "task", "sms", "http.ping", "http.", "http.Ping", "wait") if is_touch(name)] == [
        "email",
        "task",
        "sms",
        "http.ping",
    ]
    assert sorted(["http.b", "task", "sms", "http.a", "email"], key=order) == [
        "email",
        "sms",
        "task",
        "http.a",
        "http.b",
    ]


def test_an_account_needs_what_the_provider_needs_beside_the_words(a_workspace: Maker) -> None:
    steps = "  - {id: a, whatsapp.template: bump}\n  - {id: b, linkedin.voice: bump}\n"
    senders = LINKED.replace("acme", "any") + "  whatsapp: {use: any}\n"
    root = a_workspace({"config/senders.yaml": senders, "sequences/first.yaml": HEAD + steps})

    assert [each.partition(": ")[2] for each in told(root)] == [
        (
            "the template 'bump' does not say under which name it was approved. "
            "Write `approved_as: …` in templates/bump.md."
        ),
        "the template 'bump' attaches no recording. Write `attachments: [hello.m4a]` in templates/bump.md.",
    ]


def test_a_person_needs_neither(a_sequence: Maker) -> None:
    root = a_sequence("  - {id: a, whatsapp.template: bump}\n  - {id: b, linkedin.voice: bump}\n")

    assert told(root) == []
