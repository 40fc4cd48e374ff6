"""The reader of mailboxes as it runs beside the worker: told by IDLE or by a push, one process at a time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from outreach.clock import MovableClock
from outreach.mailboxes import Mailboxes
from outreach.pollers.copies_on_disk import CopiesOnDisk
from outreach.pollers.sent_copies import SentCopies
from outreach.sandbox.imap_server import ImapServer
from outreach.store import leases
from outreach.store import mailboxes as rows
from outreach.store.tables import deliveries, mailboxes
from outreach.testing.field import Field
from outreach.testing.processes import wait_until

MakeField = Callable[[Mapping[str, str]], Field]
ANNA = "anna@sender.example"
PATIENCE = 20
MAIL = b"From: ada@lead.example\r\nSubject: Re: Hello\r\nMessage-ID: <%d@lead.example>\r\n\r\nYes\r\n"
SENDERS = """
anna:
  name: Anna Example
  timezone: Europe/Istanbul
  email:
    address: anna@sender.example
    use: memory
    imap: {{url: "{url}", username: anna@sender.example, password: {password}, idle: {idle}}}
"""


@pytest.fixture
def imap() -> Iterator[ImapServer]:
    server = ImapServer({ANNA: "sesame"})
    server.start()
    yield server
    server.stop()


def connected(make_field: MakeField, imap: ImapServer, *, password: str = "sesame", idle: str = "true") -> Field:
    return make_field({"config/senders.yaml": SENDERS.format(url=imap.url, password=password, idle=idle)})


@contextmanager
def running(field: Field) -> Iterator[Mailboxes]:
    reader = Mailboxes(field.app)
    reader.start()
    try:
        yield reader
    finally:
        reader.close()


def holds(field: Field, count: int) -> Callable[[], bool]:
    return lambda: len(field.rows(deliveries)) == count


def looked(field: Field) -> bool:
    return any(row["looked_at"] for row in field.rows(mailboxes))


def test_mail_is_stored_as_soon_as_the_server_tells_of_it(make_field: MakeField, imap: ImapServer) -> None:
    field = connected(make_field, imap)
    imap.deliver(ANNA, MAIL % 1)

    with running(field):
        assert imap.idling.acquire(timeout=PATIENCE)
        imap.deliver(ANNA, MAIL % 2)
        wait_until(holds(field, 2), seconds=PATIENCE)


def test_a_push_wakes_the_reader_whichever_process_took_it(make_field: MakeField, imap: ImapServer) -> None:
    field = connected(make_field, imap, idle="false")

    with running(field):
        wait_until(lambda: looked(field), seconds=PATIENCE)
        imap.deliver(ANNA, MAIL % 1)
        with field.app.store.begin() as connection:
            rows.want(connection, ["anna"], field.clock.now() + timedelta(seconds=1))
        wait_until(holds(field, 1), seconds=PATIENCE)


def test_a_mailbox_another_process_reads_is_left_alone(make_field: MakeField, imap: ImapServer) -> None:
    field = connected(make_field, imap)
    now = field.clock.now()
    assert leases.take(field.app.store, "mailbox:anna", "another", now=now, until=now + timedelta(minutes=1))
    reader = Mailboxes(field.app)

    assert not reader._holds("anna")
    field.clock.advance(timedelta(minutes=2))
    assert reader._holds("anna")
    reader._pollers["anna"].close()


def test_a_mailbox_that_lets_us_not_in_is_noted(make_field: MakeField, imap: ImapServer) -> None:
    field = connected(make_field, imap, password="wrong")

    with running(field):
        wait_until(lambda: any(row["failures"] for row in field.rows(mailboxes)), seconds=PATIENCE)

    assert "login" in field.row(mailboxes)["error"]


def test_the_lease_is_given_back_at_the_end(make_field: MakeField, imap: ImapServer) -> None:
    field = connected(make_field, imap)

    with running(field):
        wait_until(lambda: looked(field), seconds=PATIENCE)

    now = field.clock.now()
    assert leases.take(field.app.store, "mailbox:anna", "another", now=now, until=now)


def test_a_copy_of_what_was_sent_is_filed(make_field: MakeField, imap: ImapServer) -> None:
    field = connected(make_field, imap)
    copies = sent_copies(field)

    for number in range(3):
        copies.put(MAIL % number)
    copies.close()

    assert [mail.raw for mail in imap.mails(ANNA, "Sent Items")] == [MAIL % number for number in range(3)]
    assert not list((field.root / "copies").iterdir())


def sent_copies(field: Field) -> SentCopies:
    clock = MovableClock(datetime(2026, 3, 2, 8, tzinfo=UTC))
    return SentCopies(lambda: field.app.poller_of("anna"), clock, field.root / "copies")


KILLED = """
import os, sys, threading
from datetime import UTC, datetime
from pathlib import Path
from outreach.clock import MovableClock
from outreach.pollers.sent_copies import SentCopies

all_are_there = threading.Event()

class Mailbox:
    def keep(self, raw, at):
        all_are_there.wait()
        os.kill(os.getpid(), 9)

copies = SentCopies(Mailbox, MovableClock(datetime(2026, 3, 2, 8, tzinfo=UTC)), Path(sys.argv[1]))
for mail in sys.argv[2:]:
    copies.put(bytes.fromhex(mail))
all_are_there.set()
copies._thread.join()
"""


def test_a_copy_that_a_killed_process_left_behind_is_filed_once_by_the_next(
    make_field: MakeField, imap: ImapServer
) -> None:
    field = connected(make_field, imap)
    mails = [MAIL % number for number in range(3)]
    with closing(field.app.poller_of("anna")) as poller:
        poller.keep(mails[1], datetime(2026, 3, 2, 8, tzinfo=UTC))  # filed, and killed before it was noted

    asked = [sys.executable, "-c", KILLED, str(field.root / "copies"), *(mail.hex() for mail in mails)]
    killed = subprocess.run(asked, check=False)
    sent_copies(field).close()

    assert killed.returncode == -9
    assert sorted(mail.raw for mail in imap.mails(ANNA, "Sent Items")) == mails
    assert not list((field.root / "copies").iterdir())


def test_a_copy_of_a_process_that_lives_is_left_to_it(make_field: MakeField, imap: ImapServer) -> None:
    field = connected(make_field, imap)
    alive = CopiesOnDisk(field.root / "copies", "alive")
    waiting = alive.add(MAIL % 1, datetime(2026, 3, 2, 8, tzinfo=UTC))

    sent_copies(field).close()

    assert waiting.exists()
    assert imap.mails(ANNA, "Sent Items") == []
    alive.close()
