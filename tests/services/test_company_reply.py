"""A colleague's reply ends the sequences that stop on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from outreach.testing.field import FILES, Field

_SEQUENCE = "sequences/two-mails.yaml"
_FILES = {_SEQUENCE: FILES[_SEQUENCE] + "stop_on: [reply, unsubscribe, complaint, company_reply]\n"}


def test_a_colleague_of_somebody_who_replied_is_free_again(make_field: Callable[[Mapping[str, str]], Field]) -> None:
    field = make_field(_FILES)
    ada, bob = field.add_lead("ada@example.com"), field.add_lead("bob@example.com")
    field.enroll(ada, bob)
    field.settle()

    field.reply("ada@example.com")
    field.settle()

    assert field.enrollment(bob)["reason"] == "company_replied"
    assert field.lead(bob)["status"] == "new"
    assert field.lead(ada)["status"] == "responded"
