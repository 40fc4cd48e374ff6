"""init, validate, apply."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from outreach.clock import SystemClock
from outreach.services.watching import new_workspace
from tests.cli.conftest import Shell

ROOT = Path(__file__).parents[2]
SHARED = (
    "config/outreach.yaml",
    "config/senders.yaml",
    "config/crm.yaml",
    "config/scoring.yaml",
    "config/goals.yaml",
    "config/cleanup.yaml",
    *(f"config/pipelines/{name}.yaml" for name in ("default", "investglass", "lagrowthmachine")),
)


@pytest.mark.parametrize("name", SHARED)
def test_a_new_workspace_has_the_defaults_of_this_one(shell: Shell, name: str) -> None:
    """Both are read by people who compare them; copy the file to outreach/content/starter when you change it."""
    assert (shell.root / name).read_text("utf-8") == (ROOT / name).read_text("utf-8")


def test_a_new_workspace_is_fine_as_it_is(shell: Shell) -> None:
    said = shell.run("validate")

    assert (said.code, said.err) == (0, "")
    assert said.out == "13 files: everything is fine.\n"


def test_the_sample_goals_begin_today(shell: Shell, tmp_path: Path) -> None:
    today = SystemClock().now().date()

    shell.run("init", str(tmp_path / "new"))
    written = (tmp_path / "new/config/goals.yaml").read_text("utf-8")

    assert written.count(f"start: {today}") == written.count(f"deadline: {today + timedelta(days=90)}") == 3


def test_the_sample_goals_can_be_measured(shell: Shell) -> None:
    said = shell.run("goal")

    assert (said.code, said.err) == (0, "")
    assert all(name in said.out for name in ("Meetings", "Answers worth having", "A clean list"))


def test_the_defaults_do_what_they_say_and_nothing_else(shell: Shell) -> None:
    """Without a CRM and without anybody to be told, entering a stage makes a task, and that is all."""
    shell.run("leads", "import", str(shell.root / "leads.csv"))

    moved = [shell.run("stage", "ada@one.example", stage) for stage in ("responded", "meeting_booked", "proposal")]
    scored = shell.run("scoring", "run")
    cleaned = shell.run("cleanup")
    tasks = json.loads(shell.run("tasks", "--json").out)

    assert [(said.code, said.err) for said in (*moved, scored, cleaned)] == [(0, "")] * 5
    assert sorted(each["kind"] for each in tasks) == ["call", "call", "meeting"]


def test_init_lists_what_it_made_and_what_comes_next(shell: Shell, tmp_path: Path) -> None:
    said = shell.run("init", str(tmp_path / "new"))

    assert said.code == 0
    assert "  sequences/welcome.yaml\n" in said.out
    assert (tmp_path / "new" / ".gitignore").read_text("utf-8").startswith(".env\n")
    assert (tmp_path / "new" / ".env.example").exists()


def test_init_overwrites_nothing(shell: Shell) -> None:
    kept = shell.write("sequences/welcome.yaml", "mine")

    said = shell.run("init", str(shell.root))

    assert said.code == 2
    assert "is not empty" in said.err
    assert kept.read_text("utf-8") == "mine"


def test_init_leaves_nothing_half_done(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")

    with pytest.raises(Exception, match="cannot be a workspace"):
        new_workspace.make(tmp_path / "file")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_a_repository_without_files_counts_as_empty(tmp_path: Path) -> None:
    (tmp_path / "repository" / ".git").mkdir(parents=True)

    assert "leads.csv" in new_workspace.make(tmp_path / "repository")


def test_validate_shows_every_problem_of_every_file(shell: Shell) -> None:
    shell.write("config/senders.yaml", "anna:\n  naem: Anna\n")
    shell.write("sequences/welcome.yaml", "name: welcome\nsenders: [anna]\nsteps:\n  - emial: welcome/intro\n")

    said = shell.run("validate")

    assert (said.code, said.out) == (2, "")
    assert "config/senders.yaml:2:3:" in said.err
    assert "sequences/welcome.yaml:4:5:" in said.err
    assert "Did you mean 'email'?" in said.err
    assert said.err.rstrip().endswith("problems.")


def test_validate_looks_only_at_the_paths_it_is_given(shell: Shell) -> None:
    shell.write("config/senders.yaml", "anna:\n  naem: Anna\n")

    broken = shell.run("validate", str(shell.root / "config"))
    fine = shell.run("validate", str(shell.root / "sequences"))

    assert (broken.code, fine.code) == (2, 0)


def test_validate_prints_json(shell: Shell) -> None:
    shell.write("config/senders.yaml", "anna:\n  naem: Anna\n")

    said = shell.run("validate", "--json")

    assert said.code == 2
    assert {"file", "line", "column", "code", "message", "remedy"} == set(said.json["problems"][0])


def test_validate_shows_the_line_with_a_caret(shell: Shell) -> None:
    text = (shell.root / "sequences/welcome.yaml").read_text("utf-8")
    shell.write("sequences/welcome.yaml", text.replace("email: welcome/intro", "emial: welcome/intro", 1))

    said = shell.run("validate")

    lines = said.err.splitlines()
    at = next(number for number, line in enumerate(lines) if "unknown step 'emial'" in line)
    assert "emial: welcome/intro" in lines[at + 1]
    assert lines[at + 1].index("emial") == lines[at + 2].index("^")


def test_validate_shows_no_line_that_may_hold_a_secret(shell: Shell) -> None:
    senders = (shell.root / "config/senders.yaml").read_text("utf-8")
    shell.write("config/senders.yaml", senders.replace("    smtp:", "    passwrd_secret: hunter2\n    smtp:", 1))

    said = shell.run("validate")

    assert said.code == 2
    assert "hunter2" not in said.err + said.out


def test_warnings_are_told_and_fail_only_where_they_are_to(shell: Shell) -> None:
    shell.write("templates/welcome/loud.md", "---\nsubject: Hello\n---\nAct now: http://bit.ly/x\n")

    said, strict = shell.run("validate"), shell.run("validate", "--strict")

    assert (said.code, strict.code) == (0, 2)
    assert "templates/welcome/loud.md:4:1: W007 'Act now' is a phrase" in said.err
    assert "W004 bit.ly hides where the link leads" in said.err


def test_a_variable_that_is_not_set_yet_is_no_problem_but_is_told(shell: Shell) -> None:
    senders = (shell.root / "config/senders.yaml").read_text("utf-8")
    smtp = 'smtp: {url: "smtps://smtp.example.com:465", username: a, password: "${ANNA_PASSWORD}"}'
    shell.write("config/senders.yaml", senders.replace('smtp: {url: "smtp://127.0.0.1:1025"}', smtp))

    said = shell.run("validate")

    assert said.code == 0
    assert "the variable ANNA_PASSWORD is not set" in said.out


def test_fix_writes_missing_ids_and_nothing_else(shell: Shell) -> None:
    path = shell.root / "sequences/welcome.yaml"
    before = path.read_text("utf-8")
    path.write_text(before.replace("  - id: intro\n    email: welcome/intro", "  - email: welcome/intro"), "utf-8")

    said = shell.run("validate", "--fix")

    assert said.code == 0
    assert "sequences/welcome.yaml: wrote missing ids." in said.out
    assert path.read_text("utf-8") == before


def test_apply_shows_what_changes_and_does_it(shell: Shell) -> None:
    said = shell.run("apply", "--yes")

    assert said.code == 0
    assert "+ welcome: new, revision 1" in said.out
    assert "Applied welcome, revision 1." in said.out


def test_apply_without_a_terminal_and_without_yes_applies_nothing(shell: Shell) -> None:
    said = shell.run("apply")

    assert said.code == 2
    assert "+ welcome: new, revision 1" in said.out
    assert "add --yes" in said.err
    assert "not applied" in shell.run("enroll", "welcome", "--all", "--dry-run").err


def test_apply_again_has_nothing_to_do(stocked: Shell) -> None:
    said = stocked.run("apply")

    assert (said.code, said.out) == (0, "Nothing to apply: the files are as they were applied.\n")


def test_a_changed_step_is_a_new_revision_for_new_enrollments(stocked: Shell) -> None:
    stocked.run("enroll", "welcome", "--all", "--yes")
    path = stocked.root / "sequences/welcome.yaml"
    path.write_text(path.read_text("utf-8").replace("id: goodbye", "id: farewell"), "utf-8")

    said = stocked.run("apply", "--yes")

    expected = "~ welcome: revision 2; steps +farewell -goodbye; 5 enrollments inside stay on their revision"
    assert expected in said.out


def test_only_the_named_sequences_are_applied(stocked: Shell) -> None:
    text = (stocked.root / "sequences/welcome.yaml").read_text("utf-8")
    stocked.write("sequences/second.yaml", text.replace("name: welcome", "name: second"))
    stocked.write("sequences/third.yaml", text.replace("name: welcome", "name: third"))

    said = stocked.run("apply", "second", "--yes", "--json")

    assert [change["sequence"] for change in said.json["changes"]] == ["second"]
    assert said.json["files"] == ["sequences/second.yaml"]
    assert "+ third: new" in stocked.run("apply").out


def test_an_unknown_sequence_is_said_to_be_unknown(stocked: Shell) -> None:
    said = stocked.run("apply", "wellcome", "--yes")

    assert said.code == 2
    assert "Did you mean 'welcome'?" in said.err


def test_broken_files_leave_what_is_applied_as_it_is(stocked: Shell) -> None:
    before = (stocked.root / "templates/welcome/intro.md").read_text("utf-8")
    stocked.write("templates/welcome/intro.md", "---\nsubject: Hi\n---\nHi {{ lead.first_name\n")

    said = stocked.run("apply", "--yes")
    stocked.write("templates/welcome/intro.md", before)

    assert said.code == 2
    assert "templates/welcome/intro.md:" in said.err
    assert "Nothing to apply" in stocked.run("apply").out


def test_schema_writes_one_file_for_each_kind(shell: Shell, tmp_path: Path) -> None:
    said = shell.run("schema", str(tmp_path / "schemas"))

    assert said.code == 0
    assert json.loads((tmp_path / "schemas/sequence.json").read_text("utf-8"))["title"].startswith("A sequence")
    assert "sequence.json  for sequences/*.yaml" in said.out


def test_a_new_workspace_tells_the_editor_which_schema_is_for_which_files(shell: Shell, tmp_path: Path) -> None:
    shell.run("init", str(tmp_path / "new"))

    settings = json.loads((tmp_path / "new/.vscode/settings.json").read_text("utf-8"))

    assert settings["yaml.schemas"]["./.vscode/schemas/sequence.json"] == ["sequences/*.yaml"]
    assert all((tmp_path / "new" / name).exists() for name in settings["yaml.schemas"])


WRONG_TEST = """sequence: welcome
cases:
  - name: somebody gets a letter
    lead: {email: ada@example.com}
    start: 2026-03-02 10:00
    expect:
      - {email: welcome/letter}
      - {finished: completed}
"""


def test_validate_reads_the_tests_of_sequences_as_well(shell: Shell) -> None:
    shell.write("sequences/tests/welcome.yaml", WRONG_TEST)

    said = shell.run("validate", "--json")

    assert said.code == 2
    (problem,) = said.json["problems"]
    assert (problem["file"], problem["line"]) == ("sequences/tests/welcome.yaml", 7)
    assert problem["message"] == "the sequence 'welcome' has no template 'welcome/letter'."


def test_tests_are_read_also_where_a_sequence_is_wrong(shell: Shell) -> None:
    shell.write("sequences/tests/welcome.yaml", WRONG_TEST.replace("expect", "expects"))
    shell.write("sequences/welcome.yaml", "name: welcome\n")

    files = {each["file"] for each in shell.run("validate", "--json").json["problems"]}

    assert files == {"sequences/welcome.yaml", "sequences/tests/welcome.yaml"}


def test_only_the_tests_that_are_asked_for_are_told(shell: Shell) -> None:
    test = shell.write("sequences/tests/welcome.yaml", WRONG_TEST)

    assert shell.run("validate", str(shell.root / "templates")).code == 0
    assert "welcome/letter" in shell.run("validate", str(test)).err
