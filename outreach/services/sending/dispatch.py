"""Hand a claimed batch over to its channels. Here the asynchronous world of networks meets the synchronous rest.

Claim (transaction) → prepare and open (none) → last look with mark (transaction) → body (none) → record (transaction);
marks and records of the messages that are waiting at that moment share one transaction.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import structlog

from outreach import errors
from outreach.channel import Channel, Receipt
from outreach.domain.event import EventKind
from outreach.domain.rules import AWAY, Block
from outreach.domain.touch import TouchState
from outreach.services.sending import circuit
from outreach.services.sending.batch import Ready, take
from outreach.services.sending.engine import Engine
from outreach.services.sending.lanes import Lanes
from outreach.services.sending.marks import LOST
from outreach.services.sending.outcomes import Outcome, back_off
from outreach.services.sending.progress import Step, write
from outreach.services.sending.wave import Wave
from outreach.store import touches
from outreach.store.group_commit import GroupCommit
from outreach.store.session import OUTAGES

log = structlog.get_logger()

ChannelOf = Callable[[str, str], Channel | None]
"""(sender, channel) → the connected account, or None when a person has to do it."""

_STOPPING = Block("the worker is stopping")
_NOT_WRITTEN = Block("the database did not answer when the message was to be marked")
_NO_CHANNEL = ("", "")
_MOST_WITHOUT_CHANNEL = 500  # tasks for people, and what is blocked already
_RECORD_TRIES = 30
_RECORD_PAUSE_SECONDS = 2.0


class _InHand(NamedTuple):
    """A touch that is carried out, and who is told of its end."""

    ready: Ready
    ended: Callable[[str], None]


class Dispatcher:
    """One worker process: its owner id, its channels, and the group commit its messages share."""

    def __init__(self, engine: Engine, channel_of: ChannelOf, *, owner: str) -> None:
        self._engine = engine
        self._channel_of = channel_of
        self.owner = owner
        self._writer: GroupCommit[Step, Block | None] = GroupCommit(
            lambda steps: write(engine, owner, steps), name="writer"
        )
        self._wave = Wave(self._writer)
        # One batch is prepared while others are on the wire: more at once would only fight for the interpreter.
        self._preparing = ThreadPoolExecutor(1, thread_name_prefix="prepare")
        self._is_stopping = False
        self._lanes: dict[tuple[str, str], Lanes[_InHand]] = {}  # by sender and channel
        self._working_on: set[str] = set()  # claims; used by the loop and read by the heart
        self._in_hand: set[str] = set()  # touches; used by the loop alone
        self._recording: set[asyncio.Task[None]] = set()  # outcomes the database did not take at once
        self._stopped = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="leases", daemon=True)
        self._heart.start()

    def stop(self) -> None:
        """What is on the wire is finished; what is not goes back to planned."""
        self._is_stopping = True

    def close(self) -> None:
        """Finish what is being written. Call it when no batch is running any more."""
        self._stopped.set()
        self._preparing.shutdown()
        self._writer.close()
        self._heart.join()

    async def run_claim(self, claim_id: str) -> int:
        """Carry out one claim; how many touches it held. Zero: it was another worker's, or was swept."""
        self._working_on.add(claim_id)
        try:
            loop = asyncio.get_running_loop()
            batch = await loop.run_in_executor(self._preparing, take, self._engine, claim_id, self.owner)
            # What began before this process slept through its lease goes on, and is not begun again.
            begun = [ready for ready in batch if ready.touch_id not in self._in_hand]
            await self._carry_out(begun)
        finally:
            self._working_on.discard(claim_id)
        return len(batch)

    async def _carry_out(self, batch: Sequence[Ready]) -> None:
        """Return when every touch of it has its outcome in the database, or was left to the sweeper."""
        if not batch:
            return
        ended = asyncio.get_running_loop().create_future()
        left = len(batch)

        def one_ended(touch_id: str) -> None:
            nonlocal left
            left -= 1
            self._in_hand.discard(touch_id)
            if not left and not ended.done():
                ended.set_result(None)

        for ready in batch:
            self._in_hand.add(ready.touch_id)
            self._lanes_of(ready).put(_InHand(ready, one_ended))
        await ended

    def _lanes_of(self, ready: Ready) -> Lanes[_InHand]:
        """Two for each connection: one message on the wire, one that may ride behind it."""
        sender, name = ready.touch["sender"], ready.step.channel
        has_channel = not ready.block and not ready.is_task
        key = (sender, name) if has_channel else _NO_CHANNEL
        if key not in self._lanes:
            self._lanes[key] = Lanes(self._to_its_outcome, self._places(*key))
        return self._lanes[key]

    def _places(self, sender: str, name: str) -> int:
        try:
            channel = self._channel_of(sender, name) if name else None
        except errors.OutreachError:  # each touch will tell of it
            channel = None
        return 2 * getattr(channel, "connections", channel.can.connections) if channel else _MOST_WITHOUT_CHANNEL

    async def _to_its_outcome(self, touch: _InHand) -> None:
        """It is recorded behind the lane's back, so that the next message's mark shares the commit."""
        ready = touch.ready
        try:
            outcome = _refused(ready, ready.block) if ready.block else await self._deliver(ready)
        except Exception as error:  # its lease ends with this claim, and the sweeper finds it
            log.exception("touch_left_to_the_sweeper", touch_id=ready.touch_id, error=type(error).__name__)
            outcome = None
        if outcome is None:
            touch.ended(ready.touch_id)
        else:
            self._wave.ask(outcome).add_done_callback(partial(self._recorded, touch, outcome))

    def _recorded(self, touch: _InHand, outcome: Outcome, answer: asyncio.Future[Block | None]) -> None:
        if answer.cancelled() or answer.exception() is None:
            touch.ended(touch.ready.touch_id)
            return
        again = asyncio.get_running_loop().create_task(self._record_later(touch, outcome, answer.exception()))
        self._recording.add(again)
        again.add_done_callback(self._recording.discard)

    async def _record_later(self, touch: _InHand, outcome: Outcome, error: BaseException | None) -> None:
        """The message is out: recording it is tried for a minute; then the sweeper finds it `unknown`."""
        for _ in range(_RECORD_TRIES):
            log.warning("outcome_not_recorded", touch_id=touch.ready.touch_id, error=str(error)[:200])
            await asyncio.sleep(_RECORD_PAUSE_SECONDS)
            try:
                await self._wave.ask(outcome)
                break
            except Exception as still:  # noqa: BLE001  # the database may be restarting
                error = still
        touch.ended(touch.ready.touch_id)

    async def _deliver(self, ready: Ready) -> Outcome | None:
        """Exactly one outcome, whatever happens; None when the touch is not ours any more."""
        look = _LastLook(self._wave, ready)
        try:
            receipt = await self._send(ready, look)
        except errors.NotNow:
            return _refused(ready, look.block)
        except errors.AdapterError as error:
            return await self._failed(ready, error, look)
        except Exception as error:  # one bad touch does not stop the rest
            log.exception("touch_broke", touch_id=ready.touch_id, error=type(error).__name__)
            return _bug(ready, error, look)
        finally:
            self._wave.expected -= look.was_marked
        return Outcome(ready=ready, state=TouchState.SENT, receipt=receipt)

    async def _send(self, ready: Ready, look: _LastLook) -> Receipt:
        channel = None if ready.is_task else self._channel_of(ready.touch["sender"], ready.step.channel)
        if channel is None:
            await look()
            return Receipt(reply="a task for a person")
        if self._is_stopping:
            look.block = _STOPPING
            raise errors.NotNow(_STOPPING.because)
        return await channel.send(ready.message, last_look=look)

    async def _failed(self, ready: Ready, error: errors.AdapterError, look: _LastLook) -> Outcome:
        trouble = circuit.trouble_of(error)
        if trouble is not None:
            touch = ready.touch
            await asyncio.to_thread(circuit.note, self._engine, touch["sender"], touch["action"], trouble)
        log.info("touch_refused", touch_id=ready.touch_id, error=type(error).__name__, outcome=error.outcome)
        return outcome_of(self._engine, ready, error, was_marked=look.was_marked, dedupes=self._dedupes(ready))

    def _dedupes(self, ready: Ready) -> bool:
        channel = self._channel_of(ready.touch["sender"], ready.step.channel)
        return channel is not None and channel.can.dedupes_by_key

    def _beat(self) -> None:
        """What this process works on stays its own. What it only took, its answer lost on the way, is swept."""
        lease = self._engine.policy.lease
        while not self._stopped.wait(lease.total_seconds() / 3):
            claims = self._working_on.copy()
            if not claims:
                continue
            try:
                until = self._engine.clock.now() + lease
                with self._engine.store.begin() as connection:
                    touches.renew(connection, claims, owner=self.owner, lease_until=until)
            except Exception as error:  # noqa: BLE001  # tried again at the next beat
                log.warning("leases_not_renewed", error=str(error)[:200])


