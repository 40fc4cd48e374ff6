"""Returned mail: reports and words, in the languages mail systems speak."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outreach.mail.bounces import reason_of_text
from outreach.mail.understand import understand

if TYPE_CHECKING:
    from tests.mail.conftest import Case

CASES = "bounces.txt"


def test_a_returned_mail_is_understood(case: Case) -> None:
    kind, reason, status, recipient = case.expected

    found = understand(case.text.encode())

    assert (str(found.kind), found.reason or "-", found.status or "-") == (kind, reason, status)
    assert found.recipients == (recipient,)
    assert not found.is_quarantined


def test_the_message_that_came_back_is_found(case: Case) -> None:
    is_returned = "e1.first@example.org" in case.text

    found = understand(case.text.encode())

    assert ("e1.first@example.org" in found.original_ids) == is_returned


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("550 5.1.1 User unknown", "no_mailbox"),
        ("550 Requested action not taken: mailbox unavailable", "no_mailbox"),
        ("554 5.7.1 Message rejected because of spam content", "policy"),
        ("552 5.2.2 over quota", "full"),
        ("421 4.4.2 Connection timed out", "network"),
        ("452 4.3.1 Insufficient system storage", "full"),
        ("550 Account has been suspended", "disabled"),
        ("Host or domain name not found. Name service error", "no_domain"),
        ("550", "no_mailbox"),
        ("", "other"),
        ("something went wrong", "other"),
    ],
)
def test_what_a_server_said_gives_the_reason(said: str, reason: str) -> None:
    assert reason_of_text(said) == reason
