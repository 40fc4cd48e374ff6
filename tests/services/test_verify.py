"""Addresses are checked without a network: a table stands in for name servers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from outreach.domain.verdict import Verdict, Verified
from outreach.errors import Unavailable, UsageError
from outreach.services.people.verify import FRESH, Verification, load_verifier, verify
from outreach.store.tables import addresses
from outreach.testing.field import Field

RECORDS = {
    ("one.example", "MX"): ("10 mx.one.example",),
    ("address.example", "AAAA"): ("2001:db8::1",),
    ("null.example", "MX"): ("0 ",),
    ("mailinator.com", "MX"): ("10 mx.mailinator.com",),
}


@dataclass
class Table:
    """A resolver out of a table; `dark` domains answer nothing."""

    records: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=lambda: RECORDS)
    dark: frozenset[str] = frozenset()
    asked: list[tuple[str, str]] = field(default_factory=list)

    def look_up(self, name: str, kind: str) -> tuple[str, ...]:
        self.asked.append((name, kind))
        if name in self.dark:
            raise Unavailable("dns", f"no answer about {name}")
        return self.records.get((name, kind), ())


def check(scene: Field, table: Table | None = None, **options: object) -> Verification:
    return verify(scene.app.store, resolver=table or Table(), clock=scene.clock, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("email", "verdict", "reason"),
    [
        ("ayse@one.example", Verdict.VALID, ""),
        ("ayse@address.example", Verdict.VALID, ""),
        ("info@one.example", Verdict.ROLE, "info@ is a desk, not a person"),
        ("customer.service+eu@one.example", Verdict.ROLE, "customer.service+eu@ is a desk, not a person"),
        ("ayse@mailinator.com", Verdict.DISPOSABLE, "mailboxes at mailinator.com last for minutes"),
        ("ayse@null.example", Verdict.INVALID, "null.example says that it takes no mail"),
        ("ayse@nowhere.example", Verdict.INVALID, "nowhere.example has no server for mail"),
        ("not an address", Verdict.INVALID, "'not an address' is not an e-mail address"),
    ],
)
def test_an_address_gets_its_verdict_with_the_reason_and_the_time(
    field: Field, email: str, verdict: Verdict, reason: str
) -> None:
    field.add_lead(email)

    found = check(field)

    assert dict(found.verdicts) == {verdict: 1}
    row = field.row(addresses, value=email)
    assert (row["verdict"], row["verified_at"]) == (verdict, field.clock.now())
    assert row["verdict_reason"].startswith(reason)


def test_nobody_answering_says_nothing_about_the_address(field: Field) -> None:
    field.add_lead("ayse@one.example")

    assert dict(check(field, Table(dark=frozenset({"one.example"}))).verdicts) == {Verdict.UNKNOWN: 1}
    assert dict(check(field).verdicts) == {Verdict.VALID: 1}


def test_a_domain_is_asked_about_once(field: Field) -> None:
    for name in ("a", "b", "c"):
        field.add_lead(f"{name}@one.example")
    table = Table()

    check(field, table)

    assert table.asked == [("one.example", "MX")]


def test_a_verdict_is_good_for_a_while(field: Field) -> None:
    field.add_lead("ayse@one.example")
    check(field)

    assert check(field).fresh == 1
    assert check(field, again=True).verdicts.total() == 0  # at the same instant nothing is older
    field.clock.advance(FRESH)
    field.clock.advance(FRESH)
    assert check(field).verdicts.total() == 1


def test_only_the_leads_that_are_named_are_checked(field: Field) -> None:
    lead = field.add_lead("ayse@one.example")
    field.add_lead("can@one.example")

    assert check(field, lead_ids=[lead]).verdicts.total() == 1


def test_the_teams_own_verifier_has_the_last_word_on_what_nothing_speaks_against(field: Field) -> None:
    for email in ("ayse@one.example", "info@one.example", "can@one.example", "eda@one.example"):
        field.add_lead(email)

    def told(email: str) -> Verified | None:
        if email.startswith("eda"):
            raise RuntimeError("down")
        return Verified(Verdict.CATCH_ALL, "takes anything") if email.startswith("ayse") else None

    found = check(field, verifier=told)

    wanted = {Verdict.CATCH_ALL: 1, Verdict.ROLE: 1, Verdict.VALID: 1, Verdict.UNKNOWN: 1}
    assert dict(found.verdicts) == wanted
    assert found.examples[Verdict.UNKNOWN] == ("eda@one.example", "the verifier failed: RuntimeError")


def test_a_verifier_is_loaded_by_its_path() -> None:
    assert load_verifier(None) is None
    assert load_verifier("outreach.services.people.verify:load_verifier") is load_verifier


@pytest.mark.parametrize("name", ["acme.nothing:verify", "outreach.services.people.verify:nothing", "nobodys"])
def test_a_verifier_that_is_not_there_is_told(name: str) -> None:
    with pytest.raises(UsageError, match="verifier"):
        load_verifier(name)
