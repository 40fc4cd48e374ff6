"""The steps of a sequence file: one model for each kind, chosen by the one key that says what a step does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, WithJsonSchema, create_model

from outreach.content.field_types import Duration, Line, Positive, Slug, Text, not_empty, zone_name
from outreach.content.model_reading import FileModel
from outreach.content.names import LEAD
from outreach.content.suggestions import did_you_mean, one_of
from outreach.content.template_name import template_name
from outreach.content.waits import read_wait
from outreach.domain.action import ACTIONS, Wording, find, is_http
from outreach.domain.sequence import NextWeekday, OnDay, OnFailure, RelativeTo, Trial
from outreach.domain.span import Span

SETTABLE = frozenset({"first_name", "last_name", "title", "language", "timezone", "country", "owner"})
"""Columns of a lead that `set` may write beside the team's own fields."""

_STEPS_OF_THEIR_OWN = {"stage": "stage: contacted", "score": "score: 10", "tags": "tag: interested"}
_MOST_POINTS = 1_000
_FEWEST, _MOST_PEOPLE = 20, 1_000_000
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,63}")

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


def path_name(text: str) -> str:
    """A path of a split; its name is a key of the step as well."""
    if text in ("id", "split"):
        raise ValueError(f"'{text}' is a key of the step itself. Use another name for the path.")
    return step_id(text)


def points(value: object) -> object:
    """Points to add to a score, or to take away."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("must be a whole number of points. Write 10, or -10 to take ten away.")
    if not value or abs(value) > _MOST_POINTS:
        raise ValueError(f"is not from 1 to {_MOST_POINTS}. Write the points to add, or -10 to take ten away.")
    return value


def as_it_is(text: str) -> str:
    """A text that is kept as it stands in the file."""
    if "{{" in text or "{%" in text:
        raise ValueError("is written as it stands; nothing is filled in. Write it without braces.")
    return text


def settable(name: str) -> str:
    """A value of a lead that `set` may write: a field of the team's own, or one of a few columns."""
    if name in _STEPS_OF_THEIR_OWN:
        raise ValueError(f"'{name}' has a step of its own. Write `- {_STEPS_OF_THEIR_OWN[name]}`.")
    if name in LEAD - SETTABLE:
        raise ValueError(f"'{name}' of a lead is not for sequences to write. Use a field of your own.")
    if not _FIELD.fullmatch(name):
        raise ValueError(f"'{name[:80]}' is not a field. Use small letters, digits and '_', at most 64.")
    return name


