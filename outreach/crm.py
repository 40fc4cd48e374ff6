"""The contract of a CRM: the team's system of record. Implementations live in `crms/`.

Operations are addressed by the CRM's own record id, which the engine keeps after the first success
(`crm_links`). An adapter does one thing once: no retry, no sleep, no database. A system that can be read from offers
`pull` beside them (`Pulls`): import and back-sync are made of it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Protocol


class Operation(StrEnum):
    """What can be asked of a CRM; `can` lists the optional ones an adapter offers."""

    PERSON = "person"
    OWNER = "owner"
    LOG_REPLY = "log_reply"
    LOG = "log"
    STATUS = "status"
    STAGE = "stage"
    DEAL = "deal"
    TAGS = "tags"
    DO_NOT_CONTACT = "do_not_contact"
    PULL = "pull"  # reading people back; the adapter is a `Pulls`
    FORGET = "forget"  # deleting the record of an erased person; the adapter is a `Forgets`


WRITES = frozenset(Operation) - {Operation.PULL, Operation.FORGET}
"""What `when` may ask for."""

READS_AND_WRITES = WRITES | {Operation.PULL}
"""What most systems can do."""


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a connection can do by its options, and for what it cannot, why."""

    can: frozenset[Operation]
    lacks: Mapping[Operation, str] = field(default_factory=dict)

    def why_not(self, operation: Operation) -> str:
        return self.lacks.get(operation, "as it is configured")


class Selection(StrEnum):
    """By what `pull` can narrow whom it gives; an adapter lists those it knows in `selections`."""

    LIST = "list"  # id or name of a list, segment or view
    FILTER = "filter"  # an expression in the system's own terms; its page of docs/providers says which
    STAGE = "stage"  # a remote stage id
    PERSON = "person"  # the one record of that id: to look at what a webhook only hinted at
    DEAL = "deal"  # the people of the deal of that id, for the same


