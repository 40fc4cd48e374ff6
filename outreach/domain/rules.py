"""One small function for each reason not to send now. Sending, explaining and simulating ask the same ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from outreach.domain.enrollment import EnrollmentState
from outreach.record import record

REVIEW = "review"
"""The block of a message that a person has to read first."""


AWAY = "provider unavailable"
"""The block of what waits while the circuit of its sender is open; it keeps its place."""


class Reviewed(StrEnum):
    """What a person said of a message that needed review."""

    NOT_YET = "not_yet"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Block:
    """Why a touch does not go out now. `until`: when to ask again; None: when something changes, or never if final."""

    because: str
    until: datetime | None = None
    is_final: bool = False


@record(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is true of one touch at one instant, as far as the rules ask."""

    state: EnrollmentState
    finish_reason: str | None = None
    is_held: bool = False
    suppression: str | None = None  # the reason of the suppression that covers this lead
    pauses: tuple[str, ...] = ()  # scopes that are paused, such as `sequence founder-intro`
    snoozed_until: datetime | None = None
    opens_at: datetime | None = None  # the window this touch was planned into
    closes_at: datetime | None = None
    circuit_open_until: datetime | None = None
    recipient: str | None = None
    unwritable: str | None = None  # why the text cannot be written: `missing first_name`
    review: Reviewed | None = None  # None: nobody has to read it first


Rule = Callable[[Standing, datetime], Block | None]


def only_while_enrolled(standing: Standing, now: datetime) -> Block | None:
    """A finished enrollment sends nothing any more."""
    if standing.state is EnrollmentState.FINISHED:
        return Block(standing.finish_reason or "finished", is_final=True)
    return None


def not_when_suppressed(standing: Standing, now: datetime) -> Block | None:
    """Opted out, complained, bounced or excluded by hand: the person, the address, the domain or the company."""
    if standing.suppression:
        return Block(f"suppressed: {standing.suppression}", is_final=True)
    return None


def not_while_a_reply_is_unread(standing: Standing, now: datetime) -> Block | None:
    """Something came in that may be an answer and is not understood yet."""
    return Block("held: a delivery about this lead is not understood yet") if standing.is_held else None


def not_while_paused(standing: Standing, now: datetime) -> Block | None:
    """Paused by a person or by a guard: this lead, its sequence, sender, company or domain, or everything."""
    if standing.state is EnrollmentState.PAUSED:
        return Block("paused: this enrollment")
    return Block(f"paused: {standing.pauses[0]}") if standing.pauses else None


def not_while_snoozed(standing: Standing, now: datetime) -> Block | None:
    """Out of office, or asked for later."""
    until = standing.snoozed_until
    return Block("snoozed", until=until) if until and now < until else None


def only_with_an_address(standing: Standing, now: datetime) -> Block | None:
    """The lead has a live address for this channel; without one the step is passed over and the path goes on."""
    return Block("no address for this channel", is_final=True) if not standing.recipient else None


def only_with_every_value(standing: Standing, now: datetime) -> Block | None:
    """The text has every value it needs, and is one that may be sent."""
    return Block(standing.unwritable) if standing.unwritable else None


def only_after_review(standing: Standing, now: datetime) -> Block | None:
    """Where the sequence says `review`, a person has read and approved this message."""
    if standing.review is Reviewed.REJECTED:
        return Block("rejected in review", is_final=True)
    return Block(REVIEW) if standing.review is Reviewed.NOT_YET else None


def only_inside_the_window(standing: Standing, now: datetime) -> Block | None:
    """The schedule's hours and days, in the zone it names."""
    if standing.opens_at and now < standing.opens_at:
        return Block("outside the window", until=standing.opens_at)
    if standing.closes_at and now >= standing.closes_at:
        return Block("outside the window", until=now)
    return None


def not_while_the_circuit_is_open(standing: Standing, now: datetime) -> Block | None:
    """The sender's provider failed a moment ago; it is left alone for a while."""
    until = standing.circuit_open_until
    return Block(AWAY, until=until) if until and now < until else None


RULES: tuple[Rule, ...] = (
    only_while_enrolled,
    not_when_suppressed,
    not_while_a_reply_is_unread,
    not_while_paused,
    not_while_snoozed,
    only_with_an_address,
    only_with_every_value,
    only_after_review,
    only_inside_the_window,
    not_while_the_circuit_is_open,
)


def first_block(standing: Standing, now: datetime) -> Block | None:
    """What the worker asks: may this go out now?"""
    for rule in RULES:
        block = rule(standing, now)
        if block is not None:
            return block
    return None


def explain(standing: Standing, now: datetime) -> list[tuple[str, Block | None]]:
    """What a person asks: why did it not go out? The same rules, all of them, in order."""
    return [(rule.__name__, rule(standing, now)) for rule in RULES]
