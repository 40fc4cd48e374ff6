"""RabbitMQ as the doorbell: one connection for all threads that ring; it is kept alive, and nobody waits for it long.

dramatiq's own broker opens a connection for each thread and keeps it after the thread's end, answers no heartbeat on
it, and takes a message for delivered when it was written to a socket that the server may have closed. Here the server
confirms each message (a message for a queue that is gone comes back), one thread answers the heartbeats of the one
connection, and a server that does not answer is left alone for a moment: workers look for work by themselves.

Facts: the pages "Heartbeats", "Publisher confirms" and "Blocked connections" of RabbitMQ's documentation.
"""

from __future__ import annotations

import logging
import threading
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import dramatiq
import pika
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.errors import ConnectionClosed
from dramatiq.middleware import Middleware
from pika.exceptions import AMQPError, UnroutableError

from outreach.clock import SystemClock

_LIMITS = {"heartbeat": "20", "socket_timeout": "3", "stack_timeout": "5", "blocked_connection_timeout": "5"}
"""Seconds. A server out of memory or disk blocks who publishes, for ever if nobody says how long to wait."""

_LOST = (AMQPError, OSError, AssertionError)
"""What pika raises when a connection ends or does not come about: an unknown host name is an OSError of the system."""

_HEARTBEAT_SECONDS = 1.0
_SILENT_SECONDS = 2.0
_TRIES = 2  # the connection may have died since it was used last: once more, on a fresh one
_CLOCK = SystemClock()


class Rabbit(RabbitmqBroker):
    """A broker whose messages are published over one connection, by one thread at a time."""

    def __init__(self, url: str, middleware: list[Middleware]) -> None:
        addresses = [with_limits(each) for each in url.split(";")]  # several: the nodes of a cluster
        super().__init__(url=addresses, middleware=middleware, confirm_delivery=True)
        logging.getLogger("pika").setLevel(logging.CRITICAL)  # ten lines for each failure, which is raised as well
        vars(self)["state"] = SimpleNamespace()  # shared: dramatiq's is one for each thread
        self._one_at_a_time = threading.RLock()
        self._closed = threading.Event()
        self._keeper = threading.Thread(target=self._keep_alive, name="rabbitmq", daemon=True)
        self._silent_until = 0.0

    def enqueue(self, message: dramatiq.Message[Any], *, delay: int | None = None) -> dramatiq.Message[Any]:
        """Publish and wait for the server's word; ConnectionClosed if there is none. Delays are not for us."""
        assert delay is None, "what is due later stands in the database"
        with self._one_at_a_time:
            self._refuse_while_silent()
            for number in range(1, _TRIES + 1):
                try:
                    self._publish(message)
                    break
                except _LOST as error:
                    self._give_up(message.queue_name, error, is_final=number == _TRIES)
        return message

    def declare_queue(self, queue_name: str, *, ensure: bool = False) -> None:
        """As dramatiq does. Threads that listen come by here too, when they begin again after a lost connection."""
        with self._one_at_a_time:
            if ensure:
                self._refuse_while_silent()
            super().declare_queue(queue_name, ensure=ensure)

    def ping(self) -> None:
        """Raise what the client raises when there is no connection, or no right to one."""
        with self._one_at_a_time:
            assert self.connection.is_open

    def close(self) -> None:
        self._closed.set()
        if self._keeper.is_alive():
            self._keeper.join()
        with self._one_at_a_time:
            super().close()

    def _publish(self, message: dramatiq.Message[Any]) -> None:
        super().declare_queue(message.queue_name, ensure=True)
        self.channel.basic_publish(
            exchange="",
            routing_key=message.queue_name,
            body=message.encode(),
            properties=pika.BasicProperties(delivery_mode=pika.DeliveryMode.Persistent),
            mandatory=True,
        )
        if not self._keeper.is_alive():
            self._keeper.start()

    def _give_up(self, queue: str, error: Exception, *, is_final: bool) -> None:
        """Forget the connection; at last nobody tries for a moment, so that a tick is not held up by each message."""
        del self.connection
        if isinstance(error, UnroutableError):
            self.queues_pending.add(queue)
        if is_final:
            self._silent_until = _CLOCK.monotonic() + _SILENT_SECONDS
            raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]

    def _refuse_while_silent(self) -> None:
        if _CLOCK.monotonic() < self._silent_until:
            raise ConnectionClosed(  # type: ignore[no-untyped-call]
                ConnectionError("RabbitMQ did not answer a moment ago")
            )

    def _keep_alive(self) -> None:
        """Answer heartbeats while nobody rings, and notice an end."""
        while not self._closed.wait(_HEARTBEAT_SECONDS):
            with self._one_at_a_time:
                connection = getattr(self.state, "connection", None)
                try:
                    if connection is not None:
                        connection.process_data_events()
                except _LOST:
                    del self.connection


def with_limits(url: str) -> str:
    """The URL with a limit for each wait; what it says itself is kept."""
    parts = urlsplit(url)
    query = urlencode({**_LIMITS, **dict(parse_qsl(parts.query))})
    return parts._replace(path=parts.path or "/", query=query).geturl()
