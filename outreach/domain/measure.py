"""What a measure is, and its value from what was counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from outreach.domain.uncertainty import wilson


class Unit(StrEnum):
    """What a value is in. A share is between 0 and 1, and shown in percent."""

    COUNT = "count"
    SHARE = "share"
    HOURS = "hours"
    DAYS = "days"
    NUMBER = "number"
    MONEY = "money"


class Dimension(StrEnum):
    """By what numbers can be taken apart."""

    SEQUENCE = "sequence"
    STEP = "step"
    VARIANT = "variant"
    SENDER = "sender"
    OWNER = "owner"
    SOURCE = "source"
    SEGMENT = "segment"


OF_TOUCHES = frozenset({Dimension.SEQUENCE, Dimension.STEP, Dimension.VARIANT, Dimension.SENDER})
"""What belongs to a touch. Meetings, sales and tasks belong to the last touch sent to the lead before them."""

OF_LEADS = frozenset({Dimension.OWNER, Dimension.SOURCE, Dimension.SEGMENT})

SENT_IN_THE_PERIOD = "touches sent in the period; what follows counts whenever it comes"
NO_MATTER = "make no difference"


class Topic(StrEnum):
    """How measures stand together on a page."""

    REACH = "Reach"
    ANSWERS = "Answers"
    SALES = "Sales"
    STAGES = "Stages"
    ACTIVITY = "Activity"
    CAUSE = "Cause"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpi:
    """One measure. `numerator` and `denominator` are the words for people, `of` and `by` the counts it is made from.

    `of` empty: it is not one number but a table, made by a service of its own.
    """

    name: str
    title: str
    topic: Topic
    numerator: str
    denominator: str = ""
    unit: Unit = Unit.COUNT
    window: str = SENT_IN_THE_PERIOD
    auto_replies: str = NO_MATTER
    remark: str = ""
    of: str = ""
    by: str = ""
    dimensions: frozenset[Dimension] = OF_TOUCHES | OF_LEADS
    is_reliable: bool = True
    more_is_better: bool = True

    @property
    def is_rate(self) -> bool:
        return self.unit is Unit.SHARE


Counts = Mapping[str, float | None]
"""What was counted, by the names that `of` and `by` use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A measured value with what it is made of; None where there is nothing to divide by.

    Shares have a 95 % interval.
    """

    name: str
    value: float | None
    numerator: float | None
    denominator: float | None = None
    low: float | None = None
    high: float | None = None


def value_of(kpi: Kpi, counts: Counts) -> Value:
    """The measure from its counts; what was not counted is 0, except spans, which are unknown then."""
    above = counts.get(kpi.of)
    if not kpi.by:
        is_span = kpi.unit in (Unit.HOURS, Unit.DAYS)
        return Value(name=kpi.name, value=above if is_span else above or 0, numerator=above)
    numerator, denominator = above or 0, counts.get(kpi.by) or 0
    if not denominator:
        return Value(name=kpi.name, value=None, numerator=numerator, denominator=denominator)
    low, high = wilson(int(numerator), int(denominator)) if kpi.is_rate else (None, None)
    return Value(
        name=kpi.name,
        value=numerator / denominator,
        numerator=numerator,
        denominator=denominator,
        low=low,
        high=high,
    )
