"""What a mailbox holds does what a webhook would have done, and the cursor stands behind stored mail alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from email.message import EmailMessage
from typing import Any, ClassVar

import pytest
from sqlalchemy import RowMapping, update

from outreach.domain.touch import TouchState
from outreach.errors import WebhookRejected
from outreach.poller import Cursor, Folder, Look, Mail
from outreach.receiver import Delivery
from outreach.receivers.mailbox import Mailbox, Options
from outreach.sandbox.imap_mails import Spoilt
from outreach.sandbox.imap_server import ImapServer
from outreach.services.hearing import poll
from outreach.services.hearing.understand import understand_due
from outreach.store import mailboxes as mailbox_rows
from outreach.store.tables import deliveries, events, holds, mailbox_folders, mailboxes, touches
from outreach.testing.field import Field
from tests.services.conftest import MakeField

ANNA = "anna@sender.example"


class Reading:
    """A workspace whose sender has a mailbox, read by hand."""

    def __init__(self, server: ImapServer, make_field: MakeField) -> None:
        self.server = server
        self.field = make_field({"config/senders.yaml": _SENDERS.format(url=server.url)})
        self.poller: Any = self.field.app.poller_of("anna")
        with self.field.app.store.begin() as connection:
            mailbox_rows.enter(connection, ["anna"])

    def __call__(self) -> int:
        app = self.field.app
        receiver = app.receivers[poll.connection_of("anna")]
        return poll.read(app.engine, receiver, self.poller, "anna", nudge=lambda delivery_id: None)

    def cursor(self, folder: str = "INBOX") -> int:
        return int(self.field.row(mailbox_folders, mailbox="anna", folder=folder)["uid"])


@pytest.fixture
def read(make_field: MakeField) -> Iterator[Reading]:
    server = ImapServer({ANNA: "sesame"})
    server.start()
    made = Reading(server, make_field)
    yield made
    made.poller.close()
    server.stop()


_SENDERS = """
anna:
  name: Anna Example
  timezone: Europe/Istanbul
  email:
    address: anna@sender.example
    use: memory
    imap: {{url: "{url}", username: anna@sender.example, password: sesame}}
