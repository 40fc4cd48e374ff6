"""crm map, crm sync, leads import --from."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Shell

CRM = """
team:
  use: memory
  poll: 5 minutes
  stages: [s1]
  fields: {jobtitle: {from: title, mode: overwrite}}
  when: {reply: [person, log_reply]}
"""


@pytest.fixture
def team(shell: Shell) -> Shell:
    shell.write("config/crm.yaml", CRM.replace("  stages: [s1]\n", ""))
    return shell


def test_the_mapping_is_shown_as_a_table(team: Shell) -> None:
    rows = team.run("crm", "map", "--json").json

    assert {"connection": "team", "what": "field", "ours": "title", "theirs": "jobtitle", "how": "overwrite"} in rows
    assert "overwrite" in team.run("crm", "map").out


def test_a_suggestion_says_when_there_is_none(team: Shell) -> None:
    said = team.run("crm", "map", "--suggest")

    assert (said.code, said.out.strip()) == (0, "There is nothing to suggest.")


AWAY = """
away:
  use: hubspot
  token: sample-token
  base_url: http://127.0.0.1:9
  when: {reply: [person, log_reply]}
"""


def test_an_account_that_cannot_be_asked_keeps_no_other_from_a_suggestion(team: Shell) -> None:
    team.write("config/crm.yaml", CRM.replace("  stages: [s1]\n", "") + AWAY)

    said = team.run("crm", "map", "--suggest")

    assert said.code == 1
    assert said.out.strip() == "There is nothing to suggest."
    assert "Error: hubspot: " in said.err


def test_what_could_not_be_read_stands_below_what_could_not_be_written(team: Shell) -> None:
    team.write("config/crm.yaml", AWAY)
    team.run("crm", "sync", "--since", "2026-03-02")

    said = team.run("crm", "failed")

    assert "Could not be read:" in said.out
    assert "away" in said.out.partition("Could not be read:")[2]
    assert team.run("crm", "failed", "--json").json == []


def test_everything_is_synchronised_now(team: Shell) -> None:
    said = team.run("crm", "sync", "--since", "2026-03-02", "--json")

    assert said.code == 0, said.err
    [row] = said.json
    assert (row["connection"], row["written"], row["parked_because"]) == ("team", 0, "")


def test_an_unknown_connection_is_named_with_the_known_ones(team: Shell) -> None:
    for arguments in (("crm", "sync", "--connection", "taem"), ("leads", "import", "--from", "taem")):
        said = team.run(*arguments)

        assert said.code == 2
        assert "Did you mean 'team'?" in said.err


def test_people_of_a_crm_are_imported(team: Shell) -> None:
    said = team.run("leads", "import", "--from", "team", "--json")

    assert said.code == 0, said.err
    assert (said.json["from"], said.json["source"], said.json["read"]) == ("team", "team", 0)
    assert "0 records of team" in team.run("leads", "import", "--from", "team").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name a FILE"),
        (("--from", "team", "--list", "a", "--stage", "b"), "exclude each other"),
        (("leads.csv", "--list", "a"), "go with --from"),
        (("leads.csv", "--from", "team"), "one of the two"),
    ],
)
def test_options_that_contradict_each_other_are_refused(team: Shell, arguments: tuple[str, ...], said: str) -> None:
    file = team.write("leads.csv", "email\na@example.com\n")
    named = [str(file) if each == "leads.csv" else each for each in arguments]

    found = team.run("leads", "import", *named)

    assert found.code == 2
    assert said in found.err
