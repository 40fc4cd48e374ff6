"""leads import, list, show; enroll; note, stage; suppress, pause, resume, remove."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Shell


def _status_of(shell: Shell, lead: str) -> tuple[str, str]:
    found = shell.run("leads", "show", lead, "--json").json
    return found["status"], found["stage"]


def _first_enrollment(shell: Shell, lead: str) -> tuple[str, str | None]:
    enrollment = shell.run("leads", "show", lead, "--json").json["enrollments"][0]
    return enrollment["state"], enrollment["reason"]


def test_an_import_says_what_became_of_every_row(shell: Shell) -> None:
    file = shell.write("list.csv", "Email,Ad,Soyad\nada@one.example,Ada,Bir\nnot-an-address,Bora,İki\n")

    said = shell.run("leads", "import", str(file), "--source", "fair", "--json")

    assert said.code == 0
    assert (said.json["rows_read"], said.json["imported"], said.json["rejected"]) == (2, 1, 1)
    assert said.json["examples"][0]["line"] == 3
    assert said.json["error_file"].endswith("list.csv.errors.csv")
    assert shell.run("leads", "show", "ada@one.example", "--json").json["source"] == "fair"


def test_an_import_for_people_shows_how_columns_were_understood(shell: Shell) -> None:
    said = shell.run("leads", "import", str(shell.root / "leads.csv"))

    assert "5 rows: 5 imported, 0 updated, 0 unchanged, 0 rejected." in said.out
    assert "COLUMN" in said.out


def test_importing_again_changes_nothing(stocked: Shell) -> None:
    said = stocked.run("leads", "import", str(stocked.root / "leads.csv"), "--json")

    assert (said.json["imported"], said.json["unchanged"]) == (0, 5)


def test_a_file_without_addresses_is_refused(shell: Shell) -> None:
    file = shell.write("list.csv", "colour,size\nred,1\n")

    said = shell.run("leads", "import", str(file))

    assert said.code == 2
    assert "none holds an address" in said.err


def test_a_file_with_nothing_but_bad_rows_is_a_failure(shell: Shell) -> None:
    file = shell.write("list.csv", "email\nnobody\n")

    assert shell.run("leads", "import", str(file)).code == 1


def test_a_file_that_is_not_there_is_a_mistake(shell: Shell) -> None:
    assert shell.run("leads", "import", "missing.csv").code == 2


def test_leads_are_listed_and_searched(stocked: Shell) -> None:
    everybody = stocked.run("leads", "list", "--json").json
    found = stocked.run("leads", "list", "--search", "bilge", "--json").json

    assert (everybody["total"], found["total"]) == (5, 1)
    assert found["rows"][0]["address"] == "bilge@two.example"
    assert "bilge@two.example" in stocked.run("leads", "list").out


def test_a_lead_is_found_by_id_and_by_any_address(stocked: Shell) -> None:
    by_address = stocked.run("leads", "show", "ADA@one.example", "--json").json

    assert stocked.run("leads", "show", by_address["id"], "--json").json == by_address
    assert "Ada Example" in stocked.run("leads", "show", "ada@one.example").out


def test_nobody_is_a_mistake_that_says_where_to_look(stocked: Shell) -> None:
    said = stocked.run("leads", "show", "nobody@one.example")

    assert said.code == 2
    assert said.err.startswith("Error: there is no lead 'nobody@one.example'.")
    assert "Traceback" not in said.err


def test_enroll_counts_first_and_asks(stocked: Shell) -> None:
    said = stocked.run("enroll", "welcome", "--all")

    assert said.code == 2
    assert "5 leads of 5 would enter welcome." in said.out
    assert "add --yes" in said.err
    assert stocked.run("leads", "show", "ada@one.example", "--json").json["enrollments"] == []


def test_a_dry_run_enrolls_nobody(stocked: Shell) -> None:
    said = stocked.run("enroll", "welcome", "--all", "--dry-run", "--json")

    assert (said.code, said.json["enrolled"], said.json["dry_run"]) == (0, 5, True)
    assert stocked.run("leads", "show", "ada@one.example", "--json").json["enrollments"] == []


def test_enroll_by_lead_condition_and_file(stocked: Shell) -> None:
    file = stocked.write("some.csv", "email\nclara@three.example\nunknown@nine.example\n")

    one = stocked.run("enroll", "welcome", "--lead", "ada@one.example", "--yes", "--json")
    some = stocked.run("enroll", "welcome", "--where", "lead.country == 'TR'", "--yes", "--json")
    listed = stocked.run("enroll", "welcome", "--file", str(file), "--yes", "--json")

    assert [said.json["enrolled"] for said in (one, some, listed)] == [1, 1, 1]
    assert some.json["refused"]["not selected by --where"] >= 3
    assert "some.csv:3: not imported" in listed.err


def test_the_reasons_against_are_counted(stocked: Shell) -> None:
    stocked.run("suppress", "add", "ada@one.example", "--yes")
    stocked.run("enroll", "welcome", "--lead", "bilge@two.example", "--yes")

    said = stocked.run("enroll", "welcome", "--all", "--yes")

    assert "3 leads of 5 entered welcome." in said.out
    assert "suppressed" in said.out
    assert "already inside this sequence" in said.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("welcome",), "nobody to enroll"),
        (("wellcome", "--all", "--yes"), "not applied"),
        (("welcome", "--all", "--lead", "ada@one.example"), "--all means everybody"),
        (("welcome", "--where", "lead.nme =="), "--where:"),
        (("welcome", "--where", "lead.email > 3"), "--where: 'lead.email' is a text, 3 is a number"),
        (("welcome", "--lead", "nobody@one.example"), "there is no lead"),
    ],
)
def test_what_cannot_be_enrolled_is_a_mistake(stocked: Shell, arguments: tuple[str, ...], words: str) -> None:
    said = stocked.run("enroll", *arguments)

    assert said.code == 2
    assert words in said.err


def test_pause_and_resume_a_lead(stocked: Shell) -> None:
    stocked.run("enroll", "welcome", "--all", "--yes")

    paused = stocked.run("pause", "ada@one.example")
    during = _first_enrollment(stocked, "ada@one.example")
    resumed = stocked.run("resume", "ada@one.example")

    assert "1 enrollment." in paused.out
    assert during == ("paused", None)
    assert resumed.code == 0
    assert _first_enrollment(stocked, "ada@one.example") == ("active", None)


@pytest.mark.parametrize(
    ("option", "value"),
    [("--sequence", "welcome"), ("--sender", "anna"), ("--domain", "one.example"), ("--company", "one.example")],
)
def test_wide_pauses_stand_in_status_until_they_are_lifted(stocked: Shell, option: str, value: str) -> None:
    assert stocked.run("pause", option, value, "--reason", "holidays").code == 0
    during = stocked.run("status", "--json").json["pauses"]
    assert stocked.run("resume", option, value).code == 0

    assert [(each["scope"], each["reason"]) for each in during] == [(option.removeprefix("--"), "holidays")]
    assert stocked.run("status", "--json").json["pauses"] == []


def test_everything_is_paused_with_all(stocked: Shell) -> None:
    assert "Paused everything" in stocked.run("pause", "--all").out
    assert stocked.run("resume", "--all").code == 0
    assert "all is not paused" in stocked.run("resume", "--all").err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "name exactly one"),
        (("ada@one.example", "--all"), "name exactly one"),
        (("--sender", "anne"), "Did you mean 'anna'?"),
        (("--sequence", "nope"), "there is no sequence 'nope'"),
        (("--domain", "not a domain"), "is not a domain"),
        (("--company", "nope.example"), "there is no company"),
    ],
)
def test_a_pause_of_nothing_is_a_mistake(stocked: Shell, arguments: tuple[str, ...], words: str) -> None:
    said = stocked.run("pause", *arguments)

    assert said.code == 2
    assert words in said.err


def test_late_touches_are_decided_about_at_once(stocked: Shell) -> None:
    assert "Resumed 0 late touches." in stocked.run("resume", "--late").out
    assert "Skipped 0 late touches." in stocked.run("resume", "--skip-late").out
    assert stocked.run("resume", "--late", "--skip-late").code == 2
    assert stocked.run("resume", "--late", "--all").code == 2


def test_removing_needs_a_yes_and_ends_for_good(stocked: Shell) -> None:
    stocked.run("enroll", "welcome", "--all", "--yes")

    refused = stocked.run("remove", "ada@one.example")
    done = stocked.run("remove", "ada@one.example", "--yes")

    assert (refused.code, done.code) == (2, 0)
    assert _first_enrollment(stocked, "ada@one.example") == ("finished", "removed")
    assert _first_enrollment(stocked, "bilge@two.example") == ("active", None)


def test_a_suppression_ends_and_forbids(stocked: Shell) -> None:
    stocked.run("enroll", "welcome", "--all", "--yes")

    said = stocked.run("suppress", "add", "one.example", "--reason", "asked by phone", "--yes")

    assert "Suppressed domain one.example: 1 enrollment ended." in said.out
    assert _first_enrollment(stocked, "ada@one.example") == ("finished", "suppressed")
    assert _status_of(stocked, "ada@one.example")[0] == "do_not_contact"
    (listed,) = stocked.run("suppress", "list", "--json").json
    assert (listed["scope"], listed["value"], listed["detail"]) == ("domain", "one.example", "asked by phone")


def test_a_lifted_suppression_lets_the_lead_be_enrolled_again(stocked: Shell) -> None:
    stocked.run("suppress", "add", "ada@one.example", "--yes")
    stocked.run("suppress", "add", "ada@one.example", "--scope", "lead", "--yes")

    stocked.run("suppress", "lift", "ada@one.example", "--yes")
    between = _status_of(stocked, "ada@one.example")[0]
    stocked.run("suppress", "lift", "ada@one.example", "--scope", "lead", "--yes")

    assert (between, _status_of(stocked, "ada@one.example")[0]) == ("do_not_contact", "new")
    assert stocked.run("enroll", "welcome", "--lead", "ada@one.example", "--yes", "--json").json["enrolled"] == 1


def test_lifting_what_is_not_there_is_a_mistake(stocked: Shell) -> None:
    said = stocked.run("suppress", "lift", "ada@one.example", "--yes")

    assert said.code == 2
    assert "is not suppressed" in said.err


def test_a_note_stands_in_the_timeline(stocked: Shell) -> None:
    said = stocked.run("note", "ada@one.example", "Met", "at", "the", "fair")

    assert said.code == 0
    assert "Met at the fair" in stocked.run("leads", "show", "ada@one.example").out
    assert stocked.run("note", "ada@one.example", " ").code == 2


def test_a_stage_is_moved_by_hand(stocked: Shell) -> None:
    said = stocked.run("stage", "ada@one.example", "qualified", "--reason", "has a budget")

    assert said.out == "Moved ada@one.example from prospect to qualified.\n"
    assert _status_of(stocked, "ada@one.example") == ("new", "qualified")


def test_lost_ends_every_sequence(stocked: Shell) -> None:
    stocked.run("enroll", "welcome", "--all", "--yes")

    said = stocked.run("stage", "ada@one.example", "lost")

    assert "1 enrollment ended" in said.out
    assert _first_enrollment(stocked, "ada@one.example") == ("finished", "stopped")


def test_won_asks_for_what_it_requires_and_makes_a_customer(stocked: Shell) -> None:
    stocked.run("stage", "ada@one.example", "meeting_booked")

    refused = stocked.run("stage", "ada@one.example", "won")
    moved = stocked.run("stage", "ada@one.example", "won", "--set", "value=5000")

    assert refused.code == 2
    assert "needs value" in refused.err
    assert moved.code == 0
    assert _status_of(stocked, "ada@one.example") == ("customer", "won")


@pytest.mark.parametrize(
    ("stage", "words"),
    [("qualifid", "Did you mean 'qualified'?"), ("prospect", "already"), ("won", "allows no move from 'prospect'")],
)
def test_a_stage_that_cannot_be_is_a_mistake(stocked: Shell, stage: str, words: str) -> None:
    said = stocked.run("stage", "ada@one.example", stage)

    assert said.code == 2
    assert words in said.err
