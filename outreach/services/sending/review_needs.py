"""Which messages of a batch wait for a person, and the tasks that ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, RowMapping

from outreach.channel import Message
from outreach.domain.action import task_kind
from outreach.domain.rules import REVIEW
from outreach.services.sequences.edited_message import edited
from outreach.store import reviews

if TYPE_CHECKING:
    from outreach.services.sending.batch import Ready


def ask(connection: Connection, batch: Sequence[Ready], now: datetime) -> None:
    """Write a task for each message of a batch that waits for a person."""
    reviews.ask(connection, [_row(ready, now) for ready in batch if ready.block and ready.block.because == REVIEW])


def wanted(connection: Connection, drafts: Sequence[Ready]) -> dict[str, str]:
    """What a person is to read of each message that needs one, by touch.

    `first N` counts messages of a revision: new texts are read again. Who was asked about once is asked until it is
    answered.
    """
    asking = [draft for draft in drafts if _may_need(draft)]
    if not asking:
        return {}
    known = reviews.asked(connection, [draft.touch_id for draft in asking])
    room = {
        revision_id: _room(connection, draft)
        for revision_id, draft in {draft.touch["revision_id"]: draft for draft in asking}.items()
    }
    found = {}
    for draft in sorted(asking, key=lambda each: each.touch_id):
        revision_id = draft.touch["revision_id"]
        if draft.touch_id not in known:
            left = room[revision_id]
            if left == 0:
                continue
            room[revision_id] = None if left is None else left - 1
        found[draft.touch_id] = text_of(draft.message)
    return found


def as_read(connection: Connection, drafts: Sequence[Ready], asking: Mapping[str, str]) -> list[Ready]:
    """The drafts with what has to be approved of each, and in the words of whoever edited what was asked about."""
    known = reviews.asked(connection, asking)
    return [_as_read(draft, asking.get(draft.touch_id), known.get(draft.touch_id)) for draft in drafts]


def _as_read(draft: Ready, text: str | None, answer: RowMapping | None) -> Ready:
    subject = replace(draft.subject, to_review=text)
    if answer is None or not answer["edited"] or answer["text"] != text:
        return replace(draft, subject=subject)
    return replace(draft, subject=subject, message=edited(draft.message, answer["edited"]))


def text_of(message: Message) -> str:
    """What a person reads: if it changes after it was approved, it is asked about again."""
    return f"Subject: {message.subject}\n\n{message.text}" if message.subject else message.text


def _may_need(draft: Ready) -> bool:
    """A person's own task needs no review, and neither does what cannot be written."""
    review = draft.revision.sequence.review
    return review is not None and not draft.is_task and bool(draft.message.text) and not draft.subject.unwritable


def _room(connection: Connection, draft: Ready) -> int | None:
    """How many more messages of the revision are to be read; None: all."""
    review = draft.revision.sequence.review
    assert review is not None
    if review.first is None:
        return None
    return max(review.first - reviews.count_asked(connection, draft.touch["revision_id"]), 0)


def _row(ready: Ready, now: datetime) -> Mapping[str, Any]:
    touch = ready.touch
    return {
        "id": reviews.task_id(ready.touch_id),
        "touch_id": None,
        "lead_id": touch["lead_id"],
        "enrollment_id": touch["enrollment_id"],
        "kind": task_kind(ready.step.channel),
        "assignee": touch["sender"],
        "note": f"Read it, then: outreach review approve {ready.touch_id}",
        "text": text_of(ready.message),
        "to": ready.subject.recipient or ready.message.to,
        "state": "open",
        "created_at": now,
    }