class _LastLook:
    """Awaited by a channel before the point of no return: marks the touch, or raises NotNow."""

    def __init__(self, wave: Wave[Step, Block | None], ready: Ready) -> None:
        self._wave = wave
        self._ready = ready
        self.block: Block | None = None
        self.was_marked = False

    def __call__(self) -> Coroutine[Any, Any, None]:
        return self._look()

    async def _look(self) -> None:
        try:
            self.block = await self._wave.ask(self._ready.subject)
        except OUTAGES as error:  # nothing was handed over, whether the mark was written or not
            log.warning("mark_not_written", touch_id=self._ready.touch_id, error=str(error)[:200])
            self.block = _NOT_WRITTEN
        if self.block is not None:
            raise errors.NotNow(self.block.because)
        self.was_marked = True
        self._wave.expected += 1


def _refused(ready: Ready, block: Block | None) -> Outcome | None:
    if block is None or block is LOST:
        return None
    if block.is_final:
        return Outcome(ready=ready, state=TouchState.SKIPPED, why=block.because)
    return Outcome(ready=ready, state=TouchState.PLANNED, block=block, keeps=block.because == AWAY)


def _bug(ready: Ready, error: Exception, look: _LastLook) -> Outcome:
    why = f"{type(error).__name__}: {error}"
    if look.was_marked:
        return Outcome(ready=ready, state=TouchState.UNKNOWN, why=why)
    return Outcome(ready=ready, state=TouchState.FAILED, why=why)


