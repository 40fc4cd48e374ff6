"""Tell the team: `tell` writes a notice in the transaction of what happened; the worker sends it (`tell_team.py`).

Nobody who is not asked for in the settings is told anything, and then nothing is written. `status` shows everything
in any case.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from outreach.domain.notice import EMAIL, Notice, NoticeKind, Notify, Way
from outreach.services.sending.engine import Engine
from outreach.store import notices
from outreach.store.tables import companies, leads

OWNER = "owner"
"""In place of an address: the mailbox of whom the lead belongs to."""

_MOST = 500
_PATIENCE = timedelta(minutes=10)
"""So long a message in doubt may still be settled: by its own news, or because the provider could be asked."""


def tell(connection: Connection, notify: Notify, notice: Notice, now: datetime) -> None:
    """Everybody who hears of this kind, once for its key."""
    notices.add(connection, notice, notify.hears(notice.kind), now)


def tell_person(connection: Connection, engine: Engine, notice: Notice, *, to: str) -> None:
    """An address, or `owner` of the lead the notice is about; where nobody has a mailbox, the team."""
    address = to if to != OWNER else _owner_address(connection, engine, notice.lead_id)
    now = engine.clock.now()
    if not address or not mail_sender(engine):
        tell(connection, engine.notify, notice, now)
        return
    notices.add(connection, notice, [Way(name=EMAIL, to=address)], now)


def mail_sender(engine: Engine) -> str:
    """Whose mailbox writes to the team: the one named in the settings, else the first there is."""
    with_mailbox = (name for name, each in engine.senders.items() if each.email)
    return engine.notify.mail_from or next(with_mailbox, "")


def _owner_address(connection: Connection, engine: Engine, lead_id: str | None) -> str:
    if lead_id is None:
        return ""
    owner = connection.execute(select(leads.c.owner).where(leads.c.id == lead_id)).scalar() or ""
    return owner if "@" in owner else engine.sender(owner).email


def who(connection: Connection, lead_id: str | None) -> str:
    """`Ada Sample of Example Ltd`, as far as it is known; no address, because notices go to other systems."""
    if lead_id is None:
        return "somebody erased"
    statement = (
        select(leads.c.first_name, leads.c.last_name, companies.c.name)
        .outerjoin(companies, companies.c.id == leads.c.company_id)
        .where(leads.c.id == lead_id)
    )
    row = connection.execute(statement).one_or_none()
    if row is None:
        return f"lead {lead_id}"
    name = " ".join(part for part in row[:2] if part) or f"lead {lead_id}"
    return f"{name} of {row[2]}" if row[2] else name


def tell_of_a_reply(connection: Connection, engine: Engine, lead_id: str, *, key: str, channel: str) -> None:
    """Somebody answered. What was said stays here."""
    if engine.notify.hears(NoticeKind.REPLY):
        text = f"{who(connection, lead_id)} answered ({channel}). See: outreach inbox"
        notice = Notice(kind=NoticeKind.REPLY, key=f"reply:{key}"[:500], text=text, lead_id=lead_id)
        tell(connection, engine.notify, notice, engine.clock.now())


def tell_of_what_waits(engine: Engine) -> int:
    """The sweep: messages that only a person can settle by now, and tasks whose time is over; how many are new."""
    wanted = [kind for kind in (NoticeKind.UNKNOWN, NoticeKind.OVERDUE) if engine.notify.hears(kind)]
    if not wanted:
        return 0
    with engine.store.read() as connection:
        found = _waiting(connection, engine, wanted)
    if found:
        engine.store.write(lambda connection: _tell_all(connection, engine, found))
    return len(found)


def _tell_all(connection: Connection, engine: Engine, found: list[Notice]) -> None:
    for notice in found:
        tell(connection, engine.notify, notice, engine.clock.now())


def _waiting(connection: Connection, engine: Engine, wanted: list[NoticeKind]) -> list[Notice]:
    now = engine.clock.now()
    found: list[Notice] = []
    if NoticeKind.UNKNOWN in wanted:
        found += _unknown(connection, now)
    if NoticeKind.OVERDUE in wanted:
        found += _overdue(connection, now)
    return found


def _unknown(connection: Connection, now: datetime) -> list[Notice]:
    rows = notices.unknown_untold(connection, since=now - _PATIENCE, most=_MOST)
    return [
        Notice(
            kind=NoticeKind.UNKNOWN,
            key=f"unknown:{row.id}",
            text=f"Nobody knows whether {row.step} of {row.sequence} reached {who(connection, row.lead_id)} "
            f"(from {row.sender}). Decide: outreach unknown list",
            lead_id=row.lead_id,
        )
        for row in rows
    ]


def _overdue(connection: Connection, now: datetime) -> list[Notice]:
    return [
        Notice(
            kind=NoticeKind.OVERDUE,
            key=f"overdue:{row.id}",
            text=f"Overdue since {row.due_at:%Y-%m-%d %H:%M} UTC: {row.kind} for {who(connection, row.lead_id)}"
            f"{f', {row.assignee}' if row.assignee else ''}. See: outreach tasks",
            lead_id=row.lead_id,
        )
        for row in notices.overdue_untold(connection, now, most=_MOST)
    ]
