"""The web process is killed while deliveries arrive: what was answered with 2xx is there, and is applied once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from outreach import app as apps
from outreach.clock import SystemClock
from outreach.sandbox.http_host import free_port
from outreach.services.hearing.understand import understand_due
from outreach.store.tables import deliveries, events
from outreach.testing.field import FILES, SECRET
from outreach.testing.processes import Program, wait_until

_SENDING = 4
_KILLS = int(os.environ.get("KILLS", "1"))
"""Once in the suite; set KILLS=20 to see it die at as many moments."""


class Provider:
    """Sends signed replies, several at a time and each again until it is answered; `answered` are their ids."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._numbers = iter(range(1_000_000))
        self._lock = threading.Lock()
        self.is_over = threading.Event()
        self.answered: list[str] = []
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(_SENDING)]
        for thread in self._threads:
            thread.start()

    def wait_for(self, answers: int) -> None:
        """Until so many more were answered."""
        wanted = len(self.answered) + answers
        wait_until(lambda: len(self.answered) >= wanted, seconds=60, what="an answer")

    def stop(self) -> None:
        self.is_over.set()
        for thread in self._threads:
            thread.join(20)

    def _work(self) -> None:
        with httpx.Client(timeout=5) as client:
            while not self.is_over.is_set():
                with self._lock:
                    number = next(self._numbers)
                self._deliver(client, f"msg_{number}")

    def _deliver(self, client: httpx.Client, webhook_id: str) -> None:
        while not self.is_over.is_set():
            try:
                headers, body = signed(webhook_id)
                answer = client.post(f"{self._url}/webhooks/replies", headers=headers, content=body)
            except httpx.HTTPError:
                self.is_over.wait(0.05)
                continue
            if answer.is_success:
                self.answered.append(webhook_id)
                return


def signed(webhook_id: str) -> tuple[dict[str, str], bytes]:
    """A reply of a person of its own, signed as Standard Webhooks 1.0 says."""
    body = json.dumps({"channel": "email", "from": f"{webhook_id}@one.example", "text": "Yes"}).encode()
    timestamp = str(int(SystemClock().now().timestamp()))
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    mac = hmac.new(key, b".".join((webhook_id.encode(), timestamp.encode(), body)), hashlib.sha256).digest()
    signature = "v1," + base64.b64encode(mac).decode()
    return {"webhook-id": webhook_id, "webhook-timestamp": timestamp, "webhook-signature": signature}, body


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Callable[[], tuple[Program, Path, str]]]:
    """Starts the web of a workspace; again when it was killed."""
    root, port = tmp_path / "w", free_port()
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    started: list[Program] = []

    def start() -> tuple[Program, Path, str]:
        program = Program(root, {"OUTREACH_WEB__PORT": str(port), "OUTREACH_PUBLIC_URL": f"http://127.0.0.1:{port}"})
        started.append(program)
        program.start("web")
        return program, root, f"http://127.0.0.1:{port}"

    yield start
    for program in started:
        program.kill()


def test_what_was_answered_survives_the_death_of_the_web(
    begin: Callable[[], tuple[Program, Path, str]],
) -> None:
    program, root, url = begin()
    provider = Provider(url)

    for number in range(_KILLS):
        provider.wait_for(20 + number % 7)
        program.kill()
        program, root, url = begin()
    provider.wait_for(10)
    provider.stop()
    program.kill()

    kept, applied = understood(root)
    assert set(provider.answered) <= kept
    assert sorted(applied) == sorted(kept)


def understood(root: Path) -> tuple[set[str], list[str]]:
    """The keys of the deliveries that are stored, and the senders of the events understood from them."""
    app = apps.build(root, {})
    try:
        while understand_due(app.engine, app.receivers):
            pass
        with app.store.read() as connection:
            kept = {key.rpartition(":")[2] for key in connection.execute(select(deliveries.c.key)).scalars()}
            found = connection.execute(select(events.c.data)).scalars()
            return kept, [str(data["from"]).partition("@")[0] for data in found]
    finally:
        app.close()
