"""Send what the team is to hear: the first notice at once, those of the following minute together in one message.

A notice may come twice, if a provider's answer was lost on the way: that a colleague reads it twice is better than not
at all. Leads are never written to from here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial

import structlog

from outreach.channel import Channel, Message
from outreach.domain.notice import EMAIL
from outreach.errors import AdapterError, ConfigError, RateLimited
from outreach.services.sending.engine import Engine
from outreach.services.watching.notices import mail_sender
from outreach.store import notices
from outreach.store.notices import Batch

log = structlog.get_logger()

GATHER = timedelta(minutes=1)
"""At most one message a minute to one place."""

_LEASE = timedelta(minutes=5)
_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(hours=1)
_MOST_ATTEMPTS = 40  # more than a day and a half
_MOST_LINES = 20
_LONGEST = 2_500  # characters, below what every way takes

Open = Callable[[str], Channel | None]
"""The channel of a way; None if the settings do not name it any more."""

ACTIONS: Mapping[str, str] = {"slack": "slack.message", EMAIL: "email", "http": "http.notice"}


def any_due(engine: Engine) -> bool:
    """Is there anything to tell now?"""
    with engine.store.read() as connection:
        return bool(notices.places(connection, engine.clock.now()))


async def tell_team(engine: Engine, open_way: Open) -> int:
    """Everything that is due and may go now; how many messages went out."""
    with engine.store.read() as connection:
        places = notices.places(connection, engine.clock.now())
    sent = 0
    for way, to in places:
        batch = _claim(engine, way, to)
        if batch is not None:
            sent += await _send(engine, open_way, batch)
    return sent


def _claim(engine: Engine, way: str, to: str) -> Batch | None:
    now = engine.clock.now()
    with engine.store.read() as connection:
        last = notices.last_sent(connection, way, to)
    if last is not None and last > now - GATHER:
        return None
    fresh_id = engine.clock.fresh_id()
    work = partial(notices.claim, way=way, to=to, fresh_id=fresh_id, now=now, until=now + _LEASE)
    return engine.store.write(work)


async def _send(engine: Engine, open_way: Open, batch: Batch) -> bool:
    try:
        channel = open_way(batch.way)
        if channel is None:
            raise ConfigError
        await channel.send(_message(engine, batch), last_look=_nothing_to_look_at)
    except ConfigError as error:
        said = str(error) or "the settings name no such way any more"
        _later(engine, batch, said, _LONGEST_PAUSE)
        return False
    except AdapterError as error:
        pause = error.retry_after if isinstance(error, RateLimited) else _growing(batch.attempts)
        _later(engine, batch, str(error), pause)
        return False
    engine.store.write(lambda connection: notices.finish(connection, batch, engine.clock.now()))
    return True


async def _nothing_to_look_at() -> None:
    """No lead is written to, so nothing can stand against it."""


def _later(engine: Engine, batch: Batch, said: str, pause: timedelta) -> None:
    now = engine.clock.now()
    log.warning("notice_not_sent", way=batch.way, notices=len(batch.texts), attempts=batch.attempts, error=said[:200])
    if batch.attempts >= _MOST_ATTEMPTS:
        engine.store.write(lambda connection: notices.give_up(connection, batch, error=said, now=now))
        return
    engine.store.write(lambda connection: notices.put_back(connection, batch, due_at=now + pause, error=said))


def _growing(attempts: int) -> timedelta:
    return min(_FIRST_PAUSE * (1 << min(attempts - 1, 6)), _LONGEST_PAUSE)


def _message(engine: Engine, batch: Batch) -> Message:
    sender = engine.sender(mail_sender(engine)) if batch.way == EMAIL else None
    return Message(
        key=batch.id,
        action=ACTIONS[batch.way],
        to=batch.to,
        text=text_of(batch),
        subject=subject_of(batch),
        values={"kinds": " ".join(dict.fromkeys(batch.kinds)), "count": str(len(batch.texts))},
        from_name="Outreach" if sender else "",
        from_address=sender.email if sender else "",
        message_id=f"notice.{batch.id}@{sender.domain}" if sender else "",
    )


def subject_of(batch: Batch) -> str:
    """One line, for a mail."""
    first = " ".join(batch.texts[0].split())
    short = first if len(first) <= 100 else f"{first[:99]}…"
    return short if len(batch.texts) == 1 else f"{len(batch.texts)} notices: {short}"


def text_of(batch: Batch) -> str:
    """The sentence; of several, a list that stays readable."""
    if len(batch.texts) == 1:
        return batch.texts[0][:_LONGEST]
    lines: list[str] = []
    room = _LONGEST
    for text in batch.texts[:_MOST_LINES]:
        line = "• " + " ".join(text.split())[:400]
        if len(line) > room:
            break
        lines.append(line)
        room -= len(line) + 1
    left = len(batch.texts) - len(lines)
    return "\n".join([*lines, f"… and {left} more. See: outreach status"] if left else lines)
