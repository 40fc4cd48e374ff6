"""Mails nobody wrote, and the day somebody is back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from outreach.mail.return_dates import return_date
from outreach.mail.understand import understand
from outreach.mail.understood import Kind

if TYPE_CHECKING:
    from tests.mail.conftest import Case

CASES = "auto_replies.txt"
FRIDAY = datetime(2026, 12, 18, 9, 0, tzinfo=UTC)


def test_a_mail_no_person_wrote_is_an_auto_reply(case: Case) -> None:
    reason, until = case.expected

    found = understand(case.text.encode(), now=FRIDAY)

    assert (found.kind, found.reason) == (Kind.AUTO_REPLY, reason)
    assert (found.until.isoformat() if found.until else "-") == until


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("I am out of the office until January 5, 2027.", "2027-01-05"),
        ("I will be back on Monday, 4 January.", "2027-01-04"),
        ("Out of office from December 21st to January 3rd. I return on 4 January.", "2027-01-04"),
        ("I'm on leave from 21/12 until 05/01 with no access", "2027-01-05"),
        ("I am out of the office 12/21 - 12/28.", "2026-12-28"),
        ("I will return Monday.", "2026-12-21"),
        ("ich bin bis einschließlich 03.01.2027 nicht im Büro.", "2027-01-03"),
        ("Ich bin ab dem 04.01.2027 wieder erreichbar. Vom 21.12. bis 3.1. abwesend", "2027-01-04"),
        ("Ich bin vom 21. Dezember bis 3. Januar im Urlaub.", "2027-01-03"),
        ("Je suis absent jusqu'au 4 janvier inclus.", "2027-01-04"),
        ("Je suis en congés du 21 décembre au 3 janvier 2027. De retour le 4 janvier", "2027-01-04"),
        ("Estaré fuera de la oficina hasta el 7 de enero de 2027.", "2027-01-07"),
        ("Estou de férias até 10 de janeiro.", "2027-01-10"),
        ("Estou de férias de 21/12 a 10/01, retorno dia 11/01", "2027-01-11"),
        ("Sono in ferie fino al 6 gennaio compreso.", "2027-01-06"),
        ("Sarò assente dal 21 dicembre al 6 gennaio. Rientrerò il 7 gennaio.", "2027-01-07"),
        ("Ik ben afwezig tot en met 3 januari.", "2027-01-03"),
        ("Ik ben op 4 januari weer aanwezig.", "2027-01-04"),
        ("Jestem na urlopie do 4 stycznia 2027 r.", "2027-01-04"),
        ("Wracam 5 stycznia.", "2027-01-05"),
        ("5 Ocak 2027 tarihine kadar izindeyim.", "2027-01-05"),
        ("21 Aralık - 4 Ocak tarihleri arasında izindeyim. 5 Ocak Salı günü ofiste olacağım.", "2027-01-05"),
        ("04.01.2027 tarihinde döneceğim", "2027-01-04"),
        ("out of office; back 2027-01-04", "2027-01-04"),
        ("I'm out today and will be back tomorrow", "2026-12-19"),
        ("I will be out of the office starting 12/21/2026 and will not return until 01/04/2027.", "2027-01-04"),
        ("I'll be back the 4th of January", "2027-01-04"),
        ("I am currently out of office returning on the 28th", "2026-12-28"),
        ("21.12.2026 - 04.01.2027 izinliyim", "2027-01-04"),
        ("I am out until Tue 12/22.", "2026-12-22"),
        ("我将于1月4日返回办公室", "2027-01-04"),
        ("Merhaba, 22-24 Aralık tarihleri arasında ofis dışında olacağım", "2026-12-24"),
        ("I'm out of the office Dec 21-24 and will respond on return", "2026-12-24"),
        ("I am away, call 555-1234.", None),
        ("I am out of the office until January 5, 2020.", None),
        ("", None),
        ("30 February", None),
    ],
)
def test_the_day_of_return_is_read(text: str, until: str | None) -> None:
    found = return_date(text, sent_on=date(2026, 12, 18))

    assert (found.isoformat() if found else None) == until


def test_the_date_of_the_mail_counts_before_the_present() -> None:
    head = b"From: a@example.com\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\nSubject: Automatic reply: x\r\n\r\n"

    assert understand(head + b"Back on 9 March.", now=FRIDAY).until == date(2026, 3, 9)


def test_without_any_date_there_is_no_day_of_return() -> None:
    raw = b"From: a@example.com\r\nSubject: Automatic reply: x\r\n\r\nI am out until 9 March."

    assert understand(raw).until is None
