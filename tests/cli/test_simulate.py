"""`outreach simulate`: from a file or the database, as tables, JSON, CSV and a page."""

from __future__ import annotations

import csv

import pytest

from tests.cli.conftest import Shell

START = ("--start", "2026-03-02 10:00")


def test_a_new_workspace_can_be_simulated_at_once(shell: Shell) -> None:
    said = shell.run("simulate", "welcome", "--leads", str(shell.root / "leads.csv"), *START, "--replies", "8%")

    assert (said.code, said.err) == (0, "")
    assert "replies 8%" in said.out
    assert "The list is finished on" in said.out


def test_json_csv_and_page_tell_the_same(shell: Shell) -> None:
    sheet, page = shell.root / "calendar.csv", shell.root / "calendar.html"

    said = shell.run(
        "simulate", "welcome", "--leads", str(shell.root / "leads.csv"), *START,
        "--json", "--csv", str(sheet), "--html", str(page),
    )  # fmt: skip

    touches = said.json["touches"]
    with sheet.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(touches) == len(rows) == said.json["sent"] > 0
    assert [row["at"] for row in rows] == [touch["at"] for touch in touches]
    assert page.read_text("utf-8").startswith("<!doctype html>")


def test_the_list_of_the_database_can_be_simulated(shell: Shell) -> None:
    shell.run("leads", "import", str(shell.root / "leads.csv"))

    everybody = shell.run("simulate", "welcome", "--all", *START, "--json").json
    nobody = shell.run("simulate", "welcome", "--where", "lead.score > 100000", *START, "--json").json

    assert everybody["entered"] > 0
    assert nobody["entered"] == 0
    assert {each["reason"] for each in nobody["refused"]} <= {
        "not selected by --where",
        "missing first_name (step hello)",
    }


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("welcom", "--all"), "Did you mean 'welcome'?"),
        (("welcome",), "nobody to simulate. Give a file (--leads), a condition (--where) or --all."),
        (("welcome", "--all", "--replies", "8"), "'8' is not a rate. Write it from 0% to 100%, such as --replies 8%."),
        (("welcome", "--all", "--replies", "-1%"), "is not a rate"),
        (("welcome", "--all", "--opens", "nan"), "is not a rate"),
        (
            ("welcome", "--all", "--start", "tomorrow"),
            "--start: 'tomorrow' is not a time. Write it as 2026-03-02 10:00.",
        ),
        (("welcome", "--where", "lead.score >"), "--where: "),
        (("welcome", "--where", "lead.tags == 'vip'"), "--where: 'lead.tags' is a list"),
    ],
)
def test_what_is_written_wrong_is_told(shell: Shell, arguments: tuple[str, ...], told: str) -> None:
    said = shell.run("simulate", *arguments)

    assert said.code == 2
    assert told in said.err


def test_a_start_without_a_zone_is_meant_where_the_first_sender_is(shell: Shell) -> None:
    leads = str(shell.root / "leads.csv")

    here = shell.run("simulate", "welcome", "--leads", leads, "--start", "2026-03-02 10:00", "--json").json
    there = shell.run("simulate", "welcome", "--leads", leads, "--start", "2026-03-02T10:00+00:00", "--json").json

    assert here["start"] == "2026-03-02T07:00:00Z"
    assert there["start"] == "2026-03-02T10:00:00Z"
