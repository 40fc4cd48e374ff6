"""config/cleanup.yaml: what the clean-up proposes for each finding, and what of it needs no asking."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from outreach.content.field_types import Elapsed
from outreach.content.model_reading import FileModel, read_model
from outreach.content.yaml_file import YamlFile
from outreach.domain.cleanup import USUAL, Action, Cleanup, CleanupRule, Finding
from outreach.errors import Problem

CLEANUP = "config/cleanup.yaml"


def _round(value: timedelta) -> timedelta:
    if value < timedelta(hours=1):
        raise ValueError("is shorter than an hour. Write a longer duration, such as '1 day'.")
    return value


class CleanupRuleModel(FileModel):
    action: Action
    auto: bool = False
    after: Elapsed | None = None


class CleanupModel(FileModel):
    """The whole file. What it does not name keeps its usual rule."""

    every: Annotated[Elapsed, AfterValidator(_round)] = timedelta(days=1)
    rules: dict[Finding, CleanupRuleModel] = Field(default={})


def read_cleanup(file: YamlFile, problems: list[Problem]) -> Cleanup | None:
    """The rules, or None after adding to `problems`."""
    model = read_model(CleanupModel, file, (), file.data, problems=problems)
    if model is None:
        return None
    before = len(problems)
    for finding, rule in model.rules.items():
        if rule.after is not None and finding is not Finding.NEVER_ANSWERED:
            message = f"'after' is not asked for '{finding}'."
            remedy = "Stages have `stale_after` in their pipeline." if finding is Finding.STALE else "Remove it."
            problems.append(file.key_problem(("rules", str(finding), "after"), message, remedy))
    own = {finding: _rule(finding, rule) for finding, rule in model.rules.items()}
    return Cleanup(every=model.every, rules={**USUAL, **own}) if len(problems) == before else None


def _rule(finding: Finding, model: CleanupRuleModel) -> CleanupRule:
    after = USUAL[finding].after if model.after is None else model.after
    return CleanupRule(action=model.action, is_agreed=model.auto, after=after)
