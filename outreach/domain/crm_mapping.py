"""How our words become a CRM's: which fields, status values, stages and owners, and what is written when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class CrmTrigger(StrEnum):
    """What makes us write to a CRM; the keys of `when` in config/crm.yaml."""

    REPLY = "reply"
    MEETING = "meeting"
    UNSUBSCRIBE = "unsubscribe"
    WON = "won"
    LOST = "lost"
    NOTE = "note"


class TieBreak(StrEnum):
    """Which record is meant when several have the same address. None configured: a person decides."""

    OLDEST = "oldest"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRule:
    """Write our `source` (`first_name`, `company.name`, `fields.title`) into the CRM's field `remote`."""

    remote: str
    source: str
    is_overwriting: bool = False  # False: only where the CRM has nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class DealRule:
    """When a deal is opened, and where. `create_on` None: whenever `when` lists the operation `deal`."""

    pipeline: str
    stage: str
    create_on: CrmTrigger | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmMapping:
    """One connection of config/crm.yaml. Operations are named as in `outreach.crm.Operation`."""

    name: str
    fields: tuple[FieldRule, ...] = ()
    status_property: str = ""
    statuses: Mapping[str, str] = field(default_factory=dict)  # our status → the CRM's value
    stages: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # pipeline → our stage → the CRM's stage id
    owners: Mapping[str, str] = field(default_factory=dict)  # our owner or sender → e-mail address of a CRM user
    deal: DealRule | None = None
    tie_break: TieBreak | None = None
    when: Mapping[CrmTrigger, tuple[str, ...]] = field(default_factory=dict)

    def status_value(self, status: str) -> str | None:
        return self.statuses.get(status)

    def stage_value(self, pipeline: str, stage: str) -> str | None:
        return self.stages.get(pipeline, {}).get(stage)

    @property
    def operations(self) -> frozenset[str]:
        """Every operation that some trigger asks for."""
        asked = {operation for operations in self.when.values() for operation in operations}
        return frozenset(asked | ({"deal"} if self.deal and self.deal.create_on else set()))
