"""What a worker sees to beside sending: telling the team, asking about messages in doubt, looking after invitations."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from functools import partial
from typing import Any

import structlog

from outreach import adapters
from outreach.adapters import Place
from outreach.app import App
from outreach.channel import Channel, Receipt, Sought
from outreach.domain.notice import EMAIL
from outreach.errors import ConfigError
from outreach.services.sending.inquire import LookUp
from outreach.services.sending.relations import Relations
from outreach.services.watching.notices import mail_sender

log = structlog.get_logger()

_BODIES = {"json", "form", "multipart", "text"}
_PLAIN_BODY = {"text": "{{ text }}", "kinds": "{{ values.kinds }}", "key": "{{ key }}"}


def load_channels(app: App) -> None:
    """Make the channels of every sender before a message waits for them: loading code holds up the event loop."""
    for name, sender in app.engine.senders.items():
        for channel in sender.channels:
            try:
                app.channel_of(name, channel)
            except ConfigError as error:  # its messages will say the same
                log.warning("channel_not_loaded", sender=name, channel=channel, error=str(error)[:300])


def way_of(app: App, name: str) -> Channel | None:
    """How the team is told by `slack`, `http` or `email`; None if the settings do not say."""
    if name == EMAIL:
        sender = mail_sender(app.engine)
        return app.channel_of(sender, EMAIL) if sender else None
    written = app.settings.notify.options.get(name)
    if written is None:
        return None
    place = Place("config/outreach.yaml", f"notify.{name}")
    options = _way_options(name, written)
    made: Channel = adapters.make(adapters.CHANNELS, name, options, place=place, given=app.given)
    return made


def _way_options(name: str, written: Mapping[str, Any]) -> dict[str, Any]:
    """The options of the adapter that tells the team; a request without a body of its own carries the text as JSON."""
    if name != "http":
        return dict(written)
    allowed = {"allow": written["allow"]} if "allow" in written else {}
    endpoint = {key: value for key, value in written.items() if key != "allow"}
    if not _BODIES & set(endpoint) and endpoint.get("method") != "GET":
        endpoint["json"] = _PLAIN_BODY
    return {"endpoints": {"notice": endpoint}, **allowed}


def relations(app: App) -> Mapping[str, Relations]:
    """Sender → how its LinkedIn account tells who is connected; senders whose account cannot are left out."""
    found: dict[str, Relations] = {}
    for name, each in app.settings.senders.items():
        ask = getattr(app.channel_of(name, "linkedin"), "relations", None) if each.channels else None
        if ask is not None:
            found[name] = ask
    return found


def withdraw_ages(app: App) -> Mapping[str, timedelta]:
    """Sender → how old an invitation may become before it is taken back."""
    accounts = {name: each.channels.get("linkedin") for name, each in app.settings.senders.items()}
    return {name: each.withdraw_after for name, each in accounts.items() if each and each.withdraw_after}


def look_up_of(app: App, sender: str, channel: str) -> LookUp | None:
    """How the provider of an account is asked what became of a message; None where it cannot be."""
    asked: LookUp | None = getattr(app.channel_of(sender, channel), "look_up", None)
    if asked is None and channel == EMAIL and sender in app.mailboxes:
        return partial(_in_sent_folder, app, sender)
    return asked


async def _in_sent_folder(app: App, sender: str, sought: Sought) -> Receipt | None:
    def has_it() -> bool:
        with closing(app.poller_of(sender)) as poller:
            return poller.has_sent(sought.message_id)

    is_there = bool(sought.message_id) and await asyncio.to_thread(has_it)
    return Receipt(reply="it lies in the Sent folder") if is_there else None