"""


def answer(touch: RowMapping | None = None, text: str = "Sounds good, call me", **headers: str) -> bytes:
    mail = EmailMessage()
    mail["From"] = headers.pop("sender", "Ada <ada@lead.example>")
    mail["To"] = headers.pop("to", ANNA)
    mail["Subject"] = "Re: Hello"
    mail["Message-ID"] = headers.pop("message_id", "<answer-1@lead.example>")
    mail["Date"] = "Mon, 02 Mar 2026 07:00:00 +0000"
    if touch:
        mail["In-Reply-To"] = f"<{touch['message_id']}>"
    mail.set_content(text)
    return mail.as_bytes().replace(b"\n", b"\r\n")


def mailed(field: Field) -> tuple[str, RowMapping]:
    """A lead who was sent the first mail."""
    lead_id = field.add_lead("ada@lead.example")
    field.enroll(lead_id)
    field.settle()
    return lead_id, field.row(touches, lead_id=lead_id, step="intro")


def test_an_answer_in_the_mailbox_ends_the_sequence(read: Reading) -> None:
    lead_id, touch = mailed(read.field)
    read.server.deliver(ANNA, answer(touch))

    found = read()
    read.field.settle()

    assert found == 1
    assert read.field.enrollment(lead_id)["reason"] == "replied"
    assert read.cursor() == 1


def test_an_answer_holds_before_it_is_understood(read: Reading) -> None:
    _, touch = mailed(read.field)
    read.server.deliver(ANNA, answer(touch))

    read()

    assert len(read.field.rows(holds)) == 1


def test_a_mailbox_without_news_stores_nothing(read: Reading) -> None:
    assert (read(), read()) == (0, 0)
    assert read.field.row(mailboxes, name="anna")["looked_at"] == read.field.clock.now()


def test_a_renumbered_mailbox_gives_no_delivery_twice(read: Reading) -> None:
    read.server.deliver(ANNA, answer())
    read()
    read.server.renumber(ANNA, first_uid=900)

    assert read() == 0
    assert read.cursor() == 900


def test_mail_that_could_not_be_stored_is_read_again(read: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    read.server.deliver(ANNA, answer())

    with monkeypatch.context() as broken:
        broken.setattr("outreach.store.mailboxes.move", _broken)
        with pytest.raises(RuntimeError):
            read()

    assert read.field.rows(deliveries) == []
    assert read() == 1


def _broken(*_: object) -> None:
    raise RuntimeError("the database went away")


def test_a_mail_that_cannot_be_had_is_stored_with_the_reason(read: Reading) -> None:
    read.server.deliver(ANNA, answer(message_id="<a@lead.example>"), spoilt=Spoilt.REFUSED)
    read.server.deliver(ANNA, answer(message_id="<b@lead.example>"))

    found = read()
    read.field.settle()

    assert found == 2
    assert {row["state"] for row in read.field.rows(deliveries)} == {"understood"}
    assert sorted("problem" in row["headers"] for row in read.field.rows(deliveries)) == [False, True]


def test_what_lies_in_the_sent_folder_is_our_own_and_holds_nobody(read: Reading) -> None:
    lead_id, touch = mailed(read.field)
    copy = answer(sender="Somebody Else <alias@sender.example>", to="ada@lead.example", message_id=_id(touch))
    read.server.deliver(ANNA, copy, folder="Sent Items")

    read()

    assert read.field.rows(holds) == []
    read.field.settle()
    assert read.field.row(events)["kind"] == "own"
    assert read.field.enrollment(lead_id)["state"] == "active"


def test_a_copy_in_the_sent_folder_proves_that_an_unknown_mail_went_out(read: Reading) -> None:
    _, touch = mailed(read.field)
    with read.field.app.store.begin() as connection:
        connection.execute(update(touches).values(state=TouchState.UNKNOWN))
    read.server.deliver(ANNA, answer(sender=ANNA, message_id=_id(touch)), folder="Sent Items")

    read()
    understand_due(read.field.engine, read.field.app.receivers)

    assert read.field.row(touches, id=touch["id"])["state"] == TouchState.SENT


def _id(touch: RowMapping) -> str:
    return f"<{touch['message_id']}>"


def test_an_answer_to_a_token_finds_its_touch_without_thread_headers(read: Reading) -> None:
    lead_id, touch = mailed(read.field)
    mail = answer(sender="private@elsewhere.example", to=f"anna+{touch['id']}@sender.example")
    read.server.deliver(ANNA, mail)

    read()
    read.field.settle()

    assert read.field.enrollment(lead_id)["reason"] == "replied"


def test_the_same_mail_in_two_mailboxes_is_one_event(read: Reading) -> None:
    receiver = Mailbox(Options())
    arrived = {"url": "imap:/INBOX;UIDVALIDITY=1/;UID=1", "received_at": read.field.clock.now()}
    to_anna, to_deniz = (
        _delivery(connection=f"mailbox:{name}", body=b"Delivered-To: " + name.encode() + b"\r\n" + answer(), **arrived)
        for name in ("anna", "deniz")
    )

    assert receiver.key(to_anna) != receiver.key(to_deniz)
    assert receiver.parse(to_anna)[0].key == receiver.parse(to_deniz)[0].key


def _delivery(**values: Any) -> Any:
    return Delivery(method="IMAP", headers={"folder": "INBOX"}, **values)


def test_nobody_posts_into_a_mailbox_from_outside(read: Reading) -> None:
    url = "http://127.0.0.1:8080/webhooks/mailbox:anna"

    with pytest.raises(WebhookRejected):
        read.field.app.intake.accept(
            poll.connection_of("anna"), method="POST", url=url, headers={"is-sent": "yes"}, body=answer()
        )


class Endless:
    """A poller with more mail than one look gives."""

    provider: ClassVar[str] = "endless"

    def __init__(self, pieces: int) -> None:
        self.pieces = pieces

    def folders(self) -> tuple[Folder, ...]:
        return (Folder("INBOX"),)

    def look(self, folder: Folder, cursor: Cursor | None, *, since: date) -> Look:
        uid = (cursor.uid if cursor else 0) + 1
        mail = Mail(uid, answer(message_id=f"<{uid}@lead.example>"))
        return Look(Cursor(1, uid, since), (mail,), is_end=uid == self.pieces)

    def wait(self, seconds: float) -> bool:
        return False

    def wake(self) -> None: ...

    def keep(self, raw: bytes, at: datetime) -> None: ...

    def has_sent(self, message_id: str) -> bool:
        return False

    def close(self) -> None: ...


def test_a_large_mailbox_is_read_piece_by_piece(read: Reading) -> None:
    nudged: list[str] = []
    receiver = read.field.app.receivers[poll.connection_of("anna")]

    found = poll.read(read.field.engine, receiver, Endless(7), "anna", nudge=nudged.append)

    assert found == 7
    assert sorted(nudged) == sorted(row["id"] for row in read.field.rows(deliveries))
