"""How our words become a CRM's: which fields, status values, stages and owners, and what is written when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from outreach.domain.crm_news import Change


class CrmTrigger(StrEnum):
    """What makes us write to a CRM; the keys of `when` in config/crm.yaml."""

    REPLY = "reply"
    MEETING = "meeting"
    UNSUBSCRIBE = "unsubscribe"
    WON = "won"
    LOST = "lost"
    NOTE = "note"
    STAGE = "stage"


class TieBreak(StrEnum):
    """Which record is meant when several have the same address. None configured: a person decides."""

    OLDEST = "oldest"
    NEWEST = "newest"


class OnErase(StrEnum):
    """What becomes of the record of a person who is erased here."""

    DELETE = "delete"  # the CRM is asked to delete it
    TASK = "task"  # a person is asked to


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRule:
    """Write our `source` (`first_name`, `company.name`, `fields.title`) into the CRM's field `remote`."""

    remote: str
    source: str
    is_overwriting: bool = False  # False: only where the CRM has nothing
    values: Mapping[str, str] = field(default_factory=dict)  # our value → the CRM's; others go as they are

    def remote_value(self, ours: str) -> str:
        return self.values.get(ours, ours)

    def our_value(self, theirs: str) -> str:
        """What of ours is written as this value: the first one, if several are."""
        return next((ours for ours, remote in self.values.items() if remote == theirs), theirs)


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
    pipeline_statuses: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # pipeline → the same, before it
    stages: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # pipeline → our stage → the CRM's stage id
    owners: Mapping[str, str] = field(default_factory=dict)  # our owner or sender → e-mail address of a CRM user
    deal: DealRule | None = None
    tie_break: TieBreak | None = None
    when: Mapping[CrmTrigger, tuple[str, ...]] = field(default_factory=dict)
    poll: timedelta | None = None  # how often to ask what changed there; None: only when a webhook tells
    heed: frozenset[Change] = frozenset(Change)  # which changes there have an effect here
    on_erase: OnErase = OnErase.TASK

    def status_value(self, status: str, pipeline: str = "") -> str | None:
        return self.pipeline_statuses.get(pipeline, {}).get(status) or self.statuses.get(status)

    def status_of(self, value: str, pipeline: str = "") -> str | None:
        """Our status that is written as this value; None if none is, or several are."""
        ours = {**self.statuses, **self.pipeline_statuses.get(pipeline, {})}
        found = [status for status, remote in ours.items() if remote == value]
        return found[0] if len(found) == 1 else None

    def stage_value(self, pipeline: str, stage: str) -> str | None:
        return self.stages.get(pipeline, {}).get(stage)

    def stage_of(self, value: str, pipeline: str) -> tuple[str, str] | None:
        """Our (pipeline, stage) that is written as this remote stage: of this pipeline, else of the one that has it."""
        found = [
            (name, stage) for name, stages in self.stages.items() for stage, remote in stages.items() if remote == value
        ]
        own = [each for each in found if each[0] == pipeline]
        if own:
            return own[0]
        return found[0] if len({name for name, _ in found}) == 1 else None

    def owner_of(self, email: str) -> str:
        """Our owner behind a user's address; the address itself where none is mapped."""
        return next((ours for ours, theirs in self.owners.items() if theirs.lower() == email.lower()), email)

    def owner_email(self, owner: str) -> str | None:
        """The address of the user that is our owner; an owner may be an address itself."""
        return self.owners.get(owner) or (owner if "@" in owner else None)

    @property
    def operations(self) -> frozenset[str]:
        """Every operation that some trigger asks for."""
        asked = {operation for operations in self.when.values() for operation in operations}
        return frozenset(asked | ({"deal"} if self.deal and self.deal.create_on else set()))
