"""Pipelines, values, scores and the clean-up from the command line."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Shell

SCORING = """qualified_at: 20
rules:
  - {add: 25, if: lead.pain_point == 'audits'}
"""


@pytest.fixture
def address(stocked: Shell) -> str:
    """Some lead of the sample list."""
    found: str = stocked.run("leads", "list", "--json").json["rows"][0]["address"]
    return found


def test_values_are_written_with_where_they_were_learnt(stocked: Shell, address: str) -> None:
    said = stocked.run("leads", "set", address, "pain_point=audits", "budget=20000", "--from", "a call")
    again = stocked.run("leads", "set", address, "pain_point=audits")

    shown = stocked.run("leads", "show", address).out
    assert (said.code, said.out) == (0, f"Wrote pain_point, budget of {address}.\n")
    assert "has it so already" in again.out
    assert "pain_point: audits (by " in shown
    assert "a call)" in shown


@pytest.mark.parametrize("written", [["pain_point"], ["=x"], ["stage=won"], ["value=much"]])
def test_what_is_no_value_is_a_mistake(stocked: Shell, address: str, written: list[str]) -> None:
    assert stocked.run("leads", "set", address, *written).code == 2


def test_a_lead_rests_and_wakes(stocked: Shell, address: str) -> None:
    before = stocked.run("status", "--json").json["forgotten"]
    rested = stocked.run("leads", "rest", address, "--because", "budget in May", "--until", "2099-05-01")
    during = stocked.run("status", "--json").json["forgotten"]
    woken = stocked.run("leads", "wake", address)

    assert rested.out == f"{address} rests until 2099-05-01: budget in May\n"
    assert during == before - 1
    assert "needs a next action again" in woken.out
    assert "did not rest" in stocked.run("leads", "wake", address).out


def test_marketing_reads_the_list_and_hands_back(stocked: Shell, address: str) -> None:
    stocked.run("stage", address, "nurture", "--reason", "=not this year")
    file = stocked.root / "marketing.csv"

    shown = stocked.run("pipeline", "parked")
    exported = stocked.run("pipeline", "parked", "--export", str(file))
    (row,) = stocked.run("pipeline", "parked", "--json").json
    refused = stocked.run("pipeline", "back", address)
    back = stocked.run("pipeline", "back", address, "--yes", "--reason", "asked for a demo")

    assert "1 lead handed over to marketing." in shown.out
    assert exported.code == 0
    assert "'=not this year" in file.read_text("utf-8-sig")
    assert row["email"] == address
    assert (refused.code, back.out) == (2, "Took 1 lead back.\n")
    assert stocked.run("pipeline", "parked", "--json").json == []
    assert stocked.run("pipeline", "back", address, "--yes").code == 1
    assert stocked.run("pipeline", "back").code == 2


def test_the_pipeline_shows_its_stages_in_order(stocked: Shell) -> None:
    said = stocked.run("pipeline", "show")
    found = stocked.run("pipeline", "show", "--json").json

    assert "prospect" in said.out
    assert found["stages"][0]["leads"] == 5
    assert found["warnings"] == []


def test_scores_are_tried_before_they_count(stocked: Shell, address: str) -> None:
    (stocked.root / "config/scoring.yaml").unlink()

    missing = stocked.run("scoring", "simulate")
    stocked.write("config/scoring.yaml", SCORING)
    stocked.run("leads", "import", str(stocked.write("more.csv", f"email,pain_point\n{address},audits\n")))

    tried = stocked.run("scoring", "simulate")
    found = stocked.run("scoring", "simulate", "--json").json
    done = stocked.run("scoring", "run", "--json").json
    explained = stocked.run("explain", address)

    assert missing.code == 2
    assert "1 scores would change, 1 would qualify." in tried.out
    assert (found["changed"], found["qualifying"]) == (1, 1)
    assert (done["leads"], done["changed"], len(done["qualified"])) == (5, 1, 1)
    assert "+25  if lead.pain_point == 'audits'" in explained.out


def test_the_clean_up_asks_before_it_does_anything(stocked: Shell, address: str) -> None:
    stocked.run("leads", "import", str(stocked.write("twins.csv", TWINS)))

    listed = stocked.run("cleanup")
    (found,) = stocked.run("cleanup", "--finding", "duplicate", "--json").json
    unasked = stocked.run("cleanup", "apply", found["id"])
    applied = stocked.run("cleanup", "apply", found["id"], "--yes")
    undone = stocked.run("cleanup", "undo", "--all", "--yes")

    assert "duplicate" in listed.out
    assert unasked.code == 2
    assert (applied.out, undone.out) == ("Applied 1 proposal.\n", "Undid 1 proposal.\n")
    assert stocked.run("cleanup").out == "The list is clean.\n"
    assert stocked.run("cleanup", "apply").code == 2
    assert stocked.run("cleanup", "apply", "nothing", "--yes").code == 1
    assert stocked.run("cleanup", "dismiss", "--finding", "odd").code == 2


TWINS = (
    "email,first_name,last_name,company\n"
    "t.one@twins.example.com,Tia,Sample,Twins Ltd\nt.two@twins.example.com,Tia,Sample,Twins Ltd\n"
)
