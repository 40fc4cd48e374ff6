"""The broker: a good doorbell and a poor memory. Messages carry ids alone; lost, doubled or late, nothing goes wrong.

The state lives in the database, which also decides about repeats: no delays, no retries, no results, no time limits.
Queue and actor names stay for ever; what changes is the namespace's version.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import dramatiq
import structlog
from dramatiq.brokers.stub import StubBroker
from dramatiq.middleware import Middleware

from outreach.errors import ConfigError, Problem

log = structlog.get_logger()

NAMESPACE = "outreach.v1"
TOUCHES, DELIVERIES, SYNC = "touches", "deliveries", "sync"
_QUEUES = (TOUCHES, DELIVERIES, SYNC)

MIDDLEWARE: tuple[type[Middleware], ...] = ()
"""None on purpose: age limits drop messages, time limits and shutdown notices are raised inside a call that already
returned, and retries are delays, which live in a worker's memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a worker does when the bell rings. Each gets ids; an unknown or stale id is dropped."""

    touches: Callable[[str], None]  # a claim id
    deliveries: Callable[[str], None]  # a delivery id
    sync: Callable[[str], None]  # the name of a CRM connection


class Doorbell:
    """One broker connection: `ring` from anywhere, `listen` in a worker process."""

    def __init__(self, url: str | None) -> None:
        self.is_in_process = url is None
        self._broker = _open(url)
        self._names = queue_names(url)
        for name in self._names.values():
            self._broker.declare_queue(name)
        self._worker: dramatiq.Worker | None = None

    def ring(self, queue: str, ids: Sequence[str]) -> bool:
        """Tell the workers; False if they cannot be reached (they will find the work themselves, later)."""
        if self.is_in_process and self._worker is None:
            return False  # the workers are other processes; a queue that nobody empties would only grow
        try:
            for each in ids:
                self._broker.enqueue(_message(self._names[queue], queue, each))
        except Exception as error:  # noqa: BLE001  # whichever client it is, a silent bell is no failure
            log.warning("doorbell_silent", queue=queue, error=type(error).__name__)
            return False
        return True

    def listen(self, answers: Answers, *, threads: int) -> None:
        """Answer in background threads until `close`."""
        for queue, answer in ((TOUCHES, answers.touches), (DELIVERIES, answers.deliveries), (SYNC, answers.sync)):
            name = self._names[queue]
            dramatiq.actor(broker=self._broker, actor_name=queue, queue_name=name)(_safe(queue, answer))
        self._worker = dramatiq.Worker(self._broker, worker_threads=threads, worker_timeout=200)
        self._worker.queue_prefetch = threads
        self._worker.start()

    def wait_until_quiet(self) -> None:
        """Return when everything that was rung for in this process has been answered (in-process broker only)."""
        assert isinstance(self._broker, StubBroker)
        for name in self._names.values():
            self._broker.join(name)
        if self._worker:
            self._worker.join()

    def close(self) -> None:
        """Finish what was begun, take nothing more."""
        if self._worker:
            self._worker.stop()
        self._broker.close()


def ping(url: str) -> None:
    """Raise whatever the client raises when the broker of that URL does not answer."""
    broker = _open(url)
    try:
        cast(Any, broker.client if hasattr(broker, "client") else broker).ping()
    finally:
        broker.close()


def queue_names(url: str | None) -> dict[str, str]:
    """Our queue → what the broker calls it. RabbitMQ has no namespace of ours, so that the names themselves hold it."""
    prefix = f"{NAMESPACE}." if url is not None and url.startswith("amqp") else ""
    return {queue: prefix + queue for queue in _QUEUES}


def _message(name: str, actor: str, each: str) -> dramatiq.Message[Any]:
    return dramatiq.Message(queue_name=name, actor_name=actor, args=(each,), kwargs={}, options={})


def _safe(queue: str, answer: Callable[[str], None]) -> Callable[..., None]:
    """The database holds the state: an answer that breaks is logged, and the sweepers find what it left."""

    def call(*ids: object) -> None:
        for each in ids:
            try:
                answer(str(each))
            except Exception:
                log.exception("answer_broke", queue=queue)

    return call


def _open(url: str | None) -> dramatiq.Broker:
    middleware = [each() for each in MIDDLEWARE]
    if url is None:
        return StubBroker(middleware=middleware)
    scheme = url.partition(":")[0]
    if scheme in ("redis", "rediss", "unix"):
        return _redis(url, middleware)
    if scheme in ("amqp", "amqps"):
        return _rabbitmq(url, middleware)
    problem = f"broker_url begins with '{scheme}:'."
    raise ConfigError(Problem("config/outreach.yaml", 0, 0, problem, "Write redis://… or amqp://…, or leave it out."))


def _redis(url: str, middleware: list[Middleware]) -> dramatiq.Broker:
    """Without automatic retries: an enqueue whose answer is lost would run twice."""
    import redis  # noqa: PLC0415  # half a tenth of a second, which only those pay who use it
    from dramatiq.brokers.redis import RedisBroker  # noqa: PLC0415  # as above
    from redis.backoff import NoBackoff  # noqa: PLC0415  # as above
    from redis.retry import Retry  # noqa: PLC0415  # as above

    client = redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0), health_check_interval=15, socket_timeout=30)
    _check_memory(client)
    broker: dramatiq.Broker = RedisBroker(  # type: ignore[no-untyped-call]
        client=client, middleware=middleware, namespace=NAMESPACE
    )
    return broker


def _check_memory(client: Any) -> None:
    """A Redis that may evict any key loses messages that it accepted; without AOF a restart loses them all."""
    try:
        policy = str(client.info("memory").get("maxmemory_policy", ""))
        has_aof = bool(client.info("persistence").get("aof_enabled", 0))
    except Exception as error:  # noqa: BLE001  # not reachable now: the workers find their work without it
        log.warning("broker_not_reachable", error=type(error).__name__)
        return
    if policy.startswith("allkeys"):
        problem = f"the Redis of broker_url has maxmemory-policy {policy}: it throws queued messages away."
        raise ConfigError(Problem("config/outreach.yaml", 0, 0, problem, "Set it to noeviction."))
    if not has_aof:
        log.warning("broker_without_aof", hint="a restart of Redis empties its queues; nothing is lost, only later")


def _rabbitmq(url: str, middleware: list[Middleware]) -> dramatiq.Broker:
    try:
        from outreach.rabbitmq import Rabbit  # noqa: PLC0415  # an extra
    except ImportError:
        problem = "broker_url names RabbitMQ, whose client is not installed."
        raise ConfigError(
            Problem("config/outreach.yaml", 0, 0, problem, "Install the extra: pip install 'outreach[rabbitmq]'.")
        ) from None
    return Rabbit(url, middleware)
