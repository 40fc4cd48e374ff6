"""The steps of a sequence file: one model for each kind, chosen by the one key that says what a step does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from outreach.content.field_types import Duration, Line, Text
from outreach.content.model_reading import FileModel
from outreach.content.suggestions import did_you_mean, one_of
from outreach.content.template_name import template_name
from outreach.domain.sequence import OnFailure
from outreach.domain.span import Span

MAIN = "main"
"""The variant that is the step's own template."""


def step_id(text: str) -> str:
    """An id that can stand in a Message-ID and beside the internal ids, which hold a slash."""
    if not (text.isascii() and text.replace("-", "").replace("_", "").isalnum() and len(text) <= 64):
        raise ValueError(f"'{text[:80]}' is not an id. Write letters, digits, '-' and '_', at most 64.")
    return text


StepId = Annotated[str, AfterValidator(step_id)]
TemplateName = Annotated[str, AfterValidator(template_name)]


def _variant_name(text: str) -> str:
    if text == MAIN:
        raise ValueError("'main' is the name of the step's own template. Use another one.")
    return step_id(text)


class StepModel(FileModel):
    id: StepId | None = None


class EmailStep(StepModel):
    email: TemplateName
    variants: dict[Annotated[str, AfterValidator(_variant_name)], TemplateName] = Field(default={}, max_length=25)
    thread: StepId | None = None
    sender: Line | None = None
    on_failure: OnFailure = OnFailure.STOP


class InviteStep(StepModel):
    template: TemplateName | None = Field(alias="linkedin.invite")
    on_failure: OnFailure = OnFailure.STOP


class LinkedinMessageStep(StepModel):
    template: TemplateName = Field(alias="linkedin.message")
    on_failure: OnFailure = OnFailure.STOP


class TaskStep(StepModel):
    task: Literal["call", "linkedin", "email", "meeting", "custom"]
    note: Text = ""
    assignee: Line | None = None
    within: Duration | None = None
    overdue: Literal["skip", "wait"] | None = Field(default=None, alias="or")


class WaitModel(StepModel):
    wait: Duration
    jitter: Duration | None = None


class WaitForModel(StepModel):
    wait_for: Line
    at_most: Duration
    then: list[Any] = Field(default=[])
    otherwise: list[Any] = Field(default=[], alias="else")


class IfModel(StepModel):
    expression: Line = Field(alias="if")
    then: list[Any]
    otherwise: list[Any] = Field(default=[], alias="else")


class StageStep(StepModel):
    stage: Line


class TagStep(StepModel):
    tag: Line


class StopModel(StepModel):
    stop: Line


STEPS: dict[str, type[StepModel]] = {
    "email": EmailStep,
    "linkedin.invite": InviteStep,
    "linkedin.message": LinkedinMessageStep,
    "task": TaskStep,
    "wait": WaitModel,
    "wait_for": WaitForModel,
    "if": IfModel,
    "stage": StageStep,
    "tag": TagStep,
    "stop": StopModel,
}

NOT_YET = frozenset(
    {"split", "score", "set", "note", "enroll", "sms", "telegram.message"}
    | {f"linkedin.{action}" for action in ("visit", "voice", "inmail", "follow", "like", "withdraw")}
    | {f"x.{action}" for action in ("follow", "like", "dm")}
    | {f"whatsapp.{action}" for action in ("template", "message")}
)
"""Steps that are part of the language and cannot be carried out yet."""

_MORE_KEYS = frozenset({"id", "then", "else", "at_most", "jitter", "thread", "variants", "within", "or"})

EVENTS = ("reply", "open", "click", "linkedin.accepted", "meeting", "task.done")
"""What `wait_for` may wait for, besides `stage:<name>`."""


def kinds_of(data: Mapping[str, object]) -> list[str]:
    """The keys of a step that say what it does: exactly one, if the step is right."""
    return [key for key in data if key in STEPS]


def not_yet(data: Mapping[str, object]) -> str | None:
    """The key of a step that is part of the language and cannot be carried out yet."""
    return next((key for key in data if key in NOT_YET or key.startswith("http.")), None)


def unknown_step(data: Mapping[str, object]) -> tuple[str | None, str, str]:
    """(the key that is wrong, message, remedy) for a step that no key explains."""
    word = next((key for key in data if key not in _MORE_KEYS), None)
    if word is None:
        return None, "nothing says what this step does.", one_of(STEPS)
    return word, f"unknown step '{word}'.", did_you_mean(word, STEPS)


def jitter_is_shorter(step: WaitModel) -> bool:
    """Jitter lengthens a wait; more jitter than wait is a mistake."""
    return step.jitter is None or _seconds(step.jitter) <= _seconds(step.wait)


def _seconds(span: Span) -> float:
    return span.elapsed.total_seconds()
