"""Sample data behind the pages, the application over it, and a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, sync_playwright

from outreach.app import App
from outreach.clock import MovableClock
from outreach.domain.event import Clues, Event
from outreach.errors import WebhookRejected
from outreach.receiver import Answer, Delivery, answer_of
from outreach.web.backing import services_of
from outreach.web.dashboard import report_shelf
from outreach.web.server import WebServer
from outreach.web.services import WebServices
from tests.web.desk import HOSTILE, Desk, furnish, open_program

BROWSER_FLAGS = (
    "no-sandbox",
    "disable-gpu",
    "disable-quic",
    "no-first-run",
    "disable-background-networking",
    "disable-component-update",
    "disable-sync",
)
NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)


class Doorman:
    """The smallest receiver: a delivery is true when it brings the password. It wants to hear 202, or 507."""

    provider: ClassVar[str] = "doorman"
    accepted_status: ClassVar[int] = 202
    unavailable_status: ClassVar[int] = 507
    max_bytes: ClassVar[int] = 1000

    def verify(self, delivery: Delivery, *, now: datetime) -> None:
        if delivery.headers.get("x-password") != "sesame":
            raise WebhookRejected("wrong password")

    def key(self, delivery: Delivery) -> str:
        return delivery.body.hex()

    def clues(self, delivery: Delivery) -> Clues:
        return Clues()

    def parse(self, delivery: Delivery) -> tuple[Event, ...]:
        return ()

    def answer(self, delivery: Delivery) -> Answer | None:
        """A question is answered with its last word; a body that wants XML hears XML, and is kept."""
        question = parse_qs(urlsplit(delivery.url).query).get("question", [""])[0]
        if question:
            return Answer(body=question)
        is_xml = delivery.body == b"xml"
        return Answer(body="<Response/>", content_type="text/xml", is_news=True) if is_xml else None


@dataclass(frozen=True, slots=True)
class Kept:
    """What the door answers."""

    delivery_id: str
    status: int
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class Goodbye:
    """What the opt-out page may know."""

    language: str | None = "en"
    organisation: str = "Example Ltd"
    is_done: bool = False


@dataclass(slots=True)
class Office:
    """The program behind the pages, as far as a test moves it: deliveries kept, people who left, what breaks."""

    receivers: Mapping[str, Doorman]
    kept: list[Delivery] = field(default_factory=list)
    tokens: dict[str, Goodbye] = field(default_factory=dict)
    broken: Exception | None = None

    def accept(self, connection: str, *, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Kept:
        receiver = self.receivers.get(connection)
        if receiver is None:
            raise WebhookRejected(f"no connection '{connection}'")
        delivery = Delivery(connection=connection, method=method, url=url, headers=headers, body=body, received_at=NOW)
        receiver.verify(delivery, now=NOW)
        answer = answer_of(receiver, delivery)
        if answer and not answer.is_news:
            return Kept("", answer.status, answer)
        self.fail_if_broken()
        self.kept.append(delivery)
        status = answer.status if answer else receiver.accepted_status
        return Kept(f"delivery-{len(self.kept)}", status, answer)

    def look(self, token: str) -> Goodbye | None:
        return self.tokens.get(token)

    def leave(self, token: str) -> Goodbye | None:
        self.fail_if_broken()
        if token in self.tokens:
            self.tokens[token] = replace(self.tokens[token], is_done=True)
        return self.tokens.get(token)

    def begin(self) -> None:
        """As on the first day."""
        self.kept.clear()
        self.broken = None
        self.tokens = {"right-token": Goodbye()}

    def fail_if_broken(self) -> None:
        if self.broken:
            raise self.broken

    def today(self) -> dict[str, Any]:
        self.fail_if_broken()
        return TODAY


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is, a report of a test comes with its page."""
    monkeypatch.setattr(report_shelf, "PATIENCE", 60.0)


@pytest.fixture(scope="session")
def building() -> Office:
    return Office(receivers={"replies": Doorman()})


@pytest.fixture
def office(building: Office) -> Office:
    """The program behind the pages, as on the first day."""
    building.begin()
    return building


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[App]:
    """The program with a few people in it, for pages that are only read."""
    root = tmp_path_factory.mktemp("desk")
    shutil.copyfile(sqlite_template, root / "outreach.db")
    opened = open_program(root, MovableClock(NOW))
    furnish(opened)
    yield opened
    opened.close()


