"""Complaints, and reports that are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outreach.mail.understand import understand

if TYPE_CHECKING:
    from tests.mail.conftest import Case

CASES = "complaints.txt"


def test_a_report_is_understood(case: Case) -> None:
    kind, recipients = case.expected

    found = understand(case.text.encode())

    assert str(found.kind) == kind
    assert (",".join(found.recipients) or "-") == recipients


def test_a_complaint_names_the_message_it_is_about(case: Case) -> None:
    found = understand(case.text.encode())

    if case.expected[0] == "complaint":
        assert found.original_ids == ("e1.first@example.org",)
