"""`outreach doctor`: everything is asked, what is wrong comes with its remedy, and the exit code says whether it is."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from outreach.clock import MovableClock
from outreach.content.configuration import Settings
from outreach.errors import StoreError
from outreach.sandbox.imap_server import ImapServer
from outreach.sandbox.mail_server import MailServer
from outreach.services.watching import doctor
from outreach.services.watching.sender_records import State
from tests.cli.conftest import Shell

ANNA = "anna@sender.example"
NOW = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
SENDERS = """
anna:
  name: Anna Example
  timezone: Europe/Istanbul
  email:
    address: anna@sender.example
    smtp: {{url: "{smtp}", username: anna@sender.example, password: "{password}"}}
    imap: {{url: "{imap}", username: anna@sender.example, password: "{password}"}}
deniz:
  name: Deniz Example
  timezone: Europe/Istanbul
  email: {{address: deniz@sender.example, use: memory}}
"""


@pytest.fixture
def servers() -> Iterator[tuple[MailServer, ImapServer]]:
    mail, imap = MailServer({ANNA: "sesame"}, lambda mail: None), ImapServer({ANNA: "sesame"})
    mail.start()
    imap.start()
    yield mail, imap
    imap.stop()
    mail.stop()


def connect(shell: Shell, servers: tuple[MailServer, ImapServer], password: str) -> None:
    text = SENDERS.format(smtp=servers[0].url, imap=servers[1].url, password=password)
    shell.write("config/senders.yaml", text)


def test_what_is_right_is_said_and_nothing_is_sent(shell: Shell, servers: tuple[MailServer, ImapServer]) -> None:
    connect(shell, servers, "sesame")

    said = shell.run("doctor")

    assert said.code == 0
    assert "ok       login anna.email: signed in to 127.0.0.1" in said.out
    assert "ok       imap anna: signed in; reads INBOX, Sent Items" in said.out
    assert "warning  webhooks" in said.out
    assert servers[0].mails == []


def test_a_wrong_password_fails_without_showing_it(shell: Shell, servers: tuple[MailServer, ImapServer]) -> None:
    connect(shell, servers, "wrong-secret")

    said = shell.run("doctor", "--json")

    failed = {(each["check"], each["subject"]) for each in said.json if each["state"] == "failed"}
    assert said.code == 1
    assert failed == {("login", "anna.email"), ("imap", "anna")}
    assert "wrong-secret" not in said.out


def test_offline_asks_nobody_outside(shell: Shell) -> None:
    said = shell.run("doctor", "--offline", "--json")

    assert said.code == 0
    assert {each["check"] for each in said.json} == {"database", "queue", "disk", "versions"}


def test_a_database_that_cannot_be_opened_is_a_finding() -> None:
    def away() -> None:
        raise StoreError("The database has no tables yet. Run: outreach db upgrade")

    (finding,) = doctor.database(away, MovableClock(NOW))  # type: ignore[arg-type]

    assert (finding.state, finding.said) == (State.FAILED, "The database has no tables yet. Run: outreach db upgrade")


def test_a_database_that_does_not_answer_is_a_finding_without_its_password() -> None:
    def broken() -> None:
        raise sqlite3.OperationalError("user:secret@host")

    (finding,) = doctor.database(broken, MovableClock(NOW))  # type: ignore[arg-type]

    assert finding.state is State.FAILED
    assert "secret" not in finding.said


def test_a_queue_that_is_away_fails() -> None:
    finding = doctor.queue("redis://127.0.0.1:1/0", _refuse)

    assert (finding.state, finding.subject) == (State.FAILED, "redis")


def _refuse(url: str) -> None:
    raise ConnectionError(url)


@pytest.mark.parametrize(("free", "state"), [(50, State.FAILED), (500, State.WARNING), (5000, State.OK)])
def test_a_full_disk_is_told_in_time(free: int, state: State) -> None:
    usage = SimpleNamespace(free=free * 1024**2)

    assert doctor.disk(Path("/"), lambda root: usage).state is state


def answers(handler: httpx.MockTransport, url: str = "https://outreach.example.com") -> list[State]:
    settings = Settings(root=Path(), database_url="sqlite:///x.db", public_url=url)
    with httpx.Client(transport=handler) as http:
        return [each.state for each in doctor.webhooks(settings, http, MovableClock(NOW))]


def ok(request: httpx.Request, apart: timedelta = timedelta(0)) -> httpx.Response:
    date = (NOW + apart).strftime("%a, %d %b %Y %H:%M:%S GMT")
    return httpx.Response(200, text="ok\n", headers={"date": date})


def test_the_way_in_is_tried_under_its_public_address() -> None:
    assert answers(httpx.MockTransport(ok)) == [State.OK, State.OK]


def test_a_clock_that_is_wrong_is_noticed_by_the_proxys() -> None:
    assert answers(httpx.MockTransport(lambda request: ok(request, timedelta(minutes=2)))) == [State.OK, State.FAILED]


def test_somebody_elses_page_at_the_address_fails() -> None:
    assert answers(httpx.MockTransport(lambda request: httpx.Response(200, text="<html>"))) == [State.FAILED]


def test_an_address_that_does_not_answer_fails() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    assert answers(httpx.MockTransport(refuse)) == [State.FAILED]


def test_an_address_without_tls_is_a_warning() -> None:
    assert answers(httpx.MockTransport(ok), "http://outreach.example.com") == [State.WARNING, State.OK, State.OK]
