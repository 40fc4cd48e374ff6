"""What an image or a link tells: somebody, or a program, has opened the mail or followed a link. Never certain.

Mail programs and scanners load images and follow links by themselves. What shows that it was one of those is kept as
`unknown`; everything else is `opened` or `clicked`, and marked as not reliable all the same.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from sqlalchemy import RowMapping, select

from outreach.domain.event import Clues, Event, EventKind
from outreach.services.hearing.react import apply
from outreach.services.sending.engine import Engine
from outreach.store import links
from outreach.store.tables import touches

_AT_ONCE = timedelta(seconds=10)
_LONGEST_AGENT = 200
_MACHINES = re.compile(
    r"googleimageproxy|yahoomailproxy|bot\b|crawl|spider|preview|scan|proofpoint|mimecast|barracuda|safelinks|headless"
    r"|python-|curl/|wget/|go-http-client|java/|^mozilla/5\.0$|^$",
    re.IGNORECASE,
)


def opened(engine: Engine, touch_id: str, agent: str) -> None:
    """Its image was loaded; once an hour counts."""
    _note(engine, touch_id, EventKind.OPENED, agent)


def clicked(engine: Engine, touch_id: str, link_id: str, agent: str | None) -> str | None:
    """A link of it was followed: where it leads. Without an agent it is not counted. None: that link is not ours."""
    with engine.store.read() as connection:
        url = links.target(connection, link_id)
    if url is not None and agent is not None:
        _note(engine, touch_id, EventKind.CLICKED, agent, link_id=link_id, url=url)
    return url


def _note(engine: Engine, touch_id: str, kind: EventKind, agent: str, *, link_id: str = "", url: str = "") -> None:
    now = engine.clock.now()
    with engine.store.read() as connection:
        touch = connection.execute(select(touches).where(touches.c.id == touch_id)).mappings().one_or_none()
    if touch is None:
        return
    is_machine = _is_machine(touch, agent, now)
    data = {"is_reliable": False, "by": "machine" if is_machine else "somebody", "agent": _plain(agent), "url": url}
    event = Event(
        key=f"{kind}:{touch_id}:{link_id}:{now:%Y%m%d%H}:{data['by']}",
        kind=EventKind.UNKNOWN if is_machine else kind,
        at=now,
        channel="email",
        clues=Clues(tokens=(touch_id,)),
        reason=f"{kind} by a machine" if is_machine else "",
        data={name: value for name, value in data.items() if value != ""},
    )
    engine.store.write(lambda connection: apply(connection, engine, event))


def _is_machine(touch: RowMapping, agent: str, now: datetime) -> bool:
    sent_at: datetime | None = touch["sent_at"]
    return bool(_MACHINES.search(agent.strip())) or sent_at is None or now - sent_at < _AT_ONCE


def _plain(agent: str) -> str:
    return "".join(letter for letter in agent if letter.isprintable())[:_LONGEST_AGENT]
