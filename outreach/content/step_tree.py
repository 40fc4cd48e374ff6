"""The steps of a sequence file as a tree of checked models, each with its id and its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from outreach.content.model_reading import name_of, read_model
from outreach.content.step_models import (
    ChannelStep,
    EmailStep,
    EnrollModel,
    IfModel,
    SetStep,
    SplitModel,
    StepModel,
    StopModel,
    TaskStep,
    WaitModel,
    WordedStep,
    check_column,
    jitter_is_shorter,
    kinds_of,
    model_of,
    path_names,
    unknown_step,
)
from outreach.content.suggestions import did_you_mean
from outreach.content.yaml_file import Path, YamlFile
from outreach.domain.action import is_touch
from outreach.errors import Problem

MOST_STEPS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class StepNode:
    """One step. `id` is the written one, or one made from the nearest ids before it."""

    id: str
    kind: str
    model: StepModel
    path: Path
    branches: Mapping[str, tuple[StepNode, ...]] = field(default_factory=dict)  # then and else, or paths of a split

    @property
    def is_touch(self) -> bool:
        return is_touch(self.kind)

    @property
    def sender(self) -> str | None:
        return self.model.sender if isinstance(self.model, EmailStep | ChannelStep) else None

    @property
    def templates(self) -> tuple[tuple[Path, str], ...]:
        """(where it is named, name) of each template."""
        if not isinstance(self.model, EmailStep | ChannelStep):
            return ()
        main = self.model.email if isinstance(self.model, EmailStep) else self.model.template
        found = [((*self.path, self.kind), main)] if main else []
        if isinstance(self.model, EmailStep | WordedStep):
            found += [((*self.path, "variants", key), name) for key, name in self.model.variants.items()]
        return tuple(found)

    def branch(self, name: str) -> tuple[StepNode, ...]:
        return self.branches.get(name, ())

    @property
    def ends(self) -> bool:
        """Does every path through this step end here?"""
        if isinstance(self.model, StopModel | EnrollModel):
            return True
        return bool(self.branches) and all(_ends(branch) for branch in self.branches.values())


def _ends(nodes: tuple[StepNode, ...]) -> bool:
    return bool(nodes) and nodes[-1].ends


def every(nodes: tuple[StepNode, ...]) -> list[StepNode]:
    """Every step of every branch, in the order of the file."""
    found: list[StepNode] = []
    for node in nodes:
        found.append(node)
        for branch in node.branches.values():
            found += every(branch)
    return found


def read_steps(file: YamlFile, path: Path, data: object, problems: list[Problem]) -> tuple[StepNode, ...]:
    """All steps, branches included. Steps that are wrong are left out after adding to `problems`."""
    nodes = _read_list(file, path, data, problems, anchor="start")
    _check_ids(file, nodes, problems)
    if len(every(nodes)) > MOST_STEPS:
        problems.append(file.problem(path, f"there are more than {MOST_STEPS} steps.", "Make two sequences of it."))
    return nodes


def _read_list(
    file: YamlFile, path: Path, data: object, problems: list[Problem], *, anchor: str
) -> tuple[StepNode, ...]:
    """One list of steps.

    An internal id counts the steps of its kind since the last written id, so that it stays the same when something is
    added before that id or inside another branch.
    """
    nodes: list[StepNode] = []
    seen: Counter[str] = Counter()
    for index, item in enumerate(data if isinstance(data, list) else []):
        node = _read_step(file, (*path, index), item, problems, names=(anchor, seen))
        if node is None:
            continue
        if nodes and nodes[-1].ends:
            message = "this step is never reached: the sequence ends before it."
            problems.append(file.problem(node.path, message, "Remove it, or the stop before it."))
        if node.model.id:
            anchor, seen = node.model.id, Counter()
        nodes.append(node)
    return tuple(nodes)


def _read_step(
    file: YamlFile, path: Path, data: object, problems: list[Problem], *, names: tuple[str, Counter[str]]
) -> StepNode | None:
    kind = _kind(file, path, data, problems)
    if kind is None:
        return None
    assert isinstance(data, Mapping)
    paths = path_names(kind, data)
    own = _without_paths(file, path, data, paths, problems) if kind == "split" else data
    model = read_model(model_of(kind), file, path, own, problems=problems)
    step_id = _id(data, kind, names)
    branches = {key: _branch(file, (*path, key), data.get(key), problems, step_id) for key in paths}
    if model is None:
        return None
    _check_step(file, path, kind, model, problems=problems)
    if isinstance(model, SplitModel):
        _check_split(file, path, data, model, problems=problems)
        branches = {name: branches.get(name, ()) for name in model.split}
    return StepNode(id=step_id, kind=kind, model=model, path=path, branches=branches)


def _branch(file: YamlFile, path: Path, data: object, problems: list[Problem], step_id: str) -> tuple[StepNode, ...]:
    return _read_list(file, path, data, problems, anchor=f"{step_id}/{path[-1]}")


def _without_paths(
    file: YamlFile, path: Path, data: Mapping[str, object], paths: Collection[str], problems: list[Problem]
) -> dict[str, object]:
    """The keys of a split itself. Whatever else stands beside it was meant to be one of its paths."""
    weights = data.get("split")
    known = list(weights) if isinstance(weights, Mapping) else []
    for key in data:
        if key not in ("id", "split", *paths):
            remedy = did_you_mean(key, known)
            problems.append(file.key_problem((*path, key), f"this split has no path '{key}'.", remedy))
    return {key: value for key, value in data.items() if key in ("id", "split")}


def _check_split(
    file: YamlFile, path: Path, data: Mapping[str, object], model: SplitModel, *, problems: list[Problem]
) -> None:
    problems += [
        file.problem((*path, name), f"'{name}' must be a list.", "Write its steps below it, each with '- '.")
        for name in model.split
        if name in data and not isinstance(data[name], list)
    ]
    if not any(data.get(name) for name in model.split):
        name = next(iter(model.split))
        problems.append(file.problem(path, "this 'split' does nothing either way.", f"Write steps below `{name}:`."))


def _id(data: Mapping[str, object], kind: str, names: tuple[str, Counter[str]]) -> str:
    written = data.get("id")
    if isinstance(written, str) and written:
        return written
    anchor, seen = names
    seen[kind] += 1
    return f"{anchor}/{kind}" if seen[kind] == 1 else f"{anchor}/{kind}-{seen[kind]}"


def _kind(file: YamlFile, path: Path, data: object, problems: list[Problem]) -> str | None:
    """The one key that says what a step does."""
    if not isinstance(data, Mapping):
        remedy = "Write `- email: founders/intro`, for example."
        problems.append(file.problem(path, f"{name_of(path)} must be a step.", remedy))
        return None
    kinds = kinds_of(data)
    if len(kinds) == 1:
        return kinds[0]
    problems.append(_two_kinds(file, path, kinds) if kinds else _no_kind(file, path, data))
    return None


def _no_kind(file: YamlFile, path: Path, data: Mapping[str, object]) -> Problem:
    key, message, remedy = unknown_step(data)
    return file.key_problem((*path, key), message, remedy) if key else file.problem(path, message, remedy)


def _two_kinds(file: YamlFile, path: Path, kinds: list[str]) -> Problem:
    message = f"'{kinds[0]}' and '{kinds[1]}' both say what this step does."
    return file.key_problem((*path, kinds[1]), message, "Make two steps of it, each beginning with '- '.")


def _check_step(file: YamlFile, path: Path, kind: str, model: StepModel, *, problems: list[Problem]) -> None:
    if is_touch(kind) and not model.id:
        remedy = "Write `id: intro`, or let `outreach validate --fix` write the missing ones."
        problems.append(file.problem(path, f"this {kind} step has no 'id'.", remedy))
    if isinstance(model, WordedStep) and model.variants and not model.template:
        remedy = "Name a template of the step's own, or remove them."
        problems.append(file.key_problem((*path, "variants"), "'variants' need a template to stand beside.", remedy))
    if isinstance(model, EmailStep | WordedStep):
        _check_winner(file, path, kind, model, problems=problems)
    if isinstance(model, WaitModel) and not jitter_is_shorter(model):
        problems.append(file.problem((*path, "jitter"), "'jitter' is longer than the wait itself.", "Make it shorter."))
    if isinstance(model, SetStep):
        _check_values(file, (*path, "set"), model, problems)
    if isinstance(model, IfModel) and not (model.then or model.otherwise):
        problems.append(file.problem(path, "this 'if' does nothing either way.", "Write steps under 'then'."))
    if isinstance(model, TaskStep) and model.overdue and not model.within:
        remedy = "Write `within: 2 days`, or remove it."
        problems.append(file.key_problem((*path, "or"), "'or' needs 'within'.", remedy))


_MEASURED_BY = {"click_rate": ("email", "an email step"), "acceptance_rate": ("linkedin.invite", "an invitation")}
"""Measures that only one kind of step has."""


def _check_winner(
    file: YamlFile, path: Path, kind: str, model: EmailStep | WordedStep, *, problems: list[Problem]
) -> None:
    if model.winner is None:
        return
    if not model.variants:
        remedy = "Write `variants: {story: founders/intro-story}` beside it, or remove it."
        problems.append(file.key_problem((*path, "winner"), "'winner' needs 'variants' to choose from.", remedy))
    only, words = _MEASURED_BY.get(model.winner.by, (kind, ""))
    if only != kind:
        message = f"'{model.winner.by}' is measured of {words} only."
        problems.append(file.problem((*path, "winner", "by"), message, "Write reply_rate or positive_reply_rate."))


def _check_values(file: YamlFile, path: Path, model: SetStep, problems: list[Problem]) -> None:
    for name, value in model.values.items():
        try:
            check_column(name, value)
        except ValueError as error:
            problems.append(file.problem((*path, name), f"'{name}': {error}"))


def _check_ids(file: YamlFile, nodes: tuple[StepNode, ...], problems: list[Problem]) -> None:
    first: dict[str, StepNode] = {}
    for node in every(nodes):
        earlier = first.setdefault(node.id, node)
        if earlier is not node:
            line = file.place((*earlier.path, "id")).line
            message = f"the id '{node.id}' is there already, in line {line}."
            problems.append(file.problem((*node.path, "id"), message, "Give each step an id of its own."))
