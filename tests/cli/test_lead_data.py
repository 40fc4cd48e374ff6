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
    for command in ("export", "list"):
        misspelt = stocked.run("leads", command, "--where", "led.score > 10")
        mistyped = stocked.run("leads", command, "--where", "lead.score > 'high'")
        assert (misspelt.code, mistyped.code) == (2, 2)
        assert "led" in misspelt.err


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


def test_opt_outs_of_another_program_come_before_its_leads(stocked: Shell) -> None:
    gone = stocked.write("gone.csv", "Email,Date\nada@moved.example,2025-04-01\n@blocked.example,\ngmail.com,\n")
    people = "ada@moved.example,Ada\nbea@blocked.example,Bea\ncem@moved.example,Cem\n"
    path = stocked.write("export.csv", f"email,firstName\n{people}")

    done = stocked.run("leads", "import", str(path), "--profile", "lemlist", "--opt-outs", str(gone), "--json")

    assert (done.json["imported"], done.json["suppressed"], done.json["source"]) == (3, 2, "lemlist")
    assert "anybody may have a mailbox at gmail.com" in done.err
    reasons = {row["value"]: row["reason"] for row in stocked.run("suppress", "list", "--json").json}
    assert reasons["email:ada@moved.example"] == reasons["blocked.example"] == "unsubscribed"


def test_what_columns_are_is_kept_and_used_again(stocked: Shell) -> None:
    path = stocked.write("list.csv", "email,Day\nada@moved.example,monday\n")

    assert stocked.run("leads", "import", str(path), "--save", "fairs").code == 0
    assert stocked.run("leads", "import", str(path), "--profile", "fairs", "--json").json["unchanged"] == 1
    assert stocked.run("leads", "import", str(path), "--save", "No Name").code == 2
    assert stocked.run("leads", "import", str(path), "--profile", "fars").code == 2
    assert stocked.run("validate").code == 0
