"""plan, apply --move, rollback."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Shell

FILE = "sequences/welcome.yaml"


def edit(shell: Shell, old: str, new: str, file: str = FILE) -> None:
    text = (shell.root / file).read_text("utf-8")
    assert old in text
    shell.write(file, text.replace(old, new))


@pytest.fixture
def inside(stocked: Shell) -> Shell:
    """Five people stand at the first step."""
    assert stocked.run("enroll", "welcome", "--all", "--yes").code == 0
    return stocked


def test_plan_has_nothing_to_say_of_files_that_are_applied(inside: Shell) -> None:
    said = inside.run("plan")

    assert (said.code, said.out) == (0, "Nothing to apply: the files are as they were applied.\n")


def test_plan_shows_steps_texts_settings_and_people_and_changes_nothing(inside: Shell) -> None:
    edit(inside, "id: goodbye", "id: farewell")
    edit(inside, "wait: 3 business days", "wait: 4 business days")
    edit(inside, "schedule: office-hours", "schedule: always")
    edit(inside, "Hi {{", "Hello {{", "templates/welcome/bump.md")

    said = inside.run("plan")

    assert said.code == 0
    for line in (
        "~ welcome: revision 2",
        "    ~ intro/wait: wait 4 business days  (was: wait 3 business days)",
        "    - goodbye: email welcome/goodbye",
        "    + farewell: email welcome/goodbye, after call/wait",
        '    -Hi {{ lead.first_name | default("there") }},',
        '    +Hello {{ lead.first_name | default("there") }},',
        "    schedule.name: office-hours → always",
        "  People inside: 5 (revision 1: 5)",
        "    at intro        5  with --move: stays",
        "Files: sequences/welcome.yaml, templates/welcome/bump.md",
    ):
        assert line in said.out.splitlines(), line
    assert "~ welcome: revision 2" in inside.run("plan").out


def test_plan_of_a_new_sequence_and_of_an_unknown_one(shell: Shell) -> None:
    assert shell.run("plan").out.startswith("+ welcome: new, revision 1\n")
    unknown = shell.run("plan", "wellcome")

    assert unknown.code == 2
    assert "Did you mean 'welcome'?" in unknown.err


def test_plan_as_json_counts_what_move_would_do(inside: Shell) -> None:
    edit(inside, "id: intro\n", "id: first\n")
    edit(inside, "thread: intro", "thread: first")

    (found,) = inside.run("plan", "--json").json["sequences"]

    assert found["needs"] == {"intro": 5}
    assert found["standing"] == [{"step": "intro", "people": 5, "how": None, "to": None}]
    assert [(each["change"], each["step"]) for each in found["difference"]["steps"]][:2] == [
        ("removed", "intro"),
        ("removed", "intro/wait"),
    ]


def test_a_step_that_is_gone_needs_a_target_before_anybody_is_asked(inside: Shell) -> None:
    edit(inside, "id: intro\n", "id: first\n")
    edit(inside, "thread: intro", "thread: first")

    refused = inside.run("apply", "--move", "--yes")
    done = inside.run("apply", "--move", "--map", "intro=first", "--yes")

    assert refused.code == 2
    assert (
        "people stand at steps that are gone: intro (5). Say where they go, or `end`: --map intro=STEP" in refused.err
    )
    assert done.code == 0
    assert "    at intro        5  with --move: goes to first" in done.out
    assert "Applied welcome, revision 2.\nMoved 5 enrollments of welcome to revision 2.\n" in done.out


def test_people_are_moved_later_though_no_file_changed(inside: Shell) -> None:
    edit(inside, "within: 2 days", "within: 3 days")
    assert "5 enrollments inside stay on their revision" in inside.run("apply", "--yes").out

    moved = inside.run("apply", "--move", "--yes")

    assert "= welcome: unchanged, revision 2; 5 enrollments of earlier revisions will be moved" in moved.out
    assert "Moved 5 enrollments of welcome to revision 2." in moved.out
    assert "Nothing to apply" in inside.run("apply", "--move", "--yes").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--map", "intro=bump"), "Add --move."),
        (("--move", "--map", "intro"), "write it as OLD=NEW"),
        (("--move", "--map", "intro=bump", "--map", "intro=call"), "--map intro is there twice"),
        (("--move", "--map", "intor=bump"), "nobody ever stood at a step 'intor'. Did you mean 'intro'?"),
        (("--move", "--map", "intro=bumb"), "'welcome' has no step 'bumb'. Did you mean 'bump'?"),
    ],
)
def test_a_target_that_makes_no_sense_is_refused(inside: Shell, arguments: tuple[str, ...], said: str) -> None:
    edit(inside, "within: 2 days", "within: 3 days")

    refused = inside.run("apply", *arguments, "--yes")

    assert refused.code == 2
    assert said in refused.err


def test_rollback_makes_the_revision_before_a_new_one_and_moves_people(inside: Shell) -> None:
    edit(inside, "within: 2 days", "within: 3 days")
    assert inside.run("apply", "--move", "--yes").code == 0

    asked = inside.run("rollback", "welcome", "--move")
    done = inside.run("rollback", "welcome", "--move", "--yes")

    assert asked.code == 2
    assert "welcome: from revision 2 back to revision 1" in done.out
    assert "        task.within: 3 days → 2 days" in done.out
    assert "Moved 5 enrollments of welcome to revision 3." in done.out
    assert "The files are as they were" in done.out
    assert "~ welcome: revision 4" in inside.run("plan").out
    assert inside.run("audit", "verify").code == 0


def test_going_back_again_goes_further_back(inside: Shell) -> None:
    for days in (3, 4):
        edit(inside, f"within: {days - 1} days", f"within: {days} days")
        assert inside.run("apply", "--yes").code == 0

    first = inside.run("rollback", "welcome", "--yes", "--json").json
    second = inside.run("rollback", "welcome", "--yes", "--json").json
    named = inside.run("rollback", "welcome", "--to", "3", "--yes", "--json").json

    assert (first["back_to"], first["revision"]) == (2, 4)
    assert (second["back_to"], second["revision"]) == (1, 5)
    assert (named["back_to"], named["revision"]) == (3, 6)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("welcome",), "sequence 'welcome' has no revision before 1."),
        (("wellcome",), "sequence 'wellcome' was never applied. Did you mean 'welcome'?"),
        (("welcome", "--to", "7"), "sequence 'welcome' has no revision 7. The newest is 1."),
        (("welcome", "--to", "1"), "sequence 'welcome' is as revision 1 has it already."),
    ],
)
def test_there_must_be_something_to_go_back_to(stocked: Shell, arguments: tuple[str, ...], said: str) -> None:
    refused = stocked.run("rollback", *arguments, "--yes")

    assert refused.code == 2
    assert said in refused.err
