"""Accept what providers tell us: verify, store the raw delivery, put holds, answer. Understanding comes later."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from outreach.domain.event import Clues
from outreach.errors import WebhookRejected
from outreach.receiver import Answer, Delivery, Receiver, answer_of
from outreach.services.sending.engine import Engine
from outreach.store import deliveries, enrollments, stops, touches
from outreach.store.group_commit import GroupCommit


@dataclass(frozen=True, slots=True)
class Accepted:
    """The delivery is stored and its holds stand. `status` is the HTTP status the provider wants to hear.

    With an `answer` it is said in its words; a handshake is answered and not stored (`delivery_id` is empty).
    """

    delivery_id: str
    status: int
    is_new: bool
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class _Stored:
    delivery_id: str
    is_new: bool


class Intake:
    """The one door for deliveries. Those that arrive together share a commit; each is answered after it."""

    def __init__(self, engine: Engine, receivers: Mapping[str, Receiver], *, nudge: Callable[[str], None]) -> None:
        self._engine = engine
        self.receivers = receivers
        self._nudge = nudge
        self._arrivals: GroupCommit[tuple[Delivery, str, Clues], _Stored] = GroupCommit(
            lambda arrivals: store(engine, arrivals), name="intake"
        )

    def accept(self, connection: str, *, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Accepted:
        """Store one delivery. Raises WebhookRejected when it is not provably from the provider."""
        receiver = self.receivers.get(connection)
        if receiver is None:
            raise WebhookRejected(f"no connection '{connection}'")
        now = self._engine.clock.now()
        delivery = Delivery(
            connection=connection, method=method, url=url, headers=dict(headers), body=body, received_at=now
        )
        receiver.verify(delivery, now=now)
        answer = answer_of(receiver, delivery)
        if answer and not answer.is_news:
            return Accepted("", answer.status, is_new=False, answer=answer)
        arrival = (delivery, receiver.key(delivery), receiver.clues(delivery))
        stored = self._arrivals.submit(arrival).result()
        if stored.is_new:
            self._nudge(stored.delivery_id)
        status = answer.status if answer else receiver.accepted_status
        return Accepted(stored.delivery_id, status, stored.is_new, answer)

    def close(self) -> None:
        self._arrivals.close()


def store(engine: Engine, arrivals: Sequence[tuple[Delivery, str, Clues]]) -> list[_Stored]:
    """One transaction: raw deliveries, and a hold on every open enrollment they may be about."""
    return engine.store.write(lambda connection: store_within(connection, engine, arrivals))


def store_within(
    connection: Connection, engine: Engine, arrivals: Sequence[tuple[Delivery, str, Clues]]
) -> list[_Stored]:
    """The same inside a transaction that stores more, such as how far a mailbox was read."""
    now = engine.clock.now()
    stored = [_keep(connection, engine, delivery, key) for delivery, key, _ in arrivals]
    wanted = {
        kept.delivery_id: deliveries.open_enrollments_for(connection, clues)
        for kept, (_, _, clues) in zip(stored, arrivals, strict=True)
        if kept.is_new and clues
    }
    touched = [enrollment_id for ids in wanted.values() for enrollment_id in ids]
    if touched:
        enrollments.lock(connection, touched)
        touches.set_crossed(connection, touched, crossed=True)
    for delivery_id, ids in wanted.items():
        stops.hold(connection, ids, delivery_id, now)
    return stored


def _keep(connection: Connection, engine: Engine, delivery: Delivery, key: str) -> _Stored:
    delivery_id = engine.clock.fresh_id()
    is_new = deliveries.keep(connection, _row(delivery_id, delivery, key))
    if is_new:
        return _Stored(delivery_id, True)
    return _Stored(deliveries.find(connection, delivery.connection, key) or delivery_id, False)


def _row(delivery_id: str, delivery: Delivery, key: str) -> dict[str, object]:
    at: datetime = delivery.received_at
    return {
        "id": delivery_id,
        "connection": delivery.connection,
        "key": key,
        "method": delivery.method,
        "url": delivery.url,
        "headers": dict(delivery.headers),
        "body": delivery.body,
        "received_at": at,
        "state": "stored",
        "attempts": 0,
        "due_at": at,
    }
