"""Can the accounts of the senders do what the steps ask for? Told when files are loaded, not when something is sent."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from outreach.content.attached_files import is_recording
from outreach.content.configuration import SenderSettings
from outreach.content.sequences import SequenceDraft
from outreach.content.step_tree import StepNode, every
from outreach.content.templates import Template
from outreach.domain.action import HTTP, find
from outreach.errors import Problem

Can = Callable[[str, Mapping[str, Any]], Collection[str] | None]
"""The adapter's name, as `use` says it, and its options → the actions it can do; None where that cannot be known."""

ANY = "*"
"""Among the actions of an adapter: whatever its own options name."""


@dataclass(frozen=True, slots=True)
class Accounts:
    """The senders, what their adapters can do, and the texts they would be given (None: wrong itself)."""

    senders: Mapping[str, SenderSettings]
    can: Can
    templates: Mapping[str, Template | None]


def check_accounts(draft: SequenceDraft, accounts: Accounts, problems: list[Problem]) -> None:
    """A problem for each step that a connected account cannot do; what is not connected becomes a task for a person."""
    for node in every(draft.steps):
        action = find(node.kind)
        if action is None:
            continue
        for name in (node.sender,) if node.sender else draft.model.senders:
            sender = accounts.senders.get(name)
            if sender:
                problems += _problems(draft, node, sender, accounts.can, channel=action.channel, word=action.word)
        if any(action.channel in each.channels for each in _senders(draft, node, accounts)):
            problems += _incomplete(draft, node, accounts.templates)


def _senders(draft: SequenceDraft, node: StepNode, accounts: Accounts) -> list[SenderSettings]:
    names = (node.sender,) if node.sender else draft.model.senders
    return [accounts.senders[name] for name in names if name in accounts.senders]


def _incomplete(draft: SequenceDraft, node: StepNode, templates: Mapping[str, Template | None]) -> list[Problem]:
    """Texts without what the provider needs beside the words; a person at a task would know what to do."""
    found = []
    for path, name in node.templates:
        template = templates.get(name)
        if template is None:
            continue
        if node.kind == "whatsapp.template" and not template.approved_as:
            message = f"the template '{name}' does not say under which name it was approved."
            found.append(draft.file.problem(path, message, f"Write `approved_as: …` in templates/{name}.md."))
        if node.kind == "linkedin.voice" and not any(map(is_recording, template.attachments)):
            message = f"the template '{name}' attaches no recording."
            found.append(draft.file.problem(path, message, f"Write `attachments: [hello.m4a]` in templates/{name}.md."))
    return found


def _problems(
    draft: SequenceDraft, node: StepNode, sender: SenderSettings, can: Can, *, channel: str, word: str
) -> list[Problem]:
    path = (*node.path, node.kind)
    account = sender.channels.get(channel)
    if account is None:
        return [_no_account(draft, node, sender.name)] if channel == HTTP else []
    known = can(account.use, account.options)
    if known is None or word in known or ANY in known:
        return []
    message = f"the account of '{sender.name}' cannot do '{node.kind}': {account.use} does {', '.join(sorted(known))}."
    remedy = f"Remove the step, choose another sender, or remove `{channel}:` there: then it is a task for a person."
    return [draft.file.key_problem(path, message, remedy)]


def _no_account(draft: SequenceDraft, node: StepNode, sender: str) -> Problem:
    remedy = "Write `http: {use: http, …}` under it in config/senders.yaml, or choose another sender."
    return draft.file.key_problem((*node.path, node.kind), f"the sender '{sender}' has no account 'http'.", remedy)
