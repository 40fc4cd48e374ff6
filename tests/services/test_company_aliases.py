"""Two domains of one company: people at either are colleagues."""

from __future__ import annotations

import pytest

from outreach.domain.lead import Address, AddressKind, Company, LeadDraft
from outreach.domain.suppression import Scope, SuppressionReason
from outreach.errors import UsageError
from outreach.services.hearing import stop
from outreach.services.people import company_aliases
from outreach.services.people.keep_leads import Beginning, keep
from outreach.store.tables import companies
from outreach.testing.field import Field


def bring(field: Field, email: str) -> str:
    domain = email.partition("@")[2]
    draft = LeadDraft(addresses=(Address(AddressKind.EMAIL, email),), source="list", company=Company(domain=domain))
    with field.app.store.begin() as connection:
        return keep(connection, [draft], beginning=Beginning("default", "prospect"), clock=field.clock)[0].lead_id


def test_who_comes_with_the_other_domain_works_for_the_same_company(field: Field) -> None:
    first = bring(field, "ayse@firm.com")
    company_aliases.add(field.engine, "firm.com", "firm.de", by="anna")

    second = bring(field, "can@firm.de")

    assert field.lead(first)["company_id"] == field.lead(second)["company_id"]
    assert [row["domain"] for row in field.rows(companies)] == ["firm.com"]
    assert [row["alias"] for row in company_aliases.listed(field.engine)] == ["firm.de"]


def test_a_company_that_had_the_domain_becomes_part_of_the_other(field: Field) -> None:
    first, second = bring(field, "ayse@firm.com"), bring(field, "can@firm.de")
    field.enroll(second)

    assert company_aliases.add(field.engine, "firm.com", "firm.de", by="anna") == 1

    assert field.lead(first)["company_id"] == field.lead(second)["company_id"] == field.enrollment(second)["company_id"]
    assert company_aliases.add(field.engine, "firm.com", "firm.de", by="anna") == 0


def test_a_suppression_of_either_covers_the_whole(field: Field) -> None:
    first, second = bring(field, "ayse@firm.com"), bring(field, "can@firm.de")
    value = field.lead(second)["company_id"]
    stop.suppress(field.engine, Scope.COMPANY, value, reason=SuppressionReason.BY_HAND, by="anna")
    field.enroll(first)

    company_aliases.add(field.engine, "firm.com", "firm.de", by="anna")

    assert field.enrollment(first)["reason"] == "suppressed"
    assert field.enroll(first, second).enrolled == 0


@pytest.mark.parametrize("domain", ["gmail.com", "nonsense"])
def test_free_mail_is_no_companys(field: Field, domain: str) -> None:
    bring(field, "ayse@firm.com")

    with pytest.raises(UsageError, match="no domain of a company"):
        company_aliases.add(field.engine, "firm.com", domain, by="anna")