class DealState(StrEnum):
    """How a deal stands."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


class Mode(StrEnum):
    """`fill` writes only where the CRM has nothing; `overwrite` always."""

    FILL = "fill"
    OVERWRITE = "overwrite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What `check` found: for people, and to prove the mapping against."""

    name: str
    fields: tuple[str, ...] = ()  # remote names of person fields; empty: the system has no fixed fields
    stages: tuple[str, ...] = ()  # remote stage ids
    users: tuple[str, ...] = ()  # e-mail addresses that can own records
    status_values: tuple[str, ...] = ()  # values the status field takes; empty: any
    pipelines: tuple[str, ...] = ()  # remote ids of deal pipelines
    labels: Mapping[str, str] = field(default_factory=dict)  # stage id → what people call it, where it differs
    unread: Mapping[str, str] = field(default_factory=dict)  # fields, stages, an operation, …: why it is closed to us
    remaining_quota: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One mapped value: the remote field's name, what to write, and how."""

    name: str
    value: str
    mode: Mode = Mode.FILL


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A lead as the CRM is to know it. Unknown values are left out, never sent empty."""

    email: str
    first_name: str = ""
    last_name: str = ""
    company: str = ""
    fields: tuple[Field, ...] = ()
    key: str = ""  # our lead id


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A person record the CRM holds."""

    person_id: str
    url: str = ""
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Something for the timeline, written once: `key` goes into the entry as a marker and is looked for in doubt."""

    key: str
    kind: str  # reply, note
    at: datetime
    channel: str = "email"
    direction: str = "in"
    subject: str = ""
    text: str = ""
    from_address: str = ""
    to_address: str = ""

    @property
    def marker(self) -> str:
        """The last line of the entry. A key that a CRM might escape or cut stands as its hash."""
        if _PLAIN_KEY.fullmatch(self.key):
            return f"ref: {self.key}"
        return f"ref: {hashlib.sha256(self.key.encode()).hexdigest()[:32]}"

    @property
    def marked_text(self) -> str:
        """The text with its marker: what goes into the entry."""
        return f"{self.text}\n\n{self.marker}" if self.text else self.marker

    def is_marked(self, entry: str) -> bool:
        """Does this text of an entry carry our marker, and not that of a longer key?"""
        return re.search(re.escape(self.marker) + r"(?![\w.:-])", entry) is not None


_PLAIN_KEY = re.compile(r"[A-Za-z0-9_.:-]{1,100}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """What `ensure_deal` needs: at most one open deal per person and pipeline."""

    name: str
    pipeline: str
    stage: str
    value: str = ""
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Whom to pull. Without `by` everybody; with `since` only who changed at that instant or later, then also records
    that are deleted or merged away. `fields`: remote names of the person fields whose values are wanted.
    """

    by: Selection | None = None
    value: str = ""  # what `by` asks for
    since: datetime | None = None
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteDeal:
    """A deal as it stands. `value` is an amount in digits with a point, empty where none is set."""

    deal_id: str
    state: DealState = DealState.OPEN
    pipeline: str = ""
    stage: str = ""
    value: str = ""
    currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemotePerson:
    """A record as the CRM holds it. What it did not tell is empty or None, and changes nothing here.

    `deal` is the newest open one, else the newest; `stage` is the deal's, or the person's own where the system keeps
    the stage there. `owner` is the e-mail address of a user. A record that is gone has `is_deleted`; one that was
    merged into another has the survivor's id in `merged_into`. Of both, only `person_id` has to be known.
    `untold`: which of owner, status, stage and deal were not read at all; what was known of them stands.
    """

    person_id: str
    url: str = ""
    emails: tuple[str, ...] = ()  # the main one first
    first_name: str = ""
    last_name: str = ""
    company: str = ""
    values: Mapping[str, str] = field(default_factory=dict)  # of `Wanted.fields`, those that are not empty
    owner: str = ""
    status: str = ""  # value of the status field
    stage: str = ""  # remote stage id
    tags: tuple[str, ...] = ()
    is_opted_out: bool | None = None
    deal: RemoteDeal | None = None
    is_deleted: bool = False
    merged_into: str = ""
    untold: frozenset[str] = frozenset()
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some people, and the cursor of the next page; None: that was all. `total`: of all pages, where it is known.

    A page may be empty and not the last. The same record may come again on a later page.
    """

    people: tuple[RemotePerson, ...]
    cursor: str | None = None
    total: int | None = None


class Pulls(Protocol):
    """What a CRM with `Operation.PULL` in `can` offers beside the operations of `Crm`."""

    @property
    def selections(self) -> frozenset[Selection]:
        """What `Wanted.by` may be."""
        ...

    async def pull(self, wanted: Wanted, *, cursor: str | None) -> Page:
        """One page, beginning at the cursor (None: the first). The cursor is text that may be kept for days.

        An unknown list or stage, or a filter that is not understood, is Refused with `config` and names what is known.
        A record asked for by its id that is gone comes as `is_deleted`; it is no error.
        """
        ...


class Forgets(Protocol):
    """What a CRM with `Operation.FORGET` in `can` offers beside the operations of `Crm`."""

    async def forget(self, person_id: str) -> None:
        """Delete the record, as thoroughly as the API can; a repeat does no harm. One that is gone: `not_found`."""
        ...


class Crm(Protocol):
    """One connection, shared by tasks. Every failure is one AdapterError.

    Its `outcome` says more: `not_found` the person's record is gone, `duplicate` one exists already, `ambiguous`
    several do, `config` a stage, owner or field of the mapping does not exist, `validation` a value is declined.
    """

    provider: ClassVar[str]

    @property
    def can(self) -> frozenset[Operation]:
        """The operations this connection offers; some depend on its options."""
        ...

    async def check(self) -> Account:
        """The cheapest authenticated reads that prove credentials and mapping."""
        ...

    async def find_person(self, email: str) -> tuple[Found, ...]:
        """Every record with that address, oldest first; none is an empty tuple."""
        ...

    async def upsert_person(self, person: Person, *, person_id: str | None) -> Found:
        """Create, or update without wiping what people typed. `person_id`: the record we know already."""
        ...

    async def log(self, person_id: str, activity: Activity, *, look_first: bool) -> str:
        """Put it on the timeline and return the entry's id. `look_first`: an earlier try may have succeeded."""
        ...

    async def set_status(self, person_id: str, status: str) -> None:
        """Write the mapped status value."""
        ...

    async def set_stage(self, person_id: str, stage: str) -> bool:
        """Move the person's deal or card to the mapped stage. False: there is no open deal that could be moved."""
        ...

    async def ensure_deal(self, person_id: str, deal: Deal) -> str:
        """The id of the one open deal of that person and pipeline, created if there is none."""
        ...

    async def assign_owner(self, person_id: str, email: str) -> None:
        """Make the user with that address the owner."""
        ...

    async def add_tags(self, person_id: str, tags: tuple[str, ...]) -> None:
        """Add tags; never replace."""
        ...

    async def set_do_not_contact(self, person_id: str, email: str) -> None:
        """Mark the person as opted out."""
        ...