def outcome_of(engine: Engine, ready: Ready, error: errors.AdapterError, *, was_marked: bool, dedupes: bool) -> Outcome:
    """The table of what each error means for a touch."""
    match error:
        case errors.OutcomeUnknown() if was_marked and not dedupes:
            return Outcome(ready=ready, state=TouchState.UNKNOWN, why=str(error))
        case _ if circuit.trouble_of(error):  # the sender as a whole waits; this touch keeps its place and its attempts
            return Outcome(ready=ready, state=TouchState.PLANNED, why=str(error), block=Block(str(error)), keeps=True)
        case errors.Unavailable() | errors.OutcomeUnknown():
            return _put_off(engine, ready, error)
        case errors.Refused(outcome=errors.Outcome.NOT_READY):
            return _put_off(engine, ready, error)
        case errors.Refused(outcome=errors.Outcome.DUPLICATE):
            return Outcome(ready=ready, state=TouchState.SKIPPED, why=str(error), news=EventKind.ACCEPTED)
    return Outcome(ready=ready, state=TouchState.FAILED, why=str(error), news=_NEWS.get(error.outcome))


_NEWS = {
    errors.Outcome.REJECTED_RECIPIENT: EventKind.BOUNCED,
    errors.Outcome.SUPPRESSED: EventKind.UNSUBSCRIBED,
}
"""What a refusal says about the person."""


def _later(ready: Ready, why: str, *, until: Any) -> Outcome:
    return Outcome(ready=ready, state=TouchState.PLANNED, why=why, block=Block(why, until=until))


def _put_off(engine: Engine, ready: Ready, error: errors.AdapterError) -> Outcome:
    """Later, with growing pauses; for good after too many attempts."""
    attempts = ready.touch["attempts"]
    if attempts >= engine.policy.most_attempts:
        return Outcome(ready=ready, state=TouchState.FAILED, why=f"gave up after {attempts} attempts: {error}")
    return _later(ready, str(error), until=engine.clock.now() + back_off(attempts))
