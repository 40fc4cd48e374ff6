"""What is kept of people, taken out and deleted from the command line."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from outreach.app import App

if TYPE_CHECKING:
    from tests.cli.conftest import Shell


class Nameless:
    """A resolver that knows no domain."""

    def look_up(self, name: str, kind: str) -> tuple[str, ...]:
        return ()


def test_all_leads_come_out_and_in_again_without_a_change(stocked: Shell) -> None:
    exported = stocked.run("leads", "export")

    path = stocked.write("again.csv", exported.out)
    again = stocked.run("leads", "import", str(path), "--json").json

    assert (
        again["unchanged"] + again["updated"]
        == again["rows_read"]
        == len(list(csv.DictReader(io.StringIO(exported.out))))
    )


def test_one_person_comes_out_as_a_document_and_is_gone_after_erasing(stocked: Shell) -> None:
    lead = stocked.run("leads", "list", "--json").json["rows"][0]

    told = stocked.run("leads", "export", lead["address"]).json
    refused = stocked.run("leads", "erase", lead["address"])
    done = stocked.run("leads", "erase", lead["address"], "--yes", "--json").json

    assert told["lead"]["id"] == lead["id"]
    assert refused.code == 2
    assert done["lead_id"] == lead["id"]
    assert stocked.run("leads", "show", lead["address"]).code == 2


def test_an_expression_that_is_none_is_a_mistake(stocked: Shell) -> None:
    assert stocked.run("leads", "export", "--where", "lead.score >").code == 2


def test_two_leads_are_merged_and_parted(stocked: Shell) -> None:
    first, second = (row["id"] for row in stocked.run("leads", "list", "--json").json["rows"][:2])

    refused = stocked.run("leads", "merge", first, second)
    merged = stocked.run("leads", "merge", first, second, "--yes")
    gone = stocked.run("leads", "show", second)
    parted = stocked.run("leads", "merge", "--undo", first, second)

    assert (refused.code, merged.code, gone.code, parted.code) == (2, 0, 2, 0)
    assert f"--undo {first} {second}" in merged.out
    assert stocked.run("leads", "show", second).code == 0


def test_addresses_are_verified_by_the_resolver_of_the_program(stocked: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(App, "resolver", Nameless())

    done = stocked.run("leads", "verify", "--json").json
    again = stocked.run("leads", "verify")

    assert done["verdicts"] == {"invalid": sum(done["verdicts"].values())}
    assert "0 addresses checked" in again.out
