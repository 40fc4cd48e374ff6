"""Keys of config files that say how much one recipient gets, how a sender is shared, and when it pauses by itself."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema, model_validator

from outreach.content.field_types import Count, Elapsed, Positive, Slug
from outreach.content.model_reading import FileModel
from outreach.domain.guards import BOUNCES, COMPLAINTS, SILENCE, Guards, RateGuard, SilenceGuard
from outreach.domain.recipients import RecipientCaps
from outreach.domain.turns import EVEN_SHARES, Shares

_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3})?) *%")


def _percent(value: object) -> float:
    """`5%` → 5.0."""
    found = _PERCENT.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"'{str(value)[:80]}' is not a share. Write it as 5%.")
    percent = float(found.group(1))
    if not 0 < percent <= 100:
        raise ValueError(f"'{found.group()}' is no share of mails. Write from 0.001% to 100%.")
    return percent


def _off(value: object) -> object:
    return None if value == "off" else value


Percent = Annotated[float, PlainValidator(_percent), WithJsonSchema({"type": "string", "pattern": "%$"})]


class RateGuardModel(FileModel):
    """`more_than`, of the mails `within` that span, once there were so many."""

    more_than: Percent
    within: Elapsed
    at_least: Positive

    def guard(self) -> RateGuard:
        return RateGuard(self.more_than, self.within, self.at_least)


class BouncesModel(RateGuardModel):
    more_than: Percent = BOUNCES.percent
    within: Elapsed = BOUNCES.within
    at_least: Positive = BOUNCES.at_least


class ComplaintsModel(RateGuardModel):
    more_than: Percent = COMPLAINTS.percent
    within: Elapsed = COMPLAINTS.within
    at_least: Positive = COMPLAINTS.at_least


class SilenceModel(FileModel):
    at_least: Positive = SILENCE.at_least
    within: Elapsed = SILENCE.within
    patience: Elapsed = SILENCE.patience

    @model_validator(mode="after")
    def _leaves_time(self) -> Self:
        if self.patience >= self.within:
            raise ValueError("'patience' must be shorter than 'within'.")
        return self

    def guard(self) -> SilenceGuard:
        return SilenceGuard(self.at_least, self.within, self.patience)


_OFF = WithJsonSchema({"anyOf": [{"const": "off"}, {"type": "object"}]})


class GuardsModel(FileModel):
    """Each may be `off`."""

    bounces: Annotated[BouncesModel | None, BeforeValidator(_off), _OFF] = BouncesModel()
    complaints: Annotated[ComplaintsModel | None, BeforeValidator(_off), _OFF] = ComplaintsModel()
    silence: Annotated[SilenceModel | None, BeforeValidator(_off), _OFF] = SilenceModel()

    def guards(self) -> Guards:
        return Guards(
            bounces=self.bounces.guard() if self.bounces else None,
            complaints=self.complaints.guard() if self.complaints else None,
            silence=self.silence.guard() if self.silence else None,
        )


class RecipientsModel(FileModel):
    """By all senders together; what is left out has no cap."""

    person_per_7_days: Count | None = None
    company_per_7_days: Count | None = None
    domain_per_day: Count | None = None

    def caps(self) -> RecipientCaps:
        return RecipientCaps(
            person_per_7_days=self.person_per_7_days,
            company_per_7_days=self.company_per_7_days,
            domain_per_day=self.domain_per_day,
        )


class RatioModel(FileModel):
    follow_ups: Positive = EVEN_SHARES.follow_ups
    first: Positive = EVEN_SHARES.first


Portions = Annotated[dict[Slug, Positive], Field(max_length=1_000)]


def shares_of(ratio: RatioModel, portions: dict[str, int]) -> Shares:
    """Both in the domain's words."""
    return Shares(follow_ups=ratio.follow_ups, first=ratio.first, sequences=portions)
