"""What the rules look at, read for a batch in one go: after its enrollments are locked, in a later statement."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, RowMapping

from outreach.domain.enrollment import EnrollmentState
from outreach.domain.rules import Reviewed, Standing
from outreach.domain.sender import account_of, queue_of
from outreach.domain.suppression import DEAD, Scope, keys_of
from outreach.store import enrollments, reviews, stops
from outreach.store.paths import Row

Key = tuple[Scope, str]


@dataclass(frozen=True, slots=True, kw_only=True)
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
            addresses=tuple((address["kind"], address["value"]) for address in addresses),
        ),
    )


def standings(connection: Connection, subjects: Collection[Subject]) -> dict[str, Standing]:
    """The standing of each touch, by touch id."""
    ids = {subject.enrollment_id for subject in subjects}
    states = enrollments.states(connection, ids)
    suppressed = stops.suppressed(connection, {key for subject in subjects for key in subject.keys})
    in_force = stops.in_force(connection)
    reviewed = _reviewed(connection, subjects)
    found = {}
    for subject in subjects:
        standing = _standing(subject, states.get(subject.enrollment_id), suppressed, in_force)
        review = reviewed.get(subject.touch_id)
        found[subject.touch_id] = replace(standing, review=review) if review else standing
    return found


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


def _standing(
    subject: Subject, state: RowMapping | None, suppressed: Mapping[Key, str], in_force: Collection[RowMapping]
) -> Standing:
    return Standing(
        state=_STATES[state["state"]] if state else EnrollmentState.FINISHED,
        finish_reason=state["reason"] if state else "erased",
        is_held=bool(state and state["is_held"]),
        suppression=_suppression(subject, suppressed),
        pauses=tuple(_words(row) for row in in_force if _covers(row, subject)) if in_force else (),
        snoozed_until=state["snoozed_until"] if state else None,
        opens_at=subject.opens_at,
        closes_at=subject.closes_at,
        circuit_open_until=_circuit_of(subject, in_force) if in_force else None,
        recipient=subject.recipient,
        unwritable=subject.unwritable,
    )


_STATES = {str(state): state for state in EnrollmentState}


def _suppression(subject: Subject, suppressed: Mapping[Key, str]) -> str | None:
    """The reason, if one applies. A dead address stands in its own way alone; other channels may reach the person."""
    for key in sorted(subject.keys & suppressed.keys()) if suppressed else ():
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
