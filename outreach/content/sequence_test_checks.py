"""Do the names in a test exist: sequence, steps, templates, variants, senders, stages?"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from outreach.content.sequence_tests import Case, CaseFile, ExpectedTouch
from outreach.content.suggestions import did_you_mean
from outreach.content.workspace import Workspace
from outreach.content.yaml_file import Place
from outreach.domain.pipeline import Pipeline
from outreach.domain.sequence import Sequence, TouchStep
from outreach.errors import Problem

MAIN = "main"


def check_cases(found: CaseFile, workspace: Workspace) -> list[Problem]:
    """Everything in the file that names what is not there."""
    sequence = workspace.sequences.get(found.sequence)
    if sequence is None:
        message = f"there is no sequence '{found.sequence}'."
        return [found.file.problem(("sequence",), message, did_you_mean(found.sequence, workspace.sequences))]
    check = _Check(found.file.name, sequence, workspace.pipelines[sequence.pipeline])
    for case in found.cases:
        check.case(case)
    return check.problems


class _Check:
    def __init__(self, file: str, sequence: Sequence, pipeline: Pipeline) -> None:
        self.problems: list[Problem] = []
        self._file = file
        self._sequence = sequence
        self._stages = [stage.name for stage in pipeline.stages]
        self._touches: Mapping[str, TouchStep] = {
            step.id: step for step in sequence.steps.values() if isinstance(step, TouchStep)
        }

    def case(self, case: Case) -> None:
        self._known("stage", case.lead.stage or None, self._stages, case.place)
        for happening in case.happens:
            if happening.what == "stage":
                self._known("stage", str(happening.value), self._stages, happening.place)
        for touch in case.touches:
            self._touch(touch)
        if case.end:
            self._known("stage", case.end.stage, self._stages, case.end.place)

    def _touch(self, touch: ExpectedTouch) -> None:
        self._known("step", touch.step, self._touches, touch.place)
        self._known("sender", touch.sender, self._senders(), touch.place)
        if touch.action is None:
            self._variant(touch, self._touches.values())
            return
        same = [step for step in self._touches.values() if step.action == touch.action]
        if not same:
            actions = sorted({step.action for step in self._touches.values()})
            message = f"the sequence '{self._sequence.name}' has no {touch.action} step."
            self._add(touch.place, message, f"It has: {', '.join(actions)}.")
            return
        if touch.template is not None:
            names = {name for step in same for name in templates_of_step(step)}
            self._known("task" if touch.action == "task" else "template", touch.template, names, touch.place)
        self._variant(touch, same)

    def _variant(self, touch: ExpectedTouch, steps: Collection[TouchStep]) -> None:
        names = {name for step in steps for name in step.variants}
        self._known("variant", touch.variant, names | {MAIN}, touch.place)

    def _senders(self) -> set[str]:
        named = {step.sender for step in self._touches.values() if step.sender}
        return {*self._sequence.senders, *named}

    def _known(self, what: str, name: str | None, known: Collection[str], place: Place) -> None:
        if name is not None and name not in known:
            message = f"the sequence '{self._sequence.name}' has no {what} '{name}'."
            self._add(place, message, did_you_mean(name, known))

    def _add(self, place: Place, message: str, remedy: str) -> None:
        self.problems.append(Problem(self._file, place.line, place.column, message, remedy))


def templates_of_step(step: TouchStep) -> tuple[str, ...]:
    """What an expectation may call this step by: its templates, of a task its kind."""
    if step.task is not None:
        return (step.task.kind,)
    return tuple(name for name in (step.template, *step.variants.values()) if name)
