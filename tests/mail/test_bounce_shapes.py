"""Returned mail in the shapes of many programs: known for what it is, and about whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outreach.mail.understand import understand

if TYPE_CHECKING:
    from tests.mail.conftest import Case

CASES = "bounce_shapes.txt"


def test_a_mail_returned_in_this_shape_is_understood(case: Case) -> None:
    kind, reason, recipient = case.expected

    found = understand(case.text.encode())

    assert (str(found.kind), found.reason) == (kind, reason)
    assert recipient in found.recipients


def test_the_copy_below_it_is_not_read_as_what_the_program_says(case: Case) -> None:
    copied = case.text.encode() + b"\nMessage-ID: <e2@example.org>\n\nSorry, the mailbox is full, unknown user, spam.\n"

    assert understand(copied).kind.startswith("bounce")
