"""A mailbox with a cap, a gap and windows in the zones of its leads, who are many more than it can write to.

These are the first days of the month that `python -m tests.benchmarks.paced_month` runs with ten thousand leads.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from outreach.testing.field import Field
from tests.journeys import paced_month
from tests.journeys.paced_month import CAP, START


@pytest.fixture
def mailbox(tmp_path: Path, sqlite_url: str) -> Iterator[Field]:
    made = paced_month.field_of(tmp_path / "workspace", sqlite_url)
    yield made
    made.close()


def test_no_window_cap_or_gap_is_broken_and_nobody_starves_with_two_schedulers(mailbox: Field) -> None:
    until = START + timedelta(days=5.5)

    month = paced_month.spend(mailbox, leads=400, until=until, schedulers=2)

    assert len(month.sent) >= 4 * CAP
    assert any(each.step == "bump" for each in month.sent)
    paced_month.check(month, until=until)
