"""Sixty-four sample leads over three months, small enough to count by hand: what happened to whom stands below.

Lead `i` has a number from 0 to 63. Whole months: January 0–23, February 24–43, March 44–63.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from outreach.store import sample_data
from outreach.store.session import Store

PIPELINE = """
name: default
stages:
  - {name: prospect, kind: open}
  - {name: contacted, kind: open}
  - {name: responded, kind: open}
  - {name: meeting_booked, kind: open}
  - {name: proposal, kind: open}
  - {name: won, kind: won}
  - {name: retention, kind: won}
  - {name: lost, kind: lost}
  - {name: nurture, kind: parked}
"""
SENT = range(56)  # 56 to 59 are held out, 60 to 63 were never enrolled
BUMPED = range(40)
INVITED = range(10)
CALLED = range(5)
BOUNCED = (20, 21, 22)
OPENED = range(20)
CLICKED = range(6)
ACCEPTED = range(4)
OPTED_OUT = (51, 52)
COMPLAINED = (50,)
AWAY = (30, 31, 32, 33, 34)
CLASSES = {
    0: "interested",
    1: "interested",
    2: "meeting",
    3: "question",
    4: "objection",
    5: "not_interested",
    6: "not_now",
}


def created(lead: int) -> datetime:
    month = 1 if lead < 24 else 2 if lead < 44 else 3
    return datetime(2026, month, 5 + lead % 20, 8, tzinfo=UTC)


def lead_id(lead: int) -> str:
    return f"lead-{lead:02}"


def at(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 8, tzinfo=UTC)


MOVES: Mapping[int, tuple[tuple[str, str, datetime, str], ...]] = {
    0: (
        ("responded", "meeting_booked", at(2, 20), "meeting"),
        ("meeting_booked", "proposal", at(3, 1), "offer"),
        ("proposal", "won", at(3, 10), "signed"),
        ("won", "retention", at(3, 12), "stays"),
    ),
    1: (
        ("responded", "meeting_booked", at(2, 20), "meeting"),
        ("meeting_booked", "proposal", at(3, 1), "offer"),
        ("proposal", "meeting_booked", at(3, 2), "another meeting"),
        ("meeting_booked", "proposal", at(3, 4), "another offer"),
        ("proposal", "won", at(3, 20), "signed"),
    ),
    2: (("responded", "proposal", at(3, 1), "offer at once"), ("proposal", "lost", at(3, 15), "price")),
    5: (("responded", "lost", at(2, 28), "not interested"),),
}
VALUES = {0: "10000", 1: "5000.50", 2: "7000", 3: "about a lot"}


def fill(store: Store) -> None:
    """Write the whole world."""
    rows: dict[str, list[dict[str, Any]]] = {}

    def put(table: str, **row: Any) -> None:
        rows.setdefault(table, []).append(row)

    put("revisions", id="r1", sequence="intro", number=1, hash="h", content={}, created_at=created(0))
    for lead in range(64):
        _lead(put, lead)
        if lead < 60:
            _enrollment(put, lead)
    for lead in SENT:
        _touches(put, lead)
        _moves(put, lead)
    _events(put)
    with store.begin() as connection:
        sample_data.put(connection, rows)


def _lead(put: Any, lead: int) -> None:
    present = (
        MOVES[lead][-1][1]
        if lead in MOVES
        else "responded"
        if lead in _REPLIED
        else "contacted"
        if lead in SENT
        else "prospect"
    )
    fields = {"segment": "banks" if lead < 40 else "fintech"} | ({"value": VALUES[lead]} if lead in VALUES else {})
    put(
        "leads",
        id=lead_id(lead),
        source="webinar" if lead < 32 else "fair" if lead < 52 else "list",
        owner="anna" if lead % 2 == 0 else "deniz",
        status="new",
        pipeline="default",
        stage=present,
        stage_since_at=created(lead),
        score=0,
        tags=[],
        fields=fields,
        created_at=created(lead),
        updated_at=created(lead),
    )


def _enrollment(put: Any, lead: int) -> None:
    put(
        "enrollments",
        id=f"e-{lead}",
        lead_id=lead_id(lead),
        sequence="intro",
        revision_id="r1",
        sender="anna" if lead % 2 == 0 else "deniz",
        state="finished",
        reason="completed" if lead in SENT else "held_out",
        cursor_at=created(lead),
        zone="UTC",
        entered_at=created(lead) + timedelta(days=1),
    )


def sent_at(lead: int, step: str) -> datetime:
    return created(lead) + timedelta(days={"hello": 2, "connect": 3, "bump": 5, "call": 6}[step], hours=1)


def _touches(put: Any, lead: int) -> None:
    steps = [("hello", "email", lead in SENT), ("connect", "linkedin.invite", lead in INVITED)]
    steps += [("bump", "email", lead in BUMPED), ("call", "task", lead in CALLED)]
    for step, action, is_there in steps:
        if not is_there:
            continue
        put(
            "touches",
            id=f"{step}-{lead}",
            enrollment_id=f"e-{lead}",
            lead_id=lead_id(lead),
            sequence="intro",
            revision_id="r1",
            step=step,
            action=action,
            channel=action.partition(".")[0],
            variant=("main" if lead % 2 == 0 else "story") if step == "hello" else None,
            sender="anna" if lead % 2 == 0 else "deniz",
            state="sent",
            is_first=step == "hello",
            wanted_at=sent_at(lead, step),
            attempts=1,
            crossed=False,
            sent_at=sent_at(lead, step),
        )
        if action == "task":
            done = {"state": "done", "created_at": sent_at(lead, step), "finished_at": sent_at(lead, step)}
            put("tasks", id=f"t-{lead}", touch_id=f"{step}-{lead}", lead_id=lead_id(lead), kind="call", **done)


_REPLIED = (*range(8), 9, 40, 41)


def _moves(put: Any, lead: int) -> None:
    moves = [("prospect", "contacted", sent_at(lead, "hello"), "sequence intro")]
    if lead in _REPLIED:
        answered = sent_at(lead, "bump" if lead in BUMPED else "hello") + timedelta(hours=12)
        moves.append(("contacted", "responded", answered, "reply"))
    for number, (before, stage, when, reason) in enumerate([*moves, *MOVES.get(lead, ())]):
        row = {"from_stage": before, "to_stage": stage, "at": when, "reason": reason, "by": "anna"}
        put("stage_moves", id=f"m-{lead}-{number}", lead_id=lead_id(lead), pipeline="default", **row)


def _events(put: Any) -> None:
    told = [
        *(("bounced", lead, "hello", 0.1, "", 0) for lead in BOUNCED),
        *(("opened", lead, "hello", 1 + again, "", again) for lead in OPENED for again in (0, 1)),
        *(("clicked", lead, "hello", 3, "", 0) for lead in CLICKED),
        *(("accepted", lead, "connect", 20, "", 0) for lead in ACCEPTED),
        *(("unsubscribed", lead, "hello", 5, "opt_out", 0) for lead in OPTED_OUT),
        *(("complained", lead, "hello", 5, "", 0) for lead in COMPLAINED),
        *(("autoresponded", lead, "hello", 0.1, "auto_reply", 0) for lead in AWAY),
        *(("replied", lead, "bump", 6, CLASSES.get(lead, ""), 0) for lead in range(8)),
        ("replied", 8, "bump", 1, "auto_reply", 0),  # a person said that it was none
        ("autoresponded", 9, "bump", 10, "interested", 0),  # a person said that it was one
        ("replied", 40, "hello", 2, "question", 0),
        ("replied", 41, "hello", 2, "", 0),
    ]
    for kind, lead, step, hours, reply, again in told:
        key = f"{kind}-{lead}-{again}"
        names_it = lead not in (40, 41)  # their answers name no message of ours
        about = (f"e-{lead}", f"{step}-{lead}") if names_it else (None, None)
        when = sent_at(lead, step) + timedelta(hours=hours)
        row = {"key": key, "kind": kind, "channel": "email", "at": when, "lead_id": lead_id(lead)}
        put("events", **row, enrollment_id=about[0], touch_id=about[1], data={}, created_at=when)
        if reply:
            put("replies", key=key, reply_class=reply, suggested="unclear", suggested_by="rules", evidence=[])
    _meetings(put)


def _meetings(put: Any) -> None:
    def tell(kind: str, lead: int, when: datetime) -> None:
        row = {"key": f"{kind}-{lead}", "kind": kind, "channel": "other", "at": when, "lead_id": lead_id(lead)}
        put("events", **row, enrollment_id=None, touch_id=None, data={}, created_at=when)

    for lead in (0, 1, 2, 3):
        tell("booked", lead, at(2, 20))
    tell("cancelled", 3, at(2, 21))
    tell("booked", 56, at(3, 28))  # held out, and came by itself
