"""What a test says happens, applied as if a provider had told it: by the same functions, at its instant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from outreach.content.sequence_tests import Happening
from outreach.domain.event import Clues, Event, EventKind
from outreach.domain.touch import TouchState
from outreach.errors import UsageError
from outreach.mail.understand import Given, understand_chat, understand_text
from outreach.mail.understood import Kind
from outreach.services.hearing.react import apply
from outreach.services.people import tasks
from outreach.services.pipeline.stage import Wish, move_by_hand
from outreach.services.sending.engine import Engine
from outreach.store import stops
from outreach.store.tables import touches

_BY = "test"
_OF_A_REPLY = {Kind.UNSUBSCRIBE: EventKind.UNSUBSCRIBED, Kind.AUTO_REPLY: EventKind.AUTORESPONDED}
_OUT = (TouchState.SENT, TouchState.UNKNOWN)


class _Impossible(Exception):
    """It cannot happen at that instant; the text says why."""


def bring(engine: Engine, happening: Happening, lead_id: str, *, number: int) -> str | None:
    """Let it happen now. Why it cannot, or None. `number` makes the event's key."""
    news = _News(engine, happening, lead_id, f"test/{number}")
    try:
        _ACTS[happening.what](news)
    except (_Impossible, UsageError) as error:
        return str(error)
    return None


@dataclass(frozen=True, slots=True)
class _News:
    engine: Engine
    happening: Happening
    lead_id: str
    key: str

    @property
    def text(self) -> str:
        return str(self.happening.value)

    def tell(self, kind: EventKind, channel: str, about: RowMapping | None, **values: Any) -> None:
        """Apply an event about that touch, or about the lead's address on the channel."""

        def work(connection: Connection) -> None:
            clues = self._clues(connection, channel, about)
            event = Event(key=self.key, kind=kind, at=self.engine.clock.now(), channel=channel, clues=clues)
            apply(connection, self.engine, replace(event, **values))

        self.engine.store.write(work)

    def _clues(self, connection: Connection, channel: str, about: RowMapping | None) -> Clues:
        own = stops.addresses_of(connection, [self.lead_id])[self.lead_id]
        on_channel = [row for row in own if row["kind"] == channel] or own[:1]
        ids = (about["message_id"],) if about is not None and about["message_id"] else ()
        return Clues(message_ids=ids, addresses=tuple((row["kind"], row["value"]) for row in on_channel))

    def last(self, *actions: str) -> RowMapping | None:
        """The touch that went out last, of these actions or of any that reached the person."""
        with self.engine.store.read() as connection:
            statement = select(touches).where(touches.c.lead_id == self.lead_id, touches.c.state.in_(_OUT))
            rows = list(connection.execute(statement.order_by(touches.c.sent_at, touches.c.id)).mappings())
        fitting = [row for row in rows if (row["action"] in actions if actions else row["channel"] != "task")]
        return fitting[-1] if fitting else None

    def mail(self) -> RowMapping:
        """The e-mail that went out last."""
        found = self.last("email")
        if found is None:
            raise _Impossible("no e-mail had been sent by then")
        return found


def _reply(news: _News) -> None:
    about = news.last()
    channel = about["channel"] if about is not None else "email"
    if channel == "email":
        subject = f"Re: {about['subject']}" if about is not None and about["subject"] else ""
        understood = understand_text(Given(subject=subject, text=news.text), now=news.engine.clock.now())
    else:
        understood = understand_chat(news.text)
    kind = _OF_A_REPLY.get(understood.kind, EventKind.REPLIED)
    data = {"until": understood.until.isoformat()} if understood.until else {}
    news.tell(kind, channel, about, text=understood.text, data=data)


def _bounce(news: _News) -> None:
    is_hard = news.happening.value == "hard"
    news.tell(EventKind.BOUNCED, "email", news.mail(), is_hard=is_hard, reason="no_mailbox" if is_hard else "full")


def _auto_reply(news: _News) -> None:
    until = news.happening.value
    data = {"until": until.isoformat()} if isinstance(until, date) else {}
    news.tell(EventKind.AUTORESPONDED, "email", news.last("email"), data=data)


def _accepted(news: _News) -> None:
    about = news.last("linkedin.invite")
    if about is None:
        raise _Impossible("no invitation had been sent by then")
    news.tell(EventKind.ACCEPTED, "linkedin", about)


def _task_done(news: _News) -> None:
    found = tasks.list_tasks(news.engine, tasks.Wanted(lead_id=news.lead_id, snoozed=True))
    if not found:
        raise _Impossible("no task was open by then")
    tasks.done(news.engine, found[0].id, outcome=news.text, by=_BY)


def _stage(news: _News) -> None:
    move_by_hand(news.engine, news.lead_id, Wish(stage=news.text, by=_BY))


_ACTS: dict[str, Callable[[_News], None]] = {
    "reply": _reply,
    "bounce": _bounce,
    "auto_reply": _auto_reply,
    "unsubscribe": lambda news: news.tell(EventKind.UNSUBSCRIBED, "email", news.last("email")),
    "open": lambda news: news.tell(EventKind.OPENED, "email", news.mail()),
    "click": lambda news: news.tell(EventKind.CLICKED, "email", news.mail()),
    "accepted": _accepted,
    "meeting": lambda news: news.tell(EventKind.BOOKED, "other", None),
    "task_done": _task_done,
    "stage": _stage,
}
