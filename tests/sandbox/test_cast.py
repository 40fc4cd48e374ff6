"""The script and the list of leads speak of the same people."""

from __future__ import annotations

import csv
from dataclasses import fields
from pathlib import Path

from outreach.sandbox import stage
from outreach.sandbox.cast import BUSY, CAST, KNOWN_IN_CRM, PUT_OFF, REFUSED, WITHOUT_PROFILE, Ending, email_of

_LEADS = Path(stage.__file__).with_name("workspace") / "leads.csv"


def _rows() -> list[dict[str, str]]:
    with _LEADS.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if "@" in row["Email"]]


def test_everybody_on_the_list_is_in_the_script() -> None:
    assert {row["Email"] for row in _rows()} == set(CAST)
    assert len(CAST) == 30


def test_everybody_is_sample_data() -> None:
    for row in _rows():
        assert row["Email"].endswith(".example")
        assert row["Company"].endswith("(sample)")
        assert not row["LinkedIn"] or row["LinkedIn"].endswith("-sample")


def test_a_linkedin_profile_leads_to_its_person() -> None:
    for row in _rows():
        if row["LinkedIn"]:
            assert email_of(row["LinkedIn"].rpartition("/")[2]) == row["Email"]


def test_every_special_person_exists() -> None:
    assert {*REFUSED, *PUT_OFF, *KNOWN_IN_CRM} <= set(CAST)
    assert {email_of(slug) for slug in (*WITHOUT_PROFILE, *BUSY)} <= set(CAST)


def test_every_ending_counts_for_both_senders() -> None:
    for person in CAST.values():
        counts = [getattr(person.ends, field.name) for field in fields(Ending) if field.name in ("mails", "linkedin")]
        assert all(count is None or set(count) == {"anna", "deniz"} for count in counts)
