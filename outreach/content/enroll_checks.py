"""Do `enroll` steps lead to sequences that exist, and does nobody run in circles without a pause?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from outreach.content.sequences import SequenceDraft
from outreach.content.step_models import EnrollModel
from outreach.content.step_tree import StepNode, every
from outreach.content.suggestions import did_you_mean
from outreach.errors import Problem

Ways = Mapping[str, frozenset[str]]
"""Sequence → those it leads to without a pause."""


def check_enrolling(drafts: Iterable[SequenceDraft], problems: list[Problem]) -> None:
    """Compare the `enroll` steps of all sequences with each other."""
    drafts = list(drafts)
    names = [draft.name for draft in drafts]
    ways = {
        draft.name: frozenset(model.enroll for _, model in _enrolling(draft) if not model.at_least) for draft in drafts
    }
    for draft in drafts:
        for node, model in _enrolling(draft):
            path = (*node.path, "enroll")
            if model.enroll not in names:
                remedy = did_you_mean(model.enroll, names)
                problems.append(draft.file.problem(path, f"unknown sequence '{model.enroll}'.", remedy))
            elif not model.at_least and draft.name in _reached(model.enroll, ways):
                message = f"this leads back to '{draft.name}', round after round."
                remedy = "Write `at_least: 90 days` beside it, so that there is a pause between two rounds."
                problems.append(draft.file.problem(path, message, remedy))


def _enrolling(draft: SequenceDraft) -> list[tuple[StepNode, EnrollModel]]:
    return [(node, node.model) for node in every(draft.steps) if isinstance(node.model, EnrollModel)]


def _reached(start: str, ways: Ways) -> frozenset[str]:
    """Where one gets from there without a pause, the start included."""
    found: set[str] = set()
    ahead = [start]
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead += ways.get(name, ())
    return frozenset(found)
