"""Ask providers what became of messages in doubt, before a person has to decide.

An answer that the message is there settles it as sent. That it is not there proves nothing: lists lag and folders are
filled late, so it is asked some times more and stays in doubt after that. Nothing is ever sent again from here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Connection, RowMapping

from outreach.channel import Receipt, Sought
from outreach.errors import AdapterError, ConfigError
from outreach.services.sending.engine import Engine
from outreach.services.sending.facts import address_for, address_kind
from outreach.services.watching import unknown
from outreach.store import inquiries, stops

log = structlog.get_logger()

AGAIN = (timedelta(minutes=2), timedelta(minutes=5))
"""After the first time it is asked again after these."""

FIRST = timedelta(seconds=20)
"""A list may lag, and a late answer of the provider may settle it by itself."""

_MOST = 20

LookUp = Callable[[Sought], Awaitable[Receipt | None]]
Ask = Callable[[str, str], LookUp | None]
"""(sender, channel) → how that account is asked; None where it cannot be."""


def any_in_doubt(engine: Engine) -> bool:
    """Is there a message that somebody should be asked about now?"""
    return bool(_due(engine, most=1))


def _due(engine: Engine, *, most: int) -> list[RowMapping]:
    now = engine.clock.now()
    with engine.store.read() as connection:
        return inquiries.due(connection, now=now, since=now - FIRST, most=most)


async def inquire(engine: Engine, ask: Ask) -> int:
    """Ask about what is due; how many messages were found."""
    return sum([await _inquire(engine, ask, touch) for touch in _due(engine, most=_MOST)])


async def _inquire(engine: Engine, ask: Ask, touch: RowMapping) -> bool:
    try:
        look_up = ask(touch["sender"], touch["channel"])
    except ConfigError:
        look_up = None
    if look_up is None:
        _note(engine, touch, said="cannot be asked", is_last=True)
        return False
    _note(engine, touch, said="asked")  # first, so that whatever happens it is not asked without end
    try:
        found = await look_up(engine.store.write(lambda connection: _sought(connection, touch)))
    except AdapterError as error:
        _note(engine, touch, said=error.said)
        return False
    return found is not None and _settle(engine, touch, found)


def _note(engine: Engine, touch: RowMapping, *, said: str, is_last: bool = False) -> None:
    asked = touch["asked"] or 0
    now = engine.clock.now()
    due_at = None if is_last or asked >= len(AGAIN) else now + AGAIN[asked]
    work = partial(inquiries.note, touch_id=touch["id"], asked=asked + 1, due_at=due_at, said=said)
    engine.store.write(work)


def _sought(connection: Connection, touch: RowMapping) -> Sought:
    return Sought(
        key=touch["id"],
        action=touch["action"],
        to=touch["recipient"] or _address(connection, touch),
        message_id=touch["message_id"] or "",
        since=touch["handed_over_at"],
    )


def _address(connection: Connection, touch: RowMapping) -> str:
    """Of one whose worker was lost: the recipient is written with the outcome."""
    own = stops.addresses_of(connection, [touch["lead_id"]]).get(touch["lead_id"], [])
    address = address_for(touch["channel"], own)
    return (address["provider_id"] or address["value"]) if address else ""


def _settle(engine: Engine, touch: RowMapping, found: Receipt) -> bool:
    def work(connection: Connection) -> bool:
        if found.provider_id and inquiries.is_taken(connection, touch["id"], found.provider_id):
            return False
        if not unknown.found(connection, engine, touch["id"], said=found.reply):
            return False
        inquiries.keep(connection, touch["id"], _told(found))
        if found.recipient_id:
            stops.know_person(connection, touch["lead_id"], address_kind(touch["channel"]), found.recipient_id)
        return True

    is_settled = engine.store.write(work)
    if is_settled:
        log.info("doubt_settled", touch_id=touch["id"], channel=touch["channel"])
    return is_settled


def _told(found: Receipt) -> dict[str, Any]:
    values = {"provider_id": found.provider_id, "thread_id": found.thread_id, "message_id": found.message_id}
    return {name: value for name, value in values.items() if value}
