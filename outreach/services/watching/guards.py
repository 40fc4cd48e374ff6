"""Senders pause by themselves: too many dead addresses, too many complaints, or nobody who answers.

Looked at once a minute for every sender with a mailbox. After a pause counting begins anew, so that who resumes the
sender is believed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from outreach.domain.event import EventKind
from outreach.domain.guards import NO_GUARDS, Guard, Sample, too_many, too_silent
from outreach.services.hearing.stop import Target, Width, pause
from outreach.services.sending.engine import Engine
from outreach.store import guard_counts, stops
from outreach.store.tables import facts

log = structlog.get_logger()

EVERY = timedelta(minutes=1)
BY = "guard"
_FACT = "guards"
_LIFE = (
    *(EventKind.REPLIED, EventKind.AUTORESPONDED, EventKind.OPENED, EventKind.CLICKED),
    *(EventKind.UNSUBSCRIBED, EventKind.COMPLAINED, EventKind.BOOKED),
)
_KINDS = {Guard.BOUNCES: EventKind.BOUNCED, Guard.COMPLAINTS: EventKind.COMPLAINED}


def look(engine: Engine) -> list[str]:
    """Pause senders whose numbers are bad; those that were paused now. Does nothing until a minute is over."""
    if engine.policy.guards == NO_GUARDS:
        return []
    now = engine.clock.now()
    with engine.store.read() as connection:
        known = _known(connection)
        if known and timedelta(0) <= now - datetime.fromisoformat(known["at"]) < EVERY:
            return []
        begun = {name: datetime.fromisoformat(at) for name, at in known.get("since", {}).items()}
        reasons = dict(_reasons(connection, engine, begun, now))
    for name, reason in reasons.items():
        remedy = f"outreach resume --sender {name}"
        log.warning("paused_by_guard", scope="sender", value=name, reason=reason, remedy=remedy)
        pause(engine, Target(width=Width.SENDER, value=name), reason=reason, by=BY, is_news=True)
    begun |= dict.fromkeys(reasons, now)
    since = {name: at.isoformat() for name, at in sorted(begun.items()) if name in engine.senders}
    engine.store.write(lambda connection: _remember(connection, {"at": now.isoformat(), "since": since}))
    return sorted(reasons)


def _reasons(
    connection: Connection, engine: Engine, begun: Mapping[str, datetime], now: datetime
) -> Iterator[tuple[str, str]]:
    """Each sender that is to be paused, with the reason."""
    paused = {(row["scope"], row["value"]) for row in stops.paused(connection)}
    for name, sender in sorted(engine.senders.items()):
        if not sender.email or ("sender", name) in paused:
            continue
        reason = _reason(connection, engine, name, begun.get(name), now)
        if reason:
            yield name, reason


def _reason(connection: Connection, engine: Engine, sender: str, begun: datetime | None, now: datetime) -> str | None:
    guards = engine.policy.guards
    for guard, limits in ((Guard.BOUNCES, guards.bounces), (Guard.COMPLAINTS, guards.complaints)):
        if limits is None:
            continue
        mails = _Mails(connection, sender, _since(now - limits.within, begun), now)
        reason = too_many(guard, limits, mails.tried(_KINDS[guard]))
        if reason:
            return reason
    if guards.silence is None:
        return None
    mails = _Mails(connection, sender, _since(now - guards.silence.within, begun), now - guards.silence.patience)
    return too_silent(guards.silence, mails.answered())


def _since(instant: datetime, begun: datetime | None) -> datetime:
    return max(instant, begun) if begun else instant


@dataclass(frozen=True, slots=True)
class _Mails:
    """The mails of a sender in a span."""

    connection: Connection
    sender: str
    since: datetime
    before: datetime

    def tried(self, kind: EventKind) -> Sample:
        """With those for which that came. A mail that was refused at once was tried, too."""
        sent, first_at = guard_counts.mails(self.connection, self.sender, since=self.since, before=self.before)
        since = first_at if first_at and sent >= guard_counts.MOST else self.since
        hits, never_sent = guard_counts.hits(self.connection, self.sender, [kind], since=since)
        return Sample(sent + never_sent, hits)

    def answered(self) -> Sample:
        """With the signs of life; any of them in the span speaks for all."""
        sent, _ = guard_counts.mails(self.connection, self.sender, since=self.since, before=self.before)
        return Sample(sent, guard_counts.hits(self.connection, self.sender, _LIFE, since=self.since)[0])


def _known(connection: Connection) -> dict[str, Any]:
    found = connection.execute(select(facts.c.value).where(facts.c.name == _FACT)).scalar()
    return dict(found) if found else {}


def _remember(connection: Connection, value: Mapping[str, Any]) -> None:
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(facts).values(name=_FACT, value=dict(value))
    connection.execute(statement.on_conflict_do_update(index_elements=[facts.c.name], set_={"value": dict(value)}))
