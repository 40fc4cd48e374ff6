"""A person we may contact: addresses, what is known, and what a second look at the same person adds."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class AddressKind(StrEnum):
    """Ways to name a person, those that name one person for certain first."""

    EMAIL = "email"
    LINKEDIN = "linkedin"
    X = "x"
    TELEGRAM = "telegram"
    WHATSAPP = "whatsapp"
    PHONE = "phone"

    __hash__ = str.__hash__  # an enum's own is written in Python, and lists of a million people ask for it often


SHARED = frozenset({AddressKind.PHONE, AddressKind.WHATSAPP})
"""Numbers that colleagues may share, such as a switchboard's: alone they do not make two people one."""


@dataclass(frozen=True, slots=True)
class Address:
    """`value` is normalised; the same person always has the same one."""

    kind: AddressKind
    value: str

    def __hash__(self) -> int:
        """That of its value: two kinds of one value are rare, and equal addresses have equal values."""
        return hash(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """Whom a lead works for. Known by its domain, or by its name where no domain is known."""

    name: str = ""
    domain: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.name or self.domain)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadDraft:
    """A lead as somebody wrote it down, understood but not stored. Empty texts are not known."""

    addresses: tuple[Address, ...]
    source: str
    company: Company = field(default_factory=Company)
    first_name: str = ""
    last_name: str = ""
    title: str = ""
    language: str = ""
    timezone: str = ""
    country: str = ""
    owner: str = ""
    stage: str = ""  # empty: the stage new leads begin at
    score: int = 0
    tags: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    never: str = ""  # why nobody may write to them, as a suppression has it: unsubscribed, bounced, complained


FILLED = ("first_name", "last_name", "title", "language", "timezone", "country", "owner")
"""Columns that a later draft fills where nothing is known, and never changes."""


def additions(present: Mapping[str, object], draft: LeadDraft) -> dict[str, object]:
    """What the draft changes on a lead that exists, by column; empty if nothing.

    Empty columns are filled, tags are added, own fields are updated. Stage, status and source stay as they are.
    `present` holds the lead's columns, `tags` and `fields` included.
    """
    changes: dict[str, object] = {
        name: getattr(draft, name) for name in FILLED if getattr(draft, name) and not present[name]
    }
    if draft.score and not present["score"]:
        changes["score"] = draft.score
    tags = _with_tags(present["tags"], draft.tags)
    if tags is not None:
        changes["tags"] = tags
    fields = _with_fields(present["fields"], draft.fields)
    if fields is not None:
        changes["fields"] = fields
    return changes


def is_same_person(theirs: Collection[Address], ours: Collection[Address]) -> bool:
    """Are these two the same person, given that they share an address?

    A shared e-mail address, profile or handle says so. A shared number says so unless they differ in one of those.
    """
    certain = {address for address in ours if address.kind not in SHARED}
    if certain & set(theirs):
        return True
    kinds = {address.kind for address in certain}
    return not any(address.kind in kinds for address in theirs)


def _with_tags(present: object, tags: tuple[str, ...]) -> list[str] | None:
    known = list(present) if isinstance(present, list | tuple) else []
    added = [tag for tag in dict.fromkeys(tags) if tag not in known]
    return known + added if added else None


def _with_fields(present: object, fields: Mapping[str, str]) -> dict[str, object] | None:
    known = dict(present) if isinstance(present, Mapping) else {}
    updated = known | {name: value for name, value in fields.items() if value}
    return updated if updated != known else None
