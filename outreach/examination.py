"""The whole of `outreach doctor`: every part of the program is asked how it is, one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from functools import partial

import httpx

from outreach.app import App
from outreach.content.configuration import SenderSettings
from outreach.doorbell import ping
from outreach.errors import AdapterError, ConfigError, OutreachError
from outreach.services.watching import dns_guard, doctor
from outreach.services.watching.sender_records import Finding, State

_PATIENCE_SECONDS = 30.0
_PAUSED = "The sender is paused when it happens while sending. Look at its login in config/senders.yaml."


def examine(app: App, *, with_network: bool = True) -> Iterator[Finding]:
    """Every finding, as soon as it is there. Nothing is sent, stored or changed."""
    findings = list(doctor.database(lambda: app.store, app.clock))
    yield from findings
    has_store = all(each.state is not State.FAILED for each in findings)
    yield doctor.queue(app.settings.broker_url, ping)
    yield doctor.disk(app.settings.root)
    yield from doctor.versions()
    if has_store:
        yield from doctor.read_mailboxes(app.store)
    if with_network:
        yield from _outside(app)


def _outside(app: App) -> Iterator[Finding]:
    with httpx.Client(timeout=10, follow_redirects=False) as http:
        yield from doctor.webhooks(app.settings, http, app.clock)
    for name, each in app.settings.senders.items():
        yield from asyncio.run(_logins(app, name, each))
        if name in app.mailboxes:
            yield _reading(app, name)
        if each.email and dns_guard.sends_outside(each.email):
            yield from dns_guard.findings_of(app.settings, name, each.email, app.resolver)


async def _logins(app: App, name: str, each: SenderSettings) -> list[Finding]:
    """Sign in to every account of a sender whose channel knows how to try that."""
    names = [*(["email"] if each.email else []), *each.channels]
    try:
        return [found for channel in names for found in await _login(app, name, channel)]
    finally:
        await app.close_network()


async def _login(app: App, name: str, channel: str) -> list[Finding]:
    subject = f"{name}.{channel}"
    try:
        connected = app.channel_of(name, channel)
        sign_in = getattr(connected, "sign_in", None)
        if sign_in is None:
            return []
        said = await asyncio.wait_for(sign_in(), _PATIENCE_SECONDS)
    except ConfigError as error:
        return [Finding("login", subject, State.FAILED, str(error))]
    except TimeoutError:
        return [Finding("login", subject, State.FAILED, "no answer", _PAUSED)]
    except AdapterError as error:
        return [Finding("login", subject, State.FAILED, error.said, _PAUSED)]
    return [Finding("login", subject, State.OK, said)]


def _reading(app: App, name: str) -> Finding:
    finding = partial(Finding, "imap", name)
    try:
        with closing(app.poller_of(name)) as poller:
            folders = ", ".join(folder.name for folder in poller.folders())
    except OutreachError as error:
        return finding(State.FAILED, str(error), "Look at imap in config/senders.yaml.")
    return finding(State.OK, f"signed in; reads {folders}")
