"""The worker: answers the doorbell, and looks for work by itself in case the bell was lost."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

import structlog
import uvloop

from outreach import errands
from outreach.app import App
from outreach.doorbell import Answers
from outreach.services.hearing.understand import understand_one, waiting_deliveries
from outreach.services.sending.dispatch import Dispatcher
from outreach.services.sending.inquire import any_in_doubt, inquire
from outreach.services.sending.relations import look_at_relations
from outreach.services.sending.withdraw import withdraw_old
from outreach.services.watching.tell_team import any_due, tell_team
from outreach.store import touches

log = structlog.get_logger()

T = TypeVar("T")

_LOOK_SECONDS = 0.5
_LOOK_SECONDS_WITH_BROKER = 5.0
_THREADS = 8
_SWITCH_SECONDS = 0.002
"""The network's thread gives the interpreter away at each packet; at the usual 5 ms it waits long to get it back."""


def _collect_seldom() -> None:
    """Messages in work are many objects and hardly any cycles: looking for those all the time costs a tenth of it all.

    What the program itself consists of is not looked at again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


class Worker:
    """One process of sending and understanding. `start` returns at once; `close` finishes what is on the wire."""

    def __init__(self, app: App, *, threads: int = _THREADS) -> None:
        self._app = app
        self._threads = threads
        self._loop = uvloop.new_event_loop()
        self._loop_thread = threading.Thread(target=self._loop.run_forever, name="network", daemon=True)
        self._dispatcher = Dispatcher(app.engine, app.channel_of, owner=app.owner)
        self._stopped = threading.Event()
        looks = [self.look_for_claims, self.look_for_deliveries, self.look_for_syncs]
        looks += [self._seldom(self.look_for_notices, 1), self._seldom(self.look_for_doubts, 5)]
        looks += [self._seldom(self.look_for_acceptance, 60), self._seldom(self.look_for_old_invitations, 30)]
        self._lookers = [threading.Thread(target=self._look, args=(look,), daemon=True) for look in looks]

    def start(self) -> None:
        sys.setswitchinterval(_SWITCH_SECONDS)
        errands.load_channels(self._app)
        _collect_seldom()
        self._app.journal.compare(self._app.store, self._app.clock.now())
        self._loop_thread.start()
        answers = Answers(touches=self.carry_out, deliveries=self.understand, sync=self.sync)
        self._app.doorbell.listen(answers, threads=self._threads)
        for looker in self._lookers:
            looker.start()
        log.info("worker_started", owner=self._app.owner, threads=self._threads)

    def close(self) -> None:
        self._stopped.set()
        self._dispatcher.stop()
        for looker in self._lookers:
            looker.join()
        self._app.doorbell.close()
        self._wait(self._app.close_network())
        self._dispatcher.close()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._loop_thread.join()
        log.info("worker_stopped", owner=self._app.owner)

    def carry_out(self, claim_id: str) -> None:
        """One claim, to its end."""
        self._wait(self._dispatcher.run_claim(claim_id))

    def understand(self, delivery_id: str) -> None:
        """One stored delivery."""
        understand_one(self._app.engine, self._app.receivers, delivery_id)

    def sync(self, connection: str) -> None:
        """What is due on one CRM connection."""
        self._wait(self._app.drain(connection))

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _look(self, look: Callable[[], int]) -> None:
        """Work whose bell nobody heard. Without a broker between processes this is how it is found."""
        with_broker = not self._app.doorbell.is_in_process
        while not self._stopped.wait(_LOOK_SECONDS_WITH_BROKER if with_broker else _LOOK_SECONDS):
            try:
                look()
            except Exception as error:  # noqa: BLE001  # the database may be restarting
                log.warning("looking_failed", error=str(error)[:200])

    def _seldom(self, look: Callable[[], int], seconds: float) -> Callable[[], int]:
        """The same, at most every so many seconds: what nobody waits for is not asked for all the time."""
        next_at = 0.0

        def now_and_then() -> int:
            nonlocal next_at
            if self._app.clock.monotonic() < next_at:
                return 0
            next_at = self._app.clock.monotonic() + seconds
            return look()

        return now_and_then

    def look_for_claims(self) -> int:
        """Carry out claims that nobody has taken over; how many were found."""
        with self._app.store.read() as connection:
            waiting = touches.unowned_claims(connection, most=self._threads)
        for claim_id in waiting:
            if self._stopped.is_set():
                break
            self.carry_out(claim_id)
        return len(waiting)

    def look_for_deliveries(self) -> int:
        """Understand deliveries that have waited; how many were found."""
        waiting = waiting_deliveries(self._app.engine)
        for delivery_id in waiting:
            if self._stopped.is_set():
                break
            self.understand(delivery_id)
        return len(waiting)

    def look_for_syncs(self) -> int:
        """Do what is due on CRM connections; how many had something to do."""
        due = self._app.due_connections()
        for connection in due:
            if self._stopped.is_set():
                break
            self.sync(connection)
        return len(due)

    def look_for_notices(self) -> int:
        """Tell the team what it is to hear; how many messages went out."""
        if not any_due(self._app.engine):
            return 0
        return self._wait(tell_team(self._app.engine, partial(errands.way_of, self._app)))

    def look_for_doubts(self) -> int:
        """Ask providers about messages in doubt; how many were found."""
        if not any_in_doubt(self._app.engine):
            return 0
        return self._wait(inquire(self._app.engine, partial(errands.look_up_of, self._app)))

    def look_for_acceptance(self) -> int:
        """Look among the relations of LinkedIn accounts; how many invitations were accepted."""
        ask = errands.relations(self._app)
        return self._wait(look_at_relations(self._app.engine, ask)) if ask else 0

    def look_for_old_invitations(self) -> int:
        """Take back invitations that nobody answered for long; how many."""
        ages = errands.withdraw_ages(self._app)
        return self._wait(withdraw_old(self._app.engine, ages, self._app.channel_of)) if ages else 0
