"""The tables of answers on the pages of providers are made from the cases that run against their stand-ins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from outreach import adapters
from outreach.channels import brevo, mailgun, postmark, resend, ses, slack, twilio, unipile_errors, whatsapp
from outreach.errors import RateLimited
from tests.channels.outcome_pages import ALL, HEADING, rendered, written
from tests.docs.pages import text_of

DOCUMENTED: Mapping[str, Mapping[Any, Any]] = {
    "twilio": twilio._BY_CODE,
    "whatsapp": whatsapp._BY_CODE,
    "slack": slack._BY_STATUS,
    "unipile": unipile_errors._BY_TYPE,
    "mailgun": mailgun._BY_STATUS,
    "postmark": postmark._BY_CODE,
    "ses": ses._BY_TYPE,
    "brevo": brevo._BY_CODE,
    "resend": resend._BY_NAME,
}


@pytest.mark.parametrize("page", ALL)
def test_the_page_shows_the_cases_row_by_row(page: str) -> None:
    """Otherwise: make outcome-tables."""
    text = text_of(f"docs/providers/{page}.md")

    assert written(text.partition(f"\n{HEADING}\n")[2]) == rendered(page)


def test_every_channel_has_its_table() -> None:
    assert set(adapters.CHANNELS) - {"memory"} == set(ALL)


@pytest.mark.parametrize("page", ALL)
def test_every_table_tells_what_each_channel_has_to_tell(page: str) -> None:
    """Sent, wrong credentials, a limit and its time, time-outs before and after handing over, an odd answer."""
    told = written(text_of(f"docs/providers/{page}.md"))
    cases = ALL[page].sections[0].contract.cases
    before = "time-out before 354" if page == "smtp" else "time-out before the request went out"
    after = "time-out after the final dot" if page == "smtp" else "time-out after the request went out"

    assert "| accepted | sent |" in told
    assert all(f"`{outcome}`" in told for outcome in ("deferred", "throttled", "account_blocked", "unknown"))
    assert (before in told, after in told) == (True, True)
    assert "no reply code" in told if page == "smtp" else "2xx without" in told or "2xx with another text" in told
    limits = [each for each in cases.values() if each.expected.kind is RateLimited]
    assert all(each.waits for each in limits)
    assert page == "smtp" or any("with" in each.says for each in limits)  # SMTP has no word for when


@pytest.mark.parametrize("page", DOCUMENTED)
def test_every_code_the_adapter_knows_is_a_case(page: str) -> None:
    told = written(text_of(f"docs/providers/{page}.md"))
    words = {word.strip("`.,()“”:;") for word in told.replace("|", " ").split()}

    assert {str(code) for code in DOCUMENTED[page]} <= words
