"""`report`, `goal` and `demo --history` from the command line."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from outreach.app import build
from outreach.clock import MovableClock
from outreach.sandbox.history import fill
from outreach.services.watching.new_workspace import make
from outreach.services.watching.sequence_page import list_sequences, sequence_page
from outreach.testing.field import at
from tests.cli.conftest import Shell

GOALS = """
- {name: Meetings, kpi: meetings, target: 60, owner: anna, start: 2026-01-01, deadline: 2100-12-31,
   attainable_because: 41 in half the time}
- {name: Revenue, kpi: revenue, target: 9000000, owner: anna, start: 2026-01-01, deadline: 2100-12-31,
   attainable_because: the pipeline holds three times that}
- {name: Calls, kpi: calls, target: 9, owner: anna, start: 2026-01-01, deadline: 2100-12-31, attainable_because: easy}
"""
NOW = at("2026-07-01T12:00:00+00:00")


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    """A database with two hundred sample leads of the first half of 2026."""
    root = tmp_path_factory.mktemp("history") / "workspace"
    make(root)
    shutil.copyfile(sqlite_template, root / "outreach.db")
    app = build(root, {}, clock=MovableClock(NOW))
    fill(app, seed=3, number=200)
    app.close()
    return root / "outreach.db"


@pytest.fixture
def with_history(shell: Shell, history: Path) -> Shell:
    shutil.copyfile(history, shell.root / "outreach.db")
    shell.write("config/goals.yaml", GOALS)
    return shell


def test_a_report_of_a_quarter_stands_beside_the_one_before(with_history: Shell) -> None:
    said = with_history.run("report", "--quarter", "2026-Q2")

    assert said.code == 0, said.err
    assert said.out.startswith("2026-Q2, beside 2026-Q1 (Europe/Istanbul).\nSAMPLE DATA")
    for title in ("Reach", "Answers", "Sales", "Activity", "Stages", "Funnel", "Forecast", "Against hold-out", "Goals"):
        assert f"\n{title}" in said.out
    assert "Opens (unreliable)" in said.out


def test_the_sequences_of_the_history_have_their_pages(with_history: Shell) -> None:
    app = build(with_history.root, {}, clock=MovableClock(NOW))

    pages = {line.name: sequence_page(app.engine, line.name) for line in list_sequences(app.engine)}
    app.close()

    assert sorted(pages) == ["after-the-webinar", "first-contact"]
    assert all(page.people.finished for page in pages.values())


def test_a_report_as_json_has_everything(with_history: Shell) -> None:
    found = with_history.run("report", "--month", "2026-06", "--by", "source", "--json").json

    assert found["period"]["label"] == "2026-06"
    assert found["is_sample"] is True
    assert set(found["groups"]) <= {"webinar", "website form", "trade fair", "referral", "list import"}
    assert found["values"]["leads"]["value"] == sum(group["leads"]["value"] for group in found["groups"].values())


def test_a_report_of_one_source_alone(with_history: Shell) -> None:
    whole = with_history.run("report", "--from", "2026-01-01", "--to", "2026-06-30", "--by", "source", "--json").json
    alone = with_history.run(
        *("report", "--from", "2026-01-01", "--to", "2026-06-30", "--only", "source=webinar", "--json")
    ).json

    assert alone["values"]["people"]["value"] == whole["groups"]["webinar"]["people"]["value"]


def test_files_are_written(with_history: Shell, tmp_path: Path) -> None:
    where = [str(tmp_path / name) for name in ("report.html", "images", "tables")]

    said = with_history.run("report", "--quarter", "2026-Q2", "--html", where[0], "--png", where[1], "--csv", where[2])

    assert (said.code, said.out) == (0, "")
    assert "<svg" in Path(where[0]).read_text("utf-8")
    assert {path.name for path in Path(where[1]).iterdir()} >= {"funnel.png", "hours.png", "goals.png", "cohorts.png"}
    rows = list(csv.DictReader((Path(where[2]) / "kpis.csv").read_text("utf-8-sig").splitlines()))
    assert {row["kpi"] for row in rows} >= {"reply_rate", "meetings"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--week", "2026-W99"), "is not a week"),
        (("--week", "last", "--month", "last"), "name one period"),
        (("--to", "2026-01-01"), "--to needs --from"),
        (("--from", "yesterday"), "--from: 'yesterday' is not a day"),
        (("--from", "2026-03-02", "--to", "2026-03-01"), "is before the first"),
        (("--by", "sauce"), "Did you mean 'source'?"),
        (("--only", "source"), "Write it as source=webinar"),
    ],
)
def test_what_cannot_be_reported_is_told(shell: Shell, options: tuple[str, ...], said: str) -> None:
    found = shell.run("report", *options)

    assert found.code == 2
    assert said in found.err


def test_goals_stand_with_pace_and_forecast(with_history: Shell) -> None:
    said = with_history.run("goal")

    assert said.code == 0
    assert "Meetings" in said.out
    assert "of 9,000,000" in said.out
    assert [each["goal"]["name"] for each in with_history.run("goal", "list", "--json").json] == [
        "Meetings",
        "Revenue",
        "Calls",
    ]


def test_needs_are_counted_from_what_was_measured(with_history: Shell) -> None:
    found = with_history.run("goal", "needs", "--sales", "10", "--json").json

    stages = {need["stage"]: need for need in found["needs"]}
    for need in stages.values():
        if need["share"]:
            assert need["needed"] == pytest.approx(10 / need["share"])
            assert need["fewest"] < need["needed"] < need["most"]
    assert with_history.run("goal", "needs", "Meetings").code == 0
    assert "leads it takes" in with_history.run("goal", "needs", "Revenue").out.lower()


@pytest.mark.parametrize(("name", "said"), [("Meeting", "Did you mean 'Meetings'?"), ("Calls", "not of 'calls'")])
def test_a_goal_that_says_nothing_about_leads_is_refused(with_history: Shell, name: str, said: str) -> None:
    found = with_history.run("goal", "needs", name)

    assert found.code == 2
    assert said in found.err


def test_history_is_the_same_for_the_same_seed_and_never_mixed(shell: Shell) -> None:
    first = shell.run("demo", "--history", "--seed", "5", "--json")
    again = shell.run("demo", "--history")

    assert first.json["leads"] == 900
    assert again.code == 2
    assert "already" in again.err


def test_history_is_not_put_beside_real_leads(stocked: Shell) -> None:
    said = stocked.run("demo", "--history")

    assert said.code == 2
    assert "must not mix" in said.err


def test_nobody_of_the_history_is_written_to(with_history: Shell) -> None:
    assert with_history.run("apply", "--yes").code == 0

    said = with_history.run("enroll", "welcome", "--all", "--yes")

    assert "200" in said.out
    rows = with_history.run("db", "export", "--what", "enrollments").lines
    assert {row["state"] for row in rows} == {"finished"}
