"""The pytest plugin, in runs of its own."""

from __future__ import annotations

from importlib.metadata import entry_points

import pytest

from outreach.testing.field import FILES

CASES = """
sequence: two-mails
cases:
  - name: it_ends_after_two_mails
    lead: {email: ayse@one.example}
    start: 2026-03-02 10:00
    expect: [{step: intro}, {on: 2026-03-05, step: bump}, {finished: completed}]
  - name: it ends after one mail
    lead: {email: ayse@one.example}
    start: 2026-03-02 10:00
    expect: [{step: intro}, {finished: completed}]
"""
INSTALLED = any(each.value == "outreach.pytest_plugin" for each in entry_points(group="pytest11"))
PLUGIN = () if INSTALLED else ("-p", "outreach.pytest_plugin")  # a checkout that was installed before it was there


@pytest.fixture
def team(pytester: pytest.Pytester) -> pytest.Pytester:
    """A team's repository: a workspace in a folder, and a test of its own."""
    for name, text in {**FILES, "sequences/tests/two-mails.yaml": CASES}.items():
        path = pytester.path / "outreach" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    pytester.path.joinpath("test_own.py").write_text("def test_own():\n    pass\n", encoding="utf-8")
    return pytester


def test_it_collects_nothing_unless_it_is_asked(team: pytest.Pytester) -> None:
    result = team.runpytest(*PLUGIN)

    result.assert_outcomes(passed=1)


def test_each_case_is_a_test_and_a_failed_one_tells_its_story(team: pytest.Pytester) -> None:
    result = team.runpytest(*PLUGIN, "--outreach-workspace", "outreach")

    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*it ends after one mail*",
            "sequences/tests/two-mails.yaml:8, times in Europe/Istanbul",
            "  Mon 2026-03-02 10:00  email intro (intro)",
            "+ Thu 2026-03-05 10:00  email bump (bump)",
            "  Thu 2026-03-05 10:00  finished completed",
        ]
    )


def test_the_ini_file_can_name_the_workspace(team: pytest.Pytester) -> None:
    team.makeini("[pytest]\noutreach_workspace = outreach\n")

    result = team.runpytest(*PLUGIN, "-k", "after_two or own")

    result.assert_outcomes(passed=2, deselected=1)


def test_only_what_is_named_is_run(team: pytest.Pytester) -> None:
    tests = "outreach/sequences/tests"

    result = team.runpytest(*PLUGIN, "--outreach-workspace", "outreach", tests)

    result.assert_outcomes(passed=1, failed=1)


def test_a_broken_file_is_an_error_with_its_place(team: pytest.Pytester) -> None:
    path = team.path / "outreach/sequences/tests/two-mails.yaml"
    path.write_text(CASES.replace("sequence: two-mails", "sequence: two-mail"), encoding="utf-8")

    result = team.runpytest(*PLUGIN, "--outreach-workspace", "outreach")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*sequences/tests/two-mails.yaml:2:11: there is no sequence 'two-mail'.*"])


def test_a_broken_workspace_is_an_error_with_its_place(team: pytest.Pytester) -> None:
    team.path.joinpath("outreach/config/senders.yaml").write_text("anna: {naem: Anna}\n", encoding="utf-8")

    result = team.runpytest(*PLUGIN, "--outreach-workspace", "outreach")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*config/senders.yaml:1:*unknown key 'naem'.*"])
