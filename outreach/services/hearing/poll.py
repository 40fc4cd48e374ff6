"""Read a mailbox: what stands behind the cursor is stored and held like a delivery, the cursor in the same commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import partial
from urllib.parse import quote

import structlog
from sqlalchemy import Connection

from outreach.domain.event import Clues
from outreach.poller import Folder, Look, Mail, Poller
from outreach.receiver import Delivery, Receiver
from outreach.services.hearing.receive import store_within
from outreach.services.sending.engine import Engine
from outreach.store import mailboxes

log = structlog.get_logger()

METHOD = "IMAP"
LOOK_BACK = timedelta(days=2)
"""Mail that came in so long before a mailbox was first read, or was last read under another numbering, counts too."""


def connection_of(mailbox: str) -> str:
    """The name deliveries of a sender's mailbox stand under; no webhook can be called so."""
    return f"mailbox:{mailbox}"


def read(engine: Engine, receiver: Receiver, poller: Poller, mailbox: str, *, nudge: Callable[[str], None]) -> int:
    """Everything new in the mailbox, a bounded piece at a time; how many deliveries are new. Raises AdapterError."""
    since = _since(engine, mailbox)
    began = engine.clock.now()
    new: list[str] = []
    for folder in poller.folders():
        is_end = False
        while not is_end:
            stored, is_end = _piece(engine, receiver, poller, mailbox, folder=folder, since=since)
            new += stored
            for delivery_id in stored:
                nudge(delivery_id)
    with engine.store.begin() as connection:
        mailboxes.note_read(connection, mailbox, began)
    if new:
        log.info("mailbox_read", mailbox=mailbox, new=len(new))
    return len(new)


def _since(engine: Engine, mailbox: str) -> date:
    with engine.store.read() as connection:
        row = mailboxes.of(connection, mailbox)
    looked_at = row["looked_at"] if row else None
    since: date = ((looked_at or engine.clock.now()) - LOOK_BACK).date()
    return since


def _piece(
    engine: Engine, receiver: Receiver, poller: Poller, mailbox: str, *, folder: Folder, since: date
) -> tuple[list[str], bool]:
    """(ids of new deliveries, is this the end). No transaction is open while the server is asked."""
    with engine.store.read() as connection:
        cursor = mailboxes.cursor(connection, mailbox, folder.name)
    found = poller.look(folder, cursor, since=since)
    if found.cursor == cursor:
        return [], found.is_end
    arrivals = [_arrival(engine, receiver, mailbox, folder, mail=mail, look=found) for mail in found.mails]
    work = partial(_store, engine=engine, arrivals=arrivals, mailbox=mailbox, folder=folder.name, look=found)
    return engine.store.write(work), found.is_end


def _store(
    connection: Connection,
    *,
    engine: Engine,
    arrivals: Sequence[tuple[Delivery, str, Clues]],
    mailbox: str,
    folder: str,
    look: Look,
) -> list[str]:
    stored = store_within(connection, engine, arrivals)
    mailboxes.move(connection, mailbox, folder, look.cursor)
    return [each.delivery_id for each in stored if each.is_new]


def _arrival(
    engine: Engine, receiver: Receiver, mailbox: str, folder: Folder, *, mail: Mail, look: Look
) -> tuple[Delivery, str, Clues]:
    headers = {"folder": folder.name}
    if folder.is_sent:
        headers["is-sent"] = "yes"
    if mail.problem:
        headers["problem"] = mail.problem
        log.warning("mail_not_whole", mailbox=mailbox, folder=folder.name, uid=mail.uid, problem=mail.problem)
    delivery = Delivery(
        connection=connection_of(mailbox),
        method=METHOD,
        url=f"imap:/{quote(folder.name)};UIDVALIDITY={look.cursor.validity}/;UID={mail.uid}",
        headers=headers,
        body=mail.raw,
        received_at=engine.clock.now(),
    )
    return delivery, receiver.key(delivery), receiver.clues(delivery)
