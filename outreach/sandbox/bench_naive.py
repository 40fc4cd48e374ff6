"""The naive way, for comparison: the same libraries, each called plainly for each mail.

One dramatiq message with the default middleware, one row by the ORM, one template, one `EmailMessage`, one connection
by `aiosmtplib.send`, one commit.
"""

from __future__ import annotations

import asyncio
import threading
import time
from email.message import EmailMessage
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from typing import Any

import aiosmtplib
import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.brokers.stub import StubBroker
from jinja2 import Template
from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

_TEXT = "Hi {{ first_name }}, a word about your work at {{ company }}.\n" + ("A line of text. " * 5 + "\n") * 24
_THREADS = 8


class _Base(DeclarativeBase):
    pass


class _Mail(_Base):
    __tablename__ = "bench_naive"

    id: Mapped[int] = mapped_column(primary_key=True)
    first_name: Mapped[str]
    company: Mapped[str]
    address: Mapped[str]
    state: Mapped[str]


def measure(port: int, database_url: str, broker_url: str | None, *, messages: int, processes: int) -> float:
    """Messages a second. With a broker, in as many worker processes as the engine had; else in threads."""
    engine = create_engine(database_url)
    _Base.metadata.drop_all(engine)
    _Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(_mail(number) for number in range(messages))
        session.commit()
    try:
        if broker_url is None:
            return _in_threads(engine, port, messages)
        return _in_processes(engine, port, (database_url, broker_url), messages, processes)
    finally:
        _Base.metadata.drop_all(engine)
        engine.dispose()


def _mail(number: int) -> _Mail:
    return _Mail(
        id=number, first_name=f"N{number}", company="Example", address=f"p{number}@bench.example", state="planned"
    )


def _worker(broker: dramatiq.Broker, engine: Engine, port: int) -> tuple[dramatiq.Actor[..., None], dramatiq.Worker]:
    def naive(number: int) -> None:
        with Session(engine) as session:
            row = session.get_one(_Mail, number)
            asyncio.run(aiosmtplib.send(_written(row), hostname="127.0.0.1", port=port, start_tls=False))
            row.state = "sent"
            session.commit()

    actor: dramatiq.Actor[..., None] = dramatiq.actor(broker=broker, queue_name="bench_naive")(naive)
    return actor, dramatiq.Worker(broker, worker_threads=_THREADS)


def _written(row: _Mail) -> EmailMessage:
    """The text is the mail's own, as texts of sequences are, so it is compiled where it is needed."""
    text = Template(_TEXT).render(first_name=row.first_name, company=row.company)
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "anna@bench.example", row.address, f"Hello {row.first_name}"
    mail.set_content(text)
    mail.add_alternative(f"<p>{text}</p>", "html")
    return mail


def _in_threads(engine: Engine, port: int, messages: int) -> float:
    broker = StubBroker()
    actor, worker = _worker(broker, engine, port)
    for number in range(messages):
        actor.send(number)
    begun = time.perf_counter()
    worker.start()
    _wait(engine, messages)
    took = time.perf_counter() - begun
    worker.stop()
    return messages / took


def _in_processes(engine: Engine, port: int, urls: tuple[str, str], messages: int, processes: int) -> float:
    context = get_context("spawn")
    stop, ready = context.Event(), context.Semaphore(0)
    workers = [context.Process(target=_process, args=(*urls, port, stop, ready), daemon=True) for _ in range(processes)]
    for worker in workers:
        worker.start()
    for _ in workers:
        ready.acquire()
    actor, _ = _worker(_redis(urls[1]), engine, port)
    begun = time.perf_counter()
    for number in range(messages):
        actor.send(number)
    _wait(engine, messages)
    took = time.perf_counter() - begun
    stop.set()
    for worker in workers:
        worker.join(15)
    return messages / took


def _process(database_url: str, broker_url: str, port: int, stop: Event, ready: Any) -> None:
    engine = create_engine(database_url)
    _, worker = _worker(_redis(broker_url), engine, port)
    worker.start()
    ready.release()
    stop.wait()
    worker.stop()


def _redis(url: str) -> dramatiq.Broker:
    broker: dramatiq.Broker = RedisBroker(url=url, namespace="bench")  # type: ignore[no-untyped-call]
    return broker


def _wait(engine: Engine, messages: int) -> None:
    """Until every row is sent, for at most five minutes."""
    pause = threading.Event()
    for _ in range(6_000):
        with engine.connect() as connection:
            statement = select(func.count()).select_from(_Mail).where(_Mail.state == "sent")
            if connection.execute(statement).scalar_one() >= messages:
                return
        pause.wait(0.05)
    raise RuntimeError("the naive way did not finish within five minutes")
