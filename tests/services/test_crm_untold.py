"""What an answer says nothing about is neither kept nor taken for a change."""

from __future__ import annotations

from outreach.crm import RemoteDeal, RemotePerson
from outreach.domain.crm_news import Change
from outreach.services.crm.crm_compare import changes, values_of

_KNOWN = {"status": "Responded", "stage": "New", "owner": "anna@example.com", "deal": "d1:open"}
_ALL = frozenset({"owner", "status", "stage", "deal"})


def test_what_was_not_read_stands_as_it_was_known() -> None:
    contact = RemotePerson(person_id="1", untold=_ALL)

    assert values_of(contact) == {}
    assert changes("crm", _KNOWN, contact) == ()


def test_what_is_told_later_is_measured_from_what_was_known_before() -> None:
    known = _KNOWN | values_of(RemotePerson(person_id="1", status="Responded", untold=frozenset({"stage", "deal"})))
    of_a_deal = RemotePerson(
        person_id="1", status="Responded", owner="anna@example.com", stage="New", deal=RemoteDeal(deal_id="d1")
    )

    assert [news.change for news in changes("crm", known | {"owner": "anna@example.com"}, of_a_deal)] == []


def test_an_opt_out_is_told_all_the_same() -> None:
    contact = RemotePerson(person_id="1", untold=_ALL, is_opted_out=True)

    assert [news.change for news in changes("crm", _KNOWN, contact)] == [Change.DO_NOT_CONTACT]
