"""What a sequence says about other things: templates, senders, stages, earlier steps. Each wrong name is a problem."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from outreach.content.configuration import SenderSettings, Settings
from outreach.content.front_matter import split
from outreach.content.sequences import SequenceDraft
from outreach.content.step_models import EVENTS, EmailStep, StageStep, WaitForModel
from outreach.content.step_tree import StepNode, every
from outreach.content.suggestions import did_you_mean
from outreach.content.templates import Template
from outreach.content.yaml_file import Path
from outreach.domain.action import find
from outreach.domain.pipeline import Pipeline
from outreach.errors import Problem

_STAGE = "stage:"
_VALUE = re.compile(r"\{\{.*?\}\}", re.DOTALL)

_NEEDS: Mapping[str, tuple[str, str]] = {
    "linkedin.accepted": ("linkedin.invite", "a linkedin.invite step"),
    "task.done": ("task", "a task"),
    "open": ("email", "an email step"),
    "click": ("email", "an email step"),
}
"""What must be able to happen before an event can: (kind of step, in words)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the rest of the workspace has. `settings` is None where its file is wrong itself."""

    templates: Mapping[str, Template | None]  # None: the template is there, and wrong itself
    texts: Mapping[str, str]  # the sources of the templates
    pipelines: Mapping[str, Pipeline]
    settings: Settings | None
    senders: Collection[str]  # every key of the senders file, also of senders that are wrong
    broken_pipelines: bool = False


def check_sequence(draft: SequenceDraft, around: Surroundings, problems: list[Problem]) -> None:
    """Compare one sequence with the workspace and with itself."""
    _check_schedule(draft, around, problems)
    _check_senders(draft, around, problems)
    _check_stages(draft, around, problems)
    _check_templates(draft, around, problems)
    _check_clicks(draft, around, problems)
    _check_order(draft, problems)


def _unknown(draft: SequenceDraft, path: Path, what: str, word: str, known: Collection[str]) -> Problem:
    return draft.file.problem(path, f"unknown {what} '{word}'.", did_you_mean(word, known))


def _check_schedule(draft: SequenceDraft, around: Surroundings, problems: list[Problem]) -> None:
    name = draft.model.schedule
    if around.settings and isinstance(name, str) and name not in around.settings.schedules:
        problems.append(_unknown(draft, ("schedule",), "schedule", name, around.settings.schedules))


def _check_senders(draft: SequenceDraft, around: Surroundings, problems: list[Problem]) -> None:
    nodes = every(draft.steps)
    named: list[tuple[Path, str]] = [(("senders", index), name) for index, name in enumerate(draft.model.senders)]
    named += [((*node.path, "sender"), node.sender) for node in nodes if node.sender]
    problems += [
        _unknown(draft, path, "sender", name, around.senders) for path, name in named if name not in around.senders
    ]
    senders = around.settings.senders if around.settings else {}
    for path, name in named:
        if _needs_mailbox(nodes, path) and _has_no_mailbox(senders.get(name)):
            remedy = "Write `email:` under it in config/senders.yaml, or choose another sender."
            problems.append(draft.file.problem(path, f"the sender '{name}' has no mailbox.", remedy))


def _needs_mailbox(nodes: Iterable[StepNode], path: Path) -> bool:
    """Whoever is named at an email step, and those of the sequence if some email step names nobody."""
    own = next((node for node in nodes if node.path == path[:-1]), None)
    return own.kind == "email" if own else any(node.kind == "email" and not node.sender for node in nodes)


def _has_no_mailbox(sender: SenderSettings | None) -> bool:
    return sender is not None and sender.email is None


def _check_stages(draft: SequenceDraft, around: Surroundings, problems: list[Problem]) -> None:
    pipeline = around.pipelines.get(draft.model.pipeline)
    if pipeline is None:
        if not around.broken_pipelines:
            problems.append(_unknown(draft, ("pipeline",), "pipeline", draft.model.pipeline, around.pipelines))
        return
    known = [stage.name for stage in pipeline.stages]
    for path, name in _stages_named(draft):
        if name not in known:
            problems.append(_unknown(draft, path, f"stage in the pipeline '{pipeline.name}':", name, known))


def _stages_named(draft: SequenceDraft) -> list[tuple[Path, str]]:
    named: list[tuple[Path, str]] = [(("stages", trigger), name) for trigger, name in draft.model.stages.items()]
    for node in every(draft.steps):
        if isinstance(node.model, StageStep):
            named.append(((*node.path, "stage"), node.model.stage))
        if isinstance(node.model, WaitForModel) and node.model.wait_for.startswith(_STAGE):
            named.append(((*node.path, "wait_for"), node.model.wait_for.removeprefix(_STAGE)))
    return named


def _check_templates(draft: SequenceDraft, around: Surroundings, problems: list[Problem]) -> None:
    for node in every(draft.steps):
        needs_subject = _needs_subject(node)
        for path, name in node.templates:
            if name not in around.templates:
                remedy = did_you_mean(name, around.templates) or f"Write it as templates/{name}.md."
                problems.append(draft.file.problem(path, f"unknown template '{name}'.", remedy))
            elif needs_subject and _has_no_subject(around.templates[name]):
                other = ", or `thread:` here" if node.kind == "email" else ""
                remedy = f"Write `subject: …` in templates/{name}.md{other}."
                problems.append(draft.file.problem(path, f"the template '{name}' has no subject.", remedy))
            else:
                _check_length(draft, node, (path, name), around, problems=problems)


def _needs_subject(node: StepNode) -> bool:
    return node.kind == "linkedin.inmail" or (isinstance(node.model, EmailStep) and not node.model.thread)


def _check_clicks(draft: SequenceDraft, around: Surroundings, problems: list[Problem]) -> None:
    """A winner by clicks is never found where nobody counts them."""
    tracking = draft.model.tracking or (around.settings.defaults.tracking if around.settings else None)
    for node in every(draft.steps):
        winner = node.model.winner if isinstance(node.model, EmailStep) else None
        if tracking and not tracking.clicks and winner and winner.by == "click_rate":
            remedy = "Write `tracking: {clicks: true}` in the sequence, or choose by reply_rate."
            problems.append(draft.file.problem((*node.path, "winner", "by"), "clicks are not counted here.", remedy))


def _check_length(
    draft: SequenceDraft, node: StepNode, named: tuple[Path, str], around: Surroundings, *, problems: list[Problem]
) -> None:
    path, name = named
    action = find(node.kind)
    if action is None or action.longest is None or around.templates[name] is None:
        return
    if _written(around.texts[name]) > action.longest:
        what = "of an invitation's note" if node.kind == "linkedin.invite" else f"that {node.kind} may have"
        message = f"the template '{name}' is longer than the {action.longest} characters {what}."
        problems.append(draft.file.problem(path, message, "Shorten it."))


def _written(source: str) -> int:
    """Characters every reader gets, values not counted; 0 where that depends on conditions."""
    body = split(source, file="").body.strip()
    return 0 if "{%" in body else len(_VALUE.sub("", body))


def _has_no_subject(template: Template | None) -> bool:
    return template is not None and not template.has_subject


@dataclass(frozen=True, slots=True)
class _Before:
    """Steps that stand before one place: on every path to it, and on any."""

    surely: frozenset[str] = frozenset()
    perhaps: frozenset[str] = frozenset()

    def after(self, node: StepNode) -> _Before:
        return _Before(self.surely | {node.id}, self.perhaps | {node.id})


def _check_order(draft: SequenceDraft, problems: list[Problem]) -> None:
    nodes = {node.id: node for node in every(draft.steps)}
    _walk(draft, nodes, draft.steps, _Before(), problems=problems)


def _walk(
    draft: SequenceDraft,
    nodes: Mapping[str, StepNode],
    steps: tuple[StepNode, ...],
    before: _Before,
    *,
    problems: list[Problem],
) -> _Before:
    for node in steps:
        _check_thread(draft, nodes, node, before, problems=problems)
        _check_event(draft, nodes, node, before, problems=problems)
        here = before.after(node)
        ends = []
        for branch in node.branches.values():
            end = _walk(draft, nodes, branch, here, problems=problems)
            if not (branch and branch[-1].ends):
                ends.append(end)
        before = _joined(here, ends)
    return before


def _joined(here: _Before, ends: list[_Before]) -> _Before:
    """What stands before the step after a branch; paths that come to a stop do not lead there."""
    if not ends:
        return here
    surely = frozenset.intersection(*(end.surely for end in ends))
    return _Before(surely, here.perhaps.union(*(end.perhaps for end in ends)))


def _check_thread(
    draft: SequenceDraft, nodes: Mapping[str, StepNode], node: StepNode, before: _Before, *, problems: list[Problem]
) -> None:
    thread = node.model.thread if isinstance(node.model, EmailStep) else None
    if thread is None:
        return
    path = (*node.path, "thread")
    target = nodes.get(thread)
    if target is None or target.kind != "email":
        known = [name for name in before.perhaps if nodes[name].kind == "email"]
        remedy = did_you_mean(thread, known) or "Name an email step that stands before this one."
        problems.append(draft.file.problem(path, f"'thread' names '{thread}', which is no email step.", remedy))
    elif thread not in before.surely:
        message = f"'{thread}' is not sent before this step on every path."
        problems.append(draft.file.problem(path, message, "Name an email step that every path goes through."))
    elif target.sender != node.sender:
        message = f"this answers '{thread}', which has another sender."
        problems.append(draft.file.problem(path, message, "Give both steps the same sender."))


def _check_event(
    draft: SequenceDraft, nodes: Mapping[str, StepNode], node: StepNode, before: _Before, *, problems: list[Problem]
) -> None:
    if not isinstance(node.model, WaitForModel) or node.model.wait_for.startswith(_STAGE):
        return
    event, path = node.model.wait_for, (*node.path, "wait_for")
    if event not in EVENTS:
        known = [*EVENTS, "stage:<name>"]
        problems.append(draft.file.problem(path, f"unknown event '{event}'.", did_you_mean(event, known)))
    elif event in draft.stop_on:
        message = f"'{event}' ends this sequence, so nothing can come after waiting for it."
        problems.append(draft.file.problem(path, message, "Remove the step, or write the event in 'stages'."))
    elif event in _NEEDS and not any(nodes[name].kind == _NEEDS[event][0] for name in before.perhaps):
        message = f"'{event}' cannot happen here: no step before this one is {_NEEDS[event][1]}."
        problems.append(draft.file.problem(path, message, "Move the step, or remove it."))