@pytest.fixture
def desk(tmp_path: Path, program: App) -> Iterator[Desk]:
    """A copy of it, with somebody at a browser: for forms that write."""
    root = tmp_path / "workspace"
    shutil.copytree(program.settings.root, root)
    opened = open_program(root, MovableClock(NOW))
    running = WebServer(services_of(opened), port=0)
    running.start()
    with httpx.Client(base_url=running.url, verify=False) as web:
        yield Desk(opened, web)
    running.stop()
    opened.close()


@pytest.fixture(scope="session")
def services(building: Office, program: App) -> WebServices:
    return WebServices(
        public_url="https://outreach.example.com",
        receivers=building.receivers,
        accept=building.accept,
        look=building.look,
        leave=building.leave,
        ready=building.fail_if_broken,
        today=building.today,
        program=program,
    )


@pytest.fixture(scope="session")
def shared_server(services: WebServices) -> Iterator[WebServer]:
    running = WebServer(services, port=0)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def server(shared_server: WebServer, office: Office) -> WebServer:
    """The application on a real socket."""
    return shared_server


ClientFor = Callable[..., httpx.Client]


@pytest.fixture
def client_for(services: WebServices, server: WebServer) -> Iterator[ClientFor]:
    """A client that calls by a name; with changed services it gets a server of its own."""
    with ExitStack() as stack:

        def build(host: str = "127.0.0.1:8080", **changes: Any) -> httpx.Client:
            at = server.url
            if changes:
                own = WebServer(replace(services, **changes), port=0)
                own.start()
                stack.callback(own.stop)
                at = own.url
            return stack.enter_context(httpx.Client(base_url=at, headers={"host": host}, verify=False))

        yield build


@pytest.fixture
def web(client_for: ClientFor) -> httpx.Client:
    """As somebody on this machine."""
    return client_for()


@pytest.fixture
def outside(client_for: ClientFor) -> httpx.Client:
    """As somebody on the internet, by the public name."""
    return client_for("outreach.example.com")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium; its absence is a failure, not a skip.

    Not kept for the whole run: while it lives, no event loop can be run in this thread.
    """
    binary = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if binary is None:
        pytest.fail("chromium is missing. Debian: apt-get install chromium", pytrace=False)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=binary,
            args=[f"--{flag}" for flag in BROWSER_FLAGS],
        )
        yield running
        running.close()


TODAY: dict[str, Any] = {
    "now": NOW,
    "sent": 37,
    "due": 4,
    "replies": 5,
    "blocked": 12,
    "unknown": 1,
    "failed": 2,
    "tasks": 3,
    "forgotten": 0,
    "forgotten_at": None,
    "blocks": [
        {"because": "outside the window", "count": 8},
        {"because": "missing first_name", "count": 3},
        {"because": "a reply is not read yet", "count": 1},
    ],
    "senders": [
        {"name": "anna", "action": "email", "used": 31, "per_day": 40, "state": "ready", "detail": ""},
        {"name": "anna", "action": "linkedin.invite", "used": 6, "per_day": 15, "state": "waiting", "detail": "gap"},
        {"name": "deniz", "action": "email", "used": 0, "per_day": None, "state": "failing", "detail": "login refused"},
    ],
    "health": [
        {"name": "database", "is_fine": True, "detail": "SQLite, revision 0001"},
        {"name": "scheduler", "is_fine": True, "detail": "last tick 4 s ago"},
        {"name": "crm", "is_fine": False, "detail": "hubspot: 2 writes wait for a person"},
    ],
    "latest": [
        {
            "at": NOW - timedelta(minutes=12),
            "kind": "replied",
            "lead_id": "lead-1",
            "who": "Ayşe Demir",
            "text": f"Sounds good, call me on Thursday. {HOSTILE}",
        },
        {"at": NOW - timedelta(hours=2), "kind": "accepted", "lead_id": "lead-2", "who": "Jan Nowak", "text": ""},
        {
            "at": NOW - timedelta(hours=3),
            "kind": "bounced",
            "lead_id": "lead-3",
            "who": "info@nobody.example",
            "text": "550 5.1.1 no such user here",
        },
        {"at": NOW - timedelta(days=4), "kind": "unknown", "lead_id": None, "who": "postmark", "text": ""},
    ],
    "numbers": {"lateness_seconds": 1.5, "crm_waiting": 2},
}
