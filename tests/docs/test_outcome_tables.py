"""The tables of answers on the pages of providers say what the adapters do."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from outreach.channels import slack, twilio, whatsapp
from outreach.channels.meanings import Meaning
from outreach.errors import Outcome
from tests.docs.pages import text_of

CODES: Mapping[str, Mapping[str, Meaning]] = {
    "twilio": twilio._BY_CODE,
    "whatsapp": {str(code): meaning for code, meaning in whatsapp._BY_CODE.items()},
    "slack": {str(status): meaning for status, meaning in slack._BY_STATUS.items()},
}
WRITTEN = ("twilio", "whatsapp", "telegram", "x", "slack", "http")


def told(page: str) -> list[tuple[str, str]]:
    """(answers, outcome) of each row below `What answers mean`."""
    below = text_of(f"docs/providers/{page}.md").partition("\n## What answers mean\n")[2].partition("\n## ")[0]
    cells = [line.strip("|").split("|") for line in below.splitlines() if line.startswith("| ")][1:]
    return [(row[0].strip(), row[1].strip()) for row in cells]


@pytest.mark.parametrize("page", CODES)
def test_every_code_stands_in_one_row_with_its_outcome(page: str) -> None:
    for code, meaning in CODES[page].items():
        found = [outcome for answers, outcome in told(page) if re.search(rf"\b{code}\b", answers)]

        assert found == [f"`{meaning.outcome}`"], code


@pytest.mark.parametrize("page", WRITTEN)
def test_every_outcome_on_the_page_is_one(page: str) -> None:
    outcomes = {word for _, outcome in told(page) for word in re.findall(r"`(\w+)`", outcome)}

    assert outcomes <= set(Outcome)
    assert {"throttled", "deferred", "unknown", "account_blocked"} <= outcomes
