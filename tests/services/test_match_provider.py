"""Senders whose mailbox is where the lead's is come first, if the sequence wants it; a lead keeps its sender."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from outreach.domain.mail_provider import of_lead, of_server
from outreach.testing.field import Field

MakeField = Callable[[Mapping[str, str]], Field]
SENDERS = "".join(
    f"""
{name}:
  name: {name.title()} Example
  timezone: Europe/Istanbul
  email:
    address: {name}@sender.example
    smtp: {{url: "{url}", username: {name}, password: sesame}}
"""
    for name, url in (
        ("anna", "smtps://smtp.gmail.com:465"),
        ("deniz", "smtp+starttls://smtp.office365.com:587"),
        ("ece", "smtps://smtp.relay.example:465"),
    )
)
SEQUENCE = """
name: two-mails
pipeline: default
senders: [anna, deniz, ece]
match_provider: {wanted}
schedule: always
steps:
  - id: intro
    email: intro
"""


def senders_of(make_field: MakeField, wanted: str, *addresses: str, **lead: object) -> set[str]:
    files = {"config/senders.yaml": SENDERS, "sequences/two-mails.yaml": SEQUENCE.format(wanted=wanted)}
    field = make_field(files)
    leads = [field.add_lead(address, **lead) for address in addresses]
    field.enroll(*leads)
    return {field.enrollment(lead_id)["sender"] for lead_id in leads}


MANY = [f"lead{number}@{{}}" for number in range(12)]


@pytest.mark.parametrize(
    ("domain", "sender"), [("gmail.com", "anna"), ("outlook.de", "deniz"), ("hotmail.co.uk", "deniz")]
)
def test_a_lead_gets_a_sender_at_its_own_provider(make_field: MakeField, domain: str, sender: str) -> None:
    assert senders_of(make_field, "true", *(each.format(domain) for each in MANY)) == {sender}


def test_a_field_says_where_a_company_has_its_mail(make_field: MakeField) -> None:
    addresses = [each.format("company.example") for each in MANY]

    assert senders_of(make_field, "true", *addresses, fields={"mail_provider": "Microsoft"}) == {"deniz"}


@pytest.mark.parametrize(("wanted", "domain"), [("true", "company.example"), ("false", "gmail.com")])
def test_otherwise_all_senders_share(make_field: MakeField, wanted: str, domain: str) -> None:
    assert len(senders_of(make_field, wanted, *(each.format(domain) for each in MANY))) > 1


def test_a_name_that_only_ends_alike_is_another_provider() -> None:
    assert of_server("smtp.notgmail.com") == ""
    assert of_lead("ada@gmail.com.example", None) == ""
