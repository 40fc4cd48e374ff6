"""A CRM is small: each of its files can be read in one go, and every adapter goes through one API client."""

from __future__ import annotations

from pathlib import Path

import outreach.crms

CRMS = Path(outreach.crms.__path__[0])
_LONGEST = 250


def test_every_file_of_a_crm_fits_250_lines() -> None:
    lengths = {path.name: len(path.read_text("utf-8").splitlines()) for path in CRMS.glob("*.py")}

    assert {name: length for name, length in lengths.items() if length > _LONGEST} == {}


def test_no_adapter_makes_requests_past_the_api_client() -> None:
    past = (".send(", "http.get(", "http.post(", "http.request(", "httpx.get(", "httpx.post(")

    assert [path.name for path in CRMS.glob("*.py") if any(call in path.read_text("utf-8") for call in past)] == []
