"""The keys of the entries of a test: what happens, which touch is expected, how it ends."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, create_model

from outreach.content.field_types import Day, Duration, Line, Text
from outreach.content.model_reading import FileModel
from outreach.domain.action import TOUCH_ACTIONS, is_http, is_touch
from outreach.domain.enrollment import FinishReason
from outreach.domain.pipeline import Status


def _wall_time(value: object) -> datetime:
    """`2026-03-02 10:00`: what a clock on the wall shows, so without a zone."""
    text = str(value).strip() if isinstance(value, str) else ""
    try:
        found = datetime.strptime(text.replace("T", " "), "%Y-%m-%d %H:%M")  # noqa: DTZ007  # the zone is the lead's
    except ValueError:
        raise ValueError(f"'{str(value)[:80]}' is not a time. Write it as 2026-03-02 10:00.") from None
    return found


WallTime = Annotated[datetime, PlainValidator(_wall_time)]


class CaseModel(FileModel):
    name: Line
    lead: dict[str, Any]
    start: WallTime
    happens: list[Any] = Field(default=[], max_length=500)
    expect: list[Any] = Field(min_length=1, max_length=500)
    only: bool = False
    limits: bool = False
    holdout: bool = False


class HappeningModel(FileModel):
    after: Duration | None = None
    at: WallTime | None = None

    @property
    def value(self) -> str | date | None:
        """What stands behind the key that says what happens."""
        return None


class _AutoReply(FileModel):
    until: Day | None = None


class _AutoReplyHappening(HappeningModel):
    auto_reply: _AutoReply | None

    @property
    def value(self) -> date | None:
        return self.auto_reply.until if self.auto_reply else None


class FlagHappening(HappeningModel):
    """Something that needs no more words: `open: true`, or `open` alone."""

    flag: bool | None


class _TextHappening(HappeningModel):
    said: str

    @property
    def value(self) -> str:
        return self.said


HAPPENINGS = ("reply", "bounce", "auto_reply", "unsubscribe", "open", "click", "accepted", "meeting", "task_done",
              "stage")  # fmt: skip
"""The keys that say what happens."""

_TEXTS: Mapping[str, Any] = {"reply": Text, "bounce": Literal["hard", "soft"], "task_done": Text, "stage": Line}


@cache
def happening_model(kind: str) -> type[HappeningModel]:
    """The keys of an entry of `happens` of that kind."""
    if kind == "auto_reply":
        return _AutoReplyHappening
    if kind in _TEXTS:
        return create_model(f"{kind}_happening", __base__=_TextHappening, said=(_TEXTS[kind], Field(alias=kind)))
    return create_model(f"{kind}_happening", __base__=FlagHappening, flag=(bool | None, Field(alias=kind)))


class _TouchModel(FileModel):
    at: WallTime | None = None
    on: Day | None = None
    step: Line | None = None
    variant: Line | None = None
    sender: Line | None = None
    subject_contains: Line | None = None
    blocked: Line | None = None


def _named(action: str) -> str:
    return "action_" + action.replace(".", "_")


TouchModel = create_model(
    "TouchModel",
    __base__=_TouchModel,
    **{_named(action): (Line | None, Field(default=None, alias=action)) for action in TOUCH_ACTIONS},  # type: ignore[call-overload]
)
"""An expected touch; the key of the step is the action, its value the template (of a task: its kind)."""


def touch_model(data: object) -> type[_TouchModel]:
    """The keys an expected touch may have: with those of requests by name that it writes (`http.<name>`)."""
    names = [key for key in data if isinstance(key, str) and is_http(key)] if isinstance(data, Mapping) else []
    own = {f"action_http_{number}": (Line | None, Field(default=None, alias=name)) for number, name in enumerate(names)}
    return create_model("TouchModel", __base__=TouchModel, **own) if own else TouchModel  # type: ignore[call-overload, no-any-return]


def actions_of(data: Mapping[str, object]) -> list[str]:
    """The keys of an expected touch that are actions."""
    return [key for key in data if is_touch(key)]


class EndModel(FileModel):
    finished: FinishReason | None = None
    still_active: bool | None = None
    at: WallTime | None = None
    on: Day | None = None
    stage: Line | None = None
    status: Status | None = None
    tags: list[Line] = Field(default=[], max_length=100)


ENDS = ("finished", "still_active")
END_KEYS = (*ENDS, "stage", "status", "tags")
