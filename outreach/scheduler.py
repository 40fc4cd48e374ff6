"""The scheduler: any number may run, one leads. It ticks; what is due stands in the database, not in its memory."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from functools import partial
from importlib import import_module

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from outreach.app import App
from outreach.doorbell import DELIVERIES, SYNC, TOUCHES
from outreach.services.hearing.understand import waiting_deliveries
from outreach.services.measuring import report_mail, winners
from outreach.services.pipeline.keep_pipeline import keep_pipeline
from outreach.services.sending import recover, repeat
from outreach.services.sending.advance import advance
from outreach.services.sending.claim import each_claim
from outreach.services.sequences.continuous import enroll_matching
from outreach.services.sequences.reviews import close_moot
from outreach.services.watching import forgotten, guards
from outreach.services.watching.notices import tell_of_what_waits
from outreach.store import leases

log = structlog.get_logger()

_TICK_SECONDS = 1.0
_SWEEP_SECONDS = 10.0
_REPORT_SECONDS = 60.0
_TOLD_SECONDS = 60.0
_LEASE = timedelta(seconds=5)
_RENEW = timedelta(seconds=1)
"""A lease is kept without asking for that long; much shorter than the lease itself."""

_MOST_ROUNDS = 200
BREATH_SECONDS = 0.1


class Scheduler:
    """`start` ticks in the background; `tick` and `sweep` may also be called by hand."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._jobs = BackgroundScheduler(timezone="UTC")
        self._stopped = threading.Event()
        self._has_guarded = False
        self._leads_until = app.clock.now()
        self._told: dict[str, float] = {}  # deliveries, and when the workers were told of them

    def start(self) -> None:
        options = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
        self._jobs.add_job(self._guarded_tick, "interval", seconds=_TICK_SECONDS, **options)
        self._jobs.add_job(self._guarded_sweep, "interval", seconds=_SWEEP_SECONDS, **options)
        self._jobs.add_job(self._guarded_reports, "interval", seconds=_REPORT_SECONDS, **options)
        self._jobs.start()
        log.info("scheduler_started", owner=self._app.owner)

    def close(self) -> None:
        self._stopped.set()
        self._jobs.shutdown(wait=True)
        leases.release(self._app.store, "scheduler", self._app.owner)

    def leads(self) -> bool:
        """Take or keep the lease; an optimisation, never the guard: claims lock rows."""
        now = self._app.clock.now()
        if now < self._leads_until:
            return True
        is_ours = leases.take(self._app.store, "scheduler", self._app.owner, now=now, until=now + _LEASE)
        self._leads_until = now + _RENEW if is_ours else now
        return is_ours

    def tick(self) -> int:
        """Send enrollments on, claim what is due, ring; how much was moved."""
        engine = self._app.engine
        recover.note_tick(engine)
        repeat.end_doubts(engine)  # before anything is claimed
        moved = 0
        for _ in range(_MOST_ROUNDS):
            round_moved = recover.open_windows(engine) + advance(engine)
            claims = 0
            for claim_id in each_claim(engine, self._app.actions):
                self._app.doorbell.ring(TOUCHES, [claim_id])
                claims += 1
            moved += round_moved + claims
            if not round_moved and not claims:
                break
        self._ring_for_the_rest()
        return moved

    def sweep(self) -> None:
        """Look after every state that is not final."""
        recover.sweep(self._app.engine, self._app.dedupes)
        repeat.repeat_doubts(self._app.engine, self._app.keys_last)
        self._app.sweep_sync()
        guards.look(self._app.engine)
        enroll_matching(self._app.engine)
        close_moot(self._app.engine)
        keep_pipeline(self._app.engine)
        winners.look(self._app.engine)
        tell_of_what_waits(self._app.engine)

    def _ring_for_the_rest(self) -> None:
        self._app.doorbell.ring(DELIVERIES, self._not_told(waiting_deliveries(self._app.engine)))
        self._app.doorbell.ring(SYNC, self._app.due_connections())

    def _not_told(self, deliveries: list[str]) -> list[str]:
        """Those no worker was told of lately: while none runs, a broker would keep every ring of every second."""
        now = self._app.clock.monotonic()
        self._told = {each: at for each, at in self._told.items() if at > now - _TOLD_SECONDS}
        found = [each for each in deliveries if each not in self._told]
        self._told.update(dict.fromkeys(found, now))
        return found

    def _guarded_tick(self) -> None:
        """A tick goes on while there is work, so that the next second does not have to be waited for."""
        try:
            end = self._app.clock.monotonic() + _TICK_SECONDS
            self._guard_first()
            while self.leads() and self.tick() and self._app.clock.monotonic() < end and not self._stopped.is_set():
                self._stopped.wait(BREATH_SECONDS)
        except Exception as error:  # noqa: BLE001  # the database may be restarting; the next tick tries again
            log.warning("tick_failed", error=str(error)[:200])

    def _guard_first(self) -> None:
        """Nothing is claimed by this process before the senders' domains were looked at."""
        if not self._has_guarded and self.leads():
            self._app.guard_senders()
            self._has_guarded = True

    def _guarded_sweep(self) -> None:
        try:
            if self.leads():
                self.sweep()
                self._app.guard_senders()
        except Exception as error:  # noqa: BLE001  # as above
            log.warning("sweep_failed", error=str(error)[:200])

    def _guarded_reports(self) -> None:
        """Apart from the sweep, because drawing takes seconds."""
        try:
            if self.leads():
                mail_reports(self._app)
                forgotten.count_again(self._app.engine)
                while self.leads() and not self._stopped.is_set() and not pack_days(self._app):
                    pass
        except Exception as error:  # noqa: BLE001  # as above
            log.warning("reports_failed", error=str(error)[:200])


def pack_days(app: App) -> bool:
    """One round of packing the days that reports of large lists are counted from; False: there is more at once."""
    rolling = import_module("outreach.services.measuring.rolling")  # small lists do without what it needs
    rolled = rolling.roll(app.engine, app.settings.reports)
    return rolled is None or bool(rolled.is_complete)


def mail_reports(app: App) -> list[str]:
    """Send the reports of weeks and months that are due; the keys of those that were taken."""
    return asyncio.run(_mail_reports(app)) if app.settings.reports.to else []


async def _mail_reports(app: App) -> list[str]:
    """Over connections of its own: those of the program belong to the network's loop, which is another thread's."""
    reports = app.settings.reports
    own = App(app.settings, clock=app.clock, policy=app.engine.policy)
    try:
        mailbox = partial(own.channel_of, reports.sender, "email")
        return await report_mail.send_due(app.engine, reports, app.workspace.goals, channel=mailbox)
    finally:
        await own.close_network()
        own.close()
