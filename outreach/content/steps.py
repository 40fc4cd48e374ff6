"""From the tree of a file to the steps the planner walks: each names the step that follows, branches joined."""

from __future__ import annotations

from collections.abc import Mapping

from outreach.content.step_models import (
    ChannelStep,
    EmailStep,
    EnrollModel,
    IfModel,
    NoteStep,
    ScoreStep,
    SetStep,
    SplitModel,
    StageStep,
    StopModel,
    TagStep,
    TaskStep,
    WaitForModel,
    WaitModel,
    WordedStep,
)
from outreach.content.step_tree import StepNode, every
from outreach.domain.sequence import (
    EnrollStep,
    IfStep,
    Overdue,
    Share,
    SplitStep,
    Step,
    StopStep,
    TaskDetails,
    TouchStep,
    WaitForStep,
    WaitStep,
    What,
    WriteStep,
)


def flatten(nodes: tuple[StepNode, ...]) -> tuple[str | None, dict[str, Step]]:
    """(id of the first step, every step by id, in the order of the file)."""
    found: dict[str, Step] = {}
    first = _chain(nodes, None, found)
    return first, {node.id: found[node.id] for node in every(nodes)}


def _chain(nodes: tuple[StepNode, ...], after: str | None, found: dict[str, Step]) -> str | None:
    """Add the steps of one list; the last is followed by `after`. The id to begin with."""
    for node in reversed(nodes):
        paths = {name: _chain(branch, after, found) for name, branch in node.branches.items()}
        found[node.id] = _step(node, after, paths)
        after = node.id
    return after


def _step(node: StepNode, after: str | None, paths: Mapping[str, str | None]) -> Step:
    """`paths` names the first step of each branch."""
    model, then, otherwise = node.model, paths.get("then", after), paths.get("else", after)
    match model:
        case WaitModel():
            return WaitStep(id=node.id, wait=model.wait, jitter=model.jitter, then=after)
        case WaitForModel():
            return WaitForStep(id=node.id, event=model.wait_for, at_most=model.at_most, happened=then, missed=otherwise)
        case IfModel():
            return IfStep(id=node.id, expression=model.expression, yes=then, no=otherwise)
        case SplitModel():
            shares = (Share(name, weight, paths[name]) for name, weight in model.split.items())
            return SplitStep(id=node.id, shares=tuple(shares))
        case EnrollModel():
            return EnrollStep(id=node.id, sequence=model.enroll, at_least=model.at_least)
        case StopModel():
            return StopStep(id=node.id, reason=model.stop)
    return _write(node, after) or _touch(node, after)


def _write(node: StepNode, after: str | None) -> WriteStep | None:
    model = node.model
    match model:
        case StageStep():
            return WriteStep(id=node.id, what=What.STAGE, value=model.stage, then=after)
        case TagStep():
            return WriteStep(id=node.id, what=What.TAG, value=model.tag, then=after)
        case ScoreStep():
            return WriteStep(id=node.id, what=What.SCORE, value=str(model.score), then=after)
        case SetStep():
            return WriteStep(id=node.id, what=What.SET, value="", values=dict(model.values), then=after)
        case NoteStep():
            return WriteStep(id=node.id, what=What.NOTE, value=model.note, then=after)
    return None


def _touch(node: StepNode, after: str | None) -> TouchStep:
    model = node.model
    if isinstance(model, EmailStep):
        return TouchStep(
            id=node.id,
            action="email",
            template=model.email,
            variants=dict(model.variants),
            thread=model.thread,
            sender=model.sender,
            on_failure=model.on_failure,
            then=after,
            winner=model.winner.trial() if model.winner else None,
        )
    if isinstance(model, ChannelStep):
        winner = model.winner if isinstance(model, WordedStep) else None
        return TouchStep(
            id=node.id,
            action=node.kind,
            template=model.template,
            variants=dict(model.variants) if isinstance(model, WordedStep) else {},
            sender=model.sender,
            on_failure=model.on_failure,
            then=after,
            winner=winner.trial() if winner else None,
        )
    assert isinstance(model, TaskStep)
    return TouchStep(id=node.id, action="task", task=_task(model), then=after)


def _task(model: TaskStep) -> TaskDetails:
    return TaskDetails(
        kind=model.task,
        note=model.note,
        assignee=model.assignee,
        within=model.within,
        overdue=Overdue(model.overdue) if model.overdue else Overdue.GO_ON,
    )
