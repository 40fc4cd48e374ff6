"""The reader of mailboxes: a thread for each one this process holds the lease of. Runs beside the worker.

A mailbox is read when its server tells of news (IDLE), when a receiver does (a push), and every so often in any case.
Any number of processes may run it; one of them reads a mailbox at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from outreach.app import App
from outreach.doorbell import DELIVERIES
from outreach.errors import AdapterError, Unauthorized
from outreach.poller import Poller
from outreach.services.hearing import poll
from outreach.store import leases, mailboxes

log = structlog.get_logger()

_LEASE = timedelta(seconds=60)
_SLICE_SECONDS = 15.0  # the lease is kept and stopping is noticed between waits of this length
_LOOK_SECONDS = 1.0  # how often the table is asked whether a push has come in
_FIRST_PAUSE_SECONDS = 5.0
_LONGEST_PAUSE_SECONDS = 300.0


class Mailboxes:
    """`start` reads in the background; `close` finishes the piece that is being read."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._stopped = threading.Event()
        self._pollers: dict[str, Poller] = {name: app.poller_of(name) for name in app.mailboxes}
        self._threads = [
            threading.Thread(target=self._serve, args=(name,), name=f"mailbox {name}", daemon=True)
            for name in self._pollers
        ]
        self._ear = threading.Thread(target=self._hear, name="pushes", daemon=True)

    def start(self) -> None:
        if not self._threads:
            return
        with self._app.store.begin() as connection:
            mailboxes.enter(connection, list(self._app.mailboxes))
        for thread in (*self._threads, self._ear):
            thread.start()
        log.info("mailboxes_started", mailboxes=len(self._threads))

    def close(self) -> None:
        self._stopped.set()
        for poller in tuple(self._pollers.values()):
            poller.wake()
        for thread in (*self._threads, self._ear):
            if thread.is_alive():
                thread.join()

    def _serve(self, name: str) -> None:
        """Until we stop: take the lease, read, wait; after an error a growing pause."""
        pause, poller = _FIRST_PAUSE_SECONDS, self._pollers[name]
        while not self._stopped.is_set():
            try:
                if self._holds(name):
                    self._watch(name, poller)
                    pause = _FIRST_PAUSE_SECONDS
                else:
                    self._stopped.wait(_SLICE_SECONDS)
            except Exception as error:  # noqa: BLE001  # a server or the database is away; the next round tries again
                self._note(name, error)
                pause = _LONGEST_PAUSE_SECONDS if isinstance(error, Unauthorized) else pause
                self._stopped.wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
        poller.close()
        leases.release(self._app.store, _lease(name), self._app.owner)

    def _watch(self, name: str, poller: Poller) -> None:
        """Read now, then whenever there is reason to, as long as the lease is ours."""
        app, every = self._app, self._app.mailboxes[name].every.total_seconds()
        receiver = app.receivers[poll.connection_of(name)]
        while not self._stopped.is_set():
            poll.read(app.engine, receiver, poller, name, nudge=self._ring)
            due = app.clock.monotonic() + every
            while not poller.wait(min(_SLICE_SECONDS, max(0.0, due - app.clock.monotonic()))):
                if app.clock.monotonic() >= due:
                    break
                if self._stopped.is_set() or not self._holds(name):
                    return
            if not self._holds(name):
                return

    def _holds(self, name: str) -> bool:
        now = self._app.clock.now()
        return leases.take(self._app.store, _lease(name), self._app.owner, now=now, until=now + _LEASE)

    def _ring(self, delivery_id: str) -> None:
        self._app.doorbell.ring(DELIVERIES, [delivery_id])

    def _note(self, name: str, error: Exception) -> None:
        said = str(error) if isinstance(error, AdapterError) else type(error).__name__
        log.warning("mailbox_not_read", mailbox=name, error=said[:300])
        try:
            with self._app.store.begin() as connection:
                mailboxes.note_failure(connection, name, said)
        except Exception as broken:  # noqa: BLE001  # the database itself is away
            log.warning("mailbox_failure_not_noted", mailbox=name, error=type(broken).__name__)

    def _hear(self) -> None:
        """Wake the reader of a mailbox that somebody told us of, whichever process took the call."""
        known: Mapping[str, datetime | None] = {}
        while not self._stopped.wait(_LOOK_SECONDS):
            try:
                with self._app.store.read() as connection:
                    wanted = {row["name"]: row["wanted_at"] for row in mailboxes.all_of(connection)}
            except Exception as error:  # noqa: BLE001  # the database may be restarting
                log.warning("looking_failed", error=str(error)[:200])
                continue
            for name, at in wanted.items():
                if at is not None and at != known.get(name) and name in self._pollers:
                    self._pollers[name].wake()
            known = wanted


def _lease(name: str) -> str:
    return f"mailbox:{name}"
