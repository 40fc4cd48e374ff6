"""A mailbox by IMAP, against a server on loopback that behaves, and one that does not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime

import pytest

from outreach.clock import SystemClock
from outreach.errors import Unauthorized, Unavailable, UsageError
from outreach.poller import Cursor, Folder, Look, Poller
from outreach.pollers.imap import MAX_BYTES, Imap, Options
from outreach.sandbox.imap_mails import Spoilt
from outreach.sandbox.imap_server import ImapServer

ANNA = "anna@sender.example"
SINCE = date(2026, 3, 1)
INBOX = Folder("INBOX")


@pytest.fixture
def imap() -> Iterator[ImapServer]:
    server = ImapServer({ANNA: "sesame"}, tokens={ANNA: "token-2"})
    server.start()
    yield server
    server.stop()


@pytest.fixture
def mailbox(imap: ImapServer) -> Iterator[Imap]:
    made = Imap(Options(imap.url, ANNA, "sesame"), SystemClock())
    yield made
    made.close()


def mail(number: int, size: int = 0) -> bytes:
    return f"From: ada@lead.example\r\nSubject: {number}\r\n\r\nHello {number}\r\n".encode() + b"x" * size


def everything(poller: Poller, cursor: Cursor | None = None) -> tuple[list[bytes], Cursor]:
    """What stands behind the cursor, to its end."""
    found: list[bytes] = []
    while True:
        look: Look = poller.look(INBOX, cursor, since=SINCE)
        cursor = look.cursor
        found += [each.raw for each in look.mails]
        if look.is_end:
            return found, cursor


def test_mail_is_read_in_order_and_once(imap: ImapServer, mailbox: Imap) -> None:
    mails = [mail(number) for number in range(130)]
    for each in mails:
        imap.deliver(ANNA, each)

    found, cursor = everything(mailbox)
    imap.deliver(ANNA, mail(130))
    later, _ = everything(mailbox, cursor)

    assert found == mails
    assert later == [mail(130)]


def test_a_look_is_bounded(imap: ImapServer, mailbox: Imap) -> None:
    for number in range(60):
        imap.deliver(ANNA, mail(number))

    look = mailbox.look(INBOX, None, since=SINCE)

    assert (len(look.mails), look.is_end, look.cursor.uid) == (50, False, 50)


def test_without_new_mail_the_last_one_is_not_read_again(imap: ImapServer, mailbox: Imap) -> None:
    imap.deliver(ANNA, mail(1))

    _, cursor = everything(mailbox)

    assert mailbox.look(INBOX, cursor, since=SINCE) == Look(cursor)


def test_an_empty_mailbox_moves_no_cursor(mailbox: Imap) -> None:
    assert mailbox.look(INBOX, None, since=SINCE) == Look(Cursor(1, 0, SINCE))


def test_old_mail_of_a_mailbox_that_is_new_to_us_is_left_alone(imap: ImapServer, mailbox: Imap) -> None:
    imap.deliver(ANNA, mail(1), at=datetime(2026, 2, 27, tzinfo=UTC))
    imap.deliver(ANNA, mail(2), at=datetime(2026, 3, 1, tzinfo=UTC))

    assert everything(mailbox)[0] == [mail(2)]


def test_a_renumbered_mailbox_is_looked_at_again(imap: ImapServer, mailbox: Imap) -> None:
    imap.deliver(ANNA, mail(1))
    _, cursor = everything(mailbox)
    imap.renumber(ANNA)
    imap.deliver(ANNA, mail(2))

    found, later = everything(mailbox, cursor)

    assert found == [mail(1), mail(2)]
    assert later.validity == cursor.validity + 1


def test_a_wide_gap_of_uids_is_searched_in_pieces(imap: ImapServer, mailbox: Imap) -> None:
    imap.deliver(ANNA, mail(1))
    _, cursor = everything(mailbox)
    folder = imap.folder(ANNA, "INBOX")
    assert folder
    folder.next_uid = 200_000
    imap.deliver(ANNA, mail(2))

    assert everything(mailbox, cursor)[0] == [mail(2)]


@pytest.mark.parametrize("spoilt", [Spoilt.REFUSED, Spoilt.TEXT_REFUSED])
def test_a_mail_the_server_does_not_hand_out_stands_in_nobodys_way(
    imap: ImapServer, mailbox: Imap, spoilt: Spoilt
) -> None:
    imap.deliver(ANNA, mail(1))
    imap.deliver(ANNA, mail(2), spoilt=spoilt)
    imap.deliver(ANNA, mail(3))

    look = mailbox.look(INBOX, None, since=SINCE)

    whole = [each.raw for each in look.mails if not each.problem]
    spoilt_one = next(each for each in look.mails if each.problem)
    assert whole == [mail(1), mail(3)]
    assert spoilt_one.uid == 2
    assert (b"Subject: 2" in spoilt_one.raw) == (spoilt is Spoilt.TEXT_REFUSED)
    assert look.cursor.uid == 3


def test_a_mail_the_server_hangs_up_over_is_passed_after_two_more_tries(imap: ImapServer, mailbox: Imap) -> None:
    imap.deliver(ANNA, mail(1))
    imap.deliver(ANNA, mail(2), spoilt=Spoilt.HANGS_UP)
    imap.deliver(ANNA, mail(3))
    for _ in range(2):
        with pytest.raises(Unavailable):
            mailbox.look(INBOX, None, since=SINCE)

    look = mailbox.look(INBOX, None, since=SINCE)

    assert [(each.uid, bool(each.problem)) for each in look.mails] == [(1, False), (2, True), (3, False)]


def test_of_a_huge_mail_the_beginning_is_kept(imap: ImapServer, mailbox: Imap) -> None:
    imap.deliver(ANNA, mail(1, size=MAX_BYTES))

    look = mailbox.look(INBOX, None, since=SINCE)

    assert len(look.mails[0].raw) == MAX_BYTES
    assert "bytes" in look.mails[0].problem


def test_the_sent_folder_is_found_by_its_use(mailbox: Imap) -> None:
    assert mailbox.folders() == (INBOX, Folder("Sent Items", is_sent=True))


def test_the_sent_folder_may_be_left_out(imap: ImapServer) -> None:
    options = Options(imap.url, ANNA, "sesame", folders=("INBOX", "Junk"), sent_folder="none")

    with closing(Imap(options, SystemClock())) as mailbox:
        assert mailbox.folders() == (INBOX, Folder("Junk"))


def test_a_copy_is_kept_in_the_sent_folder_as_read(imap: ImapServer, mailbox: Imap) -> None:
    mailbox.keep(mail(1), datetime(2026, 3, 2, 8, tzinfo=UTC))

    assert [(each.raw, each.flags) for each in imap.mails(ANNA, "Sent Items")] == [(mail(1), ("\\Seen",))]


def test_idle_ends_when_the_server_tells_of_new_mail(imap: ImapServer, mailbox: Imap) -> None:
    _, cursor = everything(mailbox)
    deliverer = threading.Thread(target=lambda: imap.idling.acquire(timeout=10) and imap.deliver(ANNA, mail(1)))
    deliverer.start()

    told = mailbox.wait(10)

    deliverer.join()
    assert told
    assert everything(mailbox, cursor)[0] == [mail(1)]


def test_mail_that_comes_between_a_look_and_idle_is_not_slept_over(imap: ImapServer, mailbox: Imap) -> None:
    _, cursor = everything(mailbox)
    imap.deliver(ANNA, mail(1))

    assert mailbox.wait(10)
    assert everything(mailbox, cursor)[0] == [mail(1)]


def test_news_in_one_packet_with_the_beginning_of_idle_is_heard(imap: ImapServer, mailbox: Imap) -> None:
    _, cursor = everything(mailbox)
    imap.on_idle = lambda: imap.deliver(ANNA, mail(1))

    assert mailbox.wait(5)
    assert everything(mailbox, cursor)[0] == [mail(1)]


def test_idle_outlasts_one_wait(imap: ImapServer, mailbox: Imap) -> None:
    everything(mailbox)

    assert not mailbox.wait(0)
    assert not mailbox.wait(0)
    assert imap.idling.acquire(timeout=5)
    assert not imap.idling.acquire(blocking=False)


@pytest.mark.parametrize("can_idle", [True, False])
def test_a_wait_ends_when_it_is_woken(imap: ImapServer, mailbox: Imap, can_idle: bool) -> None:
    imap.can_idle = can_idle
    everything(mailbox)
    mailbox.wake()

    assert mailbox.wait(10)


def test_a_broken_connection_is_an_error_once_and_then_made_anew(imap: ImapServer, mailbox: Imap) -> None:
    _, cursor = everything(mailbox)
    imap.hang_up()
    imap.deliver(ANNA, mail(1))

    with pytest.raises(Unavailable):
        mailbox.look(INBOX, cursor, since=SINCE)
    assert everything(mailbox, cursor)[0] == [mail(1)]
    assert imap.logins == 2


def test_a_wrong_password_is_told_without_it(imap: ImapServer) -> None:
    mailbox = Imap(Options(imap.url, ANNA, "wrong-secret"), SystemClock())

    with closing(mailbox), pytest.raises(Unauthorized) as error:
        mailbox.folders()

    assert "wrong-secret" not in str(error.value) + repr(mailbox)


def test_a_refused_token_is_renewed_once(imap: ImapServer) -> None:
    asked: list[str] = []

    def token(refused: str) -> str:
        asked.append(refused)
        return f"token-{len(asked)}"

    with closing(Imap(Options(imap.url, ANNA), SystemClock(), token)) as mailbox:
        assert mailbox.look(INBOX, None, since=SINCE).is_end

    assert asked == ["", "token-1"]


def test_a_token_that_is_refused_twice_is_unauthorized(imap: ImapServer) -> None:
    mailbox = Imap(Options(imap.url, ANNA), SystemClock(), lambda refused: "token-9")

    with closing(mailbox), pytest.raises(Unauthorized):
        mailbox.folders()


def test_a_server_that_is_away_is_unavailable() -> None:
    mailbox = Imap(Options("imap://127.0.0.1:1", ANNA, "sesame"), SystemClock())

    with closing(mailbox), pytest.raises(Unavailable):
        mailbox.folders()


@pytest.mark.parametrize("url", ["imap://mail.example.com", "https://mail.example.com", "imaps://"])
def test_a_url_that_is_none_or_unsafe_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        Imap(Options(url), SystemClock())
