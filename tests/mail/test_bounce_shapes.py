"""Returned mail in the shapes of many programs: known for what it is, and about whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outreach.mail.understand import understand
from tests.mail.conftest import read_cases

if TYPE_CHECKING:
    from tests.mail.conftest import Case

CASES = "bounce_shapes.txt"
OTHERS = read_cases("no_bounces.txt")


def test_a_mail_returned_in_this_shape_is_understood(case: Case) -> None:
    kind, reason, recipient = case.expected

    found = understand(case.text.encode())

    assert (str(found.kind), found.reason) == (kind, reason)
    assert recipient in found.recipients


def test_the_copy_below_it_is_not_read_as_what_the_program_says(case: Case) -> None:
    copied = case.text.encode() + b"\nMessage-ID: <e2@example.org>\n\nSorry, the mailbox is full, unknown user, spam.\n"

    assert understand(copied).kind.startswith("bounce")


@pytest.mark.parametrize("other", OTHERS, ids=[other.name for other in OTHERS])
def test_a_mail_that_speaks_of_delivery_is_no_bounce(other: Case) -> None:
    assert not understand(other.text.encode()).kind.startswith("bounce")