def written(value: object) -> str:
    """A value as a lead keeps it: text. Numbers and true or false become text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if not isinstance(value, str):
        raise ValueError("must be a text, a number, true or false. Write it in quotes.")
    return as_it_is(not_empty(value))


class StepModel(FileModel):
    id: StepId | None = None


class ChannelStep(StepModel):
    """A touch on a channel, by the table of `domain/action.py`; its key is the action, its value the template."""

    template: TemplateName | None = None
    sender: Line | None = None
    on_failure: OnFailure = OnFailure.STOP


Variants = Annotated[dict[Annotated[str, AfterValidator(_variant_name)], TemplateName], Field(max_length=25)]


_WINNER_SCHEMA = {
    "anyOf": [
        {"const": "auto"},
        {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "by": {"enum": ["reply_rate", "positive_reply_rate", "click_rate", "acceptance_rate"]},
                "at_least": {"type": "integer", "minimum": _FEWEST, "maximum": _MOST_PEOPLE},
            },
        },
    ]
}


class WinnerModel(FileModel):
    """How the variants of a step are compared."""

    by: Literal["reply_rate", "positive_reply_rate", "click_rate", "acceptance_rate"] = "reply_rate"
    at_least: Annotated[Positive, Field(ge=_FEWEST, le=_MOST_PEOPLE)] = Trial().at_least

    def trial(self) -> Trial:
        return Trial(by=self.by, at_least=self.at_least)


def _winner(value: object) -> object:
    if isinstance(value, str) and value.strip() != "auto":
        raise ValueError(
            f"'{value[:80]}' is no way to find a winner. Write auto, or `by: positive_reply_rate` below it."
        )
    return {} if isinstance(value, str) else value


Winner = Annotated[WinnerModel, BeforeValidator(_winner), WithJsonSchema(_WINNER_SCHEMA)]


class WordedStep(ChannelStep):
    """One that carries a text, of which there may be several to try."""

    variants: Variants = Field(default={})
    winner: Winner | None = None


class EmailStep(StepModel):
    email: TemplateName
    variants: Variants = Field(default={})
    winner: Winner | None = None
    thread: StepId | None = None
    sender: Line | None = None
    on_failure: OnFailure = OnFailure.STOP


class TaskStep(StepModel):
    task: Literal["call", "linkedin", "email", "meeting", "custom"]
    note: Text = ""
    assignee: Line | None = None
    within: Duration | None = None
    overdue: Literal["skip", "wait"] | None = Field(default=None, alias="or")


_WAIT_SCHEMA = WithJsonSchema(
    {"type": "string", "pattern": r"^ *([0-9]{1,6} +(second|minute|hour|day|business day|week)s?|[Uu]ntil .+) *$"}
)


class WaitModel(StepModel):
    wait: Annotated[Span | NextWeekday | OnDay | RelativeTo, PlainValidator(read_wait), _WAIT_SCHEMA]
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


class SplitModel(StepModel):
    """The steps of each path stand beside `split`, under the name of the path."""

    split: dict[Annotated[str, AfterValidator(path_name)], Positive] = Field(min_length=2, max_length=26)


class StageStep(StepModel):
    stage: Line


class ScoreStep(StepModel):
    score: Annotated[int, BeforeValidator(points)]


class TagStep(StepModel):
    tag: Line


_VALUE_SCHEMA = WithJsonSchema({"anyOf": [{"type": kind} for kind in ("string", "number", "boolean")]})
Settable = Annotated[str, AfterValidator(settable)]
Value = Annotated[str, BeforeValidator(written), _VALUE_SCHEMA]


class SetStep(StepModel):
    values: dict[Settable, Value] = Field(alias="set", min_length=1, max_length=50)


class NoteStep(StepModel):
    note: Annotated[Text, AfterValidator(as_it_is)]


class EnrollModel(StepModel):
    enroll: Slug
    at_least: Duration | None = None


class StopModel(StepModel):
    stop: Line


def _no_template(value: object) -> object:
    if value is not None:
        raise ValueError("takes no template. Write nothing behind it.")
    return value


_NOTHING = Annotated[None, BeforeValidator(_no_template)]
_TEMPLATES: Mapping[Wording, tuple[type[ChannelStep], Any]] = {
    Wording.NONE: (ChannelStep, _NOTHING),
    Wording.OPTIONAL: (WordedStep, TemplateName | None),
    Wording.NEEDED: (WordedStep, TemplateName),
}


@cache
def _channel_step(name: str) -> type[ChannelStep]:
    """The keys of a step that does this action."""
    action = find(name)
    assert action is not None
    base, template = _TEMPLATES[action.wording]
    return create_model(f"{name} step", __base__=base, template=(template, Field(alias=name)))


STEPS: dict[str, type[StepModel]] = {
    "email": EmailStep,
    **{name: _channel_step(name) for name in ACTIONS},
    "task": TaskStep,
    "wait": WaitModel,
    "wait_for": WaitForModel,
    "if": IfModel,
    "split": SplitModel,
    "stage": StageStep,
    "score": ScoreStep,
    "tag": TagStep,
    "set": SetStep,
    "note": NoteStep,
    "enroll": EnrollModel,
    "stop": StopModel,
}

_MORE_KEYS = frozenset(
    {
        "id",
        "then",
        "else",
        "at_most",
        "at_least",
        "jitter",
        "thread",
        "variants",
        "winner",
        "within",
        "or",
        "sender",
        "on_failure",
    }
)

EVENTS = ("reply", "open", "click", "linkedin.accepted", "meeting", "task.done")
"""What `wait_for` may wait for, besides `stage:<name>`."""


def kinds_of(data: Mapping[str, object]) -> list[str]:
    """The keys of a step that say what it does: exactly one, if the step is right. A task has a note of its own."""
    names = [key for key in data if key in STEPS or is_http(key)]
    return [key for key in names if not (key == "note" and "task" in names)]


def model_of(kind: str) -> type[StepModel]:
    """The keys of a step of that kind."""
    return STEPS[kind] if kind in STEPS else _channel_step(kind)


def path_names(kind: str, data: Mapping[str, object]) -> tuple[str, ...]:
    """The keys under which a step holds steps: `then` and `else`, or the paths of a split."""
    if kind != "split":
        return ("then", "else")
    weights = data.get("split")
    return tuple(key for key in weights if key in data) if isinstance(weights, Mapping) else ()


def unknown_step(data: Mapping[str, object]) -> tuple[str | None, str, str]:
    """(the key that is wrong, message, remedy) for a step that no key explains."""
    word = next((key for key in data if key not in _MORE_KEYS), None)
    if word is None:
        return None, "nothing says what this step does.", one_of(STEPS)
    return word, f"unknown step '{word}'.", did_you_mean(word, STEPS)


def check_column(name: str, value: str) -> None:
    """Columns hold what their name says. Raises ValueError."""
    if name == "timezone":
        zone_name(value)
    if name == "country" and not re.fullmatch("[A-Z]{2}", value):
        raise ValueError(f"'{value[:80]}' is not a country. Write two capital letters, such as TR.")


def jitter_is_shorter(step: WaitModel) -> bool:
    """Jitter lengthens a wait; more jitter than wait is a mistake. A wait `until` has no length to compare with."""
    if step.jitter is None or not isinstance(step.wait, Span):
        return True
    return step.jitter.elapsed <= step.wait.elapsed
