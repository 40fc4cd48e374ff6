"""What the rules look at, read for a batch in one go: after its enrollments are locked, in a later statement."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from itertools import chain
from typing import NamedTuple

from sqlalchemy import Connection, RowMapping

from outreach.domain.enrollment import EnrollmentState
from outreach.domain.rules import Reviewed, Standing
from outreach.domain.sender import account_of, queue_of
from outreach.domain.suppression import DEAD, Scope, keys_of
from outreach.record import record
from outreach.store import enrollments, reviews, stops
from outreach.store.enrollments import Stand
from outreach.store.paths import Row

Key = tuple[Scope, str]


@record(frozen=True, slots=True, kw_only=True)
class Subject:
    """One touch, as far as its standing is concerned."""

    touch_id: str
    claim_id: str | None  # the claim it was taken under
    enrollment_id: str
    sequence: str
    sender: str
    action: str = "email"
    recipient: str | None
    closes_at: datetime | None
    opens_at: datetime | None = None
    unwritable: str | None = None
    to_review: str | None = None  # what a person has to approve before it goes out
    keys: frozenset[Key] = frozenset()


def subject_of(
    touch: Row,
    addresses: Collection[Row],
    *,
    recipient: str | None,
    unwritable: str | None = None,
) -> Subject:
    """The subject of a touch (row of `batches`) and its lead's addresses."""
    return Subject(
        touch_id=touch["id"],
        claim_id=touch["claim_id"],
        enrollment_id=touch["enrollment_id"],
        sequence=touch["sequence"],
        sender=touch["sender"],
        action=touch["action"],
        recipient=recipient,
        closes_at=touch["closes_at"],
        unwritable=unwritable,
        keys=keys_of(
            lead_id=touch["lead_id"],
            company_id=touch["leads_company_id"],
            addresses=[(address["kind"], address["value"]) for address in addresses],
        ),
    )


def standings(
    connection: Connection, subjects: Collection[Subject], states: Mapping[str, Stand] | None = None
) -> dict[str, Standing]:
    """The standing of each touch, by touch id. `states`: how their enrollments stand, where that was read already."""
    ids = {subject.enrollment_id for subject in subjects}
    states = enrollments.states(connection, ids) if states is None else states
    held = enrollments.held(connection, ids)
    suppressed = stops.suppressed(connection, chain.from_iterable(subject.keys for subject in subjects))
    in_force = stops.in_force(connection)
    around = _Around(states, held, suppressed, in_force, _reviewed(connection, subjects))
    return {subject.touch_id: _standing(subject, around) for subject in subjects}


class _Around(NamedTuple):
    """What the standings of a batch are made of."""

    states: Mapping[str, Stand]
    held: Collection[str]
    suppressed: Mapping[Key, str]
    in_force: Collection[RowMapping]
    reviewed: Mapping[str, Reviewed]


def _reviewed(connection: Connection, subjects: Collection[Subject]) -> dict[str, Reviewed]:
    """What was said of those that a person has to read. A text that changed since has to be read again."""
    asking = {subject.touch_id: subject.to_review for subject in subjects if subject.to_review is not None}
    known = reviews.asked(connection, asking) if asking else {}
    found = dict.fromkeys(asking, Reviewed.NOT_YET)
    for touch_id, row in known.items():
        if row["state"] == "skipped":
            found[touch_id] = Reviewed.REJECTED
        elif row["state"] == "done" and row["text"] == asking[touch_id]:
            found[touch_id] = Reviewed.APPROVED
    return found


def _standing(subject: Subject, around: _Around) -> Standing:
    state, in_force = around.states.get(subject.enrollment_id), around.in_force
    return Standing(
        state=_STATES[state.state] if state else EnrollmentState.FINISHED,
        finish_reason=state.reason if state else "erased",
        is_held=subject.enrollment_id in around.held,
        suppression=_suppression(subject, around.suppressed) if around.suppressed else None,
        pauses=tuple(_words(row) for row in in_force if _covers(row, subject)) if in_force else (),
        snoozed_until=state.snoozed_until if state else None,
        opens_at=subject.opens_at,
        closes_at=subject.closes_at,
        circuit_open_until=_circuit_of(subject, in_force) if in_force else None,
        recipient=subject.recipient,
        unwritable=subject.unwritable,
        review=around.reviewed.get(subject.touch_id),
    )


_STATES = {str(state): state for state in EnrollmentState}


def _suppression(subject: Subject, suppressed: Mapping[Key, str]) -> str | None:
    """The reason, if one applies. A dead address stands in its own way alone; other channels may reach the person."""
    for key in sorted(subject.keys & suppressed.keys()):
        scope, value = key
        is_dead = scope is Scope.ADDRESS and suppressed[key] in DEAD
        if not (is_dead and value.partition(":")[2] != subject.recipient):
            return suppressed[key]
    return None


def _circuit_of(subject: Subject, in_force: Collection[RowMapping]) -> datetime | None:
    names = (subject.sender, queue_of(subject.sender, subject.action))
    return next((row["until"] for row in in_force if row["scope"] == stops.CIRCUIT and row["value"] in names), None)


def _covers(pause: RowMapping, subject: Subject) -> bool:
    match pause["scope"]:
        case "all":
            return True
        case stops.CIRCUIT:
            return False
        case "sequence":
            return bool(pause["value"] == subject.sequence)
        case "sender":
            return bool(pause["value"] == subject.sender)
        case stops.ACTION:
            return bool(pause["value"] == queue_of(subject.sender, subject.action))
        case stops.ACCOUNT:
            return bool(pause["value"] == account_of(subject.sender, subject.action.partition(".")[0]))
        case _:
            return (Scope(pause["scope"]), pause["value"]) in subject.keys


def _words(pause: RowMapping) -> str:
    return f"{pause['scope']} {pause['value']}".strip() + f" ({pause['reason']})"
