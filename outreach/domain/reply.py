"""What a person means by a reply, as far as anybody can tell: a suggestion, with the words it was told by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol


class ReplyClass(StrEnum):
    """The value is what tables, API and reports show. `unclear`: no rule says anything."""

    INTERESTED = "interested"
    MEETING = "meeting"
    QUESTION = "question"
    OBJECTION = "objection"
    NOT_INTERESTED = "not_interested"
    NOT_NOW = "not_now"
    WRONG_PERSON = "wrong_person"
    REFERRAL = "referral"
    OPT_OUT = "opt_out"
    AUTO_REPLY = "auto_reply"
    UNCLEAR = "unclear"


BY_RULES = "rules"
"""Who suggested a class, where no classifier of the team's own did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPerson:
    """Somebody a reply names instead of its writer; any part may be empty."""

    name: str = ""
    email: str = ""
    phone: str = ""

    def __bool__(self) -> bool:
        return bool(self.name or self.email or self.phone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """`evidence` are the words of the reply that tell; `until` is the day a `not_now` names."""

    reply_class: ReplyClass
    evidence: tuple[str, ...] = ()
    until: date | None = None
    person: NamedPerson | None = None
    by: str = BY_RULES


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyText:
    """What a classifier is given. `text` is the new text alone; `writer` the address it comes from, perhaps empty."""

    text: str
    subject: str = ""
    writer: str = ""
    sent_on: date


class ReplyClassifier(Protocol):
    """A classifier of the team's own, such as one that asks a model; named in config/outreach.yaml by a dotted path.

    It is called outside of any transaction, once for each reply, and may take its time; the sequence has stopped
    already. None, or an exception, leaves the reply to the rules.
    """

    def __call__(self, reply: ReplyText) -> Suggestion | None: ...
