"""test."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Shell

CASES = """sequence: welcome
cases:
  - name: an answer ends it
    lead: {email: ayse@example.com, country: TR}
    start: 2026-03-02 10:00
    happens:
      - {after: 1 day, reply: Call me}
    expect:
      - {at: 2026-03-02 10:00, email: welcome/intro}
      - {finished: replied, stage: responded}
"""
FILE = "sequences/tests/welcome.yaml"


def test_what_comes_as_expected_passes(shell: Shell) -> None:
    shell.write(FILE, CASES)

    said = shell.run("test")

    assert said.code == 0
    assert said.out.startswith("ok    welcome: an answer ends it\n1 case in 1 file, ")
    assert said.out.endswith("all passed.\n")


def test_a_difference_is_shown_with_its_line_and_fails(shell: Shell) -> None:
    shell.write(FILE, CASES.replace("at: 2026-03-02 10:00, email", "at: 2026-03-02 10:05, email"))

    said = shell.run("test")

    assert said.code == 1
    assert said.out.splitlines()[:5] == [
        "FAIL  welcome: an answer ends it",
        f"      {FILE}:3, times in Europe/Istanbul",
        "      - Mon 2026-03-02 10:05  email welcome/intro  # line 9",
        "      + Mon 2026-03-02 10:00  email welcome/intro (intro)",
        "        Tue 2026-03-03 10:00  finished replied, stage responded",
    ]


def test_json_has_every_touch_and_every_difference(shell: Shell) -> None:
    shell.write(FILE, CASES.replace("stage: responded", "stage: won"))

    said = shell.run("test", "--json")

    assert said.code == 1
    assert (said.json["passed"], said.json["failed"]) == (0, 1)
    (case,) = said.json["cases"]
    assert (case["file"], case["line"], case["name"], case["passed"]) == (FILE, 3, "an answer ends it", False)
    assert [(touch["step"], touch["at"]) for touch in case["touches"]] == [("intro", "2026-03-02T07:00:00+00:00")]
    assert case["end"]["stage"] == "responded"
    assert [(each["sign"], each["line"]) for each in case["differences"]] == [("-", 10), ("+", None)]


def test_only_named_files_are_played(shell: Shell) -> None:
    shell.write(FILE, CASES)
    other = shell.write("sequences/tests/other.yaml", CASES.replace("an answer ends it", "another"))

    said = shell.run("test", str(other))

    assert "ok    welcome: another\n1 case in 1 file" in said.out


def test_a_file_that_is_wrong_is_said_with_its_place(shell: Shell) -> None:
    shell.write(FILE, CASES.replace("email: welcome/intro", "email: welcome/intor"))

    said = shell.run("test")

    assert said.code == 2
    assert (
        f"{FILE}:9:9: the sequence 'welcome' has no template 'welcome/intor'. Did you mean 'welcome/intro'?" in said.err
    )


@pytest.mark.parametrize(("arguments", "code"), [((), 0), (("nowhere",), 2)])
def test_no_tests_are_no_failure_and_a_path_without_any_is(shell: Shell, arguments: tuple[str, ...], code: int) -> None:
    said = shell.run("test", *arguments)

    assert said.code == code
    assert ("There are no tests" if code == 0 else "there is no test at") in said.out + said.err


def test_nothing_is_written_into_the_workspace(shell: Shell) -> None:
    shell.write(FILE, CASES)
    before = {path: path.stat().st_mtime_ns for path in shell.root.rglob("*") if path.is_file()}

    shell.run("test")

    assert {path: path.stat().st_mtime_ns for path in shell.root.rglob("*") if path.is_file()} == before
