"""Mails of people that are easily taken for something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outreach.mail.understand import understand
from outreach.mail.understood import Kind

if TYPE_CHECKING:
    from tests.mail.conftest import Case

CASES = "people.txt"


def test_what_a_person_wrote_is_a_reply(case: Case) -> None:
    found = understand(case.text.encode())

    assert found.kind is Kind.REPLY
    assert found.text
