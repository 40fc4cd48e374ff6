"""What servers answer, in a delivery report and in a text: hard where the address is dead, soft where it may live."""

from __future__ import annotations

import pytest

from outreach.mail.understand import understand
from tests.mail.conftest import FOLDER

_REPORT = """From: Mail Delivery System <MAILER-DAEMON@mx.example.net>
To: anna@example.org
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; gone@example.com
Action: failed
Status: 5.0.0
Diagnostic-Code: smtp; {said}

--b--
"""
_TEXT = """From: MAILER-DAEMON@mx.example.net
To: anna@example.org
Subject: failure notice

Hi. This is the qmail-send program at mx.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<gone@example.com>:
{said}

--- Below this line is a copy of the message.

Message-ID: <e1@example.org>
"""
ANSWERS = [line.split(" | ", 1) for line in (FOLDER / "server_answers.txt").read_text("utf-8").splitlines()[1:]]


@pytest.mark.parametrize(("kind", "said"), ANSWERS)
@pytest.mark.parametrize("form", [_REPORT, _TEXT], ids=["report", "text"])
def test_an_answer_tells_whether_the_address_is_dead(kind: str, said: str, form: str) -> None:
    found = understand(form.format(said=said).encode())

    assert str(found.kind) == f"bounce_{kind}"
    assert found.recipients[:1] == ("gone@example.com",)
