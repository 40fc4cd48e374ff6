"""Messages in doubt: the provider is asked before a person has to decide, and nothing is sent again from that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from functools import partial

import pytest

from outreach import errands
from outreach.channel import Receipt, Sought
from outreach.errors import OutcomeUnknown, Unavailable
from outreach.sandbox.imap_server import ImapServer
from outreach.services.sending.inquire import any_in_doubt, inquire
from outreach.store.tables import inquiries, touches
from outreach.testing.field import FILES, Field

MakeField = Callable[[Mapping[str, str]], Field]
LookUp = Callable[[Sought], Awaitable[Receipt | None]]
ADDRESS = "ada@example.com"


class Provider:
    """Keeps what it was asked; answers in turn, then that it has nothing."""

    def __init__(self, *answers: Receipt | Exception | None) -> None:
        self.asked: list[Sought] = []
        self._answers = list(answers)

    async def look_up(self, sought: Sought) -> Receipt | None:
        self.asked.append(sought)
        answer = self._answers.pop(0) if self._answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer


def in_doubt(field: Field) -> str:
    field.memory().will(OutcomeUnknown("smtp", "lost after the dot"))
    lead = field.add_lead(ADDRESS)
    field.enroll(lead)
    field.settle()
    assert field.counts() == {"unknown": 1}
    return lead


def ask(field: Field, provider: Provider | None, **later: float) -> int:
    field.clock.advance(timedelta(**later))
    look_up = provider.look_up if provider else None
    return field.loop.run_until_complete(inquire(field.engine, lambda *_: look_up))


def test_what_the_provider_has_counts_as_sent_and_the_path_goes_on(field: Field) -> None:
    lead = in_doubt(field)
    provider = Provider(Receipt(provider_id="p-1", thread_id="t-1", reply="found"))

    assert ask(field, provider, seconds=30) == 1

    touch = field.row(touches)
    assert (touch["state"], touch["provider_id"], touch["thread_id"]) == ("sent", "p-1", "t-1")
    assert touch["reason"] == "the provider was asked: found"
    assert field.lead(lead)["stage"] == "contacted"
    (sought,) = provider.asked
    assert (sought.to, sought.message_id) == (ADDRESS, touch["message_id"])
    assert sought.since == touch["handed_over_at"]
    field.go(days=4)
    assert [message.subject for message in field.memory().sent] == ["Hello there", "Re: Hello there"]


def test_nobody_is_asked_before_a_late_answer_may_have_come(field: Field) -> None:
    in_doubt(field)

    assert not any_in_doubt(field.engine)
    field.clock.advance(timedelta(seconds=30))

    assert any_in_doubt(field.engine)


def test_that_it_is_not_there_proves_nothing_and_is_asked_a_few_times(field: Field) -> None:
    in_doubt(field)
    provider = Provider(None, Unavailable("twilio", "503"))

    for _ in range(30):
        ask(field, provider, minutes=3)

    assert len(provider.asked) == 3
    assert field.counts() == {"unknown": 1}
    assert field.row(inquiries)["due_at"] is None


def test_a_later_answer_settles_it_too(field: Field) -> None:
    in_doubt(field)
    provider = Provider(None, Receipt(reply="found"))

    found = [ask(field, provider, minutes=3) for _ in range(2)]

    assert found == [0, 1]
    assert field.counts() == {"sent": 1}


def test_an_id_that_belongs_to_another_message_is_no_proof(field: Field) -> None:
    in_doubt(field)
    other = field.add_lead("bob@example.com")
    field.enroll(other)
    field.settle()
    known = field.row(touches, lead_id=other, step="intro")["provider_id"]

    ask(field, Provider(Receipt(provider_id=known, reply="found")), minutes=1)

    assert known
    assert field.counts()["unknown"] == 1


def test_who_cannot_be_asked_is_not_asked_again(field: Field) -> None:
    in_doubt(field)

    ask(field, None, minutes=1)

    assert field.row(inquiries)["said"] == "cannot be asked"
    assert not any_in_doubt(field.engine)


@pytest.fixture
def sent_folder() -> Iterator[ImapServer]:
    server = ImapServer({"anna@sender.example": "sesame"})
    server.start()
    yield server
    server.stop()


def test_the_sent_folder_of_a_mailbox_is_asked(make_field: MakeField, sent_folder: ImapServer) -> None:
    imap = f"imap: {{url: '{sent_folder.url}', username: anna@sender.example, password: sesame}}"
    senders = FILES["config/senders.yaml"].replace("use: memory}", f"use: memory, {imap}}}")
    field = make_field({"config/senders.yaml": senders})
    in_doubt(field)
    asking = partial(inquire, field.engine, partial(errands.look_up_of, field.app))

    field.clock.advance(timedelta(minutes=1))
    before = field.loop.run_until_complete(asking())
    mail = f"Message-ID: <{field.row(touches)['message_id']}>\r\nSubject: Hello\r\n\r\nHi\r\n"
    with closing(field.app.poller_of("anna")) as mailbox:
        mailbox.keep(mail.encode(), field.clock.now())
    field.clock.advance(timedelta(minutes=5))
    after = field.loop.run_until_complete(asking())

    assert (before, after) == (0, 1)
    assert field.row(touches)["reason"] == "the provider was asked: it lies in the Sent folder"
