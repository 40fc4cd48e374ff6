"""The doorbell over a real RabbitMQ: what a caller of `ring` may rely on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial

import pika
import psutil
import pytest

from outreach import doorbell
from outreach.clock import SystemClock
from outreach.doorbell import TOUCHES, Answers, Doorbell, queue_names
from outreach.services.watching import doctor
from outreach.testing.processes import wait_until
from outreach.testing.rabbit_server import RabbitServer

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""pika leaves the sockets of connections that the server ended to Python's collector, whenever it comes by."""


@pytest.fixture
def bell(rabbit_url: str) -> Iterator[Doorbell]:
    """A bell whose connections RabbitMQ gives up after a second or two of silence."""
    opened = Doorbell(f"{rabbit_url}?heartbeat=1")
    yield opened
    opened.close()


def listen(bell: Doorbell, touches: Callable[[str], None]) -> None:
    bell.listen(Answers(touches=touches, deliveries=_nothing, sync=_nothing), threads=2)


def test_what_was_rung_before_anybody_listened_is_answered_once_each(bell: Doorbell) -> None:
    wanted = [f"claim-{number}" for number in range(50)]
    answered: list[str] = []

    assert bell.ring(TOUCHES, wanted)
    listen(bell, answered.append)

    wait_until(lambda: len(answered) >= len(wanted), what="the answers")
    assert sorted(answered) == sorted(wanted)


def test_threads_that_ring_share_one_connection(bell: Doorbell, rabbitmq: RabbitServer) -> None:
    with ThreadPoolExecutor(20) as pool:
        rung = list(pool.map(lambda number: bell.ring(TOUCHES, [str(number)]), range(100)))

    assert all(rung)
    assert len(_sockets(rabbitmq)) == 1


def test_a_bell_nobody_rings_for_long_and_an_answer_that_takes_long_keep_their_connections(
    bell: Doorbell, rabbit_url: str, rabbitmq: RabbitServer
) -> None:
    """Longer than the server waits for a heartbeat: it closes a connection beside ours that says nothing."""
    answered: list[str] = []
    may_end = threading.Event()

    def answer(claim_id: str) -> None:
        answered.append(claim_id)
        may_end.wait(30)

    listen(bell, answer)
    bell.ring(TOUCHES, ["a"])
    wait_until(lambda: answered, what="the answer")
    before = _sockets(rabbitmq)
    _outlast_a_heartbeat(rabbit_url)

    assert bell.ring(TOUCHES, ["b"])
    may_end.set()
    wait_until(lambda: len(answered) >= 2, what="the second answer")
    assert answered == ["a", "b"]
    assert _sockets(rabbitmq) >= before


def test_a_server_that_is_away_holds_nobody_up_and_is_used_again_when_it_is_back(
    bell: Doorbell, rabbitmq: RabbitServer
) -> None:
    answered: list[str] = []
    listen(bell, answered.append)
    bell.ring(TOUCHES, ["before"])
    wait_until(lambda: "before" in answered, what="the first answer")

    rabbitmq.kill()
    begun = SystemClock().monotonic()
    assert not any(bell.ring(TOUCHES, ["lost"]) for _ in range(20))
    assert SystemClock().monotonic() - begun < 2
    rabbitmq.start()

    wait_until(lambda: bell.ring(TOUCHES, ["after"]), seconds=10, what="the bell")
    wait_until(lambda: "after" in answered, seconds=15, what="the answer")
    assert "lost" not in answered


def test_a_server_that_takes_nothing_more_is_not_waited_for(rabbit_url: str, rabbitmq: RabbitServer) -> None:
    """Out of memory or disk it lets publishers wait for as long as they like to."""
    with closing(Doorbell(f"{rabbit_url}?blocked_connection_timeout=0.5")) as bell:
        assert bell.ring(TOUCHES, ["a"])
        rabbitmq.control("set_vm_memory_high_watermark", "absolute", "1MB")
        try:
            begun = SystemClock().monotonic()
            assert not bell.ring(TOUCHES, ["b"])
            assert SystemClock().monotonic() - begun < 5
        finally:
            rabbitmq.control("set_vm_memory_high_watermark", "0.4")
        wait_until(partial(bell.ring, TOUCHES, ["c"]), seconds=15, what="the bell")


def test_a_message_nobody_can_read_is_put_aside_and_its_neighbours_are_answered(
    bell: Doorbell, rabbit_url: str
) -> None:
    answered: list[str] = []
    name = queue_names(rabbit_url)[TOUCHES]
    bell.ring(TOUCHES, ["a"])
    with pika.BlockingConnection(pika.URLParameters(rabbit_url)) as connection:
        connection.channel().basic_publish("", name, b"\xff not a message")
    bell.ring(TOUCHES, ["b"])

    listen(bell, answered.append)

    wait_until(lambda: len(answered) >= 2, what="the answers")
    assert sorted(answered) == ["a", "b"]
    wait_until(lambda: _waiting(rabbit_url, f"{name}.XQ") == 1, what="the message put aside")
    assert _waiting(rabbit_url, name) == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda url: url, "reached"),
        (lambda url: url.replace("guest@", "wrong@"), "ProbableAuthenticationError"),
        (lambda url: f"{url}nowhere", "ProbableAccessDeniedError"),
    ],
)
def test_doctor_tells_a_wrong_password_from_a_server_that_is_away(
    rabbit_url: str, change: Callable[[str], str], said: str
) -> None:
    finding = doctor.queue(change(rabbit_url), doorbell.ping)

    assert said in finding.said


def _nothing(_: str) -> None:
    """Nobody rings here."""


def _sockets(server: RabbitServer) -> set[int]:
    """Our ends of the connections that this process has there."""
    found = psutil.Process().net_connections("tcp4")
    return {each.laddr[1] for each in found if each.raddr[1:] == (server.port,)}


def _outlast_a_heartbeat(url: str) -> None:
    silent = pika.BlockingConnection(pika.URLParameters(f"{url}?heartbeat=1"))
    port = silent._impl._transport._sock.getsockname()[1]  # its own heartbeats go out only when it is asked to work
    ours = partial(_status_of, port)
    wait_until(lambda: ours() != psutil.CONN_ESTABLISHED, seconds=15, what="the server's patience to end")
    silent._impl._transport._sock.close()


def _status_of(port: int) -> str:
    found = (each for each in psutil.Process().net_connections("tcp4") if each.laddr[1] == port)
    return next((each.status for each in found), psutil.CONN_NONE)


def _waiting(url: str, queue: str) -> int:
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        count: int = connection.channel().queue_declare(queue, passive=True).method.message_count
        return count
